"""How well a motion aligns with a goal, as a number in 0..1: what orders a ladder.

Kinds are looked up by name, so that learned embedders can stand beside the measured facts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from evaluators.support import support
from motion.compare import similarity
from motion.facts import Facts


class Alignment(Protocol):
    """Scores a candidate motion against a goal's caption and motion."""

    def score(self, caption: str, goal: Facts, candidate: Facts) -> float:
        """Between 0 (nothing in common) and 1 (nothing to tell apart)."""


class FactsAlignment:
    """Likeness of the measured facts, and the share of the caption's claims that the candidate supports.

    A claim counts as supported where an event has what it says, and by half where a kindred action is
    measured in its place (a hand that is raised where one should wave).
    """

    caption_weight = 0.25

    def score(self, caption: str, goal: Facts, candidate: Facts) -> float:
        """Between 0 and 1; without a claim that can be checked, the facts alone decide."""
        likeness = similarity(goal, candidate)
        supported = support(caption, candidate)
        if supported is None:
            return likeness
        return (1 - self.caption_weight) * likeness + self.caption_weight * supported


_KINDS: dict[str, Callable[[], Alignment]] = {"facts": FactsAlignment}


def kinds() -> tuple[str, ...]:
    """Names of the scores that there are."""
    return tuple(_KINDS)


def alignment(kind: str) -> Alignment:
    """The score of that name; ValueError names the ones that there are."""
    if kind not in _KINDS:
        raise ValueError(f"unknown alignment {kind!r}: choose one of {', '.join(_KINDS)}")
    return _KINDS[kind]()
