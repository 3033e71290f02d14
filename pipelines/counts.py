"""A manifest's counts of rows, in the order of the steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from transforms.step import STEPS


def counts_in_order(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Step, what is counted, and its counts; clips come before their captions."""
    for step in STEPS:
        units = manifest["steps"][step]
        for unit in sorted(units, key=lambda unit: (unit != "clips", unit)):
            yield step, unit, units[unit]


def left_out(counts: Mapping[str, Any]) -> int:
    """Rows that were filtered or failed."""
    return sum(counts["filtered"].values()) + sum(counts["failed"].values())


def missing_rows(manifest: Mapping[str, Any]) -> int:
    """Rows that nobody accounts for, and dead letters too many or too few; 0 unless it is broken."""
    all_counts = [counts for _, _, counts in counts_in_order(manifest)]
    lost = sum(abs(counts["rows_in"] - counts["rows_out"] - left_out(counts)) for counts in all_counts)
    letters = manifest["tables"]["dead_letters"]["rows"]
    return lost + abs(sum(left_out(counts) for counts in all_counts) - letters)
