"""Goals of stage 3: what is asked for, in which order, and the motion that is rewarded against."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.corpus import Corpus
from schemas.rows import MotionRef
from schemas.shards import features_of_segments
from trainer.examples import chain_instruction
from trainer.lanes import Piece, deal, row_order
from trainer.recipe import Recipe

_GIVEN = 16_384  # goals that are remembered
_TABLES = 16  # shards of motions in memory, 10 to 30 MB each


@dataclass(frozen=True)
class Goal:
    """A caption and the motion that it describes."""

    goal_id: str
    caption: str
    tags: str  # part-of-speech tags of the dataset; may be empty
    motion: MotionRef
    shard: int  # in which the goal lies, and its motion


class Goals:
    """The stage 3 goals of a split; a shard is read when one of its goals is asked for.

    `counts` are the rows of the split in each shard. ValueError where there is none.
    """

    def __init__(self, corpus: Corpus, split: str, counts: Sequence[int], held: int = 64) -> None:
        self.corpus, self.split, self.counts = corpus, split, list(counts)
        self.of_shard = lru_cache(held)(self._of_shard)
        if not sum(self.counts):
            raise ValueError(f"{corpus.root}: stage3 has no goal of the split {split!r}; set data.split")

    def __len__(self) -> int:
        """How many goals there are."""
        return sum(self.counts)

    def _of_shard(self, shard: int) -> list[Goal]:
        """The goals of a shard, sorted by id. ValueError names one without a word."""
        goals = self.corpus.read("goals", shard, ["goal_id", "tags"]).to_pydict()
        tags = dict(zip(goals["goal_id"], goals["tags"], strict=True))
        columns = ["goal_id", "split", "caption", "motion"]
        found = [
            Goal(row["goal_id"], row["caption"], tags[row["goal_id"]], MotionRef(**row["motion"]), shard)
            for row in self.corpus.read("stage3", shard, columns).to_pylist()
            if row["split"] == self.split
        ]
        if len(found) != self.counts[shard]:
            raise ValueError(
                f"{self.corpus.shard_path('stage3', shard)}: {self.counts[shard]} goals were counted when "
                f"the training began, now there are {len(found)}; leave the corpus as it is while training"
            )
        mute = next((goal for goal in found if not any(sign.isalnum() for sign in goal.caption)), None)
        if mute:
            raise ValueError(
                f"{mute.goal_id}: its caption {mute.caption!r} holds no word, so that nothing can be asked "
                f"for; build the corpus without it"
            )
        return found


def steps_of(recipe: Recipe, goals: int) -> int:
    """Steps of the optimiser: as the recipe says, or so many that every goal comes once in each epoch."""
    grpo = recipe.grpo
    if recipe.train.steps or grpo is None:
        return recipe.train.steps
    prompts = recipe.train.rows // grpo.group
    return max(1, int(-(-recipe.train.epochs * goals // prompts))) * grpo.iterations


class Prompts:
    """The prompts of a training, one behind the other: each epoch has every goal once, in its own order.

    What stands at a place depends on seed, place, the goals and how many prompts a step has. As the rows of
    the stages before, an epoch's goals are cut into as many stretches as a step has prompts, and each step
    takes one of each: a process, which gets neighbours, reads few shards. The last epoch ends where the
    training does.
    """

    def __init__(self, goals: Goals, seed: int, together: int) -> None:
        self.goals, self.seed = goals, seed
        self.lanes = min(together, len(goals))
        self.given: OrderedDict[str, Goal] = OrderedDict()  # by id, the last ones: what rewards ask for
        self._dealt = lru_cache(2)(self._of_epoch)  # a batch may lie in two

    def _of_epoch(self, epoch: int) -> tuple[list[list[Piece]], list[int]]:
        """The pieces of each lane, and the lanes that have one goal more than the others, or none."""
        dealt = deal(self.goals.counts, self.lanes, self.seed, epoch)
        sizes = [sum(piece.stop - piece.start for piece in pieces) for pieces in dealt]
        return dealt, [lane for lane, size in enumerate(sizes) if size > len(self.goals) // self.lanes]

    def at(self, place: int) -> tuple[Goal, str]:
        """The goal at a place, and the instruction in the wording drawn for it."""
        epoch, number = divmod(place, len(self.goals))
        dealt, longer = self._dealt(epoch)
        turn, lane = divmod(number, self.lanes)
        if turn == len(self.goals) // self.lanes:
            lane = longer[lane]
        for piece in dealt[lane]:
            size = piece.stop - piece.start
            if turn < size:
                break
            turn -= size
        goals = self.goals.of_shard(piece.shard)
        goal = goals[row_order(len(goals), self.seed, epoch, piece.shard)[piece.start + turn]]
        return goal, chain_instruction(goal.goal_id, goal.caption, f"{self.seed}/stage3 epoch {epoch}")

    def rows(self, places: Sequence[Mapping[str, int]]) -> list[dict[str, str]]:
        """What TRL wants of rows {"place": N}: the instruction, which it calls prompt, and the goal's id."""
        found = [self.at(row["place"]) for row in places]
        for goal, _ in found:
            self.given[goal.goal_id] = goal
            self.given.move_to_end(goal.goal_id)
        while len(self.given) > _GIVEN:
            self.given.popitem(last=False)
        return [{"prompt": text, "goal_id": goal.goal_id} for goal, text in found]


class GoalMotions:
    """Features of goals' motions, read from their shards when they are asked for; the last ones are kept."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        self._motions = lru_cache(_TABLES)(self._read)

    def _read(self, shard: int) -> pa.Table:
        return self.corpus.read("motions", shard, ["motion_id", "features"])

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
        held = self._motions(shard)
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
