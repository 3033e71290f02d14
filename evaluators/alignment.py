"""How well a motion aligns with a goal, as a number in 0..1: what orders a ladder.

`facts` scores by measured facts and claims; `builtin` by the vectors of a trained embedder, packed into whole
numbers of 8 bits, so that scores are exact and the same on every machine, and small when they travel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evaluators.support import support
from motion.compare import similarity
from motion.facts import Facts

KINDS = ("facts", "builtin")
CAPTION_WEIGHT = 0.25  # of what the caption claims beside likeness to the goal's motion, by facts
TEXT_WEIGHT = 0.5  # of the caption beside the goal's motion, by vectors
_SCALE = 127


def facts_alignment(caption: str, goal: Facts, candidate: Facts) -> float:
    """Likeness of the measured facts, and the share of the caption's claims that the candidate supports.

    A claim counts as supported where an event has what it says, and by half where a kindred action is
    measured in its place (a hand that is raised where one should wave). Between 0 (nothing in common) and 1
    (nothing to tell apart); without a claim that can be checked, the facts alone decide.
    """
    likeness = similarity(goal, candidate)
    supported = support(caption, candidate)
    if supported is None:
        return likeness
    return (1 - CAPTION_WEIGHT) * likeness + CAPTION_WEIGHT * supported


def packed(vector: NDArray[np.float64]) -> bytes:
    """A unit vector (D,) as D bytes."""
    return np.rint(np.clip(vector, -1, 1) * _SCALE).astype(np.int8).tobytes()


def vector_alignment(caption: bytes, goal: bytes, candidate: bytes) -> float:
    """Alignment of a candidate's packed vector with those of a caption and of the goal's motion.

    The mean of both cosines, from -1..1 to 0..1. ValueError for vectors of different sizes.
    """
    text, own, other = (np.frombuffer(part, np.int8).astype(np.int64) for part in (caption, goal, candidate))
    if not len(text) == len(own) == len(other):
        raise ValueError(
            f"vectors of {len(text)}, {len(own)} and {len(other)} bytes; embed them with one embedder"
        )
    return (1 + TEXT_WEIGHT * _cosine(text, other) + (1 - TEXT_WEIGHT) * _cosine(own, other)) / 2


def _cosine(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    norms = float(one @ one) * float(other @ other)
    return float(one @ other) / norms**0.5 if norms else 0.0
