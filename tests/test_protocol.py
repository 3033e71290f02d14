"""The protocol: drawn from goals, mode and seed alone, and what each mode promises of its pools."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.protocol import POOL, UNIT, EvalGoal, Protocol, draw_protocol, protocol

SEEDS = st.integers(0, 2**32 - 1)


def goals_of(clips: int, most: int = 4, seed: int = 0) -> list[EvalGoal]:
    """Goals of so many clips: each has captions of the whole and, now and then, of a part."""
    rng = np.random.default_rng(seed)
    goals = []
    for clip in range(clips):
        frames = int(rng.integers(40, 200))
        for number in range(int(rng.integers(1, most + 1))):
            start = int(rng.integers(0, frames - 39)) if rng.integers(4) == 0 else 0
            end = frames if start == 0 else int(rng.integers(start + 39, frames + 1))
            goals.append(EvalGoal(f"g-{clip:04d}-{number}", f"{clip:04d}", start, end))
    return goals


def drawn(goals: list[EvalGoal], mode: str = "full", seed: int = 0, repeats: int = 3) -> Protocol:
    return draw_protocol(
        goals, dataset="t2m", skeleton="t2m", split="test", mode=mode, seed=seed, repeats=repeats
    )


@settings(max_examples=25)
@given(order=st.randoms(), mode=st.sampled_from(["full", "published"]), seed=SEEDS)
def test_the_order_of_the_goals_does_not_count(order: Any, mode: str, seed: int) -> None:
    goals = goals_of(70, seed=seed)
    one, other = drawn(goals, mode), drawn(order.sample(goals, len(goals)), mode)
    assert one == other
    assert one.fingerprint == other.fingerprint


@pytest.mark.parametrize("mode", ["full", "published"])
def test_another_seed_or_another_goal_is_another_protocol(mode: str) -> None:
    goals = goals_of(70)
    found = [drawn(goals, mode), drawn(goals, mode, seed=1), drawn(goals, mode, repeats=4)]
    found.append(drawn([*goals, EvalGoal("g-more", "more", 0, 60)], mode))
    assert len({one.fingerprint for one in found}) == 4
    assert found[0].repeats != found[1].repeats
    assert found[0].repeats == found[2].repeats[:3], "more repeats leave the first ones as they are"
    assert len(set(found[0].repeats)) == 3


@settings(max_examples=25)
@given(
    clips=st.integers(1, 80),
    mode=st.sampled_from(["full", "published"]),
    repeats=st.integers(1, 4),
    seed=SEEDS,
)
def test_a_protocol_comes_back_from_json(clips: int, mode: str, repeats: int, seed: int) -> None:
    goals = goals_of(clips, seed=seed)
    one = drawn(goals, mode if clips >= 32 else "full", seed, repeats)
    other = protocol(json.loads(json.dumps(one.as_dict())))
    assert other == one
    assert other.fingerprint == one.fingerprint
    assert other.as_dict() == one.as_dict()
    assert set(one.goal_ids) <= {goal.goal_id for goal in goals}


@settings(max_examples=40)
@given(clips=st.integers(32, 130), most=st.integers(1, 5), seed=SEEDS)
def test_published_takes_one_caption_a_motion_and_drops_what_is_left(
    clips: int, most: int, seed: int
) -> None:
    goals = {goal.goal_id: goal for goal in goals_of(clips, most, seed)}
    motions = {goal.motion for goal in goals.values()}
    for repeat in drawn(list(goals.values()), "published", seed).repeats:
        taken = [goals[entry.goal_id].motion for entry in repeat.entries]
        assert len(set(taken)) == len(taken), "one caption a motion"
        assert 0 <= len(motions) - len(taken) < POOL
        assert sorted(row for pool in repeat.pools for row in pool.rows) == list(range(len(taken)))
        for pool in repeat.pools:
            assert pool.counted == len(pool.rows) == POOL
        for entry in repeat.entries:
            goal = goals[entry.goal_id]
            assert goal.start <= entry.start < entry.end <= goal.end
            frames, whole = entry.end - entry.start, goal.end - goal.start
            assert frames % UNIT == 0
            assert whole // UNIT - 1 <= frames // UNIT <= whole // UNIT


def test_published_draws_captions_places_and_lengths_anew_in_each_repeat() -> None:
    goals = {goal.goal_id: goal for goal in goals_of(64, most=4)}
    repeats = drawn(list(goals.values()), "published", repeats=60).repeats
    entries = [entry for repeat in repeats for entry in repeat.entries]
    whole = {goal_id: (goal.end - goal.start) // UNIT for goal_id, goal in goals.items()}
    shorter = np.mean([(e.end - e.start) // UNIT < whole[e.goal_id] for e in entries])
    assert shorter == pytest.approx(1 / 3, abs=0.03)
    assert {entry.goal_id for entry in entries} == set(goals), "every caption has its turn"
    places: dict[str, set[tuple[int, int]]] = {}
    for entry in entries:
        places.setdefault(entry.goal_id, set()).add((entry.start, entry.end))
    assert max(map(len, places.values())) > 5


@settings(max_examples=40)
@given(clips=st.integers(1, 110), most=st.integers(1, 8), seed=SEEDS)
def test_full_counts_every_goal_once_among_different_clips(clips: int, most: int, seed: int) -> None:
    goals = {goal.goal_id: goal for goal in goals_of(clips, most, seed)}
    for repeat in drawn(list(goals.values()), seed=seed, repeats=2).repeats:
        counted = Counter(
            repeat.entries[row].goal_id for pool in repeat.pools for row in pool.rows[: pool.counted]
        )
        assert counted == Counter(goals.keys())
        for pool in repeat.pools:
            names = [goals[repeat.entries[row].goal_id].motion_id for row in pool.rows]
            assert len(set(names)) == len(names), "no clip twice"
            assert len(names) == min(POOL, clips)
            assert pool.counted >= 1
        for entry in repeat.entries:
            goal = goals[entry.goal_id]
            assert entry.start == goal.start
            assert entry.end - entry.start == (goal.end - goal.start) // UNIT * UNIT


def test_full_fills_no_more_than_it_must() -> None:
    """Goals of clips with one caption each make full pools, and one that is filled up."""
    pools = drawn(goals_of(70, most=1)).repeats[0].pools
    assert sorted(pool.counted for pool in pools) == [23, 23, 24]
    assert [pool.counted for pool in drawn(goals_of(64, most=1)).repeats[0].pools] == [32, 32]


def test_a_clip_with_more_captions_than_there_are_pools_has_more_pools() -> None:
    goals = [EvalGoal(f"g-{n}", "one", 0, 60) for n in range(5)] + [EvalGoal("g-x", "two", 0, 60)]
    pools = drawn(goals).repeats[0].pools
    assert len(pools) == 5
    assert sum(pool.counted for pool in pools) == 6
    assert all(len(pool.rows) == 2 for pool in pools)


def test_full_mixes_the_pools_anew_in_each_repeat() -> None:
    for most in (1, 4):
        repeats = drawn(goals_of(96, most), repeats=4).repeats
        assert len({repeat.entries for repeat in repeats}) == 1, "whole motions, always the same"
        pools = [frozenset(pool.rows) for repeat in repeats for pool in repeat.pools]
        assert len(set(pools)) == len(pools)


@pytest.mark.parametrize(
    ("clips", "mode", "message"),
    [
        (40, "fast", "unknown mode 'fast': choose one of full, published"),
        (0, "full", "the split 'test' has no goals"),
        (0, "published", "the split 'test' has no goals"),
        (31, "published", "31 motions do not fill a pool of 32.*use mode 'full'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(clips: int, mode: str, message: str) -> None:
    goals = [EvalGoal(f"g-{n}", f"{n}", 0, 60) for n in range(clips)]
    with pytest.raises(ValueError, match=message):
        drawn(goals, mode)


Values = dict[str, Any]


def without(name: str) -> Callable[[Values], object]:
    return lambda values: values.pop(name)


def in_repeat(name: str, value: object) -> Callable[[Values], object]:
    return lambda values: values["repeats"][0].update({name: value})


def in_column(name: str, value: object) -> Callable[[Values], object]:
    def damage(values: Values) -> None:
        values["repeats"][0][name][0] = value

    return damage


def in_pool(row: object) -> Callable[[Values], object]:
    def damage(values: Values) -> None:
        values["repeats"][0]["pools"][0][5] = row

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        *map(without, ("dataset", "skeleton", "split", "mode", "seed", "goals", "repeats")),
        in_repeat("goal", [0, 1]),
        in_repeat("counted", [1]),
        in_repeat("pools", []),
        in_repeat("start", None),
        in_column("goal", 10_000),
        in_column("goal", -1),
        in_column("goal", "g"),
        in_pool(10_000),
        in_pool(-1),
        in_pool(None),
        in_column("counted", 0),
        in_column("counted", 33),
        lambda values: values.update(repeats=[]),
        lambda values: values["repeats"][0].update(pools=[], counted=[]),
        lambda values: values["repeats"].append(None),
    ],
)
def test_a_damaged_protocol_is_refused(damage: Callable[[Values], object]) -> None:
    values = json.loads(json.dumps(drawn(goals_of(40)).as_dict()))
    damage(values)
    with pytest.raises(ValueError, match=r"the protocol is damaged.*draw it again"):
        protocol(values)


@pytest.mark.parametrize("version", [0, 2, None, "1"])
def test_another_version_is_refused(version: object) -> None:
    with pytest.raises(ValueError, match=r"version.*this irmogen knows 1; draw it again"):
        protocol(drawn(goals_of(3)).as_dict() | {"version": version})
    with pytest.raises(ValueError, match="version None"):
        protocol({})
