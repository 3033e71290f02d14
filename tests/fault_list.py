"""Every fault that the gate must name, one for each thing that it asks."""

from __future__ import annotations

import numpy as np
from faults import (
    Fault,
    all_set_to,
    another_type,
    another_version,
    copies_across,
    copies_within,
    deep,
    doubled,
    edited_of_the_other_split,
    foreign,
    letter,
    local_of_the_other_split,
    many_letters,
    mirrored_across,
    near_across,
    near_within,
    on_a_training_clip,
    one_operation,
    other_split,
    rung,
    same_captions,
    set_to,
    shows_the_other_split,
    twin_split,
    with_null,
    without_column,
    without_many_of_rank_0,
    without_task,
)

from schemas.tables import TABLES

# Of each table a column that takes a null and then cannot be judged by, too.
_NULLED = {
    "motions": "motion_sha256",
    "goals": "caption",
    "facts": "motion",
    "candidates": "motion",
    "perturbed": "frames",
    "annotations": "text",
    "stage1": "caption",
    "stage2": "assessment",
    "stage3": "motion",
}


def _generic() -> list[Fault]:
    """What every table must have: its schema, no nulls, rows that can be judged, keys that are there once."""
    found = []
    for name, table in TABLES.items():
        if name == "dead_letters":
            continue
        key = table.key[0]
        null = with_null(_NULLED[name])
        found += [
            Fault(name, "schema", name, without_column(table.light_columns[-1]), arrow=True),
            Fault(name, "nulls", name, null, arrow=True),
            Fault(name, "readable", name, null, arrow=True),
            Fault(name, key, name, set_to(key, "", row=0)),
        ]
        found.append(Fault(name, f"{key}_unique", name, doubled, arrow=True))
    return found


def _of_goal(name: str, split: bool = True) -> list[Fault]:
    """What rows about a goal must have: one in their shard, its split, its id in their own."""
    found = [Fault(name, "goal_resolves", name, set_to("goal_id", "nobody-0"))]
    if TABLES[name].key[0] != "goal_id":
        found.append(Fault(name, "id_names_goal", name, set_to(TABLES[name].key[0], "nobody-0")))
    return [*found, Fault(name, "split_of_goal", name, other_split)] if split else found


ROW_FAULTS = [
    *_generic(),
    Fault("motions", "schema", "motions", another_type("frames"), arrow=True),
    Fault("goals", "schema", "goals", another_version, arrow=True),
    Fault("motions", "split", "motions", set_to("split", "holdout")),
    Fault("motions", "frames", "motions", set_to("frames", 7)),
    Fault("motions", "motion_sha256", "motions", set_to("motion_sha256", "0")),
    Fault("motions", "text_sha256", "motions", set_to("text_sha256", "")),
    Fault("motions", "in_its_shard", "motions", set_to("motion_id", "999983")),
    Fault("motions", "skeleton", "motions", set_to("skeleton", "kit")),
    Fault("motions", "twin_split", "motions", twin_split),
    Fault("motions", "mirror_of", "motions", set_to("mirror_of", "000001x")),
    Fault(
        "motions",
        "frames_as_features",
        "motions",
        lambda rows: rows[1].update(frames=len(rows[1]["features"]) - 1),
    ),
    Fault("motions", "finite", "motions", lambda rows: rows[1].update(features=rows[1]["features"] * np.nan)),
    Fault("goals", "split", "goals", set_to("split", "holdout")),
    Fault("goals", "caption_length", "goals", set_to("caption", "")),
    Fault("goals", "frames", "goals", set_to("end", 3)),
    Fault(
        "goals",
        "in_its_shard",
        "goals",
        lambda rows: rows[1].update(motion_id="999983", goal_id="t2m-999983-0"),
    ),
    Fault("goals", "motion_resolves", "goals", set_to("motion_id", "999999")),
    Fault("goals", "motion_resolves", "goals", set_to("end", 100_000)),
    Fault("goals", "split_of_clip", "goals", other_split),
    Fault("goals", "id_names_motion", "goals", set_to("caption_index", 77)),
    Fault("facts", "frames", "facts", set_to("frames", 2)),
    Fault("facts", "events_inside", "facts", lambda rows: rows[1]["events"][0].update(end=9999)),
    Fault("facts", "motion_resolves", "facts", deep("motion", "end", 9999)),
    *_of_goal("facts", split=False),
    Fault("candidates", "rank", "candidates", set_to("rank", 9)),
    Fault("candidates", "origin", "candidates", set_to("origin", "dreamt")),
    Fault("candidates", "alignment", "candidates", set_to("alignment", 1.5)),
    Fault("candidates", "differences", "candidates", set_to("differences", [])),
    Fault(
        "candidates",
        "edits_as_origin",
        "candidates",
        lambda rows: next(r for r in rows if r["edits"]).update(edits=[]),
    ),
    Fault("candidates", "inside", "candidates", lambda rows: rows[1]["differences"][0].update(end=9999)),
    Fault("candidates", "motion_resolves", "candidates", deep("motion", "table", "dreams")),
    Fault("candidates", "motion_split", "candidates", local_of_the_other_split),
    Fault("candidates", "motion_split", "candidates", edited_of_the_other_split),
    Fault("candidates", "readable", "candidates", set_to("alignment", float("inf"))),
    *_of_goal("candidates"),
    Fault("perturbed", "frames", "perturbed", set_to("frames", 3)),
    Fault("perturbed", "edits", "perturbed", set_to("edits", [])),
    Fault("perturbed", "motion_resolves", "perturbed", set_to("motion_id", "nobody")),
    Fault("perturbed", "split_of_clip", "goals", other_split),
    *_of_goal("perturbed", split=False),
    Fault("annotations", "kind", "annotations", set_to("kind", "poem")),
    Fault("annotations", "text_length", "annotations", set_to("text", "")),
    Fault(
        "annotations",
        "has_refinement",
        "annotations",
        lambda rows: next(r for r in rows if r["kind"] == "assessment").update(refinement=" "),
    ),
    Fault("annotations", "annotator", "annotations", set_to("annotator", "")),
    Fault("annotations", "prompt_hash", "annotations", set_to("prompt_hash", "")),
    Fault("annotations", "candidate_resolves", "annotations", set_to("candidate_id", "nobody")),
    *_of_goal("annotations"),
    Fault("stage1", "task", "stage1", set_to("task", "dance")),
    Fault("stage1", "split", "stage1", set_to("split", "holdout")),
    Fault("stage1", "caption_length", "stage1", set_to("caption", "")),
    Fault("stage1", "motion_resolves", "stage1", deep("motion", "table", "dreams")),
    Fault("stage1", "goal_motion_resolves", "stage1", deep("goal_motion", "start", -1)),
    Fault("stage1", "motions_split", "stage1", shows_the_other_split(lambda row: row["motion"])),
    Fault("stage1", "motions_split", "stage1", shows_the_other_split(lambda row: row["goal_motion"])),
    Fault("stage1", "annotations_resolve", "stage1", set_to("annotation_ids", ["nobody"])),
    *_of_goal("stage1"),
    Fault("stage2", "fault", "stage2", lambda rows: rows[1]["ladder"].reverse()),
    Fault("stage2", "fault", "stage2", lambda rows: rows[1]["ladder"].pop()),
    Fault("stage2", "fault", "stage2", rung("perfect", True)),
    Fault("stage2", "fault", "stage2", rung("assessment", "")),
    Fault(
        "stage2",
        "fault",
        "stage2",
        rung("assessment", "The two descriptions are identical to the last word."),
    ),
    Fault("stage2", "fault", "stage2", set_to("assessment", "This is what the caption says.")),
    Fault(
        "stage2",
        "fault",
        "annotations",
        lambda rows: next(r for r in rows if r["kind"] == "assessment").update(contradicted=1),
    ),
    Fault("stage2", "split", "stage2", set_to("split", "holdout")),
    Fault("stage2", "analyses", "stage2", lambda rows: rows[1]["analyses"].pop()),
    Fault(
        "stage2",
        "motions_resolve",
        "stage2",
        lambda rows: rows[1]["ladder"][0]["motion"].update(end=9999, table="perturbed"),
    ),
    Fault("stage2", "motions_split", "stage2", shows_the_other_split(lambda row: row["motion"])),
    Fault("stage2", "motions_split", "stage2", shows_the_other_split(lambda row: row["ladder"][1]["motion"])),
    Fault("stage2", "annotations_resolve", "stage2", rung("annotation_id", "nobody")),
    *_of_goal("stage2"),
    Fault("stage3", "split", "stage3", set_to("split", "holdout")),
    Fault("stage3", "frames", "stage3", set_to("frames", 2)),
    Fault("stage3", "caption_length", "stage3", set_to("caption", "")),
    Fault("stage3", "motion_resolves", "stage3", deep("motion", "table", "dreams")),
    Fault("stage3", "motions_split", "stage3", shows_the_other_split(lambda row: row["motion"])),
    *_of_goal("stage3"),
    Fault("dead_letters", "schema", "dead_letters", without_column("payload"), arrow=True),
    Fault("dead_letters", "nulls", "dead_letters", letter(payload=None)),
    Fault("dead_letters", "readable", "dead_letters", letter(reason=None)),
    Fault("dead_letters", "input_id", "dead_letters", letter(input_id="")),
    Fault("dead_letters", "kind", "dead_letters", letter(kind="odd")),
    Fault("dead_letters", "reason", "dead_letters", letter(reason="two words")),
    Fault("dead_letters", "detail", "dead_letters", letter(detail="")),
    Fault("dead_letters", "step", "dead_letters", letter(step="dream")),
    Fault("tables", "rows", "stage3", lambda rows: rows.clear(), everywhere=True),
]

SAME = "The person walks forward and then stops."
CORPUS_FAULTS = [
    Fault("corpus", "dead_letter_share", "dead_letters", many_letters),
    Fault("corpus", "contradicted_statements", "annotations", all_set_to("contradicted", 1)),
    Fault(
        "corpus", "unverifiable_statements", "annotations", all_set_to("unverifiable", 50), everywhere=True
    ),
    Fault("corpus", "copies_across_splits", "motions", copies_across),
    Fault("corpus", "copies_share", "motions", copies_within),
    Fault("corpus", "near_across_splits", "motions", near_across),
    Fault("corpus", "mirrored_across_splits", "motions", mirrored_across),
    Fault(
        "corpus",
        "near_share",
        "motions",
        near_within,
        everywhere=True,
    ),
    Fault("corpus", "pairs_across_splits", "goals", on_a_training_clip),
    Fault("corpus", "pairs_share", "goals", same_captions),
    Fault("corpus", "unresolved", "candidates", foreign(lambda row: row["motion"].update(end=9999))),
    Fault("corpus", "other_split", "candidates", foreign(lambda row: row.update(split="test"))),
    *(
        Fault("corpus", f"{kind}_{what}", "annotations", all_set_to(column, SAME), everywhere=True)
        for kind, column in (("analysis", "text"), ("assessment", "text"), ("refinement", "refinement"))
        for what in ("distinct_2", "repeated")
    ),
    Fault(
        "corpus",
        "unknown_words",
        "annotations",
        all_set_to("text", "Blorp zark frume quix vanto."),
        everywhere=True,
    ),
    Fault(
        "corpus",
        "unknown_caption_words",
        "goals",
        all_set_to("caption", "blorp zark frume quix"),
        everywhere=True,
    ),
    Fault(
        "corpus",
        "vocabulary",
        "annotations",
        lambda rows: [row.update(text=SAME, refinement=SAME) for row in rows],
        everywhere=True,
    ),
    Fault("corpus", "caption_words_max", "goals", set_to("caption", "a " * 201)),
    Fault("corpus", "caption_words_mean", "goals", all_set_to("caption", "walk"), everywhere=True),
    *(
        Fault("corpus", f"{kind}_words_mean", "annotations", all_set_to(column, "Walks"), everywhere=True)
        for kind, column in (("analysis", "text"), ("assessment", "text"), ("refinement", "refinement"))
    ),
    Fault("corpus", "smallest_task_share", "stage1", without_task, everywhere=True),
    Fault("corpus", "level_balance", "candidates", without_many_of_rank_0),
    Fault("corpus", "alignment_gain", "candidates", all_set_to("alignment", 0.5), everywhere=True),
    Fault("corpus", "largest_operation_share", "candidates", one_operation, everywhere=True),
    Fault("corpus", "operations", "candidates", one_operation, everywhere=True),
    Fault("corpus", "perturbed_share", "candidates", all_set_to("origin", "retrieved"), everywhere=True),
    Fault(
        "corpus",
        "largest_action_share",
        "facts",
        lambda rows: [event.update(action="stand") for row in rows for event in row["events"]],
        everywhere=True,
    ),
    Fault("corpus", "train_share", "goals", all_set_to("split", "test"), everywhere=True),
]
