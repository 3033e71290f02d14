"""What the built-in embedder sees of texts and motions: word pieces, and channels of a motion's frames."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from motion.skeleton import Skeleton

# Raised when the same text or motion gives other inputs.
INPUTS_VERSION = 1
BUCKETS = 8192  # of word pieces
MAX_WORDS = 64
_WORD = re.compile(r"[^\W\d_]+|\d+", re.UNICODE)
_GRAMS = (3, 4, 5)  # characters
_FIXED = 10  # channels beside joints: heading (3), way (2), height, time, velocities (3)


def words(caption: str) -> list[str]:
    """The words and numbers of a caption in lower case, at most MAX_WORDS of them."""
    return _WORD.findall(caption.lower())[:MAX_WORDS]


@lru_cache(maxsize=65536)
def pieces(word: str) -> tuple[int, ...]:
    """Buckets of a word: of the word itself and of its character n-grams, so that no word is unknown.

    As fastText does (Bojanowski et al. 2017), with CRC-32 for a hash that is the same everywhere.
    """
    marked = f"<{word}>"
    grams = {marked[i : i + n] for n in _GRAMS for i in range(len(marked) - n + 1)}
    return tuple(zlib.crc32(part.encode()) % BUCKETS for part in (f"word {word}", *sorted(grams)))


def piece_batch(captions: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64], list[int]]:
    """Buckets of every word of a batch one after the other, where each word starts, words a caption."""
    found = [words(caption) for caption in captions]
    listed = [pieces(word) for caption in found for word in caption]
    starts = np.cumsum([0, *(len(buckets) for buckets in listed)])[:-1]
    flat = [bucket for buckets in listed for bucket in buckets]
    return np.array(flat, np.int64), np.asarray(starts, np.int64), [len(caption) for caption in found]


def channel_count(body: Skeleton) -> int:
    """How many channels `channels` gives."""
    return _FIXED + 3 * (body.joint_count - 1) + 3 * body.joint_count + 4


def channels(features: NDArray[np.floating], body: Skeleton) -> NDArray[np.float64]:
    """Channels (T, C) of features (T, F): where the body is and faces, its joints, speeds, contacts.

    The way on the floor and the heading are summed up from the first frame on, since words speak of the
    whole ("turns 180 degrees", "walks in a circle"). Joint rotations are left out: in these features they
    follow from the positions. Lengths are metres, speeds metres a frame.
    """
    joints = body.joint_count
    array = np.asarray(features, np.float64)
    frames = len(array)
    yaw = np.zeros(frames)
    np.cumsum(2 * array[:-1, 0], out=yaw[1:])
    cos, sin = np.cos(yaw), np.sin(yaw)
    vx, vz = array[:-1, 1], array[:-1, 2]
    way = np.zeros((frames, 2))
    np.cumsum(cos[1:] * vx - sin[1:] * vz, out=way[1:, 0])
    np.cumsum(sin[1:] * vx + cos[1:] * vz, out=way[1:, 1])
    place = np.stack([cos - 1, sin, yaw / np.pi], axis=1)
    metres = body.metres_per_unit
    speeds = 4 + 9 * (joints - 1)
    return np.concatenate(
        [
            place,
            way * metres,
            array[:, 3:4] * metres,
            np.arange(frames)[:, None] / body.max_frames,
            array[:, :1],
            array[:, 1:3] * metres,
            array[:, 4 : 4 + 3 * (joints - 1)] * metres,
            array[:, speeds : speeds + 3 * joints] * metres,
            array[:, -4:],
        ],
        axis=1,
    )
