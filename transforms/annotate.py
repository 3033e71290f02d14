"""Step 4, annotate: analyses of goals, assessments and refinements of goal motions and candidates."""

from __future__ import annotations

from typing import Any

from evaluators.annotation_checks import (
    ANNOTATION_CHECKS_VERSION,
    Checked,
    Subject,
    check_analysis,
    check_assessment,
)
from evaluators.support import CHECKS_VERSION
from motion.compare import COMPARE_VERSION
from motion.events import difference
from motion.skeleton import skeleton
from prompts.claims import claims_digest
from prompts.claims.assessment import reading_digest
from schemas.config import BuildConfig
from schemas.corpus import Corpus, Receipt
from schemas.fingerprint import fingerprint
from schemas.rows import facts_of
from transforms.annotators import (
    Annotator,
    Author,
    CandidateView,
    GoalView,
    NotWritten,
    Written,
    annotator,
    is_remote,
    not_written,
    turn_of,
)
from transforms.llm.asking import PendingError, StoppedError
from transforms.per_shard import PerShard
from transforms.step import DeadLetter, StepResult, corpus_of, digests, lost, run_step, tally

VERSION = 2


def annotate_shard(config: BuildConfig, index: int) -> Receipt | None:
    """Annotate the goals of one shard, unless the corpus holds the annotations already.

    None where the shard is left for a later run: the run is stopping, or answers come with a batch.
    """
    corpus = corpus_of(config)
    writer = annotator(config, index)
    identity = annotate_fingerprint(config, corpus, index)
    try:
        work = lambda: annotate_goals(config, writer, corpus, index)  # noqa: E731
        return run_step(config, "annotate", index, identity, work, turn_of(config, index))
    except (StoppedError, PendingError):
        return None


def annotate_fingerprint(config: BuildConfig, corpus: Corpus, index: int) -> str:
    """Identity of a shard's annotations: who writes them, and about what."""
    made_from = digests(corpus, index, ["read", "measure", "ladder"])
    readers = [COMPARE_VERSION, CHECKS_VERSION, ANNOTATION_CHECKS_VERSION, claims_digest(), reading_digest()]
    return fingerprint("annotate", VERSION, readers, annotator(config).identity(), config.wordings, made_from)


def annotate_goals(config: BuildConfig, writer: Annotator, corpus: Corpus, index: int) -> StepResult:
    """Annotations of a shard's goals that have a ladder."""
    views = goal_views(config, corpus, index)
    rows: list[dict[str, Any]] = []
    left_out: list[DeadLetter] = []
    for view, wrote in zip(views, writer.annotate(views, config.wordings), strict=True):
        try:
            found = wrote if isinstance(wrote, NotWritten) else [_row(writer, view, each) for each in wrote]
        except Exception as error:  # a text that the checks cannot read costs its goal, not the shard
            found = not_written(error)
        if isinstance(found, NotWritten):
            payload = {"goal_id": view.goal_id, **found.payload}
            left_out.append(lost("annotate", view.goal_id, found.reason, found.detail, payload))
        else:
            rows += found
    counts = {"goals": tally(len(views), len({row["goal_id"] for row in rows}), left_out)}
    return StepResult({"annotations": rows}, left_out, counts)


def goal_views(config: BuildConfig, corpus: Corpus, index: int) -> list[GoalView]:
    """The goals of a shard that have a ladder, with their candidates from far to near."""
    fps = skeleton(config.skeleton).fps
    goals = {row["goal_id"]: row for row in corpus.read("goals", index).to_pylist()}
    facts = {row["goal_id"]: facts_of(row, fps) for row in corpus.read("facts", index).to_pylist()}
    ladders: dict[str, list[CandidateView]] = {}
    for row in corpus.read("candidates", index).to_pylist():
        candidate = CandidateView(
            row["candidate_id"],
            facts_of({"frames": row["motion"]["end"] - row["motion"]["start"], **row}, fps),
            tuple(difference(values) for values in row["differences"]),
            tuple(difference(values) for edit in row["edits"] for values in edit["breaks"]),
            row["alignment"],
            row["source_caption"],
        )
        ladders.setdefault(row["goal_id"], []).append(candidate)
    return [
        GoalView(
            goal_id, goals[goal_id]["split"], goals[goal_id]["caption"], facts[goal_id], tuple(candidates)
        )
        for goal_id, candidates in sorted(ladders.items())
    ]


def _row(writer: Annotator, view: GoalView, wrote: Written) -> dict[str, Any]:
    checked = wrote.checked or _checked(view, wrote)
    author = wrote.author or Author(writer.name, writer.model, writer.prompt_hash())
    about = wrote.candidate_id or view.goal_id
    suffix = f"analysis-{wrote.wording}" if wrote.kind == "analysis" else "assessment"
    return {
        "annotation_id": f"{about}-{suffix}",
        "goal_id": view.goal_id,
        "candidate_id": wrote.candidate_id,
        "split": view.split,
        "kind": wrote.kind,
        "wording": wrote.wording,
        "text": wrote.text,
        "refinement": wrote.refinement,
        "perfect": wrote.perfect,
        "annotator": author.annotator,
        "model": author.model,
        "prompt_hash": author.prompt_hash,
        "request_id": wrote.request_id,
        "supported": checked.count("supported"),
        "contradicted": checked.count("contradicted"),
        "unverifiable": checked.count("unverifiable"),
        "statements": [dict(vars(statement)) for statement in checked.statements],
    }


def _checked(view: GoalView, wrote: Written) -> Checked:
    """What the facts say of an annotation's texts, and of what its author lists beside them."""
    if wrote.kind == "analysis":
        return check_analysis(wrote.text, view.facts)
    candidate = next((c for c in view.candidates if c.candidate_id == wrote.candidate_id), None)
    subject = (
        Subject(view.facts, candidate.facts, candidate.known)
        if candidate
        else Subject(view.facts, view.facts)
    )
    return check_assessment(wrote.text, wrote.refinement, subject, wrote.named, wrote.matched)


class Annotate(PerShard):
    """PCollection[int] -> PCollection[int]: shards whose goals are annotated.

    A worker annotates several shards at once where a language model is asked: one shard's last answers
    must not leave the endpoint without work.
    """

    def __init__(self, config: BuildConfig) -> None:
        super().__init__(config, annotate_shard, at_once=3 if is_remote(config.annotator) else 1)
