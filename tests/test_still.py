"""The still figure: somebody who stands, in the measured facts as in its joints."""

from __future__ import annotations

import numpy as np
import pytest

from motion.facts import measure
from motion.features import facing, features_from_joints, joints_from_features
from motion.skeleton import KIT, T2M, Skeleton
from motion.still import still_figure

BOTH = pytest.mark.parametrize("body", [T2M, KIT], ids=lambda body: body.name)


def joints_of(body: Skeleton, frames: int = 0) -> np.ndarray:
    return joints_from_features(still_figure(body, frames), body)


@BOTH
def test_it_stands_and_does_nothing_else(body: Skeleton) -> None:
    for frames in (0, body.min_frames, 100, body.max_frames - 1):
        (facts,) = measure([joints_of(body, frames)], body)
        assert [event.action for event in facts.events] == ["stand"]
        assert (facts.events[0].start, facts.events[0].end) == (0, facts.frames)


@BOTH
def test_nothing_moves_and_both_feet_touch_the_floor(body: Skeleton) -> None:
    features = still_figure(body)
    joints = joints_of(body)
    assert features.dtype == np.float32
    assert features.shape == (body.min_frames, body.feature_size)
    np.testing.assert_array_equal(features, np.repeat(features[:1], len(features), axis=0))
    np.testing.assert_array_equal(joints, np.repeat(joints[:1], len(joints), axis=0))
    np.testing.assert_array_equal(features[:, -4:], 1)
    np.testing.assert_array_equal(features[:, :3], 0)
    metre = 1 / body.metres_per_unit
    assert joints[..., 1].min() == pytest.approx(0, abs=1e-4 * metre)
    for foot in (body.left_foot, body.right_foot):
        assert joints[0, list(foot), 1].min() < 0.02 * metre


@BOTH
def test_it_faces_z_upright_with_its_left_at_the_left(body: Skeleton) -> None:
    joints = joints_of(body)[0]
    np.testing.assert_allclose(facing(joints[None], body)[0], [0, 1], atol=1e-6)
    for left, right in body.left_right:
        assert joints[left, 0] > 0 > joints[right, 0]
        apart = np.linalg.norm(joints[left] * [-1, 1, 1] - joints[right]) * body.metres_per_unit
        assert apart < 0.03, "as even as the bones are"
    for foot in (body.left_foot, body.right_foot):
        assert joints[foot[1], 2] > joints[foot[0], 2], "toes point ahead"
    head = max(range(body.joint_count), key=lambda joint: joints[joint, 1])
    assert 1.2 < joints[head, 1] * body.metres_per_unit < 1.9
    for arm in (body.left_arm, body.right_arm):
        heights = joints[list(arm), 1]
        assert (np.diff(heights) < 0).all(), "arms hang"


@BOTH
def test_bones_have_the_lengths_of_the_skeleton(body: Skeleton) -> None:
    joints = joints_of(body)[0]
    bones = np.linalg.norm(joints[1:] - joints[list(body.parents[1:])], axis=-1)
    np.testing.assert_allclose(bones, body.bone_lengths[1:], rtol=1e-4)


@BOTH
def test_its_features_are_those_of_its_joints(body: Skeleton) -> None:
    features = still_figure(body)
    np.testing.assert_allclose(features_from_joints(joints_of(body), body), features[:-1], atol=2e-4)


@BOTH
def test_it_may_be_of_any_length(body: Skeleton) -> None:
    for frames in (1, 4, 77):
        np.testing.assert_array_equal(
            still_figure(body, frames), np.repeat(still_figure(body)[:1], frames, axis=0)
        )
    with pytest.raises(ValueError, match="at least one frame, not -3"):
        still_figure(body, -3)
