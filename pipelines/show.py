"""`irmogen show`: one motion drawn, its facts beside it: a page, a GIF, or a strip of poses."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import motion_input
from pipelines.motion_input import Clip, Problem
from pipelines.shown import Shown, find
from pipelines.streams import ends_with_its_reader, printable

if TYPE_CHECKING:
    from motion.facts import Facts

_FORMS = (".html", ".gif", ".png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `irmogen show`."""
    parser.add_argument(
        "target",
        metavar="FILE.npy|DATASET#id|CORPUS#id",
        help="a file of features or joints; a clip of a dataset; a motion, goal or candidate of a corpus",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        help="clip.html (page), clip.gif or clip.png (default: NAME.html in this folder)",
    )
    motion_input.add_arguments(parser)


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """Draw the motion and say where it was written; ValueError or OSError when that cannot be."""
    from schemas.storage import check_output, write_whole

    if args.output and args.output.suffix.lower() not in _FORMS:
        raise ValueError(
            f"{args.output}: ends with none of {', '.join(_FORMS)}; one of them says what to draw"
        )
    if args.output:
        check_output(args.output)
    shown = find(args.target, args.skeleton, args.fps)
    output = args.output or Path(_file_name(shown.clip.id) + ".html")
    check_output(output)  # also the name that an id gives
    write_whole(output, drawn(shown, output.suffix.lower()))
    print(f"{shown.clip.id}: drawn in {printable(output)}")
    return 0


def drawn(shown: Shown, form: str) -> bytes:
    """The bytes of a motion drawn as ".html", ".gif" or ".png"; ValueError if it cannot be measured."""
    from pipelines.drawing import gif_bytes, strip_bytes

    facts = facts_of(shown.clip)
    if form == ".html":
        from pipelines.show_page import show_page

        return show_page(shown, facts, facts_of(shown.goal) if shown.goal else None).encode()
    caption = f": {shown.captions[0]}" if shown.captions else ""
    data = figure_of(shown.clip, facts, shown, f"{shown.clip.id}{caption}")
    return gif_bytes(data) if form == ".gif" else strip_bytes(data)


def facts_of(clip: Clip) -> Facts:
    """The measured facts of one clip; ValueError says why there are none."""
    found = next(motion_input.measured(iter([clip])))
    if isinstance(found, Problem):
        raise ValueError(f"{found.source}: {found.detail}")
    return found[1]


def figure_of(clip: Clip, facts: Facts, shown: Shown | None = None, title: str = "") -> dict[str, Any]:
    """A clip as a figure's data, with the differences of what is shown."""
    from pipelines.drawing import figure_data

    return figure_data(
        clip.joints,
        clip.skeleton,
        facts,
        fps=clip.fps,
        differences=shown.differences if shown else (),
        title=title or clip.id,
        grounded=clip.grounded,
    )


def _file_name(name: str) -> str:
    """An id as the name of a file in this folder."""
    return re.sub(r"[^\w.@-]+", "_", name).strip(".") or "motion"
