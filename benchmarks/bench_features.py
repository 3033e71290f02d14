"""Features and joints: clips of 100 frames a second on one core, in batches.

Run with one thread (OMP_NUM_THREADS=1), as `make bench` does. The original method, measured on such
a core: 4,400 clips a second for joints from features, 130 for features from joints.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from common import best_of, report

from motion.demo.dataset import write_demo
from motion.features import features_from_joints, joints_from_features
from motion.skeleton import SKELETONS

FRAMES, CLIPS = 100, 512
TARGETS = {"joints from features": 12_000, "features from joints": 1_000}


def demo_joints(skeleton: str) -> np.ndarray:
    """A batch of joints (CLIPS, FRAMES, J, 3) cut from demo clips."""
    with tempfile.TemporaryDirectory() as folder:
        write_demo(Path(folder) / "demo", motions=80, skeleton=skeleton)
        clips = [np.load(path) for path in sorted(Path(folder).glob("demo/new_joints/*.npy"))]
    long = [clip[:FRAMES] for clip in clips if len(clip) >= FRAMES]
    return np.stack([long[number % len(long)] for number in range(CLIPS)])


def main() -> None:
    rows = []
    for body in SKELETONS.values():
        joints = demo_joints(body.name)
        features = features_from_joints(joints, body)
        times = {
            "joints from features": best_of(lambda f=features, b=body: joints_from_features(f, b)),
            "features from joints": best_of(lambda j=joints, b=body: features_from_joints(j, b)),
        }
        for what, seconds in times.items():
            speed = CLIPS / seconds
            rows.append({"what": what, "skeleton": body.name, "clips/s": speed, "target": TARGETS[what]})
    report("features", rows)


if __name__ == "__main__":
    main()
