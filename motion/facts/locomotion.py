"""Travel and turns: gait, direction in the body's frame, path, steps, way, speed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motion.events import Event
from motion.facts.signals import LYING, Body, Float
from motion.facts.spans import Span, grown, overlap, quantile, settled, spans
from motion.facts.thresholds import LIMITS, pace_word

_GAITS = ("walk", "run", "crouch_walk")

Steps = tuple[list[Span], list[Span]]  # spans in which the left and the right foot swing


def travels(body: Body, feet: Steps, others: list[Event]) -> list[Event]:
    """Locomotion events; frames of other actions of the whole body are not travel."""
    speed = body.speed
    moving, wide = speed > LIMITS.move_on, speed > LIMITS.move_off
    for event in others:
        margin = int(LIMITS.feet_late * body.fps)
        window = slice(max(0, event.start - margin), event.end + margin)
        moving[window] = wide[window] = False
    found = []
    for start, end in grown(moving, wide, gap=LIMITS.move_gap * body.fps):
        kinds = _kinds(body, (start, end))
        pieces = settled(kinds, LIMITS.gait_least * body.fps)
        if any(_GAITS[code // 4] == "run" for _, _, code in pieces):
            pieces = settled(kinds, LIMITS.run_settles * body.fps)
        for a, b, code in pieces:
            # The feet close after the body has come to rest, and lift before it goes.
            late = LIMITS.feet_late * body.fps
            reach = start + a - late * (a == 0), start + b + late * (start + b == end)
            travel = _travel(body, feet, (start + a, start + b), reach, _GAITS[code // 4])
            if travel:
                found.append(travel)
    return found


def swing_spans(body: Body) -> Steps:
    """Spans in which the left and the right foot swing to another place on the floor."""
    still = np.maximum(LIMITS.still_floor, LIMITS.still_share * body.speed)
    result = []
    for side in (0, 1):
        away = (body.foot_speed[side] > still) | (body.foot_height[side] > LIMITS.foot_off)
        found = spans(away, gap=LIMITS.step_gap * body.fps, least=0.1 * body.fps)
        result.append([span for span in found if _is_step(body, side, span)])
    return result[0], result[1]


def _is_step(body: Body, side: int, span: Span) -> bool:
    """Whether a foot that is away leaves the floor and comes down at another place."""
    start, end = span
    lifted = body.foot_height[side, start:end].max() > LIMITS.step_lift
    return bool(lifted and _foot_way(body, side, span) > LIMITS.step_length)


def _foot_way(body: Body, side: int, span: Span) -> float:
    """Leg lengths on the floor between the two places of a foot that swings."""
    x, z = body.ankle[side, min(span[1], body.frames - 1)] - body.ankle[side, max(span[0] - 1, 0)]
    return float(np.sqrt(x * x + z * z))


def supported(body: Body) -> Float:
    """Whether each foot carries: low and slower than the body, (2, T) of 0 and 1."""
    still = body.foot_speed < np.maximum(LIMITS.still_floor, LIMITS.still_share * body.speed)
    return (still & (body.foot_height < LIMITS.foot_off)).astype(float)


def _kinds(body: Body, span: Span) -> np.ndarray:
    """Per frame of a span: 4 * gait + direction."""
    cut = slice(*span)
    speed = body.speed[cut]
    left, forward = body.velocity[cut, 0], body.velocity[cut, 1]
    angle = np.degrees(np.arctan2(left, forward))
    direction = np.where(np.abs(angle) <= LIMITS.sideways, 0, np.where(angle > 0, 1, 3))
    direction[np.abs(angle) >= 180 - LIMITS.sideways] = 2
    gait = np.zeros(len(angle), int)
    feet = supported(body)[:, cut]
    sigma = LIMITS.gait_window * body.fps
    none, both = 1 - feet.max(0), feet.min(0)
    # Where a part is not clear the whole way decides.
    limit = LIMITS.walk_clearly if none.mean() > LIMITS.run_unsupported else LIMITS.run_clearly
    flies = (_blur(none, sigma) > limit) & (speed > LIMITS.run_speed)
    gait[flies] = 1
    surely = (_blur(both, sigma) < LIMITS.run_double) & (speed > LIMITS.run_surely)
    if surely.sum() > LIMITS.run_least * body.fps:
        # Its start and its end are part of the run.
        for start, end in grown(surely, speed > LIMITS.run_speed):
            gait[start:end] = 1
    low = _blur(body.pelvis[cut], LIMITS.gait_window * body.fps) < LIMITS.crouch
    gait[low & (gait == 0)] = 2
    return 4 * gait + direction


def _blur(values: Float, sigma: float) -> Float:
    """Gaussian mean over the frames that there are."""
    radius = int(3 * sigma) + 1
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    count = len(values)
    weight = np.convolve(np.ones(count), taps)[radius : radius + count]
    return np.convolve(values, taps)[radius : radius + count] / weight


def _travel(body: Body, feet: Steps, span: Span, window: tuple[float, float], gait: str) -> Event | None:
    start, end = span
    steps = [[s for s in swings if window[0] <= (s[0] + s[1]) / 2 < window[1]] for swings in feet]
    count = len(steps[0]) + len(steps[1])
    left, forward = body.velocity[start:end].sum(0) / body.fps
    way = float(body.speed[start:end].sum()) / body.fps
    if count < LIMITS.move_steps or way < LIMITS.move_way or not (steps[0] and steps[1]):
        return None
    swings = steps[0] + steps[1]
    start, end = min(s[0] for s in swings), max(s[1] for s in swings)
    angle = float(np.degrees(np.arctan2(left, forward)))
    if gait == "walk" and LIMITS.sideways < abs(angle) < 180 - LIMITS.sideways:
        gait = "side_step"
        count = (count + 1) // 2  # one foot steps aside and the other closes
    shape, side = path(body, span)
    metres = way * body.leg
    direction = _direction(angle)
    return Event(
        gait,
        start,
        end,
        side=side,
        direction=direction,
        path=shape,
        count=count,
        amount=round(metres, 2),
        speed=speed_word(gait, direction, *_stride(body, steps)),
    )


def _direction(angle: float) -> str:
    if abs(angle) <= LIMITS.diagonal:
        return "forward"
    if abs(angle) >= 180 - LIMITS.diagonal:
        return "backward"
    return "left" if angle > 0 else "right"


def _stride(body: Body, steps: list[list[Span]]) -> tuple[float, float]:
    """Steps a second, and their length in legs, of which a foot's way between two places is twice."""
    middles = sorted(0.5 * (start + end) for swings in steps for start, end in swings)
    cadence = (len(middles) - 1) * body.fps / max(middles[-1] - middles[0], 1.0)
    # The first and the last step of a way are half as long as the others.
    ways = np.array([_foot_way(body, side, span) for side in (0, 1) for span in steps[side]])
    return cadence, -0.5 * quantile(-ways, 0.2)


def speed_word(gait: str, direction: str, cadence: float, length: float) -> str:
    """slow, normal or fast for a gait of so many steps a second, so many leg lengths long."""
    pace = cadence if gait == "side_step" else cadence * length
    if gait != "side_step" and direction != "forward":
        pace /= LIMITS.backward_pace
    return pace_word(gait, pace)


def path(body: Body, span: Span) -> tuple[str, str]:
    """Shape of the way on the floor, and the side to which a curve or circle bends."""
    course = _course(body, span)
    if len(course) < 3:
        return "straight", ""
    if _reversals(course, LIMITS.zigzag) >= 3:
        return "zigzag", ""
    change = float(course[-1] - course[0])
    heading = float(body.heading[span[1] - 1] - body.heading[span[0]])
    if abs(change) < LIMITS.curve or 2 * abs(heading) < LIMITS.curve:
        return "straight", ""
    return "circle" if abs(change) >= LIMITS.circle else "curve", "left" if change > 0 else "right"


def _course(body: Body, span: Span) -> Float:
    """Unwrapped direction of travel in degrees, positive to the left."""
    left, forward = body.velocity[slice(*span)].T
    axis = body.left_axis[slice(*span)]
    x = left * axis[:, 0] - forward * axis[:, 1]
    z = left * axis[:, 1] + forward * axis[:, 0]
    keep = left**2 + forward**2 > LIMITS.move_on**2
    x, z = x[keep], z[keep]
    if len(x) < 3:
        return np.zeros(0)
    cross = z[:-1] * x[1:] - x[:-1] * z[1:]
    dot = x[:-1] * x[1:] + z[:-1] * z[1:]
    return np.concatenate([[0.0], np.cumsum(np.degrees(np.arctan2(cross, dot)))])


def _reversals(values: Float, size: float) -> int:
    """Number of alternating changes of at least `size`."""
    count, last = 0, 0
    low = high = float(values[0])
    for value in values.tolist():
        low, high = min(low, value), max(high, value)
        if last <= 0 and value - low >= size:
            count, last, high = count + 1, 1, value
        elif last >= 0 and high - value >= size:
            count, last, low = count + 1, -1, value
    return count


def turns(body: Body, moves: list[Event]) -> list[Event]:
    """Turns of the body: in place, or so tight while walking that the path has a corner."""
    found = []
    for sign, side in ((1, "left"), (-1, "right")):
        rate = sign * body.turning
        if rate.max() < LIMITS.turn_on:
            continue
        for start, end in grown(rate > LIMITS.turn_on, rate > LIMITS.turn_off, LIMITS.turn_gap * body.fps):
            degrees = sign * float(body.heading[end - 1] - body.heading[start])
            if degrees < LIMITS.turn_least or (body.posed[start:end] == LYING).any():
                continue  # a body that lies rolls over; it does not turn
            if not _feet_follow(body, (start, end), sign * degrees) or _wide(
                body, (start, end), degrees, moves
            ):
                continue
            found.append(Event("turn", start, end, side=side, amount=float(round(degrees))))
    return found


def _feet_follow(body: Body, span: Span, degrees: float) -> bool:
    """Whether the feet turn too; if not, the trunk twists and will twist back."""
    margin = int(LIMITS.feet_late * body.fps)
    start, end = max(0, span[0] - margin), min(body.frames - 1, span[1] + margin)
    turned = float(body.feet_heading[end] - body.feet_heading[start])
    return turned * degrees > 0 and abs(turned) > 0.5 * abs(degrees)


def cornered(moves: list[Event], turning: list[Event]) -> list[Event]:
    """Travel whose bend is told as a turn is straight apart from it."""
    corners = [(t.start, t.end) for t in turning]
    return [
        replace(move, path="straight", side="")
        if move.path == "curve" and any(2 * overlap(c, (move.start, move.end)) > c[1] - c[0] for c in corners)
        else move
        for move in moves
    ]


def _wide(body: Body, span: Span, degrees: float, moves: list[Event]) -> bool:
    """Whether a change of heading is the bend of a path that one walks, not a turn.

    A corner is tight, or has a straight way before or behind it.
    """
    move = max(moves, key=lambda m: overlap(span, (m.start, m.end)), default=None)
    if move is None or overlap(span, (move.start, move.end)) < 0.5 * (span[1] - span[0]):
        return False
    if move.path in ("zigzag", "circle"):
        return True
    way = float(body.speed[slice(*span)].sum()) / body.fps
    radius = way / np.radians(degrees)
    if radius < LIMITS.turn_radius:
        return False
    corner = way * body.leg < LIMITS.corner_share * move.amount and degrees < LIMITS.circle
    return not (corner and radius < LIMITS.bend_radius)
