"""What the report shows of a corpus' rows, gathered shard by shard: counts and small samples.

Samples are drawn by hashes of ids, so they do not depend on shards or their order.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evaluators.diversity import distinct_n
from evaluators.scoring import Card
from motion.seeds import seed
from pipelines.report.scores import add_scores, author
from schemas.corpus import Corpus
from schemas.shards import read_shard

SCORE_BINS = 50  # of alignment scores, 0 to 1
ASSESSMENTS = 150  # from different goals, for distinct-n
LETTERS = 20  # shown of each reason
CONTRADICTIONS = 60  # shown with their evidence

Row = dict[str, Any]

VERDICTS = ("supported", "contradicted", "unverifiable")
_CANDIDATES = ["candidate_id", "rank", "origin", "alignment", "edits"]
_ANNOTATIONS = [
    "annotation_id",
    "goal_id",
    "candidate_id",
    "kind",
    "perfect",
    "text",
    "refinement",
    "annotator",
    "model",
    *VERDICTS,
    "statements",
]


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
    statements: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)  # author, kind -> verdicts
    contradictions: Draw = field(default_factory=lambda: Draw(CONTRADICTIONS, "contradiction"))  # annotations
    cards: dict[str, Card] = field(default_factory=dict)  # scores by author

    def distinct(self) -> tuple[float, ...]:
        """Distinct-1, -2 and -3 of the drawn assessments."""
        return tuple(distinct_n(self.assessments.values, n) for n in (1, 2, 3))


def gather(corpus: Corpus, manifest: dict[str, Any]) -> ReportData:
    """Read a corpus once, without its motions; memory holds one shard of a table at a time."""
    data = ReportData()
    for index in range(corpus.shards):
        data.lengths.update(_values(corpus.read("motions", index, ["frames"]), "frames"))
        _add_facts(data, corpus, index)
        candidates = corpus.read("candidates", index, _CANDIDATES)
        annotations = corpus.read("annotations", index, _ANNOTATIONS)
        _add_candidates(data, candidates)
        _add_annotations(data, annotations)
        _add_statements(data, annotations)
        add_scores(data.cards, candidates, annotations)
        _add_tasks(data, corpus, index)
    for shard in manifest["tables"]["dead_letters"]["shards"]:
        _add_letters(data, corpus.root / shard["file"])
    return data


def _values(rows: pa.Table, column: str) -> list[Any]:
    return rows[column].to_pylist()


def _add_facts(data: ReportData, corpus: Corpus, index: int) -> None:
    for events in _values(corpus.read("facts", index, ["events"]), "events"):
        data.actions.update({event["action"] for event in events})


def _add_candidates(data: ReportData, rows: pa.Table) -> None:
    ranks = rows["rank"].to_numpy()
    scores = np.clip(rows["alignment"].to_numpy(), 0, 1)
    for rank in np.unique(ranks).tolist():
        counts, _ = np.histogram(scores[ranks == rank], SCORE_BINS, (0, 1))
        data.scores[rank] = data.scores.get(rank, np.zeros(SCORE_BINS, np.int64)) + counts
    for rank, origin in zip(ranks.tolist(), _values(rows, "origin"), strict=True):
        data.origins.setdefault(rank, Counter())[origin] += 1
    operations = pc.struct_field(pc.list_flatten(rows["edits"]), "operation")
    data.edits.update(operations.to_pylist())


def _add_annotations(data: ReportData, rows: pa.Table) -> None:
    for verdict in VERDICTS:
        data.verdicts[verdict] += int(pc.sum(rows[verdict]).as_py() or 0)
    kinds = _values(rows, "kind")
    for kind, words in zip(kinds, word_counts(rows["text"]), strict=True):
        data.words.setdefault(kind, Counter())[words] += 1
    for words in word_counts(rows["refinement"]):
        if words:
            data.words.setdefault("refinement", Counter())[words] += 1
    wanted = rows.filter((pc.field("kind") == "assessment") & ~pc.field("perfect"))
    texts = wanted.select(["goal_id", "annotation_id", "text"]).to_pylist()
    for goal_id, group in groupby(sorted(texts, key=lambda row: row["goal_id"]), lambda row: row["goal_id"]):
        if data.assessments.takes(goal_id):
            drawn = min(group, key=lambda row: seed("assessment", row["annotation_id"]))
            data.assessments.offer(goal_id, drawn["text"])


def _add_statements(data: ReportData, rows: pa.Table) -> None:
    """Statements by author and kind, and the annotations in which one is contradicted."""
    authors = [author(row) for row in rows.select(["annotator", "model"]).to_pylist()]
    listed = rows["statements"].combine_chunks()
    statements, parents = pc.list_flatten(listed), pc.list_parent_indices(listed)
    flat = pa.table(
        {
            "author": pa.array(authors).dictionary_encode().take(parents),
            "kind": pc.struct_field(statements, "kind"),
            "verdict": pc.struct_field(statements, "verdict"),
        }
    )
    for row in flat.group_by(["author", "kind", "verdict"]).aggregate([([], "count_all")]).to_pylist():
        counts = data.statements.setdefault((row["author"], row["kind"]), Counter())
        counts[row["verdict"]] += row["count_all"]
    for row in rows.filter(pc.field("contradicted") > 0).to_pylist():
        data.contradictions.offer(row["annotation_id"], row)


def word_counts(texts: Any) -> list[int]:
    """Words of each text of a column."""
    return pc.count_substring_regex(texts, r"\S+").to_pylist()


def _add_tasks(data: ReportData, corpus: Corpus, index: int) -> None:
    rows = corpus.read("stage1", index, ["task", "split"])
    for row in rows.group_by(["task", "split"]).aggregate([([], "count_all")]).to_pylist():
        data.tasks.setdefault(row["task"], Counter())[row["split"]] += row["count_all"]


def _add_letters(data: ReportData, path: Path) -> None:
    rows = read_shard(path, "dead_letters", ["step", "kind", "reason", "input_id", "detail"]).to_pylist()
    for number, row in enumerate(rows):
        letters = data.letters.setdefault((row["step"], row["kind"], row["reason"]), Letters())
        letters.count += 1
        letters.examples.offer(f"{row['input_id']} {row['detail']} {path.name} {number}", row)
