"""What truth.jsonl says of the floor, of held arms, resting hands and reaching, held against the joints."""

import numpy as np
import pytest
from demo_clips import arm, both, clips, events, headings, leg, part, sides, to_body, travelled

from motion.skeleton import T2M


def gaps(joints, body, event, first, second):
    """Least distance in metres of two joints during an event."""
    piece = part(joints, event)
    return np.linalg.norm(piece[:, first] - piece[:, second], axis=1).min()


def wrists(body, event):
    return [arm(body, side)[2] for side in sides(event)]


@both
def test_crawling_is_on_hands_and_knees_and_goes_as_far_as_told(body):
    for joints, event in events(body, "crawl"):
        assert travelled(joints, event, body) == pytest.approx(event.amount, abs=0.03)
        piece = part(joints, event)
        hands = piece[:, [body.left_arm[2], body.right_arm[2]], 1]
        knees = piece[:, [body.left_leg[1], body.right_leg[1]], 1]
        assert np.median(hands.min(axis=1)) < 0.07
        assert knees.max() < 0.2
        spine = piece[:, body.joint("neck")] - piece[:, 0]
        assert (spine[:, 1] / np.linalg.norm(spine, axis=1)).max() < 0.6


@both
def test_speeds_of_crawling_differ_as_named(body):
    paces = {"slow": [], "normal": [], "fast": []}
    for clip in clips(body):
        for event in clip.events:
            if event.action == "crawl":
                paces[event.speed].append(event.amount * body.fps / (event.end - event.start))
    assert max(paces["slow"]) < min(paces["normal"])
    assert not paces["fast"] or max(paces["normal"]) < min(paces["fast"])


@both
def test_who_lies_down_ends_flat_on_the_floor_and_gets_up_from_it(body):
    for joints, event in events(body, "lie_down"):
        flat = joints[event.end - 1]
        assert flat[[0, body.joint("neck"), *body.left_leg, *body.right_leg], 1].max() < 0.3
        assert np.ptp(flat[:, 2]) + np.ptp(flat[:, 0]) > 1.2
    low = [joints[event.start, body.joint("neck"), 1] for joints, event in events(body, "stand_up")]
    assert min(low) < 0.3 < 0.7 < max(low)  # from the floor, and from a seat
    for joints, event in events(body, "stand_up"):
        assert joints[event.end - 1, body.joint("neck"), 1] > 1.1


@both
def test_an_arm_that_is_held_is_there_from_the_first_frame_on(body):
    for joints, event in events(body, "hold_arm"):
        assert event.start == 0
        for side in sides(event):
            shoulder, _, wrist = arm(body, side)
            way = part(joints, event)[:, wrist] - part(joints, event)[:, shoulder]
            if event.direction == "up":
                assert way[:, 1].min() > 0.4
            else:
                assert abs(way[:, 1]).max() < 0.12
                heading = headings(joints[:1], body)[0]
                left, forward = to_body(way[0], heading)
                out = left if side == "left" else -left
                assert (forward if event.direction == "forward" else out) > 0.4


@both
def test_hands_come_to_rest_where_the_truth_says(body):
    for joints, event in events(body, "hands_together"):
        assert gaps(joints, body, event, body.left_arm[2], body.right_arm[2]) < 0.1
    for action, joint, near in (("hand_on_hip", 0, 0.2), ("hand_on_knee", 1, 0.17)):
        for joints, event in events(body, action):
            for side in sides(event):
                place = leg(body, side)[joint]
                assert gaps(joints, body, event, arm(body, side)[2], place) < near
    for joints, event in events(body, "hand_on_head"):
        for wrist in wrists(body, event):
            assert gaps(joints, body, event, wrist, body.joint("head")) < 0.17


@both
def test_a_hand_that_is_not_told_stays_away(body):
    for action, place in (("hand_on_hip", 0), ("hand_on_knee", 1)):
        for joints, event in events(body, action):
            for side in {"left", "right"} - set(sides(event)):
                shoulder, elbow, wrist = arm(body, side)
                if action == "hand_on_hip":
                    piece = part(joints, event)
                    reach = np.linalg.norm(piece[:, wrist] - piece[:, shoulder], axis=1)
                    upper = np.linalg.norm(piece[:, elbow] - piece[:, shoulder], axis=1)
                    fore = np.linalg.norm(piece[:, wrist] - piece[:, elbow], axis=1)
                    assert (reach / (upper + fore)).min() > 0.9
                else:
                    assert gaps(joints, body, event, wrist, leg(body, side)[place]) > 0.2


@both
def test_reaching_hands_go_where_the_truth_says(body):
    seen = set()
    for joints, event in events(body, "reach"):
        piece = part(joints, event)
        (wrist,) = wrists(body, event)
        shoulder = arm(body, event.side)[0]
        away = np.linalg.norm(piece[:, wrist] - piece[0, wrist], axis=1)
        furthest = away.argmax()
        assert away[furthest] > 0.3
        heading = headings(joints[event.start :][:1], body)[0]
        left, forward = to_body(piece[furthest, wrist] - piece[0, 0], heading)
        up = piece[furthest, wrist, 1] - piece[furthest, shoulder, 1]
        other = {"left": "right", "right": "left"}[event.side]
        seen.add("across" if event.direction == other else event.direction)
        if event.direction in ("left", "right"):
            aside = left if event.direction == "left" else -left
            assert aside > (0.25 if event.direction == other else 0.6)
        elif event.direction == "down":
            assert 0.3 < piece[furthest, wrist, 1] < 0.5
        elif event.direction == "up":
            assert up > 0.4
        else:
            assert forward > 0.5
    assert {"across", "down", "up", "forward"} < seen


@both
def test_amounts_of_arms_and_legs_are_what_the_joints_show(body):
    for joints, event in events(body, "raise_arm", "lower_arm"):
        ways = []
        for side in sides(event):
            shoulder, _, wrist = arm(body, side)
            height = part(joints, event)[:, wrist, 1] - part(joints, event)[:, shoulder, 1]
            ways.append(np.ptp(height))
        assert event.amount == pytest.approx(max(ways), abs=0.011)
    for joints, event in events(body, "kick", "raise_leg", "stomp"):
        ankle = leg(body, event.side)[2]
        rise = joints[event.start : event.end, ankle, 1].max() - joints[:, ankle, 1].min()
        assert event.amount == pytest.approx(rise, abs=0.011)
        assert event.amount > 0.1


def test_actions_whose_way_is_known_have_an_amount():
    told = ("raise_arm", "lower_arm", "kick", "raise_leg", "stomp", "crawl", "squat", "walk")
    amounts = [e.amount for clip in clips(T2M) for e in clip.events if e.action in told]
    assert min(amounts) > 0
