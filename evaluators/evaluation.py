"""Scores of a protocol: its repeats over embedded texts, goal motions and answers.

Everything here works on vectors; what they are made from is read by the callers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.metrics.distribution import Gaussian, diversity, frechet_distance, gaussian, multimodality
from evaluators.metrics.retrieval import distances_to, hits, pair_distances
from evaluators.protocol import Entry, Protocol, Repeat
from motion.seeds import generator

Vectors = NDArray[np.float64]
TOP = (1, 2, 3)
MULTIMODAL_TEXTS = 100
R_PRECISION = tuple(f"r_precision_{k}" for k in TOP)
# The papers' columns, in their order: name -> whether larger is better; None: nearest to the ground truth.
METRICS: dict[str, bool | None] = {
    **dict.fromkeys(R_PRECISION, True),
    "fid": False,
    "mm_distance": False,
    "diversity": None,
    "multimodality": None,
    "motion_distance": False,
}


@dataclass(frozen=True)
class Score:
    """A metric over the repeats: their mean and the half width of its 95% interval, as papers give it."""

    mean: float
    interval: float
    repeats: tuple[float, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"mean": self.mean, "interval": self.interval, "repeats": list(self.repeats)}


def score_of(values: Sequence[float]) -> Score:
    """Mean and 1.96 * std / sqrt(repeats) (Guo et al. 2022; the standard deviation of a population)."""
    array = np.asarray(values, np.float64)
    spread = 0.0 if len(set(values)) == 1 else float(array.std())
    mean = float(array[0]) if len(set(values)) == 1 else float(array.mean())
    return Score(mean, 1.96 * spread / len(array) ** 0.5, tuple(float(value) for value in array))


@dataclass(frozen=True)
class Truth:
    """Vectors of a protocol's captions and of its goals' own motions, cut as each repeat cuts them."""

    protocol: Protocol
    captions: Mapping[str, NDArray[np.float64]]  # goal id -> (D,)
    motions: Mapping[Entry, NDArray[np.float64]]

    @cached_property
    def texts(self) -> Vectors:
        """Vectors (G, D) of the captions of `protocol.goal_ids`."""
        return np.stack([self.captions[goal_id] for goal_id in self.protocol.goal_ids])

    @cached_property
    def goal_rows(self) -> tuple[NDArray[np.intp], ...]:
        """For each repeat the rows of `texts` of its entries."""
        place = {goal_id: row for row, goal_id in enumerate(self.protocol.goal_ids)}
        return tuple(
            np.array([place[entry.goal_id] for entry in repeat.entries]) for repeat in self.protocol.repeats
        )

    def of_repeat(self, repeat: Repeat) -> Vectors:
        """Vectors (N, D) of the goals' motions in a repeat."""
        return np.stack([self.motions[entry] for entry in repeat.entries])


@dataclass(frozen=True)
class Scores:
    """What a set of answers scores: metrics over the repeats, and each goal for itself."""

    metrics: dict[str, Score]
    goal_ids: tuple[str, ...]
    goal_hits: NDArray[np.float64]  # (G, 3): share of repeats in which the goal is found; NaN: never counted
    goal_distance: NDArray[np.float64]  # (G,): of its caption to its answers, mean over samples
    goal_motion_distance: NDArray[np.float64]  # (G,): of the answers to its motion, likewise


@dataclass
class _Gaussians:
    """Gaussians of sets of vectors: in mode `full` every repeat has the same set."""

    found: dict[bytes, Gaussian] = field(default_factory=dict)

    def of(self, vectors: Vectors) -> Gaussian:
        key = hashlib.sha256(vectors.tobytes()).digest()
        if key not in self.found:
            self.found = {**dict(list(self.found.items())[-4:]), key: gaussian(vectors)}
        return self.found[key]


def score_answers(truth: Truth, answers: Sequence[Vectors]) -> Scores:
    """Scores of answers: for each goal of the protocol, in the order of its `goal_ids`, samples (S, D).

    Repeat r takes sample r modulo S of each goal. ValueError when goals and answers differ in number or a
    goal has no answer.
    """
    goals = truth.protocol.goal_ids
    if len(answers) != len(goals):
        raise ValueError(f"{len(goals)} goals need an answer each, got {len(answers)}")
    for goal_id, samples in zip(goals, answers, strict=True):
        if not len(samples):
            raise ValueError(f"goal {goal_id!r} has no answer; give it one, for example a still figure")
    return _Scorer(truth, answers).scores()


def score_truth(truth: Truth) -> Scores:
    """Scores of the ground truth itself: what the best answers can reach.

    Its FID is that of the motions as two repeats cut them; where every repeat takes whole motions it is 0.
    """
    return _Scorer(truth, None).scores()


class _Scorer:
    """Walks through the repeats of a protocol."""

    def __init__(self, truth: Truth, answers: Sequence[Vectors] | None) -> None:
        self.truth, self.answers = truth, answers
        self.gaussians = _Gaussians()
        count = len(truth.protocol.goal_ids)
        self.values: dict[str, list[float]] = {}
        self.hit_sum, self.counted = np.zeros((count, len(TOP))), np.zeros(count)

    def scores(self) -> Scores:
        """Scores over all repeats."""
        protocol = self.truth.protocol
        distance, motion_distance = self._of_goals()
        for number, repeat in enumerate(protocol.repeats):
            self._repeat(number, repeat)
        with np.errstate(invalid="ignore"):
            goal_hits = self.hit_sum / self.counted[:, None]
        metrics = {name: score_of(found) for name, found in self.values.items()}
        return Scores(metrics, protocol.goal_ids, goal_hits, distance, motion_distance)

    def _answers_of(self, number: int, rows: NDArray[np.intp], own: Vectors) -> Vectors:
        if self.answers is None:
            return own
        return np.stack([self.answers[row][number % len(self.answers[row])] for row in rows])

    def _repeat(self, number: int, repeat: Repeat) -> None:
        protocol = self.truth.protocol
        rows = self.truth.goal_rows[number]
        texts, own = self.truth.texts[rows], self.truth.of_repeat(repeat)
        found = self._answers_of(number, rows, own)
        draws = ("evaluate", protocol.mode, protocol.split, protocol.seed, number)
        top: list[NDArray[np.float64]] = []
        for pool in repeat.pools:
            members = np.asarray(pool.rows)
            top.append(hits(texts[members[: pool.counted]], found[members], TOP))
            counted = rows[members[: pool.counted]]
            np.add.at(self.hit_sum, counted, top[-1])
            np.add.at(self.counted, counted, 1)
        for name, value in zip(R_PRECISION, np.concatenate(top).mean(axis=0), strict=True):
            self._add(name, value)
        self._add("fid", frechet_distance(self.gaussians.of(found), self._reference(number, own)))
        self._add("mm_distance", pair_distances(texts, found).mean())
        self._add("diversity", diversity(found, generator(*draws, "diversity")))
        self._add("motion_distance", pair_distances(found, own).mean())
        varied = (
            [self.answers[row] for row in np.unique(rows) if len(self.answers[row]) > 1]
            if self.answers is not None
            else []
        )
        if varied:
            rng = generator(*draws, "multimodality")
            chosen = rng.permutation(len(varied))[:MULTIMODAL_TEXTS]
            self._add("multimodality", multimodality([varied[i] for i in chosen], rng))

    def _reference(self, number: int, own: Vectors) -> Gaussian:
        """What the FID compares with: the goals' motions; for these, as the next repeat cuts them."""
        if self.answers is not None:
            return self.gaussians.of(own)
        repeats = self.truth.protocol.repeats
        return self.gaussians.of(self.truth.of_repeat(repeats[(number + 1) % len(repeats)]))

    def _add(self, name: str, value: float) -> None:
        self.values.setdefault(name, []).append(float(value))

    def _of_goals(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Each goal's mean distance to its caption and to its own motion, over its samples."""
        truth, goals = self.truth, self.truth.protocol.goal_ids
        own: dict[str, NDArray[np.float64]] = {}
        for repeat in truth.protocol.repeats:
            for entry in repeat.entries:
                own.setdefault(entry.goal_id, truth.motions[entry])
        samples = self.answers if self.answers is not None else [own[goal_id][None] for goal_id in goals]
        distance, motion_distance = np.zeros(len(goals)), np.zeros(len(goals))
        for row, goal_id in enumerate(goals):
            distance[row] = distances_to(truth.texts[row], samples[row]).mean()
            motion_distance[row] = distances_to(own[goal_id], samples[row]).mean()
        return distance, motion_distance
