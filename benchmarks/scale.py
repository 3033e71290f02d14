"""Growth: builds of 1,000, 10,000 and 50,000 goals, what each takes, and what the smaller ones foretell.

Each size is the real command in processes of its own, whose peaks are seen from outside. A size that was
measured with the same code is not measured again, so that a benchmark that was killed goes on.

    scale.py                      measure and print; results/scale.json
    scale.py --write-constants    the constants of `irmogen plan --scale` out of all sizes, too
    scale.py --doc                the tables and the picture of docs/scale.md, too
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from common import RESULTS
from scale_fit import errors_of, final, validated
from scale_page import targets, write_page
from scale_row import code_digest, measured_row

from pipelines import scale_model
from pipelines.scale_model import constants, constants_of
from schemas.storage import write_json

SIZES = [1_000, 10_000, 50_000]
CONSTANTS = Path(scale_model.__file__).with_name(scale_model.CONSTANTS)


def measured(
    sizes: Sequence[int], measure: Callable[[int], dict[str, Any]], file: Path, code: str
) -> list[dict[str, Any]]:
    """A row for each size: the file's where the same code measured it, else a new one, kept at once."""
    held = json.loads(file.read_text()) if file.is_file() else {}
    rows = {row["wanted"]: row for row in held.get("rows", []) if held.get("code") == code}
    for size in sizes:
        if size in rows:
            print(f"{size} goals: measured before")
            continue
        print(f"{size} goals: data, build", flush=True)
        rows[size] = measure(size)
        file.parent.mkdir(exist_ok=True)
        write_json(file, {"code": code, "rows": [rows[one] for one in sorted(rows)]})
    return [rows[size] for size in sorted(sizes)]


def show(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        peaks = ", ".join(f"{peak / 1e6:.0f}" for peak in row["worker_memory"])
        print(
            f"{row['goals']:>8,} goals, {row['shards']} shards: {row['seconds']:.1f} s, "
            f"{1000 * row['seconds'] / row['goals']:.2f} ms a goal; "
            f"peak MB: main {row['main_memory'] / 1e6:.0f}, workers {peaks}; "
            f"{sum(row['bytes'].values()) / 1e6:.0f} MB; gate "
            + ("passed" if row["gate"] else f"refused ({', '.join(row['refused'])})")
        )
        phases = ", ".join(f"{name} {seconds:.1f}" for name, seconds in row["phases"].items())
        steps = ", ".join(
            f"{step} {1000 * spent['elapsed'] / row['goals']:.2f}" for step, spent in row["steps"].items()
        )
        print(f"         phases, s: {phases}; steps, ms a goal: {steps}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="GOALS", help="three or more")
    parser.add_argument("--work", type=Path, default=Path("out/scale"), help="folder for data and corpora")
    parser.add_argument("--results", type=Path, default=RESULTS / "scale.json")
    parser.add_argument("--keep", action="store_true", help="keep data and corpora")
    parser.add_argument("--again", action="store_true", help="measure what was measured before, too")
    parser.add_argument("--write-constants", action="store_true", help=f"into pipelines/{CONSTANTS.name}")
    parser.add_argument("--doc", action="store_true", help="rewrite tables and picture of docs/scale.md")
    args = parser.parse_args()
    if len(set(args.sizes)) < 3 or min(args.sizes) < 100:
        parser.error("--sizes: give three or more different sizes of 100 goals or more")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    args.work.mkdir(parents=True, exist_ok=True)
    if args.again:
        args.results.unlink(missing_ok=True)
    rows = measured(
        args.sizes, partial(measured_row, folder=args.work, keep=args.keep), args.results, code_digest()
    )
    show(rows)
    before = constants()
    try:
        smaller, errors = validated(rows, before)
        values = final(rows, before)
    except ValueError as error:
        sys.exit(str(error))
    for name, text in targets(rows, errors, constants_of(values, "all sizes")):
        print(f"{name}: {text}")
    if args.write_constants:
        write_json(CONSTANTS, values)
        print(f"constants of {len(rows)} sizes: {CONSTANTS}")
    if args.doc:
        write_page(rows, constants_of(smaller, "the smaller sizes"), constants_of(values, "all sizes"))
    other = errors_of(constants_of(values, "all sizes"), rows[-1])
    print(f"with the constants of all sizes: {100 * other['seconds']:+.1f}% of the largest size's time")


if __name__ == "__main__":
    main()
