"""Which goals the browser of goals shows, and what they are found by."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from evaluators.verdict import CONTRADICTED, SUPPORTED, UNVERIFIABLE
from motion.seeds import seed
from pipelines.shard_input import read_table
from schemas.corpus import Corpus
from transforms.step import STEPS

SAMPLE = 200  # goals of a report, where nobody asks for more
_LEAST_SHARE = 4  # at least one of so many of a sample may be taken for what is wrong with it


@dataclass(frozen=True)
class Chosen:
    """A goal, the shard that holds it, the worst verdict on its words, and why it was left out, if it was."""

    goal_id: str
    shard: int
    verdict: str
    left_out: str = ""

    @property
    def is_flagged(self) -> bool:
        """Whether something is wrong with it."""
        return bool(self.left_out) or self.verdict == CONTRADICTED


@dataclass(frozen=True)
class Choice:
    """The goals that are shown, those with something wrong first, and of how many they were chosen."""

    goals: tuple[Chosen, ...]
    of: int
    flagged: int  # of all, not only of the chosen ones


def choose(corpus: Corpus, count: int | None, *, close: bool = False) -> Choice:
    """So many goals, or all for None: first some with something wrong, the others drawn by hash of the id.

    With `close` the others come from as few shards as hold so many, so that few motions are read. A shard
    is a draw by itself: clips lie in that of the hash of their id. No more than are shown are held.
    """
    wrong: list[Chosen] = []
    rest: list[Chosen] = []
    of = flagged = 0
    for index in range(corpus.shards):
        found = _of_shard(corpus, index)
        of += len(found)
        flagged += sum(one.is_flagged for one in found)
        wrong = _drawn([*wrong, *(one for one in found if one.is_flagged)], count)
        rest = _drawn([*rest, *(one for one in found if not one.is_flagged)], count, close=close)
    if count is not None:
        wrong = wrong[: max(count // _LEAST_SHARE, count - (of - flagged))]
        rest = rest[: count - len(wrong)]
    in_order = [*sorted(wrong, key=lambda one: one.goal_id), *sorted(rest, key=lambda one: one.goal_id)]
    return Choice(tuple(in_order), of, flagged)


def _drawn(goals: Sequence[Chosen], count: int | None, *, close: bool = False) -> list[Chosen]:
    """The first so many in the order in which goals are drawn; all for None, in any order."""
    if count is None:
        return list(goals)
    return heapq.nsmallest(
        count,
        goals,
        key=lambda one: (
            seed("browser", one.shard) if close else 0,
            seed("browser", one.goal_id),
            one.goal_id,
        ),
    )


def _of_shard(corpus: Corpus, index: int) -> list[Chosen]:
    goals = read_table(corpus, "goals", index, ["goal_id"])["goal_id"].to_pylist()
    known = set(goals)
    reasons = {row["input_id"]: row["reason"] for row in letters(corpus, index) if row["input_id"] in known}
    worst: dict[str, str] = {}
    annotations = read_table(corpus, "annotations", index, ["goal_id", "contradicted", "unverifiable"])
    sums = annotations.group_by("goal_id").aggregate([("contradicted", "sum"), ("unverifiable", "sum")])
    for row in sums.to_pylist():
        doubtful = UNVERIFIABLE if row["unverifiable_sum"] else SUPPORTED
        worst[row["goal_id"]] = CONTRADICTED if row["contradicted_sum"] else doubtful
    return [
        Chosen(
            name,
            index,
            CONTRADICTED if reasons.get(name) == "caption_contradicted" else worst.get(name, UNVERIFIABLE),
            reasons.get(name, ""),
        )
        for name in goals
    ]


def letters(corpus: Corpus, index: int) -> list[dict[str, str]]:
    """The dead letters of every step about one shard's goals."""
    found = []
    for step in STEPS:
        path = corpus.shard_path("dead_letters", index, step)
        if path.is_file():
            rows = read_table(
                corpus, "dead_letters", index, ["input_id", "reason", "detail", "payload"], step
            )
            found += rows.to_pylist()
    return found


def tasks_of(corpus: Corpus, index: int, goals: Iterable[str]) -> dict[str, list[str]]:
    """The tasks of stage 1 that each goal has examples of."""
    rows = read_table(corpus, "stage1", index, ["goal_id", "task"])
    rows = rows.filter(pc.field("goal_id").isin(list(goals)))
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows.group_by(["goal_id", "task"]).aggregate([]).to_pylist():
        found[row["goal_id"]].append(row["task"])
    return {name: sorted(tasks) for name, tasks in found.items()}
