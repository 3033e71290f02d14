"""What the search is given of a shard, and what it gives back: all that crosses workers for ladders.

Facts travel as the bytes that `schemas.compact` makes of them, once for all goals about the same frames. They
go to the bucket in a shuffle; what the bucket offers goes to ladders by a file in the corpus, and only which
of it was picked in a shuffle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.compact import deflated, inflated, pack, unpack
from schemas.corpus import Corpus
from schemas.storage import remove_tree, write_whole

_FOLDER = "offers"


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
    """What a bucket offers."""

    sources: tuple[Source, ...]


@dataclass(frozen=True)
class _Picks:
    """Picks of goals of one shard: a goal's are place in the offer, level and alignment."""

    offer: str
    goals: tuple[tuple[str, tuple[tuple[int, int, float], ...]], ...]


def entry_bytes(entry: Entry) -> bytes:
    """An entry as it travels."""
    return deflated(pack(entry))


def entry_of(data: bytes) -> Entry:
    """The entry that travelled."""
    return unpack(Entry, inflated(data))


def write_offer(corpus: Corpus, bucket: str, sources: Sequence[Source]) -> str:
    """Write what a bucket offers, once, for all ladders that are offered some of it; returns its name.

    A bundle that is done again writes the same bytes over themselves; a job of other settings that was left
    behind has names of its own, for they tell the content. `remove_offers` ends their life.
    """
    data = deflated(pack(_Offer(tuple(sources))))
    name = f"{bucket}-{hashlib.sha256(data).hexdigest()[:12]}"
    write_whole(_path(corpus, name), data)
    return name


def remove_offers(corpus: Corpus) -> None:
    """Remove what was offered, when the ladders are built."""
    remove_tree(corpus.root / _FOLDER)


def picks_bytes(offer: str, places: Mapping[Source, int], picks: Iterable[Pick]) -> bytes:
    """Picks for goals of one shard as they travel: by the places of their sources in the bucket's offer."""
    goals: dict[str, list[tuple[int, int, float]]] = {}
    for pick in picks:
        goals.setdefault(pick.goal_id, []).append((places[pick.source], pick.level, pick.alignment))
    named = tuple((goal_id, tuple(found)) for goal_id, found in sorted(goals.items()))
    return deflated(pack(_Picks(offer, named)))


def picks_of(corpus: Corpus, packed: Iterable[bytes]) -> Iterator[Pick]:
    """The picks that travelled, with sources out of their buckets' offers. FileNotFoundError names one.

    One offer is in memory at a time: the goals of a clip with many captions lie in many buckets.
    """
    by_offer: dict[str, list[_Picks]] = {}
    for data in sorted(set(packed)):  # doubled ones once
        found = unpack(_Picks, inflated(data))
        by_offer.setdefault(found.offer, []).append(found)
    for offer, held in by_offer.items():
        sources = unpack(_Offer, inflated(_path(corpus, offer).read_bytes())).sources
        for found in held:
            for goal_id, picks in found.goals:
                for place, level, alignment in picks:
                    yield Pick(goal_id, sources[place], level, alignment)


def _path(corpus: Corpus, offer: str) -> Path:
    return corpus.root / _FOLDER / f"{offer}.bin"
