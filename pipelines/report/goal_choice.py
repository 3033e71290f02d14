"""Which goals the browser of goals shows, and what they are found by."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from motion.seeds import seed
from pipelines.report.gathering import read_parts
from pipelines.shard_input import read_table
from schemas.corpus import Corpus
from transforms.report_data import CLOSE, SAMPLE, ReportData, close_order
from transforms.report_goals import DEAD_LETTERS, GOAL_COLUMNS, Chosen, goals_of

_LEAST_SHARE = 4  # at least one of so many of a sample may be taken for what is wrong with it


@dataclass(frozen=True)
class Choice:
    """The goals that are shown, those with something wrong first, and of how many they were chosen."""

    goals: tuple[Chosen, ...]
    of: int
    flagged: int  # of all, not only of the chosen ones


def choose(corpus: Corpus, data: ReportData, count: int | None, *, close: bool = False) -> Choice:
    """So many goals, or all for None: first some with something wrong, the others drawn by hash of the id.

    With `close` the others come from as few shards as hold so many, so that few motions are read. A shard
    is a draw by itself: clips lie in that of the hash of their id. `data` holds enough for the goals of an
    ordinary report; for more, every shard's verdicts are read, and no more are held than are shown.
    """
    if count is not None and count <= (CLOSE if close else SAMPLE):
        of, flagged = data.goals, data.flagged
        wrong = _drawn([Chosen(*goal) for goal in data.wrong.values], count)
        others = data.close if close else data.rest.values
        rest = _drawn([Chosen(*goal) for goal in others], count, close=close)
    else:
        of, flagged, wrong, rest = _of_rows(corpus, count, close)
    if count is not None:
        wrong = wrong[: max(count // _LEAST_SHARE, count - (of - flagged))]
        rest = rest[: count - len(wrong)]
    in_order = [*sorted(wrong, key=lambda one: one.goal_id), *sorted(rest, key=lambda one: one.goal_id)]
    return Choice(tuple(in_order), of, flagged)


def _of_rows(corpus: Corpus, count: int | None, close: bool) -> tuple[int, int, list[Chosen], list[Chosen]]:
    """Out of every shard's rows: all goals, all with something wrong, so many of these and of the others."""
    wrong: list[Chosen] = []
    rest: list[Chosen] = []
    of = flagged = 0
    for index in range(corpus.shards):
        found = goals_of(read_parts(corpus, index, GOAL_COLUMNS), index)
        of += len(found)
        flagged += sum(one.is_flagged for one in found)
        wrong = _drawn([*wrong, *(one for one in found if one.is_flagged)], count)
        rest = _drawn([*rest, *(one for one in found if not one.is_flagged)], count, close=close)
    return of, flagged, wrong, rest


def _drawn(goals: Sequence[Chosen], count: int | None, *, close: bool = False) -> list[Chosen]:
    """The first so many in the order in which goals are drawn; all for None, in any order."""
    if count is None:
        return list(goals)
    order = close_order if close else _order
    return heapq.nsmallest(count, goals, key=lambda one: order((one.goal_id, one.shard)))


def _order(goal: Sequence[Any]) -> tuple[int, str]:
    return seed("browser", goal[0]), goal[0]


def letters(corpus: Corpus, index: int) -> list[dict[str, str]]:
    """The dead letters of every step about one shard's goals."""
    parts = read_parts(corpus, index, {DEAD_LETTERS: ["input_id", "reason", "detail", "payload"]})
    return [row for rows in parts.values() for row in rows.to_pylist()]


def tasks_of(corpus: Corpus, index: int, goals: Iterable[str]) -> dict[str, list[str]]:
    """The tasks of stage 1 that each goal has examples of."""
    rows = read_table(corpus, "stage1", index, ["goal_id", "task"])
    rows = rows.filter(pc.field("goal_id").isin(list(goals)))
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows.group_by(["goal_id", "task"]).aggregate([]).to_pylist():
        found[row["goal_id"]].append(row["task"])
    return {name: sorted(tasks) for name, tasks in found.items()}
