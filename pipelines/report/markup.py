"""Parts of pages as HTML; whatever comes from data is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def text(value: object) -> str:
    """A value as text in HTML, whole numbers with their thousands set off."""
    return escape(f"{value:,}" if isinstance(value, int) else str(value), quote=True)


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: Sequence[int] = (),
    label: str = "",
) -> str:
    """A table out of HTML cells, in a box that scrolls sideways; `numbers` are the columns of numbers."""

    def cell(tag: str, place: int, content: str, extra: str = "") -> str:
        kind = ' class="number"' if place in numbers else ""
        return f"<{tag}{extra}{kind}>{content}</{tag}>"

    head = "".join(cell("th", place, text(name), ' scope="col"') for place, name in enumerate(heads))
    body = "\n".join(
        "<tr>"
        + "".join(
            cell("td" if place else "th", place, content, "" if place else ' scope="row"')
            for place, content in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(label)}"><table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def mark(good: bool, yes: str, no: str) -> str:
    """A word of praise or blame that does not rely on its colour."""
    sign, kind, said = ("✓", "good", yes) if good else ("✗", "bad", no)
    return f'<span class="mark {kind}"><span aria-hidden="true">{sign}</span> {text(said)}</span>'


def section(key: str, title: str, content: str, lead: str = "") -> str:
    """A part of a page under a heading; `lead` is HTML that says in a line what one sees."""
    said = f'<p class="lead">{lead}</p>' if lead else ""
    return f'<section aria-labelledby="{key}"><h2 id="{key}">{text(title)}</h2>{said}\n{content}\n</section>'


def card(content: str, kind: str = "") -> str:
    """A box."""
    return f'<div class="card {kind}">{content}</div>' if kind else f'<div class="card">{content}</div>'


def details(summary: str, content: str, *, opened: bool = False) -> str:
    """Something to open, under HTML that is always shown."""
    return f"<details{' open' if opened else ''}><summary>{summary}</summary>\n{content}</details>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values (HTML), each value under its name."""
    rows = "".join(f"<div><dt>{text(name)}</dt><dd>{value}</dd></div>" for name, value in pairs)
    return f'<dl class="facts">{rows}</dl>'


def counted(number: int, name: str) -> str:
    """How many of something, in words that agree: "1 statement", "2 statements"."""
    return f"{number:,} {name}" + ("" if number == 1 else "s")


def percent(part: float | None) -> str:
    """A share as people read it; a dash for a share of nothing. Only none is 0% and only all is 100%."""
    if part is None:
        return "–"
    if 0 < part < 0.0005:
        return "< 0.1%"
    if 0.9995 <= part < 1:
        return "> 99.9%"
    return f"{100 * part:.1f}%"
