"""Step 2, measure: the facts of every goal's motion, and what the ladder's search needs of them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import apache_beam as beam
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from evaluators.caption_audit import Finding, described, leaves_corpus
from evaluators.support import CHECKS_VERSION
from motion.compare import fact_vector
from motion.facts import FACTS_VERSION, Facts, measure
from motion.features import joints_from_features
from motion.seeds import seed
from motion.skeleton import Skeleton, skeleton
from prompts.claims import claims_digest
from schemas.config import BuildConfig
from schemas.corpus import Corpus, Receipt
from schemas.fingerprint import fingerprint
from schemas.rows import Segment, facts_of, goal_motion, segment
from schemas.shards import features_of_segments
from transforms.per_shard import PerShard
from transforms.step import DeadLetter, StepResult, base_id, corpus_of, digests, failure, run_step, tally
from transforms.timing import timed_each
from transforms.words import word_vector

VERSION = 2

Key = TypeVar("Key")


@dataclass(frozen=True)
class IndexRecord:
    """What the search knows of a goal: small, for it is all that is ever shuffled."""

    goal_id: str
    shard: int
    motion_id: str
    start: int
    end: int
    caption: str
    vector: bytes  # int8: facts, then words
    facts: bytes  # compressed JSON
    embedded: tuple[bytes, bytes] | None = (
        None  # packed vectors of caption and motion, where an embedder aligns
    )


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


def bucket_of(config: BuildConfig, split: str, motion_id: str) -> tuple[str, int]:
    """The bucket that a clip is searched in: clips of its split only, at most a few hundred."""
    buckets = dict(config.buckets)[split]
    return split, seed("bucket", base_id(motion_id)) % buckets


def index_records(config: BuildConfig, index: int) -> Iterator[tuple[tuple[str, int], IndexRecord]]:
    """The search's records of one shard, by bucket."""
    corpus = corpus_of(config)
    goals = {goal["goal_id"]: goal for goal in corpus.read("goals", index).to_pylist()}
    facts = corpus.read("facts", index).to_pylist()
    embedded: Mapping[str, tuple[bytes, bytes]] = {}
    if config.alignment == "builtin":
        from transforms.aligning import vectors_of

        embedded = vectors_of(config, corpus, index, [goals[row["goal_id"]] for row in facts])
    for row in facts:
        goal = goals[row["goal_id"]]
        record = IndexRecord(
            goal["goal_id"],
            index,
            *segment(goal),
            goal["caption"],
            _vector(facts_of(row, skeleton(config.skeleton).fps), goal["caption"]),
            pack(row),
            embedded.get(goal["goal_id"]),
        )
        yield bucket_of(config, goal["split"], goal["motion_id"]), record


def pack(row: dict[str, Any]) -> bytes:
    """The facts of a row in few bytes."""
    kept = {name: row[name] for name in ("frames", "summary", "extremes", "events")}
    return zlib.compress(json.dumps(kept, separators=(",", ":")).encode(), 6)


def unpack(data: bytes, fps: float) -> Facts:
    """The facts that `pack` made small."""
    return facts_of(json.loads(zlib.decompress(data)), fps)


def _vector(facts: Facts, caption: str) -> bytes:
    """Facts and words as small whole numbers: sums of their products are exact in any order."""
    parts = [fact_vector(facts), 0.5 * word_vector(caption)]
    joined = np.concatenate(parts).astype(np.float64)
    length = float(np.sqrt(np.square(joined).sum()))
    return np.rint(joined / max(length, 1e-9) * 127).astype(np.int8).tobytes()


class Measure(PerShard):
    """PCollection[int] -> PCollection[int]: shards whose goals have facts in the corpus."""

    def __init__(self, config: BuildConfig) -> None:
        super().__init__(config, measure_shard)


@dataclass
class Index(beam.PTransform):
    """PCollection[int] -> PCollection[(bucket, IndexRecord)]."""

    config: BuildConfig

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Read back what the search needs of each shard."""
        config = self.config
        return pcoll | "Index" >> beam.FlatMap(
            lambda index: timed_each("index", index_records(config, index))
        )
