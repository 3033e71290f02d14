"""Which rows of a corpus come when: an epoch's rows are dealt to lanes, whatever the number of processes.

A step takes one packed row of each lane. Lanes are dealt to processes, so that one process and many see the
same rows in the same step, and each row of an epoch is seen once. Each lane goes through its own pieces of
shards, and into the next epoch without waiting for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from motion.seeds import generator

_PIECES_A_LANE = 8  # at least, so that lanes come out alike


@dataclass(frozen=True)
class Piece:
    """Every `parts`-th chosen row of a shard, from `part` on."""

    shard: int
    part: int
    parts: int

    def size(self, rows: int) -> int:
        """How many of a shard's rows it holds."""
        return len(range(self.part, rows, self.parts))


def deal(counts: Sequence[int], lanes: int, seed: int, epoch: int) -> list[list[Piece]]:
    """The pieces of each lane in an epoch; `counts` are the chosen rows of each shard.

    Pieces come in an order drawn for the epoch; each goes to the lane with the fewest rows so far.
    """
    shards = max(1, sum(count > 0 for count in counts))
    parts = -(-lanes * _PIECES_A_LANE // shards)
    pieces = [
        Piece(shard, part, parts) for shard, count in enumerate(counts) for part in range(min(parts, count))
    ]
    dealt: list[list[Piece]] = [[] for _ in range(lanes)]
    held = [0] * lanes
    for index in generator("lanes", seed, epoch).permutation(len(pieces)):
        piece = pieces[int(index)]
        lane = min(range(lanes), key=lambda one: (held[one], one))
        dealt[lane].append(piece)
        held[lane] += piece.size(counts[piece.shard])
    return dealt
