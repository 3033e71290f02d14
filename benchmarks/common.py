"""What benchmarks share: a table on the screen, JSON beside it."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def best_of(work: Callable[[], object], repeats: int = 5) -> float:
    """Shortest wall time in seconds of several runs after a warm-up: the least disturbed one."""
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def report(name: str, rows: list[dict[str, object]]) -> None:
    """Print rows as a table and write them to results/NAME.json."""
    columns = list(rows[0])
    cells = [columns, *([_shown(row[column]) for column in columns] for row in rows)]
    widths = [max(len(str(line[n])) for line in cells) for n in range(len(columns))]
    for line in cells:
        print("  ".join(str(cell).ljust(width) for cell, width in zip(line, widths, strict=True)))
    RESULTS.mkdir(exist_ok=True)
    values = {"machine": platform.processor() or platform.machine(), "python": platform.python_version()}
    (RESULTS / f"{name}.json").write_text(json.dumps({**values, "rows": rows}, indent=2) + "\n")


def _shown(value: object) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else str(value)
