"""`irmogen train-tokenizer`: train a motion tokenizer on a corpus, and report what it loses of motions."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.streams import ends_with_its_reader, printable

if TYPE_CHECKING:
    from motion.tokenizer import MotionTokenizer
    from motion.vqvae import TokenizerShape
    from schemas.corpus import Corpus
    from trainer.motion_clips import Clips
    from trainer.tokenizer_recipe import TokenizerRecipe
    from trainer.tokenizer_training import StepRecord

LOG = "log.jsonl"  # in the folder, beside the tokenizer: losses by step


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen train-tokenizer`."""
    parser.add_argument(
        "corpus", type=Path, help="folder that `irmogen build` wrote; its split train is learned"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder for the motion tokenizer")
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
    parser.add_argument("--dry-run", action="store_true", help="show what would be trained, and end")


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """Train, measure on the held-out splits, write whole; ValueError or OSError before any work."""
    from evaluators.embedders import check_device
    from motion.skeleton import skeleton
    from motion.tokenizer import save_tokenizer
    from motion.vqvae import TokenizerShape
    from schemas.corpus import open_corpus
    from trainer.motion_clips import read_clips
    from trainer.tokenizer_recipe import load_tokenizer_recipe
    from trainer.whole_folder import check_new_folder, whole_folder

    recipe = load_tokenizer_recipe(args.recipe, args.set)
    corpus, manifest = open_corpus(args.corpus)
    body = manifest["config"]["skeleton"]
    shape = TokenizerShape(skeleton(body).feature_size, **asdict(recipe.model))
    check_new_folder(args.output)
    check_device(args.device)
    clips = read_clips(corpus, "train", recipe.train.perturbed)
    if not len(clips):
        raise ValueError(f"{corpus.root}: has no motion in the split 'train'; give a corpus that has some")
    print(*_plan(recipe, shape, clips), sep="\n", flush=True)
    if args.dry_run:
        return 0
    with whole_folder(args.output) as folder:
        tokenizer, records = _train(args, recipe, shape, clips, body)
        tokenizer.notes = _notes(recipe, corpus, manifest) | {"measured": _measured(corpus, tokenizer)}
        lines = (json.dumps(asdict(record)) + "\n" for record in records)
        (folder / LOG).write_text("".join(lines), encoding="utf-8")
        save_tokenizer(folder, tokenizer)
    print(f"motion tokenizer {tokenizer.fingerprint} in {printable(args.output)}")
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


def _train(
    args: argparse.Namespace, recipe: TokenizerRecipe, shape: TokenizerShape, clips: Clips, body: str
) -> tuple[MotionTokenizer, list[StepRecord]]:
    import numpy as np
    from tqdm import tqdm

    from trainer.tokenizer_training import train_tokenizer

    def progress(steps: Iterable[int]) -> Iterable[int]:
        return tqdm(steps, mininterval=1, leave=False, disable=None)

    started = time.monotonic()
    tokenizer, records = train_tokenizer(clips, body, shape, recipe.train, args.device, progress)
    if not np.isfinite(records[-1].loss):
        raise ValueError(f"the loss is {records[-1].loss} in the end, nothing is written; lower train.rate")
    first, last = (np.mean([one.loss for one in part]) for part in (records[:5], records[-5:]))
    print(f"trained in {time.monotonic() - started:.0f} s, loss {first:.2f} -> {last:.2f}", flush=True)
    return tokenizer, records


def _notes(recipe: TokenizerRecipe, corpus: Corpus, manifest: dict[str, Any]) -> dict[str, Any]:
    """What tokenizer.json tells of the training."""
    from importlib.metadata import version

    from schemas.generation_set import content_fingerprint

    content = content_fingerprint(manifest)
    return {
        "irmogen": version("irmogen"),
        "trained_on": {"corpus": str(corpus.root), "content": content, "split": "train"},
        "recipe": recipe.as_dict(),
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
