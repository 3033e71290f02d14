"""What the search is given of a shard, and what it gives back: all that crosses workers for ladders.

Facts travel as the bytes that `schemas.compact` makes of them, once for all goals about the same frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.compact import deflated, inflated, pack, unpack


@dataclass(frozen=True)
class Wording:
    """A goal about frames that others may be about, too."""

    goal_id: str
    caption: str
    vector: bytes = b""  # packed, of the caption, where an embedder aligns


@dataclass(frozen=True)
class Entry:
    """Frames of a clip with the goals about them: what the search knows."""

    shard: int
    motion_id: str
    start: int
    end: int
    facts: bytes
    goals: tuple[Wording, ...]
    offered: bool = True  # to other clips' goals
    vector: bytes = b""  # packed, of the motion, where an embedder aligns


@dataclass(frozen=True)
class Source:
    """Frames that are offered for ladders, with the first goal about them."""

    motion_id: str
    start: int
    end: int
    goal_id: str
    caption: str
    facts: bytes


@dataclass(frozen=True)
class Pick:
    """A motion of another goal, offered for a goal's ladder."""

    goal_id: str  # whose ladder
    source: Source
    level: int  # index in LEVELS, 0 nearest
    alignment: float = 0.0  # by an embedder, where one aligns: vectors stay in the search


@dataclass(frozen=True)
class _Offer:
    """Picks with each source once, however often it is picked."""

    sources: tuple[Source, ...]
    goals: tuple[tuple[str, tuple[tuple[int, int, float], ...]], ...]  # source, level, alignment


def entry_bytes(entry: Entry) -> bytes:
    """An entry as it travels."""
    return deflated(pack(entry))


def entry_of(data: bytes) -> Entry:
    """The entry that travelled."""
    return unpack(Entry, inflated(data))


def picks_bytes(picks: Iterable[Pick]) -> bytes:
    """Picks for goals of one shard as they travel."""
    places: dict[Source, int] = {}
    goals: dict[str, list[tuple[int, int, float]]] = {}
    for pick in picks:
        place = places.setdefault(pick.source, len(places))
        goals.setdefault(pick.goal_id, []).append((place, pick.level, pick.alignment))
    offer = _Offer(tuple(places), tuple((goal_id, tuple(found)) for goal_id, found in goals.items()))
    return deflated(pack(offer))


def picks_of(data: bytes) -> list[Pick]:
    """The picks that travelled."""
    offer = unpack(_Offer, inflated(data))
    return [
        Pick(goal_id, offer.sources[place], level, alignment)
        for goal_id, found in offer.goals
        for place, level, alignment in found
    ]
