import json
from itertools import pairwise

import numpy as np
import pytest
from demo_clips import both, clips, headings, metres, toes
from hypothesis import given, settings
from hypothesis import strategies as st

from motion.demo.captions import gerund, third_person
from motion.demo.clips import make_clip, mirrored
from motion.demo.dataset import SPLITS, split_ids, write_demo
from motion.demo.tracks import FootTrack, Track
from motion.events import ACTIONS
from motion.layout import open_dataset, read_captions, read_features
from motion.mirror import mirror_event, mirror_joints
from motion.mirror_text import mirror_text
from motion.skeleton import KIT, SKELETONS, T2M


@both
def test_bones_keep_their_length_through_all_clips(body):
    parents = list(body.parents)[1:]
    lengths = [np.linalg.norm(c.joints[:, 1:] - c.joints[:, parents], axis=-1) for c in clips(body)]
    lengths += [np.linalg.norm(j[:, 1:] - j[:, parents], axis=-1) for j in twins(body)]
    tolerance = 1e-4 / body.metres_per_unit
    for each in lengths:
        assert np.abs(each - lengths[0][0]).max() < tolerance


def twins(body):
    return [mirrored(c, body).joints for c in clips(body)[:20]]


@both
def test_planted_feet_stay(body):
    speeds = []
    for clip in clips(body):
        foot = metres(clip, body)[:, toes(body)]
        planted = (foot[:-1, :, 1] < 0.015) & (foot[1:, :, 1] < 0.015)
        along = np.linalg.norm(np.diff(foot, axis=0)[..., [0, 2]], axis=-1)
        speeds.append(along[planted].mean() * body.fps)
    assert max(speeds) < 0.02
    assert np.mean(speeds) < 0.002


@both
def test_hands_that_carry_stay(body):
    wrists = [body.left_arm[2], body.right_arm[2]]
    speeds = []
    for clip in clips(body):
        if {"crawl", "lie_down"}.isdisjoint(event.action for event in clip.events):
            continue
        hand = metres(clip, body)[:, wrists]
        planted = (hand[:-1, :, 1] < 0.0602) & (hand[1:, :, 1] < 0.0602)
        along = np.linalg.norm(np.diff(hand, axis=0)[..., [0, 2]], axis=-1)
        assert planted.any(axis=0).all()
        speeds.append(along[planted].mean() * body.fps)
    assert len(speeds) > 3
    assert max(speeds) < 0.02


@both
def test_nothing_goes_under_the_floor_and_feet_stand_on_it(body):
    for clip in clips(body):
        height = metres(clip, body)[..., 1]
        assert height.min() > -1e-4
        assert height[:, toes(body)].min() < 1e-4


@both
def test_joints_move_without_jumps(body):
    for clip in clips(body):
        joints = metres(clip, body)
        assert np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() * body.fps < 14
        force = np.linalg.norm(np.diff(joints, n=2, axis=0), axis=-1) * body.fps**2
        assert force.max() < 140, clip.id
        assert np.quantile(force, 0.99) < 90


@both
def test_clips_start_at_the_origin_facing_ahead_with_a_length_that_readers_keep(body):
    for clip in clips(body):
        assert body.min_frames <= len(clip.features) < body.max_frames
        assert len(clip.joints) == len(clip.features)
        assert np.abs(clip.joints[0, 0, [0, 2]]).max() < 1e-5
        assert headings(clip.joints[:1], body)[0] == pytest.approx(0, abs=1e-3)


@both
def test_the_vectors_give_back_the_motion_that_was_made(body):
    for clip in clips(body):
        away = np.abs(clip.joints - clip.source[:-1]).max() * body.metres_per_unit
        assert away < 1e-4, clip.id


@both
def test_twins_are_mirror_images(body):
    for clip in clips(body)[:30]:
        twin = mirrored(clip, body)
        away = np.abs(mirror_joints(clip.joints, body) - twin.joints).max() * body.metres_per_unit
        assert away < 1e-4
        assert twin.events == tuple(mirror_event(e) for e in clip.events)
        assert [line.text for line in twin.lines] == [mirror_text(line.text) for line in clip.lines]
        assert twin.id == f"M{clip.id}"


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**5), st.sampled_from(list(SKELETONS.values())))
def test_any_seed_and_number_give_a_whole_clip(seed, number, body):
    clip = make_clip(body, number, seed)
    assert body.min_frames <= len(clip.features) < body.max_frames
    assert np.isfinite(clip.features).all()
    assert np.abs(clip.joints - clip.source[:-1]).max() * body.metres_per_unit < 1e-4
    assert 3 <= len(clip.lines) <= 4
    assert 1 <= len(clip.events) <= 3


def test_every_action_of_the_vocabulary_is_shown():
    shown = {event.action for clip in clips(T2M) for event in clip.events}
    assert shown == set(ACTIONS)
    assert len(shown) >= 30


def test_clips_have_one_to_three_actions_one_after_another():
    counts = set()
    for clip in clips(T2M):
        counts.add(len(clip.events))
        spans = [(e.start, e.end) for e in clip.events]
        assert all(start < end <= len(clip.features) for start, end in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert counts == {1, 2, 3}


def test_captions_name_the_sides_that_the_truth_has():
    for clip in clips(T2M):
        known = {event.side for event in clip.events} | {event.direction for event in clip.events}
        for line in clip.lines:
            for side in ("left", "right"):
                if side in line.text.split():
                    assert side in known, (clip.id, line.text)


def test_captions_are_three_or_four_and_vary():
    texts = [line.text for clip in clips(T2M) for line in clip.lines]
    assert all(3 <= len(clip.lines) <= 4 for clip in clips(T2M))
    assert len(set(texts)) > 0.9 * len(texts)
    assert all(
        text == text.lower() and "#" not in text and "{" not in text and "~" not in text for text in texts
    )


@both
def test_segment_captions_cover_one_action(body):
    segments = 0
    for clip in clips(body):
        for line in clip.lines:
            if line.end:
                segments += 1
                start, end = int(line.start * body.fps), int(line.end * body.fps)
                assert end - start >= body.min_frames
                assert any(start <= e.start and e.end <= end for e in clip.events)
                assert f"{line.start:.1f}" == str(line.start)
    assert segments > 5


def test_verbs_are_inflected():
    assert third_person("crouch down and ~walk ahead") == "crouches down and walks ahead"
    assert gerund("lie down and ~sit") == "lying down and sitting"
    assert gerund("step forward, ~wave and ~sit") == "stepping forward, waving and sitting"


@both
def test_the_dataset_is_readable_in_whole(tmp_path, body):
    calls = []
    write_demo(tmp_path, 70, body.name, progress=lambda done, total: calls.append((done, total)))
    dataset = open_dataset(tmp_path)
    assert dataset.skeleton == body
    assert len(dataset.ids) == 70
    assert {split for _, split in dataset.ids} == set(SPLITS)
    truth = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert {row["id"]: row["split"] for row in truth} == dict(dataset.ids)
    for row in truth:
        features = read_features(dataset, row["id"])
        captions, problems = read_captions(dataset, row["id"], len(features))
        assert not problems
        assert len(captions) >= 3
        assert len(features) == row["frames"]
    assert np.load(tmp_path / "Mean.npy").shape == (body.feature_size,)
    assert np.load(tmp_path / "Std.npy").min() > 0
    assert calls[-1] == (70, 70)


def test_a_clip_depends_on_the_seed_and_its_number_only(tmp_path):
    write_demo(tmp_path / "few", 10)
    write_demo(tmp_path / "more", 14)
    write_demo(tmp_path / "other", 10, seed=1)
    for path in sorted((tmp_path / "few").glob("*/*")):
        name = path.relative_to(tmp_path / "few")
        assert path.read_bytes() == (tmp_path / "more" / name).read_bytes()
    name = "new_joint_vecs/000001.npy"
    assert (tmp_path / "few" / name).read_bytes() != (tmp_path / "other" / name).read_bytes()


def test_twins_are_in_the_same_split():
    splits = split_ids([f"{n:06d}" for n in range(400)], 0)
    shares = [list(splits.values()).count(split) / 400 for split in SPLITS]
    assert shares == pytest.approx([0.8, 0.05, 0.15], abs=0.06)
    few = split_ids([f"{n:06d}" for n in range(30)], 3)
    assert set(few.values()) == set(SPLITS)


def test_bad_requests_are_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="not empty"):
        write_demo(tmp_path, 10)
    with pytest.raises(ValueError, match="at least 2"):
        write_demo(tmp_path / "new", 1)
    with pytest.raises(ValueError, match="too few for defects"):
        write_demo(tmp_path / "new", 10, defects=True)


REASONS = {
    "nan_clip": "not_finite",
    "too_short": "too_short",
    "too_long": "too_long",
    "truncated_npy": "unreadable_npy",
    "pickled_array": "pickled_array",
    "wrong_feature_size": "wrong_feature_size",
    "missing_files": "missing_motion",
}
LINE_REASONS = {
    "segment_reversed": {"segment_reversed"},
    "caption_hash": {"caption_hash"},
    "caption_line_break": {"line_break"},
    "caption_too_long": {"caption_too_long"},
}


@both
def test_each_defect_is_there_and_leaves_the_rest_alone(tmp_path, body):
    write_demo(tmp_path / "clean", 60, body.name)
    write_demo(tmp_path / "spoiled", 60, body.name, defects=True)
    dataset = open_dataset(tmp_path / "spoiled")
    rows = [json.loads(x) for x in (tmp_path / "spoiled" / "defects.jsonl").read_text().splitlines()]
    kinds = {row["defect"]: row for row in rows}
    assert len(kinds) == len(rows) == len({row["id"] for row in rows}) == 13
    for kind, reason in REASONS.items():
        with pytest.raises(ValueError, match=r".") as caught:
            read_features(dataset, kinds[kind]["id"])
        assert caught.value.reason == reason
    with pytest.raises(ValueError, match="no such file"):
        read_captions(dataset, kinds["missing_text"]["id"], 60)
    for kind, reasons in LINE_REASONS.items():
        motion_id = kinds[kind]["id"]
        captions, problems = read_captions(dataset, motion_id, len(read_features(dataset, motion_id)))
        assert {problem.reason for problem in problems} == reasons
        assert len(captions) >= 2
    swapped = kinds["swapped_side"]
    name = f"texts/{swapped['id']}.txt"
    before = (tmp_path / "clean" / name).read_text().splitlines()
    after = (tmp_path / "spoiled" / name).read_text().splitlines()
    changed = [i for i, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert changed == [swapped["detail"]["caption"]]
    touched = {row["id"] for row in rows}
    for path in sorted((tmp_path / "clean" / "new_joint_vecs").iterdir()):
        if path.stem not in touched:
            assert path.read_bytes() == (tmp_path / "spoiled" / "new_joint_vecs" / path.name).read_bytes()


def test_a_track_holds_its_values_and_arrives_with_the_speed_asked_for():
    track = Track([(0.0, 1.0, 0.0, 0.0)])
    track.ramp(1.0, 2.0, 3.0, speed=2.0)
    track.ramp(2.0, 3.0, 3.0)
    times = np.array([0.0, 0.9, 1.0, 2.0, 3.0, 9.0])
    assert track.at(times) == pytest.approx([1, 1, 1, 3, 3, 3])
    close = track.at(np.array([1.9999, 2.0, 2.0001]))
    assert np.diff(close) / 1e-4 == pytest.approx([2, 2], abs=1e-2)
    with pytest.raises(ValueError, match="comes after a key"):
        track.ramp(2.0, 2.5, 0.0)


def test_a_foot_cannot_leave_before_it_has_landed():
    foot = FootTrack((0.0, 0.0), 0.0)
    foot.move(0.0, 1.0, (0.0, 0.5), 0.0, 0.1)
    with pytest.raises(ValueError, match="on its way"):
        foot.move(0.5, 1.5, (0.0, 1.0), 0.0, 0.1)


def test_kit_figures_are_as_high_as_the_skeleton_s_unit_says():
    height = clips(KIT)[0].joints[0, :, 1].max()
    assert 700 < height < 1100
