"""A comparison of two corpora on the screen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pipelines.diff import values
from pipelines.diff.comparison import Comparison, Side, free_settings
from pipelines.diff.distributions import NUMBERS, Shift
from pipelines.diff.manifests import Value
from pipelines.diff.rows import KINDS, Example, TableChanges
from pipelines.evaluate_rows import plain

_AROUND = 4  # words shown beside a change in a text
_LONGEST = 160  # characters of a value
_MOST_CHANGES = 6  # of a row
_MOST_NAMES = 3  # of a distribution by names


def lines(found: Comparison) -> list[str]:
    """Everything that changed, from what matters most; what came from data cannot steer a terminal."""
    parts = (
        _head(found),
        _group("settings", _settings(found)),
        _group("versions", _values(found.versions)),
        _group("rows", _rows(found.tables)),
        _group("counts of the steps", _counts(found)),
        _group("verdict of the gate", _verdict(found)),
        _group("distributions", _distributions(found)),
        _group("examples", _examples(found.tables)),
    )
    return [plain(line) for part in parts for line in part]


def _group(title: str, told: Iterable[str]) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"  {line}" if line else "" for line in told)


def _head(found: Comparison) -> Iterator[str]:
    for value in found.other_kind:
        yield f"Corpora of another {value.name}: {value.before} and {value.after}. {other_kind_means(value)}"
    for letter, side in (("A", found.before), ("B", found.after)):
        yield f"{letter}  {side.path} ({about(side)})"
    yield headline(found)


def about(side: Side) -> str:
    """What a corpus is, in a few words."""
    config = side.manifest["config"]
    return f"{config.get('dataset', 'no dataset')}, {config['skeleton']}, fingerprint {side.fingerprint}"


def headline(found: Comparison) -> str:
    """Whether rows differ, and how many, in a sentence."""
    if not found.differs:
        return "Both hold the same rows."
    told = [f"{sum(getattr(table, kind) for table in found.tables):,} {kind}" for kind in KINDS]
    return f"Rows differ: {', '.join(told)}, {sum(table.same for table in found.tables):,} the same."


def other_kind_means(value: Value) -> str:
    """What follows for the comparison from another skeleton, or another dataset's name."""
    if value.name == "skeleton":
        return "Their motion features cannot be the same."
    return "Ids of goals begin with it: rows of goals and of what is made from them find no partner."


def _values(found: Sequence[Value]) -> Iterator[str]:
    yield from (f"{value.name}: {value.before} -> {value.after}" for value in found)
    if not found:
        yield "the same"


def _settings(found: Comparison) -> Iterator[str]:
    yield from _values(found.settings)
    yield f"(change no byte and are not kept: {', '.join(free_settings())})"


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Rows in columns, the first `left` of them to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _rows(tables: Sequence[TableChanges]) -> Iterator[str]:
    heads = ["table", "A", "B", "added", "gone", "changed", "same"]
    rows = []
    for t in tables:
        numbers = (t.before, t.after, t.added, t.gone, t.changed, t.same)
        rows.append([t.table, *(f"{number:,}" for number in numbers)])
    yield from aligned([heads, *rows])
    for table in tables:
        if table.columns:
            yield f"columns of {table.table} that changed: {columns(table)}"


def columns(table: TableChanges) -> str:
    """The columns that changed, each with the number of rows in which it did, the most frequent first."""
    ordered = sorted(table.columns.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count:,}" for name, count in ordered)


def _counts(found: Comparison) -> Iterator[str]:
    differing = [count for count in found.counts if count.before != count.after]
    if not differing:
        yield "the same"
        return
    rows = [[f"{c.step} {c.unit}", c.what, f"{c.before:,}", f"{c.after:,}", signed(c)] for c in differing]
    yield from aligned([["step", "what", "A", "B", "change"], *rows], left=2)


def signed(count: Any) -> str:
    """The change of a count, with its sign."""
    return f"{count.after - count.before:+,}"


def _verdict(found: Comparison) -> Iterator[str]:
    told = found.verdicts
    yield told.before if told.before == told.after else f"{told.before} -> {told.after}"
    if told.expectations_changed:
        yield "the expectations are others"
    for title, failures in (("A", told.gone), ("B", told.added)):
        yield from (f"fails in {title} only: {failure.words}" for failure in failures)
    yield from (f"fails in both: {failure.words}" for failure in told.both)


def _distributions(found: Comparison) -> Iterator[str]:
    differing = [shift for shift in found.shifts if shift.differs]
    if not differing:
        yield "the same"
        return
    yield "KS, of numbers, and JS, of names, are distances from 0, the same, to 1, nothing in common"
    yield from aligned([[s.title, f"{measure(s)} {distance(s)}", told_shift(s)] for s in differing], left=3)
    same = [shift.title for shift in found.shifts if not shift.differs]
    if same:
        yield f"the same: {', '.join(same)}"


def measure(shift: Shift) -> str:
    """The short name of a shift's distance."""
    return "KS" if shift.measure.kind == NUMBERS else "JS"


def distance(shift: Shift) -> str:
    """A shift's distance; only none is 0."""
    return "< 0.001" if 0 < shift.distance < 0.0005 else number(shift.distance)


def told_shift(shift: Shift) -> str:
    """What moved: mean and quantiles of numbers, the shares of names that moved most."""
    if shift.measure.kind == NUMBERS:
        told = [f"{name} {number(was)} -> {number(now)}" for name, was, now in shift.numbers()]
        return ", ".join(told) + f" {shift.measure.unit}"
    moved = [one for one in shift.shares() if one[1] != one[2]]
    if not moved:
        return f"the same shares; {shift.before.total():,} -> {shift.after.total():,} {shift.measure.unit}"
    told = [f"{name} {100 * was:.1f} -> {100 * now:.1f}%" for name, was, now in moved[:_MOST_NAMES]]
    return ", ".join(told) + (f" and {len(moved) - _MOST_NAMES} more" if len(moved) > _MOST_NAMES else "")


def number(value: float) -> str:
    """A number as people read it; a dash where there is none."""
    return "–" if value != value else f"{value:,.3f}".rstrip("0").rstrip(".")


def _examples(tables: Sequence[TableChanges]) -> Iterator[str]:
    shown = False
    for table in tables:
        for kind in KINDS:
            examples = table.examples[kind]
            if examples:
                shown = True
                yield f"{table.table}: {len(examples)} of {getattr(table, kind):,} {kind}"
                for example in examples:
                    yield from (f"  {line}" for line in _example(example))
    if not shown:
        yield "none"


def _example(example: Example) -> Iterator[str]:
    yield example.key
    if example.before is None or example.after is None:
        yield f"  {shortened(json_text(told_row(example.before or example.after or {})))}"
        return
    found = values.in_a_row(example.before, example.after)
    for change in found[:_MOST_CHANGES]:
        yield f"  {change.place}: {_change(change)}"
    if len(found) > _MOST_CHANGES:
        yield f"  and {len(found) - _MOST_CHANGES} more places"


def told_row(row: dict[str, Any]) -> dict[str, Any]:
    """The values of a row that say something."""
    return {name: value for name, value in row.items() if value not in ("", [], None)}


def json_text(value: Any) -> str:
    """A value as text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def shortened(told: str, most: int = _LONGEST) -> str:
    """The beginning of a long text."""
    return told if len(told) <= most else told[: most - 1] + "…"


def _change(change: values.Change) -> str:
    if change.is_text:
        return "".join(_piece(*piece) for piece in _elided(values.words(change.before, change.after)))
    was, now = (
        shortened(json.dumps(value, ensure_ascii=False), _LONGEST // 2)
        for value in (change.before, change.after)
    )
    if change.before is None:
        return f"added {now}"
    return f"gone {was}" if change.after is None else f"{was} -> {now}"


def _piece(kind: str, told: str) -> str:
    if kind == values.SAME:
        return told
    return f"[-{shortened(told)}-]" if kind == values.GONE else f"{{+{shortened(told)}+}}"


def _elided(pieces: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Long stretches of the same words are cut to those beside a change."""
    for place, (kind, told) in enumerate(pieces):
        words = told.split(" ")
        if kind == values.SAME and len(words) > 2 * _AROUND + 2:
            before = "" if place == 0 else " ".join(words[:_AROUND])
            after = "" if place == len(pieces) - 1 else " ".join(words[-_AROUND:])
            yield kind, f"{before} … {after}".strip() if not before or not after else f"{before} … {after}"
        else:
            yield kind, told
