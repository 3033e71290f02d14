"""Painting a figure's moment into a picture: floor, way, shadows, body. The pages' scene.js, with Pillow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.drawing.body import LEFT, MIDDLE, RIGHT
from pipelines.drawing.camera import NEAR, Camera, Float

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

Colour = tuple[int, int, int]

INK: Colour = (26, 34, 48)
MUTED: Colour = (91, 102, 117)
PAPER: Colour = (251, 252, 254)
LINE: Colour = (212, 218, 227)
WAY: Colour = (29, 143, 128)
SIDES: dict[int, Colour] = {MIDDLE: (139, 151, 168), LEFT: (47, 111, 208), RIGHT: (217, 122, 29)}
# Of bars: edge and filling, by the side of the limb.
BARS: dict[str, tuple[Colour, Colour]] = {
    "left": (SIDES[LEFT], (219, 232, 251)),
    "right": (SIDES[RIGHT], (251, 230, 208)),
    "": ((93, 107, 125), (229, 233, 239)),
    "difference": ((179, 38, 30), (252, 227, 225)),
}
NOSE: Colour = (109, 122, 140)
FLOOR: Colour = (238, 241, 246)
GRID: Colour = (213, 219, 229)
GRID_STRONG: Colour = (170, 181, 197)
SHADOW: Colour = (59, 71, 89)
_GRID_REACH = 4  # metres of floor around what the camera looks at
_HEAD_BEYOND = 0.45  # of the head's radius: where its middle lies beyond the head's joint
_HAND_BEYOND = 0.1  # metres from the wrist to the knuckles
SMOOTH = 2  # pictures are painted that many times as large and scaled down


@lru_cache(maxsize=16)
def font(size: int) -> FreeTypeFont:
    """A typeface of many scripts in pixels: the one that comes with matplotlib."""
    import matplotlib
    from PIL import ImageFont

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(path), size)


def fitting(draw: ImageDraw, text: str, face: FreeTypeFont, width: float) -> str:
    """A text on one line, cut with an ellipsis where it is wider than that many pixels."""
    text = " ".join(text.split())
    if draw.textlength(text, font=face) <= width:
        return text
    while text and draw.textlength(text + "…", font=face) > width:
        text = text[:-1]
    return text.rstrip() + "…" if text else ""


def paint(data: Mapping[str, Any], joints: Float, frame: int, camera: Camera, floor: bool = True) -> Image:
    """The figure at a frame as an RGB image of the camera's size; without `floor` only shadows lie under it.

    `joints` are (T, J, 3) in metres, as `joints_of` gives them.
    """
    from PIL import Image, ImageDraw

    large = Camera(
        camera.target,
        camera.azimuth,
        camera.elevation,
        camera.distance,
        camera.width * SMOOTH,
        camera.height * SMOOTH,
    )
    image = Image.new("RGB", (large.width, large.height), PAPER)
    draw = ImageDraw.Draw(image, "RGBA")
    if floor:
        _floor(draw, large, data)
        _way(draw, large, joints[:, 0], frame)
    _shadows(draw, large, data, joints[frame])
    for _, part in sorted(_body(draw, large, data, joints[frame]), key=lambda item: -item[0]):
        part()
    return image.resize((camera.width, camera.height), Image.Resampling.LANCZOS)


def _floor(draw: ImageDraw, camera: Camera, data: Mapping[str, Any]) -> None:
    """A line every metre, the start's lines stronger, numbers beside the figure."""
    low, high = data["view"]["low"], data["view"]["high"]
    x0, z0 = (math.floor(max(low[a] - 1, camera.target[a] - _GRID_REACH)) for a in (0, 2))
    x1, z1 = (math.ceil(min(high[a] + 1, camera.target[a] + _GRID_REACH)) for a in (0, 2))
    _on_floor(draw, camera, [(x0, z0), (x1, z0), (x1, z1), (x0, z1)], (*FLOOR, 255))
    lines = [((x, z0), (x, z1), x == 0) for x in range(x0, x1 + 1)]
    lines += [((x0, z), (x1, z), z == 0) for z in range(z0, z1 + 1)]
    for a, b, strong in lines:
        ends = camera.line(np.array([a[0], 0, a[1]]), np.array([b[0], 0, b[1]]))
        if ends is not None:
            colour = GRID_STRONG if strong else GRID
            draw.line([tuple(ends[0, :2]), tuple(ends[1, :2])], colour, width=SMOOTH + strong)
    # Numbers stand on the lines that pass the figure on the camera's side.
    beside = np.rint(camera.target + np.where(camera.eye > camera.target, 1, -1))
    near_x, near_z = float(np.clip(beside[0], x0, x1)), float(np.clip(beside[2], z0, z1))
    marks = [(x + 0.12, near_z + 0.1, x) for x in range(x0, x1 + 1)]
    marks += [(near_x + 0.12, z + 0.1, z) for z in range(z0, z1 + 1) if z != near_z]
    for x, z, metres in marks:
        at = camera.project(np.array([x, 0.0, z]))
        if at[2] > 2 * NEAR:
            text = f"{metres} m" if metres else "0"
            draw.text((at[0], at[1]), text, MUTED, font(11 * SMOOTH), anchor="mm")


def _on_floor(
    draw: ImageDraw, camera: Camera, corners: Sequence[tuple[float, float]], colour: tuple[int, int, int, int]
) -> None:
    points = camera.shape(np.array([[x, 0.0, z] for x, z in corners]))
    if len(points) > 2:
        draw.polygon([tuple(point[:2]) for point in points], fill=colour)


def _way(draw: ImageDraw, camera: Camera, pelvis: Float, frame: int) -> None:
    """The way of the pelvis on the floor: all of it pale, what is behind the figure strong."""
    points = camera.project(pelvis * np.array([1, 0, 1]))
    seen = [tuple(point[:2]) for point in points if point[2] > NEAR]
    if len(seen) > 1:
        draw.line(seen, (*WAY, 90), width=SMOOTH * 2, joint="curve")
    done = [tuple(point[:2]) for point in points[: frame + 1] if point[2] > NEAR]
    if len(done) > 1:
        draw.line(done, (*WAY, 255), width=SMOOTH * 3, joint="curve")


def _shadows(draw: ImageDraw, camera: Camera, data: Mapping[str, Any], pose: Float) -> None:
    """Under each foot, hand, knee and the pelvis: dark in contact, gone with height."""
    turn = np.linspace(0, 2 * math.pi, 24, endpoint=False)
    for joint, radius in data["look"]["shadows"]:
        x, y, z = pose[joint]
        near = max(0.0, 1 - max(y - 0.06, 0) / (1.6 if joint == 0 else 0.5))
        if near > 0:
            ring = list(zip(x + radius * np.cos(turn), z + radius * np.sin(turn), strict=True))
            _on_floor(draw, camera, ring, (*SHADOW, round(107 * near * near)))


def _body(draw: ImageDraw, camera: Camera, data: Mapping[str, Any], pose: Float) -> list[tuple[float, Any]]:
    """The parts of the body: depth in metres, and what paints it."""
    look = data["look"]
    parts: list[tuple[float, Any]] = []

    def bone(a: Float, b: Float, r1: float, r2: float, colour: Colour, rim: bool = True) -> None:
        p, q = camera.project(np.stack([a, b]))
        if min(p[2], q[2]) >= NEAR:
            parts.append(((p[2] + q[2]) / 2, lambda: _bone(draw, (p, q), (r1, r2), colour, rim)))

    for a, b, r1, r2, side in look["bones"]:
        bone(pose[a], pose[b], r1, r2, SIDES[side], side != MIDDLE)
    for elbow, wrist, r1, r2, side in look["hands"]:
        tip = pose[wrist] + _HAND_BEYOND * _unit(pose[wrist] - pose[elbow])
        bone(pose[wrist], tip, r1, r2, SIDES[side])
    corners = camera.project(pose[look["trunk"]])
    if (corners[:, 2] >= NEAR).all():
        parts.append((corners[:, 2].mean(), lambda: _trunk(draw, corners, look["trunkRadius"])))
    neck, head = pose[look["head"][0]], pose[look["head"][1]]
    up, radius = _unit(head - neck), look["headRadius"]
    left_shoulder, right_shoulder, right_hip, left_hip = pose[look["trunk"]]
    ahead = _unit(np.cross(left_shoulder - right_shoulder + left_hip - right_hip, up))
    middle = head + _HEAD_BEYOND * radius * up
    nose = middle + 1.02 * radius * ahead
    bone(middle, middle, radius, radius, SIDES[MIDDLE])
    bone(nose, nose, 0.24 * radius, 0.24 * radius, NOSE)
    return parts


def _bone(
    draw: ImageDraw, ends: tuple[Float, Float], radii: tuple[float, float], colour: Colour, rim: bool
) -> None:
    """A tapered bone with round ends; a rim parts limbs from what is behind them."""
    a, b = (end[:2] for end in ends)
    r1, r2 = (radius * end[3] for radius, end in zip(radii, ends, strict=True))
    for more, fill in ((1.5 * SMOOTH, PAPER), (0.0, colour))[0 if rim else 1 :]:
        for centre, radius in ((a, r1 + more), (b, r2 + more)):
            draw.ellipse([*(centre - radius), *(centre + radius)], fill=fill)
        length = float(np.hypot(*(b - a)))
        if length > abs(r1 - r2):
            way, lean = math.atan2(b[1] - a[1], b[0] - a[0]), math.acos((r1 - r2) / length)
            corners = [
                (p[0] + (r + more) * math.cos(way + turn), p[1] + (r + more) * math.sin(way + turn))
                for p, r, turn in ((a, r1, lean), (b, r2, lean), (b, r2, -lean), (a, r1, -lean))
            ]
            draw.polygon(corners, fill=fill)


def _trunk(draw: ImageDraw, corners: Float, radius: float) -> None:
    points = [tuple(corner[:2]) for corner in corners]
    for rim, fill in ((1.5 * SMOOTH, PAPER), (0.0, SIDES[MIDDLE])):
        draw.polygon(points, fill=fill)
        for here, after in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            thick = radius * (here[3] + after[3]) / 2 + rim
            draw.line([tuple(here[:2]), tuple(after[:2])], fill, width=round(2 * thick))
            draw.ellipse([*(here[:2] - thick), *(here[:2] + thick)], fill=fill)


def _unit(vector: Float) -> Float:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
