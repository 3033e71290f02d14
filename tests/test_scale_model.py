"""The model behind `irmogen plan --scale`: it grows with the goals, shrinks with workers, adds up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.inputs import CLIPS_A_SHARD
from pipelines.scale_limits import Load, limits, reached_at
from pipelines.scale_model import Constants, Wanted, band, constants, constants_of, estimate
from schemas.tables import TABLES
from transforms.step import RECEIPTS, STEPS

KNOWN = constants()
goals = st.integers(1, 10**10)
workers = st.integers(1, 10**5)


def wanted(goals: int, workers: int = 1) -> Wanted:
    return Wanted(goals, workers, KNOWN.goals_a_clip, KNOWN.frames_a_clip, CLIPS_A_SHARD)


@given(goals, goals)
def test_more_goals_take_more(one: int, other: int) -> None:
    less, more = sorted((one, other))
    small, large = estimate(KNOWN, wanted(less)), estimate(KNOWN, wanted(more))
    assert small.bytes <= large.bytes
    assert small.files <= large.files
    assert small.work_seconds <= large.work_seconds
    assert small.seconds <= large.seconds * (1 + 1e-9)
    assert small.main_memory + small.engine_memory <= large.main_memory + large.engine_memory
    assert sum(small.shuffle_bytes.values()) <= sum(large.shuffle_bytes.values())


@given(goals, workers, workers)
def test_more_workers_never_take_longer_and_make_the_same_bytes(count: int, one: int, other: int) -> None:
    fewer, more = sorted((one, other))
    slow, fast = estimate(KNOWN, wanted(count, fewer)), estimate(KNOWN, wanted(count, more))
    assert fast.seconds <= slow.seconds
    assert (fast.bytes, fast.files, fast.work_seconds) == (slow.bytes, slow.files, slow.work_seconds)
    assert fast.seconds > fast.fixed_seconds


@given(st.integers(1, 10**6), st.integers(1, 10**3))
def test_twice_the_workers_take_half_as_long_until_a_shard_is_left_to_each(turns: int, workers: int) -> None:
    shards = 2 * workers * turns
    count = int(shards * CLIPS_A_SHARD * KNOWN.goals_a_clip)
    one = wanted(count, workers)
    if one.shards % (2 * workers):
        return  # rounding made another shard
    two = replace(one, workers=2 * workers)
    assert estimate(KNOWN, two).pipeline_seconds == pytest.approx(estimate(KNOWN, one).pipeline_seconds / 2)


@given(goals)
def test_workers_without_a_shard_do_nothing(count: int) -> None:
    shards = wanted(count).shards
    enough, many = estimate(KNOWN, wanted(count, shards)), estimate(KNOWN, wanted(count, 7 * shards))
    assert many.seconds == enough.seconds


@given(goals, workers, st.floats(0.0, 1.0))
def test_the_band_is_as_wide_as_measured_and_wider_beyond(count: int, workers: int, error: float) -> None:
    measured = wanted(max(KNOWN.measured["goals"]), KNOWN.measured["workers"])
    assert band(KNOWN, measured, error) == pytest.approx(1 + error)
    here = band(KNOWN, wanted(count, workers), error)
    assert here >= 1 + error
    assert here <= band(KNOWN, wanted(10 * count, 10 * workers), error)


def test_longer_clips_take_more_of_the_tables_that_hold_motions_only() -> None:
    usual = wanted(10_000)
    long = replace(usual, frames_a_clip=2 * usual.frames_a_clip)
    before, after = estimate(KNOWN, usual).table_bytes, estimate(KNOWN, long).table_bytes
    grown = {name for name in before if after[name] > before[name]}
    assert grown == {"motions", "perturbed"}
    assert after["motions"] == pytest.approx(2 * before["motions"])


def test_longer_clips_take_longer_in_the_steps_that_look_at_frames_only() -> None:
    usual = wanted(10_000)
    long = replace(usual, frames_a_clip=2 * usual.frames_a_clip)
    before, after = estimate(KNOWN, usual).step_seconds, estimate(KNOWN, long).step_seconds
    for step in before:
        factor = 2 if step in ("read", "measure", "ladder") else 1
        assert after[step] == pytest.approx(factor * before[step]), step


def test_factors_are_of_their_step_and_their_table() -> None:
    usual = wanted(10_000)
    more = replace(usual, step_factors={"ladder": 2.0}, table_factors={"candidates": 3.0})
    before, after = estimate(KNOWN, usual), estimate(KNOWN, more)
    assert after.step_seconds["ladder"] == pytest.approx(2 * before.step_seconds["ladder"])
    assert after.step_seconds["annotate"] == before.step_seconds["annotate"]
    assert after.table_bytes["candidates"] == pytest.approx(3 * before.table_bytes["candidates"])


def test_the_constants_know_every_step_and_every_table() -> None:
    assert set(STEPS) <= set(KNOWN.seconds_a_goal)
    assert set(KNOWN.bytes_a_frame) | set(KNOWN.bytes_a_goal) == set(TABLES)
    tables, letters, profiles = len(TABLES) - 1, len(STEPS), 2
    assert KNOWN.files_a_shard >= tables + letters + len(RECEIPTS) + profiles


def test_constants_of_another_version_are_refused() -> None:
    with pytest.raises(ValueError, match=r"old\.json: version 0"):
        constants_of({"version": 0}, "old.json")


@given(st.integers(10**4, 10**10), workers)
def test_a_limit_is_reached_where_it_is_said_to_be(count: int, workers: int) -> None:
    asked = Load()

    def load(name: str, goals: float) -> float:
        sized = wanted(round(goals), workers)
        return next(one.load for one in limits(sized, estimate(KNOWN, sized), asked) if one.name == name)

    found = reached_at(KNOWN, wanted(count, workers), asked)
    assert "manifest" in found
    for name in {"manifest", "shuffle", "memory of the main process"} & set(found):
        assert load(name, found[name]) >= 1
        assert load(name, found[name] / 1.05) < 1


def test_a_model_and_a_bucket_are_limits_only_where_they_are_used() -> None:
    sized = wanted(10**6, 100)
    found = estimate(KNOWN, sized)
    local = {limit.name for limit in limits(sized, found, Load(in_store=False))}
    asked = {limit.name for limit in limits(sized, found, Load(lambda goals: goals * 1.0))}
    assert asked - local == {"language model", "main process and bucket", "writes to a bucket"}


def test_one_machines_engine_holds_the_shuffle_and_a_clusters_does_not() -> None:
    few, many = wanted(10**8, 8), wanted(10**8, 800)
    held = {
        one.workers: next(
            limit.load
            for limit in limits(one, estimate(KNOWN, one), Load())
            if limit.name == "memory of the main process"
        )
        for one in (few, many)
    }
    assert isinstance(KNOWN, Constants)
    assert held[8] > held[800]
