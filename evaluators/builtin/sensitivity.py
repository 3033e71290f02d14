"""How an embedder's score falls when a motion is perturbed more and more, by operation.

A score that does not know a bent walk from a straight one, or trembling from calm, should not order ladders
nor reward a model; here it is measured, for any embedder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evaluators.builtin.material import Material, Segment
from evaluators.builtin.staircase import Staircase, staircase
from evaluators.embedders.base import Text
from evaluators.embedding_store import EmbeddingStore
from evaluators.metrics.retrieval import pair_distances
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
    curves: dict[str, list[tuple[tuple[float, ...], np.ndarray]]] = {name: [] for name in OPERATIONS}
    for place in progress(chosen):
        text = store.texts([Text(captions[place])])
        for stairs in _stairs(material, place, chosen, key):
            motions = store.motions([material.features[place], *stairs.steps])
            distances = pair_distances(np.repeat(text, len(motions), axis=0), motions)
            curves[stairs.operation].append(((0.0, *stairs.strengths), distances))
    return [_summary(name, found) for name, found in curves.items() if found]


def mean_correlation(found: Sequence[Sensitivity]) -> float:
    """Mean over operations of the rank correlation of strength and distance."""
    return float(np.mean([one.correlation for one in found]))


def _stairs(material: Material, place: Segment, others: Sequence[Segment], key: str) -> list[Staircase]:
    donors = [other for other in others if other[0] != place[0]] or [place]
    donor = material.subjects[donors[int(generator("sensitivity donor", key, *place).integers(len(donors)))]]
    made = (staircase(material.subjects[place], donor, name, f"{key}/{place}/{name}") for name in OPERATIONS)
    return [stairs for stairs in made if stairs is not None]


def _summary(name: str, curves: Sequence[tuple[tuple[float, ...], np.ndarray]]) -> Sensitivity:
    growth: dict[float, list[float]] = {}
    for strengths, distances in curves:
        for strength, distance in zip(strengths, distances, strict=True):
            growth.setdefault(round(strength, 6), []).append(float(distance - distances[0]))
    levels = tuple(sorted(growth))
    means = tuple(float(np.mean(growth[level])) for level in levels)
    alone = [_rank_correlation(strengths, distances) for strengths, distances in curves]
    farther = float(np.mean([distances[-1] > distances[0] for _, distances in curves]))
    correlation = _rank_correlation(levels, np.array(means))
    return Sensitivity(name, len(curves), levels, means, correlation, float(np.mean(alone)), farther)


def _rank_correlation(strengths: Sequence[float], distances: np.ndarray) -> float:
    """Spearman's rank correlation; 0 where all distances are the same."""
    from scipy.stats import spearmanr

    if np.ptp(distances) == 0:
        return 0.0
    return float(spearmanr(strengths, distances).statistic)
