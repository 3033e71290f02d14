"""Batches for training the built-in embedder: goals of different clips, perturbed motions beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from evaluators.builtin.material import Array32, Example, Segment, Stairs
from motion.seeds import generator

STAIRED = 24  # goals of a batch beside which perturbed motions lie


@dataclass(frozen=True)
class Pair:
    """Two motions of a goal of which one is perturbed more strongly, by `gap` (0 to 1)."""

    goal: int  # in the batch
    lower: int  # index among the batch's perturbed motions
    upper: int  # likewise; -1: the goal's own motion
    gap: float
    noise: bool


@dataclass
class Batch:
    """Goals with their motions, and perturbed motions with what is known of their order."""

    goals: list[Example]
    perturbed: list[Array32] = field(default_factory=list)  # channels (T, C)
    pairs: list[Pair] = field(default_factory=list)


def batches(
    examples: tuple[Example, ...], stairs: Mapping[Segment, tuple[Stairs, ...]], size: int, key: str
) -> Iterator[Batch]:
    """Batches without end, drawn by the key: each pass over the examples has an order of its own.

    No clip is twice in a batch. ValueError when there are fewer clips than a batch has goals.
    """
    clips = len({example.segment[0] for example in examples})
    if clips < size:
        raise ValueError(f"{clips} clips are too few for batches of {size}: give a larger corpus")
    number = 0
    while True:
        rng = generator("embedder batches", key, number)
        waiting = [examples[i] for i in rng.permutation(len(examples))]
        while (goals := _next_goals(waiting, size)) is not None:
            yield _with_stairs(goals, stairs, rng)
        number += 1


def _next_goals(waiting: list[Example], size: int) -> list[Example] | None:
    """The next goals of different clips, taken from those that wait; None when too few are left."""
    goals: list[Example] = []
    left: list[Example] = []
    clips: set[str] = set()
    while waiting and len(goals) < size:
        example = waiting.pop()
        if example.segment[0] in clips:
            left.append(example)
        else:
            clips.add(example.segment[0])
            goals.append(example)
    waiting.extend(reversed(left))
    return goals if len(goals) == size else None


def _with_stairs(
    goals: list[Example], stairs: Mapping[Segment, tuple[Stairs, ...]], rng: np.random.Generator
) -> Batch:
    batch = Batch(goals)
    for index, goal in enumerate(goals[:STAIRED]):
        offered = stairs.get(goal.segment, ())
        if offered:
            _climb(batch, index, offered[int(rng.integers(len(offered)))], rng)
    return batch


def _climb(batch: Batch, goal: int, stairs: Stairs, rng: np.random.Generator) -> None:
    """Add one or two steps of a staircase, and how they stand to the goal's motion and to each other."""
    steps = sorted(rng.permutation(len(stairs.steps))[:2])
    first = len(batch.perturbed)
    batch.perturbed += [stairs.steps[step] for step in steps]
    levels = [stairs.strengths[step] for step in steps]
    batch.pairs.append(Pair(goal, first, -1, levels[0], stairs.noise))
    if len(steps) == 2:
        batch.pairs.append(Pair(goal, first + 1, first, levels[1] - levels[0], stairs.noise))
