"""Which rows of a corpus come when: an epoch's rows are dealt to lanes, whatever the number of processes.

A step takes one packed row of each lane. The shards of an epoch lie in a row, in an order drawn for it, which
is cut into as many equal stretches as there are lanes. Lanes are dealt to processes as blocks of neighbours,
so that a process reads one stretch of shards, of which it shares at most the first and the last one; one
process and many see the same rows in the same step, and each row of an epoch is seen once. Each lane goes
through its own stretch, and into the next epoch without waiting for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from motion.seeds import generator


@dataclass(frozen=True)
class Piece:
    """Some of a shard's chosen rows: from `start` to `stop` in the order of `row_order`."""

    shard: int
    start: int
    stop: int


def lanes_of(lanes: int, rank: int, world: int) -> range:
    """The lanes of one of `world` processes: neighbours, for these read the same shards."""
    return range(lanes * rank // world, lanes * (rank + 1) // world)


def shard_order(counts: Sequence[int], seed: int, epoch: int) -> list[int]:
    """The shards that have rows, in an order drawn for the epoch."""
    drawn = generator("lanes", seed, epoch).permutation(len(counts))
    return [shard for shard in drawn.tolist() if counts[shard]]


def row_order(rows: int, seed: int, epoch: int, shard: int) -> list[int]:
    """The chosen rows of a shard, by their numbers, in an order drawn for the epoch."""
    order: list[int] = generator("rows", seed, epoch, shard).permutation(rows).tolist()
    return order


def deal(counts: Sequence[int], lanes: int, seed: int, epoch: int) -> list[list[Piece]]:
    """The pieces of each lane in an epoch; `counts` are the chosen rows of each shard.

    Lanes differ by one row at the most.
    """
    total = sum(counts)
    ends = [total * (lane + 1) // lanes for lane in range(lanes)]
    dealt: list[list[Piece]] = [[] for _ in range(lanes)]
    lane = place = 0
    for shard in shard_order(counts, seed, epoch):
        start = 0
        while start < counts[shard]:
            while place >= ends[lane]:
                lane += 1
            stop = min(counts[shard], start + ends[lane] - place)
            dealt[lane].append(Piece(shard, start, stop))
            place, start = place + stop - start, stop
    return dealt
