"""Clips of the demo dataset and what tests look at in them."""

from functools import cache

import numpy as np
import pytest

from motion.demo.clips import Clip, make_clip
from motion.features import facing
from motion.skeleton import SKELETONS

CLIPS = 130  # three times round the list of actions
both = pytest.mark.parametrize("body", SKELETONS.values(), ids=list(SKELETONS))


@cache
def clips(body) -> list[Clip]:
    return [make_clip(body, number, 0) for number in range(CLIPS)]


def metres(clip, body):
    return clip.joints.astype(np.float64) * body.metres_per_unit


def events(body, *actions):
    """(clip's joints in metres, event) of every event of these actions."""
    found = [(metres(c, body), e) for c in clips(body) for e in c.events if e.action in actions]
    assert found, f"no clip has {actions}"
    return found


def part(joints, event):
    return joints[event.start : event.end + 1]


def headings(joints, body):
    forward = facing(joints, body)
    return np.unwrap(np.arctan2(forward[:, 0], forward[:, 1]))


def to_body(vector, heading):
    """(left, forward) of a vector (x, y, z) for a figure with this heading."""
    sin, cos = np.sin(heading), np.cos(heading)
    return vector[0] * cos - vector[2] * sin, vector[0] * sin + vector[2] * cos


def travelled(joints, event, body):
    piece = part(joints, event)
    left, forward = to_body(piece[-1, 0] - piece[0, 0], headings(piece[:1], body)[0])
    return {"left": left, "right": -left, "forward": forward, "backward": -forward}[event.direction]


def arm(body, side):
    return body.left_arm if side == "left" else body.right_arm


def leg(body, side):
    return body.left_leg if side == "left" else body.right_leg


def sides(event):
    return ("left", "right") if event.side == "both" else (event.side,)


def toes(body):
    return [body.left_foot[1], body.right_foot[1]]
