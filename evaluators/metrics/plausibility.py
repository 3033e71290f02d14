"""How physically possible generated motions are, by the measures of motion.facts, and against real ones.

Mind the differences to other papers' measures of these names: motion/facts/plausibility.py and `Summary`
in motion/facts/summary.py tell what is measured. Recorded motions are not at 0 either, so a set is
compared with a reference set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from evaluators.metrics.values import mean
from motion.facts import Facts, measure
from motion.skeleton import Skeleton

Clip = NDArray[np.floating]


@dataclass(frozen=True)
class ClipPlausibility:
    """Measures of one clip; smaller is better."""

    skating_cm_s: float  # mean speed of the stiller low foot, cm/s
    jitter: float  # median over time of the joints' mean third derivative, m/s^3
    penetration_cm: float  # depth of the lowest toe under the level on which the feet stand, cm
    floating: float  # share of frames in which nothing is near the floor, jumps and runs apart
    bone_drift: float  # largest change of a bone's length, as a share


@dataclass(frozen=True)
class Plausibility:
    """Means over the clips of a set that could be measured; None where none could."""

    clips: int
    unmeasured: int  # of these
    skating_cm_s: float | None
    jitter: float | None
    penetration_cm: float | None
    floating: float | None
    bone_drift: float | None


MEASURES = tuple(field.name for field in fields(ClipPlausibility))


def of_facts(facts: Facts) -> ClipPlausibility:
    """The measures that facts hold."""
    return ClipPlausibility(**{name: getattr(facts.summary, name) for name in MEASURES})


def clip_plausibility(
    clips: Sequence[Clip | None], skeleton: Skeleton
) -> tuple[list[ClipPlausibility | None], dict[int, str]]:
    """Measures of clips of joints (T, J, 3) in the skeleton's unit, Y up, at its frame rate.

    None stands for a generation without a motion. The second value tells by the clip's number why one could
    not be measured; its measures are None.
    """
    found: list[ClipPlausibility | None] = []
    faults: dict[int, str] = {}
    for number, facts in enumerate(measured(clips, skeleton)):
        found.append(None if isinstance(facts, str) else of_facts(facts))
        if isinstance(facts, str):
            faults[number] = facts
    return found, faults


def measured(clips: Sequence[Clip | None], skeleton: Skeleton) -> list[Facts | str]:
    """Facts of clips of joints (T, J, 3), or for each why there are none; None is no motion."""
    result: list[Facts | str] = ["no motion"] * len(clips)
    sound: list[tuple[int, Clip]] = []
    for number, clip in enumerate(clips):
        if clip is not None and np.size(clip) and np.ptp(clip) == 0:
            result[number] = "all joints are in one place"
        elif clip is not None:
            sound.append((number, clip))
    for (number, _), facts in zip(sound, _measured([clip for _, clip in sound], skeleton), strict=True):
        result[number] = facts
    return result


def _measured(clips: Sequence[Clip], skeleton: Skeleton) -> list[Facts | str]:
    """Facts, or why there are none; halves the clips until the faulty ones are alone."""
    if not clips:
        return []
    try:
        with np.errstate(all="ignore"):  # values without bounds give NaN, which is looked for below
            return [_checked(facts) for facts in measure(clips, skeleton)]
    except ValueError as error:
        if len(clips) == 1:
            return [str(error).partition(": ")[2] or str(error)]
    middle = len(clips) // 2
    return _measured(clips[:middle], skeleton) + _measured(clips[middle:], skeleton)


def _checked(facts: Facts) -> Facts | str:
    found = of_facts(facts)
    wrong = [name for name in MEASURES if not np.isfinite(getattr(found, name))]
    return f"{wrong[0]} is {getattr(found, wrong[0])}: the joints are too far apart" if wrong else facts


def plausibility(clips: Sequence[Clip | None], skeleton: Skeleton) -> Plausibility:
    """Means over clips of joints (T, J, 3), None for a generation without a motion.

    ValueError for no clip; clips that cannot be measured are counted.
    """
    return mean_plausibility(clip_plausibility(clips, skeleton)[0])


def mean_plausibility(clips: Sequence[ClipPlausibility | None]) -> Plausibility:
    """Means over measured clips, None for those that could not be measured; ValueError for no clip."""
    if not len(clips):
        raise ValueError("no clip is given: plausibility needs at least one")
    found = [clip for clip in clips if clip is not None]
    means = {name: mean(getattr(clip, name) for clip in found) if found else None for name in MEASURES}
    return Plausibility(clips=len(clips), unmeasured=len(clips) - len(found), **means)


def difference(generated: Plausibility, reference: Plausibility) -> dict[str, float | None]:
    """Each mean of the generated set less that of the reference set; None where either has none."""
    result: dict[str, float | None] = {}
    for name in MEASURES:
        first, second = getattr(generated, name), getattr(reference, name)
        result[name] = None if first is None or second is None else first - second
    return result
