"""Many small files read in order; from a store several at a time, for each request takes its while."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from schemas.places import is_store

THREADS = 32  # requests under way, and answers held

One = TypeVar("One")
Made = TypeVar("Made")


def ahead(read: Callable[[One], Made], wanted: Iterable[One], root: Path) -> Generator[Made, None, None]:
    """What `read` makes of each of `wanted`, in order; errors come in its turn.

    Where `root` is in a store, up to THREADS are read ahead; in a folder one after another.
    """
    if not is_store(root):
        yield from map(read, wanted)
        return
    under_way: deque[Future[Made]] = deque()
    pool = ThreadPoolExecutor(THREADS)
    try:
        for one in wanted:
            under_way.append(pool.submit(read, one))
            if len(under_way) == THREADS:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
