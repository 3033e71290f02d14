"""A corpus' rows as annotations in the JSON form of the method's authors.

An annotation stands for one clip, one piece of it or one goal, by task; the reader draws one of its
texts, or one of its candidates, each time. Names in angle brackets are places that the reader fills.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from pipelines.irg_names import Names, split_rows
from schemas.corpus import Corpus

Row = dict[str, Any]

# task -> (file, template of the instruction, what is answered)
TASKS = {
    "m2t_motion_caption": ("M2T_motion_caption", "<Motion2X_Template>", "<Goal_Caption>"),
    "t2m_detailed_prompt_generation": (
        "T2M_detailed_prompt_generation",
        "<Text2Motion_Template>",
        "<Goal_Motion>",
    ),
    "t2m_direct_generation": ("T2M_direct_generation", "<Text2Motion_Template>", "<Goal_Motion>"),
    "t2t_prompt_analysis": ("T2T_prompt_analysis", "<Goal_Analysis_Template>", "<Goal_Analysis>"),
    "tm2m_direct_refinement": (
        "TM2M_direct_refinement",
        "<Direct_Motion_Refinement_Template>",
        "<Goal_Motion>",
    ),
    "tm2m_instructed_motion_refinement": (
        "TM2M_instructed_motion_refinement",
        "<Instructed_Motion_Refinement_Template>",
        "<Goal_Motion>",
    ),
    "tm2t_assessment_analysis": (
        "TM2T_assessment_analysis",
        "<Text_Motion2Alignment_Analysis_Template>",
        "<Assessment_Analysis>",
    ),
    "tm2t_refinement_instruction": (
        "TM2T_refinement_instruction",
        "<Text_Motion2Refinement_Instruction_Template>",
        "<Refinement_Instruction>",
    ),
}
CHAIN_TASK = "unified_mogen_cot_v2"
_COLUMNS = [
    "goal_id",
    "caption",
    "analyses",
    "assessment",
    "refinement",
    "motion",
    "goal_motion",
]


def stage1_file(task: str) -> str:
    """The file of a task in an export."""
    return f"stage-1/{TASKS[task][0]}_annots.json"


def stage1_annotations(corpus: Corpus, names: Names, task: str) -> Iterator[Row]:
    """Annotations of one of the eight tasks, clip by clip."""
    _, instruction, answer = TASKS[task]
    turns = {"conversations": _turns("<General_System_Prompt>", instruction, answer)}
    for index in range(corpus.shards):
        rows = split_rows(corpus, index, "stage1", _COLUMNS, task)
        rows.sort(key=lambda row: (row["goal_motion"]["id"], row["goal_id"]))
        for _, clip in groupby(rows, key=lambda row: row["goal_motion"]["id"]):
            if task in _SHAPES:
                for body in _SHAPES[task](list(clip), names):
                    yield body | {"task": task} | turns
            else:
                candidates = _candidates(list(clip), names, task)
                yield {"task": task, "candidate_motion_text": candidates} | turns


def _turns(system: str, instruction: str, answer: str) -> list[dict[str, str]]:
    turns = (("system", system), ("human", instruction), ("gpt", answer))
    return [{"from": speaker, "value": value} for speaker, value in turns]


def _pieces(clip: list[Row], names: Names) -> Iterator[Row]:
    """The whole clip, or a piece of it, with all its captions."""
    spans: dict[tuple[int, int], list[Row]] = {}
    for row in clip:
        spans.setdefault((row["goal_motion"]["start"], row["goal_motion"]["end"]), []).append(row)
    for _, rows in sorted(spans.items()):
        captions = [row["caption"] for row in rows]
        yield _about_goal(names, rows[0]["goal_motion"], captions)


def _about_goal(names: Names, motion: Row, captions: list[str]) -> Row:
    return {
        "motions": {"<Goal_Motion>": names.reference(motion)},
        "text": {"<Goal_Caption>": captions},
    }


def _analyses_as_captions(clip: list[Row], names: Names) -> Iterator[Row]:
    for row in clip:
        yield _about_goal(names, row["goal_motion"], row["analyses"])


def _analyses_of_captions(clip: list[Row], names: Names) -> Iterator[Row]:
    for row in clip:
        text = {"<Goal_Caption>": [row["caption"]], "<Goal_Analysis>": row["analyses"]}
        yield {"motions": {}, "text": text}


_SHAPES: dict[str, Callable[[list[Row], Names], Iterator[Row]]] = {
    "m2t_motion_caption": _pieces,
    "t2m_direct_generation": _pieces,
    "t2m_detailed_prompt_generation": _analyses_as_captions,
    "t2t_prompt_analysis": _analyses_of_captions,
}


def _candidates(clip: list[Row], names: Names, task: str) -> list[Row]:
    """Every candidate of every goal of a clip, with its assessment and refinement."""
    places = {goal_id: place for place, goal_id in enumerate(dict.fromkeys(row["goal_id"] for row in clip))}
    candidates = []
    for row in clip:
        motions = {"<Generated_Motion>": names.reference(row["motion"])}
        item: Row = {}
        if task.startswith("tm2t"):
            item["meta_inst_name"] = f"{names.name(row['goal_motion'])}_{places[row['goal_id']]}"
        else:
            motions["<Goal_Motion>"] = names.reference(row["goal_motion"])
        texts = {
            "<Goal_Caption>": [row["caption"]],
            "<Assessment_Analysis>": [row["assessment"]],
            "<Refinement_Instruction>": [row["refinement"]],
        }
        candidates.append(item | {"motions": motions, "text": texts})
    return candidates


def stage2_annotations(corpus: Corpus, names: Names) -> Iterator[Row]:
    """Chain material, clip by clip; intermediate motions are numbered from far to near."""
    instruction = "<Generate_Assess_Refien_Template_wo_Answer>"  # as the authors spell it
    turns = _turns("<General_System_Prompt>", instruction, "<Unified_Mogen_COT_Trace>")
    columns = ["goal_id", "caption", "motion", "assessment", "refinement", "analyses", "ladder"]
    for index in range(corpus.shards):
        rows = split_rows(corpus, index, "stage2", columns)
        rows.sort(key=lambda row: (row["motion"]["id"], row["goal_id"]))
        for _, clip in groupby(rows, key=lambda row: row["motion"]["id"]):
            chains = [_chain(row, names) for row in clip]
            yield {"task": CHAIN_TASK, "candidate_motion_text": chains, "conversations": turns}


def _chain(row: Row, names: Names) -> Row:
    motions = {"<Goal_Motion>": names.reference(row["motion"])}
    texts: Row = {
        "<Goal_Caption>": row["caption"],
        "<Prompt_Analysis>": [analysis["text"] for analysis in row["analyses"]],
        "<Assess_Goal_Motion>": _assessed(row),
    }
    for place, rung in enumerate(row["ladder"]):
        motions[f"<Intermediate_Motion_{place}>"] = names.reference(rung["motion"])
        texts[f"<Assess_Intermediate_Motion_{place}>"] = _assessed(rung)
    return {"motions": motions, "text": texts}


def _assessed(row: Row) -> Row:
    return {"assessment": row["assessment"], "refinement": row["refinement"]}


def base_annotations(corpus: Corpus, names: Names) -> Iterator[Row]:
    """Plain pairs of caption and motion, which the base model is trained on."""
    turns = _turns("<MotionAgent_System_Prompt>", "<MotionAgent_Mogen_Template>", "<Goal_Motion>")
    for index in range(corpus.shards):
        for row in split_rows(corpus, index, "stage3", ["caption", "motion"]):
            body = _about_goal(names, row["motion"], [row["caption"]])
            yield body | {"task": "t2m_direct_generation", "conversations": turns}
