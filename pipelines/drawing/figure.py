"""Figures as data: one clip with its look, its camera and its events, small enough for a hundred a page."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motion.events import Difference
from motion.facts import Facts
from motion.features import facing
from motion.skeleton import Skeleton
from pipelines.drawing.body import look
from pipelines.drawing.rows import Bar, bars, lanes

FIGURE_VERSION = 2
_STEP = 0.001  # metres, what a whole number of a figure's joints stands for
_LARGEST = 32_000  # of an int16, with room for rounding
_COARSE_STEP = 0.004  # metres, of joints that are kept as changes of a byte: less than a drawn line is wide
_LARGEST_CHANGE = 127  # of an int8; 10 m/s at 20 frames a second
_FLOOR_SHARE = 0.05  # of the frames have their lowest joint under the floor that is guessed
_VIEW = math.radians(32)  # the camera stands in front of the figure, that much to the figure's left
_ELEVATION = math.radians(14)
_FOLLOW_METRES = 2.2  # a longer way is followed by the camera, a shorter one is shown whole
_LEAST_REACH = 0.55  # metres about the figure's axis that are shown at the least


def figure_data(
    joints: NDArray[np.floating],
    skeleton: Skeleton,
    facts: Facts | None = None,
    *,
    fps: float | None = None,
    differences: Sequence[Difference] = (),
    title: str = "",
    grounded: bool = False,
    coarse: bool = False,
) -> dict[str, Any]:
    """One clip as plain JSON values.

    `joints` are (T, J, 3) in the skeleton's unit, Y up. They are kept in whole millimetres from the
    first place of the pelvis on the floor, as base64 of little-endian int16 in the order frame, joint,
    axis; a clip that goes farther than 32 m gets a coarser `step`. With `grounded` Y = 0 is the floor,
    else the floor is where the lowest joint mostly is. Events of `facts` and `differences` (frames of
    this clip) become the bars of the time line. `coarse` is for pages of hundreds of clips: joints in steps
    of 4 mm, after the first frame as changes of one byte, half the size; a clip that moves too fast for that
    is kept as ever. ValueError for joints of another shape, NaN or infinity.
    """
    metres, origin = _placed(joints, skeleton, grounded)
    coding, step, whole = _coded(metres, coarse)
    placed = bars(facts.events if facts else (), differences)
    return {
        "version": FIGURE_VERSION,
        "title": title,
        "skeleton": skeleton.name,
        "fps": float(fps or (facts.fps if facts else skeleton.fps)),
        "frames": len(metres),
        "joints": skeleton.joint_count,
        "step": step,
        "coding": coding,
        "origin": [round(float(value), 4) for value in origin],
        "positions": base64.b64encode(whole).decode("ascii"),
        "look": _look(skeleton),
        "view": _view(metres, skeleton),
        "rows": [{"name": name, "lanes": count} for name, count in lanes(placed).items()],
        "bars": [_bar(bar, len(metres)) for bar in placed],
    }


def _coded(metres: NDArray[np.float64], coarse: bool) -> tuple[str, float, bytes]:
    """Joints as whole numbers: how they are coded, the metres of a step, their bytes."""
    if coarse and float(np.abs(metres).max()) < _COARSE_STEP * _LARGEST:
        whole = np.rint(metres / _COARSE_STEP).astype(np.int32)
        changes = np.diff(whole, axis=0)
        if not len(changes) or int(np.abs(changes).max()) <= _LARGEST_CHANGE:
            return "changes", _COARSE_STEP, whole[0].astype("<i2").tobytes() + changes.astype("i1").tobytes()
    step = max(_STEP, float(np.abs(metres).max()) / _LARGEST)
    return "places", step, np.rint(metres / step).astype("<i2").tobytes()


def _look(skeleton: Skeleton) -> dict[str, Any]:
    shape = look(skeleton)
    return {
        "bones": [list(bone) for bone in shape.bones],
        "hands": [list(hand) for hand in shape.hands],
        "trunk": list(shape.trunk),
        "trunkRadius": shape.trunk_radius,
        "head": list(shape.head),
        "headRadius": shape.head_radius,
        "shadows": [list(shadow) for shadow in shape.shadows],
    }


def _bar(bar: Bar, frames: int) -> dict[str, Any]:
    return {
        "row": bar.row,
        "lane": bar.lane,
        "start": bar.start,
        "end": min(bar.end, frames),
        "label": bar.label,
        "text": bar.text,
        "side": bar.side,
        "difference": bar.is_difference,
    }


def joints_of(data: Mapping[str, Any]) -> NDArray[np.float64]:
    """The joints (T, J, 3) of a figure's data in metres, on the floor, from the pelvis' first place."""
    coded = base64.b64decode(data["positions"])
    shape = (data["frames"], data["joints"], 3)
    if data["coding"] == "places":
        return np.frombuffer(coded, "<i2").reshape(shape) * float(data["step"])
    first = np.frombuffer(coded[: 6 * data["joints"]], "<i2").reshape(1, *shape[1:])
    changes = np.frombuffer(coded[6 * data["joints"] :], "i1").reshape(-1, *shape[1:])
    whole = np.cumsum(np.concatenate([first, changes]), axis=0, dtype=np.float64)
    return whole * float(data["step"])


def _placed(
    joints: NDArray[np.floating], skeleton: Skeleton, grounded: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Joints in metres about their origin (x, floor, z), and that origin."""
    array = np.asarray(joints, np.float64)
    if array.ndim != 3 or array.shape[1:] != (skeleton.joint_count, 3) or not len(array):
        raise ValueError(f"a figure needs joints (T, {skeleton.joint_count}, 3), got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("the joints hold NaN or infinite values; leave the clip out")
    metres = array * skeleton.metres_per_unit
    lowest = np.sort(metres[:, :, 1].min(axis=1))
    floor = 0.0 if grounded else lowest[int(_FLOOR_SHARE * (len(lowest) - 1))]
    origin = np.array([metres[0, 0, 0], floor, metres[0, 0, 2]])
    return metres - origin, origin


def _view(metres: NDArray[np.float64], skeleton: Skeleton) -> dict[str, Any]:
    """Where the camera stands at first: before the figure, a little to its left and above."""
    x, z = (float(value) for value in facing(metres[0], skeleton))
    low, high = metres.min(axis=(0, 1)), metres.max(axis=(0, 1))
    pelvis = metres[:, 0, ::2]
    follow = bool(np.hypot(*(pelvis.max(axis=0) - pelvis.min(axis=0))) > _FOLLOW_METRES)
    top = max(float(high[1]), 1.0)
    centre = np.array([(low[0] + high[0]) / 2, top / 2, (low[2] + high[2]) / 2])
    about_centre = np.linalg.norm(metres[..., ::2] - centre[::2], axis=-1).max()
    about_figure = np.linalg.norm(metres[..., ::2] - pelvis[:, None], axis=-1).max()
    return {
        "azimuth": round(math.atan2(x, z) + _VIEW, 4),
        "facing": round(math.atan2(x, z), 4),
        "elevation": round(_ELEVATION, 4),
        "follow": follow,
        "centre": [round(float(value), 3) for value in centre],
        "half": round(top / 2, 3),  # height about the centre
        "reach": round(max(float(about_centre), _LEAST_REACH), 3),  # on the floor about the centre
        "followReach": round(max(float(about_figure), _LEAST_REACH), 3),  # about the figure
        "low": [round(float(value), 3) for value in low],
        "high": [round(float(value), 3) for value in high],
    }
