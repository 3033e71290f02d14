"""How alignment changes from round to round of a completion: does refining refine?

The measures of single completions are the process rewards in the published code of IRG-MotionLLM: best,
mean, first and last round, and whether each round is at least as good as the ones before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from evaluators.metrics.values import finite, mean, mean_interval

TOLERANCE = 0.01  # by which a round may be worse than the best before it, as published


@dataclass(frozen=True)
class RoundPoint:
    """Alignment after a round, over all completions: those that ended before it keep their last value."""

    round: int  # from 0
    mean: float
    low: float | None  # 95% interval of the mean; None for one completion
    high: float | None
    completions: int  # that have this round


@dataclass(frozen=True)
class RoundScores:
    """Alignment by round, in the unit of the given values; shares are 0..1."""

    completions: int
    curve: tuple[RoundPoint, ...]
    gain: float  # mean of last less first round
    as_good: float | None  # share of later rounds at least as good as all before; None: all have one round
    improved: float | None  # share of later rounds better than the one before
    best: float  # mean over completions of the best round's value
    mean: float  # ... of the mean over rounds
    first: float
    last: float


def round_scores(values: Sequence[NDArray[np.floating]], tolerance: float = TOLERANCE) -> RoundScores:
    """Scores of completions, each given by the alignment of its rounds (R,), larger is better.

    ValueError names the completion that has no round (give a still figure's alignment for it, as the
    published evaluation does, or leave it out), or holds NaN or infinity; and for a negative tolerance.
    """
    if not len(values):
        raise ValueError("no completion is given: give the alignment of the rounds of at least one")
    if not tolerance >= 0:
        raise ValueError(f"tolerance {tolerance} must be 0 or more")
    runs = [finite(run, f"completion {number}") for number, run in enumerate(values)]
    later = [(run[:place], run[place]) for run in runs for place in range(1, len(run))]
    steps = [step for run in runs for step in pairwise(run)]
    return RoundScores(
        completions=len(runs),
        curve=tuple(_point(runs, number) for number in range(max(map(len, runs)))),
        gain=mean(run[-1] - run[0] for run in runs),
        as_good=mean(value >= before.max() - tolerance for before, value in later) if later else None,
        improved=mean(after > before for before, after in steps) if steps else None,
        best=mean(run.max() for run in runs),
        mean=mean(mean(run) for run in runs),
        first=mean(run[0] for run in runs),
        last=mean(run[-1] for run in runs),
    )


def _point(runs: Sequence[NDArray[np.float64]], number: int) -> RoundPoint:
    values = [float(run[min(number, len(run) - 1)]) for run in runs]
    low, high = mean_interval(values) or (None, None)
    return RoundPoint(number, mean(values), low, high, sum(len(run) > number for run in runs))
