"""Motion tokens of the motions that a model is shown: of any motion of a corpus, shard by shard."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from motion.tokenizer import MotionTokenizer
from schemas.corpus import Corpus
from schemas.gathering import Home, gather_by_shard
from schemas.rows import MotionRef


def shown_codes(
    corpus: Corpus, references: Iterable[MotionRef], tokenizer: MotionTokenizer, home: Home
) -> dict[MotionRef, tuple[int, ...]]:
    """Codes of each motion; features of one shard are in memory at a time.

    A motion that is shorter than a token is held at its last frame. ValueError names one that is not there.
    """
    found: dict[MotionRef, tuple[int, ...]] = {}
    for clips in gather_by_shard(corpus, references, home):
        codes = tokenizer.encode([_held(clip, tokenizer.min_frames) for clip in clips.values()])
        found |= zip(clips, codes, strict=True)
    return found


def _held(clip: NDArray[np.float32], least: int) -> NDArray[np.float32]:
    """The clip (T, F), held at its last frame where it has fewer than `least`."""
    short = max(0, least - len(clip))
    return np.pad(clip, ((0, short), (0, 0)), mode="edge") if short else clip
