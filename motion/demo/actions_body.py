"""Actions of the whole body: standing, jumping, squatting, sitting, kneeling, bowing, bending."""

from __future__ import annotations

import numpy as np

from motion.demo.gait import TEMPO
from motion.demo.rig import SIDES, SIGN
from motion.demo.stage import Stage

GRAVITY = 9.81
SEAT = 0.5  # metres that the pelvis is over the floor when seated
# The line from pelvis to neck turns by the pelvis' tilt and this share of the chest's bend.
CHEST_SHARE = 0.66

_SEATED = {"back": 0.34, "tilt": -4.0, "bend": 6.0, "nod": -4.0}
_SEATED_ARM = {"flex": 24.0, "elbow": 62.0, "out": 10.0, "spin": -20.0}


def other(side: str) -> str:
    """The other side."""
    return "right" if side == "left" else "left"


def stand(stage: Stage, seconds: float) -> None:
    """Stand still."""
    begin = stage.now
    stage.log("stand", begin, begin + seconds)


def jump(stage: Stage, side: str, direction: str, count: int, height: float, distance: float) -> None:
    """Jump with both feet or hop on one; `distance` in metres is for each jump."""
    begin = stage.now
    start = begin + 0.05
    if side != "both":
        start = _lift_for_hop(stage, side, begin)
    reach = {"forward": (1.0, 0.0), "backward": (-1.0, 0.0), "left": (0.0, 1.0), "right": (0.0, -1.0)}
    ahead, aside = reach.get(direction, (0.0, 0.0))
    offset = stage.ahead(ahead * distance, aside * distance)
    depth = 0.24 if side == "both" else 0.13
    for _ in range(count):
        start = _one_jump(stage, side, start, height, offset, depth)
    end = start + 0.4
    stage.relax(start, end)
    total = height if direction == "up" else distance * count
    stage.log("jump", begin, end, side=side, direction=direction, count=count, amount=round(total, 2))


def _lift_for_hop(stage: Stage, side: str, begin: float) -> float:
    free = other(side)
    ready = begin + 0.45 * stage.style.tempo
    stage.ramp(begin, ready - 0.05, shift=0.95 * SIGN[side])
    stage.limb(begin + 0.1, ready, free, lift=1.0, thigh=32.0, knee=82.0, point=20.0)
    return ready


def _one_jump(
    stage: Stage, side: str, start: float, height: float, offset: np.ndarray, depth: float
) -> float:
    """Crouch, push, fly and land; returns the time at which the body is low after landing."""
    speed = float(np.sqrt(2 * GRAVITY * height))
    down, push, flight = start + 0.32, start + 0.54, start + 0.54 + 2 * speed / GRAVITY
    low = flight + 0.2
    rise = stage.tracks["rise"]
    rise.ramp(start, down, -depth)
    rise.ramp(down, push, 0.05, speed, -GRAVITY)
    rise.ramp(push, flight, -0.03, -speed, -GRAVITY)
    rise.ramp(flight, low, -0.7 * depth)
    lean = 90 * depth
    stage.ramp(start, down, tilt=lean, bend=0.6 * lean, nod=-lean, back=0.3 * depth)
    stage.ramp(down, push, tilt=3.0, bend=stage.style.stoop, nod=0.0, back=0.0)
    stage.ramp(flight - 0.05, low, tilt=0.7 * lean, bend=0.4 * lean, nod=-0.7 * lean, back=0.2 * depth)
    for foot in SIDES:
        stage.limb(start, down, foot, flex=-28.0, elbow=20.0)
        stage.limb(down, push + 0.08, foot, flex=62.0, elbow=30.0)
        stage.limb(push + 0.1, low, foot, flex=18.0, elbow=22.0)
        if side in (foot, "both"):
            stage.limb(down, push, foot, heel=36.0)
            stage.limb(push + 0.1, flight, foot, heel=0.0)
    stage.centre = stage.centre + offset
    for foot in SIDES:
        place, yaw = stage.foothold(foot, stage.centre, stage.yaw)
        stage.feet[foot].move(push, flight, place, yaw, height, flight=True)
    return low


def squat(stage: Stage, count: int, depth: float, speed: str) -> None:
    """Sink by `depth` metres and come up, `count` times, the arms held out for balance."""
    pace = TEMPO[speed] * stage.style.tempo
    begin = time = stage.now
    for _ in range(count):
        low, up = time + 0.7 * pace, time + 1.55 * pace
        lean = 50 * depth
        stage.ramp(time, low, rise=-depth, back=0.25 * depth, tilt=lean, bend=0.7 * lean, nod=-lean)
        for side in SIDES:
            stage.limb(time, low, side, flex=58.0, elbow=18.0, out=4.0)
        stage.relax(low + 0.15 * pace, up)
        time = up
    stage.log("squat", begin, time, count=count, amount=round(depth, 2), speed=speed)


def sit_down(stage: Stage, speed: str) -> None:
    """Sit down on a seat that is not there and stay seated."""
    pace = TEMPO[speed] * stage.style.tempo
    begin, down = stage.now, stage.now + 1.15 * pace
    middle = begin + 0.55 * pace
    stage.ramp(begin, middle, tilt=24.0, bend=14.0, nod=-20.0)
    stage.ramp(begin, down, rise=SEAT - stage.body.standing_height, back=_SEATED["back"])
    stage.ramp(middle, down + 0.1, **{name: _SEATED[name] for name in ("tilt", "bend", "nod")})
    for side in SIDES:
        stage.limb(begin, down, side, **_SEATED_ARM)
    stage.log("sit_down", begin, down + 0.15, speed=speed)


def begin_seated(stage: Stage) -> None:
    """Let the clip begin on the seat."""
    values = {**_SEATED, "rise": SEAT - stage.body.standing_height}
    for side in SIDES:
        values |= {f"{side}_{name}": value for name, value in _SEATED_ARM.items()}
    begin_with(stage, values)


def begin_with(stage: Stage, values: dict[str, float]) -> None:
    """Let the clip begin with other channel values than those at rest."""
    for name, value in values.items():
        stage.tracks[name].keys[0] = (0.0, value, 0.0, 0.0)


def stand_up(stage: Stage, speed: str) -> None:
    """Stand up from the seat or from kneeling."""
    pace = TEMPO[speed] * stage.style.tempo
    begin, up = stage.now, stage.now + 1.2 * pace
    stage.ramp(begin, begin + 0.5 * pace, tilt=26.0, bend=16.0, nod=-24.0)
    stage.relax(begin + 0.5 * pace, up, "tilt", "bend", "nod")
    names = [name for name in stage.neutral() if name not in ("tilt", "bend", "nod", "rise")]
    if stage.done and stage.done[-1].action == "kneel":
        stage.relax(begin + 0.1 * pace, up - 0.3 * pace, "rise")
        names = [name for name in names if not name.endswith("_heel")]
        back, front = stage.done[-1].side, other(stage.done[-1].side)
        landed = up + 0.5 * pace
        _flatten(stage, back, up - 0.55 * pace, up - 0.05 * pace)
        stage.step(front, up, landed, stage.centre, stage.yaw, 0.08, 16.0)
        stage.relax(begin + 0.2 * pace, up, *names)
        stage.log("stand_up", begin, landed + 0.1, speed=speed)
        return
    stage.relax(begin + 0.25 * pace, up, "rise", *names)
    stage.log("stand_up", begin, up + 0.1, speed=speed)


def _flatten(stage: Stage, side: str, start: float, end: float) -> None:
    """Bring the foot of the kneeling leg under the body."""
    place, yaw = stage.foothold(side, stage.centre, stage.yaw)
    stage.feet[side].move(start, end, place, yaw, 0.09)
    stage.limb(start, end - 0.1, side, heel=0.0)


def kneel(stage: Stage, side: str, speed: str) -> None:
    """Go down on the knee of `side`, the other foot in front."""
    pace = TEMPO[speed] * stage.style.tempo
    begin = stage.now
    stage.step(
        other(side), begin + 0.05, begin + 0.55 * pace, stage.centre + stage.ahead(0.43), stage.yaw, 0.08
    )
    back, landed = begin + 0.6 * pace, begin + 1.1 * pace
    place, yaw = stage.foothold(side, stage.centre + stage.ahead(-0.37), stage.yaw)
    stage.feet[side].move(back, landed, place, yaw, 0.07)
    stage.limb(back, landed, side, heel=58.0)
    down = begin + 1.7 * pace
    hip = -stage.body.rest(stage.body.skeleton.left_leg[0])[1]
    low = stage.body.upper_leg + 0.06 + hip - stage.body.standing_height
    stage.ramp(begin + 0.5 * pace, down, rise=low, tilt=3.0)
    stage.limb(landed, down, side, heel=72.0)
    stage.limb(begin + 0.5 * pace, down, other(side), flex=28.0, elbow=58.0)
    stage.log("kneel", begin, down + 0.3, side=side, speed=speed)


def bow(stage: Stage, count: int, degrees: float, speed: str) -> None:
    """Lean the straight trunk forward, arms at the sides, and come up."""
    pace = TEMPO[speed] * stage.style.tempo
    begin = time = stage.now
    for _ in range(count):
        down, back = time + 0.75 * pace, time + 1.15 * pace
        _fold(stage, time, down, degrees, 0.0)
        for side in SIDES:
            stage.limb(time, down, side, flex=14.0, elbow=stage.style.elbow)
        time = time + 1.95 * pace
        stage.relax(back, time)
    stage.log("bow", begin, time, count=count, amount=round(degrees), speed=speed)


def bend(stage: Stage, direction: str, count: int, degrees: float, speed: str) -> None:
    """Bend the trunk: forward with the hands to the floor, backward, or to a side."""
    pace = TEMPO[speed] * stage.style.tempo
    begin = time = stage.now
    for _ in range(count):
        down, back = time + 0.8 * pace, time + 1.15 * pace
        if direction == "forward":
            _fold(stage, time, down, degrees, -0.1)
            for side in SIDES:
                stage.limb(time, down, side, flex=degrees, elbow=6.0, out=4.0)
        elif direction == "backward":
            # The pelvis goes ahead of the feet, the chest goes back.
            lean = degrees / CHEST_SHARE
            stage.ramp(time, down, bend=-lean * 0.85, tilt=-lean * 0.1, back=-0.08, nod=-10.0)
        else:
            sign = SIGN[direction]
            stage.ramp(time, down, lean=sign * degrees / CHEST_SHARE, aside=-sign * 0.05, roll=sign * 6.0)
            # The lower arm hangs, the upper one stays at the side.
            stage.limb(time, down, direction, out=1.3 * degrees, elbow=8.0)
            stage.limb(time, down, other(direction), out=2.0)
        time = time + 1.95 * pace
        stage.relax(back, time)
    stage.log("bend", begin, time, direction=direction, count=count, amount=round(degrees), speed=speed)


def _fold(stage: Stage, start: float, end: float, degrees: float, rise: float) -> None:
    chest = 0.5 * degrees
    stage.ramp(
        start, end, tilt=degrees - CHEST_SHARE * chest, bend=chest, back=0.0026 * degrees, nod=6.0, rise=rise
    )
