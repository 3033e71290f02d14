"""What gives way first when a corpus grows, and at how many goals.

A limit is a load: what is asked of something, as a share of what it gives. At 1 it is reached. Loads grow
with the goals, so that the goals at which each is reached are found by halving.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from pipelines.scale_model import Constants, Estimate, Wanted, estimate

ROUND_TRIP = 0.03  # seconds of one request to an object store in the same region
PUTS_A_SECOND = 3500.0  # that an object store takes under one prefix before it says SlowDown (S3's figure)
WORKER_DISK = 100e9  # bytes that a worker has for the engine's shuffle
MAIN_MEMORY = 16e9  # bytes that the machine of the main process has
MANIFEST = 1e9  # bytes of JSON that a reader still loads: as objects it is some five times as much
ONE_MACHINE = 64  # workers at the most that run on one machine, by its own engine
MOST_GOALS = 10**12

# What the main process asks an object store for, one request after another.
LOOKS_A_CLIP = 2  # size and time of its two files, before the work
READS_A_SHARD = 6  # receipts of the five steps and the profile, after the work
# What workers read and write for a shard beside what they were given; docs/scale.md counts them.
READS_OF_STEPS = 35


@dataclass(frozen=True)
class Limit:
    """One thing that can give way."""

    name: str
    load: float  # 1: reached
    told: str  # what it is, in figures of this corpus


@dataclass(frozen=True)
class Load:
    """What a build has to do beside its steps."""

    answers: Callable[[int], float] = lambda goals: 0.0  # seconds that a language model takes, by goals
    in_store: bool = True  # dataset or corpus lie in an object store


def serial_store_seconds(wanted: Wanted) -> float:
    """Seconds that the main process waits for an object store, whose requests it makes one by one."""
    return ROUND_TRIP * (LOOKS_A_CLIP * wanted.clips + READS_A_SHARD * wanted.shards)


def store_requests(wanted: Wanted, files: int) -> tuple[int, int]:
    """Requests that write, and that read, where dataset and corpus lie in an object store."""
    reads = wanted.shards * (READS_OF_STEPS + READS_A_SHARD) + 2 * LOOKS_A_CLIP * wanted.clips
    return files, reads


def limits(wanted: Wanted, found: Estimate, asked: Load) -> list[Limit]:
    """Every limit with its load, the highest first."""
    pipeline = max(found.pipeline_seconds, 1e-9)
    waits = serial_store_seconds(wanted)
    puts = found.files / pipeline
    shuffled = sum(found.shuffle_bytes.values()) / wanted.workers
    manifest = found.shard_bytes.get("manifest", 0.0)
    held = found.main_memory + (found.engine_memory if wanted.workers <= ONE_MACHINE else 0.0)
    one = (
        ", shuffle included: this many workers run by the engine of one machine"
        if held > found.main_memory
        else ""
    )
    all_limits = [
        Limit(
            "shards",
            wanted.workers / wanted.shards,
            f"{wanted.shards:,} shards for {wanted.workers:,} workers: more workers than shards do nothing",
        ),
        Limit(
            "main process",
            found.main_seconds / pipeline,
            f"the main process lists clips and reads receipts and profiles for {found.main_seconds:,.0f} s "
            f"while no worker works, the workers take {pipeline:,.0f} s",
        ),
        Limit(
            "main process and object store",
            waits / pipeline,
            f"where dataset and corpus lie in a bucket, the main process waits {waits:,.0f} s for "
            f"{LOOKS_A_CLIP} looks a clip and {READS_A_SHARD} reads a shard, one after another, the workers "
            f"take {pipeline:,.0f} s",
        ),
        Limit(
            "memory of the main process",
            held / MAIN_MEMORY,
            f"{held / 1e9:,.1f} GB of {MAIN_MEMORY / 1e9:.0f}{one}",
        ),
        Limit(
            "manifest",
            manifest / MANIFEST,
            f"{manifest / 1e9:,.2f} GB of JSON, read whole by everybody who opens the corpus",
        ),
        Limit(
            "writes to an object store",
            puts / PUTS_A_SECOND,
            f"{puts:,.0f} files a second; a bucket takes {PUTS_A_SECOND:,.0f} under a prefix",
        ),
        Limit(
            "shuffle",
            shuffled / WORKER_DISK,
            f"{shuffled / 1e9:,.2f} GB a worker, which has {WORKER_DISK / 1e9:,.0f} GB of disk for it",
        ),
    ]
    answers = asked.answers(wanted.goals)
    if answers:
        all_limits.append(
            Limit(
                "language model",
                answers / pipeline,
                f"its answers take {duration(answers)}, the workers {duration(pipeline)}",
            )
        )
    return sorted(all_limits, key=lambda limit: (-limit.load, limit.name))


def reached_at(known: Constants, wanted: Wanted, asked: Load) -> Mapping[str, int]:
    """The goals at which each limit is reached with so many workers; those never reached are not in it.

    "shards" is reached below that number: it is about corpora that are too small.
    """

    def load(name: str, goals: int) -> float:
        sized = replace(wanted, goals=goals)
        found = limits(sized, estimate(known, sized), asked)
        return next(limit.load for limit in found if limit.name == name)

    names = [limit.name for limit in limits(wanted, estimate(known, wanted), asked)]
    found = {name: _first(partial(load, name)) for name in names if name != "shards"}
    return {name: goals for name, goals in found.items() if goals}


def _first(load: Callable[[int], float]) -> int:
    """The number of goals, within some percent, from which on a load is 1 or more; 0 where it never is."""
    low, high = 3.0, math.log10(MOST_GOALS)
    if load(MOST_GOALS) < 1:
        return 0
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (low, middle) if load(round(10**middle)) >= 1 else (middle, high)
    return round(10**high)
