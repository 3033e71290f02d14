"""Spans of frames and cycles in signals: the small tools that every detector uses."""

from __future__ import annotations

from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

Span = tuple[int, int]  # frames [start, end)
Float = NDArray[np.float64]


def spans(mask: NDArray[np.bool_], gap: float = 0, least: float = 0) -> list[Span]:
    """Spans in which the mask holds, those nearer than `gap` frames joined, shorter ones left out."""
    if not mask.any():
        return []
    edges = (np.flatnonzero(mask[1:] != mask[:-1]) + 1).tolist()
    edges = ([0] if mask[0] else []) + edges + ([len(mask)] if mask[-1] else [])
    found: list[list[int]] = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if found and start - found[-1][1] <= gap:
            found[-1][1] = end
        else:
            found.append([start, end])
    return [(start, end) for start, end in found if end - start >= least]


def grown(mask: NDArray[np.bool_], wide: NDArray[np.bool_], gap: float = 0, least: float = 0) -> list[Span]:
    """Spans of `wide` that hold a frame of `mask` (hysteresis)."""
    if not mask.any():
        return []
    return [(start, end) for start, end in spans(wide | mask, gap, least) if mask[start:end].any()]


def swings(values: Float, size: float, shortest: float = 0) -> list[int]:
    """Frames of the alternating extremes of a signal, each at least `size` from the one before.

    Extremes closer than `shortest` frames to their like are one.
    """
    if len(values) < 3 or np.ptp(values) < size:
        return []
    distance = max(1, int(shortest))
    high, _ = find_peaks(values, prominence=size, distance=distance)
    low, _ = find_peaks(-values, prominence=size, distance=distance)
    marks = sorted([(int(t), 1) for t in high] + [(int(t), -1) for t in low])
    kept: list[tuple[int, int]] = []
    for time, sign in marks:
        if kept and kept[-1][1] == sign:
            if sign * values[time] > sign * values[kept[-1][0]]:
                kept[-1] = (time, sign)
        else:
            kept.append((time, sign))
    return [time for time, _ in kept]


def peaks(values: Float, times: list[int]) -> int:
    """How many of alternating extremes are maxima."""
    if len(times) < 2:
        return len(times)
    rises = values[times[1]] > values[times[0]]
    return len(times) // 2 if rises else (len(times) + 1) // 2


def settled(codes: NDArray[np.int64], least: float) -> list[tuple[int, int, int]]:
    """Pieces (start, end, code) of a sequence of codes; short ones join the longer neighbour."""
    edges = np.flatnonzero(np.diff(codes)) + 1
    bounds = [0, *edges.tolist(), len(codes)]
    pieces = [[a, b, int(codes[a])] for a, b in pairwise(bounds)]
    while len(pieces) > 1:
        shortest = min(range(len(pieces)), key=lambda i: pieces[i][1] - pieces[i][0])
        if pieces[shortest][1] - pieces[shortest][0] >= least:
            break
        _join(pieces, shortest)
    return [(a, b, code) for a, b, code in pieces]


def _join(pieces: list[list[int]], index: int) -> None:
    """Gives the piece to its longer neighbour and melts equal neighbours."""
    before = pieces[index - 1] if index else None
    after = pieces[index + 1] if index + 1 < len(pieces) else None
    longer = before
    if before is None or (after is not None and after[1] - after[0] > before[1] - before[0]):
        longer = after
    assert longer is not None
    pieces[index][2] = longer[2]
    melted: list[list[int]] = []
    for piece in pieces:
        if melted and melted[-1][2] == piece[2]:
            melted[-1][1] = piece[1]
        else:
            melted.append(piece)
    pieces[:] = melted


def median(values: NDArray[np.floating] | NDArray[np.integer]) -> float:
    """Upper median; many times as fast as numpy's on the few frames of a clip."""
    half = len(values) // 2
    return float(np.partition(values, half)[half])


def quantile(values: NDArray[np.floating], share: float) -> float:
    """The value that the given share of the values does not exceed."""
    place = int(share * (len(values) - 1))
    return float(np.partition(values, place)[place])


class Timed(Protocol):
    """Anything that lasts from a frame to before another."""

    @property
    def start(self) -> int:
        """First frame."""

    @property
    def end(self) -> int:
        """Frame after the last."""


def shares(event: Timed, *others: Timed) -> bool:
    """Whether others take so much of an event's time that it is a part of what they are."""
    frames = sum(overlap((event.start, event.end), (e.start, e.end)) for e in others)
    return frames >= 0.4 * (event.end - event.start)


def overlap(a: Span, b: Span) -> int:
    """Frames that two spans share."""
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))
