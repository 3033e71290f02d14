"""Near-duplicates and mirror images among the clips of all shards: sketches in bands, pairs, findings.

A clip sends its sketch, 44 bytes, to each of its bands. What lies near by its sketch in a band becomes a
pair; only for pairs do signatures travel, one of the two, to the shard of the other. Whatever the corpus, no
group that is held has more than `GROUP` members: a larger band is cut along what copies have in common.
"""

from __future__ import annotations

import zlib
from base64 import b64decode
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motion.seeds import seed
from motion.signature import (
    NEAR,
    SIZE,
    Bytes,
    Signature,
    distance,
    levels,
    may_overlap,
    mirrored_sketches,
    sketched,
)
from schemas.compact import pack, unpack
from transforms.lots import Row, rows_of
from transforms.step import base_id

GROUP = 512  # members of a band that are held, and all compared with each other
_PART = GROUP // 2  # of a larger band; a part sees a margin of the next one
_MARGIN = 8  # units by which the levels of copies may differ
# Metres between the sketches of copies: more than between the clips, for those may begin apart.
SKETCHED = 0.07
_NEAREST = 3  # pairs that a clip may begin in a group, of each kind: bounded however alike clips are

Found = tuple[str, str, str]  # kind, subject, what it was found with


@dataclass(frozen=True)
class Member:
    """A clip in a band."""

    shard: int
    id: str
    split: str
    samples: int
    content: bytes  # begin of the hash of its features
    sketch: bytes


@dataclass(frozen=True)
class Pair:
    """Clips that their sketches say may be alike: the first one's shard is asked."""

    one: str
    other: str
    shard: int  # of the other
    mirrored: bool  # one of them is seen in the mirror


@dataclass(frozen=True)
class Shown:
    """A pair whose first signature is on its way to the second one's shard."""

    one: str
    split: str
    samples: bytes  # of `packed`
    other: str
    mirrored: bool


def members(keys: Mapping[str, Any], index: int) -> Iterator[Row]:
    """The moving clips of a shard, under each of their bands."""
    for motion_id, split, _, content, kept in keys["clips"]:
        if not kept:
            continue
        shown = _signature(kept)
        sketch = shown.sketch().tobytes()
        begin = bytes.fromhex(content)[:6]
        member = pack(Member(index, motion_id, split, len(shown.samples), begin, sketch))
        for number, band in enumerate(shown.bands()):
            yield blake2b(f"{number} {band}".encode(), digest_size=6).digest(), member


def pairs_or_parts(packed: Iterable[bytes]) -> Iterator[tuple[int, bytes] | Row | Found]:
    """Pairs of the bands of lots, by the first one's shard; members of too large bands, by part.

    The lots are gone through three times; of a large band only the levels are held.
    """
    sizes = Counter(band for band, _ in rows_of(packed))
    small: dict[bytes, list[bytes]] = {}
    large: dict[bytes, Counter[int]] = {}
    for band, data in rows_of(packed):
        if sizes[band] > GROUP:
            large.setdefault(band, Counter())[_level(unpack(Member, data))] += 1
        elif sizes[band] > 1:
            small.setdefault(band, []).append(data)
    yield from sorted({pair for group in small.values() for pair in pairs(group)})
    cut = {band: (counts, _cuts(counts)) for band, counts in large.items()}
    if cut:
        for band, data in rows_of(packed):
            if band in cut:
                yield from _parts(band, data, *cut[band])


def pairs(packed: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Pairs that the sketches of a group let pass, by the first one's shard."""
    group = sorted({data: unpack(Member, data) for data in packed}.values(), key=lambda member: member.id)
    if len(group) < 2:
        return
    sketches = _array([member.sketch for member in group]).reshape(-1, 2 * SIZE)
    lengths = np.array([member.samples for member in group])
    numbers = {name: number for number, name in enumerate(sorted({member.split for member in group}))}
    splits = np.array([numbers[member.split] for member in group])
    contents = _codes([member.content for member in group])
    homes = _codes([base_id(member.id).encode("utf-8", "surrogatepass") for member in group])
    comparable = may_overlap(lengths[:, None], lengths) & (contents[:, None] != contents)
    same_split = splits[:, None] == splits
    for mirrored in (False, True):
        apart = sketched(sketches, mirrored_sketches(sketches) if mirrored else sketches)
        allowed = comparable & (apart <= SKETCHED)
        if mirrored:  # twins are each other's mirror images
            allowed &= ~((homes[:, None] == homes) & same_split)
        chosen = _nearest(apart, allowed & same_split) | _nearest(apart, allowed & ~same_split)
        for first, second in np.argwhere(np.triu(chosen | chosen.T, 1)).tolist():
            one, other = group[first], group[second]
            yield one.shard, pack(Pair(one.id, other.id, other.shard, mirrored))


def _nearest(apart: NDArray[np.float64], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The nearest few of those that are allowed in each row, the first ones of equals."""
    order = np.argsort(np.where(allowed, apart, np.inf), axis=1, kind="stable")[:, :_NEAREST]
    chosen = np.zeros_like(allowed)
    np.put_along_axis(chosen, order, True, axis=1)
    return chosen & allowed


def _codes(names: list[bytes]) -> NDArray[np.int64]:
    """A number for each different name."""
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names])


def _array(sketches: list[bytes]) -> Bytes:
    return np.frombuffer(b"".join(sketches), np.int8)


def _level(member: Member) -> int:
    return int(levels(_array([member.sketch])[None])[0])


def _parts(band: bytes, data: bytes, counts: Counter[int], begins: list[int]) -> Iterator[Row | Found]:
    """A member of a large band by part: parts are stretches of levels, each with a margin of the next one.

    More members of one level than a part holds are dealt to parts by their ids, and not compared from one of
    these to another: that is told of each of them.
    """
    member = unpack(Member, data)
    level = _level(member)
    part = bisect_right(begins, level) - 1
    crowd = counts[level] if counts[level] > _PART else 0
    lot = seed("part", member.id) % (2 * crowd // _PART) if crowd else 0
    yield _part_key(band, part, lot), data
    near_begin = part > 0 and level - begins[part] < _MARGIN
    before = part > 0 and counts[begins[part - 1]] > _PART  # full: it takes no others
    if near_begin and not crowd and not before:
        yield _part_key(band, part - 1, 0), data
    reaches_beyond = near_begin and part > 1 and level - begins[part - 1] < _MARGIN
    if crowd or (near_begin and before) or reaches_beyond:
        yield "uncompared", member.id, f"one of {sum(counts.values())} clips in a band"


def _part_key(band: bytes, part: int, lot: int) -> bytes:
    return b"%b %d %d" % (band, part, lot)


def _cuts(counts: Mapping[int, int]) -> list[int]:
    """The first level of each part: parts of at most `_PART` members, or of one level that has more."""
    begins: list[int] = []
    size = _PART + 1
    for level in sorted(counts):
        if size + counts[level] > _PART:
            begins.append(level)
            size = 0
        size += counts[level]
    return begins


def asked(packed: Iterable[bytes], keys: Mapping[str, Any]) -> Iterator[tuple[int, bytes]]:
    """A shard's part in pairs: the first clip's signature, by the shard of the second."""
    clips = {clip[0]: clip for clip in keys.get("clips", ())}
    for data in sorted(set(packed)):
        pair = unpack(Pair, data)
        if pair.one in clips:
            _, split, _, _, kept = clips[pair.one]
            shown = Shown(pair.one, split, _pressed(_signature(kept)), pair.other, pair.mirrored)
            yield pair.shard, pack(shown)


def confirmed(packed: Iterable[bytes], keys: Mapping[str, Any]) -> Iterator[Found]:
    """What the distance says of pairs whose second clip is of this shard: a finding for either clip."""
    clips = {clip[0]: clip for clip in keys.get("clips", ())}
    for data in packed:
        pair = unpack(Shown, data)
        if pair.other not in clips:
            continue
        _, split, _, _, kept = clips[pair.other]
        one, other = _unpressed(pair.samples), _signature(kept)
        apart = distance(one.mirrored() if pair.mirrored else one, other)
        if apart > NEAR:
            continue
        across = pair.split != split
        kind = ("mirrored" if pair.mirrored else "near") + ("_across_splits" if across else "")
        both = (pair.one, pair.split), (pair.other, split)
        for (name, its), (twin, others) in (both, both[::-1]):
            where = f"{its}, {others}; " if across else ""
            yield kind, name, f"{twin} ({where}{apart * 100:.1f} cm)"


def _signature(kept: str) -> Signature:
    """The signature that a profile keeps."""
    return Signature(np.frombuffer(b64decode(kept), np.int8).reshape(-1, SIZE))


def _pressed(shown: Signature) -> bytes:
    """A signature as it travels: each column's changes, which are small."""
    changes = np.diff(shown.samples, axis=0, prepend=np.zeros((1, SIZE), np.int8))  # modulo 256
    return zlib.compress(np.ascontiguousarray(changes.T).tobytes(), 9, wbits=-15)


def _unpressed(data: bytes) -> Signature:
    changes = np.frombuffer(zlib.decompress(data, wbits=-15), np.int8).reshape(SIZE, -1).T
    return Signature(np.cumsum(changes, axis=0, dtype=np.int8))
