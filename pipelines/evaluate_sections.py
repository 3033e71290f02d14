"""Parts of the evaluation page as HTML: tables and notices. Whatever comes from data is escaped here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from evaluators.ground_truth import OUTSIDE, UNKNOWN, WITHIN
from pipelines.evaluate_rows import BEST, SECOND, Cell, Column, Line, Table, plain
from pipelines.evaluate_summary import PARTIAL, Notice

_MARKS = {BEST: ("b", "best"), SECOND: ("u", "second best")}
_SIGNS = {WITHIN: "✓", OUTSIDE: "✗", UNKNOWN: "?", PARTIAL: "◑"}


@dataclass(frozen=True)
class Plots:
    """A column of plots in a table: what stands over it, a plot for each row, and their axis."""

    head: str  # HTML
    rows: Sequence[str]
    axis: str


def text(value: object) -> str:
    """A value as text in HTML."""
    return escape(plain(value), quote=True)


def card(content: str) -> str:
    """A box; empty for nothing."""
    return f'<div class="card">{content}</div>' if content else ""


# Notices


def banner(notice: Notice) -> str:
    """A notice: a line where all is well, else a box with its reasons."""
    sign = f'<span aria-hidden="true">{_SIGNS[notice.status]}</span>'
    details = ""
    if notice.lines:
        items = "".join(f"<li>{text(line)}</li>" for line in notice.lines)
        details = f'<ul class="small">{items}</ul>'
    if notice.status == WITHIN:
        inside = f"<details><summary>{sign} {text(notice.text)}</summary>{details}</details>"
        return f'<div class="notice within">{inside if details else f"{sign} {text(notice.text)}"}</div>'
    return (
        f'<div class="card notice {notice.status}" role="status"><strong>{sign} {text(notice.text)}</strong>'
        f"{details}</div>"
    )


# Tables


def table(shown: Table, plots: Plots | None = None, *, heading: str = "") -> str:
    """A table in a box that scrolls, with a column of plots behind its labels where there are any.

    Its caption is for screen readers alone where the `heading` above it says the same.
    """
    legend = [f"<{tag}>{said}</{tag}>" for mark, (tag, said) in _MARKS.items() if mark in shown.marked]
    notes = "; ".join([*legend, *map(text, shown.notes)])
    rows = "".join(_row(row, plots.rows[place] if plots else None) for place, row in enumerate(shown.rows))
    foot = ""
    if plots:
        blank = f'<td colspan="{len(shown.heads)}"></td>'
        end = f'<td colspan="{len(shown.columns)}"></td>' if shown.columns else ""
        foot = f'<tfoot><tr>{blank}<td class="plots axis">{plots.axis}</td>{end}</tr></tfoot>'
    name = text(shown.title)
    unseen = ' class="unseen"' if shown.title == heading else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table>'
        f"<caption{unseen}>{name}</caption>{_head(shown, plots)}<tbody>{rows}</tbody>{foot}</table></div>"
        + (f'<p class="muted small notes">{notes}</p>' if notes else "")
    )


def _head(shown: Table, plots: Plots | None) -> str:
    """One row of heads, or two where columns share a name."""
    groups = any(column.group for column in shown.columns)
    both = ' rowspan="2"' if groups else ""
    first = [f'<th scope="col"{both}>{text(head)}</th>' for head in shown.heads]
    if plots:
        first.append(f'<th scope="col" class="plots"{both}>{plots.head}</th>')
    second = []
    for group, columns in groupby(shown.columns, key=lambda column: column.group):
        members = list(columns)
        if group:
            first.append(f'<th scope="colgroup" class="group" colspan="{len(members)}">{text(group)}</th>')
            second += [_column_head(column) for column in members]
        else:
            first += [_column_head(column, both) for column in members]
    rows = [first, second] if groups else [first]
    lines = (f"<tr>{''.join(row)}</tr>" for row in rows)
    return f"<thead>{''.join(lines)}</thead>"


def _column_head(column: Column, extra: str = "") -> str:
    # An arrow or a unit does not stand alone on a line.
    name = Column(column.name, column.better).title.replace(" (%)", "\u00a0(%)")
    name = re.sub(" (?=[↑↓→]$)", "\u00a0", name)
    return f'<th scope="col" class="number"{extra}>{text(name)}</th>'


def _row(row: Line, plot: str | None) -> str:
    first, *others = row.labels
    labels = f'<th scope="row">{text(first)}</th>' + "".join(
        f'<td class="muted">{text(label)}</td>' for label in others
    )
    drawn = f'<td class="plots">{plot}</td>' if plot is not None else ""
    kind = ' class="reference"' if row.reference else ""
    return f"<tr{kind}>{labels}{drawn}{''.join(map(_cell, row.cells))}</tr>"


def _cell(cell: Cell) -> str:
    shown = text(cell.text.replace("-", "−", 1) if cell.text[:1] == "-" else cell.text)
    if cell.mark:
        tag, said = _MARKS[cell.mark]
        shown = f'<{tag}>{shown}</{tag}><span class="unseen"> ({said})</span>'
    if cell.bounds:
        ends = ", ".join(cell.bounds).replace("-", "−")
        shown += f' <span class="spread">[{ends}]</span>'
    elif cell.spread:
        shown += f' <span class="spread">± {cell.spread}</span>'
    return f'<td class="number">{shown}</td>'
