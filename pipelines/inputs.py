"""From a dataset or a corpus and flags to a build: its configuration and what it reads."""

from __future__ import annotations

import argparse
import hashlib
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from motion.layout import FIRST_CLIPS, FOLDERS, check_folder, skeleton_of
from motion.skeleton import Skeleton
from motion.split_lists import SPLITS, entries, pieces
from pipelines import llm_flags
from pipelines.flag_values import a_folder, a_place, at_least
from pipelines.motion_input import is_corpus, is_dataset
from schemas.config import BuildConfig
from schemas.corpus import open_corpus
from schemas.fingerprint import fingerprint
from schemas.places import scan
from schemas.spill import grouped, parts_for
from schemas.storage import file_digest
from transforms.corpus_source import CorpusSource, read_files_of
from transforms.dataset_source import DatasetSource
from transforms.read import VERSION, Source

CLIPS_A_SHARD = 64  # a shard's clips and their perturbed versions fit in some 150 MB
CLIPS_A_BUCKET = 500  # what the ladder's search compares at once
_TOGETHER = 1 << 18  # bytes of split lists whose ids are in memory at once


def add_arguments(parser: argparse.ArgumentParser, paths_required: bool = True) -> None:
    """The flags that say what corpus is wanted; `build` and `plan` share them."""
    default = BuildConfig()
    parser.add_argument(
        "--input",
        type=a_place,
        required=paths_required,
        help="dataset in HumanML3D or KIT-ML layout, or a corpus whose motions and goals are taken over",
    )
    parser.add_argument("--output", type=a_place, required=paths_required, help="folder of the corpus")
    parser.add_argument("--name", default="", help="name of the dataset in ids (default: its skeleton's)")
    parser.add_argument("--skeleton", choices=["t2m", "kit"], help="default: seen from the feature size")
    parser.add_argument(
        "--ladder",
        type=at_least(1),
        default=default.ladder,
        metavar="N",
        help="intermediate motions of a goal (default 4)",
    )
    parser.add_argument(
        "--perturbed",
        type=at_least(0),
        default=default.perturbed,
        metavar="N",
        help="how many of them are perturbed rather than retrieved (default 2)",
    )
    parser.add_argument(
        "--wordings",
        type=at_least(1),
        default=default.wordings,
        metavar="N",
        help="wordings of each goal analysis (default 4)",
    )
    parser.add_argument(
        "--annotator", default=default.annotator, choices=_annotators(), help="who writes the annotations"
    )
    parser.add_argument(
        "--alignment", default=default.alignment, choices=_alignments(), help="the score that orders ladders"
    )
    parser.add_argument(
        "--embedder",
        type=a_folder,
        metavar="FOLDER",
        help="with --alignment builtin: folder that `irmogen train-embedder` wrote",
    )
    parser.add_argument(
        "--keep-contradicted",
        action="store_true",
        help="keep goals whose caption their motion contradicts, to be looked at (default: they leave)",
    )
    parser.add_argument("--seed", type=int, default=default.seed, help="of every draw (default 0)")
    llm_flags.add_arguments(parser)


def _annotators() -> list[str]:
    from transforms.annotators import names

    return list(names())


def _alignments() -> list[str]:
    from evaluators.alignment import KINDS

    return list(KINDS)


def _embedder_fingerprint(args: argparse.Namespace, skeleton: str) -> str:
    """Fingerprint of the embedder that aligns; empty where facts do. ValueError where it cannot be used."""
    if (args.alignment == "builtin") != bool(args.embedder):
        raise ValueError(
            "--alignment builtin and --embedder FOLDER go together; `irmogen train-embedder` writes one"
        )
    if not args.embedder:
        return ""
    from evaluators.embedders import embedder

    return embedder("builtin", args.embedder, skeleton).fingerprint


@dataclass(frozen=True)
class Input:
    """What a build reads, looked through once; nothing here grows with it."""

    source: Source
    skeleton: Skeleton
    clips: int
    splits: dict[str, int]  # clips of each split; empty where only their sum is known
    digest: str  # of the lists, in whatever order their lines are, or of the corpus' manifest
    dataset: str = ""  # name in a corpus' ids, and its shards and buckets: they stay what they are
    shards: int = 0
    buckets: tuple[tuple[str, int], ...] = ()

    def __str__(self) -> str:
        """How many clips there are, and in which splits."""
        splits = ", ".join(f"{split} {count}" for split, count in self.splits.items())
        return f"{self.clips} clips" + (f" ({splits})" if splits else " of a corpus")


def prepare(args: argparse.Namespace) -> tuple[BuildConfig, Input]:
    """Configuration and input of the build that the flags ask for.

    ValueError (LayoutError, ManifestError) where input or a flag cannot be used.
    """
    if args.perturbed > args.ladder:
        raise ValueError(f"--perturbed {args.perturbed} is more than --ladder {args.ladder}: lower it")
    if args.input == args.output or (args.output.is_dir() and args.input.resolve() == args.output.resolve()):
        raise ValueError(
            f"--input and --output are both {args.output}; give another folder for the new corpus"
        )
    a_corpus = is_corpus(args.input) and not is_dataset(args.input)
    found = (corpus_input if a_corpus else dataset_input)(args.input, args.skeleton)
    if found.dataset and args.name not in ("", found.dataset):
        raise ValueError(
            f"--name {args.name}: the clips of {args.input} are of {found.dataset!r}, which is in their ids; "
            "leave --name out, or give the dataset as --input"
        )
    config = BuildConfig(
        input=str(args.input),
        output=str(args.output),
        dataset=found.dataset or _name(args.name or found.skeleton.name),
        skeleton=found.skeleton.name,
        ladder=args.ladder,
        perturbed=args.perturbed,
        wordings=args.wordings,
        annotator=args.annotator,
        alignment=args.alignment,
        embedder=str(args.embedder or ""),
        embedder_fingerprint=_embedder_fingerprint(args, found.skeleton.name),
        keep_contradicted=args.keep_contradicted,
        seed=args.seed,
        shards=found.shards,
        buckets=found.buckets,
        llm=llm_flags.llm_settings(args),
    )
    return config, found


def dataset_input(root: Path, skeleton: str | None) -> Input:
    """A dataset, its split lists read once; LayoutError where it is none."""
    check_folder(root)
    first: list[str] = []
    lists = Sum()
    cut = pieces(root)

    def lines() -> Iterator[tuple[str, str]]:
        for piece in cut:
            for motion_id, split, _ in entries(root, piece):
                lists.add(motion_id, split)
                _keep_first(first, motion_id)
                yield motion_id, split

    size = sum(piece.end - piece.start for piece in cut)
    counts = Counter(splits[0] for _, splits in grouped(lines(), parts_for(size, _TOGETHER)))
    clips = counts.total()
    return Input(
        source=DatasetSource(root),
        skeleton=skeleton_of(root, first, skeleton),
        clips=clips,
        splits={split: counts[split] for split in SPLITS},
        digest=lists.digest,
        shards=math.ceil(clips / CLIPS_A_SHARD),
        buckets=tuple((split, math.ceil(count / CLIPS_A_BUCKET)) for split, count in sorted(counts.items())),
    )


def _keep_first(first: list[str], motion_id: str) -> None:
    """Keep the first ids in their order, each once."""
    at = bisect_left(first, motion_id)
    if at < FIRST_CLIPS and (at == len(first) or first[at] != motion_id):
        first.insert(at, motion_id)
        del first[FIRST_CLIPS:]


def corpus_input(root: Path, wanted: str | None) -> Input:
    """A finished corpus whose motions and goals are taken over; ValueError where they cannot be."""
    from motion.skeleton import skeleton

    corpus, manifest = open_corpus(root)
    config = manifest["config"]
    if wanted and config["skeleton"] != wanted:
        raise ValueError(f"{root}: has {config['skeleton']} features, not {wanted}; leave --skeleton out")
    _check_taken_over(root, manifest)
    names = {shard["file"] for table in manifest["tables"].values() for shard in table["shards"]}
    for index in range(corpus.shards):
        for file in read_files_of(corpus, index):
            if file not in names:
                raise ValueError(f"{corpus.manifest_path}: does not name {file}; restore it, or {_DATASET}")
    digest = file_digest(corpus.manifest_path)
    return Input(
        source=CorpusSource(root, corpus.shards, digest),
        skeleton=skeleton(config["skeleton"]),
        clips=manifest["tables"]["motions"]["rows"],
        splits={},
        digest=digest,
        dataset=config["dataset"],
        shards=corpus.shards,
        buckets=tuple((split, count) for split, count in config["buckets"]),
    )


_DATASET = "give the dataset as --input"


def _check_taken_over(root: Path, manifest: dict[str, Any]) -> None:
    """Whether this version would have read the clips of a corpus as they were read."""
    version = manifest.get("identity", {}).get("version of step read")
    if version != VERSION:
        raise ValueError(
            f"{root}: its clips were read by version {version} of the step read, this irmogen has {VERSION}; "
            f"{_DATASET}"
        )


def _name(name: str) -> str:
    if not name.replace("_", "").isalnum():
        raise ValueError(f"--name {name!r}: letters, digits and _ only, for it goes into ids")
    return name


class Sum:
    """A digest of a set of rows in whatever order they come: the sum of their hashes."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, *row: object) -> None:
        """One row; the same row twice counts twice. A file's name may be no UTF-8."""
        text = "\0".join(map(str, row))
        self._sum += int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), "big")

    @property
    def digest(self) -> str:
        """64 hex digits."""
        return f"{self._sum % 2**256:064x}"


def listing(found: Input) -> str:
    """Digest of names, sizes and times of what is read: tells cheaply that nothing changed.

    Of a dataset's folders it lists the files, which costs no request for each; a corpus' manifest tells.
    """
    if not isinstance(found.source, DatasetSource):
        return fingerprint("listing", "corpus", found.digest)
    files = Sum()
    root = found.source.root
    for folder in FOLDERS:
        for file in scan(root / folder):
            files.add(folder, file.name, file.size, file.mtime_ns)
    return fingerprint("listing", str(root.resolve()), found.digest, files.digest)
