"""Shards that a process' lanes are reading: those of now in memory, those of next on their way."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

_Shard = TypeVar("_Shard")


class ReadAhead(Generic[_Shard]):
    """Holds what readers have asked for last, each shard once, and nothing else.

    One thread reads; what it reads depends on what is asked for alone, never on time.
    """

    def __init__(self, read: Callable[[int], _Shard]) -> None:
        self._read = read
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._held: dict[int, Future[_Shard]] = {}
        self._asked: dict[Hashable, tuple[int, ...]] = {}

    def __len__(self) -> int:
        """Shards that are held or on their way."""
        return len(self._held)

    def ask(self, reader: Hashable, shards: Sequence[int]) -> None:
        """What a reader will take from now on, first things first; what nobody else asked for is let go."""
        self._asked[reader] = tuple(shards)
        wanted = {shard for asked in self._asked.values() for shard in asked}
        for shard in self._held.keys() - wanted:
            self._held.pop(shard).cancel()
        for shard in shards:
            if shard not in self._held:
                self._held[shard] = self._thread.submit(self._read, shard)

    def take(self, shard: int) -> _Shard:
        """A shard that was asked for; raises what its reading raised."""
        return self._held[shard].result()
