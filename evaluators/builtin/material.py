"""What the built-in embedder learns from: captions, their motions, and staircases of perturbed motions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.builtin.inputs import channels
from evaluators.builtin.staircase import Staircase, staircase
from motion.features import joints_from_features
from motion.perturb import OPERATIONS, Subject
from motion.seeds import generator, seed
from motion.skeleton import skeleton
from schemas.corpus import Corpus
from schemas.rows import Segment, facts_of, segment
from schemas.shards import features_of_segments

Array32 = NDArray[np.float32]

STAIRCASES = 4  # of each motion
MOST_STAIRED = 1500  # motions that have staircases; more would cost minutes and teach little more
NOISE = frozenset(name for name, operation in OPERATIONS.items() if operation.noise)


@dataclass(frozen=True)
class Example:
    """A goal: its caption and where its motion is."""

    goal_id: str
    caption: str
    segment: Segment
    moves: bool = True  # whether its motion does anything but stand


@dataclass(frozen=True)
class Material:
    """Goals of one split with their motions' features and what is measured in them."""

    skeleton: str
    examples: tuple[Example, ...]
    features: dict[Segment, Array32]
    subjects: dict[Segment, Subject]

    @cached_property
    def segments(self) -> list[Segment]:
        """Every motion once, in a fixed order."""
        return sorted(self.features)


def read_material(corpus: Corpus, skeleton_name: str, split: str) -> Material:
    """Goals of a split whose caption their motion does not contradict; ValueError where there are none."""
    body = skeleton(skeleton_name)
    examples: list[Example] = []
    features: dict[Segment, Array32] = {}
    subjects: dict[Segment, Subject] = {}
    for index in range(corpus.shards):
        goals = {g["goal_id"]: g for g in corpus.read("goals", index).to_pylist() if g["split"] == split}
        motions = corpus.read("motions", index, ["motion_id", "features"])
        measured = [row for row in corpus.read("facts", index).to_pylist() if row["goal_id"] in goals]
        features |= features_of_segments(motions, (segment(goals[row["goal_id"]]) for row in measured))
        for facts in measured:
            goal = goals[facts["goal_id"]]
            place = segment(goal)
            if place not in subjects:
                joints = joints_from_features(features[place], body)
                subjects[place] = Subject(joints, body, facts_of(facts, body.fps).events)
            moves = bool(subjects[place].active)
            examples.append(Example(goal["goal_id"], goal["caption"], place, moves))
    if not examples:
        raise ValueError(f"{corpus.root}: has no goal in the split {split!r}; give a corpus that has some")
    examples.sort(key=lambda example: example.goal_id)
    return Material(skeleton_name, tuple(examples), features, subjects)


def all_channels(material: Material) -> dict[Segment, Array32]:
    """The channels (T, C) of every motion."""
    body = skeleton(material.skeleton)
    return {place: channels(clip, body).astype(np.float32) for place, clip in material.features.items()}


@dataclass(frozen=True)
class Stairs:
    """A staircase as the embedder sees it."""

    operation: str
    strengths: tuple[float, ...]
    steps: tuple[Array32, ...]  # channels (T, C)

    @property
    def noise(self) -> bool:
        """Whether the operation spoils the quality and leaves the meaning."""
        return self.operation in NOISE


def training_stairs(
    material: Material, key: str, progress: Callable[[Sequence[Any]], Any] = iter
) -> dict[Segment, tuple[Stairs, ...]]:
    """Up to STAIRCASES staircases for each of at most MOST_STAIRED motions, drawn by the key."""
    body = skeleton(material.skeleton)
    chosen = sorted(material.segments, key=lambda place: seed("staired", key, *place))[:MOST_STAIRED]
    found: dict[Segment, tuple[Stairs, ...]] = {}
    for place in progress(chosen):
        drawn = _stairs_of(material, place, key)
        found[place] = tuple(
            Stairs(s.operation, s.strengths, tuple(channels(x, body).astype(np.float32) for x in s.steps))
            for s in drawn
        )
    return found


def _stairs_of(material: Material, place: Segment, key: str) -> list[Staircase]:
    """Staircases of different operations in a drawn order, rarely possible ones first; noise at most once."""
    rng = generator("stairs", key, *place)
    others = [other for other in material.segments if other[0] != place[0]] or [place]
    donor = material.subjects[others[int(rng.integers(len(others)))]]
    waits = rng.exponential(size=len(OPERATIONS)) / [operation.weight for operation in OPERATIONS.values()]
    names = [list(OPERATIONS)[i] for i in np.argsort(waits)]
    drawn: list[Staircase] = []
    for name in names:
        if len(drawn) == STAIRCASES:
            break
        if name in NOISE and any(stairs.operation in NOISE for stairs in drawn):
            continue
        stairs = staircase(material.subjects[place], donor, name, f"{key}/{place}/{name}")
        if stairs is not None:
            drawn.append(stairs)
    return drawn
