"""The reward of measured facts, beyond any embedder's taste: does the motion do what the caption says."""

from __future__ import annotations

from trainer.rewards.rollout import Rollout, Scored


def facts(rollout: Rollout) -> list[float]:
    """Share of the caption's checkable claims that the answer supports, less that it contradicts, as 0 to 1.

    0.5 where the caption has no checkable claim, or the facts say nothing of any. 0 without a motion, or with
    one that cannot be measured.

    >>> from evaluators.metrics.fact_support import ClaimCounts
    >>> from trainer.rewards.rollout import Rollout, Scored
    >>> counts = [ClaimCounts(2, 0, 0, 2), ClaimCounts(1, 1, 0, 2), ClaimCounts(0, 2, 0, 2)]
    >>> counts.append(ClaimCounts(0, 0, 1, 0))  # nothing that could be checked
    >>> facts(Rollout.of([*(Scored(claims=one) for one in counts), Scored()]))
    [1.0, 0.5, 0.0, 0.5, 0.0]
    """
    return [_supported(one) for one in rollout.scored]


def _supported(one: Scored) -> float:
    counts = one.claims
    if counts is None or not counts.measured:
        return 0.0
    if not counts.checkable:
        return 0.5
    return 0.5 + 0.5 * (counts.supported - counts.contradicted) / counts.checkable
