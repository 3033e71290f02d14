"""`irmogen validate`: is this corpus what its manifest says, and is it good?"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from pipelines.data_docs import FOLDER, write_data_docs
from pipelines.flag_values import a_place
from pipelines.gate import describe, keep_verdict, run_gate
from pipelines.judging import Judge
from pipelines.lock import locked
from pipelines.thresholds import thresholds_of
from schemas.corpus import Corpus, is_whole_of, open_corpus, read_manifest
from schemas.profile import PROFILE
from schemas.storage import can_write, file_digest
from transforms.across import is_compared
from transforms.profile import profile_shard
from transforms.profiling import compare_shards

EXIT_REFUSED = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen validate`."""
    parser.add_argument("corpus", type=a_place, help="folder that `irmogen build` wrote")
    parser.add_argument(
        "--html",
        type=a_place,
        nargs="?",
        const=Path(),
        metavar="FOLDER",
        help="also write Great Expectations' Data Docs, which open offline (default: quality/data-docs)",
    )


def run(args: argparse.Namespace) -> int:
    """0 when every shard is the one that the manifest names and the gate passes."""
    read_manifest(args.corpus)  # tells what is no corpus, before anything is made in it
    # A build takes the manifest away while it works; one of before must not come back under its hands.
    with locked(args.corpus) if can_write(args.corpus) else nullcontext():
        return _validate(*open_corpus(args.corpus), args.html)


def _validate(corpus: Corpus, manifest: dict[str, Any], html: Path | None) -> int:
    faults = shard_faults(corpus, manifest)
    if faults:
        print("shards are not those that the manifest names:", file=sys.stderr)
        print("\n".join(f"  {fault}" for fault in faults), file=sys.stderr)
        print(
            "Run `irmogen build` with the same input and flags, and --rebuild, to make them again.",
            file=sys.stderr,
        )
        return EXIT_REFUSED
    shards = sum(len(table["shards"]) for table in manifest["tables"].values())
    print(f"{shards} shards have the digests that the manifest names")
    thresholds = thresholds_of(corpus)
    made = refresh_profile(corpus, manifest)
    if made:
        print(f"{made} shards were profiled again")
    judge = Judge()
    verdict = run_gate(corpus, manifest["config"], manifest["steps"], thresholds, judge)
    if verdict != manifest.get("gate"):
        # The manifest carries the verdict: whoever trains must see this one.
        report = keep_verdict(corpus, {**manifest, "gate": verdict})
        print(f"the verdict is another one than before; report: {report}")
    if html is not None:
        own = corpus.root / "quality" / FOLDER
        print(f"Data Docs: {write_data_docs(judge, own if html == Path() else html)}")
    lines = describe(verdict)
    print("\n".join(lines), file=sys.stdout if verdict["passed"] else sys.stderr)
    return 0 if verdict["passed"] else EXIT_REFUSED


def refresh_profile(corpus: Corpus, manifest: dict[str, Any]) -> int:
    """Profile the shards whose profile is not of the files that the manifest names; returns how many."""
    files: dict[str, dict[str, str]] = {}  # digests by name, by what names end with
    for table in manifest["tables"].values():
        for shard in table["shards"]:
            number = shard["file"].rpartition("/")[2].partition("-")[2]
            files.setdefault(number, {})[shard["file"]] = shard["sha256"]
    made = 0
    for index in range(corpus.shards):
        before = corpus.read_receipt(PROFILE, index)
        if before is not None and not is_whole_of(corpus, before):
            corpus.forget(PROFILE, index)
            before = None
        mine = files.get(f"{index:05d}-of-{corpus.shards:05d}.parquet", {})
        made += profile_shard(corpus, index, manifest["config"], mine) != before
    if made or not is_compared(corpus):
        compare_shards(corpus)
    return made


def shard_faults(corpus: Corpus, manifest: dict[str, Any]) -> list[str]:
    """Shards that are missing or whose bytes are not those that the manifest names."""
    faults = []
    for table in manifest["tables"].values():
        for shard in table["shards"]:
            path = corpus.root / shard["file"]
            if not path.is_file():
                faults.append(f"{shard['file']}: missing")
            elif file_digest(path) != shard["sha256"]:
                faults.append(f"{shard['file']}: changed since it was written (SHA-256 differs)")
    return faults
