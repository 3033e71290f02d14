"""The ladder's search and the choice of rungs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_corpus import blank

from motion.events import ACTIONS, DIRECTIONS, Event
from motion.facts import Extremes, Facts, Summary
from schemas.compact import pack
from schemas.config import BuildConfig
from schemas.corpus import Corpus
from schemas.rows import MotionRef
from transforms import ladder as laddering
from transforms import search as searching
from transforms.exchange import (
    Entry,
    Pick,
    Wording,
    entry_bytes,
    entry_of,
    picks_bytes,
    picks_of,
    remove_offers,
    write_offer,
)
from transforms.ladder import Rung, choose, ladder_fingerprint
from transforms.search import LEVELS, Pool, goal_vectors, search
from transforms.words import SIZE, word_vector

WORDS = "walks runs jumps waves kicks turns bows sits kneels throws claps slowly quickly left right".split()


def some_facts(random: np.random.Generator) -> bytes:
    names = random.choice(list(ACTIONS), 4)
    events = tuple(
        Event(str(name), 10 * n, 10 * n + 9, direction=str(random.choice(DIRECTIONS)), amount=random.random())
        for n, name in enumerate(names)
    )
    return pack(Facts(60, 20.0, Summary(**blank(Summary)), Extremes(**blank(Extremes)), events))


def entries(count: int, seed: int, goals_a_clip: int = 2) -> list[Entry]:
    """Clips with so many goals each about the same frames."""
    random = np.random.default_rng(seed)
    found = []
    for clip in range(count):
        captions = [" ".join(random.choice(WORDS, 3)) for _ in range(goals_a_clip)]
        goals = tuple(Wording(f"g{clip:04d}-{n}", caption) for n, caption in enumerate(captions))
        found.append(Entry(clip % 3, f"{clip:06d}", 0, 60, some_facts(random), goals))
    return found


def found(of: list[Entry]) -> dict[str, list[Pick]]:
    picks: dict[str, list[Pick]] = {}
    for _, some in search(of):
        for pick in some:
            picks.setdefault(pick.goal_id, []).append(pick)
    return picks


@settings(max_examples=25)
@given(st.integers(0, 40), st.integers(0, 99), st.randoms(use_true_random=False))
def test_the_order_of_the_entries_does_not_matter(count: int, seed: int, random: object) -> None:
    given_ones = entries(count, seed)
    shuffled = list(given_ones)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert found(given_ones) == found(shuffled)


@settings(max_examples=25)
@given(st.integers(4, 40), st.integers(0, 99))
def test_a_goals_own_clip_is_never_picked_and_no_clip_twice(count: int, seed: int) -> None:
    clip_of = {goal.goal_id: entry.motion_id for entry in entries(count, seed) for goal in entry.goals}
    for goal_id, picks in found(entries(count, seed)).items():
        clips = [pick.source.motion_id for pick in picks]
        assert clip_of[goal_id] not in clips
        assert len(set(clips)) == len(clips)


@settings(max_examples=25)
@given(st.integers(30, 60), st.integers(0, 99))
def test_picks_go_from_the_nearest_to_far_ones(count: int, seed: int) -> None:
    vectors = {
        entry.goals[0].goal_id: goal_vectors(entry)[0].astype(int) for entry in entries(count, seed, 1)
    }
    for goal_id, picks in found(entries(count, seed, 1)).items():
        likeness = [int(vectors[goal_id] @ vectors[pick.source.goal_id]) for pick in picks]
        assert likeness == sorted(likeness, reverse=True)
        assert likeness[0] == max(int(vectors[goal_id] @ vectors[o]) for o in vectors if o != goal_id)
        assert len(picks) == len(LEVELS)


def test_picks_are_addressed_to_the_goals_shard() -> None:
    shards = {goal.goal_id: entry.shard for entry in entries(20, 0) for goal in entry.goals}
    for shard, picks in search(entries(20, 0)):
        assert {shards[pick.goal_id] for pick in picks} == {shard}


def test_goals_that_are_not_offered_ask_and_are_never_picked() -> None:
    some = [dataclasses.replace(entry, offered=n % 2 == 0) for n, entry in enumerate(entries(40, 1))]
    hidden = {entry.motion_id for entry in some if not entry.offered}
    picks = found(some)
    assert set(picks) == {goal.goal_id for entry in some for goal in entry.goals}
    assert not {pick.source.motion_id for offered in picks.values() for pick in offered} & hidden


def test_a_bucket_holds_no_more_than_it_may_and_offers_the_same_in_any_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(searching, "OFFERED", 16)
    some = entries(200, 2)
    picks = found(some)
    assert len({pick.source for offered in picks.values() for pick in offered}) <= 16
    assert len(picks) == 400
    assert picks == found(some[::-1])


def test_what_crosses_workers_arrives_as_it_was(tmp_path: Path) -> None:
    corpus, some = Corpus(tmp_path, 3), entries(30, 3)
    assert [entry_of(entry_bytes(entry)) for entry in some] == some
    pool = Pool(some)
    places = {source: place for place, source in enumerate(pool.sources)}
    found = [pick for _, picks in search(some) for pick in picks]
    for _ in range(2):  # a bundle may be done again
        offer = write_offer(corpus, "train-00000", pool.sources)
        travelled = list(picks_of(corpus, [picks_bytes(offer, places, found)]))
        assert sorted(travelled, key=order) == sorted(found, key=order)
    remove_offers(corpus)
    assert not any(tmp_path.iterdir())


def order(pick: Pick) -> tuple[str, int]:
    return pick.goal_id, pick.level


def test_a_lonely_clip_is_offered_nothing() -> None:
    assert found(entries(1, 0)) == {}
    assert found([]) == {}


@given(st.text())
def test_words_make_a_unit_vector_or_none(text: str) -> None:
    vector = word_vector(text)
    assert vector.shape == (SIZE,)
    assert np.isclose(np.linalg.norm(vector), 1) or not vector.any()


def test_endings_and_filling_words_do_not_part_captions() -> None:
    one = word_vector("a person walks forward and is waving")
    assert np.array_equal(one, word_vector("someone walked forward, then waves"))
    assert float(one @ word_vector("a man sits down")) < 0.5


def rung(name: str, score: float, origin: str = "retrieved") -> Rung:
    facts = Facts.__new__(Facts)
    return Rung(origin, MotionRef("motions", name, 0, 60), facts, (), score)


scores = st.lists(st.floats(0, 1), max_size=7)


@given(scores, scores, st.integers(1, 5), st.integers(0, 5))
def test_a_ladder_rises_and_has_the_size_asked_for_where_it_can(
    retrieved: list[float], perturbed: list[float], size: int, wanted: int
) -> None:
    wanted = min(wanted, size)
    found_rungs = [rung(f"r{n}", score) for n, score in enumerate(retrieved)]
    made = [rung(f"p{n}", score, "perturbed") for n, score in enumerate(perturbed)]
    ladder = choose(found_rungs, made, size, wanted)
    assert [r.alignment for r in ladder] == sorted(r.alignment for r in ladder)
    assert len({r.motion.id for r in ladder}) == len(ladder)
    assert len(ladder) <= size
    if len(retrieved) + len(perturbed) >= size and len(perturbed) >= wanted:
        assert len(ladder) == size
        assert sum(r.origin == "perturbed" for r in ladder) >= wanted


def test_rungs_that_stand_close_together_are_thinned_out() -> None:
    ladder = choose([rung(f"r{n}", s) for n, s in enumerate((0.1, 0.5, 0.51, 0.9))], [], 3, 0)
    assert ladder[0].alignment == 0.1
    assert ladder[-1].alignment == 0.9


def test_all_that_a_ladder_takes_of_a_source_is_in_its_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laddering, "digests", lambda *_: ["read", "measured"])

    def identity(picks: list[Pick]) -> str:
        return ladder_fingerprint(BuildConfig(), Corpus(tmp_path, 3), 0, picks)

    some = entries(9, 5)
    picks = [pick for _, found in search(some) for pick in found]
    first = picks[0].source
    others: list[dict[str, Any]] = [
        {"caption": "a person yawns"},
        {"motion_id": "999999"},
        {"start": 1},
        {"end": 59},
        {"facts": some_facts(np.random.default_rng(77))},
    ]
    seen = {identity(picks), identity(picks[::-1])}
    assert len(seen) == 1
    for change in others:
        edited = dataclasses.replace(first, **change)
        seen.add(identity([dataclasses.replace(p, source=edited) if p.source == first else p for p in picks]))
    assert len(seen) == 1 + len(others)
