"""Captions as vectors of hashed words, for the ladder's search."""

from __future__ import annotations

import re
import zlib

import numpy as np
from numpy.typing import NDArray

SIZE = 64

# Words that say nothing about the movement.
_EMPTY = frozenset(
    (
        "a an the and then of to in on at with his her their its he she they it is are was person man "
        "woman someone figure human guy while as from into by this that up"
    ).split()
)
_WORD = re.compile(r"[a-z]+")


def word_vector(text: str) -> NDArray[np.float32]:
    """Unit vector (64,) of a text's words, hashed to places with a sign; zero for no words."""
    vector = np.zeros(SIZE, np.float32)
    for word in _WORD.findall(text.lower()):
        if word in _EMPTY:
            continue
        hashed = zlib.crc32(_stem(word).encode())
        vector[hashed % SIZE] += 1 if hashed & 0x100 else -1
    length = float(np.sqrt(np.square(vector).sum()))
    return vector / length if length else vector


def _stem(word: str) -> str:
    for ending in ("ing", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
