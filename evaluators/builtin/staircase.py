"""Staircases: one motion perturbed by one operation, stronger and stronger, at the same place.

What an embedder is trained to rank, and what its sensitivity is measured on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motion.features import features_from_joints
from motion.perturb import OPERATIONS, Subject, perform
from motion.perturb.edit import Parameters
from motion.seeds import generator

LEVELS = (0.2, 0.4, 0.6, 0.8, 1.0)  # strengths, weak to strong; 0 is the untouched motion


@dataclass(frozen=True)
class Staircase:
    """Features (T, F) of a motion at rising strengths of one operation.

    Operations that know no strength (a mirrored clip is mirrored) have one step, of strength 1.
    """

    operation: str
    strengths: tuple[float, ...]
    steps: tuple[NDArray[np.float32], ...]


def staircase(
    subject: Subject, donor: Subject | None, operation: str, key: str, levels: Sequence[float] = LEVELS
) -> Staircase | None:
    """The staircase of a clip, by key alone; None where the operation would change nothing visible."""
    found = OPERATIONS[operation]
    targets = found.targets(subject, donor)
    if not targets:
        return None
    target = targets[int(generator("staircase", key).integers(len(targets)))]
    drawn: list[tuple[float, Parameters]] = []
    for level in levels:
        # The same draws at every level: only the strength differs.
        parameters = found.draw(subject, dict(target), generator("staircase amount", key), level)
        if not drawn or parameters != drawn[-1][1]:
            drawn.append((level, parameters))
    strengths: list[float] = []
    steps: list[NDArray[np.float32]] = []
    for level, parameters in drawn:
        done = perform(operation, subject, donor, parameters)
        step = features_from_joints(done.joints, subject.skeleton)
        # Amounts that differ by less than a frame make the same motion.
        if not steps or not np.array_equal(step, steps[-1]):
            strengths.append(level)
            steps.append(step)
    return Staircase(operation, (1.0,) if len(steps) == 1 else tuple(strengths), tuple(steps))
