"""The ladder's search and the choice of rungs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from motion.events import Event
from motion.facts import Facts
from schemas.rows import MotionRef
from transforms.ladder import Rung, choose
from transforms.measure import IndexRecord
from transforms.search import LEVELS, Pick, search
from transforms.words import SIZE, word_vector

EVENTS = (Event("walk", 0, 40, direction="forward", count=4, amount=2.0),)


def record(number: int, clip: int, vector: np.ndarray) -> IndexRecord:
    return IndexRecord(
        f"g{number:04d}", number % 3, f"{clip:06d}", 0, 60, "a person walks", vector.tobytes(), b""
    )


def records(count: int, seed: int, goals_a_clip: int = 2) -> list[IndexRecord]:
    random = np.random.default_rng(seed)
    vectors = random.integers(-127, 128, (count, 40)).astype(np.int8)
    return [record(n, n // goals_a_clip, vectors[n // goals_a_clip]) for n in range(count)]


def found(of: list[IndexRecord]) -> dict[str, list[Pick]]:
    picks: dict[str, list[Pick]] = {}
    for _, pick in search(of):
        picks.setdefault(pick.goal_id, []).append(pick)
    return picks


@given(st.integers(0, 60), st.integers(0, 99), st.randoms(use_true_random=False))
def test_the_order_of_the_records_does_not_matter(count: int, seed: int, random: object) -> None:
    goals = records(count, seed)
    shuffled = list(goals)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert found(goals) == found(shuffled)


@given(st.integers(4, 60), st.integers(0, 99))
def test_a_goals_own_clip_is_never_picked_and_no_clip_twice(count: int, seed: int) -> None:
    goals = {goal.goal_id: goal for goal in records(count, seed)}
    for goal_id, picks in found(list(goals.values())).items():
        clips = [pick.source.motion_id for pick in picks]
        assert goals[goal_id].motion_id not in clips
        assert len(set(clips)) == len(clips)


@given(st.integers(30, 80), st.integers(0, 99))
def test_picks_go_from_the_nearest_to_far_ones(count: int, seed: int) -> None:
    goals = records(count, seed, goals_a_clip=1)
    vectors = {g.goal_id: np.frombuffer(g.vector, np.int8).astype(int) for g in goals}
    for goal_id, picks in found(goals).items():
        likeness = [int(vectors[goal_id] @ vectors[pick.source.goal_id]) for pick in picks]
        others = [int(vectors[goal_id] @ vectors[g.goal_id]) for g in goals if g.goal_id != goal_id]
        assert likeness == sorted(likeness, reverse=True)
        assert likeness[0] == max(others)
        assert len(picks) == len(LEVELS)


def test_picks_are_addressed_to_the_goals_shard() -> None:
    goals = {goal.goal_id: goal for goal in records(20, 0)}
    for shard, pick in search(goals.values()):
        assert shard == goals[pick.goal_id].shard


def test_a_lonely_clip_is_offered_nothing() -> None:
    assert found(records(2, 0)) == {}
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
