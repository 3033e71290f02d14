"""Actions of the arms. A side is left, right or both."""

from __future__ import annotations

from motion.demo.actions_body import begin_with, other
from motion.demo.arm_poses import arms, carrying, crossed, guard, raised, reach_to, rise_for_hand, together
from motion.demo.gait import TEMPO
from motion.demo.rig import SIDES, SIGN
from motion.demo.stage import ARM, TRUNK, Stage

_WRIST_AT_FLOOR = 0.14  # metres: the fingers touch it


def raise_arm(stage: Stage, side: str, direction: str, speed: str) -> None:
    """Raise an arm and hold it."""
    begin, top = stage.now, stage.now + 0.8 * TEMPO[speed] * stage.style.tempo
    for arm in arms(side):
        stage.limb(begin, top, arm, **raised(direction))
    stage.log("raise_arm", begin, top + 0.6, side=side, direction=direction, speed=speed)


def begin_raised(stage: Stage, side: str, direction: str) -> None:
    """Let the clip begin with an arm raised."""
    for arm in arms(side):
        begin_with(stage, {f"{arm}_{name}": value for name, value in raised(direction).items()})


def hold_arm(stage: Stage, side: str, direction: str, seconds: float) -> None:
    """Keep an arm where the clip began with it; `direction` is told by `begin_raised`."""
    stage.log("hold_arm", 0.0, stage.now + seconds, side=side, direction=direction)


def lower_arm(stage: Stage, side: str, speed: str) -> None:
    """Lower a raised arm."""
    begin, end = stage.now, stage.now + 0.85 * TEMPO[speed] * stage.style.tempo
    _lower(stage, begin, end, side)
    stage.log("lower_arm", begin, end, side=side, speed=speed)


def _lower(stage: Stage, start: float, end: float, side: str) -> None:
    stage.relax(start, end, *(f"{arm}_{name}" for arm in arms(side) for name in ARM))


def wave(stage: Stage, side: str, count: int, speed: str) -> None:
    """Raise the forearm, move the hand out and in `count` times, lower it."""
    beat = {"slow": 0.8, "normal": 0.56, "fast": 0.42}[speed] * stage.style.tempo
    begin, up = stage.now, stage.now + 0.65 * stage.style.tempo
    for arm in arms(side):
        stage.limb(begin, up, arm, flex=8.0, out=88.0, spin=86.0, elbow=112.0)
        time = up
        for _ in range(count):
            stage.limb(time, time + beat / 2, arm, elbow=62.0)
            stage.limb(time + beat / 2, time + beat, arm, elbow=112.0)
            time += beat
    down = up + count * beat
    _lower(stage, down, down + 0.7 * stage.style.tempo, side)
    stage.log("wave", begin, down + 0.7 * stage.style.tempo, side=side, count=count, speed=speed)


def swing_arm(stage: Stage, side: str, count: int, speed: str) -> None:
    """Swing the hanging arm forward and back, `count` times."""
    beat = 0.9 * TEMPO[speed] * stage.style.tempo
    begin = time = stage.now
    for index in range(count):
        for arm in arms(side):
            back = 2.0 if index == count - 1 else -38.0
            stage.limb(time, time + beat / 2, arm, flex=66.0, elbow=10.0)
            stage.limb(time + beat / 2, time + beat, arm, flex=-38.0)
            if index == count - 1:
                stage.limb(time + beat, time + beat + 0.35, arm, flex=back)
        time += beat
    end = time + 0.35
    _lower(stage, end - 0.05, end + 0.1, side)
    stage.log("swing_arm", begin, end, side=side, count=count, speed=speed)


def circle_arm(stage: Stage, side: str, count: int, speed: str) -> None:
    """Whole circles of the straight arm, up in front and down behind."""
    beat = {"slow": 1.5, "normal": 1.1, "fast": 0.8}[speed] * stage.style.tempo
    begin = stage.now
    turning = 360.0 / beat
    ready, end = begin + 0.2, begin + 0.2 + count * beat + 0.5
    for arm in arms(side):
        flex = stage.tracks[f"{arm}_flex"]
        stage.limb(begin, ready + beat / 2, arm, out=3.0, elbow=6.0, spin=0.0)
        # Half of the first circle to come up to speed, even speed, half of the last to come to rest.
        flex.ramp(begin, begin + 0.25 + beat / 2, 180.0 + 2.0, turning)
        stop = begin + 0.25 + beat * (count - 0.5)
        if count > 1:
            flex.ramp(flex.end, stop, 360.0 * (count - 1) + 182.0, turning)
        flex.ramp(flex.end, end, 360.0 * count + 2.0)
        flex.jump(2.0)
    _lower(stage, end - 0.25, end + 0.1, side)
    stage.log("circle_arm", begin, end, side=side, count=count, speed=speed)


def stretch(stage: Stage, side: str, direction: str, speed: str) -> None:
    """Stretch both arms up on the toes, or one arm over the head to the other side."""
    pace = TEMPO[speed] * stage.style.tempo
    begin, top, hold = stage.now, stage.now + 1.0 * pace, stage.now + 1.0 * pace + 0.7
    for arm in arms(side):
        stage.limb(begin, top, arm, flex=12.0, out=174.0, spin=0.0, elbow=8.0)
    if direction == "up":
        stage.ramp(begin, top, bend=-8.0, nod=-14.0, left_heel=20.0, right_heel=20.0, rise=0.03)
    else:
        sign = SIGN[direction]
        stage.ramp(begin, top, lean=38.0 * sign, aside=-0.05 * sign, look=0.0)
    end = hold + 0.9 * pace
    stage.relax(hold, end)
    stage.log("stretch", begin, end, side=side, direction=direction, speed=speed)


def clap(stage: Stage, count: int, speed: str) -> None:
    """Clap the hands before the chest."""
    beat = {"slow": 0.75, "normal": 0.5, "fast": 0.36}[speed] * stage.style.tempo
    begin, ready = stage.now, stage.now + 0.55 * stage.style.tempo
    apart, closed = together(stage.body, 0.2), together(stage.body, 0.035)
    for arm in SIDES:
        stage.limb(begin, ready, arm, **apart)
        time = ready
        for _ in range(count):
            stage.limb(time, time + 0.45 * beat, arm, **closed)
            stage.limb(time + 0.5 * beat, time + beat, arm, **apart)
            time += beat
    down = ready + count * beat
    end = down + 0.6 * stage.style.tempo
    _lower(stage, down, end, "both")
    stage.log("clap", begin, end, count=count, speed=speed)


def cross_arms(stage: Stage, speed: str) -> None:
    """Cross the arms before the chest, hold them there, lower them."""
    pace = TEMPO[speed] * stage.style.tempo
    begin, there = stage.now, stage.now + 0.8 * pace
    for arm, ahead in (("left", 0.29), ("right", 0.22)):
        stage.limb(begin, there, arm, **crossed(stage.body, ahead))
    end = there + 0.9 + 0.7 * pace
    _lower(stage, there + 0.9, end, "both")
    stage.log("cross_arms", begin, end, speed=speed)


def punch(stage: Stage, side: str, count: int, speed: str) -> None:
    """Raise the fists, punch forward `count` times (with `both` in turn), lower them."""
    beat = {"slow": 0.9, "normal": 0.62, "fast": 0.45}[speed] * stage.style.tempo
    begin, ready = stage.now, stage.now + 0.5 * stage.style.tempo
    out = reach_to(stage.body, (-0.1, 0.0, 0.97 * sum(stage.body.arm)))
    for arm in SIDES:
        stage.limb(begin, ready, arm, **guard(stage.body))
    stage.ramp(begin, ready, bend=8.0, rise=-0.04)
    time = ready
    for index in range(count):
        fist = SIDES[index % 2] if side == "both" else side
        stage.limb(time, time + 0.36 * beat, fist, **out)
        stage.limb(time + 0.42 * beat, time + 0.92 * beat, fist, **guard(stage.body))
        stage.ramp(time, time + 0.36 * beat, twist=-24.0 * SIGN[fist])
        stage.ramp(time + 0.42 * beat, time + 0.92 * beat, twist=0.0)
        time += beat
    end = time + 0.55 * stage.style.tempo
    stage.relax(time, end)
    stage.log("punch", begin, end, side=side, count=count, speed=speed)


def throw(stage: Stage, side: str, speed: str) -> None:
    """Draw the hand back over the shoulder and fling it forward, with a step of the other foot."""
    pace = TEMPO[speed] * stage.style.tempo
    begin, back = stage.now, stage.now + 0.75 * pace
    sign, front = SIGN[side], other(side)
    stage.limb(begin, back, side, flex=-8.0, out=98.0, spin=80.0, elbow=105.0)
    stage.ramp(begin, back, twist=-sign * -38.0, lean=-6.0 * sign, bend=-6.0)
    stage.limb(begin, back, front, flex=48.0, out=14.0, elbow=25.0)
    release = back + (0.28 + 0.08 * pace)
    stage.step(
        front, back - 0.42 * pace, back + 0.06, stage.centre + stage.ahead(0.34), stage.yaw, 0.09, 20.0
    )
    stage.limb(back, release, side, flex=82.0, out=10.0, spin=10.0, elbow=12.0)
    stage.ramp(back, release + 0.12, twist=-sign * 32.0, lean=0.0, bend=20.0)
    stage.limb(back, release, front, flex=-12.0, out=16.0)
    low = release + 0.3
    stage.limb(release, low, side, flex=20.0, out=-10.0)
    end = low + 0.85 * pace
    stage.step(front, low + 0.2 * pace, end - 0.15, stage.centre, stage.yaw, 0.07, 16.0)
    names = [name for name in stage.neutral() if not name.endswith("_heel")]
    stage.relax(low, end, *names)
    stage.log("throw", begin, end, side=side, speed=speed)


def pick_up(stage: Stage, side: str, direction: str, speed: str) -> None:
    """Reach down to the floor and come up holding something before the belly."""
    _to_the_floor(stage, "pick_up", side, direction, speed)


def place(stage: Stage, side: str, direction: str, speed: str) -> None:
    """Set down on the floor what was held before the belly."""
    _to_the_floor(stage, "place", side, direction, speed)


def begin_carrying(stage: Stage, side: str) -> None:
    """Let the clip begin with something held before the belly."""
    for arm in arms(side):
        begin_with(stage, {f"{arm}_{name}": value for name, value in carrying(stage.body).items()})


def _to_the_floor(stage: Stage, action: str, side: str, direction: str, speed: str) -> None:
    pace = TEMPO[speed] * stage.style.tempo
    begin, down, back = stage.now, stage.now + 0.95 * pace, stage.now + 0.95 * pace + 0.3
    sign = SIGN.get(direction, 0.0)
    fold = {"back": 0.12, "tilt": 36.0, "bend": 40.0, "nod": 4.0}
    fold |= {"twist": 52.0 * sign, "hip_twist": 14.0 * sign, "aside": 0.05 * sign}
    hanging = {"flex": 72.0, "out": 18.0 if sign else 2.0, "elbow": 6.0, "spin": 0.0, "across": 0.0}
    for arm in arms(side):
        stage.limb(begin, down, arm, **hanging)
        fold |= {f"{arm}_{name}": value for name, value in hanging.items()}
    low = rise_for_hand(stage, arms(side)[0], fold, _WRIST_AT_FLOOR)
    stage.ramp(begin, down, rise=low, **{name: fold[name] for name in fold if name in TRUNK})
    if side != "both":
        stage.limb(begin, down, other(side), flex=48.0, elbow=30.0)
    end = back + 0.95 * pace
    held = {f"{arm}_{name}" for arm in arms(side) for name in ARM} if action == "pick_up" else set()
    stage.relax(back, end, *(name for name in stage.neutral() if name not in held))
    if action == "pick_up":
        for arm in arms(side):
            stage.limb(back, end, arm, **carrying(stage.body))
    stage.log(action, begin, end, side=side, direction=direction, speed=speed)
