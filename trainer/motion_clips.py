"""Motions of one split of a corpus in memory, and windows of them drawn for a training step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motion.seeds import generator
from schemas.corpus import Corpus
from schemas.shards import features_of

Array32 = NDArray[np.float32]
_LEAST_STD = 1e-3  # of a group of features, in their unit: what hardly varies must not be blown up


@dataclass(frozen=True)
class Clips:
    """Motions one behind the other, in the order of their ids; there may be none."""

    ids: tuple[str, ...]
    frames: Array32  # (all frames, F)
    starts: NDArray[np.int64]  # (N + 1,) of each clip, and the end

    def __len__(self) -> int:
        """Number of motions."""
        return len(self.ids)

    def clip(self, place: int) -> Array32:
        """Features (T, F) of one motion."""
        return self.frames[self.starts[place] : self.starts[place + 1]]

    def normalisation(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation (F,) of the features over all frames.

        The deviation is the same for all features of a group, their mean, as HumanML3D has it: joints that
        hardly move shall not count like those that do.
        """
        mean = self.frames.mean(axis=0, dtype=np.float64)
        squares = np.zeros_like(mean)
        for place in range(len(self)):  # not all at once: it would be there twice in float64
            squares += np.square(self.clip(place) - mean).sum(axis=0)
        std = np.sqrt(squares / len(self.frames))
        for group in feature_groups(len(std)).values():
            std[group] = max(std[group].mean(), _LEAST_STD)
        return mean, std


def feature_groups(size: int) -> dict[str, slice]:
    """Places of the features of one kind and unit, of so many features in all."""
    joints = (size + 1) // 12
    widths = {
        "root yaw": 1,
        "root velocity": 2,
        "root height": 1,
        "positions": 3 * (joints - 1),
        "rotations": 6 * (joints - 1),
        "velocities": 3 * joints,
        "contacts": 4,
    }
    ends = np.cumsum(list(widths.values())).tolist()
    return {name: slice(end - width, end) for (name, width), end in zip(widths.items(), ends)}


def read_clips(corpus: Corpus, split: str, perturbed: bool = False) -> Clips:
    """Every motion of a split, and with `perturbed` the perturbed versions of its goals' motions."""
    found: dict[str, Array32] = {}
    for index in range(corpus.shards):
        found |= dict(_motions(corpus, index, split))
        if perturbed:
            found |= dict(_perturbed(corpus, index, split))
    ids = tuple(sorted(found))
    starts = np.cumsum([0, *(len(found[name]) for name in ids)])
    frames = np.concatenate([found[name] for name in ids]) if ids else np.empty((0, 0), np.float32)
    return Clips(ids, frames, starts)


def _motions(corpus: Corpus, index: int, split: str) -> Iterator[tuple[str, Array32]]:
    table = corpus.read("motions", index, ["motion_id", "split", "features"])
    for row, (name, other) in enumerate(zip(*(table.column(n).to_pylist() for n in table.column_names[:2]))):
        if other == split:
            yield name, features_of(table, row)


def _perturbed(corpus: Corpus, index: int, split: str) -> Iterator[tuple[str, Array32]]:
    goals = corpus.read("goals", index, ["goal_id", "split"]).to_pylist()
    splits = {goal["goal_id"]: goal["split"] for goal in goals}
    table = corpus.read("perturbed", index, ["perturbed_id", "goal_id", "features"])
    for row, (name, goal) in enumerate(zip(*(table.column(n).to_pylist() for n in table.column_names[:2]))):
        if splits[goal] == split:
            yield name, features_of(table, row)


def draw_windows(
    clips: Clips, window: int, batch: int, seed: int, step: int
) -> tuple[Array32, NDArray[np.bool_]]:
    """Frames (B, window, F) of clips drawn for a step, and which of them are there (B, window).

    A clip is as likely as any other, its window as likely as any other. A clip that is shorter than a
    window is there from its start, and its last frame stands until the end.
    """
    random = generator("tokenizer windows", seed, step)
    chosen = random.integers(len(clips), size=batch)
    lengths = clips.starts[chosen + 1] - clips.starts[chosen]
    first = (random.random(batch) * (np.maximum(lengths - window, 0) + 1)).astype(np.int64)
    places = first[:, None] + np.arange(window)
    there = places < lengths[:, None]
    places = np.minimum(places, lengths[:, None] - 1)
    return clips.frames[clips.starts[chosen][:, None] + places], there
