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
    if len(drawn) == 1:
        drawn = [(1.0, drawn[0][1])]
    steps = tuple(
        features_from_joints(perform(operation, subject, donor, parameters).joints, subject.skeleton)
        for _, parameters in drawn
    )
    return Staircase(operation, tuple(level for level, _ in drawn), steps)
