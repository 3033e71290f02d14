"""How an embedder's score falls when a motion is perturbed more and more, by operation.

A score that does not know a bent walk from a straight one, or trembling from calm, should not order ladders
nor reward a model; here it is measured, for any embedder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evaluators.alignment import packed, vector_alignment
from evaluators.builtin.material import Material, Segment
from evaluators.builtin.staircase import Staircase, staircase
from evaluators.embedders.base import Text
from evaluators.embedding_store import EmbeddingStore
from evaluators.metrics.retrieval import distances_to
from motion.perturb import OPERATIONS
from motion.seeds import generator, seed

MOTIONS = 100  # that are perturbed, at the most


@dataclass(frozen=True)
class Sensitivity:
    """One operation: how far the distance from caption to motion grows with its strength."""

    operation: str
    motions: int
    strengths: tuple[float, ...]  # 0 is the untouched motion
    growth: tuple[float, ...]  # of the distance, mean over motions, at each strength
    correlation: float  # Spearman's, of strength and growth
    by_motion: float  # mean over motions of the same for each alone
    farther: float  # share of motions whose strongest version lies farther from the caption
    alignment: float  # Spearman's, of strength and the mean fall of the alignment that orders ladders

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def sensitivity(
    store: EmbeddingStore,
    material: Material,
    key: str = "sensitivity",
    progress: Callable[[Sequence[Any]], Any] = iter,
) -> list[Sensitivity]:
    """The sensitivity to every operation that fits one of the material's motions, in a fixed order.

    Each motion's distance is that to its first caption. The material should not be what the embedder was
    trained on.
    """
    captions: dict[Segment, str] = {}
    for example in material.examples:
        captions.setdefault(example.segment, example.caption)
    chosen = sorted(captions, key=lambda place: seed("sensitivity", key, *place))[:MOTIONS]
    curves: dict[str, list[_Curve]] = {name: [] for name in OPERATIONS}
    for place in progress(chosen):
        text = store.texts([Text(captions[place])])
        for stairs in _stairs(material, place, chosen, key):
            motions = store.motions([material.features[place], *stairs.steps])
            distances = distances_to(text[0], motions)
            own, caption = packed(motions[0]), packed(text[0])
            scores = [vector_alignment(caption, own, packed(motion)) for motion in motions]
            curves[stairs.operation].append(_Curve((0.0, *stairs.strengths), distances, -np.array(scores)))
    return [_summary(name, found) for name, found in curves.items() if found]


@dataclass(frozen=True)
class _Curve:
    """One motion at rising strengths, the untouched one first."""

    strengths: tuple[float, ...]
    distances: np.ndarray  # to its caption
    losses: np.ndarray  # alignment, negated


def _stairs(material: Material, place: Segment, others: Sequence[Segment], key: str) -> list[Staircase]:
    donors = [other for other in others if other[0] != place[0]] or [place]
    donor = material.subjects[donors[int(generator("sensitivity donor", key, *place).integers(len(donors)))]]
    made = (staircase(material.subjects[place], donor, name, f"{key}/{place}/{name}") for name in OPERATIONS)
    return [stairs for stairs in made if stairs is not None]


def _summary(name: str, curves: Sequence[_Curve]) -> Sensitivity:
    levels, growth = _growth([(curve.strengths, curve.distances) for curve in curves])
    _, losses = _growth([(curve.strengths, curve.losses) for curve in curves])
    alone = [_rank_correlation(curve.strengths, curve.distances) for curve in curves]
    farther = float(np.mean([curve.distances[-1] > curve.distances[0] for curve in curves]))
    return Sensitivity(
        name,
        len(curves),
        levels,
        growth,
        _rank_correlation(levels, np.array(growth)),
        float(np.mean(alone)),
        farther,
        _rank_correlation(levels, np.array(losses)),
    )


def _growth(
    curves: Sequence[tuple[tuple[float, ...], np.ndarray]],
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Strengths, and how far values have grown there from the untouched motion's, mean over motions."""
    found: dict[float, list[float]] = {}
    for strengths, values in curves:
        for strength, value in zip(strengths, values, strict=True):
            found.setdefault(round(strength, 6), []).append(float(value - values[0]))
    levels = tuple(sorted(found))
    return levels, tuple(float(np.mean(found[level])) for level in levels)


def _rank_correlation(strengths: Sequence[float], distances: np.ndarray) -> float:
    """Spearman's rank correlation; 0 where all distances are the same."""
    from scipy.stats import spearmanr

    if np.ptp(distances) == 0:
        return 0.0
    return float(spearmanr(strengths, distances).statistic)
