"""Seconds and memory of an evaluation's metrics: 20 repeats over 4,640 pairs of 512 dimensions.

Run: python benchmarks/bench_evaluators.py. Each case runs in a process of its own, for its peak memory.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time

import numpy as np
from common import report

GOALS, DIMENSIONS, SAMPLES, SAMPLED = 4640, 512, 30, 100
TARGETS = {"seconds": 30, "peak MB": 2048}


def measure(mode: str) -> dict[str, object]:
    """All metrics of one set: R-precision, FID, MM-distance, diversity, multimodality, motion distance."""
    from evaluators.evaluation import Truth, score_answers, score_truth
    from evaluators.protocol import EvalGoal, draw_protocol

    rng = np.random.default_rng(0)
    goals = [EvalGoal(f"g{number:05d}", f"m{number:05d}", 0, 120) for number in range(GOALS)]
    protocol = draw_protocol(goals, dataset="t2m", skeleton="t2m", split="test", mode=mode)
    mixing = rng.normal(size=(DIMENSIONS, DIMENSIONS)) / DIMENSIONS**0.5
    motions = rng.normal(size=(GOALS, DIMENSIONS)) @ mixing
    captions = dict(
        zip((goal.goal_id for goal in goals), motions + 0.5 * rng.normal(size=motions.shape), strict=True)
    )
    own = dict(zip((goal.goal_id for goal in goals), motions, strict=True))
    entries = {entry for repeat in protocol.repeats for entry in repeat.entries}
    # Other frames of a clip are another motion, a little away.
    cut = {entry: own[entry.goal_id] + 0.05 * np.sin(entry.start + own[entry.goal_id]) for entry in entries}
    counts = [SAMPLES if number < SAMPLED else 1 for number in range(len(protocol.goal_ids))]
    answers = [
        own[goal_id] + 0.3 * rng.normal(size=(count, DIMENSIONS))
        for goal_id, count in zip(protocol.goal_ids, counts, strict=True)
    ]
    started = time.perf_counter()
    scores = score_answers(Truth(protocol, captions, cut), answers)
    seconds = time.perf_counter() - started
    started = time.perf_counter()
    score_truth(Truth(protocol, captions, cut))
    return {
        "mode": mode,
        "seconds": seconds,
        "seconds of the ground truth": time.perf_counter() - started,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "metrics": len(scores.metrics),
    }


def main() -> None:
    rows = []
    for mode in ("full", "published"):
        code = f"import json; from bench_evaluators import measure; print(json.dumps(measure({mode!r})))"
        environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **os.environ}
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            cwd=os.path.dirname(os.path.abspath(__file__)),
        )
        rows.append(json.loads(done.stdout))
    report("bench_evaluators", rows)
    print("targets:", ", ".join(f"{name} {value}" for name, value in TARGETS.items()))


if __name__ == "__main__":
    main()
