"""A clip at other moments: another frame rate, or any place between its frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

Float = NDArray[np.float32]


def resample(joints: ArrayLike, fps_from: float, fps_to: float) -> Float:
    """Joints (T, J, 3) of one frame rate at another, (T', J, 3); first moment and unit are kept.

    The last frame is the last moment of the new rate within the clip. ValueError for a rate that
    is not positive.
    """
    for name, rate in (("fps_from", fps_from), ("fps_to", fps_to)):
        if not (rate > 0 and np.isfinite(rate)):
            raise ValueError(f"{name} is {rate}: give frames per second, more than 0")
    array = np.asarray(joints, np.float32)
    if fps_from == fps_to or len(array) < 2:
        return array.copy()
    # The small term keeps a last frame that rounding would push behind the end.
    count = int(np.floor((len(array) - 1) * fps_to / fps_from + 1e-6)) + 1
    return sample(array, np.arange(count) * (fps_from / fps_to))


def sample(joints: ArrayLike, moments: ArrayLike) -> Float:
    """Joints (T, J, 3) at moments (T',) in frames, cubic between frames, held at the ends.

    The spline is natural: without curvature at its ends, so that nothing swings there.
    """
    array = np.asarray(joints, np.float32)
    wanted = np.clip(np.asarray(moments, np.float64), 0, len(array) - 1)
    whole = np.rint(wanted).astype(np.intp)
    if np.array_equal(whole, wanted) or len(array) < 2:
        return array[whole]
    flat = array.reshape(len(array), -1).astype(np.float64)
    spline = CubicSpline(np.arange(len(array)), flat, bc_type="natural")
    values: Float = spline(wanted).astype(np.float32)
    return values.reshape(len(wanted), *array.shape[1:])
