"""The build: time a goal and peak memory for a small and a ten times larger dataset, side by side.

Each build is the real command in its own process; the peak is the largest resident set of it and
its children. `--sizes` takes other numbers of clips.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from common import report

_MEASURE = """
import json, resource, sys, time
from pipelines.cli import main
started = time.perf_counter()
code = main(sys.argv[1:])
own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print("RESULT", json.dumps([time.perf_counter() - started, own, children, code]))
"""


def measure(*arguments: str) -> tuple[float, float]:
    """Seconds and peak memory in MB of one command in a process of its own."""
    command = [sys.executable, "-c", _MEASURE, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    seconds, own, children, code = json.loads(lines[-1].removeprefix("RESULT "))
    if code != 0:
        raise RuntimeError(f"{command} ended with {code}: {done.stderr[-2000:]}")
    return seconds, max(own, children) / 1024


def build_row(folder: Path, motions: int, flags: list[str]) -> dict[str, object]:
    """One row of the table: a dataset of so many clips, built."""
    data, corpus = folder / f"data{motions}", folder / f"corpus{motions}"
    measure("demo-data", "--output", str(data), "--motions", str(motions))
    seconds, peak = measure("build", "--input", str(data), "--output", str(corpus), *flags)
    again, _ = measure("build", "--input", str(data), "--output", str(corpus), *flags)
    manifest = json.loads((corpus / "manifest.json").read_text())
    goals = manifest["steps"]["assemble"]["goals"]["rows_out"]
    size = sum(path.stat().st_size for path in corpus.rglob("*") if path.is_file())
    return {
        "clips": motions,
        "goals": goals,
        "seconds": seconds,
        "goals/s": goals / seconds,
        "ms/goal": 1000 * seconds / goals,
        "peak MB": peak,
        "corpus MB": size / 1e6,
        "nothing to do, s": again,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 5000])
    args, flags = parser.parse_known_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as folder:
        rows = [build_row(Path(folder), motions, flags) for motions in args.sizes]
    report("build", rows)


if __name__ == "__main__":
    main()
