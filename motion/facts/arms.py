"""What the arms do: raise, lower, wave, punch, throw, swing, circle, clap, cross."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from motion.events import LOCOMOTION, Event
from motion.facts.legs import merged
from motion.facts.signals import Body, Float
from motion.facts.spans import Span, overlap, spans, swings
from motion.facts.thresholds import LIMITS

_SIDES = ("left", "right")
_LOW, _BETWEEN, _UP, _FORWARD, _OUT = range(5)


@dataclass(frozen=True)
class Arm:
    """One arm of one clip; all lengths in arm lengths."""

    body: Body
    side: str
    out: Float
    up: Float
    forward: Float
    forearm_out: Float
    forearm_up: Float
    speed: Float
    state: NDArray[np.int64]  # per frame, one of the constants above


def arm_actions(body: Body, busy: list[Event]) -> list[Event]:
    """Events of both arms; what both do at the same time has side "both"."""
    sides = [_one_arm(_arm(body, index), busy) for index in (0, 1)]
    found = _paired(sides[0], sides[1], body.fps)
    gestures = [event for event in found + busy if event.action in ("wave", "run")]
    claps = [clap for clap in _claps(body) if not any(_shared(clap, event) for event in gestures)]
    return found + claps + _crossed(body)


def _shared(a: Event, b: Event) -> bool:
    return overlap((a.start, a.end), (b.start, b.end)) > 0


def raised(body: Body, busy: list[Event]) -> tuple[float, float]:
    """Seconds for which the left and the right hand are held up; swinging along in a gait is not."""
    seconds = []
    for index in (0, 1):
        arm = _arm(body, index)
        frames = sum(int((arm.state[a:b] == _UP).sum()) for a, b in _held_spans(arm, busy))
        seconds.append(frames / body.fps)
    return seconds[0], seconds[1]


def _arm(body: Body, index: int) -> Arm:
    out, up, forward = body.wrist[index].T
    forearm_out, forearm_up, _ = (body.wrist[index] - body.elbow[index]).T
    state = np.full(body.frames, _BETWEEN)
    state[up < LIMITS.hand_low] = _LOW
    level = np.abs(up) <= LIMITS.arm_level
    state[level & (forward > LIMITS.arm_out)] = _FORWARD
    state[level & (out > LIMITS.arm_out)] = _OUT
    # A trunk that leans forward lowers the shoulder, which raises no hand.
    lift = np.where(body.pitch > LIMITS.bow, LIMITS.arm_level, LIMITS.hand_up)
    high = (up > lift) & (forearm_up > LIMITS.forearm_up)
    state[(high & ~level) | (high & (state == _BETWEEN)) | (up > LIMITS.arm_level)] = _UP
    side = _SIDES[index]
    return Arm(body, side, out, up, forward, forearm_out, forearm_up, body.hand_speed[index], state)


def _one_arm(arm: Arm, busy: list[Event]) -> list[Event]:
    circles = _circles(arm)
    punches = [] if circles else _punches(arm)
    throws = [] if circles or punches else _throws(arm)
    taken = circles + punches + throws
    found: list[Event] = list(taken)
    for span in _held_spans(arm, busy):
        if any(overlap(span, (e.start, e.end)) > 0.5 * (span[1] - span[0]) for e in taken):
            continue
        wave = _wave(arm, span)
        found += _raise_and_lower(arm, span)
        if wave:
            found.append(wave)
    if not taken:
        found += _arm_swings(arm, busy)
    return found


def _held_spans(arm: Arm, busy: list[Event]) -> list[Span]:
    """Spans in which the arm is held up, to the front or to the side."""
    fps = arm.body.fps
    found = spans(arm.state >= _UP, gap=0.15 * fps, least=LIMITS.raise_hold * fps)
    return [span for span in found if not _pumping(arm, span, busy)]


def _pumping(arm: Arm, span: Span, busy: list[Event]) -> bool:
    """Whether a hand is up only because the arms swing along with a gait."""
    moving = sum(overlap(span, (e.start, e.end)) for e in busy if e.action in LOCOMOTION)
    if moving < 0.5 * (span[1] - span[0]):
        return False
    long_enough = span[1] - span[0] >= 2 * LIMITS.raise_hold * arm.body.fps
    return not (long_enough and np.median(arm.up[span[0] : span[1]]) > 0.1)


def _raise_and_lower(arm: Arm, span: Span) -> list[Event]:
    """The way up before a hand is held up and the way down after it."""
    start, end = span
    direction = _held_direction(arm, span)
    fps = arm.body.fps
    found = []
    first = _leaves_low(arm.state[:start][::-1], arm.up[:start][::-1], fps)
    if first is not None:
        found.append(Event("raise_arm", start - first, end, side=arm.side, direction=direction))
    last = _leaves_low(arm.state[end:], arm.up[end:], fps)
    if last is not None:
        found.append(Event("lower_arm", end, end + last, side=arm.side))
    return found


def _leaves_low(state: NDArray[np.int64], up: Float, fps: float) -> int | None:
    """Frames until the arm hangs, going away from where it is held; None if it does not."""
    low = np.flatnonzero(state[: int(2.5 * fps)] == _LOW)
    if not len(low):
        return None
    first = int(low[0])
    rest = up[first:]
    settled = np.flatnonzero(rest <= rest[: int(0.8 * fps) + 1].min() + 0.05)
    return first + int(settled[0]) + 1


def _held_direction(arm: Arm, span: Span) -> str:
    counts = np.bincount(arm.state[slice(*span)], minlength=5)[_UP:]
    kind = _UP + int(counts.argmax())
    return {_UP: "up", _FORWARD: "forward", _OUT: arm.side}[kind]


def _wave(arm: Arm, span: Span) -> Event | None:
    """Periodic movement of the forearm to and fro while the hand is up."""
    fps = arm.body.fps
    high = arm.forearm_up[slice(*span)] > 0.5 * LIMITS.forearm_up
    for start, end in spans(high, gap=0.6 * fps, least=0.5 * fps):
        first = span[0] + start
        sway = arm.forearm_out[first : span[0] + end]
        times = _sways(sway, fps)
        if times:
            cycles = max(2, round(len(times) / 2))
            return Event("wave", first + times[0], first + times[-1] + 1, side=arm.side, count=cycles)
    return None


def _sways(sway: Float, fps: float) -> list[int]:
    """Extremes of a wave: a few large ones, or many small ones in an even rhythm; empty for none."""
    slowest = 0.5 * LIMITS.wave_slow * fps
    times = swings(sway, LIMITS.wave_size, LIMITS.wave_fast * fps)
    if len(times) >= 2 * LIMITS.wave_least and np.median(np.diff(times)) <= slowest:
        return times
    times = _regular(swings(sway, LIMITS.shy_wave_size, LIMITS.wave_fast * fps))
    if len(times) >= 2 * LIMITS.shy_wave_least and np.median(np.diff(times)) <= slowest:
        return times
    return []


def _regular(times: list[int]) -> list[int]:
    """The longest stretch of extremes with much the same pauses, which a tremor has not."""
    if len(times) < 3:
        return []
    pauses = np.diff(times)
    even = np.abs(pauses / np.median(pauses) - 1) < LIMITS.wave_regular
    longest = max(spans(even), key=lambda s: s[1] - s[0], default=(0, 0))
    return times[longest[0] : longest[1] + 1]


def _punches(arm: Arm) -> list[Event]:
    fps = arm.body.fps
    if arm.forward.max() < LIMITS.punch_reach or arm.speed.max() < LIMITS.punch_speed:
        return []
    peaks, found_at = find_peaks(arm.forward, height=LIMITS.punch_reach, prominence=LIMITS.punch_way)
    found = []
    for peak, left, right in zip(peaks, found_at["left_bases"], found_at["right_bases"], strict=True):
        start, end = max(int(left), peak - int(0.5 * fps)), min(int(right), peak + int(0.6 * fps))
        out = arm.forward[start : peak + 1]
        back = arm.forward[peak : end + 1]
        fast = arm.speed[start : peak + 1].max() > LIMITS.punch_speed
        if not fast or min(out[-1] - out.min(), back[0] - back.min()) < LIMITS.punch_way:
            continue
        near = arm.up[max(0, peak - 1) : peak + 2]
        level = np.abs(near).max() < LIMITS.arm_level and np.ptp(near) * fps < LIMITS.punch_speed
        if level:
            found.append(Event("punch", start, end + 1, side=arm.side))
    return merged(found, 0.6 * fps)


def _throws(arm: Arm) -> list[Event]:
    """A hand beside or behind the head that comes forward fast."""
    fps = arm.body.fps
    ready = (arm.up > LIMITS.hand_up) & (arm.forward < 0.35)
    fast = (np.gradient(arm.forward) * fps > 0.6 * LIMITS.throw_speed) & (arm.speed > LIMITS.throw_speed)
    for start, end in spans(fast, gap=1):
        window = slice(max(0, start - int(0.4 * fps)), start + 2)
        after = arm.forward[start : end + int(0.3 * fps)]
        if ready[window].any() and after.max() > 0.5:
            return [Event("throw", window.start, min(arm.body.frames, end + int(0.3 * fps)), side=arm.side)]
    return []


def _circles(arm: Arm) -> list[Event]:
    """The wrist goes round the shoulder in the plane to the front or to the side."""
    if np.ptp(arm.up) < 2 * LIMITS.circle_size:
        return []
    for across in (arm.forward, arm.out):
        if np.ptp(across) < 2 * LIMITS.circle_size:
            continue
        angle = np.degrees(np.unwrap(np.arctan2(arm.up, across)))
        angle = np.where(np.hypot(arm.up, across) > 0.5 * LIMITS.circle_size, angle, np.nan)
        if np.isnan(angle).mean() > 0.3:
            continue
        angle = np.interp(np.arange(len(angle)), np.flatnonzero(~np.isnan(angle)), angle[~np.isnan(angle)])
        rate = np.gradient(angle) * arm.body.fps
        for sign in (1, -1):
            for start, end in spans(sign * rate > LIMITS.circle_rate, gap=0.2 * arm.body.fps):
                turned = abs(float(angle[end - 1] - angle[start]))
                if turned > LIMITS.circle_turn:
                    return [Event("circle_arm", start, end, side=arm.side, count=max(1, round(turned / 360)))]
    return []


def _arm_swings(arm: Arm, busy: list[Event]) -> list[Event]:
    """Free swings to the front and back of a hanging arm, without a gait."""
    fps = arm.body.fps
    if np.ptp(arm.forward) < LIMITS.swing_size:
        return []
    times = swings(arm.forward, LIMITS.swing_size, 0.2 * fps)
    if len(times) < 3 or np.median(np.diff(times)) > LIMITS.wave_slow * fps:
        return []
    span = times[0], times[-1] + 1
    if arm.up[slice(*span)].mean() > LIMITS.hand_up:
        return []
    if sum(overlap(span, (e.start, e.end)) for e in busy) > 0.3 * (span[1] - span[0]):
        return []
    return [Event("swing_arm", *span, side=arm.side, count=max(1, len(times) // 2))]


def _paired(left: list[Event], right: list[Event], fps: float) -> list[Event]:
    """Events of both arms, those that both do at the same time as one with side "both"."""
    found: list[Event] = []
    rest = list(right)
    for event in left:
        twin = next((other for other in rest if _together(event, other, fps)), None)
        if twin is None:
            found.append(event)
            continue
        rest.remove(twin)
        direction = event.direction if event.direction == twin.direction else ""
        found.append(
            replace(
                event,
                start=min(event.start, twin.start),
                end=max(event.end, twin.end),
                side="both",
                direction=direction,
                count=max(event.count, twin.count),
            )
        )
    return found + rest


def _together(a: Event, b: Event, fps: float) -> bool:
    if a.action != b.action:
        return False
    if a.direction != b.direction and {a.direction, b.direction} != {"left", "right"}:
        return False
    shared = overlap((a.start, a.end), (b.start, b.end))
    return shared >= 0.5 * min(a.end - a.start, b.end - b.start)


def _claps(body: Body) -> list[Event]:
    if body.hand_gap.min() > LIMITS.clap_close:
        return []
    wrists = body.wrist
    before = (np.abs(wrists[:, :, 1] + 0.3) < 0.55) & (wrists[:, :, 2] > 0.2)
    ahead = set(np.flatnonzero(before[0] & before[1]).tolist())
    times = swings(-body.hand_gap, LIMITS.clap_open, 0.1 * body.fps)
    hits = [t for t in times if body.hand_gap[t] < LIMITS.clap_close and t in ahead]
    found = []
    for start, end in spans(_marked(body.frames, hits), gap=1.2 * body.fps):
        count = sum(start <= t < end for t in hits)
        if count >= 2:
            found.append(Event("clap", start, end, count=count))
    return found


def _marked(frames: int, times: list[int]) -> NDArray[np.bool_]:
    mask = np.zeros(frames, bool)
    mask[times] = True
    return mask


def _crossed(body: Body) -> list[Event]:
    mask = (body.crossing > LIMITS.crossed) & (body.wrist[:, :, 1] < LIMITS.hand_up).all(0)
    return [Event("cross_arms", *span) for span in spans(mask, gap=3, least=0.4 * body.fps)]
