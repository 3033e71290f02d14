"""Packing: examples of several lengths into rows of one length."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence


def pack(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Indices of examples by row: best fit, longest first; each row holds at most `capacity` tokens.

    Best fit decreasing takes at most 11/9 of the fewest rows possible (Johnson 1973). ValueError for an
    example longer than a row.
    """
    rows: list[list[int]] = []
    room: list[tuple[int, int]] = []  # tokens left, row; sorted
    for index in sorted(range(len(lengths)), key=lambda one: (-lengths[one], one)):
        length = lengths[index]
        if length > capacity:
            raise ValueError(f"an example of {length} tokens does not fit into a row of {capacity}")
        place = bisect_left(room, (length, -1))
        if place == len(room):
            rows.append([index])
            insort(room, (capacity - length, len(rows) - 1))
        else:
            left, row = room.pop(place)
            rows[row].append(index)
            insort(room, (left - length, row))
    return rows
