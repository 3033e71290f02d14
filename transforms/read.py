"""Step 1, read: a shard's clips and captions become motions and goals."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import apache_beam as beam

from motion.layout import (
    Caption,
    ClipFiles,
    Dataset,
    MotionProblem,
    lines_in,
    read_captions,
    read_features,
)
from schemas.config import BuildConfig
from schemas.corpus import Receipt
from schemas.fingerprint import fingerprint
from transforms.step import DeadLetter, StepResult, base_id, tally
from transforms.stopping import stopping
from transforms.timing import timed

VERSION = 1
_RANGE = 1000  # shards that one element names


@dataclass(frozen=True)
class ShardWork:
    """The clips of one shard: ids with their splits, and ids that a split list names again."""

    index: int
    ids: tuple[tuple[str, str], ...] = ()
    repeated: tuple[tuple[str, str], ...] = ()
    listing: str = ""  # of sizes and times of their files, where it is known


class Source(Protocol):
    """What a build reads: the files of a dataset, or the shards of a corpus.

    No method holds more than some shards; `works` goes through all of them in one process.
    """

    def works(self, config: BuildConfig) -> Iterator[ShardWork]:
        """Every shard's work, in any order."""

    def list_shards(self, config: BuildConfig) -> beam.PTransform:
        """PBegin -> PCollection[ShardWork]: every shard's work, listed by the engine."""

    def read(self, config: BuildConfig, work: ShardWork) -> Receipt:
        """Read a shard into the corpus, unless it holds it already."""

    def wanted(self, config: BuildConfig, work: ShardWork, done: Receipt) -> str:
        """The fingerprint that a shard's receipt must have, given the one that is there."""

    def keep_listing(self, config: BuildConfig, work: ShardWork, done: Receipt) -> None:
        """Note that a shard, which `wanted` found to be the same, is of the files that are there now."""

    def clips_now(self, config: BuildConfig, work: ShardWork) -> dict[str, tuple[str, ...]]:
        """Split and digests of both files of every clip of a shard, by id."""

    def captions(self, work: ShardWork) -> dict[str, int]:
        """Caption lines of every clip of a shard, by id."""

    def read_sample(self, config: BuildConfig, clips: int) -> tuple[int, int]:
        """Read a few clips into a corpus of one shard; how many they and their caption lines are."""


def goal_id(dataset: str, motion_id: str, caption: Caption, whole: bool) -> str:
    """Id of a goal: dataset, clip, caption index and, for a part of the clip, its frames."""
    name = f"{dataset}-{motion_id}-{caption.index}"
    return name if whole else f"{name}@{caption.start}-{caption.end}"


def read_fingerprint(config: BuildConfig, work: ShardWork, digests: Sequence[tuple[str, str]]) -> str:
    """Identity of a shard's input: ids, splits and the content of their files."""
    clips = [[*pair, *found] for pair, found in zip(work.ids, digests, strict=True)]
    return fingerprint(
        "read", VERSION, config.dataset, config.skeleton, config.shards, clips, list(work.repeated)
    )


def read_clips(config: BuildConfig, dataset: Dataset, files: Sequence[ClipFiles]) -> StepResult:
    """Motions, goals and what was left out of a dataset's clips, whose files have been read."""
    motions: list[dict[str, Any]] = []
    goals: list[dict[str, Any]] = []
    bad_clips = [
        _letter(motion_id, "repeated_id", f"{split}.txt names an id that was named before", motion_id, split)
        for motion_id, split in dataset.repeated
    ]
    bad_lines: list[DeadLetter] = []
    lines = 0
    known = {motion_id for motion_id, _ in dataset.ids}
    for (motion_id, split), held in zip(dataset.ids, files, strict=True):
        try:
            features = read_features(dataset, motion_id, held.motion)
            captions, problems = read_captions(dataset, motion_id, len(features), held.text)
        except MotionProblem as problem:
            bad_clips.append(_letter(motion_id, problem.reason, problem.detail, motion_id, split))
            continue
        lines += lines_in(held.text)
        bad_lines += [
            _letter(
                f"{motion_id}#{problem.index}",
                problem.reason,
                f"texts/{motion_id}.txt, caption {problem.index}: {problem.detail}",
                motion_id,
                split,
                problem.line[:2000],
            )
            for problem in problems
        ]
        mirror_of = base_id(motion_id) if motion_id.startswith("M") and base_id(motion_id) in known else ""
        motion_digest, text_digest = held.digests
        motions.append(
            {
                "motion_id": motion_id,
                "dataset": config.dataset,
                "skeleton": config.skeleton,
                "split": split,
                "fps": dataset.skeleton.fps,
                "frames": len(features),
                "mirror_of": mirror_of,
                "motion_sha256": motion_digest,
                "text_sha256": text_digest,
                "features": features,
            }
        )
        goals += [_goal(config, motion_id, split, len(features), caption) for caption in captions]
    counts = {
        "clips": tally(len(dataset.ids) + len(dataset.repeated), len(motions), bad_clips),
        "captions": tally(lines, len(goals), bad_lines),
    }
    return StepResult({"motions": motions, "goals": goals}, bad_clips + bad_lines, counts)


def _goal(config: BuildConfig, motion_id: str, split: str, frames: int, caption: Caption) -> dict[str, Any]:
    whole = (caption.start, caption.end) == (0, frames)
    return {
        "goal_id": goal_id(config.dataset, motion_id, caption, whole),
        "dataset": config.dataset,
        "motion_id": motion_id,
        "split": split,
        "caption_index": caption.index,
        "caption": caption.text,
        "tags": caption.tags,
        "from_seconds": caption.from_seconds,
        "to_seconds": caption.to_seconds,
        "start": caption.start,
        "end": caption.end,
    }


def _letter(
    input_id: str, reason: str, detail: str, motion_id: str, split: str, line: str = ""
) -> DeadLetter:
    payload = json.dumps({"motion_id": motion_id, "split": split, "line": line}, ensure_ascii=False)
    return DeadLetter("read", "filtered", reason, input_id, detail, payload)


def shard_ranges(shards: int) -> list[tuple[int, int]]:
    """All shards as a few ranges [first, end): what a pipeline is sent with stays small."""
    return [(first, min(first + _RANGE, shards)) for first in range(0, shards, _RANGE)]


@dataclass
class ReadInput(beam.PTransform):
    """PBegin -> PCollection[int]: indices of shards whose clips are in the corpus."""

    config: BuildConfig
    source: Source

    def expand(self, pbegin: beam.Pipeline) -> beam.PCollection:
        """List the shards, spread them over the workers and read each."""
        config, source = self.config, self.source

        def read(work: ShardWork) -> Iterator[int]:
            if not stopping(config):
                with timed("read"):
                    source.read(config, work)
                yield work.index

        return pbegin | "List" >> source.list_shards(config) | "Read" >> beam.FlatMap(read)
