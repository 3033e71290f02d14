"""What the report tells of the goals of one shard: the verdict on each, and why one was left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evaluators.verdict import CONTRADICTED, SUPPORTED, UNVERIFIABLE
from transforms.report_data import ReportData

Row = dict[str, Any]
Parts = Mapping[tuple[str, str], pa.Table]  # a shard's tables; dead letters by step, else the step is ""

DEAD_LETTERS = "dead_letters"
GOAL_COLUMNS: Mapping[str, list[str]] = {  # that verdicts are made of
    "goals": ["goal_id"],
    "annotations": ["goal_id", "contradicted", "unverifiable"],
    DEAD_LETTERS: ["input_id", "reason"],
}
_LOST = "caption_contradicted"
_LONGEST = 1000  # characters of a text that is kept of a caption


@dataclass(frozen=True)
class Chosen:
    """A goal, the shard that holds it, the worst verdict on its words, and why it was left out, if it was."""

    goal_id: str
    shard: int
    verdict: str
    left_out: str = ""

    @property
    def is_flagged(self) -> bool:
        """Whether something is wrong with it."""
        return bool(self.left_out) or self.verdict == CONTRADICTED


def goals_of(parts: Parts, index: int) -> list[Chosen]:
    """Every goal of a shard."""
    goals = parts["goals", ""]["goal_id"].to_pylist()
    known = set(goals)
    reasons = {
        row["input_id"]: row["reason"]
        for rows in _letters(parts)
        for row in rows.select(["input_id", "reason"]).to_pylist()
        if row["input_id"] in known
    }
    worst: dict[str, str] = {}
    annotations = parts["annotations", ""].select(["goal_id", "contradicted", "unverifiable"])
    sums = annotations.group_by("goal_id").aggregate([("contradicted", "sum"), ("unverifiable", "sum")])
    for row in sums.to_pylist():
        doubtful = UNVERIFIABLE if row["unverifiable_sum"] else SUPPORTED
        worst[row["goal_id"]] = CONTRADICTED if row["contradicted_sum"] else doubtful
    return [
        Chosen(
            name,
            index,
            CONTRADICTED if reasons.get(name) == _LOST else worst.get(name, UNVERIFIABLE),
            reasons.get(name, ""),
        )
        for name in goals
    ]


def add_goals(data: ReportData, parts: Parts, index: int) -> None:
    """Count the goals of a shard and draw some."""
    for one in goals_of(parts, index):
        data.goals += 1
        data.flagged += one.is_flagged
        draw = data.wrong if one.is_flagged else data.rest
        draw.offer(one.goal_id, [one.goal_id, one.shard, one.verdict, one.left_out])


def add_left_out(data: ReportData, parts: Parts, index: int) -> None:
    """What the build left out for what its motion contradicts.

    A caption that can be contradicted never stays in a corpus that was built in the ordinary way.
    """
    lost = [row for rows in _letters(parts) for row in rows.filter(pc.field("reason") == _LOST).to_pylist()]
    if not lost:
        return
    told = parts["goals", ""].filter(pc.field("goal_id").isin([row["input_id"] for row in lost]))
    captions = {row["goal_id"]: row["caption"] for row in told.to_pylist()}
    data.add_left_out([_caption(row, captions) for row in lost], len(lost))


def _caption(letter: Row, captions: Mapping[str, str]) -> Row:
    told = json.loads(letter["payload"])
    return {
        "caption_id": letter["input_id"],
        "caption": captions.get(letter["input_id"], "")[:_LONGEST],
        "words": "",
        "claim": told.get("claim", "")[:_LONGEST],
        "measured": told.get("evidence", letter["detail"])[:_LONGEST],
        "certainty": float(told.get("certainty", 0)),
        "start": int(told.get("start", 0)),
        "end": int(told.get("end", 0)),
        "left_out": True,
    }


def _letters(parts: Parts) -> Iterator[pa.Table]:
    """The dead letters of every step."""
    return (rows for (table, _), rows in parts.items() if table == DEAD_LETTERS)
