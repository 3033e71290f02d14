"""Grouping what does not fit into memory, in one process: all but a part of the keys waits on disk."""

from __future__ import annotations

import pickle
import tempfile
import zlib
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_AT_ONCE = 64  # parts that are told apart in one pass; of more, each is told apart again
_WAITING = 8192  # values in memory until they are written


def parts_for(size: int, at_once: int) -> int:
    """In how many parts something of this size is grouped, so that one is about `at_once`."""
    return 1 + size // at_once


def grouped(
    pairs: Iterable[tuple[Key, Value]], parts: int, level: int = 0
) -> Iterator[tuple[Key, list[Value]]]:
    """Every key once with its values in their order; a part's keys come in the order of their first value.

    Keys that are equal have one `repr`. The order is the same in every process.

    Memory holds one part; the rest lies in a temporary folder, which is removed at the end. Nothing is
    written where all is one part. `level` counts the passes so far.
    """
    if parts <= 1:
        yield from _gathered(pairs).items()
        return
    here = min(parts, _AT_ONCE)
    with tempfile.TemporaryDirectory(prefix="irmogen-grouping-") as folder:
        files = [Path(folder) / f"{part:02d}" for part in range(here)]
        waiting: list[list[tuple[Key, Value]]] = [[] for _ in files]
        for number, pair in enumerate(pairs, 1):
            waiting[_number(pair[0]) // _AT_ONCE**level % here].append(pair)
            if number % _WAITING == 0:
                _put(files, waiting)
        _put(files, waiting)
        for file in files:
            yield from grouped(_got(file), -(-parts // here), level + 1)
            file.unlink(missing_ok=True)


def _number(key: Hashable) -> int:
    """32 bits of the key that are the same in every process: Python's own hash of a text is not.

    Each pass tells apart by other bits.
    """
    return zlib.crc32(repr(key).encode("utf-8", "surrogatepass"))


def _gathered(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, list[Value]]:
    found: dict[Key, list[Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _put(files: list[Path], waiting: list[list[tuple[Key, Value]]]) -> None:
    """Append what waits to its files."""
    for file, pairs in zip(files, waiting, strict=True):
        if pairs:
            with file.open("ab") as sink:
                pickle.dump(pairs, sink, pickle.HIGHEST_PROTOCOL)
            pairs.clear()


def _got(file: Path) -> Iterator[tuple[Key, Value]]:
    if not file.is_file():
        return
    with file.open("rb") as source:
        while source.peek(1):
            yield from pickle.load(source)
