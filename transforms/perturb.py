"""Perturbed versions of goals' motions, with their facts measured anew: part of the ladder step."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motion.compare import differences, shows
from motion.facts import Facts
from motion.features import features_from_joints, joints_from_features
from motion.perturb import Edit, Subject, propose_one
from motion.seeds import generator
from motion.skeleton import skeleton
from schemas.config import BuildConfig
from schemas.corpus import Corpus
from transforms.measure import measure_each, segment, segment_joints

# How strongly each perturbed candidate of a ladder departs from the goal, strong to weak.
STRENGTHS = (0.9, 0.35)
# A version whose edits do not show, or that shows more than them, is drawn again so often, ...
DRAWS = 3
# ... nearer to this strength each time: one edit that is neither faint nor wild shows best.
CLEAR_STRENGTH = 0.5


@dataclass(frozen=True)
class Goal:
    """A goal with its motion's measured facts."""

    row: dict[str, Any]
    facts: Facts

    @property
    def id(self) -> str:
        """The goal's id."""
        return self.row["goal_id"]


@dataclass(frozen=True)
class Perturbed:
    """A perturbed version of a goal's motion."""

    id: str
    goal: Goal
    features: NDArray[np.float32]
    edits: tuple[Edit, ...]
    facts: Facts


@dataclass(frozen=True)
class _Draft:
    """A perturbed version that is not measured yet."""

    id: str
    goal: Goal
    features: NDArray[np.float32]
    edits: tuple[Edit, ...]


@dataclass
class _Slot:
    """A place for one version of a goal, with the best of those that were drawn for it."""

    goal: Goal
    number: int
    strength: float
    best: Perturbed | None = None
    clearness: int = 0
    openers: tuple[str, ...] = ()  # operations with which its drafts began

    @property
    def id(self) -> str:
        return f"{self.goal.id}-p{self.number}"


def clearness(goal: Facts, version: Facts, edits: Collection[Edit]) -> int:
    """How clearly a version shows its edits.

    2 where what is measured is what is recorded, 1 where more is measured, 0 where a recorded break is
    not measured, or none is recorded.
    """
    known = [broken for edit in edits for broken in edit.breaks]
    measured = differences(goal, version)
    if not known or not all(any(shows(item, broken) for item in measured) for broken in known):
        return 0
    return 2 if all(any(shows(item, broken) for broken in known) for item in measured) else 1


def perturb_goals(
    config: BuildConfig, corpus: Corpus, index: int, goals: list[Goal], wanted: dict[str, int]
) -> tuple[dict[str, list[Perturbed]], dict[str, Exception]]:
    """Up to as many perturbed versions of each goal's motion as wanted, and the goals that an error cost.

    What the edits broke is measured in all of them.
    """
    body = skeleton(config.skeleton)
    joints = segment_joints(config, corpus, index, [goal.row for goal in goals])
    subjects = {g.id: Subject(joints[segment(g.row)], body, g.facts.events) for g in goals}
    donors = _donors(config, goals)
    slots = {goal.id: _slots(goal, wanted[goal.id]) for goal in goals}
    errors: dict[str, Exception] = {}
    for attempt in range(DRAWS):
        drafts: list[tuple[_Slot, _Draft]] = []
        for goal in goals:
            try:
                drafts += _drafts(config, slots[goal.id], subjects, donors[goal.id], attempt)
            except Exception as error:
                errors[goal.id] = error
                slots[goal.id] = []
        facts = measure_each({d.id: joints_from_features(d.features, body) for _, d in drafts}, body)
        for slot, draft in drafts:
            found = facts[draft.id]
            if isinstance(found, Exception):
                errors[slot.goal.id] = found
            else:
                _keep_better(slot, draft, found)
    made = {goal.id: [slot.best for slot in slots[goal.id] if slot.best is not None] for goal in goals}
    return made, errors


def _slots(goal: Goal, count: int) -> list[_Slot]:
    strengths = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(STRENGTHS)), STRENGTHS)
    return [_Slot(goal, number, float(strength)) for number, strength in enumerate(strengths)]


def _drafts(
    config: BuildConfig, slots: list[_Slot], subjects: dict[str, Subject], donor_id: str, attempt: int
) -> list[tuple[_Slot, _Draft]]:
    """A draft for each slot that does not hold a clear version yet."""
    drafts = []
    for slot in slots:
        if slot.clearness == 2:
            continue
        subject, donor = subjects[slot.goal.id], subjects.get(donor_id)
        # Not what other versions of the goal begin with, nor what did not show.
        begun = {other.openers[-1] for other in slots if other is not slot and other.openers}
        key = f"{config.seed}/{slot.goal.id}/{slot.number}/{attempt}"
        strength = slot.strength + (CLEAR_STRENGTH - slot.strength) * attempt / DRAWS
        changed, edits = propose_one(subject, donor, key, strength, begun.union(slot.openers))
        slot.openers += (edits[0].operation,)
        features = features_from_joints(changed, subject.skeleton)
        recorded = tuple(_recorded(edit, donor_id, len(features)) for edit in edits)
        drafts.append((slot, _Draft(slot.id, slot.goal, features, recorded)))
    return drafts


def _keep_better(slot: _Slot, draft: _Draft, facts: Facts) -> None:
    found = clearness(slot.goal.facts, facts, draft.edits)
    if found > slot.clearness:
        slot.best = Perturbed(draft.id, draft.goal, draft.features, draft.edits, facts)
        slot.clearness = found


def _recorded(edit: Edit, donor_id: str, frames: int) -> Edit:
    """An edit as it is kept: breaks end with the features, which have a frame less than the joints;
    one that took a part of another goal's motion names that goal."""
    breaks = tuple(replace(b, start=min(b.start, frames), end=min(b.end, frames)) for b in edit.breaks)
    extra = {"donor_goal_id": donor_id} if edit.operation == "splice" else {}
    return replace(edit, parameters={**edit.parameters, **extra}, breaks=breaks)


def _donors(config: BuildConfig, goals: list[Goal]) -> dict[str, str]:
    """The goal of another clip, of the same shard and split, for each goal; empty where there is none."""
    by_split: dict[str, list[Goal]] = {}
    for goal in goals:
        by_split.setdefault(goal.row["split"], []).append(goal)
    donors: dict[str, str] = {}
    for goal in goals:
        others = [o.id for o in by_split[goal.row["split"]] if o.row["motion_id"] != goal.row["motion_id"]]
        draw = generator("donor", config.seed, goal.id)
        donors[goal.id] = others[int(draw.integers(len(others)))] if others else ""
    return donors
