"""Pictures of the report: SVG that takes its colours from the page, the same bytes each time."""

from __future__ import annotations

import html
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# matplotlib wants colours; the page's style sheet has them, for light and for dark.
_COLOURS = {
    "#010101": "var(--ink)",
    "#020202": "var(--muted)",
    "#030303": "var(--line)",
    "#0a0001": "var(--series-1)",
    "#0a0002": "var(--series-2)",
    "#0a0003": "var(--series-3)",
    "#0a0004": "var(--series-4)",
    "#0a0005": "var(--series-5)",
}
_INK, _MUTED, _LINE, *SERIES = _COLOURS
_WIDTH = 5.6  # inches, of 72 units of the picture each
_ROW = 0.21  # inches of a horizontal bar
_STYLE = {
    "svg.hashsalt": "irmogen",
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name with a dollar is a name
    "font.size": 9.0,
    "text.color": _INK,
    "axes.labelcolor": _MUTED,
    "axes.edgecolor": _LINE,
    "xtick.color": _MUTED,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": _LINE,
    "grid.linewidth": 0.6,
}


@dataclass(frozen=True)
class Picture:
    """A picture: its title, what it shows in a sentence, and its SVG."""

    title: str
    summary: str
    svg: str


def bars(title: str, summary: str, values: Mapping[str, Mapping[str, int]]) -> Picture:
    """Horizontal bars, one a row of `values`, stacked by the inner names."""
    parts = list(dict.fromkeys(part for row in values.values() for part in row))
    height = 0.55 + _ROW * max(len(values), 1) + (0.3 if len(parts) > 1 else 0)
    with _drawing(height) as (figure, axes):
        places = np.arange(len(values))
        left = np.zeros(len(values))
        for part, colour in zip(parts, _colours(len(parts)), strict=True):
            widths = np.array([row.get(part, 0) for row in values.values()], float)
            axes.barh(places, widths, left=left, height=0.68, color=colour, label=part)
            left += widths
        for place, total in enumerate(left):
            _behind(axes, f"{int(total):,}", total, place)
        _name_rows(axes, list(values), margin=0.12)
        axes.xaxis.set_major_locator(_whole_numbers(5))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.grid(axis="x")
        _legend(axes, len(parts))
        return Picture(title, summary, _svg(figure, title, summary))


def pairs(title: str, summary: str, values: Mapping[str, Mapping[str, float]]) -> Picture:
    """Horizontal bars of percentages, for each row of `values` one bar of each inner name, side by side."""
    parts = list(dict.fromkeys(part for row in values.values() for part in row))
    thick = 0.8 / max(len(parts), 1)
    with _drawing(0.85 + 0.16 * max(len(values) * len(parts), 1) + 0.08 * len(values)) as (figure, axes):
        places = np.arange(len(values))
        for number, (part, colour) in enumerate(zip(parts, _colours(len(parts)), strict=True)):
            middles = places + (number - (len(parts) - 1) / 2) * thick
            widths = [row.get(part, 0.0) for row in values.values()]
            axes.barh(middles, widths, height=thick * 0.86, color=colour, label=part)
            for middle, width in zip(middles, widths, strict=True):
                _behind(axes, f"{width:.1f}", width, middle, fontsize=7.5)
        _name_rows(axes, list(values), margin=0.1)
        axes.set_xlabel("%")
        axes.grid(axis="x")
        _legend(axes, len(parts))
        return Picture(title, summary, _svg(figure, title, summary))


def histogram(title: str, summary: str, label: str, counts: Mapping[float, int], bins: int) -> Picture:
    """Vertical bars over a number, in at most so many bins of equal width."""
    with _drawing(2.5) as (figure, axes):
        values = np.array(sorted(counts), float)
        weights = np.array([counts[value] for value in sorted(counts)], float)
        if len(values):
            count = min(bins, len(values))
            heights, edges = np.histogram(values, bins=count, weights=weights)
            width = edges[1] - edges[0]
            axes.bar(edges[:-1], heights, width=width * 0.92, align="edge", color=SERIES[0])
        axes.set_xlabel(label)
        axes.yaxis.set_major_locator(_whole_numbers(4))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.grid(axis="y")
        return Picture(title, summary, _svg(figure, title, summary))


def curves(
    title: str, summary: str, label: str, series: Mapping[str, Mapping[int, int]], of: str = "texts"
) -> Picture:
    """Shares of each series' items over a whole number, a line for each series; `of` are the items."""
    with _drawing(2.7) as (figure, axes):
        for (name, counts), colour in zip(series.items(), _colours(len(series)), strict=True):
            values, shares = _shares(counts)
            axes.plot(values, shares, color=colour, label=name, linewidth=1.6)
            axes.fill_between(values, shares, color=colour, alpha=0.12, linewidth=0)
        axes.set_xlabel(label)
        axes.set_ylabel(f"% of {of}")
        axes.set_ylim(bottom=0)
        axes.set_xlim(left=0)
        axes.grid(axis="y")
        _legend(axes, len(series))
        return Picture(title, summary, _svg(figure, title, summary))


def lines(
    title: str, summary: str, label: str, series: Mapping[str, tuple[Sequence[float], Sequence[float]]]
) -> Picture:
    """Lines through points, x and y of each by its name; `label` is under the x axis."""
    with _drawing(2.5) as (figure, axes):
        for (name, (x, y)), colour in zip(series.items(), _colours(len(series)), strict=True):
            axes.plot(x, y, color=colour, label=name, linewidth=1.6)
        axes.set_xlabel(label)
        axes.grid(axis="y")
        _legend(axes, len(series))
        return Picture(title, summary, _svg(figure, title, summary))


def _shares(counts: Mapping[int, int]) -> tuple[list[float], list[float]]:
    """Middles of bins of whole numbers and the percentage of items in each, from 0 to 0."""
    width = max(1, round(max(counts, default=0) / 40))
    binned = np.bincount([value // width for value in counts], list(counts.values()))
    shares = np.concatenate([[0.0], 100 * binned / max(binned.sum(), 1), [0.0]])
    return ((np.arange(len(shares)) - 0.5) * width).tolist(), shares.tolist()


def boxes(title: str, summary: str, label: str, histograms: Mapping[str, NDArray[np.int64]]) -> Picture:
    """Boxes of quartiles with whiskers to 5 and 95%, out of histograms over 0 to 1."""
    with _drawing(0.75 + 0.36 * max(len(histograms), 1)) as (figure, axes):
        for place, counts in enumerate(histograms.values()):
            low, first, median, third, high = quantiles(counts, (0.05, 0.25, 0.5, 0.75, 0.95))
            axes.plot([low, high], [place, place], color=_MUTED, linewidth=1)
            axes.barh(place, max(third - first, 0.004), left=first, height=0.56, color=SERIES[0])
            axes.plot([median, median], [place - 0.38, place + 0.38], color=_INK, linewidth=1.8)
        axes.set_yticks(range(len(histograms)), list(histograms))
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_xlim(0, 1)
        axes.set_xlabel(label)
        axes.grid(axis="x")
        return Picture(title, summary, _svg(figure, title, summary))


def quantiles(counts: NDArray[np.int64], shares: Sequence[float]) -> list[float]:
    """Quantiles of values over 0 to 1 of which only a histogram is kept; 0 for none."""
    total = np.cumsum(counts)
    if not len(total) or total[-1] == 0:
        return [0.0 for _ in shares]
    found = []
    for share in shares:
        wanted = max(share * total[-1], 1e-9)  # above 0, so that the bin holds something
        place = int(np.searchsorted(total, wanted))
        inside = (wanted - (total[place] - counts[place])) / counts[place]
        found.append(float(place + inside) / len(counts))
    return found


def median_of(counts: Counter[int]) -> int:
    """The (lower) median of counted numbers; 0 for none."""
    half, seen = (counts.total() + 1) // 2, 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= half:
            return value
    return 0


@contextmanager
def _drawing(height: float) -> Iterator[tuple[Figure, Axes]]:
    """One axes on a figure, drawn in the report's style and without pyplot's state."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained", facecolor="none")
        yield figure, figure.add_subplot(facecolor="none")


def _behind(axes: Axes, label: str, end: float, place: float, **style: Any) -> None:
    """A label behind the end of a horizontal bar."""
    axes.annotate(
        label, (end, place), xytext=(4, 0), textcoords="offset points", va="center", color=_MUTED, **style
    )


def _name_rows(axes: Axes, names: list[str], margin: float) -> None:
    """Names of the rows of horizontal bars, the first one on top; room for the labels behind them."""
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.margins(x=margin, y=0.02)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _colours(count: int) -> list[str]:
    return [SERIES[place % len(SERIES)] for place in range(count)]


def _whole_numbers(most: int) -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, integer=True)


def _legend(axes: Axes, entries: int) -> None:
    if entries > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=entries, frameon=False, borderaxespad=0.2)


def _svg(figure: Figure, title: str, summary: str) -> str:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    box = re.search(r'viewBox="([^"]+)"', text)
    body = text[text.index("<defs>") : text.rindex("</svg>")]
    prefix = re.sub(r"\W+", "-", title.lower())
    body = re.sub(r'\bid="', f'id="{prefix}-', body)
    body = re.sub(r'(xlink:href="|url\()#', rf"\1#{prefix}-", body)
    for sentinel, colour in _COLOURS.items():
        body = body.replace(sentinel, colour)
    label = html.escape(f"{title}. {summary}", quote=True)
    return (
        f'<svg role="img" aria-label="{label}" viewBox="{box[1] if box else ""}" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink">{body}</svg>'
    )
