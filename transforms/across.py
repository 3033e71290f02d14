"""What one shard cannot tell: copies of clips in other splits, and references to clips of other shards.

Records are grouped by what copies share (a hash, a band of a signature, the shard of a clip). A group is
looked through once, in an order of its own, so that neither workers nor their number change what is found.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from motion.signature import NEAR, SIGNATURE_VERSION, SIZE, Signature, distance
from schemas.corpus import Corpus
from schemas.fingerprint import fingerprint
from schemas.profile import EXAMPLES, KEYS, PROFILE, across_path, profile_path, write_values
from schemas.storage import read_json
from transforms.step import base_id, digests

VERSION = 2
FINDINGS = (
    "copies_across_splits",  # clips with the same features in two splits
    "copies",  # within a split
    "near_across_splits",
    "near",
    "mirrored_across_splits",
    "mirrored",  # of clips that are not each other's twins
    "pairs_across_splits",  # goals with the same caption and frames
    "pairs",
    "unresolved",  # references to frames that there are not
    "other_split",  # references to a clip of another split
)
# In a group of alike clips each is compared with so many neighbours: bounded work, however alike they are.
_NEIGHBOURS = 24


@dataclass(frozen=True)
class Member:
    """One record of a group: a clip, a goal or a reference."""

    id: str
    split: str
    mirrored: bool = False
    samples: bytes = b""
    frames: int = -1  # of a clip; -1 for a reference
    end: int = 0
    row: str = ""  # that makes the reference

    @property
    def order(self) -> tuple[str, bool, str, int]:
        """What members of a group are sorted by."""
        return self.id, self.mirrored, self.row, self.end


@dataclass(frozen=True)
class Finding:
    """Something about one clip, goal or row; `other` is what it was found with."""

    kind: str
    id: str
    other: str


def records(keys: Mapping[str, Any], index: int) -> Iterator[tuple[str, Member]]:
    """The members of a shard's clips, goals and references, by group."""
    for motion_id, split, frames, content, packed in keys["clips"]:
        yield f"clip {content}", Member(motion_id, split)
        yield f"home {index}", Member(motion_id, split, frames=frames)
        if packed:
            shown = _signature(b64decode(packed))
            for mirrored, seen in ((False, shown), (True, shown.mirrored())):
                member = Member(motion_id, split, mirrored, seen.samples.tobytes())
                for number, band in enumerate(seen.bands()):
                    yield f"band {number} {band}", member
    for content, goal_id, split in keys["pairs"]:
        yield f"pair {content}", Member(goal_id, split)
    for home, motion_id, split, end, row in keys["references"]:
        yield f"home {home}", Member(motion_id, split, end=end, row=row)


def look(group: str, members: Iterable[Member]) -> Iterator[Finding]:
    """What a group shows, each finding once a subject."""
    kind = group.split(" ", 1)[0]
    ordered = sorted(dict.fromkeys(members), key=lambda member: member.order)  # doubled ones once
    if kind == "home":
        yield from _unresolved(ordered)
    elif kind == "band":
        yield from _near(ordered)
    elif len(ordered) > 1:
        yield from _same({"clip": "copies", "pair": "pairs"}[kind], ordered)


def _same(kind: str, members: list[Member]) -> Iterator[Finding]:
    """Members of a group of equal content: each but the first of its split, and all of another split."""
    first = members[0]
    elsewhere = next((one for one in members if one.split != first.split), None)
    for member in members[1:]:
        yield Finding(kind, member.id, first.id)
    if elsewhere is None:
        return
    for member in members:
        other = elsewhere if member.split == first.split else first
        yield Finding(f"{kind}_across_splits", member.id, f"{other.id} ({member.split}, {other.split})")


def _unresolved(members: list[Member]) -> Iterator[Finding]:
    clips = {member.id: member for member in members if member.frames >= 0}
    for member in members:
        if member.frames >= 0:
            continue
        clip = clips.get(member.id)
        if clip is None or member.end > clip.frames:
            there = f"{clip.frames} frames" if clip else "no such clip"
            yield Finding("unresolved", member.row, f"{member.id} to frame {member.end}: {there}")
        elif member.split and clip.split != member.split:
            yield Finding("other_split", member.row, f"{member.id} ({clip.split}, not {member.split})")


def _near(members: list[Member]) -> Iterator[Finding]:
    """Pairs that a distance confirms: neighbours in the order of their heights, which copies share."""
    if len(members) < 2:
        return
    shown = {member.order: _signature(member.samples) for member in members}
    ways = {key: _place(seen) for key, seen in shown.items()}
    ordered = sorted(members, key=lambda member: (ways[member.order], member.order))
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 : place + 1 + _NEIGHBOURS]:
            if one.id == other.id or (one.mirrored and other.mirrored):
                continue
            mirrored = one.mirrored or other.mirrored
            if mirrored and base_id(one.id) == base_id(other.id) and one.split == other.split:
                continue  # twins are each other's mirror images
            apart = distance(shown[one.order], shown[other.order])
            if apart <= NEAR:
                yield from _alike("mirrored" if mirrored else "near", one, other, apart)


def _alike(kind: str, one: Member, other: Member, apart: float) -> Iterator[Finding]:
    kind += "_across_splits" if one.split != other.split else ""
    for member, twin in ((one, other), (other, one)):
        where = f"{member.split}, {twin.split}; " if member.split != twin.split else ""
        yield Finding(kind, member.id, f"{twin.id} ({where}{apart * 100:.1f} cm)")


def _place(shown: Signature) -> float:
    return float(shown.samples[:, : SIZE - 3].astype(np.int64).sum() / len(shown.samples))


def _signature(samples: bytes) -> Signature:
    return Signature(np.frombuffer(samples, np.int8).reshape(-1, SIZE))


Total = tuple[int, list[tuple[str, str]]]  # subjects, and the first few with what they were found with


def subject(finding: Finding) -> tuple[tuple[str, str], str]:
    """A finding by its kind and subject, who may be found more than once."""
    return (finding.kind, finding.id), finding.other


def counted(found: tuple[tuple[str, str], Iterable[str]]) -> tuple[str, Total]:
    """One subject of a kind, with the first of what it was found with."""
    (kind, subject_id), others = found
    return kind, (1, [(subject_id, min(others))])


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
    made = [digest for index in range(corpus.shards) for digest in digests(corpus, index, [PROFILE])]
    return fingerprint("across", VERSION, SIGNATURE_VERSION, made)


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
    """What a shard is compared by."""
    keys: Mapping[str, Any] = read_json(profile_path(corpus, KEYS, index))
    return keys


def compare_shards(corpus: Corpus) -> None:
    """Compare all shards in this process, as the engine does with many, and write down what was found."""
    groups: dict[str, list[Member]] = {}
    for index in range(corpus.shards):
        for group, member in records(read_keys(corpus, index), index):
            groups.setdefault(group, []).append(member)
    subjects: dict[tuple[str, str], list[str]] = {}
    for group, members in groups.items():
        for finding in look(group, members):
            key, other = subject(finding)
            subjects.setdefault(key, []).append(other)
    totals: dict[str, list[Total]] = {}
    for found in subjects.items():
        kind, total = counted(found)
        totals.setdefault(kind, []).append(total)
    write_across(corpus, [(kind, added(held)) for kind, held in totals.items()])
