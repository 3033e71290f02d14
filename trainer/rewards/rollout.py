"""What rewards are given for: a rollout's completions, with all that was measured of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evaluators.metrics.fact_support import ClaimCounts

Span = tuple[float, float]  # least and largest of some numbers


@dataclass(frozen=True)
class Scored:
    """What is known of one completion; without a motion a still figure stands for its answer."""

    strict: bool = False  # has the strict format of chains
    similarities: tuple[float, ...] = ()  # cosine of each round's motion with the goal's, -1 to 1
    still: float = 0.0  # cosine of the still figure with the goal's motion
    text_distance: float = 0.0  # Euclidean, of the answer's vector to the caption's
    motion_distance: float = 0.0  # likewise to the goal motion's
    claims: ClaimCounts | None = None  # of the caption, by the answer's facts; None: no motion, or not asked

    @property
    def has_motion(self) -> bool:
        """Whether it holds a motion that can be decoded."""
        return bool(self.similarities)


@dataclass(frozen=True)
class Rollout:
    """Completions of one process, and how the distances of all processes' completions spread."""

    scored: tuple[Scored, ...]
    text: Span
    motion: Span

    @classmethod
    def of(cls, scored: Iterable[Scored]) -> Rollout:
        """The rollout of one process on its own; ValueError for no completion."""
        held = tuple(scored)
        if not held:
            raise ValueError("a rollout has at least one completion; got none")
        return cls(
            held, span([one.text_distance for one in held]), span([one.motion_distance for one in held])
        )


Reward = Callable[[Rollout], list[float]]  # one number for each completion, more is better


def span(values: Sequence[float]) -> Span:
    """Least and largest of numbers.

    >>> span([2.0, 1.0, 4.0])
    (1.0, 4.0)
    """
    return min(values), max(values)
