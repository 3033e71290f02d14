"""What the built-in embedder learns from: pieces of words, channels of motions, staircases, batches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from perturb_figures import CLIPS, standing

from evaluators.builtin.batches import STAIRED, Batch, batches
from evaluators.builtin.inputs import (
    BUCKETS,
    MAX_WORDS,
    channel_count,
    channels,
    piece_batch,
    pieces,
    words,
)
from evaluators.builtin.material import Example, Segment, Stairs
from evaluators.builtin.staircase import LEVELS, Staircase, staircase
from motion.features import facing, features_from_joints, joints_from_features
from motion.perturb import OPERATIONS, Subject
from motion.skeleton import KIT, T2M, Skeleton
from motion.still import still_figure

BOTH = pytest.mark.parametrize("body", [T2M, KIT], ids=lambda body: body.name)
WAY, HEIGHT, TIME = slice(3, 5), 5, 6  # channels

# ---- words ----


def test_pieces_are_the_same_everywhere() -> None:
    """Other numbers here make every trained embedder useless: raise INPUTS_VERSION with them."""
    assert pieces("walk") == (3750, 6937, 4421, 2003, 1150, 4857, 1169, 4178, 6741, 1575)


def test_words_of_a_caption() -> None:
    assert words("He doesn't WALK 3x, café_bar!") == "he doesn t walk 3 x café bar".split()
    assert words("?! ...") == []
    assert len(words("step " * 100)) == MAX_WORDS


@given(st.text())
def test_any_text_has_words_whose_case_does_not_count(text: str) -> None:
    found = words(text)
    assert found == words(text.lower())
    assert all(word.isalnum() for word in found)
    assert bool(found) or not any(sign.isalpha() for sign in text)


@given(st.text(min_size=1, max_size=30))
def test_no_word_is_unknown(word: str) -> None:
    found = pieces(word)
    assert len(found) >= 1
    assert all(0 <= bucket < BUCKETS for bucket in found)
    assert found == pieces(word)


def test_kindred_words_share_pieces() -> None:
    walking, walks, jumps = (set(pieces(word)) for word in ("walking", "walks", "jumps"))
    assert len(walking & walks) >= 4 > len(walking & jumps)
    assert pieces("left") != pieces("felt")


@given(st.lists(st.text("ab é7,", max_size=12), max_size=6))
def test_a_batch_holds_the_pieces_of_every_word(captions: list[str]) -> None:
    flat, starts, lengths = piece_batch(captions)
    assert flat.dtype == starts.dtype == np.int64
    assert lengths == [len(words(caption)) for caption in captions]
    every = [word for caption in captions for word in words(caption)]
    assert len(starts) == len(every)
    assert [tuple(found) for found in np.split(flat, starts)[1:]] == [pieces(word) for word in every]
    assert len(flat) == sum(len(pieces(word)) for word in every)


# ---- channels ----


def noise(body: Skeleton, frames: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (0.2 * rng.normal(size=(frames, body.feature_size))).astype(np.float32)


@BOTH
def test_the_way_is_that_of_the_root(body: Skeleton) -> None:
    for seed, frames in enumerate((1, 2, 60, body.max_frames - 1)):
        features = noise(body, frames, seed)
        found = channels(features, body)
        root = joints_from_features(features, body)[:, 0] * body.metres_per_unit
        assert found.shape == (frames, channel_count(body))
        np.testing.assert_allclose(found[:, WAY], root[:, ::2], atol=1e-4)
        np.testing.assert_allclose(found[:, HEIGHT], root[:, 1], atol=1e-6)
        np.testing.assert_allclose(found[:, TIME] * body.max_frames, np.arange(frames))


@BOTH
@pytest.mark.parametrize("turn", [-1.5, -0.5, 0.0, 0.25, 1.0, 2.0])
def test_a_figure_that_turns_while_it_walks(body: Skeleton, turn: float) -> None:
    """Half turns, on an arc of a circle: heading, way and joints agree with each other and by hand."""
    frames = 81
    features = still_figure(body, frames)
    features[:, 0] = turn * np.pi / 2 / (frames - 1)  # published as half angles
    speed = 0.05  # metres a frame
    features[:, 2] = speed / body.metres_per_unit
    found = channels(features, body)
    joints = joints_from_features(features, body)
    yaw = turn * np.pi * np.arange(frames) / (frames - 1)
    np.testing.assert_allclose(
        found[:, :3], np.stack([np.cos(yaw) - 1, np.sin(yaw), yaw / np.pi], 1), atol=1e-5
    )
    ahead = np.stack([-found[:, 1], found[:, 0] + 1], axis=1)
    np.testing.assert_allclose(facing(joints, body), ahead, atol=1e-5)
    assert found[-1, 2] == pytest.approx(turn, abs=1e-5)
    length = speed * (frames - 1)
    chord = length if turn == 0 else 2 * length / (np.pi * abs(turn)) * abs(np.sin(turn * np.pi / 2))
    assert np.linalg.norm(found[-1, WAY]) == pytest.approx(chord, abs=0.02 * length)


@BOTH
def test_channels_of_a_beginning_are_the_beginning_of_the_channels(body: Skeleton) -> None:
    features = noise(body, 90)
    np.testing.assert_array_equal(channels(features[:33], body), channels(features, body)[:33])


@BOTH
def test_rotations_are_not_seen_and_all_else_is(body: Skeleton) -> None:
    features = noise(body, 50)
    bones = body.joint_count - 1
    rotations = slice(4 + 3 * bones, 4 + 9 * bones)
    whole = channels(features, body)
    for column in range(body.feature_size):
        changed = features.copy()
        changed[20, column] += 1
        seen = not np.array_equal(channels(changed, body), whole)
        assert seen == (not rotations.start <= column < rotations.stop), column


@BOTH
def test_lengths_are_metres(body: Skeleton) -> None:
    features = noise(body, 50)
    one = channels(features, body)
    double = channels(features, replace(body, metres_per_unit=2 * body.metres_per_unit))
    unitless = [*range(3), TIME, 7, *range(channel_count(body) - 4, channel_count(body))]
    scale = np.full(channel_count(body), 2.0)
    scale[unitless] = 1
    np.testing.assert_allclose(double, one * scale)
    figure = channels(still_figure(body), body)
    assert 0.5 < figure[0, HEIGHT] < 1.1


# ---- staircases ----


def stairs_of(body: Skeleton, figure: str, operation: str, key: str = "k") -> Staircase | None:
    return staircase(CLIPS[figure](body), CLIPS["wave"](body), operation, key)


FIGURES = ("walk", "wave", "walk_bow", "kick", "stroll")


@BOTH
@pytest.mark.parametrize("operation", list(OPERATIONS))
def test_staircases_rise(body: Skeleton, operation: str) -> None:
    offered = 0
    for figure in FIGURES:
        subject = CLIPS[figure](body)
        found = stairs_of(body, figure, operation)
        donor = CLIPS["wave"](body)
        assert (found is None) == (not OPERATIONS[operation].targets(subject, donor))
        if found is None:
            continue
        offered += 1
        assert found.operation == operation
        assert len(found.strengths) == len(found.steps) >= 1
        assert list(found.strengths) == sorted(set(found.strengths))
        assert set(found.strengths) <= set(LEVELS)
        if len(found.steps) == 1:
            assert found.strengths == (1.0,)
        untouched = features_from_joints(subject.joints, body)
        for step in found.steps:
            assert body.min_frames <= len(step) < body.max_frames
            assert np.isfinite(step).all()
            assert not np.array_equal(step, untouched)
        for below, above in zip(found.steps, found.steps[1:]):
            assert not np.array_equal(below, above), "no two steps are the same motion"
        _check_growth(found.steps, untouched, body)
    assert offered


def _check_growth(steps: tuple[np.ndarray, ...], untouched: np.ndarray, body: Skeleton) -> None:
    """A stronger edit changes the length more, or where that stays, the joints."""
    if any(len(step) != len(untouched) for step in steps):
        sizes = [abs(len(step) - len(untouched)) for step in steps]
    else:
        own = joints_from_features(untouched, body)
        sizes = [float(np.abs(joints_from_features(step, body) - own).mean()) for step in steps]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize("operation", ["jitter", "turn_path", "damp_limb", "swap_sides", "faster"])
def test_the_same_key_gives_the_same_steps(operation: str) -> None:
    one, again = (stairs_of(T2M, "walk_wave", operation) for _ in range(2))
    assert one is not None
    assert again is not None
    assert one.strengths == again.strengths
    for step, same in zip(one.steps, again.steps, strict=True):
        np.testing.assert_array_equal(step, same)
    others = [stairs_of(T2M, "walk_wave", operation, f"key {n}") for n in range(8)]
    if operation != "swap_sides":  # which leaves nothing to draw
        assert any(not np.array_equal(one.steps[0], other.steps[0]) for other in others if other)


def test_given_levels_are_the_strengths() -> None:
    subject = CLIPS["walk"](T2M)
    found = staircase(subject, None, "jitter", "k", (0.3, 0.9))
    assert found is not None
    assert found.strengths == (0.3, 0.9)
    alone = staircase(subject, None, "jitter", "k", (0.9,))
    assert alone is not None
    np.testing.assert_array_equal(found.steps[1], alone.steps[0])


def test_where_nothing_visible_would_change_there_is_no_staircase() -> None:
    still = Subject(standing(T2M, 60), T2M, ())
    assert staircase(still, None, "turn_path", "k") is None
    assert staircase(still, None, "splice", "k") is None


# ---- batches ----


def examples_of(clips: int, captions: int = 3) -> tuple[Example, ...]:
    return tuple(
        Example(f"g-{clip}-{number}", f"caption {number}", (f"{clip}", 0, 60))
        for clip in range(clips)
        for number in range(1 + clip * clip % captions)
    )


def stairs_for(clips: int) -> dict[Segment, tuple[Stairs, ...]]:
    """Staircases of one to five steps for two clips of three; a step says which it is."""

    def stairs(clip: int, operation: str, count: int) -> Stairs:
        steps = [[clip, level, operation == "jitter"] for level in LEVELS[-count:]]
        return Stairs(operation, LEVELS[-count:], tuple(np.array([step], np.float32) for step in steps))

    return {
        (f"{clip}", 0, 60): (stairs(clip, "turn_path", 1 + clip % 5), stairs(clip, "jitter", 5))
        for clip in range(clips)
        if clip % 3
    }


def drawn(clips: int, size: int, key: str = "k") -> Iterator[Batch]:
    return batches(examples_of(clips), stairs_for(clips), size, key)


@settings(max_examples=20)
@given(clips=st.integers(1, 60), size=st.integers(1, 40), key=st.text(max_size=3))
def test_no_clip_is_twice_in_a_batch(clips: int, size: int, key: str) -> None:
    size = min(size, clips)
    for batch in islice(drawn(clips, size, key), 12):
        assert len(batch.goals) == size
        assert len({goal.segment[0] for goal in batch.goals}) == size


@settings(max_examples=20)
@given(clips=st.integers(30, 60), key=st.text(max_size=3))
def test_perturbed_motions_are_those_of_their_goals_in_their_order(clips: int, key: str) -> None:
    for batch in islice(drawn(clips, 30, key), 4):
        stepped: list[int] = []
        for pair in batch.pairs:
            goal, lower = batch.goals[pair.goal], batch.perturbed[pair.lower]
            clip, level, noisy = lower[0]
            assert pair.noise == noisy
            assert f"{clip:.0f}" == goal.segment[0]
            assert pair.goal < STAIRED
            if pair.upper < 0:
                assert pair.gap == pytest.approx(level)
                stepped.append(pair.goal)
            else:
                upper = batch.perturbed[pair.upper][0]
                assert upper[0] == clip
                assert upper[1] < level, "the stronger edit is the lower one"
                assert pair.gap == pytest.approx(level - upper[1], abs=1e-6)
            assert 0 < pair.gap <= 1
        assert stepped == [n for n, goal in enumerate(batch.goals[:STAIRED]) if int(goal.segment[0]) % 3]
        assert sorted({pair.lower for pair in batch.pairs}) == list(range(len(batch.perturbed)))


def told(batch: Batch) -> tuple[object, ...]:
    return tuple(batch.goals), tuple(batch.pairs), tuple(map(bytes, batch.perturbed))


def test_batches_are_drawn_by_the_key() -> None:
    one, again, other = ([told(b) for b in islice(drawn(40, 16, key), 20)] for key in ("k", "k", "l"))
    assert one == again
    assert one[0] != other[0]
    assert len(set(one)) == 20


def test_a_pass_takes_every_example_at_most_once_and_nearly_all() -> None:
    """Also where a clip has many captions, of which each batch takes one."""
    examples = tuple(
        Example(f"g-{clip}-{number}", "", (f"{clip}", 0, 60)) for clip in range(10) for number in range(8)
    )
    taken: list[str] = []
    for batch in batches(examples, {}, 8, "k"):
        names = {goal.goal_id for goal in batch.goals}
        if names & set(taken):
            break
        taken += names
    assert len(taken) >= 0.7 * len(examples)


def test_without_staircases_there_are_no_pairs() -> None:
    batch = next(batches(examples_of(40), {}, 30, "k"))
    assert (batch.perturbed, batch.pairs) == ([], [])


def test_too_few_clips_for_a_batch_are_refused() -> None:
    with pytest.raises(ValueError, match="12 clips are too few for batches of 13: give a larger corpus"):
        next(drawn(12, 13))
