"""`irmogen diff`: what changed between two corpora, on the screen and as a page."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines.flag_values import a_place
from pipelines.streams import ends_with_its_reader, printable

EXIT_DIFFERENT = 1
_PAGE = "index.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `irmogen diff`."""
    parser.add_argument("before", metavar="CORPUS_A", type=a_place, help="folder that `irmogen build` wrote")
    parser.add_argument("after", metavar="CORPUS_B", type=a_place, help="another one")
    parser.add_argument(
        "--html",
        metavar="FOLDER_OR_FILE",
        type=a_place,
        help=f"write a page as well: a file that ends with .html, or {_PAGE} in a folder",
    )
    parser.add_argument(
        "--examples",
        metavar="N",
        type=_examples,
        default=3,
        help="rows shown of each table that were added, gone or changed (default 3)",
    )


def _examples(told: str) -> int:
    try:
        value = int(told)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{told!r} is no whole number; give 0 or more") from None
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is less than 0; give 0 or more")
    return value


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """0 when both corpora hold the same rows, 1 when they do not."""
    from pipelines.diff.comparison import compare
    from pipelines.diff.page import page
    from pipelines.diff.text import lines
    from schemas.storage import write_whole

    target = _target(args.html) if args.html else None
    found = compare(args.before, args.after, args.examples)
    if target:
        write_whole(target, page(found).encode())  # first: who reads the screen may stop reading
    print("\n".join(lines(found)))
    if target:
        print(f"page: {printable(target)}")
    return EXIT_DIFFERENT if found.differs else 0


def _target(place: Path) -> Path:
    """The file to write, tried before the work; a folder that holds anything else is refused."""
    from schemas.storage import check_output, check_own_folder

    if place.suffix == ".html" and not place.is_dir():
        check_output(place)
        return place
    check_own_folder(place, (_PAGE,), "a comparison", flag="--html")
    place.mkdir(parents=True, exist_ok=True)
    check_output(place / _PAGE)
    return place / _PAGE
