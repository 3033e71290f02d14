"""A figure as one picture: poses along the time, and under them the bars of the events."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.drawing.camera import camera_at
from pipelines.drawing.figure import joints_of
from pipelines.drawing.raster import BARS, INK, LINE, MUTED, PAPER, SIDES, fitting, font, paint

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

_WIDTH, _NAMES, _EDGE = 1400, 104, 16  # pixels
_HEAD, _POSE, _BAR = 58, 230, 24
_POSES = 9


def strip_bytes(data: Mapping[str, Any]) -> bytes:
    """A PNG of the figure of `figure_data`: poses at even times, each over its moment of the time line."""
    from PIL import Image, ImageDraw

    rows = sum(row["lanes"] for row in data["rows"])
    height = _HEAD + _POSE + 26 + (_BAR + 2) * rows + 4 * len(data["rows"]) + _EDGE
    canvas = Image.new("RGB", (_WIDTH, height), PAPER)
    draw = ImageDraw.Draw(canvas)
    _head(draw, data)
    _poses(canvas, draw, data)
    _bars(draw, data, _HEAD + _POSE + 26)
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _x(data: Mapping[str, Any], frame: float) -> float:
    """Where a moment is on the time line."""
    return _NAMES + (_WIDTH - _EDGE - _NAMES) * frame / data["frames"]


def _head(draw: ImageDraw, data: Mapping[str, Any]) -> None:
    seconds = data["frames"] / data["fps"]
    right = f"{seconds:.1f} s, {data['frames']} frames at {data['fps']:g} a second"
    draw.text((_WIDTH - _EDGE, 14), right, MUTED, font(14), anchor="ra")
    room = _WIDTH - 2 * _EDGE - draw.textlength(right, font=font(14)) - 230
    title = fitting(draw, str(data["title"]), font(18), room)
    draw.text((_EDGE, 12), title, INK, font(18))
    for place, (side, name) in enumerate(((1, "left limbs"), (2, "right limbs"))):
        x = _EDGE + 110 * place
        draw.ellipse((x, 40, x + 11, 51), fill=SIDES[side])
        draw.text((x + 17, 38), name, MUTED, font(13))


def _poses(canvas: Image, draw: ImageDraw, data: Mapping[str, Any]) -> None:
    """Poses from the same side, the camera going with the figure; the ticks say when they are."""
    from PIL import ImageChops

    joints = joints_of(data)
    # Pictures are wider than their share: what reaches into a neighbour is drawn over it.
    width = round(1.7 * (_WIDTH - _EDGE - _NAMES) / _POSES)
    count = min(_POSES, data["frames"])
    moments = np.unique(np.rint((np.arange(count) + 0.5) * data["frames"] / count).astype(int))
    base = _HEAD + _POSE
    draw.line((_NAMES, base + 4, _WIDTH - _EDGE, base + 4), LINE, 1)
    for frame in np.minimum(moments, data["frames"] - 1).tolist():
        camera = camera_at(data, joints, frame, width, _POSE, close=True)
        x = _x(data, frame)
        place = (round(x - width / 2), _HEAD)
        picture = paint(data, joints, frame, camera, floor=False)
        under = canvas.crop((*place, place[0] + width, _HEAD + _POSE))
        canvas.paste(ImageChops.darker(under, picture), place)
        draw.line((x, base, x, base + 8), MUTED, 1)
        draw.text((x, base + 10), f"{frame / data['fps']:.1f} s", MUTED, font(12), anchor="ma")


def _bars(draw: ImageDraw, data: Mapping[str, Any], top: int) -> None:
    face = font(13)
    for row in data["rows"]:
        draw.line((_EDGE, top, _WIDTH - _EDGE, top), LINE, 1)
        draw.text((_EDGE, top + 6), row["name"], MUTED, face)
        for bar in data["bars"]:
            if bar["row"] != row["name"]:
                continue
            y = top + 3 + (_BAR + 2) * bar["lane"]
            x0, x1 = _x(data, bar["start"]), _x(data, bar["end"])
            edge, soft = BARS["difference" if bar["difference"] else bar["side"]]
            draw.rounded_rectangle((x0, y, max(x1 - 1, x0 + 3), y + _BAR - 2), 4, soft, edge)
            draw.text((x0 + 6, y + 3), fitting(draw, bar["label"], face, x1 - x0 - 10), INK, face)
        top += (_BAR + 2) * row["lanes"] + 4
