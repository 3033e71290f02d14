"""Strangers: for each goal of a split the motion of another clip, as a bad start or a wrong answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from motion.seeds import generator
from schemas.rows import MotionRef, goal_motion


def strangers(rows: Sequence[Mapping[str, Any]]) -> dict[str, MotionRef]:
    """For each goal's id the motion of another clip; every goal's motion is given to one other, if it can be.

    `rows` are all goals of a split, sorted by id: parts of it would have other strangers. Where a split has
    one clip only, a stranger is of that clip.
    """
    drawn = [rows[i] for i in generator("stand-ins", "strangers", len(rows)).permutation(len(rows))]
    clips = [row["motion_id"] for row in drawn]
    found: dict[str, MotionRef] = {}
    for place, row in enumerate(drawn):
        step = next((s for s in range(1, len(drawn)) if clips[(place + s) % len(drawn)] != clips[place]), 0)
        other = drawn[(place + step) % len(drawn)]
        found[row["goal_id"]] = goal_motion(other)
    return found
