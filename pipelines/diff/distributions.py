"""What is counted in the rows of two corpora, and how far it has shifted.

Of tables whose shards are all the same nothing is read; a shard that is in both is read once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evaluators.shift import js_distance, ks_distance, weighted_mean, weighted_quantiles
from pipelines.diff.shards import Pair
from transforms.report_tables import word_counts

Counts = Counter[Any]

NUMBERS, NAMES = "numbers", "names"
SHARES = (0.05, 0.5, 0.95)  # the quantiles that are shown
_DIGITS = 3  # of an alignment score
_VERDICTS = ("supported", "contradicted", "unverifiable")


@dataclass(frozen=True)
class Measure:
    """Something that is counted: its title, whether its values are numbers or names, and what is counted."""

    title: str
    kind: str
    unit: str  # of the values of numbers; of what is counted by names


LENGTHS = Measure("Length of clips", NUMBERS, "frames")
CLIPS = Measure("Clips by split", NAMES, "clips")
CAPTIONS = Measure("Length of captions", NUMBERS, "words")
ACTIONS = Measure("Actions measured in goals", NAMES, "goals")
ALIGNMENT = Measure("Alignment by rank", NUMBERS, "score")
ORIGINS = Measure("Origins of intermediate motions", NAMES, "intermediate motions")
EDITS = Measure("Edits by operation", NAMES, "edits")
TEXTS = Measure("Length of texts", NUMBERS, "words")
AUTHORS = Measure("Annotations by annotator", NAMES, "annotations")
VERDICTS = Measure("Statements by verdict", NAMES, "statements")
TASKS = Measure("Stage 1 examples by task", NAMES, "examples")

Counted = Iterable[tuple[Measure, str, Counts]]  # what, of which series ("" where there is one), counts


@dataclass
class Shift:
    """One series of a measure in both corpora."""

    measure: Measure
    series: str
    before: Counts = field(default_factory=Counter)
    after: Counts = field(default_factory=Counter)

    @property
    def title(self) -> str:
        """What it is, with its series."""
        return f"{self.measure.title}, {self.series}" if self.series else self.measure.title

    @property
    def differs(self) -> bool:
        """Whether any count differs."""
        return self.before != self.after

    @property
    def distance(self) -> float:
        """0 for the same shares to 1 for nothing in common: Kolmogorov-Smirnov or Jensen-Shannon."""
        measured = ks_distance if self.measure.kind == NUMBERS else js_distance
        return measured(self.before, self.after)

    def numbers(self) -> list[tuple[str, float, float]]:
        """Of numbers: mean and quantiles in both corpora; nan where there are none."""
        names = ["mean", *("median" if share == 0.5 else f"{share:.0%}" for share in SHARES)]
        before, after = (
            [weighted_mean(counts), *weighted_quantiles(counts, SHARES)]
            for counts in (self.before, self.after)
        )
        return list(zip(names, before, after, strict=True))

    def shares(self) -> list[tuple[str, float, float]]:
        """Of names: the share of each in both corpora, those that shifted most first."""
        totals = [counts.total() or 1 for counts in (self.before, self.after)]
        names = {*self.before, *self.after}
        found = [(str(n), self.before[n] / totals[0], self.after[n] / totals[1]) for n in names]
        return sorted(found, key=lambda one: (-abs(one[2] - one[1]), one[0]))


def shifts(pairs: Iterable[Pair]) -> list[Shift]:
    """Every series of every measure of the tables that differ."""
    found: dict[tuple[str, str], Shift] = {}
    for pair in pairs:
        if pair.table not in _SOURCES or not pair.differs:
            continue
        columns, counted = _SOURCES[pair.table]
        for listed, sides in (
            (pair.same, ("before", "after")),
            (pair.before, ("before",)),
            (pair.after, ("after",)),
        ):
            for shard in listed:
                for measure, series, counts in counted(shard.read(columns)):
                    shift = found.setdefault((measure.title, series), Shift(measure, series))
                    for side in sides:
                        getattr(shift, side).update(counts)
    order = [measure.title for measure in MEASURES]
    return sorted(found.values(), key=lambda shift: (order.index(shift.measure.title), shift.series))


def _motions(rows: pa.Table) -> Counted:
    yield LENGTHS, "", Counter(rows["frames"].to_pylist())
    yield CLIPS, "", Counter(rows["split"].to_pylist())


def _goals(rows: pa.Table) -> Counted:
    yield CAPTIONS, "", Counter(word_counts(rows["caption"]))


def _facts(rows: pa.Table) -> Counted:
    counts = Counts()
    for actions in rows["events"].to_pylist():
        counts.update({event["action"] for event in actions})
    yield ACTIONS, "", counts


def _candidates(rows: pa.Table) -> Counted:
    for rank, group in _groups(rows, "rank"):
        scores = pc.round(group["alignment"], _DIGITS)
        yield ALIGNMENT, f"rank {rank}", Counter(scores.to_pylist())
    yield ORIGINS, "", Counter(rows["origin"].to_pylist())
    yield EDITS, "", Counter(pc.struct_field(pc.list_flatten(rows["edits"]), "operation").to_pylist())


def _annotations(rows: pa.Table) -> Counted:
    for kind, group in _groups(rows, "kind"):
        yield TEXTS, kind, Counter(word_counts(group["text"]))
    refinements = rows.filter(pc.field("refinement") != "")["refinement"]
    yield TEXTS, "refinement", Counter(word_counts(refinements))
    yield VERDICTS, "", Counter({name: int(pc.sum(rows[name]).as_py() or 0) for name in _VERDICTS})
    authors = rows.select(["annotator", "model"]).to_pylist()
    yield AUTHORS, "", Counter(f"{a['annotator']} {a['model']}".strip() for a in authors)


def _stage1(rows: pa.Table) -> Counted:
    yield TASKS, "", Counter(rows["task"].to_pylist())


def _groups(rows: pa.Table, column: str) -> Iterator[tuple[Any, pa.Table]]:
    for value in sorted(pc.unique(rows[column]).to_pylist()):
        yield value, rows.filter(pc.field(column) == value)


_SOURCES: dict[str, tuple[list[str], Callable[[pa.Table], Counted]]] = {
    "motions": (["frames", "split"], _motions),
    "goals": (["caption"], _goals),
    "facts": (["events"], _facts),
    "candidates": (["rank", "origin", "alignment", "edits"], _candidates),
    "annotations": (["kind", "text", "refinement", "annotator", "model", *_VERDICTS], _annotations),
    "stage1": (["task"], _stage1),
}
MEASURES = (
    *(LENGTHS, CLIPS, CAPTIONS, ACTIONS, ALIGNMENT, ORIGINS, EDITS),
    *(TEXTS, AUTHORS, VERDICTS, TASKS),
)
