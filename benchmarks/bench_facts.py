"""Clips a second of the measured facts, of differences and of similarities, on one core.

Run: python benchmarks/bench_facts.py
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from motion.compare import differences, fact_vector, similarity
from motion.demo.dataset import write_demo
from motion.facts import measure
from motion.skeleton import SKELETONS

CLIPS = 300
FRAMES = 100
RESULTS = Path(__file__).parent / "results" / "bench_facts.json"
TARGETS = {"measure": 500}


def clips_of(name: str) -> list[np.ndarray]:
    """Demo clips of exactly FRAMES frames: longer ones cut, shorter ones held at their end."""
    with TemporaryDirectory() as folder:
        write_demo(Path(folder), motions=CLIPS, skeleton=name)
        loaded = [np.load(path) for path in sorted(Path(folder).glob("new_joints/*.npy"))]
    return [clip[np.minimum(np.arange(FRAMES), len(clip) - 1)] for clip in loaded]


def rate(count: int, work: Callable[[], object], repeats: int = 3) -> float:
    """Best items a second of several runs, by the processor's time."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return count / best


def main() -> None:
    rows: dict[str, dict[str, float]] = {}
    for name, body in SKELETONS.items():
        clips = clips_of(name)
        facts = measure(clips, body)
        pairs = list(pairwise(facts))
        rows[name] = {
            "measure": rate(len(clips), lambda c=clips, b=body: measure(c, b)),
            "differences": rate(len(pairs), lambda p=pairs: [differences(*pair) for pair in p]),
            "similarity": rate(len(pairs), lambda p=pairs: [similarity(*pair) for pair in p]),
            "fact_vector": rate(len(facts), lambda f=facts: [fact_vector(item) for item in f]),
        }
    print(f"{'':8}{'step':14}{'a second':>12}{'target':>10}")
    for name, values in rows.items():
        for step, value in values.items():
            print(f"{name:8}{step:14}{value:12,.0f}{TARGETS.get(step, ''):>10}")
    RESULTS.parent.mkdir(exist_ok=True)
    report = {"frames": FRAMES, "clips": CLIPS, "cores": 1, "rates": rows}
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
