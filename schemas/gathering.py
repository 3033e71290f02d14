"""Motions of a corpus by reference, wherever in it they lie: each shard is read once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from schemas.corpus import Corpus
from schemas.rows import MotionRef
from schemas.shards import features_of
from schemas.tables import TABLES


def gather(corpus: Corpus, references: Iterable[MotionRef]) -> dict[MotionRef, NDArray[np.float32]]:
    """Features (T, F) of each reference; ValueError names the first that the corpus does not hold.

    All of them are in memory at once: ask for as many as fit.
    """
    parts = gather_by_shard(corpus, references)
    return {reference: np.array(clip) for part in parts for reference, clip in part.items()}


def gather_by_shard(
    corpus: Corpus, references: Iterable[MotionRef]
) -> Iterator[dict[MotionRef, NDArray[np.float32]]]:
    """As `gather`, the references of one shard at a time, features without a copy where Arrow allows it.

    ValueError comes behind the last shard, for only then is it known what none of them holds.
    """
    wanted: dict[tuple[str, str], list[MotionRef]] = {}
    for reference in dict.fromkeys(references):
        wanted.setdefault((reference.table, reference.id), []).append(reference)
    seen: set[MotionRef] = set()
    for table in sorted({table for table, _ in wanted}):
        key = TABLES[table].key[0]
        for index in range(corpus.shards):
            names = corpus.read(table, index, [key]).column(key).to_pylist()
            rows = {row: name for row, name in enumerate(names) if (table, name) in wanted}
            if not rows:
                continue
            motions = corpus.read(table, index, ["features"])
            found: dict[MotionRef, NDArray[np.float32]] = {}
            for row, name in rows.items():
                features = features_of(motions, row)
                inside = (one for one in wanted[table, name] if 0 <= one.start < one.end <= len(features))
                found |= {reference: features[reference.start : reference.end] for reference in inside}
            seen |= found.keys()
            yield found
    lacking = [ref for refs in wanted.values() for ref in refs if ref not in seen]
    if lacking:
        raise ValueError(
            f"{corpus.root}: has no motion {lacking[0].id!r} in {lacking[0].table} with frames "
            f"{lacking[0].start} to {lacking[0].end}; build it again"
        )
