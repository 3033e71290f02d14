"""The published rewards: strict format, nearness to the caption, nearness to the goal's motion.

Distances are scaled over the whole batch of a rollout, those of every process among them: their size depends
on the embedder, and would else outweigh the format or drown in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainer.rewards.rollout import Rollout, Span


def strict_format(rollout: Rollout) -> list[float]:
    """1 for the strict format, else 0.

    As published, the format alone counts: a chain without a round has it, and so has one whose codes the
    motion tokenizer lacks. Such a completion scores as a still figure by the other rewards.

    >>> from trainer.rewards.rollout import Rollout, Scored
    >>> strict_format(Rollout.of([Scored(strict=True), Scored()]))
    [1.0, 0.0]
    """
    return [float(one.strict) for one in rollout.scored]


def text(rollout: Rollout) -> list[float]:
    """Minus the distance of the answer to the caption, scaled to 0 (farthest) to 1 (nearest) of the batch.

    0 for all where all are equally far.

    >>> from trainer.rewards.rollout import Rollout, Scored
    >>> text(Rollout.of([Scored(text_distance=1.0), Scored(text_distance=3.0), Scored(text_distance=1.5)]))
    [1.0, 0.0, 0.75]
    >>> text(Rollout.of([Scored(text_distance=2.0), Scored(text_distance=2.0)]))
    [0.0, 0.0]
    """
    return _nearness([one.text_distance for one in rollout.scored], rollout.text)


def motion(rollout: Rollout) -> list[float]:
    """Minus the distance of the answer to the goal's motion, scaled as `text` is.

    >>> from trainer.rewards.rollout import Rollout, Scored
    >>> motion(Rollout.of([Scored(motion_distance=0.5), Scored(motion_distance=1.0)]))
    [1.0, 0.0]
    """
    return _nearness([one.motion_distance for one in rollout.scored], rollout.motion)


def _nearness(distances: Sequence[float], span: Span) -> list[float]:
    least, largest = span
    if largest <= least:
        return [0.0] * len(distances)
    return [(largest - distance) / (largest - least) for distance in distances]
