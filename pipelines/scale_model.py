"""What a corpus of so many goals takes: time, storage, shuffle and memory, out of measured constants.

    shards   = clips / CLIPS_A_SHARD, rounded up                     a shard is the unit of work
    turns    = shards / workers, rounded up                          shards that the busiest worker does
    pipeline = fixed + turns x goals a shard x seconds a goal / efficiency
    main     = fixed + seconds a shard x shards + seconds a clip x clips        what one process does alone
    time     = pipeline + main

Everything else is a sum of what a frame, a goal or a shard takes. benchmarks/scale.py measures the constants
(scale_constants.json) and holds the model against a corpus that it was not made from.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

CONSTANTS_VERSION = 1
CONSTANTS = "scale_constants.json"
FRAME_STEPS = ("read", "measure", "ladder")  # look at every frame: taken to grow as clips get longer


@dataclass(frozen=True)
class Constants:
    """What was measured. Seconds are of the clock, of one worker; bytes are those of files."""

    measured: Mapping[str, Any]  # when, on what, which sizes: for people
    goals_a_clip: float
    frames_a_clip: float
    frames_a_goal: float  # of the motion that a goal is about
    seconds_a_goal: Mapping[str, float]  # by step
    efficiency: float  # share of the workers' time that goes into steps
    pipeline_fixed: float  # seconds: workers start, and the engine between steps
    main_fixed: float  # seconds: imports, the gate's library, the report
    main_a_shard: float  # seconds: receipts, manifest, profiles
    main_a_clip: float  # seconds: names, sizes and times of the dataset's files
    bytes_a_frame: Mapping[str, float]  # of tables that hold motions, by table
    bytes_a_goal: Mapping[str, float]  # of the other tables
    bytes_a_shard: Mapping[str, float]  # "receipts", "profile", "manifest"
    bytes_fixed: float  # the report and the rest of quality/
    shuffle_a_goal: Mapping[str, float]  # bytes, by shuffle
    files_a_shard: float
    worker_memory: float  # bytes, the most that a worker held
    main_memory: float  # bytes, without what grows
    main_memory_a_shard: float  # bytes: receipts and manifest, as objects
    engine_memory_a_goal: float  # bytes in the main process where its engine keeps the shuffle there
    llm: Mapping[str, Mapping[str, float]]  # requests and tokens a goal, by --requests
    error: float  # of the time of a corpus that the constants were not made from, as a share
    bytes_error: float  # of its storage


def constants() -> Constants:
    """The package's own. ValueError where the file is of another version."""
    text = resources.files("pipelines").joinpath(CONSTANTS).read_text("utf-8")
    return constants_of(json.loads(text), f"pipelines/{CONSTANTS}")


def constants_of(values: Mapping[str, Any], source: str) -> Constants:
    """Constants that were read from a file."""
    kept = dict(values)
    version = kept.pop("version", None)
    if version != CONSTANTS_VERSION:
        raise ValueError(
            f"{source}: version {version!r}, this irmogen knows {CONSTANTS_VERSION}; "
            "measure again with `make bench-scale`"
        )
    return Constants(**kept)


@dataclass(frozen=True)
class Wanted:
    """A corpus that does not exist yet. Factors say how much more than by default a step, a table takes."""

    goals: int
    workers: int
    goals_a_clip: float
    frames_a_clip: float
    clips_a_shard: int
    step_factors: Mapping[str, float] = field(default_factory=dict)
    table_factors: Mapping[str, float] = field(default_factory=dict)

    @property
    def clips(self) -> int:
        """Clips that have so many captions."""
        return max(1, math.ceil(self.goals / self.goals_a_clip))

    @property
    def shards(self) -> int:
        """Units of work."""
        return math.ceil(self.clips / self.clips_a_shard)


@dataclass(frozen=True)
class Estimate:
    """What the corpus takes; bytes and seconds."""

    step_seconds: Mapping[str, float]  # of all workers together
    fixed_seconds: float  # before and after the work, whatever the size
    pipeline_seconds: float  # of the clock, the fixed part left out
    main_seconds: float  # of the clock, one process alone, the fixed part left out
    table_bytes: Mapping[str, float]
    shard_bytes: Mapping[str, float]  # receipts, profiles, manifest
    fixed_bytes: float
    shuffle_bytes: Mapping[str, float]
    files: int
    worker_memory: float
    main_memory: float  # without the shuffle, which a distributed engine keeps elsewhere
    engine_memory: float  # in the main process beside it, by the engine of one machine

    @property
    def seconds(self) -> float:
        """From the command to its end."""
        return self.fixed_seconds + self.pipeline_seconds + self.main_seconds

    @property
    def work_seconds(self) -> float:
        """What the steps take, of all workers together."""
        return sum(self.step_seconds.values())

    @property
    def bytes(self) -> float:
        """Everything that lies in the corpus' folder."""
        return sum(self.table_bytes.values()) + sum(self.shard_bytes.values()) + self.fixed_bytes


def estimate(known: Constants, wanted: Wanted) -> Estimate:
    """What a corpus takes."""
    goals, clips, shards = wanted.goals, wanted.clips, wanted.shards
    longer = wanted.frames_a_clip / known.frames_a_clip
    steps = {
        step: goals * seconds * wanted.step_factors.get(step, 1.0) * (longer if step in FRAME_STEPS else 1.0)
        for step, seconds in known.seconds_a_goal.items()
    }
    turns = math.ceil(shards / wanted.workers)
    frames = {"motions": clips * wanted.frames_a_clip, "perturbed": goals * known.frames_a_goal * longer}
    tables = {
        **{table: frames[table] * size for table, size in known.bytes_a_frame.items()},
        **{table: goals * size for table, size in known.bytes_a_goal.items()},
    }
    return Estimate(
        step_seconds=steps,
        fixed_seconds=known.pipeline_fixed + known.main_fixed,
        pipeline_seconds=turns / shards * sum(steps.values()) / known.efficiency,
        main_seconds=known.main_a_shard * shards + known.main_a_clip * clips,
        table_bytes={name: size * wanted.table_factors.get(name, 1.0) for name, size in tables.items()},
        shard_bytes={name: size * shards for name, size in known.bytes_a_shard.items()},
        fixed_bytes=known.bytes_fixed,
        shuffle_bytes={name: goals * size for name, size in known.shuffle_a_goal.items()},
        files=math.ceil(shards * known.files_a_shard),
        worker_memory=known.worker_memory,
        main_memory=known.main_memory + known.main_memory_a_shard * shards,
        engine_memory=goals * known.engine_memory_a_goal,
    )


def band(known: Constants, wanted: Wanted, error: float) -> float:
    """How far off an estimate may be: a factor, 1.3 means from a 1.3th to 1.3 times.

    `error` is what was found at the sizes that were measured; it counts once more for every factor of ten
    that goals, or workers, are beyond them.
    """
    beyond = [
        max(0.0, math.log10(number / most))
        for number, most in (
            (wanted.goals, max(known.measured["goals"])),
            (wanted.workers, known.measured["workers"]),
        )
    ]
    return 1.0 + error * (1.0 + sum(beyond))
