"""`irmogen validate`: is this corpus what its manifest says, and is it good?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from pipelines.gate import describe, run_gate
from schemas.corpus import Corpus, open_corpus
from schemas.storage import file_digest, write_json

EXIT_REFUSED = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen validate`."""
    parser.add_argument("corpus", type=Path, help="folder that `irmogen build` wrote")


def run(args: argparse.Namespace) -> int:
    """0 when every shard is the one that the manifest names and the gate passes."""
    corpus, manifest = open_corpus(args.corpus)
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
    verdict = run_gate(corpus, manifest["config"], manifest["steps"])
    if verdict != manifest["gate"]:
        # The manifest carries the verdict: whoever trains must see this one.
        write_json(corpus.root / "quality" / "gate.json", verdict)
        write_json(corpus.manifest_path, {**manifest, "gate": verdict})
    lines = describe(verdict)
    print("\n".join(lines), file=sys.stdout if verdict["passed"] else sys.stderr)
    return 0 if verdict["passed"] else EXIT_REFUSED


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
