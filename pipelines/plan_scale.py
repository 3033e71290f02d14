"""`irmogen plan --scale`: what a corpus takes that does not exist yet, and what gives way first.

No dataset is needed; with one, its captions a clip and its frames a clip take the place of those that were
measured, and so do those of a corpus. The model is pipelines/scale_model.py.
"""

from __future__ import annotations

import argparse
import heapq
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.amounts import duration, size
from pipelines.flag_values import at_least, number
from pipelines.inputs import CLIPS_A_SHARD, dataset_input
from pipelines.scale_limits import MOST_GOALS, Load, limits, reached_at, serial_store_seconds, store_requests
from pipelines.scale_model import Constants, Estimate, Wanted, band, constants, estimate
from schemas.config import BuildConfig
from schemas.places import is_store

if TYPE_CHECKING:
    from schemas.llm_settings import LlmSettings

SAMPLE_CLIPS = 300  # of a dataset, that are read to know what its clips are like
SAMPLE_SHARDS = 5  # of a corpus, likewise
RETRIEVING = 0.12  # share of a ladder's time that stays where no versions are made: measured, 1.7 of 14 ms
ANSWER_SECONDS = 2.0  # of a hosted model, from request to answer; with limits of tokens it does not count
BYTES_A_TOKEN = 4  # of English and JSON
BATCH_HOURS = 24  # within which a provider answers a batch
MOST_WORKERS = 1_000_000
_ONLY_WITH_SCALE = ("workers", "worker_price")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of a plan for a corpus that does not exist yet."""
    group = parser.add_argument_group(
        "a corpus that does not exist yet",
        "Time, storage, shuffle, requests and money out of measured constants; --input and --output are not "
        "needed. With --input, the dataset's captions and frames a clip are used.",
    )
    group.add_argument(
        "--scale",
        type=goals,
        metavar="GOALS",
        help="plan for so many goals, such as 1e6; a goal is one motion with one caption",
    )
    group.add_argument(
        "--workers",
        type=at_least(1, MOST_WORKERS),
        metavar="N",
        help="worker processes, a core each (default 1)",
    )
    group.add_argument(
        "--worker-price",
        type=number(0, math.inf),
        metavar="MONEY",
        help="of an hour of one worker, to be told what they cost",
    )


def goals(text: str) -> int:
    """A number of goals as people write it, 1e6 for a million."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 1 <= value <= MOST_GOALS:
        raise argparse.ArgumentTypeError(
            f"{text}: give a number of goals from 1 to {MOST_GOALS:.0e}, such as 1e6"
        )
    return round(value)


def wanted_paths(args: argparse.Namespace) -> None:
    """ValueError where the plan of a build lacks its paths, or has a flag of a plan by --scale."""
    if args.scale is not None:
        return
    missing = [f"--{name}" for name in ("input", "output") if getattr(args, name) is None]
    if missing:
        raise ValueError(
            f"the plan of a build needs {' and '.join(missing)}; without a dataset, give --scale GOALS"
        )
    for name in _ONLY_WITH_SCALE:
        if getattr(args, name) is not None:
            raise ValueError(f"--{name.replace('_', '-')}: goes with --scale only; leave it out")


def run(args: argparse.Namespace) -> int:
    """Print the plan of a corpus of `--scale` goals; nothing is read but the dataset, if one is given."""
    from pipelines.llm_flags import llm_settings

    if args.perturbed > args.ladder:
        raise ValueError(f"--perturbed {args.perturbed} is more than --ladder {args.ladder}: lower it")
    settings = llm_settings(args)
    known = constants()
    wanted = wanted_of(args, known)
    for line in lines(args, settings, known, wanted):
        print(line)
    return 0


def wanted_of(args: argparse.Namespace, known: Constants) -> Wanted:
    """The corpus that the flags ask for."""
    from transforms.assemble import examples_a_goal

    a_clip, frames = known.goals_a_clip, known.frames_a_clip
    if args.input is not None:
        a_clip, frames = like_input(args.input, args.skeleton)
    usual = BuildConfig()
    texts = (args.wordings + 1 + args.ladder) / (usual.wordings + 1 + usual.ladder)
    rungs, made = args.ladder / usual.ladder, args.perturbed / usual.perturbed
    ladder = RETRIEVING * rungs + (1 - RETRIEVING) * made
    return Wanted(
        goals=args.scale,
        workers=args.workers or 1,
        goals_a_clip=a_clip,
        frames_a_clip=frames,
        clips_a_shard=CLIPS_A_SHARD,
        step_factors={"ladder": ladder, "annotate": texts, "assemble": texts, "profile": texts},
        table_factors={
            "candidates": rungs,
            "perturbed": made,
            "annotations": texts,
            "stage1": examples_a_goal(args.ladder) / examples_a_goal(usual.ladder),
            "stage2": texts,
        },
    )


def like_input(root: Path, skeleton: str | None) -> tuple[float, float]:
    """Goals a clip and frames a clip of a dataset or of a finished corpus.

    Of a dataset some clips are read, of a corpus some shards' lengths. ValueError where it is neither.
    """
    from pipelines.motion_input import is_corpus

    return _like_corpus(root) if is_corpus(root) else _like_dataset(root, skeleton)


def _like_corpus(root: Path) -> tuple[float, float]:
    from schemas.corpus import open_corpus

    corpus, manifest = open_corpus(root)
    frames: list[int] = []
    for index in range(min(corpus.shards, SAMPLE_SHARDS)):
        frames += corpus.read("motions", index, ["frames"])["frames"].to_pylist()
    clips = manifest["tables"]["motions"]["rows"]
    if not frames:
        raise ValueError(f"{root}: holds no motions in its first shards; give a dataset or another corpus")
    return manifest["tables"]["goals"]["rows"] / clips, sum(frames) / len(frames)


def _like_dataset(root: Path, skeleton: str | None) -> tuple[float, float]:
    from motion.layout import Dataset, MotionProblem, caption_lines, read_features

    dataset = Dataset(root, dataset_input(root, skeleton).skeleton)
    sample = sample_of(root)
    captions, frames = [], []
    for motion_id in sample:
        try:
            frames.append(len(read_features(dataset, motion_id)))
            captions.append(caption_lines(dataset, motion_id))
        except MotionProblem:
            continue  # a build leaves it out and says why
    if not sum(captions):
        raise ValueError(f"{root}: none of {len(sample)} clips can be read with a caption")
    return sum(captions) / len(captions), sum(frames) / len(frames)


def sample_of(root: Path) -> list[str]:
    """Some ids of a dataset, each once, drawn by their hashes; a piece of its lists is in memory."""
    from motion.seeds import seed
    from motion.split_lists import entries, pieces

    found: list[str] = []
    for piece in pieces(root):
        ids = {*found, *(entry.motion_id for entry in entries(root, piece))}
        found = heapq.nsmallest(SAMPLE_CLIPS, ids, key=lambda one: (seed("plan scale", one), one))
    return found


def lines(
    args: argparse.Namespace, settings: LlmSettings | None, known: Constants, wanted: Wanted
) -> Iterator[str]:
    """The plan, line by line."""
    found, usual = estimate(known, wanted), BuildConfig()
    yield (
        f"{wanted.goals:,} goals of {wanted.clips:,} clips ({wanted.goals_a_clip:.2f} captions and "
        f"{wanted.frames_a_clip:.0f} frames a clip) in {wanted.shards:,} shards, {wanted.workers:,} workers"
    )
    answers = _answer_seconds(args, settings, known)
    waits = serial_store_seconds(wanted) if _may_be_store(args) else 0.0
    seconds = found.seconds + waits + answers(wanted.goals)
    off = band(known, wanted, known.error)
    yield f"time: about {duration(seconds)} ({duration(seconds / off)} to {duration(seconds * off)})"
    yield from _time(known, wanted, found, waits, answers(wanted.goals))
    yield from _storage(known, wanted, found)
    yield (
        f"memory: {size(found.worker_memory)} a worker; main process {size(found.main_memory)}, and "
        f"{size(found.engine_memory)} of shuffle where its own engine runs the build (FnApiRunner)"
    )
    yield from _requests(args, settings, known, wanted)
    if args.worker_price is not None:
        hours = seconds * wanted.workers / 3600
        yield f"workers: {hours:,.1f} hours at {args.worker_price:g}: {hours * args.worker_price:,.2f}"
    if args.alignment != usual.alignment:
        yield f"--alignment {args.alignment}: what its embedder takes was not measured and is not in the time"
    yield from _limits(known, wanted, found, Load(answers, _may_be_store(args)))
    yield _measured(known)


def _time(known: Constants, wanted: Wanted, found: Estimate, waits: float, answers: float) -> Iterator[str]:
    parts = {
        "whatever the size": found.fixed_seconds,
        "of all workers": found.pipeline_seconds,
        "of the main process alone": found.main_seconds,
        "of the main process waiting for the bucket": waits,
        "of the language model": answers,
    }
    yield "  " + ", ".join(f"{duration(seconds)} {what}" for what, seconds in parts.items() if seconds)
    work = found.work_seconds
    steps = ", ".join(
        f"{step} {1000 * seconds / wanted.goals:.1f} ({seconds / work:.0%})"
        for step, seconds in found.step_seconds.items()
    )
    yield f"  ms a goal: {steps}"
    yield f"  {work / 3600:,.1f} worker hours of steps, {known.efficiency:.0%} of the workers' time"


def _may_be_store(args: argparse.Namespace) -> bool:
    """Whether the flags name a bucket, or no place at all: its waits are then in the time and a limit."""
    paths = [path for path in (args.input, args.output) if path is not None]
    return not paths or any(is_store(path) for path in paths)


def _storage(known: Constants, wanted: Wanted, found: Estimate) -> Iterator[str]:
    off = band(known, wanted, known.bytes_error)
    yield f"storage: {size(found.bytes)} ({size(found.bytes / off)} to {size(found.bytes * off)})"
    parts = {**found.table_bytes, **found.shard_bytes}
    yield "  " + ", ".join(f"{name} {size(held)}" for name, held in parts.items())
    puts, reads = store_requests(wanted, found.files)
    yield (
        f"files: {found.files:,}; requests to an object store: {puts:,} that write, about {reads:,} that read"
    )
    shuffled = sum(found.shuffle_bytes.values())
    by_name = ", ".join(f"{name} {size(held)}" for name, held in found.shuffle_bytes.items())
    yield f"shuffle: {size(shuffled)}, {shuffled / wanted.goals:,.0f} bytes a goal ({by_name})"


def _requests(
    args: argparse.Namespace, settings: LlmSettings | None, known: Constants, wanted: Wanted
) -> Iterator[str]:
    if settings is None:
        yield "requests 0, tokens 0, money 0.00: the kinematic annotator asks nobody"
        return
    from pipelines.batch.files import MOST_REQUESTS
    from pipelines.llm_flags import BATCH, price_of
    from pipelines.llm_run import plan_lines
    from pipelines.llm_summary import Asking
    from pipelines.plan_requests import Estimate as Asked
    from pipelines.plan_requests import Forecast

    a_goal = asked_a_goal(args, settings, known)
    requests, taken_in, put_out = (
        round(wanted.goals * a_goal[name]) for name in ("requests", "input_tokens", "output_tokens")
    )
    asked = Asked(wanted.goals, requests, 0, taken_in, put_out)
    prices, price = price_of(settings)
    asking = Asking(settings, price, prices.currency, asked, asked, args.annotator == BATCH)
    yield from plan_lines(asking, Forecast(asked, "measured goals; answers that fail the checks come on top"))
    held = (taken_in + put_out) * BYTES_A_TOKEN
    yield f"ledger: {requests:,} files, one an answer with its prompt, some {size(held)}"
    if args.annotator == BATCH:
        yield (
            f"batches: {math.ceil(requests / MOST_REQUESTS):,}, within {BATCH_HOURS} h, and again for faulty "
            f"answers, {settings.asks} times at most"
        )


def asked_a_goal(args: argparse.Namespace, settings: LlmSettings, known: Constants) -> dict[str, float]:
    """Requests and tokens a goal, out of those that were measured for the usual ladder and wordings."""
    from schemas.llm_settings import EACH

    usual = BuildConfig()
    texts = (args.wordings + 1 + args.ladder) / (usual.wordings + 1 + usual.ladder)
    measured = known.llm[settings.requests]
    requests = measured["requests"]
    if settings.requests == EACH:
        requests *= (2 + args.ladder) / (2 + usual.ladder)
    return {
        "requests": requests,
        "input_tokens": measured["input_tokens"] * texts,
        "output_tokens": measured["output_tokens"] * texts,
    }


def _answer_seconds(
    args: argparse.Namespace, settings: LlmSettings | None, known: Constants
) -> Callable[[int], float]:
    """Seconds that a language model's answers take, by the number of goals."""
    if settings is None:
        return lambda goals: 0.0
    from pipelines.llm_flags import BATCH

    if args.annotator == BATCH:
        return lambda goals: BATCH_HOURS * 3600.0
    a_goal = asked_a_goal(args, settings, known)
    tokens = a_goal["input_tokens"] + a_goal["output_tokens"]
    rates = [settings.concurrency * (args.workers or 1) / ANSWER_SECONDS / a_goal["requests"]]
    if settings.requests_per_minute:
        rates.append(settings.requests_per_minute / 60 / a_goal["requests"])
    if settings.tokens_per_minute:
        rates.append(settings.tokens_per_minute / 60 / tokens)
    return lambda goals: goals / min(rates)


def _limits(known: Constants, wanted: Wanted, found: Estimate, load: Load) -> Iterator[str]:
    ordered = limits(wanted, found, load)
    passed = [limit for limit in ordered if limit.load >= 1]
    if passed:
        yield f"first bottleneck: {passed[0].name}: {passed[0].told}"
        yield from (f"  then {limit.name}: {limit.told}" for limit in passed[1:])
    else:
        yield f"no bottleneck; nearest, at {ordered[0].load:.0%}: {ordered[0].name}: {ordered[0].told}"
    later = sorted(
        (goals, name) for name, goals in reached_at(known, wanted, load).items() if goals > wanted.goals
    )
    if later:
        told = ", ".join(f"{name} at {goals:.0e} goals" for goals, name in later)
        yield f"  with as many workers, next: {told}"


def _measured(known: Constants) -> str:
    about = known.measured
    sizes = ", ".join(f"{goals:,}" for goals in about["goals"])
    return (
        f"measured {about['date']} with {sizes} goals by {about['workers']} workers on {about['machine']}; "
        f"the band is {known.error:.0%} of time and {known.bytes_error:.0%} of storage there, as much "
        "again for each factor of ten beyond in goals or workers"
    )
