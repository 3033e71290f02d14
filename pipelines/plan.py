"""`irmogen plan`: what a build would make or make again, why, and what it would cost."""

from __future__ import annotations

import argparse
import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pipelines import inputs, plan_scale
from pipelines.identity import compare, refusal, same_listing
from schemas.config import BuildConfig
from schemas.corpus import Corpus
from schemas.profile import PROFILE
from schemas.storage import read_json
from transforms.annotate import annotate_fingerprint
from transforms.assemble import assemble_fingerprint
from transforms.ladder import ladder_fingerprint
from transforms.measure import measure_fingerprint
from transforms.profile import files_made, profile_fingerprint
from transforms.read import ShardWork, Source
from transforms.search import search_here
from transforms.step import RECEIPTS, STEPS, corpus_of

# Measured with benchmarks/bench_build.py on two cores; a finished build of the same corpus knows better.
GOALS_A_SECOND = 45.0
UNEVEN = 20  # times the mean that a shard's caption lines are before it is named
_NAMED = 3  # such shards that are named


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen plan`: those of `irmogen build`, and those of a corpus that does not exist yet."""
    inputs.add_arguments(parser, paths_required=False)
    plan_scale.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the plan; nothing is written."""
    plan_scale.wanted_paths(args)
    if args.scale is not None:
        return plan_scale.run(args)
    config, asked = inputs.prepare(args)
    listing = inputs.listing(asked)
    found = compare(config, asked.source, listing)
    if found:
        print(refusal(config, found))
        print()
    finished = corpus_of(config).manifest_path.is_file()
    trusted = finished and not found and same_listing(config, listing)
    ahead = outlook(config, asked.source, trusted)
    goals = ahead.captions
    print(f"{config.input}: {asked.clips} clips, {goals} caption lines, {config.shards} shards")
    for line in ahead.uneven():
        print(line)
    print(f"{'step':<12}{'done':>8}{'to do':>8}  why")
    for step in RECEIPTS:
        stale = ahead.stale(step)
        reasons = ", ".join(f"{why} ({len(shards)})" for why, shards in ahead.to_do[step].items())
        example = f"; {ahead.examples[step]}" if step in ahead.examples else ""
        print(f"{step:<12}{config.shards - stale:>8}{stale:>8}  {reasons or 'up to date'}{example}")
    fresh = round(goals * ahead.stale("annotate") / config.shards)
    answers = fresh * (config.wordings + 1 + config.ladder)
    print(f"about {fresh} goals to annotate: {answers} texts by {config.annotator}")
    for line in _requests(config, asked.source, ahead) if config.llm else _no_requests(config, ahead, goals):
        print(line)
    return 0


def _no_requests(config: BuildConfig, ahead: Outlook, goals: int) -> list[str]:
    work = max(ahead.stale(step) for step in STEPS) / config.shards
    speed = float(_run_notes(config).get("goals_per_second") or GOALS_A_SECOND)
    return [
        "requests 0, tokens 0, money 0.00: the kinematic annotator asks nobody",
        f"time: about {goals * work / speed:.0f} s at {speed:.0f} goals a second",
    ]


def _requests(config: BuildConfig, source: Source, ahead: Outlook) -> list[str]:
    """What a language model will be asked, and what that costs."""
    from pipelines.llm_run import asking, plan_lines

    found, planned = asking(config, source, ahead)
    speed = _run_notes(config).get("llm", {}).get("answers_per_second")
    if not speed:
        return [
            *plan_lines(found, planned),
            "time: as fast as the endpoint answers; no run has measured it yet",
        ]
    seconds = found.planned.requests / speed
    return [*plan_lines(found, planned), f"time: about {seconds:.0f} s at {speed} answers a second"]


def _run_notes(config: BuildConfig) -> dict[str, Any]:
    """What the last run wrote down."""
    return read_json(corpus_of(config).run_path) or {}


@dataclass
class Outlook:
    """Which shards each step would do, and why."""

    corpus: Corpus
    to_do: dict[str, dict[str, list[int]]] = field(default_factory=lambda: {step: {} for step in RECEIPTS})
    waiting: set[int] = field(default_factory=set)  # shards with something to do already
    examples: dict[str, str] = field(default_factory=dict)  # of a changed hash, by step
    captions: int = 0  # lines in all shards
    largest: list[tuple[int, int, int, str]] = field(default_factory=list)  # lines, shard, its largest clip

    def look(self, step: str, index: int, wanted: Callable[[], str]) -> None:
        """Compare a shard's receipt with the fingerprint that the step would have."""
        if index in self.waiting:
            self.wait(step, index, "the step before is made")
            return
        done = self.corpus.read_receipt(step, index)
        if done is None:
            self.wait(step, index, "not made yet")
        elif done.fingerprint != (now := wanted()):
            self.examples.setdefault(step, f"hash {done.fingerprint[:8]} -> {now[:8]} in shard {index}")
            self.wait(step, index, "its hash changed")
        elif not self.corpus.is_current(done, now):
            self.wait(step, index, "a shard is missing")

    def wait(self, step: str, index: int, why: str) -> None:
        """A step is to do a shard, and so are the steps after it."""
        self.to_do[step].setdefault(why, []).append(index)
        self.waiting.add(index)

    def count(self, index: int, lines: Mapping[str, int]) -> None:
        """Add the caption lines of a shard's clips; those of a clip without a name stand for all of them."""
        total = sum(lines.values())
        self.captions += total
        most, clip = max(((count, clip) for clip, count in lines.items() if clip), default=(0, ""))
        self.largest = heapq.nlargest(_NAMED, [*self.largest, (total, index, most, clip)])

    def uneven(self) -> list[str]:
        """Shards that have so many more caption lines than others that they will end last."""
        mean = self.captions / self.corpus.shards
        return [
            f"shard {index} has {total} caption lines, {total / mean:.0f} times the mean"
            + (f" (clip {clip}: {most})" if clip else "")
            + "; one worker does it, and the others wait for it"
            for total, index, most, clip in self.largest
            if total > UNEVEN * mean
        ]

    def shards(self, step: str) -> set[int]:
        """The shards that a step is to do."""
        return {index for shards in self.to_do[step].values() for index in shards}

    def to_annotate(self) -> tuple[list[int], list[int]]:
        """The shards whose annotations are to be made: those with ladders, and those that wait for one."""
        to_do = self.shards("annotate")
        waiting = to_do & self.shards("ladder")
        return sorted(to_do - waiting), sorted(waiting)

    def stale(self, step: str) -> int:
        """How many shards a step is to do."""
        return len(self.shards(step))


def outlook(config: BuildConfig, source: Source, trusted: bool) -> Outlook:
    """What a build would do; the ladders' search is run to know about theirs.

    `trusted`: what is read is as it was in the last run, it need not be looked at.
    """
    corpus = corpus_of(config)
    found = Outlook(corpus)
    works = (ShardWork(index) for index in range(config.shards)) if trusted else source.works(config)
    for work in works:
        _look_at_input(config, source, found, work, trusted)
    shards = range(config.shards)
    for index in shards:
        found.look("measure", index, partial(measure_fingerprint, config, corpus, index))
    if found.waiting:
        # Any shard's facts may change any shard's ladder.
        for index in shards:
            before = index in found.waiting
            found.wait("ladder", index, "the step before is made" if before else "facts are made elsewhere")
    else:
        for index, picks in search_here(config):
            found.look("ladder", index, partial(ladder_fingerprint, config, corpus, index, picks))
    for index in shards:
        found.look("annotate", index, partial(annotate_fingerprint, config, corpus, index))
    for index in shards:
        found.look("assemble", index, partial(assemble_fingerprint, config, corpus, index))
    for index in shards:
        found.look(PROFILE, index, partial(_profile_now, config, corpus, index))
    return found


def _profile_now(config: BuildConfig, corpus: Corpus, index: int) -> str:
    return profile_fingerprint(config.identity(), files_made(corpus, index))


def _look_at_input(
    config: BuildConfig, source: Source, found: Outlook, work: ShardWork, trusted: bool
) -> None:
    done = found.corpus.read_receipt("read", work.index)

    def wanted() -> str:
        assert done is not None  # nothing is wanted of a shard that has not been read
        return done.fingerprint if trusted else source.wanted(config, work, done)

    found.look("read", work.index, wanted)
    if done is not None and (trusted or work.index not in found.waiting):
        found.count(work.index, {"": done.counts["captions"].rows_in})
    else:
        found.count(work.index, source.captions(work))
