"""The ladder's search: for each goal, motions of other goals at spread-out distances.

A bucket holds clips of one split, about 500, and is searched by products of matrices. What is offered in it
is bounded and held; goals ask one block after the other. Vectors are whole numbers of 8 bits, so the
products are exact in float32 whatever the order of the additions: the same picks on every machine.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import apache_beam as beam
import numpy as np
from numpy.typing import NDArray

from evaluators.alignment import vector_alignment
from motion.compare import fact_vector
from motion.facts import Facts
from motion.seeds import seed
from schemas.compact import unpack
from schemas.config import BuildConfig
from schemas.rows import Segment
from schemas.spill import grouped, parts_for
from transforms.exchange import Entry, Pick, Source, Wording, entry_of, picks_bytes, write_offer
from transforms.index import index_entries
from transforms.step import corpus_of
from transforms.timing import timed_each
from transforms.words import word_vector

# Where picks lie in the order from nearest (0) to farthest (1) of a bucket's other motions.
LEVELS = (0.0, 0.02, 0.12, 0.4, 0.75)
OFFERED = 4096  # motions that a bucket offers at most
_BLOCK = 512  # goals that ask at once
_SHARDS_TOGETHER = 8  # whose entries, or picks, a plan holds at once


def search(entries: Iterable[Entry]) -> Iterator[tuple[int, list[Pick]]]:
    """Picks for goals of a bucket, by shard; a goal's own clip is never picked.

    Of several goals about the same frames only the first is offered, so that no motion is picked twice for
    one goal. The entries are gone through twice and held a block at a time, what is offered apart.
    """
    offered = offered_of(entries)
    if offered:
        yield from asked(entries, Pool(offered))


def asked(entries: Iterable[Entry], pool: Pool) -> Iterator[tuple[int, list[Pick]]]:
    """Picks for goals of entries, block after block, by shard."""
    for block in _blocks(entries):
        found: dict[int, list[Pick]] = {}
        for shard, picks in pool.picks(block):
            found.setdefault(shard, []).extend(picks)
        yield from found.items()


def search_here(config: BuildConfig) -> Iterator[tuple[int, list[Pick]]]:
    """Picks of a corpus by shard, found in this process, for plans; a few shards' worth is in memory."""
    parts = parts_for(config.shards, _SHARDS_TOGETHER)
    entries = (pair for index in range(config.shards) for pair in index_entries(config, index))
    # One by one, for what waits in memory is counted: of 512 goals' picks it would hold too many.
    offers = (
        (index, pick)
        for _, bucket in grouped(entries, parts)
        for index, picks in search(bucket)
        for pick in picks
    )
    without = set(range(config.shards))
    for index, found in grouped(offers, parts):
        without.discard(index)
        yield index, found
    for index in sorted(without):
        yield index, []


class Pool:
    """Entries that are offered, at least one, in an order that decides between equals."""

    def __init__(self, offered: Sequence[Entry]) -> None:
        self._entries = offered
        self._vectors = np.stack([goal_vectors(entry)[0] for entry in offered]).astype(np.float32)
        self._clips = np.array([entry.motion_id for entry in offered])
        self.sources = [_source(entry) for entry in offered]

    def picks(self, block: Sequence[Entry]) -> Iterator[tuple[int, list[Pick]]]:
        """Picks for the goals of entries, of which there is at least one, by shard."""
        asked = np.concatenate([goal_vectors(entry) for entry in block]).astype(np.float32)
        own = np.array([entry.motion_id for entry in block for _ in entry.goals])[:, None] == self._clips
        likeness = asked @ self._vectors.T
        likeness[own] = -np.inf
        order = np.argsort(-likeness, axis=1, kind="stable")
        others = iter((len(self._entries) - own.sum(axis=1)).tolist())
        rows = iter(order)
        for entry in block:
            picks = [
                self._pick(entry, goal, row[place], level)
                for goal, row, count in zip(entry.goals, rows, others, strict=False)
                for level, place in _places(count)
            ]
            if picks:
                yield entry.shard, picks

    def _pick(self, entry: Entry, goal: Wording, place: int, level: int) -> Pick:
        score = _alignment(entry, goal, self._entries[place])
        return Pick(goal.goal_id, self.sources[place], level, score)


def offered_of(entries: Iterable[Entry]) -> list[Entry]:
    """What a bucket offers, in the order of goals: of more motions than it may hold those that ids draw."""
    held: dict[Segment, Entry] = {}
    for entry in entries:
        if not entry.offered:
            continue
        part = (entry.motion_id, entry.start, entry.end)
        held[part] = min(held.get(part, entry), entry, key=_first)
        if len(held) > 2 * OFFERED:
            held = _drawn(held)
    return sorted(_drawn(held).values(), key=_first)


def _drawn(held: dict[Segment, Entry]) -> dict[Segment, Entry]:
    if len(held) <= OFFERED:
        return held
    return {part: held[part] for part in heapq.nsmallest(OFFERED, held, key=lambda part: seed("pool", *part))}


def _first(entry: Entry) -> str:
    return entry.goals[0].goal_id


def _blocks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    block: list[Entry] = []
    goals = 0
    for entry in entries:
        block.append(entry)
        goals += len(entry.goals)
        if goals >= _BLOCK:
            yield block
            block, goals = [], 0
    if block:
        yield block


def goal_vectors(entry: Entry) -> NDArray[np.int8]:
    """Facts and words of an entry's goals as small whole numbers (goals, K): sums of products are exact."""
    measured = fact_vector(unpack(Facts, entry.facts))
    parts = [np.concatenate([measured, 0.5 * word_vector(goal.caption)]) for goal in entry.goals]
    joined = np.stack(parts).astype(np.float64)
    lengths = np.sqrt(np.square(joined).sum(axis=1, keepdims=True))
    return np.rint(joined / np.maximum(lengths, 1e-9) * 127).astype(np.int8)


def _source(entry: Entry) -> Source:
    goal = entry.goals[0]
    return Source(entry.motion_id, entry.start, entry.end, goal.goal_id, goal.caption, entry.facts)


def _alignment(entry: Entry, goal: Wording, other: Entry) -> float:
    """By the vectors of an embedder, where there are some."""
    if not goal.vector:
        return 0.0
    if not other.vector:
        raise ValueError(f"goal {_first(other)}: has no vectors beside {goal.goal_id}, which has some")
    return vector_alignment(goal.vector, entry.vector, other.vector)


def _places(others: int) -> Iterator[tuple[int, int]]:
    """Distinct places in an order of so many motions, one for each level."""
    used: set[int] = set()
    for level, share in enumerate(LEVELS):
        place = round(share * max(others - 1, 0))
        while place in used:
            place += 1
        if place < others:
            used.add(place)
            yield level, place


@dataclass(frozen=True)
class _Bucket:
    """Entries that are made of their bytes each time that they are gone through."""

    packed: Iterable[bytes]

    def __iter__(self) -> Iterator[Entry]:
        return map(entry_of, self.packed)


@dataclass
class SearchLadders(beam.PTransform):
    """PCollection[(bucket, bytes of an Entry)] -> PCollection[(shard, bytes of picks)]."""

    config: BuildConfig

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Gather each bucket, write what it offers and search it."""
        corpus = corpus_of(self.config)

        def picks(bucket: tuple[bytes, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
            name, entries = bucket[0].decode(), _Bucket(bucket[1])
            offered = offered_of(entries)
            if not offered:
                return
            pool = Pool(offered)
            offer = write_offer(corpus, name, pool.sources)
            places = {source: place for place, source in enumerate(pool.sources)}
            for shard, found in asked(entries, pool):
                yield shard, picks_bytes(offer, places, found)

        return (
            pcoll
            | "Bucket" >> beam.GroupByKey()
            | "Search" >> beam.FlatMap(lambda bucket: timed_each("search", picks(bucket)))
        )
