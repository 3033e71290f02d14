"""What gives way first when a corpus grows, and at how many goals.

A limit is a load: what is asked of something, as a share of what it gives. At 1 it is reached. Loads grow
with the goals, so that the goals at which each is reached are found by halving.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from pipelines.amounts import duration, size
from pipelines.scale_model import Constants, Estimate, Wanted, estimate
from schemas.ahead import THREADS

ROUND_TRIP = 0.03  # seconds of one request to an object store in the same region
PUTS_A_SECOND = 3500.0  # that an object store takes under one prefix before it says SlowDown (S3's figure)
WORKER_DISK = 100e9  # bytes that a worker has for the engine's shuffle
MAIN_MEMORY = 16e9  # bytes that the machine of the main process has
MANIFEST = 1e9  # bytes of JSON that a reader still loads: as objects it is some five times as much
ONE_MACHINE = 64  # workers at the most that run on one machine, by its own engine
MOST_GOALS = 10**12

# What the main process asks an object store for: listings page after page, small files some at a time.
LISTS_A_CLIP = 2 / 1000  # pages of a listing, of a thousand names: a clip has two files
MAIN_READS_A_SHARD = 9  # receipts of the steps, the profile and its receipt, what the report shows
# What workers read for a shard of a corpus: receipts of steps before, and their tables.
READS_OF_STEPS = 50
READS_A_CLIP = 2  # its two files


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
    """Seconds that the main process waits for an object store."""
    return ROUND_TRIP * (LISTS_A_CLIP * wanted.clips + MAIN_READS_A_SHARD * wanted.shards / THREADS)


def store_requests(wanted: Wanted, files: int) -> tuple[int, int]:
    """Requests that write, and that read, where dataset and corpus lie in an object store."""
    reads = wanted.shards * (READS_OF_STEPS + MAIN_READS_A_SHARD) + wanted.clips * (
        READS_A_CLIP + LISTS_A_CLIP
    )
    return files, math.ceil(reads)


def limits(wanted: Wanted, found: Estimate, asked: Load) -> list[Limit]:
    """Every limit with its load, the highest first."""
    pipeline = max(found.pipeline_seconds, 1e-9)
    told = f"the workers take {duration(pipeline)}"
    held, shuffled = found.main_memory, sum(found.shuffle_bytes.values()) / wanted.workers
    if one_machine := wanted.workers <= ONE_MACHINE:
        held += found.engine_memory
    manifest, puts = found.shard_bytes.get("manifest", 0.0), found.files / pipeline
    loads = [
        Limit(
            "shards",
            wanted.workers / wanted.shards,
            f"{wanted.shards:,} shards for {wanted.workers:,} workers; more workers than shards do nothing",
        ),
        Limit(
            "main process",
            found.main_seconds / pipeline,
            f"it lists, reads receipts, judges and reports alone for {duration(found.main_seconds)}; {told}",
        ),
        Limit(
            "memory of the main process",
            held / MAIN_MEMORY,
            f"{size(held)} of {size(MAIN_MEMORY)}"
            + (", the shuffle of one machine's engine included" if one_machine else ""),
        ),
        Limit(
            "manifest",
            manifest / MANIFEST,
            f"{size(manifest)} of JSON, read whole by whoever opens the corpus",
        ),
        Limit("shuffle", shuffled / WORKER_DISK, f"{size(shuffled)} a worker of {size(WORKER_DISK)} of disk"),
    ]
    if asked.in_store:
        loads += _of_store(wanted, pipeline, puts, told)
    if answers := asked.answers(wanted.goals):
        loads.append(
            Limit("language model", answers / pipeline, f"its answers take {duration(answers)}; {told}")
        )
    return sorted(loads, key=lambda limit: (-limit.load, limit.name))


def _of_store(wanted: Wanted, pipeline: float, puts: float, told: str) -> list[Limit]:
    waits = serial_store_seconds(wanted)
    return [
        Limit(
            "main process and bucket",
            waits / pipeline,
            f"the main process waits {duration(waits)} for listings and {MAIN_READS_A_SHARD} small files "
            f"a shard, {THREADS} at a time at {1000 * ROUND_TRIP:.0f} ms; {told}",
        ),
        Limit(
            "writes to a bucket",
            puts / PUTS_A_SECOND,
            f"{puts:,.0f} files a second; a bucket takes {PUTS_A_SECOND:,.0f} under one prefix",
        ),
    ]


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
