"""The ladder's search: for each goal, motions of other goals at spread-out distances.

A bucket holds a bounded number of goals of one split and is searched by one product of matrices.
Vectors are whole numbers of 8 bits, so the products are exact in float32 whatever the order of the
additions: the same picks on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import apache_beam as beam
import numpy as np

from evaluators.alignment import vector_alignment
from schemas.config import BuildConfig
from transforms.measure import IndexRecord
from transforms.timing import timed_each

# Where picks lie in the order from nearest (0) to farthest (1) of a bucket's other motions.
LEVELS = (0.0, 0.02, 0.12, 0.4, 0.75)
_BLOCK = 512


@dataclass(frozen=True)
class Pick:
    """A motion of another goal, offered for a goal's ladder."""

    goal_id: str  # whose ladder
    source: IndexRecord
    level: int  # index in LEVELS, 0 nearest
    alignment: float = 0.0  # by an embedder, where one aligns: vectors stay here


def search(records: Iterable[IndexRecord]) -> Iterator[tuple[int, Pick]]:
    """Picks for every goal of a bucket, by the goal's shard; a goal's own clip is never picked.

    Of several goals about the same frames only the first is searched, so that no motion is picked
    twice for one goal.
    """
    goals = sorted(records, key=lambda record: record.goal_id)
    if not goals:
        return
    first_of: dict[tuple[str, int, int], IndexRecord] = {}
    for record in goals:
        first_of.setdefault((record.motion_id, record.start, record.end), record)
    pool = list(first_of.values())
    pool_vectors = _vectors(pool)
    pool_clips = np.array([record.motion_id for record in pool])
    for start in range(0, len(goals), _BLOCK):
        block = goals[start : start + _BLOCK]
        likeness = _vectors(block) @ pool_vectors.T
        own = np.array([record.motion_id for record in block])[:, None] == pool_clips
        likeness[own] = -np.inf
        order = np.argsort(-likeness, axis=1, kind="stable")
        others = len(pool) - own.sum(axis=1)
        for row, goal in enumerate(block):
            for level, place in _places(int(others[row])):
                yield goal.shard, _pick(goal, pool[order[row, place]], level)


def _pick(goal: IndexRecord, source: IndexRecord, level: int) -> Pick:
    if goal.embedded is None:
        return Pick(goal.goal_id, source, level)
    if source.embedded is None:
        raise ValueError(f"goal {source.goal_id}: has no vectors beside {goal.goal_id}, which has some")
    score = vector_alignment(*goal.embedded, source.embedded[1])
    return Pick(goal.goal_id, replace(source, embedded=None), level, score)


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


def _vectors(records: list[IndexRecord]) -> np.ndarray:
    return np.stack([np.frombuffer(record.vector, np.int8) for record in records]).astype(np.float32)


@dataclass
class SearchLadders(beam.PTransform):
    """PCollection[(bucket, IndexRecord)] -> PCollection[(shard, Pick)]."""

    config: BuildConfig

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Gather each bucket and search it."""
        return (
            pcoll
            | "Bucket" >> beam.GroupByKey()
            | "Search" >> beam.FlatMap(lambda bucket: timed_each("search", search(bucket[1])))
        )
