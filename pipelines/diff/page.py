"""A comparison of two corpora as a page: the report's shell and style, no script, no network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pipelines.diff import text as told
from pipelines.diff import values
from pipelines.diff.comparison import Comparison, Side, free_settings
from pipelines.diff.distributions import ALIGNMENT, NUMBERS, Shift
from pipelines.diff.manifests import Failure, Value
from pipelines.diff.rows import KINDS, Example, TableChanges
from pipelines.report.markup import card, counted, details, facts, section, table, text
from pipelines.report.pictures import Picture, boxes, curves, pairs
from pipelines.report.shell import standalone

_MOST_NAMES = 16  # in a picture
_MOST_CHANGES = 12  # shown of a row
_BINS = 50  # of alignment scores, 0 to 1


def page(found: Comparison) -> str:
    """The HTML of a comparison; everything from data is escaped."""
    parts = [
        _head(found),
        section("settings", "Settings and versions", _settings(found)),
        section("rows", "Rows by table", card(_rows(found.tables))),
        section("counts", "Counts of the steps", card(_counts(found))),
        section("verdict", "Verdict of the gate", card(_verdict(found))),
        section(
            "distributions",
            "Distributions",
            _distributions(found),
            "KS (of numbers) and JS (of names) are distances from 0, the same, to 1, nothing in common.",
        ),
        section(
            "examples",
            "Examples",
            _examples(found.tables),
            "Drawn by a hash of their id. <ins>Underlined</ins> words came, <del>struck</del> words went.",
        ),
    ]
    names = " and ".join(side.path for side in (found.before, found.after))
    footer = (
        "Made by irmogen diff from the manifests and shards of both corpora. Texts and motions belong to "
        "the datasets that they were built from; their licences govern them."
    )
    return standalone("Two corpora compared", "\n".join(parts), name=told.plain(names), footer=footer)


def _text(value: object) -> str:
    """A value from data as text in HTML, signs that act rather than show by their code."""
    return text(told.plain(value))


def _head(found: Comparison) -> str:
    title = "The rows differ" if found.differs else "Both hold the same rows"
    warnings = "".join(
        f"<p><strong>Corpora of another {text(v.name)}:</strong> {_text(v.before)} and {_text(v.after)}. "
        f"{text(told.other_kind_means(v))}</p>"
        for v in found.other_kind
    )
    sign = "≠" if found.differs else "="
    sizes = "".join(
        f"<div><dt>{kind} rows</dt><dd>{sum(getattr(t, kind) for t in found.tables):,}</dd></div>"
        for kind in (*KINDS, "same")
    )
    return (
        f'<div class="card verdict{" bad" if found.differs else ""}"><span class="sign" aria-hidden="true">'
        f"{sign}</span><div><h1>{title}</h1>{warnings}"
        f'{_side("A", found.before)}{_side("B", found.after)}</div></div>\n<dl class="sizes">{sizes}</dl>'
    )


def _side(letter: str, side: Side) -> str:
    return (
        f'<p class="muted small"><strong>{letter}</strong> <span class="id">{_text(side.path)}</span> · '
        f"{_text(told.about(side))}</p>"
    )


def _settings(found: Comparison) -> str:
    free = ", ".join(free_settings())
    return card(
        f"<h3>Settings</h3>{_values(found.settings, 'settings')}"
        f'<p class="muted small">These change no byte and are not kept: {text(free)}.</p>'
    ) + card(f"<h3>Versions</h3>{_values(found.versions, 'versions')}")


def _values(found: Sequence[Value], label: str) -> str:
    if not found:
        return "<p>The same in both.</p>"
    rows = [[_text(v.name), _text(v.before), _text(v.after)] for v in found]
    return table(["Name", "A", "B"], rows, label=f"{label.capitalize()} that differ")


def _rows(tables: Sequence[TableChanges]) -> str:
    heads = ["Table", "A", "B", "Added", "Gone", "Changed", "Same", "Columns that changed, in so many rows"]
    rows = []
    for t in tables:
        numbers = (t.before, t.after, t.added, t.gone, t.changed, t.same)
        rows.append([text(t.table), *map(text, numbers), text(told.columns(t))])
    return table(heads, rows, numbers=range(1, 7), label="Rows by table")


def _counts(found: Comparison) -> str:
    every = [
        [text(f"{c.step} {c.unit}"), _text(c.what), text(c.before), text(c.after), told.signed(c)]
        for c in found.counts
    ]
    differing = [row for row, c in zip(every, found.counts, strict=True) if c.before != c.after]
    heads = ["Step", "What", "A", "B", "Change"]
    shown = table(heads, differing, numbers=(2, 3, 4), label="Counts that differ") if differing else ""
    whole = details("All counts", table(heads, every, numbers=(2, 3, 4), label="All counts"))
    return (shown or "<p>The same in both.</p>") + whole


def _verdict(found: Comparison) -> str:
    verdict = found.verdicts
    others = "" if not verdict.expectations_changed else "<p>The expectations are others.</p>"
    lists = (
        ("Fails in A only", verdict.gone),
        ("Fails in B only", verdict.added),
        ("Fails in both", verdict.both),
    )
    return (
        facts((("A", text(verdict.before)), ("B", text(verdict.after))))
        + others
        + "".join(f"<h3>{title}</h3>{_failures(listed)}" for title, listed in lists if listed)
    )


def _failures(failures: Sequence[Failure]) -> str:
    return f"<ul>{''.join(f'<li>{_text(failure.words)}</li>' for failure in failures)}</ul>"


def _distributions(found: Comparison) -> str:
    differing = [shift for shift in found.shifts if shift.differs]
    same = [shift.title for shift in found.shifts if not shift.differs]
    rest = f'<p class="muted small">The same in both: {_text(", ".join(same))}.</p>' if same else ""
    if not differing:
        return card("<p>The same in both.</p>" + rest)
    scores = [shift for shift in differing if shift.measure is ALIGNMENT]
    drawn = [_drawn(shift) for shift in differing if shift.measure is not ALIGNMENT]
    if scores:
        drawn.append(_scores(scores))
    rows = [
        [
            _text(shift.title),
            f"{told.measure(shift)} {told.distance(shift)}",
            _text(told.told_shift(shift)),
        ]
        for shift in differing
    ]
    figures = "\n".join(_figure(picture) for picture in drawn)
    return (
        card(table(["What", "Distance", "A and B"], rows, label="Shifts of distributions") + rest)
        + f'<div class="pictures">{figures}</div>'
    )


def _figure(drawn: Picture) -> str:
    return (
        f'<figure class="card"><figcaption><strong>{_text(drawn.title)}</strong>'
        f'<span class="muted small">{_text(drawn.summary)}</span></figcaption>\n{drawn.svg}</figure>'
    )


def _drawn(shift: Shift) -> Picture:
    summary = f"{told.measure(shift)} distance {told.distance(shift)}"
    if shift.measure.kind == NUMBERS:
        items = "clips" if shift.measure.unit == "frames" else "texts"
        series = {"A": shift.before, "B": shift.after}
        return curves(shift.title, summary, shift.measure.unit, series, of=items)
    shares = shift.shares()
    shown = sorted(shares[:_MOST_NAMES], key=lambda one: (-max(one[1:]), one[0]))
    if len(shares) > len(shown):
        summary += f"; the {len(shown)} of {len(shares)} that shifted most"
    rows = {told.plain(name).replace("_", " "): {"A": 100 * was, "B": 100 * now} for name, was, now in shown}
    return pairs(shift.title, summary, rows)


def _scores(shifts: Sequence[Shift]) -> Picture:
    rows = {}
    for shift in shifts:
        for letter, counts in (("A", shift.before), ("B", shift.after)):
            heights, _ = np.histogram(list(counts), _BINS, (0, 1), weights=list(counts.values()))
            rows[f"{shift.series}, {letter}"] = heights.astype(np.int64)
    summary = "Box: middle half; line: median; whiskers: 5 to 95% of the intermediate motions"
    return boxes(ALIGNMENT.title, summary, "alignment with the goal", rows)


def _examples(tables: Sequence[TableChanges]) -> str:
    parts: list[str] = []
    for one in tables:
        for kind in KINDS:
            shown = one.examples[kind]
            if shown:
                summary = (
                    f'{text(one.table)} <span class="muted small">{len(shown)} of '
                    f"{counted(getattr(one, kind), 'row')} {kind}</span>"
                )
                parts.append(card(details(summary, "\n".join(map(_example, shown)), opened=not parts)))
    return "\n".join(parts) or card("<p>None to show.</p>")


def _example(example: Example) -> str:
    if example.before is None or example.after is None:
        content = facts(
            (name, _text(told.shortened(told.json_text(value), 600)))
            for name, value in told.told_row(example.before or example.after or {}).items()
        )
    else:
        found = values.in_a_row(example.before, example.after)
        rows = [[f'<span class="id">{_text(c.place)}</span>', _change(c)] for c in found[:_MOST_CHANGES]]
        content = table(["Where", "From A to B"], rows, label=f"Changes of {told.plain(example.key)}")
        more = len(found) - _MOST_CHANGES
        content += f'<p class="muted small">and {counted(more, "more place")}</p>' if more > 0 else ""
    return f'<div class="finding"><h3><span class="id">{_text(example.key)}</span></h3>{content}</div>'


def _change(change: values.Change) -> str:
    if change.is_text:
        return "".join(_piece(*piece) for piece in values.words(change.before, change.after))
    pieces: list[tuple[str, Any]] = [(values.GONE, change.before), (values.ADDED, change.after)]
    return " ".join(
        _piece(kind, told.shortened(told.json_text(value) or "(empty)", 600))
        for kind, value in pieces
        if value is not None
    )


def _piece(kind: str, words: str) -> str:
    """Some words; what they are is told to those who do not see the mark."""
    if kind == values.SAME:
        return _text(words)
    tag, said = ("del", "went: ") if kind == values.GONE else ("ins", "came: ")
    return f'<{tag}><span class="unseen">{said}</span>{_text(words)}</{tag}>'
