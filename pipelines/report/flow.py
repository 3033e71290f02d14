"""Conservation as a picture: rows flow from step to step, and what is left out leaves the stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.counts import counts_in_order, left_out
from pipelines.report.markup import text

_WIDTH, _TOP, _HEIGHT = 1120.0, 52.0, 84.0  # of the drawing; height of the widest stream
_LEFT, _RIGHT, _BAR = 8.0, 120.0, 10.0
_LINE = 17.0  # between reasons
_MOST_REASONS = 5


@dataclass(frozen=True)
class _Stop:
    """A step in the stream: rows that come in, that go on, and that are left out, by reason."""

    name: str
    unit: str
    rows_in: int
    rows_out: int
    reasons: tuple[tuple[str, int], ...]
    missing: int


def flow(manifest: Mapping[str, Any]) -> str:
    """The picture of captions and goals from the first step to the stages' tables, as SVG."""
    stops = [_stop(step, unit, counts) for step, unit, counts in counts_in_order(manifest) if unit != "clips"]
    most = max((stop.rows_in for stop in stops), default=0) or 1
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(stops), 1)
    parts = [_drawn(stop, _LEFT + step * place, step, most) for place, stop in enumerate(stops)]
    end = stops[-1].rows_out if stops else 0
    x = _LEFT + step * len(stops)
    parts.append(_bar(x, end, most) + _words(x + _BAR + 8, _TOP + 14, "stages 2 and 3", f"{end:,} goals"))
    lines = max((min(len(stop.reasons), _MOST_REASONS) + (stop.missing > 0) for stop in stops), default=0)
    bottom = _TOP + _HEIGHT + 40 + _LINE * max(lines, 1)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Flow of rows"><svg class="flow" '
        'role="img" '
        f'aria-label="{text(_said(stops))}" viewBox="0 0 {_WIDTH:.0f} '
        f'{bottom:.0f}">{"".join(parts)}</svg></div>'
    )


def _stop(step: str, unit: str, counts: Mapping[str, Any]) -> _Stop:
    reasons = {**counts["filtered"], **counts["failed"]}
    common = tuple(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
    lost = counts["rows_in"] - counts["rows_out"] - left_out(counts)
    return _Stop(step, unit, counts["rows_in"], counts["rows_out"], common, lost)


def _thick(rows: int, most: int) -> float:
    """A stream is as thick as its rows; the thinnest one can still be seen."""
    return max(_HEIGHT * rows / most, 2.0) if rows else 0.0


def _bar(x: float, rows: int, most: int) -> str:
    return (
        f'<rect x="{x:.1f}" y="{_TOP:.1f}" width="{_BAR}" height="{_thick(rows, most):.1f}" rx="2" '
        'fill="var(--series-1)"/>'
    )


def _words(x: float, y: float, *lines: str, kind: str = "quiet") -> str:
    first, *rest = lines
    told = "".join(
        f'<text class="{kind}" x="{x:.1f}" y="{y + _LINE * place:.1f}">{text(line)}</text>'
        for place, line in enumerate(rest, 1)
    )
    return f'<text x="{x:.1f}" y="{y:.1f}" font-weight="600">{text(first)}</text>{told}'


def _drawn(stop: _Stop, x: float, step: float, most: int) -> str:
    goes, comes = _thick(stop.rows_out, most), _thick(stop.rows_in, most)
    left, right = x + _BAR, x + step
    stream = (
        f'<path d="M{left:.1f} {_TOP:.1f} H{right:.1f} V{_TOP + goes:.1f} H{left:.1f} Z" '
        'fill="var(--series-1)" '
        'opacity="0.22"/>'
    )
    gone = sum(number for _, number in stop.reasons) + max(stop.missing, 0)
    parts = [_bar(x, stop.rows_in, most), stream]
    parts.append(_words(x, _TOP - 34, stop.name, f"{stop.rows_in:,} {stop.unit}"))
    floor = _TOP + _HEIGHT + 30
    if gone:
        thick = min(_thick(gone, most), max(comes - goes, 3.0))
        y, down = _TOP + comes - thick / 2, left + 18 + thick / 2
        parts.append(
            f'<path d="M{left:.1f} {y:.1f} C{down:.1f} {y:.1f} {down:.1f} {y:.1f} {down:.1f} '
            f'{floor:.1f}" fill="none" '
            f'stroke="var(--bad)" stroke-width="{thick:.1f}" opacity="0.8"/>'
        )
    return "".join(parts) + _reasons(stop, left, floor + 18)


def _reasons(stop: _Stop, x: float, y: float) -> str:
    shown = [f"{reason.replace('_', ' ')} {number:,}" for reason, number in stop.reasons[:_MOST_REASONS]]
    more = len(stop.reasons) - len(shown)
    if more > 0:
        shown[-1] = f"and {more + 1} more reasons"
    if stop.missing:
        shown.append(f"{stop.missing:,} unaccounted for")
    if not shown:
        return f'<text class="quiet" x="{x - _BAR:.1f}" y="{_TOP + _HEIGHT + 18:.1f}">all go on</text>'
    return "".join(
        f'<text class="lost" x="{x - _BAR:.1f}" y="{y + _LINE * place:.1f}">{text(line)}</text>'
        for place, line in enumerate(shown)
    )


def _said(stops: list[_Stop]) -> str:
    told = []
    for stop in stops:
        gone = ", ".join(f"{number:,} left out for {reason}" for reason, number in stop.reasons)
        told.append(
            f"{stop.name}: {stop.rows_in:,} in, {stop.rows_out:,} out" + (f", {gone}" if gone else "")
        )
    return "Flow of captions and goals. " + "; ".join(told)
