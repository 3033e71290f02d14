"""`irmogen demo-data`: write the procedural dataset."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from motion.skeleton import SKELETONS

# What the dataset depends on, as demo.json records it.
_IN_NOTE = ("motions", "skeleton", "seed", "defects", "corrupt_captions")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen demo-data`."""
    parser.add_argument("--output", type=Path, required=True, help="folder of the dataset")
    parser.add_argument(
        "--motions",
        type=_motions,
        default=600,
        metavar="N",
        help="clips, mirrored twins included (default 600)",
    )
    parser.add_argument(
        "--skeleton", choices=list(SKELETONS), default="t2m", help="t2m: HumanML3D's (default); kit: KIT-ML's"
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed, other clips (default 0)")
    parser.add_argument("--defects", action="store_true", help="add the defects that real data has")
    parser.add_argument(
        "--corrupt-captions",
        action="store_true",
        help="make a fifth of the captions untrue in one word (side, direction, count, action); "
        "corruptions.jsonl lists them",
    )


def _motions(text: str) -> int:
    value = int(text)
    if value < 2:
        raise argparse.ArgumentTypeError(f"{value} is less than 2, a clip and its mirrored twin")
    return value


def run(args: argparse.Namespace) -> int:
    """Write the dataset, or find that it is there; refuses a folder that holds something else."""
    output: Path = args.output
    wanted = {name: getattr(args, name) for name in _IN_NOTE}
    note = output / "demo.json"
    if note.is_file() and json.loads(note.read_text()) == wanted:
        print(f"{output}: holds this dataset already")
        return 0

    from tqdm import tqdm

    from motion.demo.dataset import write_demo

    with tqdm(total=args.motions, desc="demo-data", unit="clip", disable=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        write_demo(output, args.motions, args.skeleton, args.seed, args.defects, args.corrupt_captions, show)
    note.write_text(json.dumps(wanted) + "\n")
    print(f"{output}: {args.motions} clips ({args.skeleton}), what each does is in truth.jsonl")
    return 0
