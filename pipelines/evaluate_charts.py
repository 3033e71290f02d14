"""Charts of the evaluation page: SVG that takes its colours from the page, without a script.

`curves` is a picture of its own. The others are rows of plots that stand in the cells of a table, one scale
for all rows; their places are percentages, so that they follow the cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

SERIES = 6  # colours in evaluate_page.css: series-1 and so on
# Told apart by more than their colours.
_SHAPES = (
    '<circle r="4.5"/>',
    '<rect x="-4" y="-4" width="8" height="8"/>',
    '<path d="M0-5.8L5.8 0 0 5.8-5.8 0Z"/>',
    '<path d="M0-5.4L5.2 4-5.2 4Z"/>',
)
_WIDTH, _HEIGHT = 400, 232  # of the part of a chart above the numbers of completions
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 16, 12, 26
_COUNT_ROW = 15


@dataclass(frozen=True)
class Point:
    """A value after a round (from 1), the half width of its interval, and how many completions got there."""

    round: int
    value: float
    interval: float
    completions: int


@dataclass(frozen=True)
class Series:
    """A line of a chart; `number` gives it its colour and its shape."""

    name: str
    number: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high`, with round numbers between to be written."""

    low: float
    high: float
    ticks: tuple[float, ...]
    decimals: int

    def share(self, value: float) -> float:
        """Where a value lies, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)

    def text(self, value: float) -> str:
        """A tick as it is written."""
        shown = f"{value:.{self.decimals}f}"
        return shown.replace("-", "−") if float(shown) else f"{0:.{self.decimals}f}"


def scale_of(values: Sequence[float], *, least: float = -math.inf, most: float = math.inf) -> Scale:
    """A scale with about four round steps about all values, but not beyond `least` and `most`."""
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or 0.05 * max(abs(high), 0.1)
    low, high = max(low - room, min(least, low)), min(high + room, max(most, high))
    rough = (high - low) / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    ticks = [n * step for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    decimals = next(n for n in range(18) if abs(round(step, n) - step) < 1e-9 * step)
    return Scale(low, high, tuple(ticks), decimals)


def shape(number: int, x: str, y: str, *, hollow: bool = False, title: str = "") -> str:
    """The mark of a series at a place, which may be a percentage."""
    told = f"<title>{escape(title)}</title>" if title else ""
    state = " hollow" if hollow else ""
    form = _SHAPES[number % len(_SHAPES)]
    return f'<svg class="mark s{number % SERIES + 1}{state}" x="{x}" y="{y}">{told}{form}</svg>'


def sample(number: int | None) -> str:
    """The line of a series in a legend; None: the ground truth's."""
    mark = shape(number, "50%", "50%") if number is not None else ""
    kind = f"line s{number % SERIES + 1}" if number is not None else "truth"
    return (
        f'<svg class="sample" aria-hidden="true"><line class="{kind}" x1="0" x2="100%" y1="50%" y2="50%"/>'
        f"{mark}</svg>"
    )


def curves(title: str, series: Sequence[Series], truth: float | None, scale: Scale) -> str:
    """Lines over rounds with bands, the ground truth dashed, and completions under each round."""
    rounds = max(point.round for one in series for point in one.points)
    counts = _count_rows(series)
    height = _HEIGHT + _COUNT_ROW * len(counts)
    grid = "".join(_grid_line(scale, tick) for tick in scale.ticks)
    dashed = ""
    if truth is not None:
        y = _y(scale, truth)
        dashed = f'<line class="truth" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
    ticks = "".join(_round_tick(number, rounds, counts) for number in range(1, rounds + 1))
    heads = "".join(_count_head(place, one) for place, one in enumerate(counts))
    lines = "".join(_band(scale, one, rounds) for one in series)
    lines += "".join(_line(scale, one, rounds) for one in series)
    return (
        f'<svg class="chart" role="img" aria-label="{escape(_said(title, series, truth))}" '
        f'viewBox="0 0 {_WIDTH} {height}">{grid}{dashed}{ticks}{heads}{lines}</svg>'
    )


def _said(title: str, series: Sequence[Series], truth: float | None) -> str:
    """What a chart shows, in words."""
    told = [f"{one.name}: {', '.join(f'{point.value:.3g}' for point in one.points)}" for one in series]
    end = f" Ground truth {truth:.3g}." if truth is not None else ""
    return f"{title} by round. {'; '.join(told)}.{end}"


def _y(scale: Scale, value: float) -> str:
    return f"{_HEIGHT - _BOTTOM - scale.share(value) * (_HEIGHT - _BOTTOM - _TOP):.1f}"


def _x(number: int, rounds: int) -> str:
    inside = 24
    width = _WIDTH - _LEFT - _RIGHT - 2 * inside
    return f"{_LEFT + inside + width * ((number - 1) / (rounds - 1) if rounds > 1 else 0.5):.1f}"


def _grid_line(scale: Scale, tick: float) -> str:
    y = _y(scale, tick)
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
        f'<text class="tick" x="{_LEFT - 7}" y="{y}" dy="0.34em" text-anchor="end">{scale.text(tick)}</text>'
    )


def _count_rows(series: Sequence[Series]) -> list[tuple[int | None, dict[int, int]]]:
    """Completions by round, a row a series; one row, of no series, where all have the same."""
    rows = [(one.number, {point.round: point.completions for point in one.points}) for one in series]
    if all(row[1] == rows[0][1] for row in rows):
        return [(None if len(rows) > 1 else rows[0][0], rows[0][1])]
    return list(rows)


def _round_tick(number: int, rounds: int, counts: Sequence[tuple[int | None, dict[int, int]]]) -> str:
    x, y = _x(number, rounds), _HEIGHT - _BOTTOM
    texts = [f'<text class="tick" x="{x}" y="{y + 17}" text-anchor="middle">{number}</text>']
    for place, (_, found) in enumerate(counts):
        if number in found:
            at = y + 17 + _COUNT_ROW * (place + 1)
            texts.append(
                f'<text class="count" x="{x}" y="{at}" text-anchor="middle">{found[number]:,}</text>'
            )
    return "".join(texts)


def _count_head(place: int, row: tuple[int | None, dict[int, int]]) -> str:
    y = _HEIGHT - _BOTTOM + 17 + _COUNT_ROW * (place + 1)
    mark = shape(row[0], f"{_LEFT - 26}", f"{y - 4}") if row[0] is not None else ""
    return f'{mark}<text class="count" x="{_LEFT - 12}" y="{y}" text-anchor="middle">n</text>'


def _band(scale: Scale, one: Series, rounds: int) -> str:
    if not any(point.interval for point in one.points):
        return ""
    above = [f"{_x(p.round, rounds)} {_y(scale, p.value + p.interval)}" for p in one.points]
    below = [f"{_x(p.round, rounds)} {_y(scale, p.value - p.interval)}" for p in reversed(one.points)]
    return f'<path class="band s{one.number % SERIES + 1}" d="M{"L".join([*above, *below])}Z"/>'


def _line(scale: Scale, one: Series, rounds: int) -> str:
    places = [(_x(p.round, rounds), _y(scale, p.value)) for p in one.points]
    path = "L".join(" ".join(place) for place in places)
    marks = "".join(
        shape(one.number, *place, title=_point_said(one, p))
        for place, p in zip(places, one.points, strict=True)
    )
    return f'<path class="line s{one.number % SERIES + 1}" d="M{path}"/>{marks}'


def _point_said(one: Series, p: Point) -> str:
    return f"{one.name}, round {p.round}: {p.value:.3f} ± {p.interval:.3f}, {p.completions:,} completions"


# Plots in cells


@dataclass(frozen=True)
class Span:
    """A mark with the interval about it."""

    number: int
    value: float
    low: float | None = None
    high: float | None = None
    hollow: bool = False
    title: str = ""


def spans(scale: Scale, found: Sequence[Span], line: float | None = None) -> str:
    """Marks with their intervals below one another, and a line (zero, or guessing) through all rows."""
    parts = [_upright(scale, line, "zero")] if line is not None else []
    for place, one in enumerate(found, 1):
        y = f"{100 * place / (len(found) + 1):.1f}%"
        if one.low is not None and one.high is not None:
            ends = f'x1="{_percent(scale, one.low)}" x2="{_percent(scale, one.high)}"'
            parts.append(f'<line class="line s{one.number % SERIES + 1}" {ends} y1="{y}" y2="{y}"/>')
        parts.append(shape(one.number, _percent(scale, one.value), y, hollow=one.hollow, title=one.title))
    return _plot(parts)


def way(scale: Scale, number: int, start: float, end: float, truth: float | None) -> str:
    """The way from a start (hollow) to an end (filled), and the ground truth as a dashed line."""
    parts = [_upright(scale, truth, "truth")] if truth is not None else []
    ends = f'x1="{_percent(scale, start)}" x2="{_percent(scale, end)}"'
    parts.append(f'<line class="line s{number % SERIES + 1}" {ends} y1="50%" y2="50%"/>')
    parts.append(shape(number, _percent(scale, start), "50%", hollow=True, title=f"floor {start:.3f}"))
    parts.append(shape(number, _percent(scale, end), "50%", title=f"final {end:.3f}"))
    return _plot(parts)


def axis(scale: Scale) -> str:
    """The numbers under the plots of a table."""
    texts = (
        f'<text class="tick" x="{_percent(scale, tick)}" y="50%" dy="0.34em" text-anchor="middle">'
        f"{scale.text(tick)}</text>"
        for tick in scale.ticks
    )
    return _plot(texts)


def _plot(parts: Iterable[str]) -> str:
    # The numbers are in the other cells of the row.
    return f'<svg class="plot" aria-hidden="true">{"".join(parts)}</svg>'


def _percent(scale: Scale, value: float) -> str:
    return f"{100 * scale.share(value):.2f}%"


def _upright(scale: Scale, value: float, kind: str) -> str:
    x = _percent(scale, value)
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="0" y2="100%"/>'
