"""Vectors of everything that one evaluation embeds: each distinct text and motion once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluators.embedders.base import (
    BATCH,
    Clip,
    Embedder,
    Text,
    Vectors,
    check_motions,
    embed_motions,
    embed_texts,
)
from evaluators.protocol import UNIT
from motion.skeleton import skeleton


class EmbeddingStore:
    """Remembers the vector of each input by its content, so that motions may come shard by shard."""

    def __init__(self, embedder: Embedder, batch: int = BATCH) -> None:
        self.embedder = embedder
        self.embedded = 0  # distinct inputs so far
        self._batch = batch
        self._texts: dict[Text, NDArray[np.float64]] = {}
        self._motions: dict[bytes, NDArray[np.float64]] = {}

    def texts(self, texts: Sequence[Text]) -> Vectors:
        """Vectors (N, D) of texts, in their order."""
        new = [text for text in dict.fromkeys(texts) if text not in self._texts]
        self._texts.update(zip(new, embed_texts(self.embedder, new, self._batch), strict=True))
        self.embedded += len(new)
        return self._stacked([self._texts[text] for text in texts])

    def motions(self, clips: Sequence[Clip]) -> Vectors:
        """Vectors (N, D) of motions of features (T, F), each first `fitted` to what the embedder takes.

        ValueError names the clip that holds NaN or infinity, has another size or no frame.
        """
        body = skeleton(self.embedder.skeleton)
        check_motions(self.embedder, clips, least=1)
        ready = [fitted(clip, self.embedder.min_frames, body.max_frames - 1) for clip in clips]
        keys = [hashlib.sha256(clip.tobytes()).digest() for clip in ready]
        new = {key: clip for key, clip in zip(keys, ready, strict=True) if key not in self._motions}
        found = embed_motions(self.embedder, list(new.values()), self._batch)
        self._motions.update(zip(new, found, strict=True))
        self.embedded += len(new)
        return self._stacked([self._motions[key] for key in keys])

    def _stacked(self, vectors: Sequence[NDArray[np.float64]]) -> Vectors:
        return np.stack(vectors) if len(vectors) else np.empty((0, self.embedder.dimensions))


def fitted(features: Clip, least: int, most: int) -> NDArray[np.float32]:
    """Features (T, F) cut to whole units of four frames, at least `least` and at most `most` of them.

    Evaluators read motions in such units. What is too short is held at its last frame, what is too long is
    cut at its end. ValueError for a motion without frames.
    """
    if not len(features):
        raise ValueError("a motion without frames cannot be embedded; a still figure stands for it")
    least = -(-least // UNIT) * UNIT
    frames = min(max(len(features) // UNIT * UNIT, least), most // UNIT * UNIT)
    clip = np.asarray(features[:frames], np.float32)
    if len(clip) < frames:
        clip = np.concatenate([clip, np.repeat(clip[-1:], frames - len(clip), axis=0)])
    return np.ascontiguousarray(clip)
