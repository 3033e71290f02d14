"""What every row of a table is checked for, and what is counted of it: one function a table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from evaluators.chain_checks import chain_fault
from motion.layout import MAX_CAPTION, SPLITS
from motion.skeleton import skeleton
from schemas.rows import goal_motion
from schemas.tables import TABLES
from transforms.assemble import ASSESSMENT_TASKS, GOAL_TASKS, REFINEMENT_TASKS
from transforms.profile_shard import DEAD_LETTERS, Row, Shard
from transforms.profile_tally import Tally
from transforms.profile_texts import Texts
from transforms.step import STEPS, base_id

TASKS = (*GOAL_TASKS, *ASSESSMENT_TASKS, *REFINEMENT_TASKS)
TEXT_LENGTH = (10, 4000)  # characters of an annotation
TEXT_KINDS = ("caption", "analysis", "assessment", "refinement")
_SHOWN = ("motion", "goal_motion")  # the motions of an example of stage 1
_SHA256 = re.compile("[0-9a-f]{64}")
_REASON = re.compile("[a-zA-Z_0-9]+")
# Of rows that hold nulls, or numbers that are none.
_MISSHAPEN = (TypeError, KeyError, AttributeError, ValueError, IndexError, OverflowError)


def profile_tables(shard: Shard) -> dict[str, Texts]:
    """Check and count the rows of all tables of a shard; returns its texts by kind."""
    texts = {kind: Texts() for kind in TEXT_KINDS}
    for name in _LOOK:
        table = shard.table(name)
        if table is None:
            continue
        names = _COLUMNS.get(name)
        rows = (table if names is None else table.select(names)).to_pylist()
        tally = shard.tallies[name]
        _keys(tally, name, rows)
        for row in rows:
            if row[key_of(name)] is None:
                tally.check("readable", False, None, "no key")
                continue
            try:
                _LOOK[name](shard, tally, row, texts)
            except _MISSHAPEN as error:
                tally.check("readable", False, row[key_of(name)], f"{type(error).__name__}: {error}")
    return texts


# Of these tables not every column is looked into: decoding them takes longer than the checks.
_COLUMNS = {
    "facts": ["goal_id", "motion", "frames", "events"],
    "candidates": [
        *("candidate_id", "goal_id", "split", "rank", "origin", "motion", "alignment", "edits", "events"),
        "differences",
    ],
    "annotations": [name for name in TABLES["annotations"].light_columns if name != "statements"],
    "stage1": [
        *("example_id", "task", "goal_id", "annotation_ids", "split", "caption", "motion", "goal_motion"),
    ],
}


def key_of(name: str) -> str:
    """The column that examples name a row of a table by."""
    return "input_id" if name == DEAD_LETTERS else TABLES[name].key[0]


def _keys(tally: Tally, name: str, rows: list[Row]) -> None:
    """Every row has a key, and no two the same; one input may have several dead letters."""
    key = key_of(name)
    held = Counter(row[key] for row in rows)
    for row_id, times in held.items():
        for _ in range(times if not row_id else 0):
            tally.check(key, False, row_id, row_id)
        for _ in range(times - 1 if name != DEAD_LETTERS else 0):
            tally.check(f"{key}_unique", False, row_id, f"one of {times}")


def _split(tally: Tally, row: Row, row_id: str) -> None:
    tally.check("split", row["split"] in SPLITS, row_id, row["split"])
    tally.count("split", row["split"])


def _motions(shard: Shard, tally: Tally, row: Row, texts: dict[str, Texts]) -> None:
    row_id, body = row["motion_id"], skeleton(shard.config["skeleton"])
    shard.motions[row_id] = (row["frames"] or 0, row["split"] or "")
    _split(tally, row, row_id)
    inside = body.min_frames <= row["frames"] < body.max_frames
    tally.check("frames", inside, row_id, row["frames"])
    tally.number("frames", row["frames"], row_id, width=10)
    for name in ("motion_sha256", "text_sha256"):
        tally.check(name, bool(_SHA256.fullmatch(row[name])), row_id, row[name])
    tally.check("in_its_shard", shard.is_home(row_id), row_id, False)
    tally.check("skeleton", row["skeleton"] == body.name, row_id, row["skeleton"])
    twin = shard.motions.get(base_id(row_id), (0, row["split"]))[1]
    tally.check("twin_split", twin == row["split"], row_id, f"{row['split']}, its twin is in {twin}")
    tally.check("mirror_of", row["mirror_of"] in ("", base_id(row_id)), row_id, row["mirror_of"])


def _goals(shard: Shard, tally: Tally, row: Row, texts: dict[str, Texts]) -> None:
    row_id, frames = row["goal_id"], row["end"] - row["start"]
    body = skeleton(shard.config["skeleton"])
    place = (row["motion_id"], row["start"], row["end"])
    shard.goals[row_id] = (row["split"] or "", *place, row["caption"] or "")
    _split(tally, row, row_id)
    length = len(row["caption"])
    tally.check("caption_length", 1 <= length <= MAX_CAPTION, row_id, length)
    tally.check("frames", body.min_frames <= frames < body.max_frames, row_id, frames)
    tally.number("frames", frames, row_id, width=10)
    tally.number("caption_length", length, row_id, width=20)
    tally.number("caption_words", texts["caption"].add(row_id, row["caption"]), row_id)
    tally.check("in_its_shard", shard.is_home(row["motion_id"]), row_id, False)
    resolves = shard.resolves(goal_motion(row).as_dict(), row["split"], row_id)
    tally.check("motion_resolves", resolves, row_id, False)
    clip = shard.motions.get(row["motion_id"], (0, row["split"]))[1]
    tally.check("split_of_clip", clip == row["split"], row_id, f"{row['split']}, its clip is in {clip}")
    named = f"{row['dataset']}-{row['motion_id']}-{row['caption_index']}"
    tally.check("id_names_motion", row_id == named or row_id.startswith(f"{named}@"), row_id, named)


def _facts(shard: Shard, tally: Tally, row: Row, texts: dict[str, Texts]) -> None:
    row_id, body = row["goal_id"], skeleton(shard.config["skeleton"])
    tally.check("frames", body.min_frames <= row["frames"] < body.max_frames, row_id, row["frames"])
    _of_goal(shard, tally, row, row_id, split=False)
    split = shard.split_of(row_id)
    tally.check("motion_resolves", shard.resolves(row["motion"], split, row_id), row_id, False)
    ends = [event["end"] for event in row["events"]]
    tally.check("events_inside", all(end <= row["frames"] for end in ends), row_id, False)
    for event in row["events"]:
        tally.count("action", event["action"])


def _candidates(shard: Shard, tally: Tally, row: Row, texts: dict[str, Texts]) -> None:
    row_id, motion = row["candidate_id"], row["motion"]
    shard.candidates.add(row_id)
    rank, alignment, frames = row["rank"], row["alignment"], motion["end"] - motion["start"]
    tally.check("rank", 0 <= rank < shard.config["ladder"], row_id, rank)
    tally.check("origin", row["origin"] in ("retrieved", "perturbed"), row_id, row["origin"])
    tally.check("alignment", 0 <= alignment <= 1, row_id, alignment)
    tally.check("differences", bool(row["differences"]), row_id, len(row["differences"]))
    as_origin = bool(row["edits"]) == (row["origin"] == "perturbed")
    tally.check("edits_as_origin", as_origin, row_id, False)
    inside = all(part["end"] <= frames for part in (*row["events"], *row["differences"]))
    tally.check("inside", inside, row_id, False)
    _of_goal(shard, tally, row, row_id)
    tally.check("motion_resolves", shard.resolves(motion, row["split"], row_id), row_id, False)
    tally.check("motion_split", shard.same_split(motion, row["split"]), row_id, motion["id"])
    tally.number(f"alignment_{rank}", alignment, row_id, width=0.05)
    tally.count("rank", rank)
    tally.count("origin", row["origin"])
    tally.count("origin_by_rank", f"{rank} {row['origin']}")
    for edit in row["edits"]:
        tally.count("operation", edit["operation"])
    for aspect in {difference["aspect"] for difference in row["differences"]}:
        tally.count("aspect", aspect)


def _perturbed(shard: Shard, tally: Tally, row: Row, texts: dict[str, Texts]) -> None:
    row_id, body = row["perturbed_id"], skeleton(shard.config["skeleton"])
    tally.check("frames", 4 <= row["frames"] < body.max_frames, row_id, row["frames"])
    tally.number("frames", row["frames"], row_id, width=10)
    tally.check("edits", bool(row["edits"]), row_id, len(row["edits"]))
    _of_goal(shard, tally, row, row_id, split=False)
    tally.check("motion_resolves", row["motion_id"] in shard.motions, row_id, row["motion_id"])
    split = shard.split_of(row["goal_id"])
    clip = shard.motions.get(row["motion_id"], (0, split))[1]
    tally.check("split_of_clip", clip == split, row_id, f"its goal is in {split}, its clip in {clip}")
    shard.perturbed[row_id] = (row["frames"], split)


def _annotations(shard: Shard, tally: Tally, row: Row, texts: dict[str, Texts]) -> None:
    row_id, candidate, kind = row["annotation_id"], row["candidate_id"], row["kind"]
    shard.contradicted[row_id] = row["contradicted"]
    shard.perfect[row_id] = row["perfect"]
    least, most = TEXT_LENGTH
    length = len(row["text"].strip())
    tally.check("kind", kind in ("analysis", "assessment"), row_id, kind)
    tally.check("text_length", least <= length <= most, row_id, length)
    has_refinement = bool(row["refinement"].strip()) == (kind == "assessment")
    tally.check("has_refinement", has_refinement, row_id, False)
    for name in ("annotator", "prompt_hash"):
        tally.check(name, bool(row[name]), row_id, row[name])
    _of_goal(shard, tally, row, row_id)
    tally.check("candidate_resolves", not candidate or candidate in shard.candidates, row_id, candidate)
    tally.count("kind", kind)
    tally.count("annotator", " ".join((row["annotator"], row["model"])).strip())
    for verdict in ("supported", "contradicted", "unverifiable"):
        tally.count("statements", verdict, row[verdict])
    if kind in texts:
        tally.number(f"{kind}_words", texts[kind].add(row_id, row["text"]), row_id, width=10)
    if row["refinement"]:
        words = texts["refinement"].add(row_id, row["refinement"])
        tally.number("refinement_words", words, row_id, width=10)


def _stage1(shard: Shard, tally: Tally, row: Row, texts: dict[str, Texts]) -> None:
    row_id, length = row["example_id"], len(row["caption"])
    tally.check("task", row["task"] in TASKS, row_id, row["task"])
    _split(tally, row, row_id)
    tally.check("caption_length", 1 <= length <= MAX_CAPTION, row_id, length)
    _of_goal(shard, tally, row, row_id)
    for name in _SHOWN:
        resolves = shard.resolves(row[name], row["split"], row_id)
        tally.check(f"{name}_resolves", resolves, row_id, False)
    others = [row[name]["id"] for name in _SHOWN if not shard.same_split(row[name], row["split"])]
    tally.check("motions_split", not others, row_id, ", ".join(others))
    known = all(name in shard.contradicted for name in row["annotation_ids"])
    tally.check("annotations_resolve", known, row_id, False)
    tally.count("task", row["task"])


def _stage2(shard: Shard, tally: Tally, row: Row, texts: dict[str, Texts]) -> None:
    row_id, wordings = row["goal_id"], shard.config["wordings"]
    chain = {**row, "perfect": shard.perfect.get(row["annotation_id"], False)}
    fault, shown = chain_fault(chain, shard.config["ladder"], shard.contradicted)
    tally.check("fault", not fault, row_id, f"{fault}: {shown}")
    if fault:
        tally.count("fault", fault)
    _split(tally, row, row_id)
    _of_goal(shard, tally, row, row_id)
    tally.check("analyses", len(row["analyses"]) == wordings, row_id, len(row["analyses"]))
    refs = [row["motion"], *(rung["motion"] for rung in row["ladder"])]
    unresolved = sum(not shard.resolves(ref, row["split"], row_id) for ref in refs)
    tally.check("motions_resolve", not unresolved, row_id, f"{unresolved} do not")
    others = [ref["id"] for ref in refs if not shard.same_split(ref, row["split"])]
    tally.check("motions_split", not others, row_id, ", ".join(others))
    said = [row["annotation_id"], *(rung["annotation_id"] for rung in row["ladder"])]
    said += [analysis["annotation_id"] for analysis in row["analyses"]]
    tally.check("annotations_resolve", all(name in shard.contradicted for name in said), row_id, False)


def _stage3(shard: Shard, tally: Tally, row: Row, texts: dict[str, Texts]) -> None:
    row_id, body, length = row["goal_id"], skeleton(shard.config["skeleton"]), len(row["caption"])
    _split(tally, row, row_id)
    _of_goal(shard, tally, row, row_id)
    tally.check("frames", body.min_frames <= row["frames"] < body.max_frames, row_id, row["frames"])
    tally.check("caption_length", 1 <= length <= MAX_CAPTION, row_id, length)
    tally.check("motion_resolves", shard.resolves(row["motion"], row["split"], row_id), row_id, False)
    same = shard.same_split(row["motion"], row["split"])
    tally.check("motions_split", same, row_id, row["motion"]["id"])


def _dead_letters(shard: Shard, tally: Tally, row: Row, texts: dict[str, Texts]) -> None:
    row_id = row["input_id"]
    tally.check("kind", row["kind"] in ("filtered", "failed"), row_id, row["kind"])
    tally.check("reason", bool(_REASON.fullmatch(row["reason"])), row_id, row["reason"])
    tally.check("detail", bool(row["detail"]), row_id, row["detail"])
    tally.check("step", row["step"] in STEPS, row_id, row["step"])
    tally.count("reason", f"{row['step']} {row['reason']}")


def _of_goal(shard: Shard, tally: Tally, row: Row, row_id: str, split: bool = True) -> None:
    """The row's goal is in its shard, of its split, and the row's id begins with the goal's."""
    goal_id = row["goal_id"]
    tally.check("goal_resolves", goal_id in shard.goals, row_id, goal_id)
    tally.check("id_names_goal", row_id.startswith(goal_id), row_id, goal_id)
    if split:
        goal = shard.split_of(goal_id, row["split"])
        tally.check("split_of_goal", goal == row["split"], row_id, f"{row['split']}, its goal is in {goal}")


# In an order in which what a row refers to has been looked at.
_LOOK: dict[str, Callable[[Shard, Tally, Row, dict[str, Texts]], None]] = {
    "motions": _motions,
    "goals": _goals,
    "facts": _facts,
    "perturbed": _perturbed,
    "candidates": _candidates,
    "annotations": _annotations,
    "stage1": _stage1,
    "stage2": _stage2,
    "stage3": _stage3,
    "dead_letters": _dead_letters,
}
