"""Rows of the stages as training reads them: those of a split in each shard, with their motions' tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from motion.seeds import share
from schemas.corpus import Corpus
from schemas.rows import MotionRef
from schemas.tokens import TokenSet
from trainer.lanes import Piece
from trainer.recipe import Data

_KEY = {"stage1": "example_id", "stage2": "goal_id", "stage3": "goal_id"}
TABLE_OF = {"base": "stage1", "stage1": "stage1", "stage2": "stage2", "stage3": "stage3"}


@dataclass(frozen=True)
class Place:
    """One example of an epoch: a row of a shard, and which copy of it."""

    shard: int
    row: int
    copy: int


class StageRows:
    """The rows of one stage's table that a recipe chooses."""

    def __init__(self, corpus: Corpus, tokens: TokenSet, stage: str, data: Data) -> None:
        self.corpus, self.tokens, self.data = corpus, tokens, data
        self.table = TABLE_OF[stage]
        self.key = _KEY[self.table]
        self.counts = [len(self._chosen(shard)) for shard in range(corpus.shards)]
        self._held: dict[int, tuple[pa.Table, dict[MotionRef, tuple[int, ...]]]] = {}

    def _chosen(self, shard: int) -> list[tuple[int, str, float]]:
        """Row, id and weight of each row of the split whose task has a weight."""
        columns = [self.key, "split", *(["task"] if self.table == "stage1" else [])]
        found = self.corpus.read(self.table, shard, columns).to_pydict()
        tasks = found.get("task") or [""] * len(found["split"])
        weights = self.data.tasks
        return [
            (row, name, weights.get(task, 0.0) if task else 1.0)
            for row, (name, split, task) in enumerate(zip(found[self.key], found["split"], tasks))
            if split == self.data.split and (not task or weights.get(task, 0.0) > 0)
        ]

    def places(self, pieces: Sequence[Piece], seed: int, epoch: int) -> list[Place]:
        """The examples of pieces in an epoch: rows of weight w come floor(w) times, and once more by chance.

        The chance depends on seed, epoch and the row's id alone.
        """
        found = []
        chosen = {shard: self._chosen(shard) for shard in {piece.shard for piece in pieces}}
        for piece in pieces:
            for row, name, weight in chosen[piece.shard][piece.part :: piece.parts]:
                copies = int(weight) + (share("copies", seed, epoch, name) < weight % 1)
                found += [Place(piece.shard, row, copy) for copy in range(copies)]
        return found

    def examples(self) -> float:
        """How many examples an epoch has, on average."""
        return sum(weight for shard in range(len(self.counts)) for _, _, weight in self._chosen(shard))

    def read(self, places: Sequence[Place]) -> list[tuple[dict[str, Any], dict[MotionRef, tuple[int, ...]]]]:
        """The rows at places, each with the tokens of its shard's motions."""
        wanted: dict[int, list[int]] = {}
        for place in places:
            wanted.setdefault(place.shard, []).append(place.row)
        rows: dict[tuple[int, int], dict[str, Any]] = {}
        tokens = {}
        for shard, numbers in wanted.items():
            table, tokens[shard] = self._shard(shard)
            distinct = sorted(set(numbers))
            rows |= {
                (shard, n): row for n, row in zip(distinct, table.take(distinct).to_pylist(), strict=True)
            }
        return [(rows[place.shard, place.row], tokens[place.shard]) for place in places]

    def _shard(self, shard: int) -> tuple[pa.Table, dict[MotionRef, tuple[int, ...]]]:
        """A shard's rows and tokens; the last few read are kept."""
        if shard not in self._held:
            while len(self._held) >= 16:
                del self._held[next(iter(self._held))]
            self._held[shard] = (self.corpus.read(self.table, shard), self.tokens.read(shard))
        return self._held[shard]
