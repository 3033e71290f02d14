"""What stand-ins for a model are made of: goals with their ladders, and the motions that each kind shows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.support import support
from motion.skeleton import Skeleton
from motion.still import still_figure
from pipelines.shard_input import read_table
from pipelines.strangers import strangers
from prompts.chain import Chain, Round, render
from schemas.corpus import Corpus
from schemas.gathering import gather
from schemas.rows import MotionRef, facts_of, goal_motion
from transforms.homes import home_of

Row = dict[str, Any]
NOTHING = MotionRef("", "", 0, 0)


@dataclass(frozen=True)
class Goal:
    """A goal, its chain material (none where the corpus left it out), its siblings and a stranger."""

    row: Row
    chain: Row | None
    facts: Row | None
    candidates: tuple[Row, ...]  # far to near
    other_captions: tuple[str, ...]  # of the same motion
    stranger: MotionRef  # the motion of another clip

    @property
    def motion(self) -> MotionRef:
        """Its own motion."""
        return goal_motion(self.row)


@dataclass(frozen=True)
class MadeRound:
    """A motion of a stand-in."""

    features: NDArray[np.float32]
    assessment: str = ""
    refinement: str = ""
    injected: bool = False


@dataclass(frozen=True)
class StandIn:
    """What stands in for a completion."""

    goal: Goal
    rounds: tuple[MadeRound, ...] = ()
    text: str = ""
    shown_id: str = ""
    shown: MotionRef = field(default=NOTHING)
    answer: str = ""
    verdict: float = math.nan


def read_goals(corpus: Corpus, split: str) -> list[Goal]:
    """The goals of a split, sorted by id."""
    rows: list[Row] = []
    chains: dict[str, Row] = {}
    facts: dict[str, Row] = {}
    ladders: dict[str, list[Row]] = {}
    for index in range(corpus.shards):
        mine = [row for row in read_table(corpus, "goals", index).to_pylist() if row["split"] == split]
        names = {row["goal_id"] for row in mine}
        rows += mine
        chains |= {
            r["goal_id"]: r for r in read_table(corpus, "stage2", index).to_pylist() if r["goal_id"] in names
        }
        facts |= {
            r["goal_id"]: r for r in read_table(corpus, "facts", index).to_pylist() if r["goal_id"] in names
        }
        for row in read_table(corpus, "candidates", index).to_pylist():
            if row["goal_id"] in names:
                ladders.setdefault(row["goal_id"], []).append(row)
    rows.sort(key=lambda row: row["goal_id"])
    captions: dict[MotionRef, list[str]] = {}
    for row in rows:
        captions.setdefault(goal_motion(row), []).append(row["caption"])
    drawn = strangers(rows)
    return [_goal(row, chains, facts, ladders, captions, drawn) for row in rows]


def _goal(
    row: Row,
    chains: dict[str, Row],
    facts: dict[str, Row],
    ladders: dict[str, list[Row]],
    captions: dict[MotionRef, list[str]],
    drawn: dict[str, MotionRef],
) -> Goal:
    name = row["goal_id"]
    same = captions[goal_motion(row)]
    ladder = tuple(sorted(ladders.get(name, []), key=lambda candidate: candidate["rank"]))
    others = tuple(caption for caption in same if caption != row["caption"])
    return Goal(row, chains.get(name), facts.get(name), ladder, others, drawn[name])


def stand_ins(corpus: Corpus, body: Skeleton, kind: str, goals: Sequence[Goal]) -> list[StandIn]:
    """Stand-ins of one kind for goals; those without a ladder show another clip's motion in its place.

    All their motions are in memory at once.
    """
    if kind == "captions":
        return [_captioned(goal) for goal in goals]
    if kind == "verdicts":
        return [made for goal in goals for made in _judged(goal, body)]
    if kind == "still":
        return [StandIn(goal, (MadeRound(still_figure(body)),)) for goal in goals]
    shown = [list(_shown(kind, goal)) for goal in goals]
    motions = gather(corpus, (reference for references in shown for reference in references), home_of)
    return [
        _moving(kind, goal, [motions[reference] for reference in references])
        for goal, references in zip(goals, shown, strict=True)
    ]


def _shown(kind: str, goal: Goal) -> Iterator[MotionRef]:
    ladder = [MotionRef(**candidate["motion"]) for candidate in goal.candidates]
    if kind == "ground-truth":
        yield goal.motion
    elif kind == "shuffled" or (not ladder and kind in ("near", "far")):
        yield goal.stranger
    elif kind in ("near", "far"):
        yield ladder[-1 if kind == "near" else 0]
    else:
        if kind == "robust":
            yield goal.stranger
        yield from ladder
        yield goal.motion


def _moving(kind: str, goal: Goal, clips: list[NDArray[np.float32]]) -> StandIn:
    if kind not in ("ladder", "robust"):
        return StandIn(goal, tuple(MadeRound(clip) for clip in clips))
    spoken_of = [*goal.chain["ladder"], goal.chain] if goal.chain else []
    said = [(one["assessment"], one["refinement"]) for one in spoken_of]
    said = [("", "")] * (len(clips) - len(said)) + said  # a stranger is not spoken of
    injected = kind == "robust"
    rounds = tuple(
        MadeRound(clip, assessment, refinement, injected and number == 0)
        for number, (clip, (assessment, refinement)) in enumerate(zip(clips, said, strict=True))
    )
    text = _chain_text(goal, rounds)
    if not injected:
        return StandIn(goal, rounds, text)
    return StandIn(goal, rounds, text, shown_id=goal.stranger.id, shown=goal.stranger)


def _chain_text(goal: Goal, rounds: Sequence[MadeRound]) -> str:
    """The chain as a text; stand-ins have no tokenizer: one token stands for each four frames."""
    if goal.chain is None:
        return ""
    nothing = "Nothing is said of it."
    turns = tuple(
        Round((0,) * max(len(r.features) // 4, 1), r.assessment or nothing, r.refinement or nothing)
        for r in rounds
    )
    return render(Chain(goal.chain["analyses"][0]["text"], turns))


def _captioned(goal: Goal) -> StandIn:
    """The caption of the nearest motion of another clip; without one, another caption of the same motion."""
    kin = [row["source_caption"] for row in goal.candidates if row["source_caption"]]
    answer = [*kin[-1:], *goal.other_captions, goal.row["caption"]][0]
    return StandIn(goal, text=answer, answer=answer, shown_id=goal.row["goal_id"], shown=goal.motion)


def _judged(goal: Goal, body: Skeleton) -> Iterator[StandIn]:
    """Verdicts on the goal's motion and on each of its ladder; none where the caption claims nothing."""
    if goal.facts is None:
        return
    shown = [(goal.row["goal_id"], goal.motion, goal.facts)]
    for row in goal.candidates:
        motion = MotionRef(**row["motion"])
        shown.append((row["candidate_id"], motion, {"frames": motion.end - motion.start, **row}))
    for name, motion, facts in shown:
        share = support(goal.row["caption"], facts_of(facts, body.fps))
        if share is not None:
            yield StandIn(goal, text=f"{share:.3f}", shown_id=name, shown=motion, verdict=share)
