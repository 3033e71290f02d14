"""Rows of the stages as training reads them: those of a split in each shard, with their motions' tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from motion.seeds import share
from schemas.corpus import Corpus
from schemas.rows import MotionRef
from schemas.tokens import TokenSet
from trainer.lanes import Piece, row_order
from trainer.recipe import Data
from trainer.row_counts import TaskCounts, count_rows

_KEY = {"stage1": "example_id", "stage2": "goal_id", "stage3": "goal_id"}
TABLE_OF = {"base": "stage1", "stage1": "stage1", "stage2": "stage2", "stage3": "stage3"}
Tokens = dict[MotionRef, tuple[int, ...]]


@dataclass(frozen=True)
class Place:
    """One example of an epoch: a chosen row of a shard, and which copy of it."""

    row: int
    copy: int


@dataclass(frozen=True)
class Shard:
    """A shard's chosen rows in memory, and the tokens of every motion that they name."""

    table: pa.Table
    tokens: Tokens
    names: list[str]
    weights: list[float]


class StageRows:
    """The rows of one stage's table that a recipe chooses, shard by shard.

    `tasks` are the rows of the recipe's split in each shard; where they are not given, they are counted when
    they are first asked for.
    """

    def __init__(
        self,
        corpus: Corpus,
        tokens: TokenSet,
        stage: str,
        data: Data,
        tasks: Sequence[TaskCounts] | None = None,
    ) -> None:
        self.corpus, self.tokens, self.data = corpus, tokens, data
        self.table = TABLE_OF[stage]
        self.key = _KEY[self.table]
        self._tasks = tasks

    @cached_property
    def tasks(self) -> Sequence[TaskCounts]:
        """Rows of the split in each shard, by task."""
        if self._tasks is not None:
            return self._tasks
        return count_rows(self.corpus, self.table, self.data.split, range(self.corpus.shards))

    @cached_property
    def counts(self) -> list[int]:
        """The chosen rows of each shard: of the split, and of a task that has a weight."""
        return [sum(rows for task, rows in tasks.items() if self._weight(task) > 0) for tasks in self.tasks]

    def examples(self) -> float:
        """How many examples an epoch has, on average."""
        return sum(rows * self._weight(task) for tasks in self.tasks for task, rows in tasks.items())

    def _weight(self, task: str) -> float:
        return self.data.tasks.get(task, 0.0) if task else 1.0

    def read(self, index: int) -> Shard:
        """A shard's chosen rows. ValueError where they are others than were counted."""
        table = self.corpus.read(self.table, index)
        splits = table.column("split").to_pylist()
        tasks = table.column("task").to_pylist() if self.table == "stage1" else [""] * len(splits)
        chosen = [
            (row, self._weight(task))
            for row, (split, task) in enumerate(zip(splits, tasks, strict=True))
            if split == self.data.split and self._weight(task) > 0
        ]
        if len(chosen) != self.counts[index]:
            raise ValueError(
                f"{self.corpus.shard_path(self.table, index)}: {self.counts[index]} rows were counted when "
                f"the training began, now there are {len(chosen)}; leave the corpus as it is while training"
            )
        table = table.take([row for row, _ in chosen])
        names = table.column(self.key).to_pylist()
        return Shard(table, self.tokens.read(index), names, [weight for _, weight in chosen])

    def places(self, shard: Shard, piece: Piece, seed: int, epoch: int) -> list[Place]:
        """The examples of a piece of a shard: rows of weight w come floor(w) times, and once more by chance.

        The chance depends on seed, epoch and the row's id alone.
        """
        found = []
        for row in row_order(len(shard.names), seed, epoch, piece.shard)[piece.start : piece.stop]:
            weight = shard.weights[row]
            copies = int(weight)
            if weight % 1:
                copies += share("copies", seed, epoch, shard.names[row]) < weight % 1
            found += [Place(row, copy) for copy in range(copies)]
        return found


def rows_at(shard: Shard, places: Sequence[Place]) -> list[dict[str, Any]]:
    """The rows at places of a shard."""
    distinct = sorted({place.row for place in places})
    rows = dict(zip(distinct, shard.table.take(distinct).to_pylist(), strict=True))
    return [rows[place.row] for place in places]
