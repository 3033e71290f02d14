"""`irmogen facts`: what motions do, measured: a JSON object or plain sentences for each of them."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from pipelines import motion_input
from pipelines.motion_input import Clip, Problem

if TYPE_CHECKING:
    from motion.facts import Facts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `irmogen facts`."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        type=Path,
        nargs="+",
        help=".npy file of features or joints, folder of them, dataset, or corpus",
    )
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="file to write (default: standard output)"
    )
    parser.add_argument("--text", action="store_true", help="plain sentences instead of JSON lines")
    motion_input.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print or write the facts; exit code 1 when a motion could not be read or measured."""
    found = motion_input.sources(args.paths, args.skeleton, args.fps)
    if args.output:
        with whole_text(args.output) as file:
            return _write(found, file, args.text)
    try:
        code = _write(found, sys.stdout, args.text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough. What is still buffered must not fail at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def record(clip: Clip, facts: Facts) -> dict[str, Any]:
    """The object of one motion: id, source and the facts, each event with its part of the body."""
    from motion.events import ACTIONS

    values = facts.as_dict()
    events = [{**event, "part": ACTIONS[event["action"]].part} for event in values.pop("events")]
    return {"id": clip.id, "source": clip.source, **values, "events": events}


def _write(found: list[motion_input.Source], file: TextIO, text: bool) -> int:
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
            file.write((_text(*item) if text else _line(*item)) + "\n")
    if bad:
        print(f"{bad} of {total} motions could not be used", file=sys.stderr)
    return 1 if bad else 0


def _line(clip: Clip, facts: Facts) -> str:
    return json.dumps(record(clip, facts), ensure_ascii=False, allow_nan=False)


def _text(clip: Clip, facts: Facts) -> str:
    from prompts.sentences import text_of

    return text_of(clip.id, facts.as_dict(), facts.events)


@contextmanager
def whole_text(path: Path) -> Iterator[TextIO]:
    """A UTF-8 file to write line by line that appears under its name when the body ends without error."""
    from schemas.storage import sync_folder

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder; give the name of a file to write")
    part = path.parent / f".part-{uuid.uuid4().hex}-{path.name}"
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    sync_folder(path.parent)
