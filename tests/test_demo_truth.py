"""What truth.jsonl says of a demo clip, held against the clip's joints."""

import numpy as np
import pytest
from demo_clips import arm, both, events, headings, leg, part, sides, to_body, toes, travelled


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
