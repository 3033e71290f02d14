"""`irmogen train-tokenizer`: train a motion tokenizer on a corpus, and report what it loses of motions."""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.flag_values import a_folder, a_place
from pipelines.lock import locked
from pipelines.streams import ends_with_its_reader, printable

if TYPE_CHECKING:
    from motion.tokenizer import MotionTokenizer
    from motion.vqvae import TokenizerShape
    from schemas.corpus import Corpus
    from trainer.motion_clips import Clips
    from trainer.tokenizer_recipe import TokenizerRecipe

Row = dict[str, Any]


@dataclass(frozen=True)
class _Job:
    """A training to be done."""

    recipe: TokenizerRecipe
    shape: TokenizerShape
    clips: Clips
    corpus: Corpus
    skeleton: str
    record: Row  # what tokenizer.json tells of it
    output: Path
    device: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen train-tokenizer`."""
    parser.add_argument(
        "corpus", type=a_place, help="folder that `irmogen build` wrote; its split train is learned"
    )
    parser.add_argument("--output", type=a_folder, required=True, help="folder for the motion tokenizer")
    parser.add_argument(
        "--recipe",
        default="demo",
        metavar="NAME",
        help="demo, gemma2-2b, or a .yaml file of one's own (default: demo)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change a value of the recipe, such as train.steps=500",
    )
    parser.add_argument("--device", default="cpu", help="torch device (default: cpu)")
    parser.add_argument(
        "--allow-ungated", action="store_true", help="train on a corpus whose quality gate has not passed"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be trained, and end")


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """Train, or go on with a training; ValueError or OSError before any work."""
    from evaluators.embedders import check_device
    from motion.skeleton import skeleton
    from motion.tokenizer import NOTES
    from motion.vqvae import TokenizerShape
    from pipelines.export import gated_corpus
    from schemas.checked import checked
    from trainer.motion_clips import read_clips
    from trainer.run_folder import claim
    from trainer.tokenizer_recipe import load_tokenizer_recipe

    recipe = load_tokenizer_recipe(args.recipe, args.set)
    check_device(args.device)
    opened, manifest = gated_corpus(args.corpus, args.allow_ungated)
    corpus = checked(opened, manifest)
    body = manifest["config"]["skeleton"]
    shape = TokenizerShape(skeleton(body).feature_size, **asdict(recipe.model))
    record = _record(recipe, corpus, manifest)
    if not args.dry_run and (args.output / NOTES).is_file():
        claim(args.output, record, NOTES)  # refuses what is not this training
        return _done(args.output)
    clips = read_clips(corpus, "train", recipe.train.perturbed)
    if not len(clips):
        raise ValueError(f"{corpus.root}: has no motion in the split 'train'; give a corpus that has some")
    print(*_plan(recipe, shape, clips), sep="\n", flush=True)
    if args.dry_run:
        lines = (f"  {shard['file']}  {shard['sha256'][:16]}" for shard in record["shards"])
        print("shards:", *lines, sep="\n")
        return 0
    with locked(args.output, "training"):
        if claim(args.output, record, NOTES):
            return _done(args.output)
        _train(_Job(recipe, shape, clips, corpus, body, record, args.output, args.device))
    return 0


def _done(folder: Path) -> int:
    from trainer.run_folder import clear

    clear(folder)  # of a training that was killed behind its last file
    print(f"{printable(folder)}: nothing to do, this training is done")
    return 0


def _plan(recipe: TokenizerRecipe, shape: TokenizerShape, clips: Clips) -> list[str]:
    """What is about to be trained."""
    import torch

    from motion.vqvae import VqVae

    with torch.device("meta"):
        size = sum(value.numel() for value in VqVae(shape).parameters())
    train = recipe.train
    perturbed = ", perturbed versions among them" if train.perturbed else ""
    return [
        f"{len(clips)} motions{perturbed}, {len(clips.frames)} frames to learn from",
        f"{shape.codes} codes of {shape.code_size}, one for {shape.frames_per_token} frames, "
        f"{size:,} weights",
        f"{train.steps} steps of {train.batch} windows of {train.window} frames, seed {train.seed}",
    ]


def _train(job: _Job) -> None:
    """Train in a folder that no other training holds, measure on the held-out splits, write the tokenizer."""
    import numpy as np

    from trainer.tokenizer_training import train_tokenizer

    started = time.monotonic()
    tokenizer, records = train_tokenizer(
        job.clips, job.skeleton, job.shape, job.recipe.train, job.output, job.device
    )
    first, last = (np.mean([one.loss for one in part]) for part in (records[:5], records[-5:]))
    print(f"trained in {time.monotonic() - started:.0f} s, loss {first:.2f} -> {last:.2f}", flush=True)
    tokenizer.notes = job.record | {"measured": _measured(job.corpus, tokenizer)}
    _finish(job.output, tokenizer)
    print(f"motion tokenizer {tokenizer.fingerprint} in {printable(job.output)}")


def _finish(folder: Path, tokenizer: MotionTokenizer) -> None:
    """Write the tokenizer, which ends the training; OSError where there is no room."""
    from motion.tokenizer import save_tokenizer
    from schemas.storage import sweep
    from trainer.checkpoints import how_to_go_on
    from trainer.run_folder import CHECKPOINTS, clear

    sweep(folder)
    try:
        save_tokenizer(folder, tokenizer)
    except OSError as error:
        sweep(folder)
        raise OSError(
            f"{folder}: the motion tokenizer cannot be written ({error.strerror or error}); make room, the "
            f"same command {how_to_go_on(folder / CHECKPOINTS)}"
        ) from error
    clear(folder)


def _record(recipe: TokenizerRecipe, corpus: Corpus, manifest: Row) -> Row:
    """What tokenizer.json tells of the training: recipe, corpus, and the shards read, with digests."""
    from importlib.metadata import version

    from schemas.generation_set import content_fingerprint

    tables = ("motions", "goals", "perturbed") if recipe.train.perturbed else ("motions",)
    shards = [
        {"file": shard["file"], "sha256": shard["sha256"]}
        for table in tables
        for shard in manifest["tables"][table]["shards"]
    ]
    return {
        "stage": "tokenizer",
        "recipe": recipe.as_dict(),
        "recipe_fingerprint": recipe.fingerprint,
        "corpus": str(corpus.root),
        "corpus_content": content_fingerprint(manifest),
        "gate": bool(manifest.get("gate", {}).get("passed")),
        "shards": shards,
        "code": {name: version(name) for name in ("irmogen", "torch")},
    }


def _measured(corpus: Corpus, tokenizer: MotionTokenizer) -> dict[str, Any]:
    """What the tokenizer loses of held-out motions, printed and as plain values."""
    from trainer.motion_clips import read_clips
    from trainer.reconstruction import reconstruction

    measured = {}
    for split in ("val", "test"):
        clips = read_clips(corpus, split)
        if not len(clips):
            continue
        found = reconstruction(tokenizer, clips)
        print(f"{split}: " + "\n    ".join(found.lines()), flush=True)
        measured[split] = found.as_dict()
    return measured
