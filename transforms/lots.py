"""Rows under hashed keys that travel in lots: a lot stands for some thousand keys, most of them with one row.

A runner holds more for a key than a row of ours takes. How many lots there are follows from the number of
shards, so that a lot does not grow with the corpus; a hash decides which one a key belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from schemas.compact import pack, unpack

_ROWS = 2048  # of a lot, on average

Row = tuple[bytes, bytes]  # hashed key, packed value


@dataclass(frozen=True)
class Lot:
    """A shard's rows of one lot."""

    rows: tuple[Row, ...]


def lots(rows: Iterable[Row], shards: int, rows_a_shard: int) -> Iterator[tuple[int, bytes]]:
    """A shard's rows by lot, where a corpus has so many shards of about so many rows each."""
    count = max(1, shards * rows_a_shard // _ROWS)
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(int.from_bytes(row[0][-6:], "big") % count, []).append(row)
    for number, held in sorted(found.items()):
        yield number, pack(Lot(tuple(held)))


def rows_of(packed: Iterable[bytes]) -> Iterator[Row]:
    """The rows that travelled."""
    for data in packed:
        yield from unpack(Lot, data).rows
