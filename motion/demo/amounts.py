"""Amounts of arm and leg actions, in metres, taken from the joints that were made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motion.demo.rig import SIDES, Array
from motion.events import Event
from motion.skeleton import Skeleton


def measured(event: Event, joints: Array, body: Skeleton) -> Event:
    """The event with its amount, where its joints (T, J, 3) in metres tell it exactly; else as it is.

    Raising and lowering an arm: how far the hand goes up or down, against its shoulder. Kicking, raising a
    leg and stomping: how far the ankle rises over where it stands. Of both sides the larger.
    """
    if event.action not in _HANDS and event.action not in _FEET:
        return event
    ways = []
    for side in SIDES if event.side == "both" else (event.side,):
        if event.action in _HANDS:
            shoulder, _, wrist = getattr(body, f"{side}_arm")
            height = joints[event.start : event.end + 1, wrist, 1]
            height = height - joints[event.start : event.end + 1, shoulder, 1]
            ways.append(float(np.ptp(height)))
        else:
            ankle = getattr(body, f"{side}_leg")[2]
            ways.append(float(joints[event.start : event.end, ankle, 1].max() - joints[:, ankle, 1].min()))
    return replace(event, amount=round(max(ways), 2))


_HANDS = ("raise_arm", "lower_arm")
_FEET = ("kick", "raise_leg", "stomp")
