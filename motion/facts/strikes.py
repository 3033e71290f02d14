"""Fast and round movements of one arm: punch, throw, swing, circle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import find_peaks

from motion.events import Event
from motion.facts.legs import merged
from motion.facts.signals import Body, Float
from motion.facts.spans import median, overlap, peaks, spans, swings
from motion.facts.thresholds import LIMITS


@dataclass(frozen=True)
class Arm:
    """One arm of one clip: its wrist from its shoulder, its forearm, in arm lengths."""

    body: Body
    index: int  # 0 left, 1 right
    side: str
    out: Float
    up: Float
    forward: Float
    forearm_out: Float
    forearm_up: Float
    speed: Float


def strikes(arm: Arm, busy: list[Event]) -> list[Event]:
    """The fast and round movements that the arm makes, the clearest kind first where two overlap."""
    found: list[Event] = []
    for kind in (_circles(arm), _throws(arm), _punches(arm), _arm_swings(arm)):
        found += [event for event in kind if _free(event, [*busy, *found])]
    return found


def _free(event: Event, busy: list[Event]) -> bool:
    shared = sum(overlap((event.start, event.end), (e.start, e.end)) for e in busy)
    return shared < 0.4 * (event.end - event.start)


def _punches(arm: Arm) -> list[Event]:
    fps = arm.body.fps
    if arm.forward.max() < LIMITS.punch_reach or arm.speed.max() < LIMITS.punch_speed:
        return []
    tops, _ = find_peaks(arm.forward, height=LIMITS.punch_reach, prominence=LIMITS.punch_way)
    found = []
    for top in tops.tolist():
        start, end = max(0, top - int(0.5 * fps)), min(len(arm.up), top + int(0.6 * fps) + 1)
        out, back = arm.forward[start : top + 1], arm.forward[top:end]
        fast = arm.speed[start : top + 1].max() > LIMITS.punch_speed
        level = np.abs(arm.up[max(0, top - 1) : top + 2]).max() < LIMITS.arm_level
        drawn = arm.forward[top] - LIMITS.punch_way
        leaves, returns = np.flatnonzero(out < drawn), np.flatnonzero(back < drawn)
        if not len(leaves) or not len(returns):
            continue
        # A fist comes from before the chest and goes back there; other hands come from below or above.
        ends = arm.up[[start + int(leaves[-1]), top + int(returns[0])]]
        guarded = ends.min() > LIMITS.punch_guard and ends.max() < LIMITS.arm_level
        if fast and level and guarded:
            found.append(Event("punch", start, end, side=arm.side))
    return merged(found, 0.6 * fps)


def _throws(arm: Arm) -> list[Event]:
    """A bent arm beside or behind the head that comes forward fast."""
    fps = arm.body.fps
    if arm.speed.max() < LIMITS.throw_speed:
        return []
    bent = arm.out**2 + arm.up**2 + arm.forward**2 < LIMITS.throw_bent**2
    ready = (arm.up > LIMITS.hand_up) & (arm.forward < LIMITS.throw_ready) & bent
    fast = (np.gradient(arm.forward) * fps > 0.6 * LIMITS.throw_speed) & (arm.speed > LIMITS.throw_speed)
    for start, end in spans(fast, gap=1):
        first, last = max(0, start - int(0.4 * fps)), min(arm.body.frames, end + int(0.3 * fps))
        if ready[first : start + 2].any() and arm.forward[start:last].max() > 0.5:
            return [Event("throw", first, last, side=arm.side)]
    return []


def _circles(arm: Arm) -> list[Event]:
    """The wrist goes round the shoulder in the plane to the front or to the side."""
    if np.ptp(arm.up) < 2 * LIMITS.circle_size:
        return []
    for across in (arm.forward, arm.out):
        if np.ptp(across) < 2 * LIMITS.circle_size:
            continue
        sure = np.flatnonzero(arm.up**2 + across**2 > (0.5 * LIMITS.circle_size) ** 2)
        if len(sure) < 0.7 * len(across):
            continue
        angle = np.degrees(np.unwrap(np.arctan2(arm.up[sure], across[sure])))
        angle = np.interp(np.arange(len(across)), sure, angle)
        rate = np.gradient(angle) * arm.body.fps
        found = []
        for sign in (1, -1):
            for start, end in spans(sign * rate > LIMITS.circle_rate, gap=0.2 * arm.body.fps):
                turned = abs(float(angle[end - 1] - angle[start]))
                if turned > LIMITS.circle_turn:
                    count = max(1, round(turned / 360))
                    found.append(Event("circle_arm", start, end, side=arm.side, count=count))
        if found:
            return found
    return []


def _arm_swings(arm: Arm) -> list[Event]:
    """Free swings to the front and back of a hanging arm."""
    fps = arm.body.fps
    if np.ptp(arm.forward) < 2 * LIMITS.swing_size:
        return []
    times = swings(arm.forward, LIMITS.swing_size, 0.2 * fps)
    sizes = np.abs(np.diff(arm.forward[times]))
    if not len(sizes):
        return []
    regular = (np.diff(times) < 0.5 * LIMITS.wave_slow * fps) & (sizes > 0.6 * median(sizes))
    found = []
    for start, end in spans(regular):
        part = times[start : end + 1]
        first, last = part[0], part[-1] + 1
        low = arm.up[first:last].max() < LIMITS.swing_top
        count = peaks(arm.forward, part)
        if count >= 2 and low and arm.forward[first:last].min() < LIMITS.swing_back:
            found.append(Event("swing_arm", first, last, side=arm.side, count=count))
    return found
