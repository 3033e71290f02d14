"""Many small files: in order, from a store several at a time, and never more than are under way."""

from __future__ import annotations

import threading
from itertools import islice
from pathlib import Path

import pytest

from schemas.ahead import THREADS, ahead
from schemas.places import place

ROOTS = [Path("corpus"), place("s3://bucket/corpus")]


@pytest.mark.parametrize("root", ROOTS, ids=str)
@pytest.mark.parametrize("count", [0, 1, THREADS - 1, 5 * THREADS + 3])
def test_all_are_read_once_and_in_order(root: Path, count: int) -> None:
    seen: list[int] = []

    def read(number: int) -> str:
        seen.append(number)
        return str(number)

    assert list(ahead(read, range(count), root)) == [str(number) for number in range(count)]
    assert sorted(seen) == list(range(count))


def test_a_store_is_asked_ahead_and_only_so_far() -> None:
    together = threading.Barrier(THREADS, timeout=60)  # all of a window are asked at the same time
    asked: list[int] = []

    def read(number: int) -> int:
        asked.append(number)
        if number < THREADS:
            together.wait()
        return number

    found = ahead(read, range(100 * THREADS), ROOTS[1])
    assert list(islice(found, 10)) == list(range(10))
    found.close()
    assert THREADS <= len(asked) < THREADS + 10


def test_a_folder_is_read_when_it_is_asked_for() -> None:
    asked: list[int] = []
    found = ahead(asked.append, range(10), ROOTS[0])
    next(found)
    assert asked == [0]


@pytest.mark.parametrize("root", ROOTS, ids=str)
def test_an_error_comes_in_its_turn(root: Path) -> None:
    def read(number: int) -> int:
        if number == 5:
            raise FileNotFoundError(f"{number} is missing")
        return number

    found = ahead(read, range(50), root)
    assert list(islice(found, 5)) == list(range(5))
    with pytest.raises(FileNotFoundError, match="5 is missing"):
        next(found)
