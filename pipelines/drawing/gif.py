"""A figure as a moving GIF, with what happens written under it."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

from pipelines.drawing.camera import camera_at
from pipelines.drawing.figure import joints_of
from pipelines.drawing.raster import (
    BARS,
    FLOOR,
    GRID,
    GRID_STRONG,
    INK,
    LINE,
    MUTED,
    NOSE,
    PAPER,
    SHADOW,
    SIDES,
    WAY,
    Colour,
    fitting,
    font,
    paint,
)

if TYPE_CHECKING:
    from PIL.Image import Image

_WIDTH, _STAGE, _WORDS = 480, 400, 92  # pixels
_LINES = 3  # events written at once
MOST_FRAMES = 240  # a longer clip is thinned out, so that the file stays some megabytes
_LINES_AND_WORDS = (INK, MUTED, LINE, WAY, GRID, GRID_STRONG, NOSE)


def gif_frames(data: Mapping[str, Any]) -> range:
    """The frames of a figure's clip that its GIF shows."""
    return range(0, data["frames"], max(1, math.ceil(data["frames"] / MOST_FRAMES)))


def gif_bytes(data: Mapping[str, Any]) -> bytes:
    """A looping GIF of the figure of `figure_data`: at most MOST_FRAMES frames of 480 x 492 pixels."""
    from PIL import Image

    joints = joints_of(data)
    frames = gif_frames(data)
    palette, images = _palette(), []
    for frame in frames:
        canvas = Image.new("RGB", (_WIDTH, _STAGE + _WORDS), PAPER)
        canvas.paste(paint(data, joints, frame, camera_at(data, joints, frame, _WIDTH, _STAGE)), (0, 0))
        _words(canvas, data, frame)
        images.append(canvas.quantize(palette=palette, dither=Image.Dither.NONE))
    buffer = io.BytesIO()
    images[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=images[1:],
        duration=_durations(frames, data["fps"]),
        loop=0,
        optimize=False,
    )
    return buffer.getvalue()


def _durations(frames: range, fps: float) -> list[int]:
    """Milliseconds of each frame: GIF counts hundredths, whose rounding must not add up."""
    ends = [round(100 * (number + 1) * frames.step / fps) for number in range(len(frames))]
    starts = [0, *ends[:-1]]
    return [10 * max(2, end - start) for start, end in zip(starts, ends, strict=True)]


def _palette() -> Image:
    """One palette for all frames: the colours that are painted, and what lies between them at edges."""
    from PIL import Image

    colours = [PAPER, FLOOR, *SIDES.values(), *(edge for edge, _ in BARS.values()), *_LINES_AND_WORDS]
    colours = list(dict.fromkeys(colours))
    for ground in (PAPER, FLOOR):
        colours += [_between(ground, colour, part) for colour in colours[:15] for part in (0.25, 0.5, 0.75)]
    colours += [_between(FLOOR, SHADOW, part / 10) for part in range(1, 7)]
    colours += [_between(one, other, 0.5) for one, other in combinations(SIDES.values(), 2)]
    flat = [value for colour in dict.fromkeys(colours) for value in colour]
    image = Image.new("P", (1, 1))
    image.putpalette(flat + flat[:3] * (256 - len(flat) // 3))
    return image


def _between(one: Colour, other: Colour, part: float) -> Colour:
    red, green, blue = (round(a + part * (b - a)) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _words(canvas: Image, data: Mapping[str, Any], frame: int) -> None:
    """Title, legend, the bar of time and the events of the moment."""
    from PIL import ImageDraw

    draw = ImageDraw.Draw(canvas)
    draw.text((_WIDTH - 12, 10), f"{frame / data['fps']:.1f} s", MUTED, font(13), anchor="ra")
    title = fitting(draw, str(data["title"]), font(13), _WIDTH - 90)
    draw.text((12, 10), title, INK, font(13))
    for place, (side, name) in enumerate(((1, "left limbs"), (2, "right limbs"))):
        x = 12 + 92 * place
        draw.ellipse((x, 33, x + 9, 42), fill=SIDES[side])
        draw.text((x + 14, 31), name, MUTED, font(11))
    _time(draw, data, frame)
    current = [bar for bar in data["bars"] if bar["start"] <= frame < bar["end"]]
    shown = sorted(current, key=lambda bar: bar["end"] - bar["start"])[:_LINES]
    for line, bar in enumerate(sorted(shown, key=lambda bar: bar["start"])):
        y = _STAGE + 22 + 22 * line
        edge = _edge(bar)
        draw.rounded_rectangle((12, y + 1, 16, y + 16), 2, fill=edge)
        draw.text((24, y), fitting(draw, bar["text"], font(14), _WIDTH - 40), INK, font(14))


def _time(draw: Any, data: Mapping[str, Any], frame: int) -> None:
    left, right, y = 12, _WIDTH - 12, _STAGE + 8
    width = right - left
    draw.rounded_rectangle((left, y, right, y + 6), 3, fill=LINE)
    for bar in data["bars"]:
        a, b = (left + width * bar[key] / data["frames"] for key in ("start", "end"))
        draw.rectangle((a, y + 2, max(a + 1, b - 1), y + 4), fill=_edge(bar))
    x = left + width * frame / max(data["frames"] - 1, 1)
    draw.rectangle((x - 1, y - 3, x + 1, y + 9), fill=WAY)


def _edge(bar: Mapping[str, Any]) -> Colour:
    return BARS["difference" if bar["difference"] else bar["side"]][0]
