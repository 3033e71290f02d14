"""What is left of a clip to find it again: copies, shifted or noisy ones, and mirror images.

A signature is the clip's limbs, height and path at five samples a second in bytes. Clips that are alike
share at least one of a few bands: hashes of random projections of the samples' means and spreads (locality
sensitive hashing, Datar et al. 2004), of that in them which a mirror does not change. What shares a band is
compared by its sketch, the means and spreads themselves: they are never farther apart than the clips, shifts
apart. What is left is compared by a real distance in metres.
Everything is whole numbers until the last step: the same bands on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motion.seeds import generator
from motion.skeleton import Skeleton

SIGNATURE_VERSION = 1  # of the samples
BANDS = 6
NEAR = 0.05  # metres: clips at most so far apart are near-duplicates
STILL = 0.12  # metres: limbs that spread less about their means show a figure that hardly moves
_SAMPLES_A_SECOND = 5
_UNIT = 0.02  # metres a step of a byte
_WIDTH = 260  # of a projection's cell, in tenths of a unit: 0.52 m
_HASHES = 6  # a band
_HUNDRED, _HALF = 100, 71  # hundredths of 1 and of the square root of a half
_LIMBS = 6
SIZE = 3 * _LIMBS + 4  # numbers a sample: limbs, height, way sideways and forward, turn
_SHIFT = 3  # samples that a copy may be shifted by
_OVERLAP = 0.75  # of the longer clip's samples that must be compared
_SIGNS = np.array([-1, 1, 1] * _LIMBS + [1, -1, 1, -1])
_SWAPPED = np.array([3 * limb + axis for limb in (1, 0, 3, 2, 5, 4) for axis in range(3)] + [18, 19, 20, 21])
_LEFT = np.array([3 * limb + axis for limb in (0, 2, 4) for axis in range(3)])
_MIDDLE = np.arange(3 * _LIMBS, SIZE)
# Means and spreads that lie the other way round in a mirror.
_SKETCH_SWAPPED = np.concatenate([_SWAPPED, SIZE + _SWAPPED])
_SKETCH_SIGNS = np.concatenate([_SIGNS, np.ones(SIZE, np.int64)])
# What copies share wherever they begin, and mirror images too: limbs upward and forward, height.
_LEVEL = np.array([column for column in range(3 * _LIMBS + 1) if _SIGNS[column] > 0])

Bytes = NDArray[np.int8]


@dataclass(frozen=True)
class Signature:
    """A clip in a few hundred bytes: samples (K, 22) of int8, fiftieths of a metre."""

    samples: Bytes

    @property
    def is_still(self) -> bool:
        """Whether the figure hardly moves: such clips are alike and say nothing about copies."""
        return _spread(self.samples) < STILL

    def mirrored(self) -> Signature:
        """The signature of the clip's mirror image."""
        return Signature((self.samples[:, _SWAPPED] * _SIGNS).astype(np.int8))

    def sketch(self) -> Bytes:
        """Means and spreads of the samples, in units: (44,)."""
        return np.rint(_summary(self.samples) / 10).astype(np.int8)

    def bands(self) -> tuple[str, ...]:
        """Names of the cells that the clip, and its mirror image, falls into, one a band."""
        cells = (_unmirrored(_summary(self.samples)) @ _projections() + _HUNDRED * _offsets()) // (
            _HUNDRED * 100 * _WIDTH
        )
        return tuple(
            ".".join(str(cell) for cell in cells[band * _HASHES : (band + 1) * _HASHES])
            for band in range(BANDS)
        )


def mirrored_sketches(sketches: Bytes) -> Bytes:
    """The sketches (N, 44) of the mirror images."""
    return (sketches[:, _SKETCH_SWAPPED] * _SKETCH_SIGNS).astype(np.int8)


def levels(sketches: Bytes) -> NDArray[np.int64]:
    """A number for each sketch (N, 44) that copies and mirror images have nearly in common: (N,), units."""
    summed: NDArray[np.int64] = sketches[:, _LEVEL].astype(np.int64).sum(axis=1)
    return summed


def sketched(first: Bytes, second: Bytes) -> NDArray[np.float64]:
    """Metres at the least between clips of sketches (N, 44) and (M, 44) that begin together: (N, M)."""
    one, other = first.astype(np.float64), second.astype(np.float64)  # whole numbers: exact in any order
    squares = np.square(one).sum(axis=1)[:, None] + np.square(other).sum(axis=1) - 2 * one @ other.T
    return np.sqrt(squares / (_LIMBS + 2)) * _UNIT


def may_overlap(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether clips of so many samples are of lengths that `distance` compares."""
    overlap: NDArray[np.bool_] = np.minimum(one, other) >= _OVERLAP * np.maximum(one, other)
    return overlap


def signature(features: ArrayLike, body: Skeleton) -> Signature:
    """The signature of motion features (T, F) of at least 4 frames."""
    rows = np.asarray(features, np.float64)
    frames = round(body.fps / _SAMPLES_A_SECOND)
    count = len(rows) // frames
    if not count:
        raise ValueError(f"{len(rows)} frames are too few for a signature, which needs {frames}")
    blocks = rows[: count * frames].reshape(count, frames, -1)
    positions = blocks[..., 4 : 4 + 3 * (body.joint_count - 1)].mean(axis=1).reshape(count, -1, 3)
    limbs = [chain[place] for place in (2, 1) for chain in (body.left_arm, body.right_arm)]
    limbs += [chain[2] for chain in (body.left_leg, body.right_leg)]
    joints = positions[:, [joint - 1 for joint in limbs]].reshape(count, -1)
    height = blocks[..., 3].mean(axis=1)
    way, turn = blocks[..., 1:3].sum(axis=1), blocks[..., 0].sum(axis=1)
    # A turn counts as the way of a hand half a metre from the axis; features hold half angles.
    metres = np.column_stack([np.column_stack([joints, height, way]) * body.metres_per_unit, turn])
    return Signature(np.clip(np.rint(metres / _UNIT), -127, 127).astype(np.int8))


def distance(one: Signature, other: Signature) -> float:
    """Metres between two clips: root mean square over limbs and samples at the best shift in time.

    Infinity where their lengths differ too much for one to be the other.
    """
    first, second = one.samples.astype(np.float64), other.samples.astype(np.float64)
    longest = max(len(first), len(second))
    if min(len(first), len(second)) < _OVERLAP * longest:
        return float("inf")
    shifts = range(-_SHIFT, _SHIFT + 1)
    whole = {shift: _apart(first, second, shift, longest) for shift in shifts}
    best = min(whole, key=lambda shift: whole[shift])
    found = [whole[best]]
    for part in (0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875):
        between = first[:-1] * (1 - part) + first[1:] * part
        found += [_apart(between, second, shift, longest) for shift in (best, best + 1)]
    return min(found) * _UNIT


def _apart(first: NDArray[np.float64], second: NDArray[np.float64], shift: int, longest: int) -> float:
    """Units between the samples `first[i]` and `second[i + shift]`."""
    start, end = max(0, -shift), min(len(first), len(second) - shift)
    if end - start < max(1, _OVERLAP * longest - 1):
        return float("inf")
    apart = first[start:end] - second[start + shift : end + shift]
    return float(np.sqrt(np.square(apart).sum() / (end - start) / (_LIMBS + 2)))


def _spread(samples: Bytes) -> float:
    """Metres that the limbs, and the way, spread about their means."""
    values = samples.astype(np.int64)
    count = len(values)
    variance = (np.square(values).sum(axis=0) * count - np.square(values.sum(axis=0))) / count**2
    way = np.abs(values[:, 19:].sum(axis=0)).max()
    return float(max(np.sqrt(variance[:19].sum()), way / 4)) * _UNIT


def _summary(samples: Bytes) -> NDArray[np.int64]:
    """Means and spreads of the samples in tenths of a unit, (44,)."""
    values = samples.astype(np.int64)
    count = len(values)
    mean = 10 * values.sum(axis=0) / count
    spread = 10 * np.sqrt(np.square(values).sum(axis=0) * count - np.square(values.sum(axis=0))) / count
    return np.rint(np.concatenate([mean, spread])).astype(np.int64)


def _unmirrored(summary: NDArray[np.int64]) -> NDArray[np.int64]:
    """What the means and spreads of a clip and of its mirror image share, (44,), in hundredths of them.

    Sums and differences, without a sign, of what lies on both sides: two clips are as far apart in these as
    in the summary itself, or nearer.
    """
    seen = summary[_SKETCH_SWAPPED] * _SKETCH_SIGNS
    sides = np.concatenate([_LEFT, SIZE + _LEFT])
    middle = np.concatenate([_MIDDLE, SIZE + _MIDDLE])
    both, apart = summary[sides] + seen[sides], np.abs(summary[sides] - seen[sides])
    own = np.where(_SKETCH_SIGNS[middle] > 0, summary[middle], np.abs(summary[middle]))
    return np.concatenate([_HALF * both, _HALF * apart, _HUNDRED * own])


@lru_cache(maxsize=1)
def _projections() -> NDArray[np.int64]:
    """Random directions in hundredths, (44, BANDS * hashes)."""
    draws = generator("signature", SIGNATURE_VERSION).standard_normal((2 * SIZE, BANDS * _HASHES))
    return np.rint(100 * draws).astype(np.int64)


@lru_cache(maxsize=1)
def _offsets() -> NDArray[np.int64]:
    return generator("offsets", SIGNATURE_VERSION).integers(0, 100 * _WIDTH, BANDS * _HASHES)
