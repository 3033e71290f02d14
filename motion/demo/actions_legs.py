"""Actions of the legs: kicks, knee raises, lunges and stomps."""

from __future__ import annotations

from motion.demo.actions_body import other
from motion.demo.gait import TEMPO
from motion.demo.rig import SIDES, SIGN
from motion.demo.stage import LEG, Stage

_KICKS = {
    "forward": {"thigh": 74.0, "knee": 8.0, "spread": 0.0, "point": 28.0},
    "aside": {"thigh": 12.0, "knee": 6.0, "spread": 70.0, "point": 20.0},
    "backward": {"thigh": -48.0, "knee": 14.0, "spread": 2.0, "point": 40.0},
}


def _shift(stage: Stage, side: str, start: float, end: float) -> None:
    """Weight on the other leg, arms a little out for balance."""
    stage.ramp(start, end, shift=-0.95 * SIGN[side])
    for arm in SIDES:
        stage.limb(start, end, arm, out=24.0, elbow=25.0)


def _plant(stage: Stage, side: str, start: float, end: float) -> None:
    stage.relax(start, end, *(f"{side}_{name}" for name in LEG if name != "heel"))


def kick(stage: Stage, side: str, direction: str, count: int, speed: str) -> None:
    """Kick forward, backward or out to the side, the foot coming down after each kick."""
    pace = {"slow": 1.3, "normal": 1.0, "fast": 0.9}[speed] * stage.style.tempo
    kind = _KICKS["aside" if direction in SIDES else direction]
    begin = stage.now
    _shift(stage, side, begin, begin + 0.4)
    time = begin + 0.3
    for _ in range(count):
        drawn, out = time + 0.34 * pace, time + 0.76 * pace
        wind = {"forward": -12.0, "backward": 35.0}.get(direction, 20.0)
        stage.limb(time, drawn, side, lift=1.0, thigh=wind, knee=78.0, spread=0.0, point=-15.0)
        # The knee opens late, so that the foot does not sweep the floor.
        stage.limb(drawn, out, side, **{name: kind[name] for name in kind if name != "knee"})
        stage.limb(drawn + 0.25 * (out - drawn), out, side, knee=kind["knee"])
        lean = {"forward": -10.0, "backward": 24.0}.get(direction, 0.0)
        aside = -16.0 * SIGN[side] if direction in SIDES else 0.0
        stage.ramp(time, out, tilt=lean, lean=aside)
        bent = out + 0.42 * pace
        stage.limb(out + 0.06, bent, side, thigh=36.0, spread=0.0, point=-10.0)
        stage.limb(out + 0.06, bent - 0.25 * (bent - out), side, knee=70.0)
        time = bent + 0.34 * pace
        _plant(stage, side, bent, time)
        stage.relax(out + 0.06, time, "tilt", "lean")
    end = time + 0.35
    stage.relax(time, end)
    stage.log("kick", begin, end, side=side, direction=direction, count=count, speed=speed)


def raise_leg(stage: Stage, side: str, count: int, speed: str) -> None:
    """Raise the knee to the height of the hip, hold it, put the foot down."""
    pace = TEMPO[speed] * stage.style.tempo
    begin = stage.now
    _shift(stage, side, begin, begin + 0.4)
    time = begin + 0.3
    for _ in range(count):
        top = time + 0.6 * pace
        stage.limb(time, top, side, lift=1.0, thigh=86.0, knee=88.0, point=14.0)
        held = top + 0.45 * pace
        time = held + 0.6 * pace
        _plant(stage, side, held, time)
    end = time + 0.35
    stage.relax(time, end)
    stage.log("raise_leg", begin, end, side=side, count=count, speed=speed)


def stomp(stage: Stage, side: str, count: int, speed: str) -> None:
    """Raise the foot and slam it down."""
    pace = {"slow": 1.2, "normal": 1.0, "fast": 0.8}[speed] * stage.style.tempo
    begin = stage.now
    _shift(stage, side, begin, begin + 0.35)
    time = begin + 0.25
    for _ in range(count):
        top = time + 0.42 * pace
        stage.limb(time, top, side, lift=1.0, thigh=70.0, knee=86.0, point=4.0)
        time = top + 0.2
        _plant(stage, side, top + 0.04, time)
        stage.ramp(top + 0.04, time, rise=-0.03)
        stage.ramp(time, time + 0.16, rise=0.0)
        time += 0.2
    end = time + 0.35
    stage.relax(time, end)
    stage.log("stomp", begin, end, side=side, count=count, speed=speed)


def lunge(stage: Stage, side: str, count: int, speed: str) -> None:
    """Step far ahead with one leg, sink until the back knee nears the floor, step back."""
    pace = TEMPO[speed] * stage.style.tempo
    begin = time = stage.now
    home = stage.centre.copy()
    low = stage.body.upper_leg + 0.14 - stage.body.standing_height
    low -= stage.body.rest(stage.body.skeleton.left_leg[0])[1]
    back = other(side)
    for _ in range(count):
        landed, down = time + 0.55 * pace, time + 1.0 * pace
        stage.step(side, time + 0.12, landed, home + stage.ahead(0.78), stage.yaw, 0.1, 18.0)
        stage.ramp(time + 0.3 * pace, down, rise=low, tilt=6.0)
        stage.limb(time + 0.3 * pace, down, back, heel=48.0)
        up = down + 0.25 + 0.6 * pace
        stage.relax(down + 0.25, up, "rise", "tilt")
        stage.limb(down + 0.25, up, back, heel=0.0)
        stage.step(side, up - 0.3 * pace, up + 0.25 * pace, home, stage.yaw, 0.09, 16.0)
        time = up + 0.3 * pace + 0.1
    stage.log("lunge", begin, time, side=side, count=count, speed=speed)
