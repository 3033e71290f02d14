"""What changed between two corpora by what their manifests say: settings, versions, counts, verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.counts import counts_in_order
from pipelines.report.markup import counted
from schemas.fingerprint import changed

Manifest = Mapping[str, Any]

_VERSIONS = ("version of ", "reader of ", "annotator's ")  # how the names begin in pipelines/identity.py
_FIRST = ("skeleton", "dataset")  # settings that make corpora of other motions, or of other ids


@dataclass(frozen=True)
class Value:
    """One thing that has a value in each corpus, as it is shown."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Count:
    """Rows of one step: those that came in or went out, or that were left out for a reason."""

    step: str
    unit: str
    what: str
    before: int
    after: int


@dataclass(frozen=True)
class Failure:
    """An expectation of the gate that does not hold: of which rows, in which column, in how many."""

    suite: str
    expectation: str
    column: str
    meaning: str
    count: int

    @property
    def name(self) -> tuple[str, str, str, str]:
        """What it is, however many rows it is about."""
        return self.suite, self.expectation, self.column, self.meaning

    @property
    def words(self) -> str:
        """It in words."""
        rows = f" ({counted(self.count, 'row')})" if self.count else ""
        what = self.meaning or f"{self.expectation} of {self.column}"
        return f"{self.suite}: {what}{rows}"


@dataclass(frozen=True)
class Verdicts:
    """What the gate says of both corpora, and what fails in one of them or in both."""

    before: str  # passed, refused, or none
    after: str
    gone: tuple[Failure, ...]  # fail in the first corpus only
    added: tuple[Failure, ...]  # fail in the second corpus only
    both: tuple[Failure, ...]
    expectations_changed: bool


def settings(one: Manifest, other: Manifest) -> list[Value]:
    """Settings that differ; those that make corpora of other motions come first."""
    found = [value for value in _identity(one, other) if not value.name.startswith(_VERSIONS)]
    return sorted(found, key=lambda value: (value.name not in _FIRST, value.name))


def versions(one: Manifest, other: Manifest) -> list[Value]:
    """Versions that differ: of the code, the steps, the tables, what measures and reads, the annotator."""
    code = changed({"code": one.get("code_version")}, {"code": other.get("code_version")})
    found = [value for value in _identity(one, other) if value.name.startswith(_VERSIONS)]
    return [*(Value(*values) for values in code), *found]


def _identity(one: Manifest, other: Manifest) -> list[Value]:
    kept = [dict(manifest.get("identity") or manifest["config"]) for manifest in (one, other)]
    return [Value(*values) for values in changed(*kept)]


def other_kind(one: Manifest, other: Manifest) -> list[Value]:
    """What keeps two corpora from being compared row by row: another skeleton, another dataset's name."""
    return [value for value in settings(one, other) if value.name in _FIRST]


def counts(one: Manifest, other: Manifest) -> list[Count]:
    """Every count of every step, in the order of the steps; reasons by name."""
    before, after = _flat(one), _flat(other)
    places = {name[:2]: place for place, name in enumerate({**before, **after})}
    order = {"in": 0, "out": 1}
    names = sorted({*before, *after}, key=lambda name: (places[name[:2]], order.get(name[2], 2), name[2]))
    return [Count(*name, before.get(name, 0), after.get(name, 0)) for name in names]


def _flat(manifest: Manifest) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    for step, unit, told in counts_in_order(manifest):
        found[step, unit, "in"] = told["rows_in"]
        found[step, unit, "out"] = told["rows_out"]
        for kind in ("filtered", "failed"):
            found |= {(step, unit, f"{kind}: {reason}"): number for reason, number in told[kind].items()}
    return found


def verdicts(one: Manifest, other: Manifest) -> Verdicts:
    """What the gate says of both."""
    before, after = (_failures(manifest) for manifest in (one, other))
    gates = [manifest.get("gate") or {} for manifest in (one, other)]
    return Verdicts(
        _verdict(one),
        _verdict(other),
        tuple(failure for name, failure in before.items() if name not in after),
        tuple(failure for name, failure in after.items() if name not in before),
        tuple(failure for name, failure in after.items() if name in before),
        gates[0].get("digest") != gates[1].get("digest"),
    )


def _verdict(manifest: Manifest) -> str:
    gate = manifest.get("gate")
    return "none" if gate is None else "passed" if gate["passed"] else "refused"


def _failures(manifest: Manifest) -> dict[tuple[str, str, str, str], Failure]:
    suites = (manifest.get("gate") or {}).get("suites", {})
    found = [
        Failure(
            suite,
            told["expectation"],
            told.get("column") or "",
            told.get("meaning") or "",
            told.get("count") or 0,
        )
        for suite, verdict in sorted(suites.items())
        for told in verdict["failed"]
    ]
    return {failure.name: failure for failure in found}
