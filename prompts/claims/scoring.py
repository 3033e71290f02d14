"""How well claims agree with claims that a person read out of the same text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompts.claims.claim import Claim

# What must agree for a claim to be right; where there is no action, the part stands for it.
MATCHED = ("action", "side", "direction", "count", "negated")
ATTRIBUTES = ("side", "direction", "count", "speed", "path", "amount", "negated", "order")

Values = Mapping[str, Any]


@dataclass
class Tally:
    """Numbers of claims, or of values, that were found, labelled, and both."""

    right: int = 0
    found: int = 0
    labelled: int = 0

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 1 where nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of what is labelled that was found; 1 where nothing is labelled."""
        return self.right / self.labelled if self.labelled else 1.0


def values(claim: Claim) -> dict[str, Any]:
    """The fields of a claim that labels have."""
    return {name: getattr(claim, name) for name in ("action", "part", *ATTRIBUTES)}


def score(pairs: Iterable[tuple[Sequence[Values], Sequence[Values]]], strict: bool = False) -> Tally:
    """Claims found and labelled of each text; `strict` asks for the same order in time too."""
    tally = Tally()
    for found, labelled in pairs:
        common = Counter(_key(one, strict) for one in found) & Counter(_key(one, strict) for one in labelled)
        tally.right += common.total()
        tally.found += len(found)
        tally.labelled += len(labelled)
    return tally


def score_attributes(pairs: Iterable[tuple[Sequence[Values], Sequence[Values]]]) -> dict[str, Tally]:
    """For each attribute, how often a value that is told is the labelled one.

    Claims of one text are paired by action (by part without one), those that agree first, then in
    text order; the values of a claim without a partner are wrong or missed. `order` is compared
    between paired claims only.
    """
    tallies = {name: Tally() for name in ("action", *ATTRIBUTES)}
    for found, labelled in pairs:
        for one, other in _paired(found, labelled):
            for name, tally in tallies.items():
                if name == "order":
                    both = bool(one and other)
                    tally.found += both
                    tally.labelled += both
                    tally.right += both and one[name] == other[name]
                    continue
                tally.found += bool(one.get(name))
                tally.labelled += bool(other.get(name))
                tally.right += bool(one.get(name)) and one.get(name) == other.get(name)
    return tallies


def _key(claim: Values, strict: bool) -> tuple[Any, ...]:
    told = tuple(claim[name] or None for name in MATCHED)
    return (*told, "" if claim["action"] else claim["part"], claim["order"] if strict else 0)


def _paired(found: Sequence[Values], labelled: Sequence[Values]) -> list[tuple[Values, Values]]:
    """Pairs of claims; an empty mapping stands for a missing partner."""
    left, open_ones = list(labelled), list(found)
    pairs: list[tuple[Values, Values]] = []
    for same in (lambda a, b: _key(a, False) == _key(b, False), _same_subject):
        for one in list(open_ones):
            partner = next((other for other in left if same(one, other)), None)
            if partner is not None:
                pairs.append((one, partner))
                left.remove(partner)
                open_ones.remove(one)
    return pairs + [(one, {}) for one in open_ones] + [({}, other) for other in left]


def _same_subject(one: Values, other: Values) -> bool:
    return bool(one["action"] == other["action"] and (one["action"] or one["part"] == other["part"]))
