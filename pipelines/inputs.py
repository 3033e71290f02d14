"""From a dataset folder and flags to a build: its configuration and the work of each shard."""

from __future__ import annotations

import argparse
import hashlib
import math
from collections import Counter

from motion.layout import SPLITS, Dataset, open_dataset
from pipelines import llm_flags
from pipelines.flag_values import a_folder, a_place, at_least
from schemas.config import BuildConfig
from transforms.read import ShardWork
from transforms.step import shard_of

CLIPS_A_SHARD = 64  # a shard's clips and their perturbed versions fit in some 150 MB
CLIPS_A_BUCKET = 500  # what the ladder's search compares at once


def add_arguments(parser: argparse.ArgumentParser, paths_required: bool = True) -> None:
    """The flags that say what corpus is wanted; `build` and `plan` share them."""
    default = BuildConfig()
    needed = paths_required
    parser.add_argument(
        "--input", type=a_place, required=needed, help="dataset in HumanML3D or KIT-ML layout"
    )
    parser.add_argument("--output", type=a_place, required=needed, help="folder of the corpus")
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


def prepare(args: argparse.Namespace) -> tuple[BuildConfig, list[ShardWork], Dataset]:
    """Configuration and work of a build; LayoutError or ValueError before any work is done."""
    dataset = open_dataset(args.input, args.skeleton)
    if args.perturbed > args.ladder:
        raise ValueError(f"--perturbed {args.perturbed} is more than --ladder {args.ladder}: lower it")
    llm = llm_flags.llm_settings(args)
    shards = max(1, math.ceil(len(dataset.ids) / CLIPS_A_SHARD))
    config = BuildConfig(
        input=str(args.input),
        output=str(args.output),
        dataset=_name(args.name or dataset.skeleton.name),
        skeleton=dataset.skeleton.name,
        ladder=args.ladder,
        perturbed=args.perturbed,
        wordings=args.wordings,
        annotator=args.annotator,
        alignment=args.alignment,
        embedder=str(args.embedder or ""),
        embedder_fingerprint=_embedder_fingerprint(args, dataset.skeleton.name),
        keep_contradicted=args.keep_contradicted,
        seed=args.seed,
        shards=shards,
        buckets=_buckets(dataset),
        llm=llm,
    )
    return config, shard_work(dataset, shards), dataset


def _buckets(dataset: Dataset) -> tuple[tuple[str, int], ...]:
    """How many buckets the clips of each split are searched in."""
    counts = sorted(clips_by_split(dataset).items())
    return tuple((split, math.ceil(clips / CLIPS_A_BUCKET)) for split, clips in counts if clips)


def clips_by_split(dataset: Dataset) -> dict[str, int]:
    """Clips of each split, also of one that names none."""
    counts = Counter(split for _, split in dataset.ids)
    return {split: counts[split] for split in SPLITS}


def _name(name: str) -> str:
    if not name.replace("_", "").isalnum():
        raise ValueError(f"--name {name!r}: letters, digits and _ only, for it goes into ids")
    return name


def shard_work(dataset: Dataset, shards: int) -> list[ShardWork]:
    """The clips of each shard, by the hash of their ids."""
    ids: list[list[tuple[str, str]]] = [[] for _ in range(shards)]
    repeated: list[list[tuple[str, str]]] = [[] for _ in range(shards)]
    for motion_id, split in dataset.ids:
        ids[shard_of(motion_id, shards)].append((motion_id, split))
    for motion_id, split in dataset.repeated:
        repeated[shard_of(motion_id, shards)].append((motion_id, split))
    return [ShardWork(index, tuple(ids[index]), tuple(repeated[index])) for index in range(shards)]


def listing(dataset: Dataset) -> str:
    """Digest of names, sizes and times of the dataset's files: tells cheaply that nothing changed."""
    digest = hashlib.sha256()
    for motion_id, split in dataset.ids:
        digest.update(f"{motion_id}\0{split}\0".encode())
        for path in (dataset.motion_path(motion_id), dataset.text_path(motion_id)):
            try:
                stat = path.stat()
                digest.update(f"{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
            except FileNotFoundError:
                digest.update(b"-\0")
    digest.update(repr(dataset.repeated).encode())
    return digest.hexdigest()
