from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motion.compare import differences, fact_vector, merge, similarity
from motion.events import ACTIONS, LOCOMOTION, Difference, Event
from motion.facts import Facts, measure
from motion.mirror import mirror_event, mirror_word
from motion.skeleton import T2M

STILL = measure([np.repeat(np.linspace(0, 1, 22)[None, :, None], 60, 0) * [0.3, 1.5, 0.2]], T2M)[0]


def facts_of(*events: Event, frames: int = 100, **summary: object) -> Facts:
    """Facts of a motion that does these events."""
    return replace(
        STILL,
        frames=frames,
        summary=replace(STILL.summary, **summary),  # type: ignore[arg-type]
        events=events,
    )


def walk(count: int = 6, direction: str = "forward", start: int = 0, **values: object) -> Event:
    changed = {"amount": 0.6 * count, "path": "straight", "speed": "normal", **values}
    return Event("walk", start, start + 10 * count, direction=direction, count=count, **changed)  # type: ignore[arg-type]


def wave(side: str = "left", count: int = 3, start: int = 0) -> Event:
    return Event("wave", start, start + 10 * count, side=side, count=count)


def told(goal: Facts, candidate: Facts) -> set[tuple[str, str, str, str]]:
    return {(d.aspect, d.action, d.expected, d.found) for d in differences(goal, candidate)}


@st.composite
def events(draw: st.DrawFn) -> Event:
    action = draw(st.sampled_from(sorted(ACTIONS)))
    what = ACTIONS[action]
    start = draw(st.integers(0, 80))
    return Event(
        action,
        start,
        start + draw(st.integers(5, 60)),
        side=draw(st.sampled_from(["left", "right", "both"])) if what.sided else "",
        direction=draw(st.sampled_from(["forward", "left", "right", "up"])) if what.directed else "",
        path=draw(st.sampled_from(["straight", "curve"])) if action in LOCOMOTION else "",
        count=draw(st.integers(1, 8)) if what.counted else 1,
        amount=round(draw(st.floats(0.1, 100)), 2) if what.unit else 0.0,
    )


many = st.lists(events(), max_size=5).map(
    lambda items: facts_of(*sorted(items, key=lambda e: (e.start, e.end)))
)


def mirrored(item: Facts) -> Facts:
    return replace(item, events=tuple(mirror_event(e) for e in item.events))


@given(many)
def test_a_motion_does_not_differ_from_itself(item: Facts) -> None:
    assert differences(item, item) == ()
    assert similarity(item, item) == 1


@settings(max_examples=60)
@given(many, many)
def test_mirrored_motions_have_mirrored_differences(a: Facts, b: Facts) -> None:
    def words(found: tuple[Difference, ...], mirror: bool) -> list[tuple[str, ...]]:
        turn = mirror_word if mirror else str
        return sorted(
            (d.aspect, d.action, turn(d.side), turn(d.direction), turn(d.expected), turn(d.found))
            for d in found
        )

    assert words(differences(a, b), True) == words(differences(mirrored(a), mirrored(b)), False)
    assert similarity(a, b) == similarity(mirrored(a), mirrored(b))


@settings(max_examples=60)
@given(many, many)
def test_similarity_is_a_share_and_repeats(a: Facts, b: Facts) -> None:
    assert 0 <= similarity(a, b) <= 1
    assert similarity(a, b) == similarity(a, b)
    assert differences(a, b) == differences(a, b)
    assert all(0 <= d.start <= d.end for d in differences(a, b))


def test_what_is_missing_or_extra_is_named() -> None:
    both = facts_of(walk(3), wave(start=40))
    assert told(both, facts_of(walk(3))) == {("missing", "wave", "wave", "none")}
    assert told(facts_of(walk(3)), both) == {("extra", "wave", "none", "wave")}


@pytest.mark.parametrize(
    ("goal", "candidate", "expected"),
    [
        (wave("left"), wave("right"), ("side", "wave", "left", "right")),
        (wave("both"), wave("right"), ("side", "wave", "both", "right")),
        (walk(direction="forward"), walk(direction="backward"), ("direction", "walk", "forward", "backward")),
        (wave(count=3), wave(count=5), ("count", "wave", "3", "5")),
        (walk(path="straight"), walk(path="curve"), ("path", "walk", "straight", "curve")),
        (walk(amount=3.6), replace(walk(amount=3.6), end=40), ("speed", "walk", "normal", "faster")),
        (
            Event("turn", 0, 20, side="left", amount=90),
            Event("turn", 0, 40, side="left", amount=180),
            ("amplitude", "turn", "90", "180"),
        ),
        (
            Event("kick", 0, 20, side="left", direction="forward"),
            Event("kick", 0, 20, side="left", direction="backward"),
            ("direction", "kick", "forward", "backward"),
        ),
    ],
)
def test_each_aspect_is_told_alone(goal: Event, candidate: Event, expected: tuple[str, ...]) -> None:
    assert told(facts_of(goal), facts_of(candidate)) == {expected}


def test_a_side_step_for_a_walk_is_another_direction_not_another_action() -> None:
    aside = Event("side_step", 0, 60, direction="left", path="straight", count=6, amount=3.6)
    assert {d[:2] for d in told(facts_of(walk()), facts_of(aside))} == {("direction", "walk")}


def test_noise_of_the_measure_is_no_difference() -> None:
    assert told(facts_of(walk(8)), facts_of(walk(9))) == set()
    assert told(facts_of(walk(3)), facts_of(walk(2, amount=1.8, start=10))) != set()
    turn = Event("turn", 0, 20, side="left", amount=90)
    assert told(facts_of(turn), facts_of(replace(turn, amount=105.0))) == set()


def test_standing_is_never_missing_or_extra() -> None:
    assert told(facts_of(walk(4), Event("stand", 50, 90)), facts_of(walk(4))) == set()


def test_a_swapped_order_is_told_once() -> None:
    goal = facts_of(walk(4), wave(start=45))
    swapped = facts_of(wave(start=0), walk(4, start=35))
    assert told(goal, swapped) == {("order", "walk", "before wave", "after wave")}


def test_a_pause_within_an_action_is_no_second_action() -> None:
    halves = (walk(3, amount=1.8), walk(3, amount=1.8, start=50))
    assert told(facts_of(walk(6)), facts_of(*halves)) == {("quality", "walk", "none", "pause")}


def test_faults_count_only_beyond_those_of_the_goal() -> None:
    shaken = facts_of(walk(), jitter=600.0)
    assert told(facts_of(walk(), jitter=20.0), shaken) == {("quality", "", "none", "jitter")}
    assert told(shaken, facts_of(walk(), jitter=700.0)) == set()
    slid = facts_of(walk(), skating_cm_s=40.0)
    assert told(facts_of(walk()), slid) == {("quality", "", "none", "skating")}


def test_a_frozen_arm_is_told_with_its_side() -> None:
    goal = facts_of(walk(), hand_travel_left=5.0, hand_travel_right=5.0)
    frozen = facts_of(walk(), hand_travel_left=0.4, hand_travel_right=5.0)
    found = differences(goal, frozen)
    assert [(d.aspect, d.found, d.part, d.side) for d in found] == [("quality", "frozen", "arm", "left")]


def test_similarity_falls_with_the_weight_of_what_is_wrong() -> None:
    goal = facts_of(walk(6), wave("left", 4, start=65))
    rungs = [
        goal,
        facts_of(walk(6), wave("left", 5, start=65)),
        facts_of(walk(6), wave("right", 4, start=65)),
        facts_of(walk(6)),
        facts_of(Event("squat", 0, 30, amount=0.4)),
    ]
    scores = [similarity(goal, rung) for rung in rungs]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


@given(many)
def test_vectors_have_one_length_and_one_size(item: Facts) -> None:
    vector = fact_vector(item)
    assert vector.dtype == np.float32
    assert vector.shape == fact_vector(facts_of()).shape
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_vectors_bring_like_motions_near() -> None:
    left, right, walking = (fact_vector(facts_of(e)) for e in (wave("left"), wave("right"), walk()))
    more = fact_vector(facts_of(wave("left", 5)))
    assert left @ more > 0.95 > 0.5 > left @ right > left @ walking - 1e-6


def test_known_differences_come_first_are_not_said_twice_and_have_the_measured_values() -> None:
    known = [Difference("side", "wave", "arm", "left", expected="left", found="right")]
    same = Difference("side", "wave", "arm", "left", expected="left", found="right", start=3, end=20)
    other = Difference("count", "wave", "arm", "left", expected="3", found="5")
    assert merge(known, [other, same]) == (same, other)
    five, six = (Difference("count", "wave", "arm", "left", expected="3", found=n) for n in ("5", "6"))
    assert merge([five], [six]) == (six,)
    assert merge([], [same]) == (same,)
    pause = Difference("quality", found="pause")
    assert merge([Difference("quality", found="jitter")], [pause])[1:] == (pause,)


def test_what_is_known_to_be_gone_is_not_also_done_otherwise():
    known = (Difference("missing", "kick", "leg", "right", "", "kick", "none"),)
    measured = (
        Difference("side", "kick", "leg", "right", "", "right", "left"),
        Difference("quality", found="jitter", expected="none"),
    )
    assert merge(known, measured) == (*known, measured[1])


def test_what_is_known_to_be_altered_is_not_also_missing_and_superfluous():
    known = (Difference("side", "walk", "body", "left", "", "left", "right"),)
    measured = (
        Difference("missing", "walk", "body", "left", "", "walk", "none"),
        Difference("extra", "walk", "body", "right", "", "none", "walk"),
        Difference("extra", "bow", "torso", "", "", "none", "bow"),
    )
    assert merge(known, measured) == (*known, measured[2])


def test_a_halt_belongs_to_the_action_that_takes_as_much_longer() -> None:
    goal = facts_of(wave("left", 4), walk(6, start=60))
    longer = walk(6, start=60)
    halting = facts_of(wave("left", 4), replace(longer, end=longer.end + 20), pause_seconds=0.8)
    assert told(goal, halting) == {("quality", "walk", "none", "pause")}
    slow = facts_of(wave("left", 4), replace(longer, end=longer.end + 20))
    assert told(goal, slow) == {("speed", "walk", "normal", "slower")}


def test_a_pose_held_longer_is_not_slower() -> None:
    for action, side in (("raise_arm", "left"), ("hand_on_hip", "both"), ("hands_together", "")):
        held = Event(action, 0, 20, side=side)
        assert told(facts_of(held), facts_of(replace(held, end=80))) == set()


def test_the_amount_of_a_limb_tells_its_size() -> None:
    kick = Event("kick", 0, 20, side="left", direction="forward", amount=0.8)
    lower, alike = replace(kick, amount=0.5), replace(kick, amount=0.75)
    assert told(facts_of(kick), facts_of(lower)) == {("amplitude", "kick", "0.80", "0.50")}
    assert told(facts_of(kick), facts_of(alike)) == set()
    assert told(facts_of(kick), facts_of(replace(kick, amount=0.0))) == set()


def test_what_goes_faster_may_jerk_more() -> None:
    goal, quick = walk(6, amount=3.6), replace(walk(6, amount=3.6), end=30)
    faster = {("speed", "walk", "normal", "faster")}
    assert told(facts_of(goal, jitter=60.0), facts_of(quick, jitter=400.0)) == faster
    assert told(facts_of(goal, jitter=60.0), facts_of(goal, jitter=400.0)) == {
        ("quality", "", "none", "jitter")
    }


def test_a_known_pause_is_not_said_again_without_its_action() -> None:
    known = (Difference("quality", "walk", "body", "", "forward", "none", "pause"),)
    assert merge(known, [Difference("quality", expected="none", found="pause")]) == known
