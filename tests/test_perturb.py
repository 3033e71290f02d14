"""Perturbed motions: what each operation does to a figure, and that its breaks tell the truth."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from perturb_figures import (
    CLIPS,
    bower,
    kicker,
    standing,
    walker,
    walker_then_bower,
    walker_then_waver,
    waver,
)

from motion.events import Event
from motion.features import canonical, facing, features_from_joints
from motion.perturb import OPERATIONS, Edit, Subject, applicable, apply, edit, perform, propose
from motion.retarget import bone_lengths
from motion.seeds import generator
from motion.skeleton import KIT, SKELETONS, T2M, Skeleton


def jump_speed(joints: np.ndarray, body: Skeleton) -> float:
    """Greatest change of a joint's velocity from frame to frame, in m/s."""
    change = np.diff(joints, 2, axis=0) * body.fps * body.metres_per_unit
    return float(np.linalg.norm(change, axis=-1).max())


def done(name: str, subject: Subject, **parameters: object) -> tuple[np.ndarray, Edit]:
    """One operation at its first target with given amounts."""
    operation = OPERATIONS[name]
    target = next(
        t for t in operation.targets(subject, None) if all(t.get(k, v) == v for k, v in parameters.items())
    )
    settled = operation.draw(subject, target, generator(name), 0.5) | parameters
    result = perform(name, subject, None, settled)
    return result.joints, Edit(name, settled, tuple(c.difference for c in result.changes))


@settings(max_examples=60, deadline=None)
@given(
    clip=st.sampled_from(sorted(CLIPS)),
    other=st.sampled_from(sorted(CLIPS)),
    body=st.sampled_from([T2M, KIT]),
    number=st.integers(0, 10**6),
    data=st.data(),
)
def test_any_edit_keeps_bones_floor_lengths_and_smoothness(clip, other, body, number, data):
    subject, donor = CLIPS[clip](body), CLIPS[other](body)
    name = data.draw(st.sampled_from(applicable(subject, donor)))
    joints, made = apply(name, subject, donor, generator(name, number))
    assert joints.dtype == np.float32
    assert body.min_frames + 1 <= len(joints) <= body.max_frames
    bones = joints[:, 1:] - joints[:, body.parents[1:]]
    spread = np.abs(np.linalg.norm(bones, axis=-1) - subject.lengths[1:]).max()
    assert spread * body.metres_per_unit < 1e-4
    assert joints[..., 1].min() == pytest.approx(0, abs=1e-4 / body.metres_per_unit)
    assert joints[0, 0, ::2] == pytest.approx([0, 0], abs=1e-5)
    features = features_from_joints(canonical(joints, body), body)
    assert np.isfinite(features).all()
    assert body.min_frames <= len(features) < body.max_frames
    if name != "jitter":
        # What goes faster changes its speed in proportion to the square.
        allowed = 4.5 if name == "faster" else 2.5
        assert jump_speed(joints, body) < max(3.0, allowed * jump_speed(subject.joints, body)), name
    assert made.breaks
    for broken in made.breaks:
        assert 0 <= broken.start <= broken.end <= len(joints)
    assert edit(json.loads(json.dumps(made.as_dict()))) == made


@settings(max_examples=25, deadline=None)
@given(clip=st.sampled_from(sorted(CLIPS)), body=st.sampled_from([T2M, KIT]), key=st.text(max_size=8))
def test_a_proposal_depends_on_its_key_alone_and_varies_its_operations(clip, body, key):
    strengths = (0.95, 0.7, 0.4, 0.1)
    subject, donor = CLIPS[clip](body), bower(body)
    first = propose(subject, donor, key, 4, strengths)
    again = propose(CLIPS[clip](body), bower(body), key, 4, strengths)
    for (joints, edits), (same, same_edits) in zip(first, again, strict=True):
        assert np.array_equal(joints, same)
        assert edits == same_edits
        assert body.min_frames + 1 <= len(joints) <= body.max_frames
        for made in edits:
            assert all(0 <= b.start <= b.end <= len(joints) for b in made.breaks)
    openers = [edits[0].operation for _, edits in first]
    assert len(set(openers)) == 4
    assert len(first[3][1]) == 1


def test_chained_edits_do_not_speak_of_what_another_one_removed():
    subject, donor = walker_then_waver(T2M), bower(T2M)
    chains = 0
    for number in range(60):
        for _, edits in propose(subject, donor, f"chain {number}", 2, (1.0, 0.9)):
            chains += len(edits) > 1
            gone = {(b.action, b.side) for e in edits for b in e.breaks if b.aspect == "missing"}
            rest = [b for e in edits for b in e.breaks if b.aspect not in ("missing", "extra", "quality")]
            assert not [b for b in rest if (b.action, b.side) in gone]
            said = [(b.aspect, b.action, b.side) for b in rest]
            assert len(said) == len(set(said))
    assert chains > 60


def test_a_number_of_strengths_that_does_not_fit_is_an_error():
    with pytest.raises(ValueError, match="as many strengths"):
        propose(walker(T2M), None, "key", 4, (1.0,))


def test_all_operations_find_a_clip_and_are_used_over_a_corpus():
    seen: set[str] = set()
    for body in SKELETONS.values():
        for number in range(12):
            for name, make in CLIPS.items():
                for _, edits in propose(make(body), bower(body), f"{name} {number}", 3, (0.9, 0.5, 0.1)):
                    seen |= {made.operation for made in edits}
    assert seen == set(OPERATIONS)


def test_what_would_not_show_is_not_applicable():
    still = Subject(canonical(standing(T2M, 60)), T2M, (Event("stand", 0, 60),))
    assert applicable(still, None) == ["jitter", "skating"]
    assert "mirror" not in applicable(walker(T2M), None)
    assert "swap_parts" not in applicable(walker(T2M), None)
    assert "turn_path" not in applicable(waver(T2M), None)
    assert "splice" not in applicable(waver(T2M), None)
    assert "splice" not in applicable(waver(T2M), waver(T2M, "right"))
    with pytest.raises(ValueError, match="nothing visible"):
        apply("mirror", walker(T2M), None, generator("x"))
    with pytest.raises(ValueError, match="unknown operation"):
        apply("shout", walker(T2M), None, generator("x"))


@pytest.mark.parametrize("body", [T2M, KIT], ids=lambda b: b.name)
def test_mirror_moves_the_other_arm_and_says_so(body):
    subject = waver(body, "left")
    joints, made = done("mirror", subject)
    left, right = joints[55, body.left_arm[2], 1], joints[55, body.right_arm[2], 1]
    assert right > left + 0.5 * body.leg_length
    assert [(b.aspect, b.expected, b.found) for b in made.breaks] == [("side", "left", "right")] * 3


@pytest.mark.parametrize("body", [T2M, KIT], ids=lambda b: b.name)
def test_swap_sides_moves_the_other_arm_and_leaves_the_legs(body):
    subject = waver(body, "left")
    joints, made = done("swap_sides", subject, limbs="arms")
    assert joints[55, body.right_arm[2], 1] > joints[55, body.left_arm[2], 1] + 0.5 * body.leg_length
    legs = [*body.left_leg, *body.right_leg]
    assert np.abs(joints[:, legs] - subject.joints[:, legs]).max() < 1e-3 * body.leg_length
    assert {b.aspect for b in made.breaks} == {"side"}


def test_swap_sides_of_the_legs_kicks_with_the_other_foot():
    joints, made = done("swap_sides", kicker(T2M), limbs="legs")
    assert joints[:, T2M.left_leg[3], 1].max() > joints[:, T2M.right_leg[3], 1].max() + 0.3
    assert [(b.expected, b.found) for b in made.breaks] == [("right", "left")]


@pytest.mark.parametrize("body", [T2M, KIT], ids=lambda b: b.name)
@pytest.mark.parametrize(("degrees", "axis", "sign"), [(90, 0, 1), (-90, 0, -1), (180, 2, -1)])
def test_turn_heading_makes_the_figure_walk_sideways_or_backwards(body, degrees, axis, sign):
    subject = walker(body)
    joints, made = done("turn_heading", subject, degrees=degrees)
    way = joints[-1, 0] - joints[0, 0]
    assert sign * way[axis] > 0.9 * np.linalg.norm(way)
    assert facing(joints, body)[:, 1].min() > 0.9
    found = {90: "left", -90: "right", 180: "backward"}[degrees]
    assert [(b.aspect, b.expected, b.found) for b in made.breaks] == [("direction", "forward", found)]
    assert slide(joints, body) < 0.1


def slide(joints: np.ndarray, body: Skeleton) -> float:
    """Speed in m/s of the slower foot on the floor: near 0 where one always stands."""
    feet = joints[:, [body.left_leg[2], body.right_leg[2]]][..., ::2]
    speed = np.linalg.norm(np.diff(feet, axis=0), axis=-1) * body.fps * body.metres_per_unit
    return float(np.median(speed.min(axis=1)))


@pytest.mark.parametrize("body", [T2M, KIT], ids=lambda b: b.name)
@pytest.mark.parametrize(("name", "factor"), [("shorten_way", 0.5), ("lengthen_way", 1.4)])
def test_shorten_and_lengthen_scale_the_way(body, name, factor):
    subject = walker(body, stride=0.45)
    joints, made = done(name, subject, factor=factor)
    before, after = subject.joints[-1, 0, 2], joints[-1, 0, 2]
    assert after / before == pytest.approx(factor, abs=0.05)
    assert (made.breaks[0].expected, made.breaks[0].found) == ("2.7", f"{2.7 * factor:.1f}")
    assert made.breaks[1].found == ("slower" if factor < 1 else "faster")
    assert slide(joints, body) < 0.1


def test_turn_path_bends_the_way_and_keeps_the_feet():
    joints, made = done("turn_path", walker(T2M), degrees=100.0)
    forward = facing(joints, T2M)
    assert np.degrees(np.arctan2(*forward[-1])) == pytest.approx(100, abs=12)
    assert joints[-1, 0, 0] > 1
    assert slide(joints, T2M) < 0.1
    assert [(b.aspect, b.expected, b.found) for b in made.breaks] == [("path", "straight", "curve")]


def test_reverse_walks_backwards_and_keeps_the_order_of_an_arm():
    joints, made = done("reverse", walker(T2M))
    assert joints[-1, 0, 2] < -3
    assert [(b.aspect, b.expected, b.found) for b in made.breaks] == [("direction", "forward", "backward")]
    # Up, wave, down is the same backwards: nothing would show.
    assert "reverse" not in applicable(waver(T2M), None)
    subject = waver(T2M)
    raised = Subject(subject.joints[:70], T2M, subject.events[:2])
    _, made = done("reverse", raised)
    assert [(b.aspect, b.action) for b in made.breaks] == [("missing", "raise_arm"), ("extra", "lower_arm")]


@pytest.mark.parametrize(("name", "ratio"), [("faster", 1 / 1.5), ("slower", 1.5)])
def test_speed_changes_the_length_and_the_way_stays(name, ratio):
    subject = walker(T2M)
    joints, made = done(name, subject, rate=1.5)
    assert len(joints) == pytest.approx(ratio * subject.frames, abs=1)
    assert joints[-1, 0, 2] == pytest.approx(subject.joints[-1, 0, 2], abs=0.02)
    assert made.breaks[0].found == (name)


def test_cuts_lose_what_they_say():
    subject = walker_then_waver(T2M)
    joints, made = done("cut_beginning", subject, parts=1)
    assert len(joints) == subject.frames - subject.parts[0].end
    assert [(b.aspect, b.action) for b in made.breaks] == [("missing", "walk")]
    assert np.linalg.norm(joints[-1, 0, ::2] - joints[0, 0, ::2]) < 0.5
    joints, made = done("cut_action", subject, part=0)
    assert [b.action for b in made.breaks] == ["walk"]
    joints, made = done("cut_end", walker(T2M), event=0, share=0.5)
    assert joints[-1, 0, 2] == pytest.approx(float(made.breaks[0].found), abs=0.15)


def test_cycles_are_repeated_and_dropped():
    subject = waver(T2M)
    longer, made = done("repeat_cycle", subject)
    assert len(longer) == pytest.approx(subject.frames + 12, abs=4)
    assert [(b.aspect, b.expected, b.found) for b in made.breaks] == [("count", "4", "5")]
    shorter, made = done("drop_cycle", subject)
    assert len(shorter) == pytest.approx(subject.frames - 12, abs=4)
    assert made.breaks[0].found == "3"
    assert waves(longer) == waves(subject.joints) + 1 == waves(shorter) + 2


def waves(joints: np.ndarray) -> int:
    """How often the raised left hand goes outwards over the middle of its way."""
    up = joints[:, T2M.left_arm[2], 1] > joints[:, T2M.left_arm[0], 1]
    x = (joints[:, T2M.left_arm[2], 0] - joints[:, T2M.left_arm[1], 0])[up]
    middle = (x.max() + x[2:-2].min()) / 2
    return int(((x[:-1] < middle) & (x[1:] >= middle)).sum())


def test_a_frozen_arm_hangs_and_a_frozen_leg_stands():
    joints, made = done("freeze_limb", waver(T2M), limb="left_arm")
    assert joints[:, T2M.left_arm[2], 1].max() < joints[:, T2M.left_arm[0], 1].min()
    assert {b.aspect for b in made.breaks} == {"missing"}
    joints, made = done("freeze_limb", kicker(T2M), limb="right_leg")
    assert np.ptp(joints[:, T2M.right_leg[2]], axis=0).max() < 0.03
    assert [(b.aspect, b.action) for b in made.breaks] == [("missing", "kick")]


def test_a_damped_kick_is_lower_and_an_exaggerated_one_higher():
    subject = kicker(T2M)
    toes = T2M.right_leg[3]
    damped = perform("damp_limb", subject, None, {"limb": "right_leg", "factor": 0.5})
    small = damped.joints
    assert [change.difference.found for change in damped.changes] == ["smaller"]
    assert small[:, toes, 1].max() < 0.65 * subject.joints[:, toes, 1].max()
    large, _ = done("exaggerate_limb", subject, factor=1.5)
    assert large[:, toes, 1].max() > 1.15 * subject.joints[:, toes, 1].max()


def test_a_pause_holds_the_figure():
    joints, made = done("insert_pause", walker(T2M), seconds=1.0)
    broken = made.breaks[0]
    speed = np.linalg.norm(np.diff(joints[:, 0], axis=0), axis=-1) * 20
    assert (speed < 0.05).sum() >= 14
    assert speed[(broken.start + broken.end) // 2] < 0.01
    assert broken.found == "pause"


def test_swapped_parts_change_places():
    subject = walker_then_bower(T2M)
    joints, made = done("swap_parts", subject, part=0)
    assert joints[55, 0, 2] < 0.3 < joints[-1, 0, 2] - 1.5
    assert [(b.aspect, b.action, b.expected, b.found) for b in made.breaks] == [
        ("order", "walk", "before bow", "after bow")
    ]


def test_a_splice_brings_in_the_donors_action():
    subject, donor = walker(T2M), bower(T2M)
    targets = OPERATIONS["splice"].targets(subject, donor)
    target = next(t for t in targets if t["start"] == t["end"] == subject.frames)
    result = perform("splice", subject, donor, target)
    head, root = T2M.joint("head"), 0
    lean = np.linalg.norm((result.joints[:, head] - result.joints[:, root])[:, ::2], axis=-1)
    start, end = result.changes[0].difference.start, result.changes[0].difference.end
    assert result.changes[0].difference.aspect == "extra"
    assert start <= int(lean.argmax()) < end


def test_jitter_trembles_and_skating_slides():
    subject = waver(T2M)
    trembling, made = done("jitter", subject)
    assert jump_speed(trembling, T2M) > 2 * jump_speed(subject.joints, T2M)
    sliding, other = done("skating", subject)
    feet = np.linalg.norm(np.diff(sliding[:, T2M.left_leg[2]], axis=0), axis=-1) * 20
    assert feet.mean() > 0.12
    assert [b.found for b in (*made.breaks, *other.breaks)] == ["jitter", "skating"]


def test_bones_of_the_test_figures_are_the_skeletons():
    for body in SKELETONS.values():
        assert bone_lengths(walker(body).joints, body) == pytest.approx(body.bone_lengths, rel=1e-3)


def test_the_shortest_clip_that_features_give_back_can_be_edited():
    subject = waver(T2M, frames=110)
    shortest = Subject(canonical(subject.joints[5:45]), T2M, (Event("raise_arm", 5, 25, "left", "up"),))
    joints, _ = done("mirror", shortest)
    assert len(features_from_joints(joints)) == T2M.min_frames
    for rung, _ in propose(shortest, bower(T2M), "short", 4, (1.0, 0.6, 0.3, 0.0)):
        assert len(features_from_joints(rung)) >= T2M.min_frames


def test_what_is_recorded_is_enough_to_do_it_again():
    subject, donor = walker_then_waver(T2M), bower(T2M)
    for name in applicable(subject, donor):
        joints, made = apply(name, subject, donor, generator("again", name))
        recorded = edit(json.loads(json.dumps(made.as_dict())))
        again = perform(name, subject, donor, recorded.parameters)
        assert np.array_equal(again.joints, joints)
