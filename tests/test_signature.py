"""Signatures of clips: copies are found again, shifted, noisy or seen in a mirror; other clips are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motion.demo.dataset import write_demo
from motion.features import features_from_joints, joints_from_features
from motion.mirror import mirror_joints
from motion.seeds import generator
from motion.signature import NEAR, SIZE, Signature, distance, signature
from motion.skeleton import skeleton

BODIES = ("t2m", "kit")


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, np.ndarray]]:
    """Clips that move, by skeleton and id."""
    found = {}
    for body in BODIES:
        root = tmp_path_factory.mktemp(body)
        write_demo(root, motions=30, skeleton=body)
        loaded = {path.stem: np.load(path) for path in sorted(root.glob("new_joint_vecs/0*.npy"))}
        shown = {name: signature(clip, skeleton(body)) for name, clip in loaded.items()}
        found[body] = {name: clip for name, clip in loaded.items() if not shown[name].is_still}
        assert len(found[body]) > 10
    return found


@pytest.mark.parametrize("body", BODIES)
def test_the_mirror_image_of_a_clip_has_the_mirrored_signature(clips, body: str) -> None:
    for clip in clips[body].values():
        joints = joints_from_features(clip, skeleton(body))
        seen = signature(
            features_from_joints(mirror_joints(joints, skeleton(body)), skeleton(body)), skeleton(body)
        )
        own = signature(features_from_joints(joints, skeleton(body)), skeleton(body))
        assert np.abs(seen.samples.astype(int) - own.mirrored().samples).max() <= 1
        assert distance(seen, own.mirrored()) < 0.01


samples = st.integers(3, 50).flatmap(
    lambda count: st.integers(0, 2**32).map(
        lambda seed: Signature(generator("any", seed).integers(-120, 121, (count, SIZE)).astype(np.int8))
    )
)


@given(samples)
def test_a_mirror_shows_the_same_twice(shown: Signature) -> None:
    again = shown.mirrored().mirrored()
    assert (again.samples == shown.samples).all()
    assert distance(shown, again) == 0
    assert shown.is_still == shown.mirrored().is_still


@given(samples, samples)
def test_a_distance_is_the_same_in_the_mirror(one: Signature, other: Signature) -> None:
    assert distance(one.mirrored(), other.mirrored()) == pytest.approx(distance(one, other))
    assert distance(one, other) >= 0


@given(st.integers(0, 14), st.integers(0, 5), st.floats(0, 0.01), st.integers(0, 1000))
def test_a_shifted_noisy_copy_is_near(clips, place: int, shift: int, size: float, seed: int) -> None:
    body = skeleton("t2m")
    clip = list(clips["t2m"].values())[place % len(clips["t2m"])]
    joints = joints_from_features(clip, body)[shift:]
    noise = generator("noise", seed).normal(0, size, joints.shape).astype(np.float32)
    copy = signature(features_from_joints(joints + noise, body), body)
    assert distance(copy, signature(clip, body)) <= NEAR * 1.2


def test_copies_share_a_band_and_most_other_clips_do_not(clips) -> None:
    body = skeleton("t2m")
    found, alike, others = 0, 0, 0
    shown = {name: signature(clip, body) for name, clip in clips["t2m"].items()}
    for name, clip in clips["t2m"].items():
        found += bool(set(shown[name].bands()) & set(signature(clip[3:], body).bands()))
        for other in shown:
            if other > name:
                others += 1
                alike += bool(set(shown[name].bands()) & set(shown[other].bands()))
    assert found >= len(shown) - 1
    assert alike < 0.2 * others


def test_lengths_that_differ_too_much_are_not_compared(clips) -> None:
    body = skeleton("t2m")
    clip = max(clips["t2m"].values(), key=len)
    assert distance(signature(clip, body), signature(clip[: len(clip) // 2], body)) == float("inf")


def test_a_figure_that_stands_still_says_nothing() -> None:
    body = skeleton("t2m")
    still = np.zeros((60, body.feature_size), np.float32)
    still[:, 3] = 0.9
    assert signature(still, body).is_still
    walking = still.copy()
    walking[:, 2] = 0.05
    assert not signature(walking, body).is_still


def test_too_few_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="3 frames are too few"):
        signature(np.zeros((3, 263)), skeleton("t2m"))
