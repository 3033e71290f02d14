"""Step 5, assemble: annotations become the rows that training reads, stages 1, 2 and 3."""

from __future__ import annotations

import json
from typing import Any

from evaluators.chain_checks import REASONS, chain_fault
from evaluators.support import CHECKS_VERSION
from schemas.config import BuildConfig
from schemas.corpus import Corpus, Receipt
from schemas.fingerprint import fingerprint
from schemas.rows import goal_motion
from transforms.per_shard import PerShard
from transforms.step import STEPS, DeadLetter, StepResult, corpus_of, digests, run_step, tally

VERSION = 1

Row = dict[str, Any]

# Tasks about a goal alone, and tasks about a candidate or, for the first two, the goal motion too.
GOAL_TASKS = (
    "m2t_motion_caption",
    "t2m_direct_generation",
    "t2t_prompt_analysis",
    "t2m_detailed_prompt_generation",
)
ASSESSMENT_TASKS = ("tm2t_assessment_analysis", "tm2t_refinement_instruction")
REFINEMENT_TASKS = ("tm2m_direct_refinement", "tm2m_instructed_motion_refinement")


def assemble_shard(config: BuildConfig, index: int) -> Receipt:
    """Assemble the stages of one shard, unless the corpus holds them already."""
    corpus = corpus_of(config)
    identity = assemble_fingerprint(config, corpus, index)
    return run_step(config, "assemble", index, identity, lambda: assemble_goals(config, corpus, index))


def assemble_fingerprint(config: BuildConfig, corpus: Corpus, index: int) -> str:
    """Identity of a shard's stages: everything that was made for it."""
    made_from = digests(corpus, index, STEPS[:-1])
    return fingerprint("assemble", VERSION, CHECKS_VERSION, config.ladder, made_from)


def assemble_goals(config: BuildConfig, corpus: Corpus, index: int) -> StepResult:
    """Stage rows of a shard's annotated goals; a goal that fits no chain is left out of all stages."""
    goals = corpus.read("goals", index).to_pylist()
    by_id = {goal["goal_id"]: goal for goal in goals}
    candidates = _by_goal(corpus.read("candidates", index).to_pylist())
    annotations = _by_goal(corpus.read("annotations", index).to_pylist())
    result = StepResult({"stage1": [], "stage2": [], "stage3": []})
    for goal_id, written in sorted(annotations.items()):
        goal = by_id[goal_id]
        chain = stage2_row(goal, candidates.get(goal_id, []), written)
        contradicted = {row["annotation_id"]: row["contradicted"] for row in written}
        reason, shown = chain_fault(chain, config.ladder, contradicted)
        if reason:
            detail = f"{REASONS[reason]}: {shown}"
            payload = json.dumps({"goal_id": goal_id})
            result.left_out.append(DeadLetter("assemble", "filtered", reason, goal_id, detail, payload))
            continue
        del chain["perfect"]
        result.rows["stage2"].append(chain)
        result.rows["stage1"] += stage1_rows(goal, chain)
        result.rows["stage3"].append(stage3_row(goal))
    result.counts = {"goals": tally(len(annotations), len(result.rows["stage2"]), result.left_out)}
    return result


def _by_goal(rows: list[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["goal_id"], []).append(row)
    return groups


def stage2_row(goal: Row, candidates: list[Row], annotations: list[Row]) -> Row:
    """The chain material of a goal; `perfect` tells the goal motion's verdict to the checks."""
    assessed = {row["candidate_id"]: row for row in annotations if row["kind"] == "assessment"}
    analyses = sorted((r for r in annotations if r["kind"] == "analysis"), key=lambda row: row["wording"])
    own = assessed[""]
    return {
        "goal_id": goal["goal_id"],
        "split": goal["split"],
        "caption": goal["caption"],
        "motion": goal_motion(goal).as_dict(),
        "annotation_id": own["annotation_id"],
        "assessment": own["text"],
        "refinement": own["refinement"],
        "perfect": own["perfect"],
        "analyses": [{"annotation_id": row["annotation_id"], "text": row["text"]} for row in analyses],
        "ladder": [
            _rung(candidate, assessed[candidate["candidate_id"]])
            for candidate in sorted(candidates, key=lambda row: row["rank"])
        ],
    }


def _rung(candidate: Row, assessed: Row) -> Row:
    return {
        "candidate_id": candidate["candidate_id"],
        "annotation_id": assessed["annotation_id"],
        "rank": candidate["rank"],
        "origin": candidate["origin"],
        "alignment": candidate["alignment"],
        "motion": candidate["motion"],
        "assessment": assessed["text"],
        "refinement": assessed["refinement"],
        "perfect": assessed["perfect"],
    }


def stage1_rows(goal: Row, chain: Row) -> list[Row]:
    """The examples of all eight tasks that a goal gives: 4 about it, 2 about its motion, 4 a rung."""
    analyses = [analysis["annotation_id"] for analysis in chain["analyses"]]
    analysis_tasks = ("t2t_prompt_analysis", "t2m_detailed_prompt_generation")
    rows = [
        _example(goal, chain, task, made_from=analyses if task in analysis_tasks else [])
        for task in GOAL_TASKS
    ]
    rows += [_example(goal, chain, task, assessed=chain) for task in ASSESSMENT_TASKS]
    for rung in chain["ladder"]:
        rows += [
            _example(goal, chain, task, assessed=rung) for task in (*ASSESSMENT_TASKS, *REFINEMENT_TASKS)
        ]
    return rows


def examples_a_goal(ladder: int) -> int:
    """Number of stage 1 rows that a goal with a ladder of that size gives."""
    about_goal = len(GOAL_TASKS) + len(ASSESSMENT_TASKS)
    return about_goal + ladder * (len(ASSESSMENT_TASKS) + len(REFINEMENT_TASKS))


def _example(
    goal: Row, chain: Row, task: str, made_from: list[str] | None = None, assessed: Row | None = None
) -> Row:
    candidate_id = assessed.get("candidate_id", "") if assessed else ""
    about = candidate_id or goal["goal_id"]
    return {
        "example_id": f"{about}-{task}",
        "task": task,
        "goal_id": goal["goal_id"],
        "candidate_id": candidate_id,
        "annotation_ids": [assessed["annotation_id"]] if assessed else made_from or [],
        "split": goal["split"],
        "caption": goal["caption"],
        "analyses": [analysis["text"] for analysis in chain["analyses"]] if made_from else [],
        "assessment": assessed["assessment"] if assessed else "",
        "refinement": assessed["refinement"] if assessed else "",
        "motion": assessed["motion"] if assessed else chain["motion"],
        "goal_motion": chain["motion"],
    }


def stage3_row(goal: Row) -> Row:
    """A goal for reinforcement learning: the caption and the motion to be rewarded against."""
    return {
        "goal_id": goal["goal_id"],
        "split": goal["split"],
        "caption": goal["caption"],
        "motion": goal_motion(goal).as_dict(),
        "frames": goal["end"] - goal["start"],
    }


class Assemble(PerShard):
    """PCollection[int] -> PCollection[int]: shards whose stages are in the corpus."""

    def __init__(self, config: BuildConfig) -> None:
        super().__init__(config, assemble_shard)
