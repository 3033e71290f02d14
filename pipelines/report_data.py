"""What the report shows of a corpus' rows, gathered shard by shard: counts and small samples.

Samples are drawn by hashes of ids, so they do not depend on shards or their order.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evaluators.diversity import distinct_n
from motion.seeds import seed
from schemas.corpus import Corpus
from schemas.shards import read_shard

SCORE_BINS = 50  # of alignment scores, 0 to 1
ASSESSMENTS = 150  # from different goals, for distinct-n
LETTERS = 20  # shown of each reason
GOALS = 6  # shown whole

Row = dict[str, Any]


class Draw:
    """The `size` values whose keys have the smallest hashes, of any number that is offered."""

    def __init__(self, size: int, salt: str) -> None:
        self.size = size
        self.salt = salt
        self._kept: list[tuple[int, str, Any]] = []  # a heap, largest hash first

    def takes(self, key: str) -> bool:
        """Whether a value with this key would be kept now."""
        return len(self._kept) < self.size or -seed(self.salt, key) > self._kept[0][0]

    def offer(self, key: str, value: Any) -> None:
        """Keep a value if its key is drawn; a key is offered once."""
        if not self.takes(key):
            return
        heapq.heappush(self._kept, (-seed(self.salt, key), key, value))
        if len(self._kept) > self.size:
            heapq.heappop(self._kept)

    @property
    def values(self) -> list[Any]:
        """The drawn values in the order of their keys."""
        return [value for _, _, value in sorted(self._kept, key=lambda kept: kept[1])]


@dataclass
class Letters:
    """Dead letters of one step and reason: how many, and some of them."""

    count: int = 0
    examples: Draw = field(default_factory=lambda: Draw(LETTERS, "letter"))


@dataclass
class ReportData:
    """Counts over all rows, and samples of them."""

    lengths: Counter[int] = field(default_factory=Counter)  # clips by frames
    scores: dict[int, NDArray[np.int64]] = field(default_factory=dict)  # rank -> alignment histogram
    origins: dict[int, Counter[str]] = field(default_factory=dict)  # rank -> candidates by origin
    edits: Counter[str] = field(default_factory=Counter)  # perturbed candidates' edits by operation
    words: dict[str, Counter[int]] = field(default_factory=dict)  # kind of text -> texts by words
    verdicts: Counter[str] = field(default_factory=Counter)  # statements by what the facts say
    tasks: dict[str, Counter[str]] = field(default_factory=dict)  # task -> examples by split
    actions: Counter[str] = field(default_factory=Counter)  # goals in which an action is measured
    letters: dict[tuple[str, str, str], Letters] = field(default_factory=dict)  # step, kind, reason
    assessments: Draw = field(default_factory=lambda: Draw(ASSESSMENTS, "assessment"))
    goals: Draw = field(default_factory=lambda: Draw(GOALS, "goal"))  # chain, candidates, events

    def distinct(self) -> tuple[float, ...]:
        """Distinct-1, -2 and -3 of the drawn assessments."""
        return tuple(distinct_n(self.assessments.values, n) for n in (1, 2, 3))


def gather(corpus: Corpus, manifest: dict[str, Any]) -> ReportData:
    """Read a corpus once, without its motions; memory holds one shard of a table at a time."""
    data = ReportData()
    for index in range(corpus.shards):
        data.lengths.update(_values(corpus.read("motions", index, ["frames"]), "frames"))
        _add_facts(data, corpus, index)
        _add_candidates(data, corpus, index)
        _add_annotations(data, corpus, index)
        _add_tasks(data, corpus, index)
        _add_goals(data, corpus, index)
    for shard in manifest["tables"]["dead_letters"]["shards"]:
        _add_letters(data, corpus.root / shard["file"])
    return data


def _values(rows: pa.Table, column: str) -> list[Any]:
    return rows[column].to_pylist()


def _add_facts(data: ReportData, corpus: Corpus, index: int) -> None:
    for events in _values(corpus.read("facts", index, ["events"]), "events"):
        data.actions.update({event["action"] for event in events})


def _add_candidates(data: ReportData, corpus: Corpus, index: int) -> None:
    columns = ["rank", "origin", "alignment", "edits"]
    rows = corpus.read("candidates", index, columns)
    ranks = rows["rank"].to_numpy()
    scores = np.clip(rows["alignment"].to_numpy(), 0, 1)
    for rank in np.unique(ranks).tolist():
        counts, _ = np.histogram(scores[ranks == rank], SCORE_BINS, (0, 1))
        data.scores[rank] = data.scores.get(rank, np.zeros(SCORE_BINS, np.int64)) + counts
    for rank, origin in zip(ranks.tolist(), _values(rows, "origin"), strict=True):
        data.origins.setdefault(rank, Counter())[origin] += 1
    operations = pc.struct_field(pc.list_flatten(rows["edits"]), "operation")
    data.edits.update(operations.to_pylist())


def _add_annotations(data: ReportData, corpus: Corpus, index: int) -> None:
    verdicts = ("supported", "contradicted", "unverifiable")
    columns = ["goal_id", "annotation_id", "kind", "perfect", "text", "refinement", *verdicts]
    rows = corpus.read("annotations", index, columns)
    for verdict in verdicts:
        data.verdicts[verdict] += int(pc.sum(rows[verdict]).as_py() or 0)
    kinds = _values(rows, "kind")
    for kind, words in zip(kinds, _word_counts(rows["text"]), strict=True):
        data.words.setdefault(kind, Counter())[words] += 1
    for words in _word_counts(rows["refinement"]):
        if words:
            data.words.setdefault("refinement", Counter())[words] += 1
    wanted = rows.filter((pc.field("kind") == "assessment") & ~pc.field("perfect"))
    texts = wanted.select(["goal_id", "annotation_id", "text"]).to_pylist()
    for goal_id, group in groupby(sorted(texts, key=lambda row: row["goal_id"]), lambda row: row["goal_id"]):
        if data.assessments.takes(goal_id):
            drawn = min(group, key=lambda row: seed("assessment", row["annotation_id"]))
            data.assessments.offer(goal_id, drawn["text"])


def _word_counts(texts: Any) -> list[int]:
    return pc.count_substring_regex(texts, r"\S+").to_pylist()


def _add_tasks(data: ReportData, corpus: Corpus, index: int) -> None:
    rows = corpus.read("stage1", index, ["task", "split"])
    for row in rows.group_by(["task", "split"]).aggregate([([], "count_all")]).to_pylist():
        data.tasks.setdefault(row["task"], Counter())[row["split"]] += row["count_all"]


def _add_goals(data: ReportData, corpus: Corpus, index: int) -> None:
    ids = _values(corpus.read("stage2", index, ["goal_id"]), "goal_id")
    drawn = [goal_id for goal_id in ids if data.goals.takes(goal_id)]
    if not drawn:
        return
    chains = _of_goals(corpus, index, "stage2", None, drawn)
    columns = ["goal_id", "candidate_id", "source_caption", "edits"]
    candidates: dict[str, Row] = {
        row["candidate_id"]: row for row in _of_goals(corpus, index, "candidates", columns, drawn)
    }
    events = {row["goal_id"]: row["events"] for row in _of_goals(corpus, index, "facts", None, drawn)}
    for chain in chains:
        rungs = {rung["candidate_id"]: candidates.get(rung["candidate_id"], {}) for rung in chain["ladder"]}
        data.goals.offer(chain["goal_id"], (chain, rungs, events[chain["goal_id"]]))


def _of_goals(
    corpus: Corpus, index: int, table: str, columns: list[str] | None, goals: Iterable[str]
) -> list[Row]:
    rows = corpus.read(table, index, columns)
    return rows.filter(pc.field("goal_id").isin(list(goals))).to_pylist()


def _add_letters(data: ReportData, path: Path) -> None:
    rows = read_shard(path, "dead_letters", ["step", "kind", "reason", "input_id", "detail"]).to_pylist()
    for number, row in enumerate(rows):
        letters = data.letters.setdefault((row["step"], row["kind"], row["reason"]), Letters())
        letters.count += 1
        letters.examples.offer(f"{row['input_id']} {row['detail']} {path.name} {number}", row)
