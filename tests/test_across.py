"""What shards show together: found whatever the order, and held in groups that no corpus makes large."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motion.seeds import generator
from motion.signature import SIZE, Signature, levels, mirrored_sketches, sketched
from schemas.compact import pack, unpack
from schemas.profile import EXAMPLES
from transforms import alike
from transforms.across import Named, equals
from transforms.alike import Found, Member, Pair, pairs, pairs_or_parts
from transforms.lots import Lot, Row, lots, rows_of

splits = st.sampled_from(["train", "val", "test"])


def shown(seed: int, count: int = 20) -> Signature:
    walk = generator("clip", seed).normal(0, 3, (count, SIZE)).cumsum(axis=0)
    return Signature(np.clip(np.rint(walk), -127, 127).astype(np.int8))


def member(name: str, of: Signature, split: str = "train", content: bytes = b"") -> bytes:
    sketch = of.sketch().tobytes()
    return pack(Member(0, name, split, len(of.samples), content or name.encode(), sketch))


def crowd(count: int, spread: float) -> list[bytes]:
    """So many variants of one clip, which lie so many units about it."""
    samples = shown(0).samples.astype(int)
    return [
        member(f"{n:05d}", Signature(np.clip(samples + shift, -127, 127).astype(np.int8)))
        for n, shift in enumerate(np.rint(generator("crowd", spread).normal(0, spread, count)).astype(int))
    ]


def looked(band: Iterable[bytes]) -> tuple[set[Pair], dict[bytes, list[bytes]], set[Found]]:
    """All pairs of a band, the parts that it was cut into, and what was told of it."""
    found, parts, told = set(), defaultdict(list), set()
    for one in pairs_or_parts([pack(Lot(tuple((b"band", one) for one in band)))]):
        if len(one) == 3:
            told.add(one)
        elif isinstance(one[0], bytes):
            parts[one[0]].append(one[1])
        else:
            found.add(unpack(Pair, one[1]))
    for part in parts.values():
        found |= {unpack(Pair, data) for _, data in pairs(part)}
    return found, parts, told


@given(st.integers(0, 500), st.integers(0, 500))
def test_sketches_of_clips_that_begin_together_are_no_farther_apart_than_the_clips(a: int, b: int) -> None:
    one, other = shown(a), shown(b)
    apart = np.sqrt(np.square(one.samples.astype(float) - other.samples).sum() / 20 / 8) * 0.02
    rounding = np.sqrt(2 * SIZE / 8) * 0.02
    assert sketched(one.sketch()[None], other.sketch()[None])[0, 0] <= apart + rounding


@given(st.integers(0, 500))
def test_a_mirror_changes_neither_bands_nor_level(seed: int) -> None:
    clip = shown(seed)
    assert clip.bands() == clip.mirrored().bands()
    assert (mirrored_sketches(clip.sketch()[None])[0] == clip.mirrored().sketch()).all()
    assert levels(clip.sketch()[None]) == levels(clip.mirrored().sketch()[None])


@given(st.integers(0, 99), st.integers(3, 30))
def test_a_signature_travels_unchanged(seed: int, count: int) -> None:
    samples = generator("any", seed).integers(-128, 128, (count, SIZE)).astype(np.int8)
    assert (alike._unpressed(alike._pressed(Signature(samples))).samples == samples).all()


def test_only_clips_that_may_be_alike_become_pairs() -> None:
    own, far = shown(1), shown(2)
    band = [
        member("a", own),
        member("b", own, "test"),
        member("c", own, content=b"a"),  # the same to the bit as a: told as a copy
        member("d", own.mirrored()),
        member("Mb", own.mirrored(), "test"),  # b's twin
        member("e", far),
        member("f", Signature(np.repeat(own.samples, 2, axis=0))),  # twice as long
    ]
    found, _, _ = looked(band)
    assert {(pair.one, pair.other, pair.mirrored) for pair in found} == {
        ("a", "b", False),
        ("b", "c", False),
        ("Mb", "d", False),
        ("Mb", "a", True),
        ("Mb", "c", True),
        ("a", "d", True),
        ("b", "d", True),
        ("c", "d", True),
    }


def test_a_clip_begins_few_pairs_however_alike_a_group_is() -> None:
    found, parts, _ = looked(crowd(alike.GROUP, 0.5))
    assert not parts
    begun = 4 * alike._NEAREST  # of its split and of others, seen in the mirror and not
    assert len(found) <= begun * alike.GROUP


@pytest.mark.parametrize("spread", [20.0, 2.0, 0.0])
def test_parts_of_a_large_band_are_bounded_and_what_they_part_is_told(spread: float) -> None:
    band = crowd(6 * alike.GROUP, spread)
    _, parts, told = looked(band)
    assert max(map(len, parts.values())) <= alike.GROUP
    assert {unpack(Member, data).id for part in parts.values() for data in part} == {
        unpack(Member, data).id for data in band
    }
    assert bool(told) == (spread < 20)
    random.Random(0).shuffle(band)
    _, again, told_again = looked(band)
    assert told_again == told
    assert {key: sorted(part) for key, part in again.items()} == {
        key: sorted(part) for key, part in parts.items()
    }


def test_copies_are_found_in_a_large_band() -> None:
    names = [f"s{n:05d}" for n in range(3 * alike.GROUP)]
    clips = {name: shown(number) for number, name in enumerate(names)}
    copies = {f"copy {name}": clips[name] for name in names[::20]}
    found, parts, _ = looked([member(name, clip) for name, clip in {**clips, **copies}.items()])
    assert parts
    paired = {(pair.one, pair.other) for pair in found if not pair.mirrored}
    assert {(name, name.removeprefix("copy ")) for name in copies} <= paired


@given(st.lists(st.tuples(st.integers(0, 60), splits), max_size=80), st.randoms(use_true_random=False))
def test_equal_ones_are_counted_whatever_comes_first(
    named: list[tuple[int, str]], cut: random.Random
) -> None:
    given_ones = [pack(Named(f"{number:03d}", split)) for number, split in dict(named).items()]
    cut.shuffle(given_ones)
    half = len(given_ones) // 2
    travelling = [
        pack(Lot(tuple((b"c1", one) for one in some))) for some in (given_ones[:half], given_ones[half:])
    ]
    totals = dict(equals(travelling))
    members = sorted((one.id, one.split) for one in (unpack(Named, data) for data in given_ones))
    if len(members) < 2:
        assert totals == {}
        return
    count, examples = totals["copies"]
    assert count == len(members) - 1
    assert examples == [(name, members[0][0]) for name, _ in members[1 : EXAMPLES + 1]]
    across = totals.get("copies_across_splits", (0, []))
    split_of = dict(members)
    assert across[0] == (len(members) if len(set(split_of.values())) > 1 else 0)
    for name, other in across[1]:
        assert split_of[name] != split_of[other.split()[0]]


@given(st.lists(st.tuples(st.binary(min_size=6, max_size=12), st.binary()), max_size=60), st.integers(1, 99))
def test_rows_of_one_key_travel_in_one_lot_from_whatever_shard(rows: list[Row], shards: int) -> None:
    half = len(rows) // 2
    travelling = [*lots(rows[:half], shards, 300), *lots(rows[half:], shards, 300)]
    assert sorted(row for _, data in travelling for row in rows_of([data])) == sorted(rows)
    lot_of: dict[bytes, int] = {}
    for number, data in travelling:
        for key, _ in rows_of([data]):
            assert lot_of.setdefault(key, number) == number
