"""What the gate judges: a small frame of statistics for each suite, and the examples behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.counts import left_out
from pipelines.gate_statistics import corpus_statistics
from pipelines.suites import CONSERVATION, CORPUS, NEVER_EMPTY, TABLES_HELD, Suites
from schemas.profile import EXAMPLES

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Frame:
    """Statistics to be judged, a row each time; `rows` counts what they are about."""

    rows: int
    values: list[dict[str, Any]]
    key: str = ""  # the column that names a row, where there are several
    examples: dict[str, list[str]] = field(default_factory=dict)  # by column

    def shown(self, column: str, place: int) -> list[str]:
        """Examples of what a row of a column counts."""
        if self.key:
            row = self.values[place]
            return [f"{row[self.key]}: {column} = {row[column]}"]
        return self.examples.get(column, [])


def frames(
    profile: Values, across: Values, config: Values, steps: Values, wanted: Suites
) -> dict[str, Frame]:
    """The frame of every suite; ValueError where the profile checks what no suite asks."""
    tables = profile["tables"]
    found = {
        name: _of_table(name, tables[name], [each.column for each in suite])
        for name, suite in wanted.items()
        if name in tables
    }
    found[CONSERVATION] = _conservation(steps)
    held = [{"table": name, "rows": tables[name]["rows"]} for name in NEVER_EMPTY]
    found[TABLES_HELD] = Frame(len(held), held, "table")
    statistics = corpus_statistics(profile, across, config, steps)
    found[CORPUS] = Frame(
        sum(tables[name]["rows"] for name in tables),
        [{name: value for name, (value, _) in statistics.items()}],
        examples={name: shown for name, (_, shown) in statistics.items()},
    )
    return found


def _of_table(name: str, table: Values, columns: list[str]) -> Frame:
    """Rows that fail each check of a table."""
    checks = dict(table.get("checks", {}))
    nulls = table.get("nulls", {})
    checks["nulls"] = {
        "count": sum(nulls.values()),
        "examples": [f"{path}: {count} nulls" for path, count in sorted(nulls.items())][:EXAMPLES],
    }
    unasked = sorted(set(checks) - set(columns))
    if unasked:
        raise ValueError(f"{name}: the profile checks {unasked[0]!r}, which no expectation names; add one")
    values = {column: checks[column]["count"] if column in checks else 0 for column in columns}
    examples = {column: check["examples"] for column, check in checks.items()}
    return Frame(table["rows"], [values], examples=examples)


def _conservation(steps: Values) -> Frame:
    """One row a step and unit: what went in, what came out, what nobody can account for."""
    rows = []
    for step, units in steps.items():
        for unit, counts in units.items():
            lost = counts["rows_in"] - counts["rows_out"] - left_out(counts)
            share = sum(counts["failed"].values()) / counts["rows_in"] if counts["rows_in"] else 0.0
            kept = counts["rows_out"] / counts["rows_in"] if counts["rows_in"] else 0.0
            rows.append(
                {"step": f"{step}/{unit}", "unaccounted": lost, "failed_share": share, "kept_share": kept}
            )
    return Frame(len(rows), rows, "step")
