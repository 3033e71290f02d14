"""The embedder's space as rewards use it: vectors of captions, of goals' motions and of generated ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from evaluators.embedders import Embedder, Text, embed_motions, embed_texts
from evaluators.embedding_store import fitted
from motion.skeleton import skeleton
from motion.still import still_figure
from schemas.rows import MotionRef
from trainer.goals import Goal, GoalMotions

Clip = NDArray[np.floating]
Vectors = NDArray[np.float64]
MOST = 16_384  # vectors of each kind that are remembered: 64 MB at 512 dimensions

_Key = TypeVar("_Key", bound=Hashable)


class Remembered(Generic[_Key]):
    """Vectors by key, at most so many; those that were asked for longest ago are forgotten."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._held: OrderedDict[_Key, NDArray[np.float64]] = OrderedDict()

    def __len__(self) -> int:
        """Vectors that are remembered."""
        return len(self._held)

    def vectors(self, keys: Sequence[_Key], make: Callable[[list[_Key]], Vectors]) -> Vectors:
        """Vectors (N, D) of keys; `make` gives those of the keys that are new."""
        found = {key: self._held[key] for key in keys if key in self._held}
        new = [key for key in dict.fromkeys(keys) if key not in found]
        if new:
            found |= dict(zip(new, make(new), strict=True))
        for key, vector in found.items():
            self._held[key] = vector
            self._held.move_to_end(key)
        while len(self._held) > self.most:
            self._held.popitem(last=False)
        return np.stack([found[key] for key in keys])


class Space:
    """Vectors (N, D) by one embedder; those of goals are remembered within bounds."""

    def __init__(self, embedder: Embedder, motions: GoalMotions, most: int = MOST) -> None:
        self.embedder = embedder
        self._body = skeleton(embedder.skeleton)
        self._goal_motions = motions
        self._captions: Remembered[Text] = Remembered(most)
        self._goals: Remembered[MotionRef] = Remembered(most)

    def captions(self, goals: Sequence[Goal]) -> Vectors:
        """Of goals' captions."""
        texts = [Text(goal.caption, goal.tags) for goal in goals]
        return self._captions.vectors(texts, lambda new: embed_texts(self.embedder, new))

    def goal_motions(self, goals: Sequence[Goal]) -> Vectors:
        """Of goals' own motions: as they were captured, not as the motion tokenizer gives them back."""
        goal_of = {goal.motion: goal for goal in goals}

        def make(new: list[MotionRef]) -> Vectors:
            return self.motions(self._goal_motions.features([goal_of[motion] for motion in new]))

        return self._goals.vectors([goal.motion for goal in goals], make)

    def motions(self, clips: Sequence[Clip]) -> Vectors:
        """Of features (T, F), each first cut or held to the lengths that the embedder takes.

        ValueError names the clip that holds NaN or infinity or has no frame.
        """
        least, most = self.embedder.min_frames, self._body.max_frames - 1
        return embed_motions(self.embedder, [fitted(clip, least, most) for clip in clips])

    @cached_property
    def still(self) -> NDArray[np.float64]:
        """(D,) of the still figure, which stands for a motion that there is not."""
        found: NDArray[np.float64] = self.motions([still_figure(self._body)])[0]
        return found
