"""What is told of a set of generations without an embedder: form, physics, facts, captions, verdicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from evaluators.metrics.captions import Bert, caption_scores
from evaluators.metrics.fact_support import ClaimCounts, claim_counts, summarise
from evaluators.metrics.format import format_scores
from evaluators.metrics.judging import judging
from evaluators.metrics.plausibility import ClipPlausibility, mean_plausibility, measured, of_facts
from motion.features import joints_from_features
from motion.skeleton import Skeleton
from pipelines.evaluation_input import Asked, NamedSet
from pipelines.shard_input import read_table
from schemas.corpus import Corpus
from schemas.rows import Segment, segment
from schemas.shards import features_of

Row = dict[str, Any]
_CHAINS = ("chain", "robust")  # modes whose completions are whole chains
_BATCH = 64


def content(question: Asked, named: NamedSet, goal_ids: set[str], bert: Bert | None) -> Row:
    """What of a set's completions of some goals needs no embedder, by the names that results have."""
    mode = named.mode
    if mode == "caption":
        return {"captions": _captioning(question, named, goal_ids, bert)}
    if mode == "judge":
        return {"judging": _judging(question, named, goal_ids)}
    return _moving(question, named, goal_ids)


def truth_content(question: Asked, goal_ids: Sequence[str]) -> Row:
    """Plausibility and fact support of the goals' own motions."""
    wanted: dict[str, list[Row]] = {}
    for goal_id in goal_ids:
        row = question.goals[goal_id]
        wanted.setdefault(row["motion_id"], []).append(row)
    tally = _Measures(question.body)
    for table in question.motion_tables():
        captions, clips = [], []
        for number, name in enumerate(table.column("motion_id").to_pylist()):
            for row in wanted.get(name, ()):
                clips.append(features_of(table, number)[row["start"] : row["end"]])
                captions.append(row["caption"])
        tally.add(captions, clips)
    return tally.as_dict()


class _Measures:
    """Plausibility and claims of motions that come in parts."""

    def __init__(self, body: Skeleton) -> None:
        self.body = body
        self.plausible: list[ClipPlausibility | None] = []
        self.claims: list[ClaimCounts] = []

    def add(self, captions: Sequence[str], clips: Sequence[NDArray[np.float32] | None]) -> None:
        for start in range(0, len(clips), _BATCH):
            part = clips[start : start + _BATCH]
            joints = [None if clip is None else joints_from_features(clip, self.body) for clip in part]
            for caption, found in zip(
                captions[start : start + _BATCH], measured(joints, self.body), strict=True
            ):
                facts = None if isinstance(found, str) else found
                self.plausible.append(of_facts(facts) if facts else None)
                self.claims.append(claim_counts(caption, facts))

    def as_dict(self) -> Row:
        return {
            "plausibility": asdict(mean_plausibility(self.plausible)),
            "fact_support": asdict(summarise(self.claims)),
        }


def _moving(question: Asked, named: NamedSet, goal_ids: set[str]) -> Row:
    """Form, physics and facts of a set of motions; each completion's last motion counts."""
    tally = _Measures(question.body)
    texts: list[str] = []
    counts: list[int] = []
    for generations, rounds in named.generations.tables():
        last = {name: row for row, name in enumerate(rounds.column("generation_id").to_pylist())}
        rows = _rows(generations, goal_ids, "generation_id", "text", "rounds")
        texts += [row["text"] for row in rows]
        counts += [row["rounds"] for row in rows]
        names = [row["generation_id"] for row in rows]
        clips = [features_of(rounds, last[name]) if name in last else None for name in names]
        tally.add([question.goals[row["goal_id"]]["caption"] for row in rows], clips)
    chained = named.mode in _CHAINS
    return {
        "format": asdict(format_scores(texts, counts)) if chained else None,
        "without_motion": counts.count(0) / len(counts),
        **tally.as_dict(),
    }


def _rows(generations: pa.Table, goal_ids: set[str], *columns: str) -> list[Row]:
    """Completions of some goals."""
    return [
        row for row in generations.select(["goal_id", *columns]).to_pylist() if row["goal_id"] in goal_ids
    ]


def _captioning(question: Asked, named: NamedSet, goal_ids: set[str], bert: Bert | None) -> Row:
    """Captions against every caption of the same motion."""
    references: dict[Segment, list[str]] = {}
    for row in sorted(question.goals.values(), key=lambda row: row["goal_id"]):
        references.setdefault(segment(row), []).append(row["caption"])
    given, wanted = [], []
    for row in first_samples(named):
        if row["goal_id"] in goal_ids:
            given.append(row["answer"])
            wanted.append(references[segment(question.goals[row["goal_id"]])])
    return asdict(caption_scores(given, wanted, bert))


def first_samples(named: NamedSet) -> list[Row]:
    """The first sample's goal and answer of each goal of a captioning set."""
    found: dict[str, Row] = {}
    for table in named.generations.completions():
        for row in table.select(["goal_id", "sample", "answer"]).to_pylist():
            held = found.get(row["goal_id"])
            if held is None or row["sample"] < held["sample"]:
                found[row["goal_id"]] = row
    return [found[goal_id] for goal_id in sorted(found)]


def _judging(question: Asked, named: NamedSet, goal_ids: set[str]) -> Row:
    """Verdicts on the goals' own motions and on altered ones, by what was done to these."""
    rows = [
        row
        for table in named.generations.completions()
        for row in _rows(table, goal_ids, "shown_id", "verdict")
    ]
    answered = [row for row in rows if not math.isnan(row["verdict"])]
    scores = [row["verdict"] for row in answered]
    shown = [row["shown_id"] for row in answered]
    goals = [row["goal_id"] for row in answered]
    done = edits_of(question.corpus, set(shown))
    unknown = [name for name, goal in zip(shown, goals, strict=True) if name != goal and name not in done]
    if unknown:
        raise ValueError(
            f"{named.generations.root}: {unknown[0]!r} is no motion of the goal nor a candidate of "
            f"{question.corpus.root}; judge the corpus again"
        )
    truths = [name == goal for name, goal in zip(shown, goals, strict=True)]
    groups = ["" if truth else done[name] for name, truth in zip(shown, truths, strict=True)]
    try:
        found = asdict(judging(scores, truths, groups, goals))
    except ValueError as error:
        raise ValueError(f"{named.generations.root}: cannot be scored as verdicts: {error}") from error
    return {**found, "unanswered": len(rows) - len(answered)}


def edits_of(corpus: Corpus, names: set[str]) -> dict[str, str]:
    """What was done to each of the named candidates: its operation, "several edits" or "another motion"."""
    found = {}
    for index in range(corpus.shards):
        for row in read_table(corpus, "candidates", index, ["candidate_id", "origin", "edits"]).to_pylist():
            if row["candidate_id"] in names:
                operations = [edit["operation"] for edit in row["edits"]]
                kind = operations[0] if len(operations) == 1 else "several edits"
                found[row["candidate_id"]] = kind if row["origin"] == "perturbed" else "another motion"
    return found
