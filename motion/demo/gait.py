"""Ways of going: walking, running, crouch-walking, side-stepping along paths, and turning on the spot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion.demo.rig import SIDES, SIGN
from motion.demo.stage import Array, Stage

TEMPO = {"slow": 1.4, "normal": 1.0, "fast": 0.76}


@dataclass(frozen=True)
class Gait:
    """One way of putting the feet."""

    step: float  # metres, at normal speed
    beat: float  # seconds a step, at normal speed
    stance: float  # share of two beats that a foot is on the floor; under 0.5 the body flies
    apex: float  # metres that the swinging foot rises
    heel: float  # degrees that the heel rises
    stretch: dict[str, float]  # factor on the step's length by speed


GAITS = {
    "walk": Gait(0.58, 0.56, 0.57, 0.1, 34.0, {"slow": 0.78, "normal": 1.0, "fast": 1.15}),
    "run": Gait(0.95, 0.36, 0.34, 0.22, 62.0, {"slow": 0.82, "normal": 1.0, "fast": 1.08}),
    "crouch_walk": Gait(0.44, 0.62, 0.62, 0.1, 26.0, {"slow": 0.85, "normal": 1.0, "fast": 1.12}),
}
RUN_TEMPO = {"slow": 1.12, "normal": 1.0, "fast": 0.92}


def travel(
    stage: Stage,
    action: str,
    speed: str,
    direction: str = "forward",
    path: str = "straight",
    side: str = "",
    count: int = 4,
    first: str = "left",
) -> None:
    """Walk, run or crouch-walk `count` steps, the last of which brings the feet together."""
    gait = GAITS[action]
    beat = gait.beat * (RUN_TEMPO if action == "run" else TEMPO)[speed] * stage.style.tempo
    length = gait.step * gait.stretch[speed] * (0.72 if direction == "backward" else 1.0)
    way, headings = _line(stage, path, side, count, length)
    sign = -1.0 if direction == "backward" else 1.0
    lead = 0.25 if action == "walk" else 0.45
    begin, start = stage.now, stage.now + lead * stage.style.tempo
    swing = 2 * beat * (1 - gait.stance)
    _carriage(stage, action, begin, start)
    order = [first, "right" if first == "left" else "left"]
    for index in range(count):
        at = min(index + 1, count - 1)
        centre = stage.centre + sign * way[at]
        lift_off = start + index * beat
        heel = gait.heel * (0.5 if direction == "backward" else 1.0)
        stage.step(order[index % 2], lift_off, lift_off + swing, centre, headings[at], gait.apex, heel)
        if action == "run":
            _bounce(stage, lift_off, beat, swing)
    stage.centre = stage.centre + sign * way[count - 1]
    stage.yaw = float(headings[count - 1])
    landed = start + (count - 1) * beat + swing
    end = landed + 0.3
    _upright(stage, action, landed - 0.1, end)
    amount = round(float(length * (count - 1)), 2)
    side = "" if path == "zigzag" else side
    stage.log(
        action, begin, end, direction=direction, path=path, side=side, count=count, amount=amount, speed=speed
    )


def _line(stage: Stage, path: str, side: str, count: int, length: float) -> tuple[Array, Array]:
    """Points (count, 2) of the way from the stage's centre, and headings, after each step."""
    sign = SIGN.get(side, 1.0)
    total = {"curve": 95.0, "circle": 360.0}.get(path, 0.0)
    steps = count - 1
    fine = 40
    progress = (np.arange(steps * fine) + 0.5) / (steps * fine)
    if path == "zigzag":
        leg = np.floor(progress * steps / 2)
        heading = np.where(leg % 2 == 0, 42.0, -42.0) * sign
    else:
        heading = sign * total * progress
    angle = np.deg2rad(stage.yaw + heading)
    moves = np.stack([np.sin(angle), np.cos(angle)], axis=1) * (length / fine)
    points = np.concatenate([np.zeros((1, 2)), np.cumsum(moves, axis=0)])[::fine]
    ends = sign * total * np.arange(count) / max(steps, 1)
    if path == "zigzag":
        # The body faces along the leg that it goes, in the end too.
        ends = np.where(np.arange(-1, count - 1) // 2 % 2 == 0, 42.0, -42.0) * sign
        ends[0] = 0.0
    return points, stage.yaw + ends


def _carriage(stage: Stage, action: str, begin: float, start: float) -> None:
    if action == "walk":
        stage.ramp(begin, start + 0.3, swing=1.0)
        return
    if action == "run":
        stage.ramp(begin, start, swing=1.5, tilt=7.0, bend=7.0, nod=-10.0, rise=-0.06)
        for side in SIDES:
            stage.limb(begin, start + 0.1, side, elbow=75.0, out=14.0)
        return
    stage.ramp(begin, start, swing=0.5, rise=-0.3, tilt=22.0, bend=22.0, nod=-34.0, back=0.08)
    for side in SIDES:
        stage.limb(begin, start, side, elbow=45.0, flex=22.0)


def _bounce(stage: Stage, lift_off: float, beat: float, swing: float) -> None:
    """The body is low over the standing foot and high in the flight between two."""
    landed = lift_off + swing
    stage.ramp(landed - beat, landed - beat * 0.75, rise=-0.03)
    stage.ramp(landed - beat * 0.75, landed - beat * 0.25, rise=-0.1)


def _upright(stage: Stage, action: str, begin: float, end: float) -> None:
    stage.ramp(begin, end, swing=0.0)
    if action != "walk":
        stage.relax(begin - 0.1, end)


def side_step(stage: Stage, speed: str, direction: str, count: int) -> None:
    """Step aside and close the feet, `count` times."""
    length = 0.36
    pace = 0.44 * TEMPO[speed] * stage.style.tempo
    other = "right" if direction == "left" else "left"
    begin, start = stage.now, stage.now + 0.25
    for index in range(count):
        base = start + 2 * pace * index
        stage.centre = stage.centre + stage.ahead(0.0, SIGN[direction] * length)
        for late, side in enumerate((direction, other)):
            lift_off = base + late * pace
            stage.step(side, lift_off, lift_off + 0.85 * pace, stage.centre, stage.yaw, 0.08, 14.0)
    end = start + 2 * pace * count + 0.15
    stage.log(
        "side_step",
        begin,
        end,
        direction=direction,
        path="straight",
        count=count,
        amount=round(length * count, 2),
        speed=speed,
    )


def turn(stage: Stage, side: str, degrees: float, speed: str) -> None:
    """Turn on the spot by stepping round, both feet in the end at the new heading."""
    sign = SIGN[side]
    other = "right" if side == "left" else "left"
    pace = 0.4 * TEMPO[speed] * stage.style.tempo
    steps = max(1, round(degrees / 45))
    begin, start = stage.now, stage.now + 0.2
    aims = [min(45.0 * (index + 1), degrees) for index in range(steps)] + [degrees]
    stage.ramp(begin, start + pace, look=sign * min(degrees, 25.0), swing=0.3)
    for index, aim in enumerate(aims):
        lift_off = start + index * pace
        foot = side if index % 2 == 0 else other
        stage.step(foot, lift_off, lift_off + 0.85 * pace, stage.centre, stage.yaw + sign * aim, 0.08, 18.0)
    stage.yaw += sign * degrees
    end = start + len(aims) * pace + 0.25
    stage.ramp(end - 0.45, end, look=0.0, swing=0.0)
    stage.log("turn", begin, end, side=side, amount=degrees, speed=speed)
