"""The camera of pictures: the same perspective as the pages' (camera.js), over arrays of points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

Float = NDArray[np.float64]

FOCAL = 1.75  # focal length as a share of the smaller side of the picture
_MARGIN = 1.16  # of what must fit
NEAR = 0.15  # metres before the eye where the picture begins


@dataclass(frozen=True)
class Camera:
    """A perspective view. Azimuth 0 sees a figure that faces Z+ from the front, its left on the right."""

    target: Float  # (3,) metres
    azimuth: float  # radians
    elevation: float
    distance: float  # metres
    width: int  # pixels
    height: int

    @property
    def eye(self) -> Float:
        """Where the camera stands, (3,)."""
        return self.target - self.distance * self._axes()[2]

    def to_eye(self, points: Float) -> Float:
        """Points (..., 3) of the world in the camera's frame: right, up, ahead, in metres."""
        return (np.asarray(points, np.float64) - self.eye) @ self._axes().T

    def to_pixels(self, seen: Float) -> Float:
        """Points of the camera's frame as (..., 4): x, y, depth in metres, pixels a metre."""
        scale = FOCAL * min(self.width, self.height) / np.maximum(seen[..., 2], NEAR)
        x = self.width / 2 + seen[..., 0] * scale
        y = self.height / 2 - seen[..., 1] * scale
        return np.stack([x, y, seen[..., 2], scale], axis=-1)

    def project(self, points: Float) -> Float:
        """Points (..., 3) of the world as (..., 4): x, y, depth in metres, pixels a metre."""
        return self.to_pixels(self.to_eye(points))

    def shape(self, corners: Float) -> Float:
        """A flat shape (N, 3) in pixels (M, 4), cut where it passes behind the eye; M may be 0."""
        seen = self.to_eye(corners)
        kept = []
        for before, p in zip(np.roll(seen, 1, axis=0), seen, strict=True):
            if (p[2] >= NEAR) != (before[2] >= NEAR):
                kept.append(before + (NEAR - before[2]) / (p[2] - before[2]) * (p - before))
            if p[2] >= NEAR:
                kept.append(p)
        return self.to_pixels(np.array(kept).reshape(-1, 3))

    def line(self, a: Float, b: Float) -> Float | None:
        """The ends of a straight line (2, 4), cut where it passes behind the eye; None if all of it does."""
        p, q = self.to_eye(a), self.to_eye(b)
        if p[2] < NEAR and q[2] < NEAR:
            return None
        if p[2] < NEAR:
            p = q + (q[2] - NEAR) / (q[2] - p[2]) * (p - q)
        elif q[2] < NEAR:
            q = p + (p[2] - NEAR) / (p[2] - q[2]) * (q - p)
        return self.to_pixels(np.stack([p, q]))

    def _axes(self) -> Float:
        """Right, up and ahead as rows."""
        sa, ca = math.sin(self.azimuth), math.cos(self.azimuth)
        se, ce = math.sin(self.elevation), math.cos(self.elevation)
        return np.array([[ca, 0, -sa], [-se * sa, ce, -se * ca], [-ce * sa, -se, -ce * ca]])


def camera_at(
    data: Mapping[str, Any], joints: Float, frame: int, width: int, height: int, close: bool = False
) -> Camera:
    """The camera that a figure's data asks for at a frame; `close` follows the figure in any case."""
    view = data["view"]
    target = np.asarray(view["centre"], np.float64)
    shown = view["reach"]
    if view["follow"] or close:
        shown = view["followReach"]
        reach = 2 * round(0.4 * data["fps"]) + 1
        target[::2] = uniform_filter1d(joints[:, 0, ::2], reach, axis=0, mode="nearest")[frame]
    scale = 2 * FOCAL * min(width, height) * _MARGIN
    distance = shown / 2 + scale * max((view["half"] + 0.22 * shown) / height, shown / width)
    return Camera(target, view["azimuth"], view["elevation"], distance, width, height)
