"""On the floor: crawling on hands and knees, lying down on the belly, and getting up from there.

The figure kneels by putting one foot back and then the other; its toes stay tucked where they then are.
`stage.centre` goes on meaning the place over which it would stand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motion.demo.actions_body import begin_with, other
from motion.demo.arm_poses import reach_to
from motion.demo.gait import TEMPO
from motion.demo.rig import KNEE_AT_FLOOR, SIDES, SIGN, TOES_AHEAD, WRIST_AT_FLOOR, rotation
from motion.demo.stage import ARM, Stage, snapshot
from motion.demo.tracks import FootTrack

_HEEL = 118.0  # degrees: toes tucked, the shin on the floor
_UPRIGHT = 6.0  # degrees of tilt of a kneeling trunk
_ARM_USED = 0.88  # share of the arm's length between shoulder and planted hand: room for the hand's way
_BELLY = 0.12  # metres that the pelvis of a lying figure is over the floor
_FLAT = 88.0  # degrees of tilt
_LYING_LEG = 0.988  # share of the straight leg
_BESIDE = 0.06  # metres that a planted hand is farther out than the shoulder
_GAZE = -42.0  # degrees of nod: a crawling figure looks where it goes

_BEAT = {"slow": 0.72, "normal": 0.46, "fast": 0.32}  # seconds, one hand and the other knee
_STEP = {"slow": 0.17, "normal": 0.2, "fast": 0.23}  # metres that the body gains in it


@dataclass(frozen=True)
class _Floor:
    """Channel values and places of a figure on the floor, metres and degrees."""

    behind: float  # that the toes are behind where they stand
    kneeling: dict[str, float]
    fours: dict[str, float]
    lying: dict[str, float]
    hand: tuple[float, float]  # ahead of the centre and out to its side
    on_fours: dict[str, float]  # of each arm
    when_lying: dict[str, float]


def _floor(stage: Stage) -> _Floor:
    body = stage.body
    flat = sum((offset for _, offset in body.foot_chain("left")), np.zeros(3))
    tucked = (rotation(0, np.array([_HEEL])) @ flat)[0]
    toes_back, ankle = -tucked[2], -tucked[1]
    shin = float(np.sqrt(body.lower_leg**2 - (ankle - KNEE_AT_FLOOR) ** 2))
    # Hips over the knees, the knees under where the pelvis of the standing figure is.
    behind = shin + toes_back - _hips_ahead(stage, _UPRIGHT) + TOES_AHEAD
    tilt = _fours_tilt(stage)
    ahead, height, aside = _shoulder(stage, tilt)
    fours_ahead = _hips_ahead(stage, _UPRIGHT) - _hips_ahead(stage, tilt)
    leg = _LYING_LEG * body.leg
    lying_ahead = leg - shin + _hips_ahead(stage, _UPRIGHT) - _hips_ahead(stage, _FLAT)
    down = height - WRIST_AT_FLOOR
    turn = np.deg2rad(tilt)
    rise = body.upper_leg + KNEE_AT_FLOOR - body.rest(body.skeleton.left_leg[0])[1] - body.standing_height
    low = {"left_heel": _HEEL, "right_heel": _HEEL}
    return _Floor(
        behind=behind,
        kneeling=low | {"back": -behind, "tilt": _UPRIGHT, "rise": rise},
        fours=low | {"back": -behind - fours_ahead, "tilt": tilt, "bend": 0.0, "nod": _GAZE, "rise": rise},
        lying=low
        | {"back": -behind - lying_ahead, "tilt": _FLAT, "bend": -2.0, "nod": -18.0}
        | {"rise": _BELLY - body.standing_height},
        hand=(ahead + fours_ahead - TOES_AHEAD, aside + _BESIDE),
        on_fours=reach_to(
            body, (_BESIDE, -down * float(np.cos(turn)), down * float(np.sin(turn))), (0.5, -1.0, -0.4)
        ),
        when_lying=reach_to(body, (0.1, -0.24, 0.05), (0.7, -0.1, -1.0)),
    )


def _hips_ahead(stage: Stage, tilt: float) -> float:
    """How far the hips are ahead of the pelvis' joint when it is tilted; negative is behind."""
    body = stage.body
    return float((rotation(0, np.array([tilt])) @ body.rest(body.skeleton.left_leg[0]))[0, 2])


def _shoulder(stage: Stage, tilt: float) -> tuple[float, float, float]:
    """Ahead of the pelvis, over the floor and aside, of a shoulder of the figure on all fours."""
    skeleton = stage.body.skeleton
    arms = {f"{side}_flex": tilt for side in SIDES}
    joints = snapshot(stage, {"tilt": tilt, "bend": 0.0, **arms})
    hip, shoulder = joints[skeleton.left_leg[0]], joints[skeleton.left_arm[0]]
    height = shoulder[1] - hip[1] + stage.body.upper_leg + KNEE_AT_FLOOR
    return float(shoulder[2] - joints[0, 2]), float(height), float(shoulder[0])


def _fours_tilt(stage: Stage) -> float:
    """The tilt at which the shoulders are as high as the arms carry them."""
    wanted = WRIST_AT_FLOOR + _ARM_USED * sum(stage.body.arm)
    low, high = 40.0, 110.0
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if _shoulder(stage, middle)[1] > wanted else (low, middle)
    return (low + high) / 2


def _hand_place(stage: Stage, floor: _Floor, side: str) -> tuple[float, float]:
    ahead, aside = floor.hand
    place = stage.centre + stage.ahead(ahead, SIGN[side] * aside)
    return float(place[0]), float(place[1])


def _knee_place(stage: Stage, floor: _Floor, side: str) -> tuple[tuple[float, float], float]:
    """Where the toes of a kneeling leg are; the feet point straight back."""
    place, _ = stage.foothold(side, stage.centre + stage.ahead(-floor.behind), stage.yaw)
    return place, stage.yaw


def _both(values: dict[str, float]) -> dict[str, float]:
    return {f"{side}_{name}": value for side in SIDES for name, value in values.items()}


def begin_on_all_fours(stage: Stage) -> None:
    """Let the clip begin on hands and knees."""
    floor = _floor(stage)
    _begin(stage, floor, floor.fours | _both(floor.on_fours | {"shin": 1.0, "palm": 1.0}))


def begin_lying(stage: Stage) -> None:
    """Let the clip begin on the belly, the hands beside the chest."""
    floor = _floor(stage)
    _begin(stage, floor, floor.lying | _both(floor.when_lying | {"palm": 1.0}))


def _begin(stage: Stage, floor: _Floor, values: dict[str, float]) -> None:
    begin_with(stage, values)
    for side in SIDES:
        stage.feet[side] = FootTrack(*_knee_place(stage, floor, side))
        stage.hands[side] = FootTrack(_hand_place(stage, floor, side), 0.0)


def crawl(stage: Stage, direction: str, speed: str, count: int, first: str) -> None:
    """Crawl on all fours, a hand and the other knee at a time, `count` times; the last one closes up."""
    floor = _floor(stage)
    beat, length = _BEAT[speed] * stage.style.tempo, _STEP[speed]
    sign = -1.0 if direction == "backward" else 1.0
    begin, start = stage.now, stage.now + 0.15
    swing = 0.8 * beat
    for index in range(count):
        hand = first if index % 2 == 0 else other(first)
        lift_off = start + index * beat
        if index < count - 1:
            stage.centre = stage.centre + stage.ahead(sign * length)
        foot, yaw = _knee_place(stage, floor, other(hand))
        stage.feet[other(hand)].move(lift_off, lift_off + swing, foot, yaw, 0.06)
        stage.hands[hand].move(lift_off, lift_off + swing, _hand_place(stage, floor, hand), 0.0, 0.07)
        stage.ramp(lift_off, lift_off + beat, twist=4.0 * SIGN[other(hand)], hip_twist=3.0 * SIGN[hand])
    end = start + count * beat + 0.25
    stage.ramp(end - 0.3, end, twist=0.0, hip_twist=0.0)
    amount = round(length * (count - 1), 2)
    stage.log("crawl", begin, end, direction=direction, path="straight", amount=amount, speed=speed)


def lie_down(stage: Stage, speed: str, first: str) -> None:
    """Go down on the knee of `first` and the other, on the hands, and on the belly."""
    pace = TEMPO[speed] * stage.style.tempo
    floor, begin = _floor(stage), stage.now
    half = floor.kneeling["back"] / 2
    back, knelt = begin + 0.55 * pace, begin + 1.15 * pace
    _foot_back(stage, floor, first, begin + 0.1, back, knelt)
    stage.ramp(begin + 0.1, back, back=half)
    stage.ramp(begin + 0.3 * pace, knelt, rise=floor.kneeling["rise"], tilt=_UPRIGHT + 8.0)
    both = knelt + 0.6 * pace
    _foot_back(stage, floor, other(first), knelt, knelt + 0.5 * pace, both)
    stage.ramp(knelt, both, back=floor.kneeling["back"])
    down = _lean_to_hands(stage, floor, both, pace)
    flat = down + 1.0 * pace
    stage.ramp(down, flat, **{name: floor.lying[name] for name in ("back", "tilt", "bend", "nod", "rise")})
    for side in SIDES:
        stage.limb(down, flat, side, **floor.when_lying)
        stage.limb(down + 0.45 * pace, flat, side, shin=0.0)
    stage.log("lie_down", begin, flat + 0.2, speed=speed, manner="belly")


def _foot_back(stage: Stage, floor: _Floor, side: str, start: float, landed: float, knelt: float) -> None:
    stage.feet[side].move(start, landed, *_knee_place(stage, floor, side), 0.1)
    stage.limb(start, landed, side, heel=70.0)
    stage.limb(landed, knelt, side, heel=_HEEL)
    stage.limb(start + 0.5 * (landed - start), knelt, side, shin=1.0)


def _lean_to_hands(stage: Stage, floor: _Floor, start: float, pace: float) -> float:
    """From the knees to all fours; returns when the hands are down."""
    down = start + 0.75 * pace
    stage.ramp(start, down, **{name: floor.fours[name] for name in ("back", "tilt", "bend", "nod")})
    for side in SIDES:
        # Before the hand is on the floor its place there shows nothing.
        stage.hands[side].move(start - 0.1, start, _hand_place(stage, floor, side), 0.0, 0.0)
        stage.limb(start, down, side, **floor.on_fours, palm=1.0)
    return down


def get_up(stage: Stage, speed: str, first: str) -> None:
    """From the belly or from all fours: on the knees, the foot of `first` in front, up."""
    pace = TEMPO[speed] * stage.style.tempo
    floor, begin = _floor(stage), stage.now
    start = begin
    if stage.tracks["left_shin"].last < 1.0:
        start = begin + 0.95 * pace
        stage.ramp(begin, start, **{n: floor.fours[n] for n in ("back", "tilt", "bend", "nod", "rise")})
        for side in SIDES:
            stage.limb(begin, start, side, **floor.on_fours)
            stage.limb(begin, begin + 0.5 * pace, side, shin=1.0)
    upright = start + 0.7 * pace
    stage.ramp(start, upright, back=floor.kneeling["back"], tilt=_UPRIGHT)
    names = [f"{side}_{name}" for side in SIDES for name in ARM]
    stage.relax(start, upright, "bend", "nod", *names)
    landed = _foot_up(stage, first, upright - 0.1 * pace, pace)
    stage.ramp(upright - 0.1 * pace, landed, back=floor.kneeling["back"] / 2, tilt=18.0)
    up = landed + 0.8 * pace
    stage.limb(landed, up - 0.2 * pace, other(first), shin=0.0)
    stage.relax(landed, up, "rise", "tilt")
    closed = _foot_up(stage, other(first), up - 0.45 * pace, pace)
    stage.ramp(up - 0.45 * pace, closed, back=0.0)
    stage.log("stand_up", begin, closed + 0.1, speed=speed, manner="floor")


def _foot_up(stage: Stage, side: str, start: float, pace: float) -> float:
    landed = start + 0.5 * pace
    place, yaw = stage.foothold(side, stage.centre, stage.yaw)
    stage.feet[side].move(start, landed, place, yaw, 0.1)
    stage.limb(start, landed, side, heel=0.0)
    if stage.tracks[f"{side}_shin"].last:
        stage.limb(start, start + 0.4 * (landed - start), side, shin=0.0)
    return landed
