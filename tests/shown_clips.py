"""Demo clips of both skeletons that tests draw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motion.demo.dataset import write_demo
from motion.features import joints_from_features
from motion.skeleton import KIT, T2M, Skeleton

BODIES = {"t2m": T2M, "kit": KIT}


def write_clips(folder: Path, body: str) -> Path:
    """Write a demo dataset of four clips into a folder named for its skeleton; returns that folder."""
    write_demo(folder / body, motions=4, skeleton=body)
    return folder / body


def name_of(data: Path) -> str:
    """The first clip: 000001, or 00001 in KIT-ML's layout."""
    return sorted(path.stem for path in (data / "new_joint_vecs").glob("0*.npy"))[0]


def clip_of(data: Path) -> tuple[NDArray[np.float32], Skeleton]:
    """The joints of the first clip and their skeleton."""
    body = BODIES[data.name]
    return joints_from_features(np.load(data / "new_joint_vecs" / f"{name_of(data)}.npy"), body), body
