"""`irmogen build`: a dataset becomes a corpus."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import product
from typing import TYPE_CHECKING, Any

from pipelines import inputs
from pipelines.beam_flags import pipeline_options
from pipelines.engines import check_folders, engine_of
from pipelines.flag_values import a_place
from pipelines.identity import RefusedError, begin, compare, identity, refusal
from pipelines.inputs import Input
from pipelines.lock import LOCK, locked
from pipelines.progress import progress
from pipelines.run_notes import note, phase
from pipelines.suites import digest
from pipelines.thresholds import Thresholds, read_thresholds, thresholds_of, write_thresholds
from pipelines.worker_log import worker_log
from pipelines.workers import PROBE, check_workers, forget_probes, needs_of
from schemas.ahead import ahead
from schemas.config import BuildConfig
from schemas.corpus import Corpus, is_whole_of, read_manifest
from schemas.fingerprint import fingerprint
from schemas.places import place
from schemas.profile import PROFILE
from schemas.storage import TEMPORARY, sweep
from schemas.tables import TABLES
from transforms.across import is_compared
from transforms.dataset_source import LISTINGS
from transforms.exchange import remove_offers
from transforms.profile import files_made, profile_fingerprint
from transforms.step import RECEIPTS, corpus_of

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipelines.llm_run import LlmRun

EXIT_GATE = 3  # the corpus was built and the gate refused it

BEAM_FLAGS = True  # unknown flags go to Beam


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen build`."""
    inputs.add_arguments(parser)
    parser.add_argument(
        "--rebuild",
        action="store_true",
        help="make again what changed, where the corpus was built differently",
    )
    parser.add_argument(
        "--thresholds",
        type=a_place,
        metavar="FILE",
        help="tighter thresholds of the quality gate (YAML, docs/quality.md); the corpus keeps them",
    )
    parser.epilog = "Beam's own flags pass through: --runner, --direct_num_workers, ..."


@dataclass(frozen=True)
class Wanted:
    """A build that was asked for."""

    config: BuildConfig
    input: Input
    listing: str
    options: PipelineOptions
    model: LlmRun | None  # of an annotator that asks a language model
    thresholds: Thresholds  # of the gate
    arguments: list[str]  # as they go on with it
    started: float  # monotonic seconds


def run(args: argparse.Namespace) -> int:
    """Build, or find that there is nothing to do; 0 when the gate has passed."""
    asked = wanted(args)
    with locked(place(asked.config.output)):
        return build(asked, args.rebuild)


def wanted(args: argparse.Namespace) -> Wanted:
    """The build that the flags ask for; ValueError or OSError before any work is done."""
    started = time.monotonic()
    config, found = inputs.prepare(args)
    options = pipeline_options(args.beam_flags, config.shards)
    check_folders(engine_of(options), needs_of(config).folders())
    model = None
    if config.llm:
        from pipelines.llm_run import LlmRun

        model = LlmRun(config)
    corpus = corpus_of(config)
    _check_output(corpus)
    thresholds = read_thresholds(args.thresholds) if args.thresholds else thresholds_of(corpus)
    # The corpus keeps its thresholds: going on, the file is not needed.
    arguments = without(without(args.arguments, "--rebuild", values=0), "--thresholds")
    listing = inputs.listing(found)
    return Wanted(config, found, listing, options, model, thresholds, arguments, started)


def without(arguments: list[str], flag: str, values: int = 1) -> list[str]:
    """Arguments without a flag and its value."""
    kept, skip = [], 0
    for argument in arguments:
        if skip:
            skip -= 1
        elif argument == flag:
            skip = values
        elif not argument.startswith(f"{flag}="):
            kept.append(argument)
    return kept


def build(asked: Wanted, rebuild: bool) -> int:
    """Make what is not made yet in a corpus that is locked; returns the exit code."""
    config, corpus = asked.config, corpus_of(asked.config)
    found = compare(config, asked.input.source, asked.listing, keep_listings=True)
    if found and not rebuild:
        raise RefusedError(refusal(config, found))
    damaged = list(damaged_shards(corpus)) if rebuild else []
    manifest = _manifest_or_none(corpus)
    same = found is not None and not found and not damaged
    if manifest and same and _is_finished(config, manifest, corpus):
        begin(config, asked.listing, asked.arguments)
        told = "nothing to do, the corpus is complete"
        if manifest["gate"].get("digest") != digest(manifest["config"], asked.thresholds):
            told = "the corpus is complete, and judged again by other expectations"
            write_thresholds(corpus, asked.thresholds)
            _judge(corpus, manifest, asked.thresholds)
        print(f"{config.output}: {told}; {_verdict_line(manifest)}")
        return 0 if manifest["gate"]["passed"] else EXIT_GATE

    if not engine_of(asked.options).is_local:
        print(*check_workers(asked.options, needs_of(config)), sep="\n", flush=True)
    for step, index in damaged:
        corpus.forget(step, index)
    corpus.manifest_path.unlink(missing_ok=True)
    sweep(corpus.root)
    forget_probes(corpus.root)
    begin(config, asked.listing, asked.arguments)
    write_thresholds(corpus, asked.thresholds)
    print(f"building {config.output} from {config.input}: {asked.input} in {config.shards} shards")
    note(corpus, phase_seconds={"prepare": round(time.monotonic() - asked.started, 3)})
    with phase(corpus, "pipeline"):
        _run_steps(asked)
    if asked.model and asked.model.stop:
        return asked.model.ended_early(asked.arguments)
    manifest = finish(config, asked.thresholds, time.monotonic() - asked.started)
    for line in summary(config, manifest, time.monotonic() - asked.started):
        print(line)
    return 0 if manifest["gate"]["passed"] else EXIT_GATE


def _run_steps(asked: Wanted) -> None:
    """Run the pipeline to its end, or until a language model's run stops."""
    from pipelines.job import run_job

    config, corpus, model = asked.config, corpus_of(asked.config), asked.model
    work = partial(run_job, config, asked.input.source, asked.options)
    if model is None:
        with worker_log(corpus.log_path), progress(corpus, "build"):
            work()
        return
    print(*model.open(asked.input.source), sep="\n", flush=True)
    with worker_log(corpus.log_path), progress(corpus, "build", model.progress()):
        model.ask(work)
    print(*model.summary(), sep="\n", flush=True)


def _manifest_or_none(corpus: Corpus) -> dict[str, Any] | None:
    """The manifest, or none where there is none that can be read: the build makes another."""
    try:
        return read_manifest(corpus.root)
    except ValueError:
        return None


def _check_output(corpus: Corpus) -> None:
    """Stop before any work where the output cannot be written or is somebody else's folder."""
    root = corpus.root
    if root.exists() and not root.is_dir():
        raise NotADirectoryError(f"{root}: is a file; give a folder for the corpus")
    found = {path.name for path in root.iterdir()} if root.is_dir() else set()
    # What a lock, a preflight or a try to write may leave when it is killed.
    others = {name for name in found if not name.startswith((LOCK, PROBE, TEMPORARY))}
    if others and not corpus.build_path.is_file():
        raise RefusedError(f"{root}: is not empty and holds no corpus; give another --output")


def _is_finished(config: BuildConfig, manifest: dict[str, Any], corpus: Corpus) -> bool:
    """Whether the manifest is of this build, and every receipt and shard is there, shards in size."""
    if manifest["fingerprint"] != fingerprint(identity(config)):
        return False

    def is_made(index: int) -> bool:
        receipts = (corpus.read_receipt(step, index) for step in RECEIPTS)
        return all(done is not None and corpus.is_current(done, done.fingerprint) for done in receipts)

    whole = all(ahead(is_made, range(corpus.shards), corpus.root))
    return whole and _is_profiled(config, corpus) and is_compared(corpus)


def _is_profiled(config: BuildConfig, corpus: Corpus) -> bool:
    """Whether every shard's statistics are of its files and of what this version checks.

    Another version of the profile changes no table, hence no identity: it is asked for here.
    """
    values = config.identity()

    def is_profiled(index: int) -> bool:
        wanted = profile_fingerprint(values, files_made(corpus, index))
        return corpus.is_current(corpus.read_receipt(PROFILE, index), wanted)

    return all(ahead(is_profiled, range(corpus.shards), corpus.root))


def damaged_shards(corpus: Corpus) -> Iterator[tuple[str, int]]:
    """Step and number of each receipt whose shards are not, byte for byte, what it tells."""

    def look(wanted: tuple[str, int]) -> bool:
        done = corpus.read_receipt(*wanted)
        return done is not None and not is_whole_of(corpus, done)

    every = list(product(RECEIPTS, range(corpus.shards)))
    return (one for one, damaged in zip(every, ahead(look, every, corpus.root)) if damaged)


def finish(config: BuildConfig, thresholds: Thresholds, seconds: float) -> dict[str, Any]:
    """Check conservation, run the gate, write report and manifest, sweep what belongs to no shard."""
    from pipelines.manifest import build_manifest, check_conservation, read_receipts

    corpus = corpus_of(config)
    with phase(corpus, "receipts"):
        receipts = read_receipts(config)
        check_conservation(config, receipts)
        manifest = build_manifest(config, version("irmogen"), receipts)
        remove_offers(corpus)
        _sweep_stale(corpus, manifest)
    goals = manifest["steps"]["assemble"]["goals"]["rows_in"]
    note(corpus, seconds=round(seconds, 1), goals_per_second=round(goals / max(seconds, 1e-9), 1))
    _judge(corpus, manifest, thresholds)
    return manifest


def _judge(corpus: Corpus, manifest: dict[str, Any], thresholds: Thresholds) -> None:
    """Run the gate; write report and manifest with its verdict."""
    from pipelines.gate import keep_verdict, run_gate

    with phase(corpus, "gate"):
        manifest["gate"] = run_gate(corpus, manifest["config"], manifest["steps"], thresholds)
    keep_verdict(corpus, manifest)


def _sweep_stale(corpus: Corpus, manifest: dict[str, Any]) -> None:
    """Remove shards and receipts of another number of shards: no manifest names them."""
    named = {shard["file"] for table in manifest["tables"].values() for shard in table["shards"]}
    for table in TABLES:
        for path in (corpus.root / table).glob("*-of-*.parquet"):
            if str(path.relative_to(corpus.root)) not in named:
                path.unlink()
    for folder in ("receipts", LISTINGS, "quality/profile"):
        for path in (corpus.root / folder).glob("*-of-*.json"):
            if not path.name.endswith(f"-of-{corpus.shards:05d}.json"):
                path.unlink()


def summary(config: BuildConfig, manifest: dict[str, Any], seconds: float) -> list[str]:
    """What a build says at its end: every step's rows, the verdict, where the report is."""
    lines = [f"{'step':<20}{'in':>8}{'out':>8}{'filtered':>10}{'failed':>8}"]
    for step, units in manifest["steps"].items():
        for unit, counts in units.items():
            filtered, failed = sum(counts["filtered"].values()), sum(counts["failed"].values())
            row = f"{counts['rows_in']:>8}{counts['rows_out']:>8}{filtered:>10}{failed:>8}"
            lines.append(f"{f'{step} {unit}':<20}{row}")
            reasons = {**counts["filtered"], **counts["failed"]}
            lines += [f"    {reason}: {number}" for reason, number in sorted(reasons.items())]
    rows = {name: table["rows"] for name, table in manifest["tables"].items()}
    stages = ", ".join(f"{name} {rows[name]}" for name in ("stage1", "stage2", "stage3"))
    goals = manifest["steps"]["measure"]["goals"]["rows_in"]
    lines.append(f"rows: {stages}; every row is accounted for")
    lines.append(f"{seconds:.0f} s, {goals / max(seconds, 1e-9):.0f} goals a second")
    lines.append(_verdict_line(manifest))
    lines.append(f"report: {place(config.output) / 'report' / 'index.html'}")
    return lines


def _verdict_line(manifest: dict[str, Any]) -> str:
    from pipelines.gate import describe

    lines = describe(manifest["gate"])
    if len(lines) > 1:
        print("\n".join(lines[1:]), file=sys.stderr)
    return lines[0].removesuffix(":")
