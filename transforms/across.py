"""What one shard cannot tell: copies of clips in other splits, and references to clips of other shards.

Equal things meet by a hash, and a few names of each split are kept; near-duplicates are found by
transforms/alike.py; references travel to the shard of their clip. Neither workers nor their number change
what is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from motion.signature import SIGNATURE_VERSION
from schemas.ahead import ahead
from schemas.compact import pack, unpack
from schemas.corpus import Corpus
from schemas.fingerprint import fingerprint
from schemas.profile import EXAMPLES, KEYS, PROFILE, across_path, profile_path, write_values
from schemas.storage import read_json
from transforms.lots import Row, rows_of
from transforms.step import digests

VERSION = 3
FINDINGS = (
    "copies_across_splits",  # clips with the same features in two splits
    "copies",  # within a split
    "near_across_splits",  # clips that are alike and no copies to the bit
    "near",
    "mirrored_across_splits",
    "mirrored",  # of clips that are not each other's twins
    "pairs_across_splits",  # goals with the same caption and frames
    "pairs",
    "unresolved",  # references to frames that there are not
    "other_split",  # references to a clip of another split
    "uncompared",  # clips so many of which are alike that each was compared with a part of them
)

Total = tuple[int, list[tuple[str, str]]]  # subjects, and the first few with what they were found with
Equals = dict[str, tuple[int, list[str]]]  # of one content: how many and the first few, by split


@dataclass(frozen=True)
class Named:
    """A clip or a goal under the hash of its content."""

    id: str
    split: str


@dataclass(frozen=True)
class Reference:
    """A row that names frames of another shard's clip."""

    motion_id: str
    split: str
    end: int
    row: str


@dataclass(frozen=True)
class References:
    """A shard's references to one other shard."""

    rows: tuple[Reference, ...]


def contents(keys: Mapping[str, Any]) -> Iterator[Row]:
    """The clips and goals of a shard, under the hash of what they hold."""
    for motion_id, split, _, content, _ in keys["clips"]:
        yield b"c" + bytes.fromhex(content), pack(Named(motion_id, split))
    for content, goal_id, split in keys["pairs"]:
        yield b"g" + bytes.fromhex(content), pack(Named(goal_id, split))


def equals(packed: Iterable[bytes]) -> Iterator[tuple[str, Total]]:
    """What the equal clips and goals of lots count for; as much is held of a million copies as of twenty."""
    held: dict[bytes, Equals] = {}
    for content, data in rows_of(packed):
        named = unpack(Named, data)
        by_split = held.setdefault(content, {})
        count, names = by_split.get(named.split, (0, []))
        by_split[named.split] = count + 1, sorted([*names, named.id])[: EXAMPLES + 1]
    for content, by_split in held.items():
        yield from _same(content, by_split)


def _same(content: bytes, equals: Equals) -> Iterator[tuple[str, Total]]:
    """Each but the first, and all of them where splits differ."""
    kind = {b"c": "copies", b"g": "pairs"}[content[:1]]
    count = sum(number for number, _ in equals.values())
    if count < 2:
        return
    firsts = sorted((names[0], split) for split, (_, names) in equals.items())
    first, *elsewhere = firsts
    named = sorted((name, split) for split, (_, names) in equals.items() for name in names)
    examples = [(name, first[0]) for name, _ in named[1 : EXAMPLES + 1]]
    yield kind, (count - 1, examples)
    if elsewhere:
        found = []
        for name, split in named[:EXAMPLES]:
            other, its = elsewhere[0] if split == first[1] else first
            found.append((name, f"{other} ({split}, {its})"))
        yield f"{kind}_across_splits", (count, found)


def references(keys: Mapping[str, Any]) -> Iterator[tuple[int, bytes]]:
    """References of a shard's rows to clips of other shards, by that shard."""
    found: dict[int, list[Reference]] = {}
    for home, *values in keys["references"]:
        found.setdefault(home, []).append(Reference(*values))
    for home, held in found.items():
        yield home, pack(References(tuple(held)))


def unresolved(packed: Iterable[bytes], keys: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with references to the clips of a shard: kind, row, why."""
    clips = {clip[0]: clip for clip in keys.get("clips", ())}
    for reference in (one for data in packed for one in unpack(References, data).rows):
        _, split, frames, *_ = clips.get(reference.motion_id, ("", "", 0))
        if reference.end > frames:
            there = f"{frames} frames" if frames else "no such clip"
            yield "unresolved", reference.row, f"{reference.motion_id} to frame {reference.end}: {there}"
        elif reference.split and split != reference.split:
            yield "other_split", reference.row, f"{reference.motion_id} ({split}, not {reference.split})"


def subject(kind: str, name: str, other: str) -> tuple[bytes, bytes]:
    """A finding by its kind and subject, who may be found more than once."""
    return f"{kind} {name}".encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass")


def counted(found: bytes, other: bytes) -> tuple[str, Total]:
    """One subject of a kind, with the first of what it was found with."""
    kind, _, name = found.decode("utf-8", "surrogatepass").partition(" ")
    return kind, (1, [(name, other.decode("utf-8", "surrogatepass"))])


def added(totals: Iterable[Total]) -> Total:
    """Totals of a kind together."""
    count, examples = 0, []
    for number, shown in totals:
        count += number
        examples += shown
        if len(examples) > 10 * EXAMPLES:
            examples = sorted(examples)[:EXAMPLES]
    return count, sorted(examples)[:EXAMPLES]


def write_across(corpus: Corpus, totals: Iterable[tuple[str, Total]]) -> None:
    """Write down what was found, for the profiles that there are now."""
    found = dict(totals)
    findings = {
        kind: {
            "count": found[kind][0] if kind in found else 0,
            "examples": [f"{name}: as {other}" for name, other in found.get(kind, (0, []))[1]],
        }
        for kind in FINDINGS
    }
    values = {
        "fingerprint": across_fingerprint(corpus),
        "digest": fingerprint(findings),
        "findings": findings,
    }
    write_values(across_path(corpus), values)


def across_fingerprint(corpus: Corpus) -> str:
    """Identity of a comparison: what every shard is compared by. FileNotFoundError names a missing one."""
    made = sha256()
    for digest in ahead(
        lambda index: digests(corpus, index, [PROFILE])[0], range(corpus.shards), corpus.root
    ):
        made.update(f"{digest}\n".encode())
    return fingerprint("across", VERSION, SIGNATURE_VERSION, made.hexdigest())


def is_compared(corpus: Corpus) -> bool:
    """Whether what was found across the shards is of the profiles that there are now, and unedited."""
    try:
        found = read_json(across_path(corpus))
    except ValueError:
        return False
    if not isinstance(found, dict) or found.get("digest") != fingerprint(found.get("findings")):
        return False
    return bool(found.get("fingerprint") == across_fingerprint(corpus))


def read_keys(corpus: Corpus, index: int) -> Mapping[str, Any]:
    """What a shard is compared by; nothing where the shard is not profiled, in a run that ends early."""
    keys: Mapping[str, Any] = read_json(profile_path(corpus, KEYS, index)) or {}
    return keys
