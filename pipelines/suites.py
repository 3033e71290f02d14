"""What a good corpus is: the gate's expectations, as data, a list a table and one of the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from motion.layout import MAX_CAPTION, SPLITS
from motion.skeleton import skeleton
from pipelines.thresholds import Threshold, Thresholds
from schemas.fingerprint import fingerprint
from schemas.profile import PROFILE_VERSION
from transforms.profile_tables import TASKS, TEXT_LENGTH, key_of

CORPUS = "corpus"
CONSERVATION = "conservation"
TABLES_HELD = "tables"
NEVER_EMPTY = ("motions", "goals", "facts", "candidates", "annotations", "stage1", "stage2", "stage3")
OF_STEPS = ("failed_share", "kept_share")  # thresholds that every step must keep


OF_SEVERAL = "ExpectColumnValuesToBeBetween"  # the kind for frames of several rows


@dataclass(frozen=True)
class Expectation:
    """That a statistic lies in bounds: one of Great Expectations' class `kind`."""

    column: str
    low: float | None
    high: float | None
    meaning: str
    refuses: bool = True  # an expectation that is advisory is told and refuses nothing
    kind: str = "ExpectColumnMaxToBeBetween"  # of the one value that a frame has

    @property
    def bounds(self) -> str:
        """The bounds in words."""
        if self.low == self.high == 0:
            return "(none may fail)"
        if self.low is None or self.high is None:
            return f"(at most {self.high})" if self.low is None else f"(at least {self.low})"
        return f"({self.low} to {self.high})"

    def as_list(self) -> list[Any]:
        """Plain values, for digests."""
        return [self.kind, self.column, self.low, self.high, self.refuses]


Suites = dict[str, list[Expectation]]


def suites(config: Mapping[str, Any], thresholds: Thresholds) -> Suites:
    """Expectations by suite for a corpus of this configuration and these thresholds."""
    found = {name: [*_of_every_table(name), *_rows(meanings)] for name, meanings in checks(config).items()}
    found[CONSERVATION] = [
        Expectation("unaccounted", 0, 0, _ACCOUNTED, kind=OF_SEVERAL),
        *(replace(_threshold(thresholds[name]), kind=OF_SEVERAL) for name in OF_STEPS),
    ]
    held = "The table holds at least one row."
    found[TABLES_HELD] = [Expectation("rows", 1, None, held, kind=OF_SEVERAL)]
    found[CORPUS] = [_threshold(threshold) for name, threshold in thresholds.items() if name not in OF_STEPS]
    return found


def digest(config: Mapping[str, Any], thresholds: Thresholds) -> str:
    """Identity of the suites: what they ask of whom, with the thresholds, and what they are judged on."""
    asked = {name: [each.as_list() for each in suite] for name, suite in suites(config, thresholds).items()}
    return fingerprint("gate", PROFILE_VERSION, asked)


def _threshold(threshold: Threshold) -> Expectation:
    return Expectation(
        threshold.name, threshold.min, threshold.max, threshold.meaning, refuses=threshold.refuses
    )


def _rows(meanings: Mapping[str, str]) -> list[Expectation]:
    """That no row fails a check of the profile."""
    return [Expectation(column, 0, 0, meaning) for column, meaning in meanings.items()]


def _of_every_table(name: str) -> list[Expectation]:
    """Schema, nulls, key: what every table must have."""
    key = key_of(name)
    found = {
        "schema": "Every shard has the columns, types and version that this irmogen knows.",
        "nulls": "No column, and no field inside one, holds a null.",
        "readable": "Every row can be judged.",
        key: f"Every row has a {key}.",
    }
    if name != "dead_letters":
        found[f"{key}_unique"] = f"No two rows have the same {key}."
    return _rows(found)


_ACCOUNTED = "Every row that a step took in went on, or a dead letter tells why."
_SPLIT = f"The split is one of {', '.join(SPLITS)}."
_GOAL = "The row's goal is in the goals of its shard."
_OF_GOAL = "The row is in the split of its goal."
_NAMES_GOAL = "The row's id begins with the id of its goal."
_MOTION = "The motion names frames that there are."
_SHOWN_SPLIT = "Every motion that the row shows is of its split."
_SHA256 = "A SHA-256 of a source file is 64 hexadecimal digits."
_CAPTION = f"A caption has 1 to {MAX_CAPTION} characters."


def checks(config: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What the profile checks of every row, by table: the name of the check and what it asks."""
    body = skeleton(config["skeleton"])
    frames = f"The motion has {body.min_frames} to {body.max_frames - 1} frames."
    return {
        "motions": {
            "split": _SPLIT,
            "frames": frames,
            "motion_sha256": _SHA256,
            "text_sha256": _SHA256,
            "in_its_shard": "The clip lies in the shard that its id belongs to.",
            "skeleton": f"The clip is of the corpus' skeleton, {body.name}.",
            "twin_split": "A clip and its mirrored twin are in the same split.",
            "mirror_of": "A mirrored clip names the clip that its id tells.",
            "frames_as_features": "There are as many rows of features as frames.",
            "finite": "Every number of the features is finite.",
        },
        "goals": {
            "split": _SPLIT,
            "caption_length": _CAPTION,
            "frames": frames,
            "in_its_shard": "The goal lies in the shard of its clip.",
            "motion_resolves": _MOTION,
            "split_of_clip": "The goal, which may be a segment, is in the split of its clip.",
            "id_names_motion": "The goal's id names dataset, clip and caption.",
        },
        "facts": {
            "frames": frames,
            "goal_resolves": _GOAL,
            "motion_resolves": _MOTION,
            "events_inside": "Events end within the motion.",
        },
        "candidates": _candidates(config["ladder"]),
        "perturbed": {
            "frames": f"The motion has 4 to {body.max_frames - 1} frames.",
            "edits": "The motion names the edits that made it.",
            "goal_resolves": _GOAL,
            "id_names_goal": _NAMES_GOAL,
            "motion_resolves": "The clip that was changed is in the shard.",
            "split_of_clip": "The clip that was changed is of the goal's split.",
        },
        "annotations": {
            "kind": "An annotation is an analysis or an assessment.",
            "text_length": f"A text has {TEXT_LENGTH[0]} to {TEXT_LENGTH[1]} characters.",
            "has_refinement": "Assessments, and they alone, have a refinement.",
            "annotator": "The annotation names who wrote it.",
            "prompt_hash": "The annotation names the hash of its prompt or wordings.",
            "goal_resolves": _GOAL,
            "id_names_goal": _NAMES_GOAL,
            "split_of_goal": _OF_GOAL,
            "candidate_resolves": "The candidate that is assessed is in the shard.",
        },
        **_stages(frames, config["wordings"]),
        "dead_letters": {
            "kind": "A row was filtered or failed.",
            "reason": "The reason is one word.",
            "detail": "The letter tells in words what happened.",
            "step": "The letter names a step of the engine.",
        },
    }


def _candidates(ladder: int) -> dict[str, str]:
    return {
        "rank": f"The rank is 0 to {ladder - 1}.",
        "origin": "An intermediate motion is retrieved or perturbed.",
        "alignment": "Alignment lies between 0 and 1.",
        "differences": "An intermediate motion differs from its goal in something.",
        "edits_as_origin": "Perturbed motions, and they alone, name edits.",
        "inside": "Events and differences end within the motion.",
        "goal_resolves": _GOAL,
        "id_names_goal": _NAMES_GOAL,
        "split_of_goal": _OF_GOAL,
        "motion_resolves": _MOTION,
        "motion_split": "The motion that a ladder shows is of the goal's split.",
    }


def _stages(frames: str, wordings: int) -> dict[str, dict[str, str]]:
    """Of what training reads. A contradicted annotation may stand in its table, never in a chain."""
    of_goal = {"goal_resolves": _GOAL, "split_of_goal": _OF_GOAL}
    return {
        "stage1": {
            "task": f"The task is one of {', '.join(TASKS)}.",
            "split": _SPLIT,
            "caption_length": _CAPTION,
            **of_goal,
            "id_names_goal": _NAMES_GOAL,
            "motion_resolves": _MOTION,
            "goal_motion_resolves": "The goal motion names frames that there are.",
            "motions_split": _SHOWN_SPLIT,
            "annotations_resolve": "The annotations that the example is made of are in the shard.",
        },
        "stage2": {
            "fault": "A chain is consistent: the goal motion is assessed as matching and no other, alignment "
            "does not fall, nothing is contradicted, the format is strict.",
            "split": _SPLIT,
            **of_goal,
            "analyses": f"There are {wordings} wordings of the analysis.",
            "motions_resolve": "Every motion of the chain names frames that there are.",
            "motions_split": _SHOWN_SPLIT,
            "annotations_resolve": "The annotations that the chain is made of are in the shard.",
        },
        "stage3": {
            "split": _SPLIT,
            **of_goal,
            "frames": frames,
            "caption_length": _CAPTION,
            "motion_resolves": _MOTION,
            "motions_split": _SHOWN_SPLIT,
        },
    }
