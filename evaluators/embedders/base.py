"""Embedders: texts and motions as vectors of one space, in which a text lies near its motions.

An embedder turns one batch into vectors. `embed_texts` and `embed_motions` do the rest: each distinct input
once, batches of like lengths, and vectors that depend on their input alone. For that, embedders compute in
float64 and vectors are rounded to `GRID`: what the size of a batch, its order, the number of threads or the
device change (about 1e-15) is far below it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
Clip = NDArray[np.floating]

GRID = 2.0**-18  # what embeddings are rounded to
BATCH = 64  # inputs that are embedded together; no result depends on it

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Text:
    """A caption with the part-of-speech tags of its dataset, "word/POS word/POS"; empty: none given."""

    caption: str
    tags: str = ""


class Embedder(Protocol):
    """Texts and motions as vectors (N, D) of one space; every embedder normalises its inputs itself."""

    @property
    def name(self) -> str:
        """Kind of embedder: guo, tmr, motionpatches, builtin."""

    @property
    def skeleton(self) -> str:
        """Name of the skeleton whose features it takes: t2m or kit."""

    @property
    def dimensions(self) -> int:
        """D, the size of a vector."""

    @property
    def min_frames(self) -> int:
        """Frames below which a motion cannot be embedded."""

    @property
    def fingerprint(self) -> str:
        """Hash of all that determines a vector: code version, weights, normalisation, vocabulary."""

    def encode_texts(self, texts: Sequence[Text]) -> Vectors:
        """Vectors (N, D) in float64 of one batch of texts."""

    def encode_motions(self, clips: Sequence[Clip]) -> Vectors:
        """Vectors (N, D) in float64 of one batch of motions.

        Clips are features (T, F) as the dataset has them, not normalised, at the skeleton's frame rate.
        """


def embed_texts(embedder: Embedder, texts: Sequence[Text], batch: int = BATCH) -> Vectors:
    """Vectors (N, D) of texts, in their order; equal texts are embedded once.

    ValueError for a text without a word.
    """
    for number, text in enumerate(texts):
        if not any(sign.isalnum() for sign in text.caption):
            raise ValueError(f"text {number}, {text.caption!r}: holds no word; leave it out")
    return _embedded(
        texts,
        [text.caption + "\x1f" + text.tags for text in texts],
        [len(text.caption) for text in texts],
        embedder.encode_texts,
        embedder.dimensions,
        batch,
    )


def embed_motions(embedder: Embedder, clips: Sequence[Clip], batch: int = BATCH) -> Vectors:
    """Vectors (N, D) of motions of features (T, F), not normalised, in their order; equal ones embedded once.

    ValueError names the clip that holds NaN or infinity, has another size or too few frames.
    """
    check_motions(embedder, clips, embedder.min_frames)
    arrays = [np.ascontiguousarray(clip, np.float32) for clip in clips]
    return _embedded(
        arrays,
        [hashlib.sha256(clip.tobytes()).digest() for clip in arrays],
        [len(clip) for clip in arrays],
        embedder.encode_motions,
        embedder.dimensions,
        batch,
    )


def check_motions(embedder: Embedder, clips: Sequence[Clip], least: int) -> None:
    """ValueError names the clip that holds NaN or infinity, has another size or fewer than `least` frames."""
    from motion.skeleton import skeleton

    size = skeleton(embedder.skeleton).feature_size
    for number, clip in enumerate(clips):
        if clip.ndim != 2 or clip.shape[1] != size:
            raise ValueError(
                f"clip {number}: features {clip.shape}, the embedder {embedder.name} takes (T, {size}); "
                f"use one of the motions' skeleton"
            )
        if len(clip) < least:
            raise ValueError(
                f"clip {number}: {len(clip)} frames, the embedder {embedder.name} needs {least}; leave it "
                f"out, or give a still figure in its place"
            )
        if not np.isfinite(clip).all():
            raise ValueError(f"clip {number}: holds NaN or infinite values; leave it out")


def _embedded(
    items: Sequence[_Item],
    keys: Sequence[Hashable],
    lengths: Sequence[int],
    encode: Callable[[Sequence[_Item]], Vectors],
    dimensions: int,
    batch: int,
) -> Vectors:
    """Vectors of items, those with one key computed once, in batches of like lengths."""
    first: dict[Hashable, int] = {}
    for index, key in enumerate(keys):
        first.setdefault(key, index)
    order = sorted(first.values(), key=lambda index: lengths[index])
    vectors = np.empty((len(items), dimensions))
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        vectors[chosen] = encode([items[index] for index in chosen])
    found = vectors[[first[key] for key in keys]] if len(items) else vectors
    return np.rint(found / GRID) * GRID
