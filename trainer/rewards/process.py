"""Rewards of the process: how near the rounds of a chain come to the goal, and whether they come nearer.

The similarity of a round is the cosine of its motion's vector with that of the goal's motion, -1 to 1. The
published code holds such rewards; the paper does not use them.
"""

from __future__ import annotations

from itertools import accumulate

from trainer.rewards.rollout import Rollout, Scored

TOLERANCE = 0.01  # by which a round may be worse than the best before it


def best_round(rollout: Rollout) -> list[float]:
    """The largest similarity of a completion's rounds; the still figure's where there is no round.

    >>> from trainer.rewards.rollout import Rollout, Scored
    >>> best_round(Rollout.of([Scored(similarities=(0.2, 0.6, 0.4)), Scored(still=-0.5)]))
    [0.6, -0.5]
    """
    return [max(_rounds(one)) for one in rollout.scored]


def mean_round(rollout: Rollout) -> list[float]:
    """The mean similarity of the rounds; the still figure's where there is no round.

    >>> from trainer.rewards.rollout import Rollout, Scored
    >>> mean_round(Rollout.of([Scored(similarities=(0.25, 0.75)), Scored(still=-0.5)]))
    [0.5, -0.5]
    """
    return [sum(_rounds(one)) / len(_rounds(one)) for one in rollout.scored]


def first_round(rollout: Rollout) -> list[float]:
    """The similarity of the first round; the still figure's where there is no round.

    >>> from trainer.rewards.rollout import Rollout, Scored
    >>> first_round(Rollout.of([Scored(similarities=(0.2, 0.6)), Scored(still=-0.5)]))
    [0.2, -0.5]
    """
    return [_rounds(one)[0] for one in rollout.scored]


def last_round(rollout: Rollout) -> list[float]:
    """The similarity of the last round, the answer; the still figure's where there is no round.

    >>> from trainer.rewards.rollout import Rollout, Scored
    >>> last_round(Rollout.of([Scored(similarities=(0.2, 0.6)), Scored(still=-0.5)]))
    [0.6, -0.5]
    """
    return [_rounds(one)[-1] for one in rollout.scored]


def not_worse(rollout: Rollout) -> list[float]:
    """1 where each round is at least as near as every one before it, less TOLERANCE; else 0.

    1 for one round, which makes nothing worse: to stop at once is no fault. 0 without a round.

    >>> from trainer.rewards.rollout import Rollout, Scored
    >>> chains = (0.2, 0.6, 0.595), (0.2, 0.6, 0.5), (0.3,), ()
    >>> not_worse(Rollout.of(Scored(similarities=one) for one in chains))
    [1.0, 0.0, 1.0, 0.0]
    """
    return [float(one.has_motion and _does_not_fall(one.similarities)) for one in rollout.scored]


def single_refinement(rollout: Rollout) -> list[float]:
    """1 where the second round is nearer than the first; else 0, also for fewer than two rounds.

    >>> from trainer.rewards.rollout import Rollout, Scored
    >>> chains = (0.2, 0.6, 0.1), (0.6, 0.2, 0.9), (0.9,), ()
    >>> single_refinement(Rollout.of(Scored(similarities=one) for one in chains))
    [1.0, 0.0, 0.0, 0.0]
    """
    return [
        float(len(one.similarities) > 1 and one.similarities[1] > one.similarities[0])
        for one in rollout.scored
    ]


def _rounds(one: Scored) -> tuple[float, ...]:
    return one.similarities or (one.still,)


def _does_not_fall(similarities: tuple[float, ...]) -> bool:
    best = accumulate(similarities, max)
    return all(later >= before - TOLERANCE for before, later in zip(best, similarities[1:], strict=False))
