"""What a good corpus is: the gate's expectations, as data, a list a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from motion.layout import MAX_CAPTION, SPLITS
from motion.skeleton import skeleton
from transforms.assemble import ASSESSMENT_TASKS, GOAL_TASKS, REFINEMENT_TASKS

MAX_FAILED_SHARE = 0.01  # of a step's rows, lost to errors
MIN_KEPT_SHARE = 0.5  # of a step's rows: a data set that loses more is not the one that was meant

Expectation = tuple[str, dict[str, Any]]  # Great Expectations' name, its arguments


def suites(config: Mapping[str, Any]) -> dict[str, list[Expectation]]:
    """Expectations by table for a corpus of this configuration."""
    return _input_suites(config) | _ladder_suites(config) | _stage_suites(config) | _whole_suites()


def _input_suites(config: Mapping[str, Any]) -> dict[str, list[Expectation]]:
    """Of what is read and measured. A row whose clip lies in its shard has a key of its own in the
    corpus if it has one in the shard."""
    body = skeleton(config["skeleton"])
    frames = _between("frames", body.min_frames, body.max_frames - 1)
    return {
        "motions": [
            *_key("motion_id"),
            _among("split", SPLITS),
            frames,
            _matches("motion_sha256", "^[0-9a-f]{64}$"),
            _matches("text_sha256", "^[0-9a-f]{64}$"),
            _holds("in_its_shard"),
        ],
        "goals": [
            *_key("goal_id"),
            _among("split", SPLITS),
            _between("caption_length", 1, MAX_CAPTION),
            frames,
            _holds("in_its_shard"),
            _holds("motion_resolves"),
        ],
        "facts": [
            *_key("goal_id"),
            frames,
            _holds("goal_resolves"),
            _holds("motion_resolves"),
            _holds("events_inside"),
        ],
    }


def _ladder_suites(config: Mapping[str, Any]) -> dict[str, list[Expectation]]:
    """Of candidates and annotations. A contradicted annotation may stand in its table, never in a
    chain: that is stage 2's to show."""
    longest = skeleton(config["skeleton"]).max_frames - 1
    return {
        "candidates": [
            *_key("candidate_id"),
            _between("rank", 0, config["ladder"] - 1),
            _among("origin", ("retrieved", "perturbed")),
            _between("alignment", 0, 1),
            _between("differences", 1, None),
            _holds("edits_as_origin"),
            _holds("inside"),
            _holds("goal_resolves"),
            _holds("motion_resolves"),
        ],
        "perturbed": [
            *_key("perturbed_id"),
            _between("frames", 4, longest),
            _between("edits", 1, None),
            _holds("goal_resolves"),
        ],
        "annotations": [
            *_key("annotation_id"),
            _among("kind", ("analysis", "assessment")),
            _between("text_length", 10, 4000),
            _holds("has_refinement"),
            _matches("annotator", "."),
            _matches("prompt_hash", "."),
            _holds("goal_resolves"),
            _holds("candidate_resolves"),
        ],
    }


def _stage_suites(config: Mapping[str, Any]) -> dict[str, list[Expectation]]:
    """Of what training reads."""
    body = skeleton(config["skeleton"])
    caption = _between("caption_length", 1, MAX_CAPTION)
    return {
        "stage1": [
            *_key("example_id"),
            _among("task", (*GOAL_TASKS, *ASSESSMENT_TASKS, *REFINEMENT_TASKS)),
            _among("split", SPLITS),
            caption,
            _holds("motion_resolves"),
            _holds("goal_motion_resolves"),
            _holds("annotations_resolve"),
        ],
        "stage2": [
            *_key("goal_id"),
            _among("split", SPLITS),
            _among("fault", ("",)),
            _between("analyses", config["wordings"], config["wordings"]),
            _holds("motions_resolve"),
        ],
        "stage3": [
            *_key("goal_id"),
            _among("split", SPLITS),
            _between("frames", body.min_frames, body.max_frames - 1),
            caption,
            _holds("motion_resolves"),
        ],
    }


def _whole_suites() -> dict[str, list[Expectation]]:
    """Of the corpus as a whole."""
    return {
        "dead_letters": [
            _among("kind", ("filtered", "failed")),
            _matches("reason", "^[a-zA-Z_0-9]+$"),
            _matches("detail", "."),
        ],
        "conservation": [
            _between("unaccounted", 0, 0),
            _between("failed_share", 0, MAX_FAILED_SHARE),
            _between("kept_share", MIN_KEPT_SHARE, 1),
        ],
        "tables": [_between("rows", 1, None)],
    }


KEYS = {
    "motions": "motion_id",
    "goals": "goal_id",
    "facts": "goal_id",
    "candidates": "candidate_id",
    "perturbed": "perturbed_id",
    "annotations": "annotation_id",
    "stage1": "example_id",
    "stage2": "goal_id",
    "stage3": "goal_id",
    "dead_letters": "input_id",
    "conservation": "step",
    "tables": "table",
}


def _key(column: str) -> list[Expectation]:
    return [
        ("ExpectColumnValuesToNotBeNull", {"column": column}),
        ("ExpectColumnValuesToBeUnique", {"column": column}),
        _matches(column, "."),
    ]


def _among(column: str, values: tuple[str, ...]) -> Expectation:
    return "ExpectColumnValuesToBeInSet", {"column": column, "value_set": list(values)}


def _holds(column: str) -> Expectation:
    return "ExpectColumnValuesToBeInSet", {"column": column, "value_set": [True]}


def _between(column: str, low: float | None, high: float | None) -> Expectation:
    return "ExpectColumnValuesToBeBetween", {"column": column, "min_value": low, "max_value": high}


def _matches(column: str, pattern: str) -> Expectation:
    return "ExpectColumnValuesToMatchRegex", {"column": column, "regex": pattern}
