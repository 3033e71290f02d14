"""Motions of a corpus by reference, wherever in it they lie: each shard is read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.corpus import Corpus
from schemas.memory import give_back
from schemas.rows import MotionRef
from schemas.shards import features_of
from schemas.tables import TABLES

Clips = dict[MotionRef, NDArray[np.float32]]
Home = Callable[[MotionRef, int], int]  # the shard, of so many, that should hold a motion


def gather(corpus: Corpus, references: Iterable[MotionRef], home: Home | None = None) -> Clips:
    """Features (T, F) of each reference; ValueError names the first that the corpus does not hold.

    All of them are in memory at once: ask for as many as fit.
    """
    return {ref: clip for part in gather_by_shard(corpus, references, home) for ref, clip in part.items()}


def gather_by_shard(
    corpus: Corpus, references: Iterable[MotionRef], home: Home | None = None
) -> Iterator[Clips]:
    """As `gather`, the references of one shard at a time; they are copies, one shard's table is in memory.

    With `home` the shards that it names are read, and others only while a motion is lacking. ValueError
    comes behind the last shard, for only then is it known what none of them holds.
    """
    tables: dict[str, list[MotionRef]] = {}
    for reference in dict.fromkeys(references):
        tables.setdefault(reference.table, []).append(reference)
    lacking: list[MotionRef] = []
    for table, wanted in sorted(tables.items()):
        homes = sorted({home(reference, corpus.shards) for reference in wanted}) if home else []
        left = dict.fromkeys(wanted)
        for index in dict.fromkeys([*homes, *range(corpus.shards)]):
            if not left:
                break
            found = _of_shard(corpus, table, index, list(left))
            give_back()
            for reference in found:
                del left[reference]
            if found:
                yield found
        lacking += left
    if lacking:
        raise ValueError(
            f"{corpus.root}: has no motion {lacking[0].id!r} in {lacking[0].table} with frames "
            f"{lacking[0].start} to {lacking[0].end}; build it again"
        )


def _of_shard(corpus: Corpus, table: str, index: int, wanted: Sequence[MotionRef]) -> Clips:
    """Copies of what a shard holds of them: its table goes before another is read."""
    key = TABLES[table].key[0]
    names = corpus.read(table, index, [key]).column(key).to_pylist()
    rows = {name: row for row, name in enumerate(names)}
    here = [reference for reference in wanted if reference.id in rows]
    if not here:
        return {}
    motions = corpus.read(table, index, ["features"])
    found: Clips = {}
    for reference in here:
        features = features_of(motions, rows[reference.id])
        if 0 <= reference.start < reference.end <= len(features):
            found[reference] = np.array(features[reference.start : reference.end])
    return found
