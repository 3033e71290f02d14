"""Step 1, read: a dataset's clips and captions become motions and goals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from motion.layout import (
    Caption,
    Dataset,
    MotionProblem,
    caption_lines,
    content_digest,
    read_captions,
    read_features,
)
from motion.skeleton import skeleton
from schemas.config import BuildConfig
from schemas.corpus import Receipt
from schemas.fingerprint import fingerprint
from schemas.places import place
from transforms.step import DeadLetter, StepResult, base_id, run_step, tally
from transforms.stopping import stopping
from transforms.timing import timed

VERSION = 1


@dataclass(frozen=True)
class ShardWork:
    """The clips of one shard: ids with their splits, and ids that a split list names again."""

    index: int
    ids: tuple[tuple[str, str], ...]
    repeated: tuple[tuple[str, str], ...] = ()


def goal_id(dataset: str, motion_id: str, caption: Caption, whole: bool) -> str:
    """Id of a goal: dataset, clip, caption index and, for a part of the clip, its frames."""
    name = f"{dataset}-{motion_id}-{caption.index}"
    return name if whole else f"{name}@{caption.start}-{caption.end}"


def read_fingerprint(config: BuildConfig, work: ShardWork, digests: list[tuple[str, str]]) -> str:
    """Identity of a shard's input: ids, splits and the content of their files."""
    clips = [[*pair, *found] for pair, found in zip(work.ids, digests, strict=True)]
    return fingerprint(
        "read", VERSION, config.dataset, config.skeleton, config.shards, clips, list(work.repeated)
    )


def read_shard_inputs(config: BuildConfig, work: ShardWork) -> Receipt:
    """Read the clips of one shard, unless the corpus holds them already."""
    dataset = Dataset(place(config.input), skeleton(config.skeleton), work.ids, work.repeated)
    digests = [content_digest(dataset, motion_id) for motion_id, _ in work.ids]
    identity = read_fingerprint(config, work, digests)
    return run_step(config, "read", work.index, identity, lambda: read_clips(config, dataset, digests))


def read_clips(config: BuildConfig, dataset: Dataset, digests: list[tuple[str, str]]) -> StepResult:
    """Motions, goals and what was left out of a dataset's clips."""
    motions: list[dict[str, Any]] = []
    goals: list[dict[str, Any]] = []
    bad_clips = [
        _letter(motion_id, "repeated_id", f"{split}.txt names an id that was named before", motion_id, split)
        for motion_id, split in dataset.repeated
    ]
    bad_lines: list[DeadLetter] = []
    lines = 0
    known = {motion_id for motion_id, _ in dataset.ids}
    for (motion_id, split), found in zip(dataset.ids, digests, strict=True):
        try:
            features = read_features(dataset, motion_id)
            captions, problems = read_captions(dataset, motion_id, len(features))
        except MotionProblem as problem:
            bad_clips.append(_letter(motion_id, problem.reason, problem.detail, motion_id, split))
            continue
        lines += caption_lines(dataset, motion_id)
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
        motions.append(
            {
                "motion_id": motion_id,
                "dataset": config.dataset,
                "skeleton": config.skeleton,
                "split": split,
                "fps": dataset.skeleton.fps,
                "frames": len(features),
                "mirror_of": mirror_of,
                "motion_sha256": found[0],
                "text_sha256": found[1],
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


@dataclass
class ReadDataset(beam.PTransform):
    """PCollection[ShardWork] -> PCollection[int]: indices of shards whose clips are in the corpus."""

    config: BuildConfig

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Spread the shards over the workers and read each."""
        config = self.config

        def read(work: ShardWork) -> Iterator[int]:
            if not stopping(config):
                with timed("read"):
                    read_shard_inputs(config, work)
                yield work.index

        return pcoll | "Spread" >> beam.Reshuffle() | "Read" >> beam.FlatMap(read)
