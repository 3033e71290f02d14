from __future__ import annotations

import json
import re
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from facts_figures import POSES, Float, actions, dance, ease, measured, raising, still, turned
from hypothesis import given, settings
from hypothesis import strategies as st

from motion.events import ACTIONS
from motion.facts import Extremes, Summary, facts, measure, thresholds
from motion.facts.signals import bodies
from motion.facts.spans import settled, spans, swings
from motion.facts.thresholds import LIMITS, PACES, pace_word, table
from motion.mirror import mirror_event, mirror_joints, mirror_word
from motion.seeds import generator
from motion.skeleton import KIT, SKELETONS, T2M, Skeleton

seeds = st.integers(0, 10_000)
skeletons = st.sampled_from(sorted(SKELETONS))
poses = st.sampled_from(sorted(POSES))
sizes = st.sampled_from((0.01, 0.03, 0.08))


def mirrored_values(values: dict[str, Any]) -> dict[str, Any]:
    """Values of a summary or of extremes as those of the mirrored motion."""
    result = {}
    for key, value in values.items():
        words = [mirror_word(word) for word in key.split("_")]
        result["_".join(words)] = mirror_word(value) if isinstance(value, str) else value
    if "turn_degrees" in result:
        result["turn_degrees"] = 0.0 - result["turn_degrees"]
    return result


@settings(max_examples=150, deadline=None)
@given(skeletons, seeds, poses, sizes)
def test_a_mirrored_motion_has_exactly_the_mirrored_facts(
    name: str, seed: int, pose: str, size: float
) -> None:
    body = SKELETONS[name]
    joints = dance(body, seed, pose=pose, size=size)
    first, second = measure([joints, mirror_joints(joints, body)], body)
    assert sorted(map(str, map(mirror_event, first.events))) == sorted(map(str, second.events))
    assert mirrored_values(vars(first.summary)) == vars(second.summary)
    assert mirrored_values(vars(first.extremes)) == vars(second.extremes)


def test_mirroring_values_knows_every_key() -> None:
    for kind in (Summary, Extremes):
        names = {item.name for item in fields(kind)}
        assert set(mirrored_values(dict.fromkeys(names, 1.0))) == names


@settings(max_examples=40, deadline=None)
@given(skeletons, seeds, poses, sizes, st.floats(-3.1, 3.1), st.floats(-20, 20), st.floats(-20, 20))
def test_facts_do_not_depend_on_place_and_heading(
    name: str, seed: int, pose: str, size: float, angle: float, x: float, z: float
) -> None:
    body = SKELETONS[name]
    joints = dance(body, seed, pose=pose, size=size).astype(np.float64)
    moved = turned(joints, np.full(len(joints), angle))
    moved[..., 0] += x * body.leg_length
    moved[..., 2] += z * body.leg_length
    first, second = measure([joints, moved], body)
    assert first.events == second.events
    assert first.summary == second.summary
    # Rounded to 3 decimals, of which the last may fall either way.
    assert vars(first.extremes) == pytest.approx(vars(second.extremes), abs=0.0011, rel=0)


@settings(max_examples=10, deadline=None)
@given(skeletons, seeds)
def test_facts_of_a_clip_do_not_depend_on_its_company(name: str, seed: int) -> None:
    body = SKELETONS[name]
    chosen = ("standing", "crawling", "prone", "kneeling", "holding")
    clips = [dance(body, seed + i, frames=40 + 13 * i, pose=pose, size=0.05) for i, pose in enumerate(chosen)]
    together = measure(clips, body)
    assert together == [measured(clip, body) for clip in clips]
    assert measure(clips[::-1], body) == together[::-1]


@settings(max_examples=20, deadline=None)
@given(skeletons, seeds)
def test_facts_survive_json(name: str, seed: int) -> None:
    body = SKELETONS[name]
    found = measured(dance(body, seed), body)
    text = json.dumps(found.as_dict())
    assert facts(json.loads(text)) == found
    assert json.dumps(facts(json.loads(text)).as_dict()) == text


@pytest.mark.parametrize("body", SKELETONS.values(), ids=lambda b: b.name)
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_raised_arm_is_told_with_its_side(body: Skeleton, side: str) -> None:
    found = measured(raising(body, side), body)
    assert actions(found) == [("raise_arm", side), ("lower_arm", side)]
    assert found.events[-1].start > found.events[0].start
    assert found.summary.hands_raised == side
    assert found.summary.hands_waving == ""


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("side", ["left", "right"])
def test_waves_are_counted(side: str, count: int) -> None:
    found = measured(raising(T2M, side, waves=count, frames=140), T2M)
    waves = [e for e in found.events if e.action == "wave"]
    assert [(e.side, e.count) for e in waves] == [(side, count)]
    assert found.summary.hands_waving == side


def test_both_arms_at_the_same_time_are_one_event() -> None:
    joints = raising(T2M, "left", waves=3)
    arm = list(T2M.right_arm)
    joints[:, arm] = raising(T2M, "right", waves=3)[:, arm]
    found = measured(joints, T2M)
    assert actions(found) == [("wave", "both")]


@pytest.mark.parametrize("body", SKELETONS.values(), ids=lambda b: b.name)
@pytest.mark.parametrize("degrees", [45, 90, -90, 180, -360])
def test_turns_are_measured_in_degrees_with_their_side(body: Skeleton, degrees: int) -> None:
    frames = round(3 * body.fps)
    angle = np.radians(ease(frames, (0, 0), (0.25, 0), (0.75, degrees), (1, degrees)))
    found = measured(turned(still(body, frames), angle), body)
    side = "left" if degrees > 0 else "right"
    assert actions(found) == [("turn", side)]
    turn = next(e for e in found.events if e.action == "turn")
    assert abs(turn.amount - abs(degrees)) <= 3 + 0.05 * abs(degrees)
    assert found.summary.turn_side == side
    assert abs(found.summary.turn_degrees - degrees) <= 3


@pytest.mark.parametrize("count", [1, 3])
def test_jumps_on_the_spot_are_counted(count: int) -> None:
    time = np.arange(30 * count + 20) / T2M.fps
    phase = (time - 0.5) % 1.5
    height = np.where((time > 0.5) & (phase < 0.5), 4.9 * phase * (0.5 - phase), 0)
    joints = still(T2M, len(time))
    joints[..., 1] += height[:, None]
    jump = next(e for e in measured(joints, T2M).events if e.action == "jump")
    assert (jump.count, jump.direction, jump.side) == (count, "up", "both")
    assert jump.amount == pytest.approx(4.9 * 0.25**2, abs=0.05)


@pytest.mark.parametrize("body", SKELETONS.values(), ids=lambda b: b.name)
def test_a_bow_is_no_bend_to_the_floor(body: Skeleton) -> None:
    joints = still(body)
    lean = np.radians(ease(60, (0, 0), (0.2, 0), (0.4, 50), (0.65, 50), (0.85, 0), (1, 0)))
    upper = [body.joint(n) for n in body.joints if "hip" not in n and "knee" not in n and "ankle" not in n]
    upper = [j for j in upper if "foot" not in body.joints[j] and "instep" not in body.joints[j]]
    centre = joints[:, :1]
    offset = joints[:, upper] - centre
    sin, cos = np.sin(lean)[:, None], np.cos(lean)[:, None]
    y, z = offset[..., 1].copy(), offset[..., 2].copy()
    offset[..., 1], offset[..., 2] = cos * y - sin * z, cos * z + sin * y
    joints[:, upper] = centre + offset
    hands = [*body.left_arm[1:], *body.right_arm[1:]]
    joints[:, hands, 1] += 0.25 * body.leg_length * np.sin(lean)[:, None]
    found = measured(joints, body)
    assert found.summary.bowed
    bow = next(e for e in found.events if e.action == "bow")
    assert 35 <= bow.amount <= 55


def test_a_figure_that_stands_still_does_nothing_else() -> None:
    for body in SKELETONS.values():
        found = measured(still(body), body)
        assert [e.action for e in found.events] == ["stand"]
        assert (found.summary.gait, found.summary.travel, found.summary.steps) == ("stand", "", 0)
        assert found.summary.skating_cm_s == 0


def test_jitter_and_skating_are_seen() -> None:
    joints = still(T2M)
    noisy = joints + generator("noise").normal(0, 0.02, joints.shape)
    slid = joints.copy()
    slid[..., 0] += np.linspace(0, 1, len(slid))[:, None]
    plain, shaken, sliding = (measured(clip, T2M).summary for clip in (joints, noisy, slid))
    assert shaken.jitter > plain.jitter + 50
    assert sliding.skating_cm_s > plain.skating_cm_s + 10


def test_lengths_are_metres_of_the_body_in_both_units() -> None:
    assert bodies([still(T2M)], T2M)[0].leg == pytest.approx(T2M.leg_length, rel=0.02)
    assert bodies([still(KIT)], KIT)[0].leg == pytest.approx(KIT.leg_length * KIT.metres_per_unit, rel=0.02)


@pytest.mark.parametrize(
    ("clip", "words"),
    [
        (np.zeros((50, 21, 3)), "22, 3"),
        (np.zeros((3, 22, 3)), "3 frames"),
        (np.full((50, 22, 3), np.nan), "NaN"),
    ],
)
def test_what_cannot_be_measured_is_refused_by_number(clip: Float, words: str) -> None:
    with pytest.raises(ValueError, match=words) as error:
        measure([still(T2M), clip], T2M)
    assert "clip 1" in str(error.value)


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 5))
def test_spans_cover_the_mask_and_no_wide_gap(values: list[bool], gap: int) -> None:
    mask = np.array(values, bool)
    covered = np.zeros(len(mask), bool)
    found = spans(mask, gap=gap)
    for start, end in found:
        assert mask[start]
        assert mask[end - 1]
        covered[start:end] = True
    assert not (mask & ~covered).any()
    assert all(b[0] - a[1] > gap for a, b in pairwise(found))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(1, 8))
def test_settled_pieces_tile_the_sequence(codes: list[int], least: int) -> None:
    pieces = settled(np.array(codes), least)
    assert pieces[0][0] == 0
    assert pieces[-1][1] == len(codes)
    assert all(a[1] == b[0] and a[2] != b[2] for a, b in pairwise(pieces))
    assert len(pieces) == 1 or all(end - start >= least for start, end, _ in pieces)


@given(st.integers(1, 6))
def test_swings_of_a_sine_are_its_extremes(cycles: int) -> None:
    values = np.sin(np.linspace(0, 2 * np.pi * cycles, 50 * cycles))
    assert len(swings(values, 0.5)) == 2 * cycles


def test_every_limit_is_used_and_has_a_unit_and_a_reason() -> None:
    code = "".join(path.read_text() for path in Path(thresholds.__file__).parent.glob("*.py"))
    assert [name for name, *_ in table() if f"LIMITS.{name}" not in code] == []
    rows = table()
    assert len(rows) == len(vars(LIMITS))
    assert all(unit and len(reason) > 8 for _, _, unit, reason in rows)


def test_paces_lie_in_order_and_name_what_can_be_measured() -> None:
    for name, limit in PACES.items():
        assert name.partition(" ")[0] in ACTIONS
        assert 0 < limit.slow < limit.fast
        assert limit.unit
        assert len(limit.reason) > 8
        words = [pace_word(name, value) for value in (0.0, 0.9 * limit.slow, limit.slow, 1.1 * limit.fast)]
        assert words == ["", "slow", "normal", "fast"]


def test_the_document_names_every_action_key_and_pace() -> None:
    text = (Path(__file__).parents[1] / "docs" / "facts.md").read_text(encoding="utf-8")
    cells = {name for row in re.findall(r"^\| ([a-z_, ]+) \|", text, re.M) for name in row.split(", ")}
    keys = {item.name for kind in (Summary, Extremes) for item in fields(kind)}
    assert set(ACTIONS) | keys <= cells
    for name, limit in PACES.items():
        assert f"| {name} | {limit.slow:g} | {limit.fast:g} | {limit.unit} | {limit.reason} |" in text
