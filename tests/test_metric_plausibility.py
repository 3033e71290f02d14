"""Physical plausibility of clips: what spoils a motion shows, and clips without measures are counted."""

from __future__ import annotations

import warnings
from dataclasses import astuple
from functools import cache

import numpy as np
import pytest
from demo_clips import both
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.metrics.plausibility import (
    MEASURES,
    ClipPlausibility,
    clip_plausibility,
    difference,
    mean_plausibility,
    of_facts,
    plausibility,
)
from motion.demo.clips import make_clip
from motion.facts import measure
from motion.skeleton import T2M

VALUES = st.builds(ClipPlausibility, *[st.floats(0, 1e4)] * len(MEASURES))


@cache
def demo(body):
    return [make_clip(body, number, 0).joints for number in range(10)]


@both
def test_measures_are_those_of_the_facts(body) -> None:
    found, faults = clip_plausibility(demo(body), body)
    assert not faults
    assert found == [of_facts(facts) for facts in measure(demo(body), body)]
    scores = plausibility(demo(body), body)
    assert (scores.clips, scores.unmeasured) == (10, 0)
    for name in MEASURES:
        values = [getattr(clip, name) for clip in found]
        assert getattr(scores, name) == pytest.approx(np.mean(values))
        assert min(values) >= 0
    assert 0 <= scores.floating <= 1


@both
def test_what_spoils_a_motion_shows_against_the_real_one(body) -> None:
    real = plausibility(demo(body), body)
    metre = 1 / body.metres_per_unit
    seconds = [np.arange(len(clip))[:, None, None] / body.fps for clip in demo(body)]
    noise = np.random.default_rng(0)
    noisy = [clip + noise.normal(scale=0.01 * metre, size=clip.shape) for clip in demo(body)]
    sliding = [clip + 0.5 * metre * time * [1, 0, 0] for clip, time in zip(demo(body), seconds)]
    assert difference(plausibility(noisy, body), real)["jitter"] > 50
    assert difference(plausibility(noisy, body), real)["bone_drift"] > 0.02
    assert difference(plausibility(sliding, body), real)["skating_cm_s"] > 20
    assert set(difference(real, real).values()) == {0.0}


def test_clips_that_cannot_be_measured_are_counted_and_told() -> None:
    good = demo(T2M)[:3]
    broken = good[0].copy()
    broken[5, 3, 1] = np.nan
    clips = [
        good[0],
        None,
        broken,
        good[1],
        good[0][:3],
        np.zeros((20, 22, 3)),
        good[2][:, :21],
        good[2].astype(float) * 1e200,
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, faults = clip_plausibility(clips, T2M)
        scores = plausibility([*clips, good[2]], T2M)
    assert [clip is None for clip in found] == [False, True, True, False, True, True, True, True]
    assert list(faults) == [1, 2, 4, 5, 6, 7]
    for number, words in zip(
        faults, ["no motion", "NaN", "at least 4", "one place", "expected (T, 22, 3)", "nan"]
    ):
        assert words in faults[number]
        assert not faults[number].startswith("clip ")
    assert (scores.clips, scores.unmeasured) == (9, 6)
    assert astuple(scores)[2:] == astuple(plausibility(good, T2M))[2:]


def test_nothing_to_measure() -> None:
    none = plausibility([None, None], T2M)
    assert (none.clips, none.unmeasured, none.jitter, none.skating_cm_s) == (2, 2, None, None)
    assert set(difference(none, plausibility(demo(T2M)[:1], T2M)).values()) == {None}
    with pytest.raises(ValueError, match="no clip is given"):
        plausibility([], T2M)


@given(clips=st.lists(st.none() | VALUES, min_size=1, max_size=8), draw=st.randoms())
@settings(max_examples=50)
def test_means_do_not_depend_on_the_order(clips, draw) -> None:
    shuffled = list(clips)
    draw.shuffle(shuffled)
    scores = mean_plausibility(clips)
    assert scores == mean_plausibility(shuffled)
    assert scores.unmeasured == clips.count(None)
    found = [clip.jitter for clip in clips if clip]
    assert scores.jitter == (pytest.approx(np.mean(found)) if found else None)


def test_a_clip_measures_the_same_in_any_company() -> None:
    clips = demo(T2M)
    assert clip_plausibility(clips, T2M)[0][::-1] == clip_plausibility(clips[::-1], T2M)[0]
    assert clip_plausibility(clips[4:5], T2M)[0] == clip_plausibility(clips, T2M)[0][4:5]
