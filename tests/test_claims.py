"""Claims: what captions say of a movement, for the English that annotators write."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motion.demo.dataset import write_demo
from motion.events import ACTIONS, DIRECTIONS, PARTS, PATHS, SIDES, SPEEDS
from prompts.claims import CLAIMS_VERSION, Claim, claims_digest, parse_claims
from prompts.claims.lexicon import one_edit


def said(text: str) -> list[dict[str, object]]:
    """Action and every field that a claim fills, claim by claim."""
    return [
        {"action": claim.action}
        | {
            name: getattr(claim, name)
            for name in ("side", "direction", "path", "count", "speed", "amount", "negated")
            if getattr(claim, name)
        }
        for claim in parse_claims(text)
    ]


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("a person walks forward slowly", {"action": "walk", "direction": "forward", "speed": "slow"}),
        ("someone takes four steps backwards", {"action": "walk", "direction": "backward", "count": 4}),
        ("A man makes a couple of steps ahead.", {"action": "walk", "direction": "forward", "count": 2}),
        ("a person takes a step to the right", {"action": "side_step", "direction": "right", "count": 1}),
        ("she side-steps to her left twice", {"action": "side_step", "direction": "left", "count": 2}),
        ("a figure walks a few steps forward", {"action": "walk", "direction": "forward"}),
        ("walks forward starting with the left foot", {"action": "walk", "direction": "forward"}),
        (
            "a person walks in a circle counter-clockwise",
            {"action": "walk", "path": "circle", "side": "left"},
        ),
        (
            "somebody walks a quarter circle to the right",
            {"action": "walk", "path": "curve", "side": "right"},
        ),
        (
            "a guy walks forward 6 steps while curving to the left",
            {"action": "walk", "side": "left", "direction": "forward", "path": "curve", "count": 6},
        ),
        ("human runs two meters straight", {"action": "run", "path": "straight", "amount": 2.0}),
        ("a crouched person walks forward", {"action": "crouch_walk", "direction": "forward"}),
        ("a person turns clockwise by 90 degrees", {"action": "turn", "side": "right", "amount": 90.0}),
        ("he turns anti-clockwise 180°", {"action": "turn", "side": "left", "amount": 180.0}),
        ("the person makes a left turn", {"action": "turn", "side": "left"}),
        ("a man turns around on his left foot", {"action": "turn", "amount": 180.0}),
        ("a person jumps to the left on one leg", {"action": "jump", "direction": "left"}),
        ("hops three times on the right foot", {"action": "jump", "side": "right", "count": 3}),
        ("someone does two squads", {"action": "squat", "count": 2}),
        ("a man bends his knees", {"action": "squat"}),
        ("a person goes down on his knees", {"action": "kneel", "side": "both"}),
        ("a woman gets back up", {"action": "stand_up"}),
        ("a man takes a deep bow", {"action": "bow"}),
        ("a person is wawing with both hands", {"action": "wave", "side": "both"}),
        ("waves his left hand thrice", {"action": "wave", "side": "left", "count": 3}),
        ("lifts the right arm above his head", {"action": "raise_arm", "side": "right", "direction": "up"}),
        ("a person raises his left arm to the side", {"action": "raise_arm", "side": "left"}),
        ("the person lowers both arms", {"action": "lower_arm", "side": "both"}),
        ("a man throws a ball with his right hand", {"action": "throw", "side": "right"}),
        ("picks something up from the floor on his left", {"action": "pick_up", "direction": "left"}),
        ("kicks forward with the left leg twice", {"action": "kick", "side": "left", "count": 2}),
        ("draws circles with the right arm", {"action": "circle_arm", "side": "right"}),
        ("claps five times quickly", {"action": "clap", "count": 5, "speed": "fast"}),
        ("stomps with the right foot", {"action": "stomp", "side": "right"}),
        ("lifts the left knee", {"action": "raise_leg", "side": "left"}),
    ],
)
def test_single_actions_are_understood(text: str, claim: Mapping[str, object]) -> None:
    found = [
        {key: value for key, value in one.items() if key != "direction" or "direction" in claim}
        if claim["action"] in ("pick_up", "kick")
        else one
        for one in said(text)
    ]
    assert found == [claim]


def actions(text: str) -> list[str]:
    return [claim.action for claim in sorted(parse_claims(text), key=lambda claim: claim.order)]


@pytest.mark.parametrize(
    ("text", "ordered"),
    [
        ("walks forward, then turns left and walks back", ["walk", "turn", "walk"]),
        ("before sitting down, a man waves", ["wave", "sit_down"]),
        ("a man jumps after bowing", ["bow", "jump"]),
        ("after bowing a man jumps", ["bow", "jump"]),
        ("a man sits down before he claps", ["sit_down", "clap"]),
        ("stands up, walks over and picks up a box", ["stand_up", "walk", "pick_up"]),
        ("raises his right hand and lowers it again", ["raise_arm", "lower_arm"]),
        ("he squats. after that he waves", ["squat", "wave"]),
        ("he squats, and after that waves", ["squat", "wave"]),
        ("a man squats, after which he waves", ["squat", "wave"]),
        ("he squats. After this, he waves", ["squat", "wave"]),
        ("he squats. after a while he waves", ["squat", "wave"]),
        ("he squats, then after a short moment waves, then claps", ["squat", "wave", "clap"]),
        ("he squats. after two seconds he waves", ["squat", "wave"]),
        ("he squats. before that he waves", ["wave", "squat"]),
        ("he squats, before which he waves. then he claps", ["wave", "squat", "clap"]),
        ("he jumps, then squats. before this he waves", ["jump", "wave", "squat"]),
        ("he squats after this man waves", ["wave", "squat"]),
        ("he squats after two seconds of waving", ["wave", "squat"]),
    ],
)
def test_order_is_that_of_time(text: str, ordered: list[str]) -> None:
    assert actions(text) == ordered


@pytest.mark.parametrize("skeleton", ["t2m", "kit"])
def test_the_order_of_demo_captions_is_that_of_their_motions(tmp_path: Path, skeleton: str) -> None:
    write_demo(tmp_path / "demo", 40, skeleton)
    compared = 0
    for line in (tmp_path / "demo/truth.jsonl").read_text(encoding="utf-8").splitlines():
        clip = json.loads(line)
        starts = {event["action"]: event["start"] for event in clip["events"]}
        events = Counter(event["action"] for event in clip["events"])
        for text in (tmp_path / f"demo/texts/{clip['id']}.txt").read_text(encoding="utf-8").splitlines():
            claims = parse_claims(text.split("#")[0])
            said = Counter(claim.action for claim in claims)
            once = [claim for claim in claims if said[claim.action] == events[claim.action] == 1]
            for first, second in permutations(once, 2):
                if first.order < second.order:
                    assert starts[first.action] < starts[second.action], text
                    compared += 1
    assert compared > 20


def test_the_digest_of_the_claims_is_that_of_version_and_lexicon(monkeypatch: pytest.MonkeyPatch) -> None:
    before = claims_digest()
    assert len(before) == 64
    monkeypatch.setattr("prompts.claims.CLAIMS_VERSION", CLAIMS_VERSION + 1)
    assert claims_digest() != before


def test_what_happens_at_once_shares_its_place() -> None:
    walk, wave = parse_claims("a person walks forward while waving the left hand")
    assert walk.order == wave.order
    assert (wave.action, wave.side) == ("wave", "left")


def test_pronouns_keep_the_limb() -> None:
    raised, lowered = parse_claims("a person raises the left arm and lowers it")
    assert (raised.action, raised.side) == ("raise_arm", "left")
    assert (lowered.action, lowered.side) == ("lower_arm", "left")


def test_an_object_that_two_verbs_share_belongs_to_both() -> None:
    raised, lowered = parse_claims("a person raises and lowers the right arm")
    assert (raised.action, raised.side) == ("raise_arm", "right")
    assert (lowered.action, lowered.side) == ("lower_arm", "right")


def test_the_object_of_a_verb_is_no_second_action() -> None:
    assert said("rotates the left arm in full circles three times") == [
        {"action": "circle_arm", "side": "left", "count": 3}
    ]
    assert actions("throws punches with both fists in turn") == ["punch"]


def test_negation_is_kept() -> None:
    lifted, still = parse_claims("a man lifts a box without moving his feet")
    assert (lifted.action, lifted.negated) == ("pick_up", False)
    assert (still.action, still.part, still.verb, still.side, still.negated) == (
        "",
        "leg",
        "move",
        "both",
        True,
    )
    assert still.is_stillness
    assert still.is_checkable
    (jump,) = parse_claims("he does not jump")
    assert (jump.action, jump.negated, jump.is_stillness) == ("jump", True, False)
    fall = parse_claims("he is pushed but does not fall")[-1]
    assert fall.negated
    assert not fall.is_checkable


def test_the_way_back_after_a_turn_is_no_walking_backwards() -> None:
    assert parse_claims("walks back")[0].direction == "backward"
    assert parse_claims("walks forward, turns around and walks back")[-1].direction == ""


def test_elliptical_steps_go_on() -> None:
    found = said("he goes four steps forward, two back, then forward again")
    assert [one["action"] for one in found] == ["walk", "walk", "walk"]
    assert [one["direction"] for one in found] == ["forward", "backward", "forward"]


def test_what_is_not_measured_is_known_by_its_part() -> None:
    (claim,) = parse_claims("she plays a small drum with her left hand")
    assert (claim.action, claim.part, claim.verb, claim.side) == ("", "arm", "play", "left")


def test_manner_is_no_action() -> None:
    assert actions("waves both hands at a slow pace") == ["wave"]
    assert actions("") == []
    assert actions("a beautiful morning") == []


@given(st.text(max_size=200))
def test_any_text_gives_valid_claims(text: str) -> None:
    check(text, parse_claims(text))


WORDS = (
    "a person walks turns left right hand foot forward back two 3 times steps then and before after while "
    "without not raises lowers his it both quickly slowly circle , . - degrees 90 kneels down up twice jumps"
).split()


@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
def test_any_mix_of_words_gives_valid_claims(text: str) -> None:
    check(text, parse_claims(text))


def check(text: str, claims: tuple[Claim, ...]) -> None:
    for claim in claims:
        assert claim.action in ACTIONS or claim.action == ""
        assert claim.part in PARTS
        assert claim.side in SIDES
        assert claim.direction in DIRECTIONS
        assert claim.path in PATHS
        assert claim.speed in SPEEDS
        assert claim.count is None or claim.count > 0
        assert 0 <= claim.span[0] < claim.span[1] <= len(text)
    assert sorted({claim.order for claim in claims}) == list(range(len({claim.order for claim in claims})))


@given(st.text("abcde", max_size=6), st.text("abcde", max_size=6))
def test_one_edit_agrees_with_its_definition(first: str, second: str) -> None:
    letters = "abcde"
    edits = {first}
    for i in range(len(first) + 1):
        edits |= {first[:i] + letter + first[i:] for letter in letters}
        edits |= {first[:i] + letter + first[i + 1 :] for letter in letters if i < len(first)}
        edits |= {first[:i] + first[i + 1 :]}
        if i + 1 < len(first):
            edits |= {first[:i] + first[i + 1] + first[i] + first[i + 2 :]}
    assert one_edit(first, second) == (second in edits)
