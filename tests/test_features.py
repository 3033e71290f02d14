"""Features from joints and joints from features."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import shared
from hypothesis import given
from hypothesis import strategies as st

from motion.features import canonical, facing, features_from_joints, joints_from_features
from motion.skeleton import KIT, SKELETONS, T2M, Skeleton, skeleton, skeleton_of_features, skeleton_of_joints

BLOCKS = {"root": (0, 4), "positions": (4, 67), "rotations": (67, 193), "velocities": (193, 259)}
# What recomputing the official clip with the original method differs by.
ORIGINAL = {"root": 3.1e-4, "positions": 6.8e-3, "rotations": 1.4e-2, "velocities": 4.2e-4}

bodies = st.sampled_from(list(SKELETONS.values()))


def figure(body: Skeleton, frames: int, seed: int) -> np.ndarray:
    """A figure whose limbs sway smoothly while it walks a curve: joints (T, J, 3)."""
    random = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None] / body.fps
    size = body.leg_length
    rest = np.cumsum(np.zeros((body.joint_count, 3)), axis=0)
    side = {joint: sign for pair in body.left_right for joint, sign in zip(pair, (1, -1), strict=True)}
    for joint, parent in enumerate(body.parents):
        if parent >= 0:
            step = np.abs(body.bone_directions[joint]) * np.sign(body.bone_directions[joint])
            step = np.array([abs(step[0]) * side.get(joint, 0), step[1], step[2]], float)
            rest[joint] = rest[parent] + step * body.bone_lengths[joint]
    sway = random.normal(0, 0.006 * size, (1, body.joint_count, 3))
    joints = rest + sway * np.sin(time * random.uniform(1, 4) + random.uniform(0, 6, sway.shape))
    angle = np.cumsum(random.normal(0, 0.03, frames))
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    x, z = joints[..., 0].copy(), joints[..., 2].copy()
    joints[..., 0], joints[..., 2] = cos * x + sin * z, cos * z - sin * x
    joints[..., 0] += np.cumsum(np.sin(angle))[:, None] * 0.03 * size
    joints[..., 2] += np.cumsum(np.cos(angle))[:, None] * 0.03 * size
    joints[..., 1] += 1.2 * size
    return canonical(joints.astype(np.float32), body)


def test_joints_of_the_official_clip_are_exact() -> None:
    vectors = np.load(shared("data", "humanml3d_sample", "new_joint_vecs_012314.npy"))
    joints = np.load(shared("data", "humanml3d_sample", "new_joints_012314.npy"))
    np.testing.assert_allclose(joints_from_features(vectors), joints, rtol=0, atol=1e-6)


def test_features_of_the_official_clip_are_as_near_as_the_original_method_gets() -> None:
    vectors = np.load(shared("data", "humanml3d_sample", "new_joint_vecs_012314.npy"))
    joints = np.load(shared("data", "humanml3d_sample", "new_joints_012314.npy"))
    ours = features_from_joints(joints)
    for name, (start, end) in BLOCKS.items():
        apart = np.abs(ours - vectors[: len(ours)])[:, start:end].max()
        assert apart <= ORIGINAL[name], name
    np.testing.assert_array_equal(ours[:, 259:], vectors[: len(ours), 259:])


@given(bodies, st.integers(2, 90), st.integers(0, 1000))
def test_positions_survive_the_way_through_features(body: Skeleton, frames: int, seed: int) -> None:
    joints = figure(body, frames, seed)
    back = joints_from_features(features_from_joints(joints, body), body)
    # Features know the path and the pose in the heading frame; the pose comes back in the frame of
    # the smoothed heading, so distances inside the figure and along the path are what must hold.
    apart = np.linalg.norm(joints[:-1, :, None] - joints[:-1, None], axis=-1)
    again = np.linalg.norm(back[:, :, None] - back[:, None], axis=-1)
    np.testing.assert_allclose(again, apart, atol=2e-4 * body.leg_length)
    np.testing.assert_allclose(back[:, 0], joints[:-1, 0], atol=2e-3 * body.leg_length)


@given(bodies, st.integers(0, 1000))
def test_a_batch_gives_what_its_clips_give(body: Skeleton, seed: int) -> None:
    clips = np.stack([figure(body, 30, seed + n) for n in range(3)])
    features = features_from_joints(clips, body)
    for clip, alone in zip(clips, features, strict=True):
        np.testing.assert_allclose(features_from_joints(clip, body), alone, atol=1e-5, rtol=1e-5)
    joints = joints_from_features(features, body)
    for one, alone in zip(features, joints, strict=True):
        np.testing.assert_array_equal(joints_from_features(one, body), alone)


@given(bodies, st.integers(0, 1000))
def test_canonical_form_stands_on_the_floor_at_the_origin_and_faces_z(body: Skeleton, seed: int) -> None:
    joints = figure(body, 20, seed)
    joints[..., 0] += 3 * body.leg_length
    placed = canonical(joints, body)
    assert placed[..., 1].min() == pytest.approx(0, abs=1e-6 * body.leg_length)
    np.testing.assert_allclose(placed[0, 0, ::2], 0, atol=1e-6)
    np.testing.assert_allclose(facing(placed[:1], body)[0], [0, 1], atol=1e-5)


@given(bodies, st.integers(0, 1000))
def test_rotations_are_columns_of_rotation_matrices(body: Skeleton, seed: int) -> None:
    features = features_from_joints(figure(body, 25, seed), body)
    bones = body.joint_count - 1
    columns = features[:, 4 + 3 * bones : 4 + 9 * bones].reshape(-1, 2, 3)
    np.testing.assert_allclose(np.linalg.norm(columns, axis=-1), 1, atol=1e-4)
    np.testing.assert_allclose((columns[:, 0] * columns[:, 1]).sum(axis=-1), 0, atol=1e-4)


def test_a_bone_that_points_against_its_rest_direction_is_half_a_turn_not_nan() -> None:
    joints = figure(T2M, 10, 0)
    joints[:, 18] = joints[:, 16] + [0, T2M.bone_lengths[18], 0]
    assert np.isfinite(features_from_joints(joints, T2M)).all()


def test_sizes_tell_the_skeleton() -> None:
    assert (T2M.feature_size, KIT.feature_size) == (263, 251)
    assert skeleton_of_features(251) is KIT
    assert skeleton_of_joints(22) is T2M
    with pytest.raises(ValueError, match="263 \\(t2m\\), 251 \\(kit\\)"):
        skeleton_of_features(77)
    with pytest.raises(ValueError, match="t2m, kit"):
        skeleton("smpl")


@pytest.mark.parametrize("body", SKELETONS.values(), ids=lambda body: body.name)
def test_every_joint_hangs_on_one_chain_and_has_a_twin(body: Skeleton) -> None:
    assert sum(parent < 0 for parent in body.parents) == 1
    assert sorted(child for chain in body.chains for child in chain[1:]) == list(range(1, body.joint_count))
    order = body.mirror_permutation
    np.testing.assert_array_equal(order[order], np.arange(body.joint_count))
    for joint, name in enumerate(body.joints):
        assert body.joints[order[joint]].replace("left", "right") == name.replace("left", "right")


@pytest.mark.parametrize("shape", [(10, 263), (3, 10, 100), (22, 3)])
def test_wrong_shapes_are_told(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape|skeleton"):
        features_from_joints(np.zeros(shape, np.float32))
    if shape[-1] != 263:
        with pytest.raises(ValueError, match=r"size|shape"):
            joints_from_features(np.zeros(shape, np.float32))


@pytest.mark.parametrize("body", SKELETONS.values(), ids=lambda body: body.name)
@pytest.mark.parametrize("turns", [-2, -1, 1, 2])
def test_a_figure_that_turns_all_the_way_comes_back_as_it_was(body: Skeleton, turns: int) -> None:
    still = np.repeat(figure(body, 60, 0)[:1], 120, axis=0)
    angle = np.linspace(0, 2 * np.pi * turns, 120)[:, None]
    cos, sin = np.cos(angle), np.sin(angle)
    joints = still.copy()
    joints[..., 0] = cos * still[..., 0] + sin * still[..., 2]
    joints[..., 2] = cos * still[..., 2] - sin * still[..., 0]
    back = joints_from_features(features_from_joints(joints, body), body)
    ways = facing(back, body)
    true = facing(joints[:-1], body)
    # The heading of the features is smoothed and odd, but it must not jump.
    apart = np.arccos(np.clip((ways * true).sum(axis=-1), -1, 1))
    assert np.abs(np.diff(apart)).max() < np.radians(4)
