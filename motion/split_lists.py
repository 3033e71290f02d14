"""The split lists of a dataset: which clips there are, read a piece at a time.

train.txt, val.txt and test.txt hold one clip id a line. An id that is named again, in the same list or in
a later one, counts where it was named first.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

SPLITS = ("train", "val", "test")
PIECE = 1 << 20  # bytes of a list that are read at once
_MORE = 4096  # bytes that are read to find the end of a line


class LayoutError(ValueError):
    """The folder is not a dataset in this layout; the message says what to do."""


@dataclass(frozen=True)
class Piece:
    """The lines of a split's list that begin in bytes [start, end)."""

    split: str
    start: int
    end: int


class Entry(NamedTuple):
    """One line of a split list."""

    motion_id: str
    split: str
    place: int  # bytes before it: an order of the lines of one list


def list_path(root: Path, split: str) -> Path:
    """The list of a split."""
    return root / f"{split}.txt"


def pieces(root: Path, size: int = PIECE) -> list[Piece]:
    """The lists of a dataset cut into pieces of so many bytes, in the order in which an id counts.

    LayoutError where there is no list at all.
    """
    sizes = {split: path.stat().st_size for split in SPLITS if (path := list_path(root, split)).is_file()}
    if not sizes:
        raise LayoutError(f"{root}: has none of train.txt, val.txt, test.txt; one id a line is expected")
    return [
        Piece(split, start, min(start + size, whole))
        for split, whole in sizes.items()
        for start in range(0, whole, size)
    ]


def entries(root: Path, piece: Piece) -> Iterator[Entry]:
    """The ids of a piece in their order; LayoutError names list and line of what is no id."""
    path = list_path(root, piece.split)
    place, data = _lines(path, piece)
    for line in io.BytesIO(data):
        try:
            # A line may end in other ways, too.
            names = line.decode("utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise LayoutError(
                f"{path}, line {_number(path, place)}: is not UTF-8 ({error.reason}); save the list as UTF-8"
            ) from None
        for number, name in enumerate(names):
            motion_id = name.strip()
            if "/" in motion_id or motion_id in (".", ".."):
                raise LayoutError(
                    f"{path}, line {_number(path, place)}: {motion_id!r} is no clip id; give one a line"
                )
            if motion_id:
                yield Entry(motion_id, piece.split, place + number)
        place += len(line)


def _lines(path: Path, piece: Piece) -> tuple[int, bytes]:
    """The whole lines that begin in a piece, and how many bytes lie before them."""
    before = min(piece.start, 1)  # the end of the line before tells that one begins here
    with path.open("rb") as file:
        file.seek(piece.start - before)
        data = file.read(piece.end - piece.start + before)
        skipped = data.find(b"\n") + 1 if before else 0
        if before and not skipped:
            return piece.end, b""
        data = data[skipped:]
        while data and not data.endswith(b"\n"):
            more = file.read(_MORE)
            end = more.find(b"\n") + 1
            data += more[:end] if end else more
            if end or not more:
                break
    return piece.start - before + skipped, data


def _number(path: Path, place: int) -> int:
    """The number of the line that begins after so many bytes."""
    with path.open("rb") as file:
        return file.read(place).count(b"\n") + 1


def listed(root: Path) -> Iterator[Entry]:
    """Every line of the lists, in the order in which an id counts."""
    for piece in pieces(root):
        yield from entries(root, piece)
