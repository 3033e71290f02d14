"""Alignment scores where a ladder is built: by measured facts, or by an embedder that each worker loads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluators.alignment import facts_alignment, packed, vector_alignment
from motion.facts import Facts
from schemas.config import BuildConfig
from schemas.corpus import Corpus
from schemas.rows import segment
from schemas.shards import features_of_segments
from transforms.exchange import Pick
from transforms.perturb import Goal, Perturbed

if TYPE_CHECKING:
    from evaluators.embedders.base import Embedder

Row = Mapping[str, Any]
Vectors = tuple[bytes, bytes]  # packed, of a caption and of its motion


class FactsJudge:
    """Scores by measured facts."""

    def of_pick(self, goal: Goal, _pick: Pick, facts: Facts) -> float:
        """Alignment of another goal's motion."""
        return facts_alignment(goal.row["caption"], goal.facts, facts)

    def of_versions(self, goal: Goal, versions: Sequence[Perturbed]) -> list[float]:
        """Alignment of perturbed versions of the goal's motion."""
        return [facts_alignment(goal.row["caption"], goal.facts, version.facts) for version in versions]


class EmbedderJudge:
    """Scores by an embedder; the search has scored its picks already."""

    def __init__(self, config: BuildConfig, corpus: Corpus, index: int, goals: Sequence[Goal]) -> None:
        self._embedder = embedder_of(config)
        self._goals = vectors_of(config, corpus, index, [goal.row for goal in goals])

    def of_pick(self, _goal: Goal, pick: Pick, _facts: Facts) -> float:
        """Alignment of another goal's motion."""
        return pick.alignment

    def of_versions(self, goal: Goal, versions: Sequence[Perturbed]) -> list[float]:
        """Alignment of perturbed versions of the goal's motion."""
        found = _packed_motions(self._embedder, [version.features for version in versions])
        return [vector_alignment(*self._goals[goal.id], vector) for vector in found]


Judge = FactsJudge | EmbedderJudge


def judge(config: BuildConfig, corpus: Corpus, index: int, goals: Sequence[Goal]) -> Judge:
    """What scores the ladders of a shard."""
    return EmbedderJudge(config, corpus, index, goals) if config.alignment == "builtin" else FactsJudge()


def embedder_of(config: BuildConfig) -> Embedder:
    """The embedder of a build; ValueError when it is not the one that the build was asked with."""
    found = _loaded(config.embedder, config.skeleton)
    if found.fingerprint != config.embedder_fingerprint:
        raise ValueError(
            f"{config.embedder}: holds embedder {found.fingerprint}, the build was asked with "
            f"{config.embedder_fingerprint}; put that one back, or build again"
        )
    return found


@lru_cache(maxsize=2)
def _loaded(folder: str, skeleton: str) -> Embedder:
    from evaluators.embedders import embedder

    return embedder("builtin", Path(folder), skeleton)


def vectors_of(config: BuildConfig, corpus: Corpus, index: int, goals: Sequence[Row]) -> dict[str, Vectors]:
    """Packed vectors of the captions and motions of goals of one shard, by goal id."""
    from evaluators.embedders import Text, embed_texts

    if not goals:
        return {}
    used = embedder_of(config)
    motions = corpus.read("motions", index, ["motion_id", "features"])
    clips = features_of_segments(motions, map(segment, goals))
    texts = embed_texts(used, [Text(goal["caption"], goal["tags"]) for goal in goals])
    found = _packed_motions(used, [clips[segment(goal)] for goal in goals])
    return {
        goal["goal_id"]: (packed(text), motion)
        for goal, text, motion in zip(goals, texts, found, strict=True)
    }


def _packed_motions(used: Embedder, clips: Sequence[NDArray[np.float32]]) -> list[bytes]:
    from evaluators.embedding_store import EmbeddingStore

    return [packed(vector) for vector in EmbeddingStore(used).motions(clips)]  # cut as in evaluations
