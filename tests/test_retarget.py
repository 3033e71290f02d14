"""Bone lengths, re-targeting and other frame rates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motion.resample import resample, sample
from motion.retarget import bone_lengths, impose_lengths, retarget
from motion.seeds import generator
from motion.skeleton import KIT, T2M

SHARED = Path(__file__).parents[2] / "shared" / "data"


def figure(body, frames=12, size=1.0, key="figure"):
    """A figure whose bones point anywhere, (T, J, 3), with lengths `size` times the reference."""
    rng = generator(key)
    joints = rng.standard_normal((frames, body.joint_count, 3)).astype(np.float32)
    return impose_lengths(joints, body, np.asarray(body.bone_lengths) * size)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([T2M, KIT]), st.floats(0.3, 3.0), st.text(max_size=5))
def test_retargeting_gives_reference_bones_and_keeps_directions(body, size, key):
    joints = figure(body, size=size, key=key)
    result = retarget(joints, body)
    assert result.dtype == np.float32
    assert bone_lengths(result, body) == pytest.approx(body.bone_lengths, rel=1e-3)
    before = joints[:, 1:] - joints[:, body.parents[1:]]
    after = result[:, 1:] - result[:, body.parents[1:]]
    assert after / size == pytest.approx(after / size)
    assert after * size == pytest.approx(before, abs=1e-3 * size * body.leg_length)
    assert result[:, 0] * size == pytest.approx(joints[:, 0], rel=1e-3, abs=1e-4)


def test_retargeting_twice_changes_nothing_more():
    once = retarget(figure(T2M, size=1.3), T2M)
    assert np.abs(retarget(once, T2M) - once).max() < 1e-5


def test_many_clips_at_once_are_done_as_one_by_one():
    clips = np.stack([figure(T2M, key=str(number)) for number in range(3)])
    lengths = np.asarray(T2M.bone_lengths) * 1.1
    together = impose_lengths(clips, T2M, lengths)
    for clip, done in zip(clips, together, strict=True):
        assert np.array_equal(impose_lengths(clip, T2M, lengths), done)


def test_a_body_that_cannot_be_retargeted_is_told():
    with pytest.raises(ValueError, match="cannot be re-targeted"):
        retarget(np.zeros((5, 22, 3)), T2M)
    with pytest.raises(ValueError, match="joints need shape"):
        retarget(np.zeros((5, 21, 3)), T2M)


def test_a_bone_without_length_gets_the_rest_direction():
    joints = figure(T2M)
    joints[:, 15] = joints[:, 12]
    head = impose_lengths(joints, T2M, T2M.bone_lengths)
    assert head[:, 15] - head[:, 12] == pytest.approx(np.tile(T2M.offsets[15], (12, 1)), abs=1e-6)


@given(
    st.integers(1, 60), st.sampled_from([12.5, 20.0, 24.0, 30.0, 60.0, 120.0]), st.sampled_from([12.5, 20.0])
)
def test_resampling_keeps_first_moment_and_duration(frames, before, after):
    line = np.linspace(0, 1, frames, dtype=np.float32).reshape(-1, 1, 1) * np.ones((1, 22, 3), np.float32)
    result = resample(line, before, after)
    assert result.dtype == np.float32
    assert len(result) == int((frames - 1) * after / before + 1e-6) + 1
    assert np.array_equal(result[0], line[0])
    assert 0 <= (frames - 1) / before - (len(result) - 1) / after < 1 / after + 1e-6
    if frames > 1:
        expected = np.arange(len(result)) * before / after / (frames - 1)
        assert result[:, 0, 0] == pytest.approx(expected, abs=1e-5)


def test_resampling_follows_a_swing_and_does_not_shoot_over_its_ends():
    t30, t20 = np.arange(61) / 30, np.arange(41) / 20
    wave = np.sin(2 * np.pi * 2.0 * t30)[:, None, None] * np.ones((1, 22, 3))
    result = resample(wave, 30, 20)[:, 0, 0]
    assert result == pytest.approx(np.sin(2 * np.pi * 2.0 * t20), abs=0.01)
    step = np.zeros((9, 1, 3), np.float32)
    step[-1] = 1
    assert sample(step, [-5.0, 8.0, 30.0])[:, 0, 0] == pytest.approx([0, 1, 1])


@pytest.mark.parametrize("rate", [0.0, -30.0, float("nan")])
def test_a_rate_that_is_none_is_an_error(rate):
    with pytest.raises(ValueError, match="more than 0"):
        resample(np.zeros((5, 22, 3)), rate, 20)


def test_the_official_clip_is_on_the_reference_skeleton_already():
    path = SHARED / "humanml3d_sample" / "new_joints_012314.npy"
    if not path.exists():
        pytest.skip("the official clip is not in ../shared/data/humanml3d_sample")
    joints = np.load(path)
    assert bone_lengths(joints, T2M) == pytest.approx(T2M.bone_lengths, abs=2e-4)
    assert np.abs(retarget(joints, T2M) - joints).max() < 5e-3
