import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motion.events import Event
from motion.mirror import mirror_event, mirror_id, mirror_joints
from motion.mirror_text import mirror_text, no_sides, one_spelling
from motion.skeleton import KIT, SKELETONS, T2M

# Without "after" and its like, behind which "right" may be no direction.
WORDS = (
    "left right Left RIGHT clockwise Counterclockwise anti-clockwise rightwards left-handed leftmost arm "
    "turns walks then the his foot steps and to lefthand waves"
).split()


@pytest.mark.parametrize("body", SKELETONS.values(), ids=list(SKELETONS))
def test_joints_mirrored_twice_are_the_same_to_the_bit(body):
    joints = np.random.default_rng(1).normal(size=(2, 5, body.joint_count, 3)).astype(np.float32)
    assert np.array_equal(mirror_joints(mirror_joints(joints, body), body), joints)


@pytest.mark.parametrize("body", SKELETONS.values(), ids=list(SKELETONS))
def test_a_raised_left_wrist_becomes_a_raised_right_wrist(body):
    joints = np.zeros((1, body.joint_count, 3), np.float32)
    joints[0, body.left_arm[2]] = (0.4, 1.7, 0.1)
    mirrored = mirror_joints(joints, body)
    assert mirrored[0, body.right_arm[2]] == pytest.approx((-0.4, 1.7, 0.1))
    assert not mirrored[0, body.left_arm[2]].any()


def test_joints_of_another_skeleton_are_refused():
    with pytest.raises(ValueError, match="kit joints need shape"):
        mirror_joints(np.zeros((3, T2M.joint_count, 3)), KIT)


def test_an_event_changes_sides_and_keeps_the_rest():
    event = Event("kick", 3, 20, side="left", direction="left", count=2, speed="fast")
    mirrored = mirror_event(event)
    assert mirrored == Event("kick", 3, 20, side="right", direction="right", count=2, speed="fast")
    assert mirror_event(mirrored) == event
    assert mirror_event(Event("walk", 0, 9, direction="forward")).direction == "forward"


def test_ids_of_twins_lead_to_each_other():
    assert mirror_id("000012") == "M000012"
    assert mirror_id("M000012") == "000012"
    with pytest.raises(ValueError, match="empty id"):
        mirror_id("")


@pytest.mark.parametrize(
    ("text", "mirrored"),
    [
        ("raises the left arm", "raises the right arm"),
        ("Left foot, RIGHT hand", "Right foot, LEFT hand"),
        ("turns clockwise", "turns counterclockwise"),
        ("turns counter-clockwise", "turns clockwise"),
        ("turns Anti Clockwise", "turns Clockwise"),
        ("steps leftward, then rightwards", "steps rightward, then leftwards"),
        ("a left-handed throw, lefthand side", "a right-handed throw, righthand side"),
        ("turns left before sitting", "turns right before sitting"),
        ("steps right after waving", "steps left after waving"),
        ("to the right then to the left", "to the left then to the right"),
        ("to the right in a circle", "to the left in a circle"),
        ("turns right into the room", "turns left into the room"),
        ("steps right back to the start", "steps left back to the start"),
        ("walks to the right in the middle", "walks to the left in the middle"),
        ("turns right through 90 degrees", "turns left through 90 degrees"),
        ("holds the right behind the back", "holds the left behind the back"),
        ("then left and then right", "then right and then left"),
        ("a person left to right", "a person right to left"),
        ("kicks with the left", "kicks with the right"),
        ("has his left hand up", "has his right hand up"),
        ("with left arm raised he left the ground", "with right arm raised he left the ground"),
        ("he left to the right", "he left to the left"),
        ("the person left towards the right", "the person left towards the left"),
        ("throws with the rigth arm, turns to the lef", "throws with the left arm, turns to the right"),
        ("in a circle to he left", "in a circle to he right"),
        ("walks at a slight right angle", "walks at a slight left angle"),
        ("a 90 degreeleftwards curve", "a 90 degreerightwards curve"),
    ],
)
def test_sides_and_rotations_are_exchanged(text, mirrored):
    assert mirror_text(text) == mirrored


@pytest.mark.parametrize(
    "text",
    [
        "picks up the leftover food",
        "all right, alright, upright and bright",
        "stands up right away",
        "sits down, and right after he waves",
        "what is left on the table",
        "jumps until he has left the floor",
        "both feet left the ground",
        "one man is left standing",
        "she left",
        "the man waved and she left, then she came back",
        "goes on from where he left off",
        "sits right in the middle of the room",
        "walks right up to the wall",
        "walks right through the door",
        "runs right into a wall",
        "comes right back",
        "stands right behind a chair",
        "bends the knee at a right angle",
        "a copyright and a playwright",
    ],
)
def test_words_that_only_look_like_sides_stay(text):
    assert mirror_text(text) == text


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_mirroring_twice_gives_the_text_in_one_spelling(words):
    text = " ".join(words)
    assert mirror_text(mirror_text(text)) == one_spelling(text)
    assert one_spelling(one_spelling(text)) == one_spelling(text)


def test_one_spelling_corrects_what_mirroring_cannot_keep():
    text = "turns Anti-clockwise on the rigth foot and lef"
    assert one_spelling(text) == "turns Counterclockwise on the right foot and left"
    assert mirror_text(mirror_text(text)) == one_spelling(text)


def test_words_that_are_no_sides_are_pointed_at():
    text = "she left, then right away turned right"
    assert no_sides(text) == {text.index("left"), text.index("right away")}


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="lr"), max_size=80))
def test_text_without_sides_is_untouched(text):
    assert mirror_text(text) == text
