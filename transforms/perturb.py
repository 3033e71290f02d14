"""Perturbed versions of goals' motions, with their facts measured anew: part of the ladder step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motion.facts import Facts
from motion.features import features_from_joints, joints_from_features
from motion.perturb import Edit, Subject, propose
from motion.seeds import generator
from motion.skeleton import skeleton
from schemas.config import BuildConfig
from schemas.corpus import Corpus
from transforms.measure import measure_each, segment, segment_joints

# How strongly each perturbed candidate of a ladder departs from the goal, strong to weak.
STRENGTHS = (0.9, 0.35)


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


def perturb_goals(
    config: BuildConfig, corpus: Corpus, index: int, goals: list[Goal], wanted: dict[str, int]
) -> tuple[dict[str, list[Perturbed]], dict[str, Exception]]:
    """As many perturbed versions of each goal's motion as wanted, and the goals that an error cost."""
    body = skeleton(config.skeleton)
    joints = segment_joints(config, corpus, index, [goal.row for goal in goals])
    donors = _donors(config, goals)
    subjects = {g.id: Subject(joints[segment(g.row)], body, g.facts.events) for g in goals}
    drafts: list[_Draft] = []
    errors: dict[str, Exception] = {}
    for goal in goals:
        donor_id = donors[goal.id]
        try:
            drafts += _drafts(config, goal, subjects, donor_id, wanted[goal.id])
        except Exception as error:
            errors[goal.id] = error
    facts = measure_each({draft.id: joints_from_features(draft.features, body) for draft in drafts}, body)
    made: dict[str, list[Perturbed]] = {goal.id: [] for goal in goals}
    for draft in drafts:
        found = facts[draft.id]
        if isinstance(found, Exception):
            errors[draft.goal.id] = found
        else:
            made[draft.goal.id].append(Perturbed(draft.id, draft.goal, draft.features, draft.edits, found))
    return made, errors


def _drafts(
    config: BuildConfig, goal: Goal, subjects: dict[str, Subject], donor_id: str, count: int
) -> list[_Draft]:
    if count == 0:
        return []
    strengths = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(STRENGTHS)), STRENGTHS)
    key = f"{config.seed}/{goal.id}"
    subject, donor = subjects[goal.id], subjects.get(donor_id)
    versions = propose(subject, donor, key, count, [float(strength) for strength in strengths])
    drafts = []
    for number, (changed, edits) in enumerate(versions):
        features = features_from_joints(changed, subject.skeleton)
        recorded = tuple(_recorded(edit, donor_id, len(features)) for edit in edits)
        drafts.append(_Draft(f"{goal.id}-p{number}", goal, features, recorded))
    return drafts


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
