"""A stage on which actions are set one after another; `perform` turns what was set into joints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from motion.demo.rig import SIDES, SIGN, TOES_AHEAD, WRIST_AT_FLOOR, Body, Feet, pose
from motion.demo.tracks import FootTrack, Track, smooth

Array = NDArray[np.float64]

# palm: 1 where the hand is planted on the floor; shin: 1 where it lies on the floor and carries.
ARM = ("flex", "out", "across", "spin", "elbow", "palm")
LEG = ("lift", "thigh", "spread", "knee", "point", "heel", "toe", "shin")
TRUNK = tuple("rise back aside shift tilt roll hip_twist bend lean twist nod look".split())

_FOLLOW = 0.17  # seconds over which the pelvis follows the feet
_TURN_FOLLOW = 0.13
_SWING_FOLLOW = 0.07
_STRIDE = 0.65  # metres between the feet at which the arms swing by `swing` degrees


@dataclass(frozen=True)
class Style:
    """What makes one performer's clip differ from another's."""

    half_stance: float  # metres from the middle to each foot
    toe_out: float
    arm_out: float
    elbow: float
    stoop: float
    swing: float  # degrees
    tempo: float  # factor on durations
    phase: float  # of the breathing


@dataclass(frozen=True)
class Done:
    """An action that was set, in seconds."""

    action: str
    start: float
    end: float
    side: str = ""
    direction: str = ""
    path: str = ""
    count: int = 1
    amount: float = 0.0
    speed: str = ""
    manner: str = ""  # what captions may say beyond the vocabulary of events: "back", "belly"


@dataclass
class Stage:
    """Tracks of one clip while actions are being added; `now` is where the next one starts."""

    body: Body
    style: Style
    now: float = 0.0
    done: list[Done] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Everything at rest, arms hanging."""
        self.tracks = {name: Track([(0.0, value, 0.0, 0.0)]) for name, value in self.neutral().items()}
        self.tracks["swing"] = Track([(0.0, 0.0, 0.0, 0.0)])
        self.centre = np.zeros(2)
        self.yaw = 0.0
        self.feet = {}
        for side in SIDES:
            place, yaw = self.foothold(side, self.centre, 0.0)
            self.feet[side] = FootTrack(place, yaw)
        self.hands = {side: FootTrack((0.0, 0.0), 0.0) for side in SIDES}

    def neutral(self) -> dict[str, float]:
        """Channel values of the resting pose."""
        values = dict.fromkeys(TRUNK, 0.0)
        values["bend"] = self.style.stoop
        values["nod"] = -self.style.stoop
        for side in SIDES:
            values |= {f"{side}_{name}": 0.0 for name in (*ARM, *LEG)}
            values[f"{side}_flex"] = 2.0
            values[f"{side}_out"] = self.style.arm_out
            values[f"{side}_spin"] = -12.0
            values[f"{side}_elbow"] = self.style.elbow
        return values

    def ramp(self, start: float, end: float, **values: float) -> None:
        """Move channels to values between two times."""
        for name, value in values.items():
            self.tracks[name].ramp(start, end, value)

    def relax(self, start: float, end: float, *names: str) -> None:
        """Bring channels (all of them by default) back to the resting pose."""
        for name, value in self.neutral().items():
            if names and name not in names:
                continue
            if self.tracks[name].last != value:
                self.tracks[name].ramp(start, end, value)

    def limb(self, start: float, end: float, limb: str, **values: float) -> None:
        """Move the channels of one side: `limb` is left or right."""
        self.ramp(start, end, **{f"{limb}_{name}": value for name, value in values.items()})

    def foothold(self, side: str, centre: Array, yaw: float) -> tuple[tuple[float, float], float]:
        """Place and yaw of a foot of a figure that stands around `centre` (x, z)."""
        sign = SIGN[side]
        across = sign * self.style.half_stance
        angle = np.deg2rad(yaw)
        place = (float(centre[0] + across * np.cos(angle)), float(centre[1] - across * np.sin(angle)))
        return place, yaw + sign * self.style.toe_out

    def ahead(self, forward: float, left: float = 0.0, yaw: float | None = None) -> Array:
        """A vector (x, z) given in the body's frame, in metres."""
        angle = np.deg2rad(self.yaw if yaw is None else yaw)
        sin, cos = np.sin(angle), np.cos(angle)
        return np.array([forward * sin + left * cos, forward * cos - left * sin])

    def step(
        self,
        side: str,
        start: float,
        end: float,
        centre: Array,
        yaw: float,
        apex: float = 0.09,
        heel: float = 32.0,
    ) -> None:
        """Move one foot to where it stands around `centre`; the heel rises before the toes leave."""
        place, foot_yaw = self.foothold(side, centre, yaw)
        self.feet[side].move(start, end, place, foot_yaw, apex)
        span = end - start
        track = self.tracks[f"{side}_heel"]
        rise = max(start - 0.12, track.end)
        track.ramp(rise, start + 0.3 * span, heel)
        track.ramp(start + 0.3 * span, start + 0.85 * span, 0.0)

    def log(self, action: str, start: float, end: float, **values: object) -> None:
        """Note what was set, for the truth, and let the next action begin at its end."""
        self.done.append(Done(action, start, end, **values))  # type: ignore[arg-type]
        self.now = end


def perform(stage: Stage, duration: float, fps: float) -> Array:
    """Joints (T, J, 3) in metres of what was set, with T = round(duration * fps)."""
    times = np.arange(round(duration * fps)) / fps
    channels = {name: track.at(times) for name, track in stage.tracks.items()}
    feet = _feet(stage, channels, times)
    _carry(stage, channels, feet, fps)
    _swing(stage, channels, feet, fps)
    _breathe(stage, channels, times)
    hands = {side: stage.hands[side].at(times)[0] + [0.0, WRIST_AT_FLOOR, 0.0] for side in SIDES}
    return pose(stage.body, channels, feet, hands)


def snapshot(stage: Stage, values: Mapping[str, float]) -> Array:
    """Joints (J, 3) of the figure at rest in the middle of the floor with these channel values."""
    channels = {name: np.array([value]) for name, value in {**stage.neutral(), **values}.items()}
    channels |= {name: np.zeros(1) for name in ("yaw", "x")} | {"z": -TOES_AHEAD - channels["back"]}
    feet = {}
    for side in SIDES:
        (x, z), yaw = stage.foothold(side, np.zeros(2), 0.0)
        feet[side] = Feet(np.array([[x, 0.0, z]]), np.array([yaw]), np.zeros(1))
    return pose(stage.body, channels, feet)[0]


def _feet(stage: Stage, channels: dict[str, Array], times: Array) -> dict[str, Feet]:
    feet = {}
    for side in SIDES:
        toes, yaw = stage.feet[side].at(times)
        toes[:, 1] += channels[f"{side}_toe"]
        feet[side] = Feet(toes, yaw, channels[f"{side}_heel"])
    return feet


def _carry(stage: Stage, channels: dict[str, Array], feet: dict[str, Feet], fps: float) -> None:
    """Where the pelvis is: over the feet, a little behind the toes, leaning to the leg that stands."""
    left, right = feet["left"], feet["right"]
    yaw = smooth((left.yaw + right.yaw) / 2, _TURN_FOLLOW * fps)
    middle = smooth((left.toes + right.toes) / 2, _FOLLOW * fps)
    apart = smooth((left.toes - right.toes) / 2, _FOLLOW * fps)
    moving = {side: smooth((feet[side].toes[:, 1] > 1e-6).astype(float), 0.12 * fps) for side in SIDES}
    sway = channels["shift"] + 0.3 * (moving["right"] - moving["left"])
    sin, cos = np.sin(np.deg2rad(yaw)), np.cos(np.deg2rad(yaw))
    # A gait sways to the side only; a weight that is shifted on purpose goes all the way to the foot.
    side_part = apart[:, 0] * cos - apart[:, 2] * sin
    fore_part = channels["shift"] * (apart[:, 0] * sin + apart[:, 2] * cos)
    aside = sway * side_part + channels["aside"]
    along = fore_part - TOES_AHEAD - channels["back"]
    channels["yaw"] = yaw
    channels["x"] = middle[:, 0] + aside * cos + along * sin
    channels["z"] = middle[:, 2] - aside * sin + along * cos
    channels["roll"] = channels["roll"] - 3.0 * (moving["left"] - moving["right"])


def _swing(stage: Stage, channels: dict[str, Array], feet: dict[str, Feet], fps: float) -> None:
    """Arms swing against the legs while `swing` is on."""
    apart = feet["right"].toes - feet["left"].toes
    sin, cos = np.sin(np.deg2rad(channels["yaw"])), np.cos(np.deg2rad(channels["yaw"]))
    stride = np.tanh(smooth(apart[:, 0] * sin + apart[:, 2] * cos, _SWING_FOLLOW * fps) / _STRIDE)
    swing = channels.pop("swing") * stage.style.swing * stride
    channels["left_flex"] = channels["left_flex"] + swing
    channels["right_flex"] = channels["right_flex"] - swing
    channels["left_elbow"] = channels["left_elbow"] + 0.3 * np.maximum(swing, 0)
    channels["right_elbow"] = channels["right_elbow"] + 0.3 * np.maximum(-swing, 0)
    channels["twist"] = channels["twist"] - 0.2 * swing
    channels["hip_twist"] = channels["hip_twist"] + 0.12 * swing


def _breathe(stage: Stage, channels: dict[str, Array], times: Array) -> None:
    breath = np.sin(2 * np.pi * times / 3.6 + stage.style.phase)
    slow = np.sin(2 * np.pi * times / 5.3 + 2 * stage.style.phase)
    channels["bend"] = channels["bend"] + 0.5 * breath
    channels["nod"] = channels["nod"] - 0.4 * breath + 0.8 * slow
    channels["look"] = channels["look"] + 2.0 * slow
    for side in SIDES:
        channels[f"{side}_out"] = channels[f"{side}_out"] + 0.4 * breath
        channels[f"{side}_elbow"] = channels[f"{side}_elbow"] + 1.0 * slow
