"""What is counted of a table's rows: a bounded record, however many rows there are."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa

from schemas.profile import EXAMPLES, MAX_VALUES, OTHERS

_SHOWN = 200  # characters of a value that an example shows
_BINS = 200  # the last one holds what is larger


class Tally:
    """Checks that rows failed, with examples; numbers and words that they hold."""

    def __init__(self) -> None:
        self.rows = 0
        self.nulls: dict[str, int] = {}
        self._checks: dict[str, dict[str, Any]] = {}
        self._numbers: dict[str, dict[str, Any]] = {}
        self._counts: dict[str, Counter[str]] = {}

    def check(self, name: str, holds: bool, row_id: object, value: object = "") -> None:
        """Note a row that does not hold what a check asks; `value` is what it has instead."""
        if holds:
            return
        held = self._checks.setdefault(name, {"count": 0, "examples": []})
        held["count"] += 1
        if len(held["examples"]) < EXAMPLES:
            held["examples"].append(f"{row_id}: {name} = {str(value)[:_SHOWN]}")

    def number(self, name: str, value: float, row_id: object, width: float = 1) -> None:
        """Note a number that a row holds; bins of the histogram are so wide."""
        held = self._numbers.get(name)
        if held is None:
            held = {"count": 0, "millionths": 0, "low": [], "high": [], "width": width, "bins": Counter()}
            self._numbers[name] = held
        held["count"] += 1
        held["millionths"] += round(value * 1e6)
        # With a little more, so that 0.3 / 0.1 does not fall short of its bin.
        held["bins"][str(max(-1, min(_BINS, int(value / width + 1e-9))))] += 1
        _keep(held["low"], [value, str(row_id)], largest=False)
        _keep(held["high"], [value, str(row_id)], largest=True)

    def count(self, name: str, value: object, times: int = 1) -> None:
        """Note a word that a row holds; values beyond the first few hundred share a name."""
        held = self._counts.get(name)
        if held is None:
            held = self._counts[name] = Counter()
        word = str(value)
        held[word if word in held or len(held) < MAX_VALUES else OTHERS] += times

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "rows": self.rows,
            "nulls": self.nulls,
            "checks": self._checks,
            "numbers": self._numbers,
            "counts": self._counts,
        }


def _keep(held: list[list[Any]], entry: list[Any], largest: bool) -> None:
    """Keep the few smallest, or largest, numbers with their rows, in order."""
    if len(held) == EXAMPLES and (entry <= held[-1] if largest else entry >= held[-1]):
        return
    held.append(entry)
    held.sort(reverse=largest)
    del held[EXAMPLES:]


def null_counts(table: pa.Table) -> dict[str, int]:
    """Nulls of every column and of every field inside, by its path, where there are any."""
    found: dict[str, int] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        for chunk in column.chunks:
            _count_nulls(name, chunk, found)
    return found


def _count_nulls(path: str, array: pa.Array, found: dict[str, int]) -> None:
    if array.null_count:
        found[path] = found.get(path, 0) + array.null_count
    if pa.types.is_struct(array.type):
        for place in range(array.type.num_fields):
            _count_nulls(f"{path}.{array.type.field(place).name}", array.field(place), found)
    elif pa.types.is_list(array.type):
        _count_nulls(path, array.flatten(), found)
