"""Mirror images of joints, events and ids: left becomes right and X changes its sign."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from motion.events import Event, opposite
from motion.skeleton import Skeleton

_PREFIX = "M"


def mirror_joints(joints: ArrayLike, skeleton: Skeleton) -> NDArray[np.float32]:
    """Joint positions (..., T, J, 3) seen in a mirror; its own inverse, to the bit.

    ValueError when the shape is not the skeleton's.
    """
    array = np.asarray(joints, np.float32)
    if array.ndim < 2 or array.shape[-2:] != (skeleton.joint_count, 3):
        raise ValueError(
            f"{skeleton.name} joints need shape (..., {skeleton.joint_count}, 3), got {array.shape}"
        )
    mirrored: NDArray[np.float32] = array[..., skeleton.mirror_permutation, :]
    mirrored[..., 0] = 0 - mirrored[..., 0]  # not the negation: a zero keeps its sign
    return mirrored


def mirror_event(event: Event) -> Event:
    """The event as the mirrored clip shows it; frames, counts and amounts stay."""
    return replace(event, side=mirror_word(event.side), direction=mirror_word(event.direction))


def mirror_word(word: str) -> str:
    """left for right and right for left; every other side or direction stays as it is."""
    return opposite(word) if word in ("left", "right") else word


def mirror_id(motion_id: str) -> str:
    """M000012 for 000012 and back; ValueError for an empty id."""
    if not motion_id:
        raise ValueError("an empty id has no mirrored twin")
    return motion_id[1:] if motion_id.startswith(_PREFIX) else _PREFIX + motion_id
