import json
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from motion.demo.captions import gerund, third_person
from motion.demo.dataset import SPLITS, Clip, make_clip, mirrored, split_ids, write_demo
from motion.demo.tags import tagged, unknown_words
from motion.demo.tracks import FootTrack, Track
from motion.events import ACTIONS
from motion.features import facing
from motion.layout import open_dataset, read_captions, read_features
from motion.mirror import mirror_event, mirror_joints
from motion.mirror_text import mirror_text
from motion.skeleton import KIT, SKELETONS, T2M

CLIPS = 110  # three times round the list of actions
both = pytest.mark.parametrize("body", SKELETONS.values(), ids=list(SKELETONS))


@cache
def clips(body) -> list[Clip]:
    return [make_clip(body, number, 0) for number in range(CLIPS)]


def metres(clip, body):
    return clip.joints.astype(np.float64) * body.metres_per_unit


def events(body, *actions):
    """(clip's joints in metres, event) of every event of these actions."""
    found = [(metres(c, body), e) for c in clips(body) for e in c.events if e.action in actions]
    assert found, f"no clip has {actions}"
    return found


def part(joints, event):
    return joints[event.start : event.end + 1]


def headings(joints, body):
    forward = facing(joints, body)
    return np.unwrap(np.arctan2(forward[:, 0], forward[:, 1]))


def to_body(vector, heading):
    """(left, forward) of a vector (x, y, z) for a figure with this heading."""
    sin, cos = np.sin(heading), np.cos(heading)
    return vector[0] * cos - vector[2] * sin, vector[0] * sin + vector[2] * cos


def travelled(joints, event, body):
    piece = part(joints, event)
    left, forward = to_body(piece[-1, 0] - piece[0, 0], headings(piece[:1], body)[0])
    return {"left": left, "right": -left, "forward": forward, "backward": -forward}[event.direction]


def arm(body, side):
    return body.left_arm if side == "left" else body.right_arm


def leg(body, side):
    return body.left_leg if side == "left" else body.right_leg


def sides(event):
    return ("left", "right") if event.side == "both" else (event.side,)


def toes(body):
    return [body.left_foot[1], body.right_foot[1]]


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
        assert force.max() < 180, clip.id
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


@both
def test_straight_ways_lead_as_far_and_where_the_truth_says(body):
    for joints, event in events(body, "walk", "run", "crouch_walk", "side_step"):
        if event.path == "straight":
            assert travelled(joints, event, body) == pytest.approx(event.amount, abs=0.03)


@both
def test_steps_are_counted_as_the_feet_show(body):
    for joints, event in events(body, "walk", "run", "crouch_walk"):
        lifted = part(joints, event)[:, toes(body), 1] > 0.02
        starts = (np.diff(lifted.astype(int), axis=0) == 1).sum()
        assert starts == event.count


@both
def test_circles_come_back_and_curves_turn_to_their_side(body):
    for joints, event in events(body, "walk", "run"):
        if event.path in ("circle", "curve"):
            heading = headings(part(joints, event), body)
            sign = 1 if event.side == "left" else -1
            turned = np.rad2deg(heading[-1] - heading[0]) * sign
            assert turned == pytest.approx(360 if event.path == "circle" else 95, abs=8)


@both
def test_turns_have_their_angle_and_side(body):
    for joints, event in events(body, "turn"):
        heading = np.rad2deg(headings(part(joints, event), body))
        sign = 1 if event.side == "left" else -1
        assert (heading[-1] - heading[0]) * sign == pytest.approx(event.amount, abs=4)
        assert np.linalg.norm((joints[event.end - 1] - joints[event.start])[0, [0, 2]]) < 0.3


@both
def test_jumps_leave_the_floor_as_often_and_go_where_the_truth_says(body):
    for joints, event in events(body, "jump"):
        piece = part(joints, event)
        used = toes(body) if event.side == "both" else [leg(body, event.side)[3]]
        air = piece[:, toes(body), 1].min(axis=1) > 0.02
        assert (np.diff(air.astype(int)) == 1).sum() == event.count
        if event.direction == "up":
            assert piece[:, used, 1].max() == pytest.approx(event.amount, abs=0.03)
        else:
            assert travelled(joints, event, body) == pytest.approx(event.amount, abs=0.03)


@both
def test_running_flies_and_walking_does_not(body):
    for joints, event in events(body, "walk", "run"):
        air = part(joints, event)[:, toes(body), 1].min(axis=1) > 0.01
        assert air.any() == (event.action == "run")


@both
def test_crouching_walk_is_low(body):
    for joints, event in events(body, "crouch_walk"):
        piece = part(joints, event)[:, 0, 1]
        assert np.median(piece) < 0.8 * piece[0]


@both
def test_raised_arms_are_up_on_their_side_and_lowered_ones_down(body):
    for joints, event in events(body, "raise_arm"):
        for side in ("left", "right"):
            shoulder, _, wrist = arm(body, side)
            rise = (
                joints[event.end - 4 : event.end, wrist, 1] - joints[event.end - 4 : event.end, shoulder, 1]
            )
            if side not in sides(event):
                assert rise.max() < -0.3
            elif event.direction == "up":
                assert rise.min() > 0.4
            else:
                assert abs(rise).max() < 0.1
    for joints, event in events(body, "lower_arm"):
        for side in sides(event):
            shoulder, _, wrist = arm(body, side)
            assert joints[event.start, wrist, 1] > joints[event.start, shoulder, 1] - 0.05
            assert joints[event.end - 1, wrist, 1] < joints[event.end - 1, shoulder, 1] - 0.4


@both
def test_waves_swing_as_often_as_told_above_the_shoulder(body):
    for joints, event in events(body, "wave"):
        for side in sides(event):
            shoulder, _, wrist = arm(body, side)
            piece = part(joints, event)
            raised = piece[:, wrist, 1] > piece[:, shoulder, 1] + 0.08
            out = np.linalg.norm((piece[:, wrist] - piece[:, shoulder])[:, [0, 2]], axis=1)[raised]
            assert np.ptp(out) > 0.08
            # Between the way up and the way down, on which the hand is far out too.
            inside = np.flatnonzero(out < (out.max() + out.min()) / 2)
            far = out[inside[0] : inside[-1]] > (out.max() + out.min()) / 2
            assert (np.diff(far.astype(int)) == 1).sum() == event.count


@both
def test_squats_sink_as_deep_and_as_often_as_told(body):
    for joints, event in events(body, "squat"):
        height = part(joints, event)[:, 0, 1]
        assert height[0] - height.min() == pytest.approx(event.amount, abs=0.03)
        low = height < height[0] - event.amount / 2
        assert (np.diff(low.astype(int)) == 1).sum() == event.count


@both
def test_sitting_kneeling_and_standing_up(body):
    for joints, event in events(body, "sit_down"):
        assert joints[event.end - 1, 0, 1] < 0.6
    for joints, event in events(body, "stand_up"):
        assert joints[event.end - 1, 0, 1] - joints[event.start, 0, 1] > 0.25
    for joints, event in events(body, "kneel"):
        down, up = leg(body, event.side)[1], leg(body, "right" if event.side == "left" else "left")[1]
        assert joints[event.end - 1, down, 1] < 0.12
        assert joints[event.end - 1, up, 1] > 0.35


@both
def test_trunk_leans_as_far_as_told(body):
    neck = body.joint("neck")
    for joints, event in events(body, "bow", "bend"):
        spine = part(joints, event)[:, neck] - part(joints, event)[:, 0]
        angle = np.rad2deg(np.arccos(spine[:, 1] / np.linalg.norm(spine, axis=1)))
        assert angle.max() == pytest.approx(event.amount, abs=4)
        left, forward = to_body(spine[angle.argmax()], headings(joints[event.start :][:1], body)[0])
        way = event.direction or "forward"
        assert {"left": left, "right": -left, "forward": forward, "backward": -forward}[way] > 0.1


@both
def test_hands_go_to_the_floor_where_the_thing_is(body):
    for joints, event in events(body, "pick_up", "place"):
        piece = part(joints, event)
        for side in sides(event):
            wrist = arm(body, side)[2]
            lowest = piece[:, wrist, 1].argmin()
            assert piece[lowest, wrist, 1] < 0.22
            reach = piece[lowest, wrist] - piece[0, 0]
            left, forward = to_body(reach, headings(piece[:1], body)[0])
            assert {"left": left, "right": -left, "forward": forward}[event.direction] > 0.2


@both
def test_legs_kick_and_rise_on_their_side(body):
    for joints, event in events(body, "kick", "raise_leg", "stomp"):
        piece = part(joints, event)
        other = "right" if event.side == "left" else "left"
        assert piece[:, leg(body, event.side)[3], 1].max() > 0.2
        assert piece[:, leg(body, other)[3], 1].max() < 0.01
        raised = piece[:, leg(body, event.side)[3], 1] > 0.04
        assert (np.diff(raised.astype(int)) == 1).sum() == event.count


@both
def test_punches_go_out_as_often_as_told(body):
    for joints, event in events(body, "punch"):
        out = 0
        for side in ("left", "right"):
            shoulder, _, wrist = arm(body, side)
            way = np.linalg.norm(part(joints, event)[:, wrist] - part(joints, event)[:, shoulder], axis=1)
            height = part(joints, event)[:, wrist, 1] - part(joints, event)[:, shoulder, 1]
            extended = (way > 0.85 * way.max()) & (height > -0.15)
            times = (np.diff(extended.astype(int)) == 1).sum()
            assert side in sides(event) or times == 0
            out += times
        assert out == event.count


@both
def test_clapping_hands_meet_as_often_as_told(body):
    for joints, event in events(body, "clap"):
        piece = part(joints, event)
        gap = np.linalg.norm(piece[:, body.left_arm[2]] - piece[:, body.right_arm[2]], axis=1)
        assert gap.min() < 0.14
        # Beaten at less than three frames a clap, a closed pair of hands may fall between frames.
        met = (np.diff((gap < 0.24).astype(int)) == 1).sum()
        assert met == event.count


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


def test_words_are_tagged():
    text = "a man kicks with his left leg twice, then turns left."
    assert tagged(text) == (
        "a/DET man/NOUN kick/VERB with/ADP his/PRON left/ADJ leg/NOUN twice/ADV then/ADV turn/VERB left/ADV"
    )
    unknown = [line.text for clip in clips(T2M) for line in clip.lines if unknown_words(line.text)]
    assert len(unknown) < 10  # spelling mistakes, on purpose


def test_verbs_are_inflected():
    assert third_person("crouch down and ~walk ahead") == "crouches down and walks ahead"
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
        captions, problems = read_captions(dataset, kinds[kind]["id"], 100)
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
