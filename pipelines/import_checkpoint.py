"""`irmogen import-checkpoint`: the authors' published checkpoints as ordinary Hugging Face folders."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.streams import ends_with_its_reader, printable

if TYPE_CHECKING:
    from motion.tokenizer import MotionTokenizer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen import-checkpoint`."""
    parser.add_argument("checkpoint", type=Path, help="file of Motion-Agent or IRG-MotionLLM (.pth, .bin)")
    parser.add_argument(
        "--base",
        required=True,
        metavar="MODEL",
        help="folder or hub name of the model that was trained from: google/gemma-2-2b-it",
    )
    parser.add_argument("--output", type=Path, required=True, help="folder for the model")
    parser.add_argument(
        "--adapter", default="", help="which LoRA to merge where the file holds several: t2m or m2t"
    )
    parser.add_argument(
        "--motion-tokenizer",
        type=Path,
        metavar="FILE",
        help="the published VQ-VAE (.pth), to be put into the folder; needs --mean and --std",
    )
    parser.add_argument(
        "--mean", type=Path, metavar="FILE", help="mean (.npy) that the VQ-VAE was trained with"
    )
    parser.add_argument("--std", type=Path, metavar="FILE", help="its standard deviation (.npy)")


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """Read, put together, write whole; ValueError or OSError says what is not as published."""
    from trainer.published import published_model, read_checkpoint
    from trainer.whole_folder import check_new_folder, whole_folder

    check_new_folder(args.output)
    if not args.checkpoint.is_file():
        raise FileNotFoundError(f"{args.checkpoint}: no such file; give the published .pth")
    tokenizer = _motion_tokenizer(args)
    checkpoint = read_checkpoint(args.checkpoint)
    model, words, notes = published_model(checkpoint, args.base, args.adapter)
    with whole_folder(args.output) as folder:
        model.save_pretrained(folder)
        words.save_pretrained(folder)
        _write_notes(folder, args.checkpoint, notes, tokenizer)
    size = sum(value.numel() for value in model.parameters())
    print(f"{size:,} weights, {len(words)} tokens in {printable(args.output)}")
    if checkpoint.left_out and not tokenizer:
        print(
            f"{checkpoint.left_out} tensors of the frozen motion tokenizer were left out; "
            "--motion-tokenizer puts the published one into the folder"
        )
    return 0


def _motion_tokenizer(args: argparse.Namespace) -> MotionTokenizer | None:
    """The published motion tokenizer where it was asked for; the size of its mean tells the skeleton."""
    files = {"--motion-tokenizer": args.motion_tokenizer, "--mean": args.mean, "--std": args.std}
    missing = [name for name, file in files.items() if file is None]
    if len(missing) == len(files):
        return None
    if missing:
        raise ValueError(f"{', '.join(missing)}: missing; {', '.join(files)} belong together")
    import numpy as np

    from motion.skeleton import skeleton_of_features
    from motion.tokenizer import import_published

    body = skeleton_of_features(np.load(args.mean, allow_pickle=False).size)
    return import_published(args.motion_tokenizer, args.mean, args.std, body.name)


def _write_notes(
    folder: Path, checkpoint: Path, notes: dict[str, Any], tokenizer: MotionTokenizer | None
) -> None:
    """Put the motion tokenizer and the record into the folder."""
    from importlib.metadata import version

    from schemas.storage import file_digest, write_json
    from trainer.run_folder import RECORD, RECORD_VERSION, keep_motion_tokenizer

    if tokenizer:
        keep_motion_tokenizer(folder, tokenizer)
    record = {
        "version": RECORD_VERSION,
        "stage": "imported",
        "imported": notes | {"sha256": file_digest(checkpoint)},
        "motion_tokenizer": tokenizer.fingerprint if tokenizer else "",
        "code": {name: version(name) for name in ("irmogen", "torch", "transformers")},
    }
    write_json(folder / RECORD, record)
