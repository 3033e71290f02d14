"""Vectors of the ground truth and of sets of generations, read shard by shard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evaluators.embedding_store import EmbeddingStore
from evaluators.evaluation import Truth
from evaluators.protocol import Entry, Protocol
from motion.still import still_figure
from pipelines.evaluation_input import Asked, NamedSet
from schemas.shards import features_of

Vectors = NDArray[np.float64]


def read_truth(question: Asked, store: EmbeddingStore, whole: Protocol) -> Truth:
    """Vectors of a protocol's captions and motions."""
    texts = question.texts
    captions = store.texts([texts[goal_id] for goal_id in whole.goal_ids])
    wanted: dict[str, list[Entry]] = {}
    for entry in sorted(
        {entry for repeat in whole.repeats for entry in repeat.entries},
        key=lambda entry: (entry.goal_id, entry.start, entry.end),
    ):
        wanted.setdefault(question.goals[entry.goal_id]["motion_id"], []).append(entry)
    motions: dict[Entry, NDArray[np.float64]] = {}
    for table in question.motion_tables():
        clips, entries = [], []
        for row, name in enumerate(table.column("motion_id").to_pylist()):
            if name in wanted:
                features = features_of(table, row)
                clips += [features[entry.start : entry.end] for entry in wanted[name]]
                entries += wanted[name]
        motions.update(zip(entries, store.motions(clips), strict=True))
    return Truth(whole, dict(zip(whole.goal_ids, captions, strict=True)), motions)


@dataclass
class SetVectors:
    """Vectors of a set's motions: goal -> samples, in order, each (rounds, D)."""

    samples: dict[str, list[Vectors]] = field(default_factory=dict)

    @property
    def rounds(self) -> int:
        """The most rounds that a completion has."""
        return max((len(found) for one in self.samples.values() for found in one), default=0)

    def answers(self, goal_ids: Sequence[str], number: int = -1) -> list[Vectors]:
        """For each goal its samples (S, D): the last round, or round `number` where there is one."""
        return [
            np.stack(
                [found[-1 if number < 0 else min(number, len(found) - 1)] for found in self.samples[goal_id]]
            )
            for goal_id in goal_ids
        ]


def read_vectors(question: Asked, named: NamedSet, store: EmbeddingStore) -> SetVectors:
    """Vectors of every round of a set; a completion without a motion is a still figure."""
    still = store.motions([still_figure(question.body)])
    found: dict[str, list[tuple[int, str, Vectors]]] = {}
    for generations, rounds in named.generations.tables():
        vectors = store.motions([features_of(rounds, row) for row in range(rounds.num_rows)])
        of: dict[str, list[NDArray[np.float64]]] = {}
        # Rows are sorted by generation and round.
        for generation_id, vector in zip(rounds.column("generation_id").to_pylist(), vectors, strict=True):
            of.setdefault(generation_id, []).append(vector)
        for row in generations.select(["generation_id", "goal_id", "sample"]).to_pylist():
            made = of.get(row["generation_id"])
            one = np.stack(made) if made else still
            found.setdefault(row["goal_id"], []).append((row["sample"], row["generation_id"], one))
    return SetVectors(
        {
            goal_id: [vector for *_, vector in sorted(many, key=lambda one: one[:2])]
            for goal_id, many in found.items()
        }
    )
