"""`irmogen plan`: what a build would make or make again, why, and what it would cost."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable

from motion.layout import Dataset, content_digest
from pipelines import inputs
from pipelines.identity import compare, refusal, same_listing
from schemas.config import BuildConfig
from schemas.storage import read_json
from transforms.annotate import annotate_fingerprint
from transforms.assemble import assemble_fingerprint
from transforms.ladder import ladder_fingerprint
from transforms.measure import IndexRecord, index_records, measure_fingerprint
from transforms.read import ShardWork, read_fingerprint
from transforms.search import Pick, search
from transforms.step import STEPS, corpus_of

# Measured with benchmarks/bench_build.py on two cores; a finished build of the same corpus knows better.
GOALS_A_SECOND = 45.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen plan`: those of `irmogen build`."""
    inputs.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the plan; nothing is written."""
    config, works, dataset = inputs.prepare(args)
    listing = inputs.listing(dataset)
    found = compare(config, works, dataset, listing)
    if found:
        print(refusal(config, found))
        print()
    goals = count_captions(dataset)
    to_do = stale_shards(config, works, dataset, listing, bool(found))
    print(f"{config.input}: {len(dataset.ids)} clips, {goals} caption lines, {config.shards} shards")
    print(f"{'step':<12}{'done':>8}{'to do':>8}  why")
    for step in STEPS:
        why = to_do[step]
        reasons = ", ".join(f"{reason} ({len(shards)})" for reason, shards in why.items())
        stale = sum(len(shards) for shards in why.values())
        print(f"{step:<12}{config.shards - stale:>8}{stale:>8}  {reasons or 'up to date'}")
    share = len({index for shards in to_do["annotate"].values() for index in shards}) / config.shards
    fresh = round(goals * share)
    answers = fresh * (config.wordings + 1 + config.ladder)
    print(f"about {fresh} goals to annotate: {answers} texts by {config.annotator}")
    print("requests 0, tokens 0, money 0.00: the kinematic annotator asks nobody")
    work = max(sum(len(shards) for shards in why.values()) for why in to_do.values()) / config.shards
    print(f"time: about {goals * work / _speed(config):.0f} s at {_speed(config):.0f} goals a second")
    return 0


def count_captions(dataset: Dataset) -> int:
    """Caption lines of all clips that have a caption file."""
    lines = 0
    for motion_id, _ in dataset.ids:
        path = dataset.text_path(motion_id)
        if path.is_file():
            lines += sum(1 for line in path.read_bytes().split(b"\n") if line.strip())
    return lines


def _speed(config: BuildConfig) -> float:
    run_notes = read_json(corpus_of(config).run_path) or {}
    return float(run_notes.get("goals_per_second") or GOALS_A_SECOND)


Stale = dict[str, dict[str, list[int]]]  # step -> reason -> shards


def stale_shards(
    config: BuildConfig, works: list[ShardWork], dataset: Dataset, listing: str, changed: bool
) -> Stale:
    """Shards that each step would do, by reason; the ladders' search is run to know about theirs."""
    corpus = corpus_of(config)
    to_do: Stale = {step: defaultdict(list) for step in STEPS}
    trusted = same_listing(config, listing) and not changed
    waiting: set[int] = set()  # shards whose step before is to be done

    def look(step: str, index: int, wanted: str) -> None:
        done = corpus.read_receipt(step, index)
        if index in waiting:
            to_do[step]["the step before is made"].append(index)
        elif done is None:
            to_do[step]["not made yet"].append(index)
        elif not corpus.is_current(done, wanted):
            to_do[step][_why(done.fingerprint, wanted)].append(index)
        else:
            return
        waiting.add(index)

    for work in works:
        done = corpus.read_receipt("read", work.index)
        if done is not None and trusted:
            look("read", work.index, done.fingerprint)
            continue
        digests = [content_digest(dataset, motion_id) for motion_id, _ in work.ids]
        look("read", work.index, read_fingerprint(config, work, digests))
    for index in range(config.shards):
        look("measure", index, "" if index in waiting else measure_fingerprint(corpus, index))
    if waiting:
        # Any shard's facts may change any shard's ladder.
        for index in set(range(config.shards)) - waiting:
            to_do["ladder"]["looked at again: facts are made elsewhere"].append(index)
            waiting.add(index)
    picks = {} if waiting else _picks(config)
    for index in range(config.shards):
        if index in waiting and index in to_do["ladder"]["looked at again: facts are made elsewhere"]:
            continue
        look(
            "ladder",
            index,
            "" if index in waiting else ladder_fingerprint(config, corpus, index, picks[index]),
        )
    for index in range(config.shards):
        look("annotate", index, "" if index in waiting else annotate_fingerprint(config, corpus, index))
    for index in range(config.shards):
        look("assemble", index, "" if index in waiting else assemble_fingerprint(config, corpus, index))
    return {
        step: {why: shards for why, shards in reasons.items() if shards} for step, reasons in to_do.items()
    }


def _why(before: str, now: str) -> str:
    return "a shard is missing" if before == now else f"hash {before[:8]} -> {now[:8]}"


def _picks(config: BuildConfig) -> dict[int, list[Pick]]:
    buckets: dict[tuple[str, int], list[IndexRecord]] = defaultdict(list)
    for index in range(config.shards):
        for bucket, record in index_records(config, index):
            buckets[bucket].append(record)
    picks: dict[int, list[Pick]] = defaultdict(list)
    for records in buckets.values():
        found: Iterable[tuple[int, Pick]] = search(records)
        for index, pick in found:
            picks[index].append(pick)
    return picks
