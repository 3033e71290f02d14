"""Motion tokens of the motions that a model is shown: of any motion of a corpus, shard by shard."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from motion.tokenizer import MotionTokenizer
from schemas.corpus import Corpus
from schemas.rows import MotionRef
from schemas.shards import features_of
from schemas.tables import TABLES


def shown_codes(
    corpus: Corpus, references: Iterable[MotionRef], tokenizer: MotionTokenizer
) -> dict[MotionRef, tuple[int, ...]]:
    """Codes of each motion; features of one shard are in memory at a time.

    A motion that is shorter than a token is held at its last frame. ValueError names one that is not there.
    """
    wanted: dict[tuple[str, str], set[MotionRef]] = {}
    for reference in references:
        wanted.setdefault((reference.table, reference.id), set()).add(reference)
    found: dict[MotionRef, tuple[int, ...]] = {}
    for table in sorted({table for table, _ in wanted}):
        key = TABLES[table].key[0]
        for index in range(corpus.shards):
            names = corpus.read(table, index, [key]).column(key).to_pylist()
            rows = [(row, wanted[table, name]) for row, name in enumerate(names) if (table, name) in wanted]
            if rows:
                found |= _encoded(corpus.read(table, index, ["features"]), rows, tokenizer)
    lacking = sorted({one for refs in wanted.values() for one in refs} - set(found), key=str)
    if lacking:
        raise ValueError(
            f"{corpus.root}: has no motion {lacking[0].id!r} in {lacking[0].table} with frames "
            f"{lacking[0].start} to {lacking[0].end}; build it again"
        )
    return found


def _encoded(
    motions: pa.Table, rows: list[tuple[int, set[MotionRef]]], tokenizer: MotionTokenizer
) -> dict[MotionRef, tuple[int, ...]]:
    clips = {}
    for row, references in rows:
        features = features_of(motions, row)
        for one in references:
            if 0 <= one.start < one.end <= len(features):
                clip = features[one.start : one.end]
                short = max(0, tokenizer.min_frames - len(clip))
                clips[one] = np.pad(clip, ((0, short), (0, 0)), mode="edge") if short else clip
    return dict(zip(clips, tokenizer.encode(list(clips.values())), strict=True))
