"""Arms that are held up, to the front or to the side: raise, lower, wave, stretch, reach."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motion.events import LOCOMOTION, Event
from motion.facts.hands import claps, crossed, meetings
from motion.facts.legs import merged
from motion.facts.limbs import ACROSS, FORWARD, LOW, OUT, UP
from motion.facts.signals import Body, Float
from motion.facts.spans import Span, median, overlap, peaks, spans, swings
from motion.facts.strikes import Arm, strikes
from motion.facts.thresholds import LIMITS

_SIDES = ("left", "right")


@dataclass(frozen=True)
class Held:
    """An arm with where it is held, per frame."""

    arm: Arm
    state: NDArray[np.int8]  # LOW, BETWEEN, UP ... of motion.facts.limbs


Arms = tuple[Held, Held]


def arm_actions(body: Body, arms: Arms, busy: list[Event]) -> list[Event]:
    """Events of both arms; what both do at the same time has side "both"."""
    left, right = (_one_arm(body, held, busy) for held in arms)
    found = _stretched(_punched_in_turn(_paired(left, right), body.fps))
    gestures = [event for event in found + busy if event.action in ("wave", "run", "punch")]
    clapping = [e for e in claps(body) if not any(overlap(_span(e), _span(g)) for g in gestures)]
    return found + clapping + crossed(body) + meetings(body, clapping)


def held_arms(body: Body) -> Arms:
    """Both arms with what they are held at, left and right."""
    return _held(body, 0), _held(body, 1)


def raised(arms: Arms, busy: list[Event]) -> tuple[float, float]:
    """Seconds for which the left and the right hand are held up; swinging along in a gait is not."""
    left, right = (
        sum(int((held.state[a:b] == UP).sum()) for a, b in _held_spans(held, busy)) / held.arm.body.fps
        for held in arms
    )
    return left, right


def _span(event: Event) -> Span:
    return event.start, event.end


def _held(body: Body, index: int) -> Held:
    out, up, forward = body.wrist[index].T
    forearm_out, forearm_up, _ = (body.wrist[index] - body.elbow[index]).T
    arm = Arm(body, index, _SIDES[index], out, up, forward, forearm_out, forearm_up, body.hand_speed[index])
    return Held(arm, body.held[index])


def _one_arm(body: Body, held: Held, busy: list[Event]) -> list[Event]:
    found = strikes(held.arm, busy)
    others = [e for e in busy if e.side in (held.arm.side, "both", "") or e.action not in _OF_ONE_ARM]
    taken = [_span(e) for e in (*found, *others) if e.action in _EXCLUSIVE]
    # A hand goes to the head and comes from it through places where it would be held up.
    around = int(LIMITS.pace_around * body.fps)
    taken += [(e.start - around, e.end + around) for e in others if e.action == "hand_on_head"]
    for span in _held_spans(held, busy):
        if body.pitch[slice(*span)].max() > LIMITS.reach_fold:
            continue  # a trunk that bends down lets the arms hang, which are then before it
        if not any(2 * overlap(span, other) > span[1] - span[0] for other in taken):
            found += _hold(held, span)
    return found


_EXCLUSIVE = ("punch", "throw", "circle_arm", "swing_arm", "jump", "pick_up", "place")
_OF_ONE_ARM = ("hand_on_head", "pick_up", "place")


def _held_spans(held: Held, busy: list[Event]) -> list[Span]:
    """Spans in which the arm is held up, to the front or to the side."""
    fps = held.arm.body.fps
    found = spans(held.state >= UP, gap=0.15 * fps, least=LIMITS.raise_hold * fps)
    return [span for span in found if not _pumping(held, span, busy)]


def _pumping(held: Held, span: Span, busy: list[Event]) -> bool:
    """Whether a hand is up only because the arms swing along with a gait."""
    moving = sum(overlap(span, _span(e)) for e in busy if e.action in LOCOMOTION)
    if moving < 0.5 * (span[1] - span[0]):
        return False
    long_enough = span[1] - span[0] >= 2 * LIMITS.raise_hold * held.arm.body.fps
    return not (long_enough and median(held.arm.up[span[0] : span[1]]) > 0.1)


def _hold(held: Held, span: Span) -> list[Event]:
    """What a held arm tells: a wave, a stretch or a reach with the trunk, or raising and lowering."""
    start, end = span
    arm = held.arm
    fps = arm.body.fps
    up = _leaves_low(held.state[:start][::-1], arm.up[:start][::-1], fps)
    down = _leaves_low(held.state[end:], arm.up[end:], fps)
    first, last = start - (up or 0), end + (down or 0)
    direction = _held_direction(held, span)
    waves = _waves(arm, span)
    if waves:
        return [Event("wave", first, last, side=arm.side, count=waves)]
    if down is not None and up is not None:
        action, way = _with_trunk(held, span, direction)
        if action:
            return [Event(action, first, last, side=arm.side, direction=way)]
    found = []
    if up is not None:
        found.append(Event("raise_arm", first, end, side=arm.side, direction=direction))
    elif start <= LIMITS.raise_hold * fps:
        still = np.flatnonzero(arm.speed[start:end] < LIMITS.hand_still)
        stays = start + int(still[-1]) + 1 if len(still) else start
        if stays - start >= LIMITS.hold_least * fps:
            found.append(Event("hold_arm", start, stays, side=arm.side, direction=direction))
    if down is not None:
        found.append(Event("lower_arm", end, last, side=arm.side))
    return found


def _leaves_low(state: NDArray[np.int8], up: Float, fps: float) -> int | None:
    """Frames until the arm hangs, going away from where it is held; None if it does not."""
    low = np.flatnonzero(state[: int(2.5 * fps)] == LOW)
    if not len(low):
        return None
    first = int(low[0])
    rest = up[first:]
    settled = np.flatnonzero(rest <= rest[: int(0.8 * fps) + 1].min() + 0.05)
    return first + int(settled[0]) + 1


def _held_direction(held: Held, span: Span) -> str:
    counts = np.bincount(held.state[slice(*span)], minlength=6)[UP:]
    kind = UP + int(counts.argmax())
    across = _SIDES[1 - held.arm.index]
    return {UP: "up", FORWARD: "forward", OUT: held.arm.side, ACROSS: across}[kind]


def _with_trunk(held: Held, span: Span, direction: str) -> tuple[str, str]:
    """stretch or reach and its direction where the trunk or the heels go with the arm; else empty."""
    body, index = held.arm.body, held.arm.index
    cut = slice(*span)
    own = body.roll if index == 0 else -body.roll
    lean = median(own[cut])
    if direction == "up":
        if lean < -LIMITS.stretch_lean:
            return "stretch", _SIDES[1 - index]
        on_toes = (body.ankle_rise[:, cut].min(0) > LIMITS.heel_up) & (body.toe_rise[:, cut].max(0) < 0.05)
        return ("reach", "up") if on_toes.mean() > 0.4 else ("", "")
    if direction == "forward":
        rest = min(median(body.pitch), 0.5 * LIMITS.reach_lean)
        goes_along = LIMITS.reach_lean < body.pitch[cut].max() - rest < LIMITS.reach_fold
        return ("reach", "forward") if goes_along else ("", "")
    if direction != _SIDES[index]:
        return "reach", direction  # no arm gets across the body without its trunk
    return ("reach", direction) if lean > LIMITS.reach_lean else ("", "")


def _waves(arm: Arm, span: Span) -> int:
    """How often the forearm goes to and fro while the hand is up; 0 if it does not wave."""
    fps = arm.body.fps
    level = median(arm.forearm_up[slice(*span)])
    high = arm.forearm_up[slice(*span)] > max(0.5 * LIMITS.forearm_up, 0.55 * level)
    for start, end in spans(high, gap=0.6 * fps, least=0.5 * fps):
        sway = arm.forearm_out[span[0] + start : span[0] + end]
        times = _sways(sway, fps)
        if times:
            return max(2, peaks(sway, times))
    return 0


def _sways(sway: Float, fps: float) -> list[int]:
    """Extremes of a wave: a few large ones, more small ones, or many tiny ones in an even rhythm."""
    slowest = 0.5 * LIMITS.wave_slow * fps
    for size, least in (
        (LIMITS.wave_size, LIMITS.wave_least),
        (LIMITS.small_wave_size, LIMITS.small_wave_least),
    ):
        times = swings(sway, size, LIMITS.wave_fast * fps)
        if len(times) >= 2 * least and median(np.diff(times)) <= slowest:
            return times
    times = _regular(swings(sway, LIMITS.shy_wave_size, LIMITS.wave_fast * fps))
    if len(times) >= 2 * LIMITS.shy_wave_least and median(np.diff(times)) <= slowest:
        return times
    return []


def _regular(times: list[int]) -> list[int]:
    """The longest stretch of extremes with much the same pauses, which a tremor has not."""
    if len(times) < 3:
        return []
    pauses = np.diff(times)
    even = np.abs(pauses / median(pauses) - 1) < LIMITS.wave_regular
    longest = max(spans(even), key=lambda s: s[1] - s[0], default=(0, 0))
    return times[longest[0] : longest[1] + 1]


def _paired(left: list[Event], right: list[Event]) -> list[Event]:
    """Events of both arms, those that both do at the same time as one with side "both"."""
    found: list[Event] = []
    rest = list(right)
    for event in left:
        twin = next((other for other in rest if _together(event, other)), None)
        if twin is None:
            found.append(event)
            continue
        rest.remove(twin)
        found.append(
            replace(
                event,
                start=min(event.start, twin.start),
                end=max(event.end, twin.end),
                side="both",
                direction=event.direction if event.direction == twin.direction else "",
                count=max(event.count, twin.count),
            )
        )
    return found + rest


def _together(a: Event, b: Event) -> bool:
    if a.action != b.action or a.action == "punch":  # fists punch in turn
        return False
    if a.direction != b.direction and {a.direction, b.direction} != {"left", "right"}:
        return False
    return 2 * overlap(_span(a), _span(b)) >= min(a.end - a.start, b.end - b.start)


def _stretched(events: list[Event]) -> list[Event]:
    """Both arms that reach up are a stretch."""
    return [
        replace(e, action="stretch") if (e.action, e.side, e.direction) == ("reach", "both", "up") else e
        for e in events
    ]


def _punched_in_turn(events: list[Event], fps: float) -> list[Event]:
    """Punches of both fists in one go are one event of both arms."""
    punches = [e for e in events if e.action == "punch"]
    if len({e.side for e in punches}) < 2:
        return events
    rest = [e for e in events if e.action != "punch"]
    as_one = merged([replace(e, side="both") for e in punches], fps)
    return rest + [e for e in as_one if e.count > 1]
