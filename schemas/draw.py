"""Samples drawn by hashes of keys: of any parts together the same as of the whole, in any order."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import Any

from motion.seeds import seed


def share(size: int, shards: int) -> int:
    """How many of a draw of `size` one shard keeps, of so many shards.

    Keys lie in shards by hash, some `size / shards` of a draw in each: more than so many of them in one
    shard are as good as impossible, unless rows are few or one shard holds most of them.
    """
    return min(size, 16 + 4 * -(-size // shards))


class Draw:
    """The `size` values whose keys have the smallest hashes, of any number that is offered."""

    def __init__(self, size: int, salt: str) -> None:
        self.size = size
        self.salt = salt
        # A heap, largest hash first; the number keeps values from being compared.
        self._kept: list[tuple[int, str, int, Any]] = []
        self._offered = 0

    def takes(self, key: str) -> bool:
        """Whether a value with this key would be kept now."""
        return len(self._kept) < self.size or -seed(self.salt, key) > self._kept[0][0]

    def offer(self, key: str, value: Any) -> None:
        """Keep a value if its key is drawn; a key is offered once."""
        if not self.size or not self.takes(key):
            return
        self._offered += 1
        heapq.heappush(self._kept, (-seed(self.salt, key), key, self._offered, value))
        if len(self._kept) > self.size:
            heapq.heappop(self._kept)

    @property
    def values(self) -> list[Any]:
        """The drawn values in the order of their keys."""
        return [value for _, value in self.pairs()]

    def pairs(self) -> list[list[Any]]:
        """Keys and values in the order of the keys, for JSON."""
        return [[key, value] for _, key, _, value in sorted(self._kept, key=lambda kept: kept[1])]

    def add(self, pairs: Iterable[Sequence[Any]]) -> None:
        """Offer what `pairs` gave of another part."""
        for key, value in pairs:
            self.offer(key, value)
