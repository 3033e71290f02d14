"""Step 2, measure: the facts of every goal's motion."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from evaluators.caption_audit import Finding, described, leaves_corpus
from evaluators.support import CHECKS_VERSION
from motion.facts import FACTS_VERSION, Facts, measure
from motion.features import joints_from_features
from motion.skeleton import Skeleton, skeleton
from prompts.claims import claims_digest
from schemas.config import BuildConfig
from schemas.corpus import Corpus, Receipt
from schemas.fingerprint import fingerprint
from schemas.rows import Segment, goal_motion, segment
from schemas.shards import features_of_segments
from transforms.per_shard import PerShard
from transforms.step import DeadLetter, StepResult, corpus_of, digests, failure, run_step, tally

VERSION = 2

Key = TypeVar("Key")


def measure_shard(config: BuildConfig, index: int) -> Receipt:
    """Measure the goals of one shard, unless the corpus holds their facts already."""
    corpus = corpus_of(config)
    identity = measure_fingerprint(config, corpus, index)
    return run_step(config, "measure", index, identity, lambda: measure_goals(config, corpus, index))


def measure_fingerprint(config: BuildConfig, corpus: Corpus, index: int) -> str:
    """Identity of a shard's facts: what they are measured on, and which captions may stay."""
    readers = [FACTS_VERSION, CHECKS_VERSION, claims_digest()]
    made_from = digests(corpus, index, ["read"])
    return fingerprint("measure", VERSION, readers, config.keep_contradicted, made_from)


def measure_goals(config: BuildConfig, corpus: Corpus, index: int) -> StepResult:
    """Facts of every goal of a shard; goals whose caption its motion contradicts are left out."""
    goals = corpus.read("goals", index).to_pylist()
    clips = segment_joints(config, corpus, index, goals)
    measured = measure_each(clips, skeleton(config.skeleton))
    rows: list[dict[str, Any]] = []
    left_out: list[DeadLetter] = []
    for goal in goals:
        facts = measured[segment(goal)]
        about = {"goal_id": goal["goal_id"], "caption": goal["caption"]}
        if isinstance(facts, Exception):
            left_out.append(failure("measure", goal["goal_id"], facts, about))
            continue
        against = None if config.keep_contradicted else leaves_corpus(goal["caption"], facts)
        if against:
            left_out.append(_contradicted(about, against))
            continue
        values = facts.as_dict()
        rows.append(
            {
                "goal_id": goal["goal_id"],
                "motion": goal_motion(goal).as_dict(),
                "frames": facts.frames,
                "summary": values["summary"],
                "extremes": values["extremes"],
                "events": values["events"],
            }
        )
    counts = {"goals": tally(len(goals), len(rows), left_out)}
    return StepResult({"facts": rows}, left_out, counts)


def _contradicted(about: dict[str, Any], against: Finding) -> DeadLetter:
    payload = json.dumps({**about, **against.as_dict()}, ensure_ascii=False)
    why = described(against)
    return DeadLetter("measure", "filtered", "caption_contradicted", about["goal_id"], why, payload)


def measure_each(clips: Mapping[Key, NDArray[np.float32]], body: Skeleton) -> dict[Key, Facts | Exception]:
    """Facts of each clip, or the error that measuring it raised: a bad clip costs only itself."""
    try:
        return dict(zip(clips, measure(list(clips.values()), body), strict=True))
    except Exception:
        found: dict[Key, Facts | Exception] = {}
        for key, joints in clips.items():
            try:
                found[key] = measure([joints], body)[0]
            except Exception as error:
                found[key] = error
        return found


def segment_joints(
    config: BuildConfig, corpus: Corpus, index: int, goals: list[dict[str, Any]]
) -> dict[Segment, NDArray[np.float32]]:
    """Joints (T, J, 3) of each segment that the goals name, once each, in the goals' order."""
    motions = corpus.read("motions", index, ["motion_id", "features"])
    return joints_of_segments(motions, [segment(goal) for goal in goals], skeleton(config.skeleton))


def joints_of_segments(
    motions: pa.Table, parts: Iterable[Segment], body: Skeleton
) -> dict[Segment, NDArray[np.float32]]:
    """Joints (T, J, 3) of parts of the motions of a table, once each, in order; KeyError for one it lacks."""
    features = features_of_segments(motions, parts)
    return {part: joints_from_features(clip, body) for part, clip in features.items()}


class Measure(PerShard):
    """PCollection[int] -> PCollection[int]: shards whose goals have facts in the corpus."""

    def __init__(self, config: BuildConfig) -> None:
        super().__init__(config, measure_shard)
