"""`irmogen facts`: what motions do, measured: a JSON object or plain sentences for each of them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipelines import motion_input
from pipelines.flag_values import a_place
from pipelines.motion_input import Clip, Problem
from pipelines.streams import ends_with_its_reader

if TYPE_CHECKING:
    from motion.facts import Facts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `irmogen facts`."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        type=a_place,
        nargs="+",
        help=".npy file of features or joints, folder of them, dataset, or corpus",
    )
    parser.add_argument(
        "--output", metavar="FILE", type=a_place, help="file to write (default: standard output)"
    )
    parser.add_argument("--text", action="store_true", help="plain sentences instead of JSON lines")
    motion_input.add_arguments(parser)


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """Print or write the facts; exit code 1 when a motion could not be read or measured."""
    from schemas.storage import check_output, whole_file

    if args.output:
        check_output(args.output)
    found = motion_input.sources(args.paths, args.skeleton, args.fps)
    if args.output:
        with whole_file(args.output) as file:
            return _write(found, lambda words: file.write(words.encode()), args.text)
    return _write(found, sys.stdout.write, args.text)


def record(clip: Clip, facts: Facts) -> dict[str, Any]:
    """The object of one motion: id, source and the facts, each event with its part of the body."""
    from motion.events import ACTIONS

    values = facts.as_dict()
    events = [{**event, "part": ACTIONS[event["action"]].part} for event in values.pop("events")]
    return {"id": clip.id, "source": clip.source, **values, "events": events}


def _write(found: list[motion_input.Source], write: Callable[[str], object], text: bool) -> int:
    from tqdm import tqdm

    total = sum(source.count for source in found)
    bad = 0
    clips = (item for source in found for item in source.read())
    with tqdm(total=total, desc="facts", unit="clip", disable=not sys.stderr.isatty(), leave=False) as bar:
        for item in motion_input.measured(clips):
            bar.update()
            if isinstance(item, Problem):
                bad += 1
                bar.write(f"{item.source}: {item.detail}", file=sys.stderr)
                continue
            write((_text(*item) if text else _line(*item)) + "\n")
    if bad:
        print(f"{bad} of {total} motions could not be used", file=sys.stderr)
    return 1 if bad else 0


def _line(clip: Clip, facts: Facts) -> str:
    return json.dumps(record(clip, facts), ensure_ascii=False, allow_nan=False)


def _text(clip: Clip, facts: Facts) -> str:
    from prompts.sentences import text_of

    return text_of(clip.id, facts.as_dict(), facts.events)
