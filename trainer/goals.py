"""Goals of stage 3: what is asked for, in which order, and the motion that is rewarded against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motion.seeds import generator
from schemas.corpus import Corpus
from schemas.rows import MotionRef
from schemas.shards import features_of_segments
from trainer.examples import chain_instruction
from trainer.recipe import Recipe


@dataclass(frozen=True)
class Goal:
    """A caption and the motion that it describes."""

    goal_id: str
    caption: str
    tags: str  # part-of-speech tags of the dataset; may be empty
    motion: MotionRef
    shard: int  # in which the goal lies, and its motion


def read_goals(corpus: Corpus, split: str) -> list[Goal]:
    """The stage 3 goals of a split, sorted by id. ValueError where it has none, or one without a word."""
    found = []
    for shard in range(corpus.shards):
        goals = corpus.read("goals", shard, ["goal_id", "tags"]).to_pydict()
        tags = dict(zip(goals["goal_id"], goals["tags"], strict=True))
        columns = ["goal_id", "split", "caption", "motion"]
        for row in corpus.read("stage3", shard, columns).to_pylist():
            if row["split"] == split:
                name = row["goal_id"]
                found.append(Goal(name, row["caption"], tags[name], MotionRef(**row["motion"]), shard))
    if not found:
        raise ValueError(f"{corpus.root}: stage3 has no goal of the split {split!r}; set data.split")
    mute = next((goal for goal in found if not any(sign.isalnum() for sign in goal.caption)), None)
    if mute:
        raise ValueError(
            f"{mute.goal_id}: its caption {mute.caption!r} holds no word, so that nothing can be asked for; "
            f"build the corpus without it"
        )
    return sorted(found, key=lambda goal: goal.goal_id)


def steps_of(recipe: Recipe, goals: int) -> int:
    """Steps of the optimiser: as the recipe says, or so many that every goal comes once in each epoch."""
    grpo = recipe.grpo
    if recipe.train.steps or grpo is None:
        return recipe.train.steps
    prompts = recipe.train.rows // grpo.group
    return max(1, int(-(-recipe.train.epochs * goals // prompts))) * grpo.iterations


class Prompts:
    """The prompts of a training, one behind the other: each epoch has every goal once, in its own order.

    What stands at a place depends on seed, place and the goals alone. The last epoch ends where the training
    does.
    """

    def __init__(self, goals: Sequence[Goal], seed: int) -> None:
        self.goals, self.seed = goals, seed
        self._orders: dict[int, NDArray[np.int64]] = {}

    def _order(self, epoch: int) -> NDArray[np.int64]:
        """Of the goals in an epoch; two are kept, for a batch may lie in both."""
        if epoch not in self._orders:
            drawn = generator("stage3 order", self.seed, epoch).permutation(len(self.goals))
            kept = {held: order for held, order in self._orders.items() if held == epoch - 1}
            self._orders = kept | {epoch: drawn}
        return self._orders[epoch]

    def at(self, place: int) -> tuple[Goal, str]:
        """The goal at a place, and the instruction in the wording drawn for it."""
        epoch, number = divmod(place, len(self.goals))
        goal = self.goals[int(self._order(epoch)[number])]
        return goal, chain_instruction(goal.goal_id, goal.caption, f"{self.seed}/stage3 epoch {epoch}")

    def rows(self, places: Sequence[Mapping[str, int]]) -> list[dict[str, str]]:
        """What TRL wants of rows {"place": N}: the instruction, which it calls prompt, and the goal's id."""
        found = [self.at(row["place"]) for row in places]
        return [{"prompt": text, "goal_id": goal.goal_id} for goal, text in found]


class GoalMotions:
    """Features of goals' motions, read from their shards when they are asked for."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus

    def features(self, goals: Sequence[Goal]) -> list[NDArray[np.float32]]:
        """Features (T, F) of each goal's motion; each shard is read once.

        ValueError names a goal whose motion its shard does not hold.
        """
        wanted: dict[tuple[str, int], list[MotionRef]] = {}
        for goal in goals:
            wanted.setdefault((goal.motion.table, goal.shard), []).append(goal.motion)
        found: dict[tuple[int, MotionRef], NDArray[np.float32]] = {}
        for (table, shard), motions in wanted.items():
            found |= {(shard, motion): clip for motion, clip in self._of_shard(table, shard, motions).items()}
        return [found[goal.shard, goal.motion] for goal in goals]

    def _of_shard(
        self, table: str, shard: int, motions: Sequence[MotionRef]
    ) -> dict[MotionRef, NDArray[np.float32]]:
        path = self.corpus.shard_path(table, shard)
        if table != "motions":
            raise ValueError(f"{path}: a goal's motion lies in the table motions; build the corpus again")
        held = self.corpus.read(table, shard, ["motion_id", "features"])
        segments = {motion: (motion.id, motion.start, motion.end) for motion in motions}
        try:
            clips = features_of_segments(held, segments.values())
        except KeyError as error:
            raise ValueError(f"{path}: lacks the motion {error} of a goal; build the corpus again") from error
        short = next((one for one in segments.values() if len(clips[one]) != one[2] - one[1]), None)
        if short:
            raise ValueError(
                f"{path}: the motion {short[0]} has no frames {short[1]} to {short[2]}; build again"
            )
        return {motion: np.array(clips[segment]) for motion, segment in segments.items()}
