"""`irmogen export`: a corpus in a form that other programs read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.flag_values import a_folder, a_place

if TYPE_CHECKING:
    from schemas.corpus import Corpus

FORMATS = ("irg-json", "hf")


class ExportError(ValueError):
    """The corpus must not be exported, or not to there; the message says what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen export`."""
    parser.add_argument("corpus", type=a_place, help="folder that `irmogen build` wrote")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        required=True,
        help="irg-json: JSON files that existing training code reads; hf: folder for datasets.load_dataset",
    )
    parser.add_argument("--output", type=a_folder, required=True, help="folder to write; new or empty")
    parser.add_argument(
        "--allow-ungated", action="store_true", help="export a corpus that its quality gate has not passed"
    )


def run(args: argparse.Namespace) -> int:
    """Write the export; ExportError or ManifestError before anything is written."""
    corpus, manifest = checked_corpus(args.corpus, allow_ungated=args.allow_ungated)
    check_output(args.output)
    if args.format == "irg-json":
        from pipelines.export_irg import export_irg

        lines = export_irg(corpus, manifest, args.output)
    else:
        from pipelines.export_hf import export_hf

        lines = export_hf(corpus, manifest, args.output)
    print("\n".join(lines))
    return 0


def checked_corpus(root: Path, allow_ungated: bool = False) -> tuple[Corpus, dict[str, Any]]:
    """A corpus whose gate has passed and whose shards are those of its manifest, and that manifest.

    ManifestError or ExportError otherwise; `allow_ungated` lets a corpus pass that its gate refused.
    """
    from pipelines.validate import shard_faults

    corpus, manifest = gated_corpus(root, allow_ungated)
    faults = shard_faults(corpus, manifest)
    if faults:
        raise ExportError(
            f"{root}: {len(faults)} shards are not those of the manifest, first {faults[0]}; "
            "run `irmogen build --rebuild` with the corpus' input"
        )
    return corpus, manifest


def gated_corpus(root: Path, allow_ungated: bool = False) -> tuple[Corpus, dict[str, Any]]:
    """As `checked_corpus`, but no shard is read: who reads one checks it."""
    from schemas.corpus import open_corpus

    corpus, manifest = open_corpus(root)
    if not manifest.get("gate", {}).get("passed", False) and not allow_ungated:
        raise ExportError(
            f"{root}: its quality gate has not passed; see what fails with `irmogen validate {root}`, "
            "or take it as it is with --allow-ungated"
        )
    return corpus, manifest


def check_output(folder: Path) -> None:
    """ExportError unless a folder is new or empty."""
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"{folder}: is a file; give a folder with --output")
    if folder.is_dir() and any(folder.iterdir()):
        raise ExportError(f"{folder}: is not empty; empty it, or give another folder with --output")
