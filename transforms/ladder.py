"""Step 3, ladder: for every goal, intermediate motions from badly matching to nearly matching."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np

from evaluators.support import CHECKS_VERSION
from motion.compare import COMPARE_VERSION, differences, merge
from motion.events import Difference
from motion.facts import FACTS_VERSION, Facts
from motion.perturb import PERTURB_VERSION, Edit
from motion.skeleton import skeleton
from prompts.claims import claims_digest
from schemas.compact import unpack
from schemas.config import BuildConfig
from schemas.corpus import Corpus, Receipt
from schemas.fingerprint import fingerprint
from schemas.rows import MotionRef, facts_of
from transforms.aligning import Judge, judge
from transforms.crossing import Crossing
from transforms.exchange import Pick, Source, picks_of
from transforms.perturb import Goal, Perturbed, perturb_goals
from transforms.step import DeadLetter, StepResult, corpus_of, digests, failure, run_step, tally
from transforms.stopping import stopping
from transforms.timing import timed

VERSION = 3

_MARK = b""  # of a shard that is measured


@dataclass(frozen=True)
class Rung:
    """A candidate that may stand in a ladder."""

    origin: str
    motion: MotionRef
    facts: Facts
    differences: tuple[Difference, ...]
    alignment: float
    edits: tuple[Edit, ...] = ()
    source_goal_id: str = ""
    source_caption: str = ""


def ladder_shard(config: BuildConfig, index: int, picks: Iterable[Pick]) -> Receipt:
    """Build the ladders of one shard, unless the corpus holds them already."""
    corpus = corpus_of(config)
    mine = sorted(dict.fromkeys(picks), key=lambda pick: (pick.goal_id, pick.level))  # doubled ones once
    identity = ladder_fingerprint(config, corpus, index, mine)
    return run_step(config, "ladder", index, identity, lambda: build_ladders(config, corpus, index, mine))


def ladder_fingerprint(config: BuildConfig, corpus: Corpus, index: int, picks: Iterable[Pick]) -> str:
    """Identity of a shard's ladders: settings, goals, facts, and what the search offers."""
    mine = sorted(picks, key=lambda pick: (pick.goal_id, pick.level))
    scored = (
        [[config.embedder_fingerprint, *(p.alignment for p in mine)]] if config.embedder_fingerprint else []
    )
    return fingerprint(
        "ladder",
        VERSION,
        [config.ladder, config.perturbed, config.alignment, config.seed, *scored],
        [FACTS_VERSION, PERTURB_VERSION, COMPARE_VERSION, CHECKS_VERSION, claims_digest()],
        digests(corpus, index, ["read", "measure"]),
        [[pick.goal_id, pick.level, pick.source.goal_id] for pick in mine],
        [_shown(source) for _, source in sorted({p.source.goal_id: p.source for p in mine}.items())],
    )


def _shown(source: Source) -> list[Any]:
    """All that a ladder takes of a source, as values: the bytes of facts are no part of any identity."""
    facts = unpack(Facts, source.facts).as_dict()
    return [source.goal_id, source.caption, source.motion_id, source.start, source.end, facts]


def build_ladders(config: BuildConfig, corpus: Corpus, index: int, picks: list[Pick]) -> StepResult:
    """Candidates and perturbed motions of a shard's goals."""
    goals = _goals(config, corpus, index)
    offered: dict[str, list[Pick]] = {}
    for pick in picks:
        offered.setdefault(pick.goal_id, []).append(pick)
    scorer = judge(config, corpus, index, goals)
    retrieved = {g.id: retrieved_rungs(scorer, g, offered.get(g.id, [])) for g in goals}
    # Where too few other motions differ from the goal's, more perturbed ones take their places.
    wanted = {g.id: max(config.perturbed, config.ladder - len(retrieved[g.id])) for g in goals}
    made, errors = perturb_goals(config, corpus, index, goals, wanted)
    candidates: list[dict[str, Any]] = []
    perturbed: list[dict[str, Any]] = []
    left_out: list[DeadLetter] = []
    for goal in goals:
        if goal.id in errors:
            left_out.append(failure("ladder", goal.id, errors[goal.id], {"goal_id": goal.id}))
            continue
        versions = made[goal.id]
        altered = perturbed_rungs(scorer, goal, versions)
        rungs = choose(retrieved[goal.id], altered, config.ladder, config.perturbed)
        if len(rungs) < config.ladder:
            detail = f"{len(rungs)} intermediate motions can be had, {config.ladder} are asked for"
            payload = json.dumps({"goal_id": goal.id})
            left_out.append(DeadLetter("ladder", "filtered", "ladder_too_short", goal.id, detail, payload))
            continue
        used = {rung.motion.id for rung in rungs}
        candidates += [_candidate_row(config, goal, rank, rung) for rank, rung in enumerate(rungs)]
        perturbed += [_perturbed_row(config, version) for version in versions if version.id in used]
    counts = {"goals": tally(len(goals), len({row["goal_id"] for row in candidates}), left_out)}
    return StepResult({"candidates": candidates, "perturbed": perturbed}, left_out, counts)


def _goals(config: BuildConfig, corpus: Corpus, index: int) -> list[Goal]:
    fps = skeleton(config.skeleton).fps
    rows = {row["goal_id"]: row for row in corpus.read("goals", index).to_pylist()}
    return [
        Goal(rows[facts["goal_id"]], facts_of(facts, fps))
        for facts in corpus.read("facts", index).to_pylist()
    ]


def retrieved_rungs(scorer: Judge, goal: Goal, picks: list[Pick]) -> list[Rung]:
    """Other goals' motions that differ from this goal's, nearest level first."""
    rungs = []
    for pick in picks:
        source = pick.source
        facts = unpack(Facts, source.facts)
        found = differences(goal.facts, facts)
        if not found:
            continue
        motion = MotionRef("motions", source.motion_id, source.start, source.end)
        score = scorer.of_pick(goal, pick, facts)
        rungs.append(
            Rung(
                "retrieved",
                motion,
                facts,
                found,
                score,
                source_goal_id=source.goal_id,
                source_caption=source.caption,
            )
        )
    return rungs


def perturbed_rungs(scorer: Judge, goal: Goal, versions: list[Perturbed]) -> list[Rung]:
    """Perturbed versions of a goal's motion, with the recorded breaks first among their differences."""
    rungs = []
    for version, score in zip(versions, scorer.of_versions(goal, versions), strict=True):
        known = tuple(broken for edit in version.edits for broken in edit.breaks)
        found = merge(known, differences(goal.facts, version.facts))
        motion = MotionRef("perturbed", version.id, 0, len(version.features))
        rungs.append(Rung("perturbed", motion, version.facts, found, score, version.edits))
    return rungs


def choose(retrieved: list[Rung], perturbed: list[Rung], size: int, wanted: int) -> list[Rung]:
    """The rungs of a ladder, far to near: `wanted` perturbed ones, the rest retrieved and spread
    out; either kind fills in where the other falls short."""
    near = perturbed[: max(wanted, size - len(retrieved))][:size]
    rest = retrieved
    while len(rest) > size - len(near):
        rest = _thinned(rest)
    return sorted([*near, *rest], key=lambda rung: (rung.alignment, rung.motion.id, rung.motion.start))


def _thinned(rungs: list[Rung]) -> list[Rung]:
    """Without the rung whose score lies closest to a neighbour's."""
    ordered = sorted(rungs, key=lambda rung: (rung.alignment, rung.motion.id, rung.motion.start))
    gaps = np.diff([rung.alignment for rung in ordered])
    return ordered[:-1] if len(ordered) < 2 else [r for i, r in enumerate(ordered) if i != int(gaps.argmin())]


def _candidate_row(config: BuildConfig, goal: Goal, rank: int, rung: Rung) -> dict[str, Any]:
    facts = rung.facts.as_dict()
    return {
        "candidate_id": f"{goal.id}-k{rank}",
        "goal_id": goal.id,
        "split": goal.row["split"],
        "rank": rank,
        "origin": rung.origin,
        "motion": rung.motion.as_dict(),
        "source_goal_id": rung.source_goal_id,
        "source_caption": rung.source_caption,
        "alignment": round(rung.alignment, 6),
        "alignment_kind": config.alignment,
        "edits": [_edit_row(edit) for edit in rung.edits],
        "summary": facts["summary"],
        "extremes": facts["extremes"],
        "events": facts["events"],
        "differences": [difference.as_dict() for difference in rung.differences],
    }


def _perturbed_row(config: BuildConfig, version: Perturbed) -> dict[str, Any]:
    return {
        "perturbed_id": version.id,
        "goal_id": version.goal.id,
        "motion_id": version.goal.row["motion_id"],
        "skeleton": config.skeleton,
        "frames": len(version.features),
        "edits": [_edit_row(edit) for edit in version.edits],
        "features": version.features,
    }


def _edit_row(edit: Edit) -> dict[str, Any]:
    return {
        "operation": edit.operation,
        "parameters": json.dumps(edit.as_dict()["parameters"], sort_keys=True),
        "breaks": [broken.as_dict() for broken in edit.breaks],
    }


@dataclass
class BuildLadders(beam.PTransform):
    """(PCollection[int], PCollection[(shard, bytes of picks)]) -> PCollection[int]: shards with ladders."""

    config: BuildConfig

    def expand(self, pcolls: tuple[beam.PCollection, beam.PCollection]) -> beam.PCollection:
        """Bring each shard's picks to it and build its ladders; a mark says that the shard is measured."""
        measured, picks = pcolls
        config = self.config

        def work(item: tuple[int, Iterable[bytes]]) -> Iterator[int]:
            index, held = item[0], list(item[1])
            if _MARK in held and not stopping(config):
                packed = [data for data in held if data != _MARK]
                with timed("ladder"):
                    ladder_shard(config, index, picks_of(corpus_of(config), packed))
                yield index

        marks = measured | "Mark" >> beam.Map(lambda index: (index, _MARK))
        return (
            (marks, picks)
            | "Both" >> beam.Flatten()
            | Crossing("ladder: picks by shard")
            | "Gather" >> beam.GroupByKey()
            | "Ladder" >> beam.FlatMap(work)
        )
