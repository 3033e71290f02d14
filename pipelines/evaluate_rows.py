"""Tables of an evaluation as plain rows, whatever form they are shown in: columns, cells, best and second."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ABSENT = "–"
BEST, SECOND = "best", "second"
# Which value of a column is best; "" for a column without a best.
HIGHER, LOWER, NEAREST = "higher", "lower", "nearest"
ARROWS = {HIGHER: "↑", LOWER: "↓", NEAREST: "→", "": ""}
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))  # controls, overrides, lone surrogates


@dataclass(frozen=True)
class Column:
    """A column: `group` is what it shares with its neighbours, as "R-precision" with top 1, 2 and 3."""

    name: str
    better: str = ""
    group: str = ""

    @property
    def title(self) -> str:
        """Its whole name, with its arrow."""
        lowered = self.name[:1].lower() + self.name[1:] if self.group else self.name
        return " ".join(part for part in (self.group, lowered, ARROWS[self.better]) if part)


@dataclass(frozen=True)
class Cell:
    """What a cell shows: a number (or words), the half width or the ends of its interval, and its mark."""

    text: str = ABSENT
    spread: str = ""
    bounds: tuple[str, str] | None = None
    mark: str = ""


@dataclass(frozen=True)
class Line:
    """A row: what names it, and its cells. A reference (the ground truth) does not compete for marks."""

    labels: tuple[str, ...]
    cells: tuple[Cell, ...]
    reference: bool = False
    key: str = ""  # of what it is of, as the id of a set


@dataclass(frozen=True)
class Table:
    """A table; `heads` are over the labels of its rows, `notes` go below it."""

    key: str  # letters, digits and hyphens
    title: str
    heads: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Line, ...]
    notes: tuple[str, ...] = ()

    @property
    def marked(self) -> frozenset[str]:
        """The marks that occur in it."""
        return frozenset(cell.mark for row in self.rows for cell in row.cells if cell.mark)


@dataclass(frozen=True)
class Measure:
    """A measured value that may become a column: its name in the results and how it is shown."""

    name: str
    column: Column
    decimals: int = 3
    scale: float = 1  # 100 for a share that is shown in per cent


@dataclass(frozen=True)
class Entry:
    """A row to be: its values are numbers, None, or mappings of a mean with its interval."""

    labels: tuple[str, ...]
    values: Mapping[str, Any]
    reference: bool = False
    key: str = ""


def plain(text: object) -> str:
    """Text on one line without signs that act rather than show: they are written as their code."""
    return "".join(
        " " if sign in "\t\r\n" else f"\\u{ord(sign):04x}" if unicodedata.category(sign) in _UNSEEN else sign
        for sign in str(text)
    )


def number(value: Any, decimals: int = 3, scale: float = 1) -> str:
    """A number with so many decimals, without a sign before zero; a dash where there is none."""
    found = _real(value)
    if found is None:
        return ABSENT
    shown = f"{found * scale:.{decimals}f}"
    return shown.removeprefix("-") if float(shown) == 0 else shown


def p_value(value: Any) -> str:
    """A p value as papers write it."""
    found = _real(value)
    return ABSENT if found is None else "< 0.001" if found < 0.001 else number(found)


def table_of(
    key: str, title: str, heads: Sequence[str], measures: Sequence[Measure], entries: Sequence[Entry]
) -> Table | None:
    """A table of the measures that any entry has, and of the entries that have any; None without both."""
    used = [measure for measure in measures if any(_has(entry, measure) for entry in entries)]
    kept = [entry for entry in entries if any(_has(entry, measure) for measure in used)]
    if not any(not entry.reference for entry in kept):
        return None
    columns = [_column(measure, kept) for measure in used]
    cells = [[column[place] for column in columns] for place in range(len(kept))]
    rows = tuple(
        Line(tuple(map(plain, entry.labels)), tuple(row), entry.reference, entry.key)
        for entry, row in zip(kept, cells, strict=True)
    )
    shown = tuple(_shown_column(measure, kept) for measure in used)
    return Table(key, title, tuple(heads), shown, rows)


def marks(shown: Sequence[str], better: str, target: str = ABSENT) -> list[str]:
    """Best and second of numbers as they are shown: what looks equal shares a mark.

    Nobody is best alone, and second is no praise for the last of two. `target` is what "nearest" means.
    """
    ranks = [_rank(text, better, target) for text in shown]
    known = sorted({rank for rank in ranks if rank is not None})
    competing = sum(rank is not None for rank in ranks)
    if competing < 2:
        return ["" for _ in shown]
    names = {known[0]: BEST} | ({known[1]: SECOND} if competing > 2 and len(known) > 1 else {})
    return ["" if rank is None else names.get(rank, "") for rank in ranks]


def _rank(text: str, better: str, target: str) -> float | None:
    """Smaller is better; rounded again, since a difference of rounded numbers is not round."""
    if text == ABSENT or not better or (better == NEAREST and target == ABSENT):
        return None
    if better == NEAREST:
        return round(abs(float(text) - float(target)), 9)
    return -float(text) if better == HIGHER else float(text)


def _column(measure: Measure, entries: Sequence[Entry]) -> list[Cell]:
    """The cells of a measure, marked."""
    cells = [cell_of(entry.values.get(measure.name), measure.decimals, measure.scale) for entry in entries]
    models = [place for place, entry in enumerate(entries) if not entry.reference]
    target = next((cells[p].text for p, entry in enumerate(entries) if entry.reference), ABSENT)
    found = marks([cells[place].text for place in models], measure.column.better, target)
    marked = dict(zip(models, found, strict=True))
    return [
        Cell(cell.text, cell.spread, cell.bounds, marked.get(place, "")) for place, cell in enumerate(cells)
    ]


def _shown_column(measure: Measure, entries: Sequence[Entry]) -> Column:
    """The column; "nearest" says nothing where the ground truth has no value."""
    column = measure.column
    if column.better == NEAREST and not any(e.reference and _has(e, measure) for e in entries):
        return Column(column.name, "", column.group)
    return column


def cell_of(value: Any, decimals: int = 3, scale: float = 1) -> Cell:
    """The cell of a number, of a mean with its interval, or of a value with the ends of its interval."""
    if not isinstance(value, Mapping):
        return Cell(number(value, decimals, scale))
    text = number(value.get("mean", value.get("value")), decimals, scale)
    if text == ABSENT:
        return Cell()
    spread = number(value.get("interval"), decimals, scale)
    ends = tuple(number(value.get(end), decimals, scale) for end in ("low", "high"))
    return Cell(
        text,
        "" if spread == ABSENT else spread,
        None if ABSENT in ends else (ends[0], ends[1]),
    )


def _has(entry: Entry, measure: Measure) -> bool:
    return cell_of(entry.values.get(measure.name)).text != ABSENT


def _real(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
