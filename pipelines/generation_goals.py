"""What a model is asked to complete: the goals of a split, with the motions that each mode shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from motion.seeds import share
from pipelines.shard_input import read_table
from pipelines.strangers import strangers
from schemas.rows import MotionRef, goal_motion

if TYPE_CHECKING:
    from schemas.corpus import Corpus
    from trainer.generation.modes import Item

Row = dict[str, Any]


def read_goals(corpus: Corpus, split: str) -> list[Row]:
    """The goals of a split, sorted by id; ValueError where it has none."""
    columns = ["goal_id", "motion_id", "split", "caption", "start", "end"]
    tables = (read_table(corpus, "goals", index, columns) for index in range(corpus.shards))
    rows = [row for table in tables for row in table.to_pylist() if row["split"] == split]
    if not rows:
        raise ValueError(f"{corpus.root}: has no goals in the split {split!r}; give another --split")
    return sorted(rows, key=lambda row: row["goal_id"])


def some(goals: Sequence[Row], limit: int | None) -> list[Row]:
    """So many of the goals, drawn by their ids, in their order; all where there is no limit.

    A smaller limit draws some of those that a larger one draws.
    """
    if limit is None or limit >= len(goals):
        return list(goals)
    drawn = sorted(goals, key=lambda row: share("generate", "limit", row["goal_id"]))[:limit]
    return sorted(drawn, key=lambda row: row["goal_id"])


def read_items(
    corpus: Corpus, goals: Sequence[Row], mode: str, samples: int, limit: int | None
) -> list[list[Item]]:
    """The items of each goal in a mode, without the codes of what they show. `goals` are a whole split."""
    from trainer.generation.modes import Item

    chosen = some(goals, limit)
    shown = _shown(corpus, goals, chosen, mode)
    return [
        [
            Item(row["goal_id"], row["split"], row["caption"], sample, *motion)
            for sample in range(samples)
            for motion in shown[row["goal_id"]]
        ]
        for row in chosen
    ]


def _shown(
    corpus: Corpus, goals: Sequence[Row], chosen: Sequence[Row], mode: str
) -> Mapping[str, Sequence[tuple[str, MotionRef] | tuple[()]]]:
    """Ids and places of the motions that are shown for each chosen goal."""
    own = {row["goal_id"]: (row["goal_id"], goal_motion(row)) for row in chosen}
    if mode == "caption":
        return {name: [motion] for name, motion in own.items()}
    if mode == "robust":
        drawn = strangers(goals)
        return {name: [(drawn[name].id, drawn[name])] for name in own}
    if mode != "judge":
        return {name: [()] for name in own}
    ladders: dict[str, list[tuple[str, MotionRef]]] = {name: [motion] for name, motion in own.items()}
    columns = ["goal_id", "candidate_id", "motion"]
    for index in range(corpus.shards):
        for row in read_table(corpus, "candidates", index, columns).to_pylist():
            if row["goal_id"] in ladders:
                ladders[row["goal_id"]].append((row["candidate_id"], MotionRef(**row["motion"])))
    return ladders
