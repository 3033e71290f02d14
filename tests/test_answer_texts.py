"""Texts of answers: what is told as a fault, and that good sentences about motions are none."""

from __future__ import annotations

import pytest

from evaluators.answer_checks import text_faults
from evaluators.english import is_english

GOOD = """
The figure walks forward four steps and then stops.
The person raises the left arm and waves three times.
Raise the left arm instead of the right, and wave three times.
Nothing needs to be changed.
The walk is there, but the wave with the right hand is missing.
It waves with the right hand, but the left hand is wanted.
The jump comes before the squat, although it should come after it.
Turn to the left by a quarter, not to the right.
The kick is too low; kick up to the height of the hip.
Crouch, then jump up high and land on both feet.
The attempt begins as wanted, with two slow steps back.
The second attempt to sit down ends on the floor.
The figure sits down, stands up again and walks away to the left.
Walk as instructed in a wide circle to the right, without a stop.
The figure bows deeply; as wanted, the arms hang at the sides.
The arms swing loosely while the feet shuffle sideways.
The motion matches what is wanted in every part.
The motion, though slow, is right.
In this motion, the person claps twice above the head.
Do the motion more slowly: the pace is too high.
Leave out the second turn and go straight on.
Take five steps rather than three, and end with the feet together.
The left knee is lifted to the waist, and the right leg stays straight.
A hop on the right foot follows, then a hop on the left.
Squat.  Stand up.
Kick higher.
Punch, kick, duck.
The dancer spins once clockwise and then holds a pose with both arms out.
The feet slide over the floor in the middle of the walk.
The limbs tremble for a moment; hold them still.
The torso leans forward about 30 degrees, as if picking something up.
It looks sorry, tired and slow, dragging the left foot.
The head hangs as if to say sorry, then the figure turns away.
Bend the left elbow to a right angle and bring the hand to the mouth.
Throw overarm with the right hand, as in baseball.
Balance on one leg for two counts, then switch.
A person jogs in place, knees high, arms pumping.
The figure crawls forward on hands and knees, and then lies down.
Start from standing, not from sitting.
First comes the wave, then the bow; swap the two.
The step to the side is called for, but only the arms move.
What is wanted is a jump called a star jump: arms and legs spread wide.
Stretch both arms overhead – fully – and hold.
The person kneels on the right knee, like a knight who is given a sword.
The figure catches a ball and throws it back underhand.
The gait is that of an old man: bent over, slow and uneven.
The path is a figure eight (first to the left, then to the right).
Go 2.5 times as fast.
3 steps forward are wanted; only 2 are taken.
Two-handed push, arms straight, from the chest.
The right hand circles clockwise, shoulder-high, at an even pace.
The person shakes his/her head and steps back with the right foot.
The person doesn't turn; it's the torso that twists, and the hips don't follow.
The left arm rises 90º, the right one stays down.
The pirouette is done à la ballet, with the arms en couronne above the head.
We see no turn at all: add half a turn to the right.
Moonwalk backward for six steps, gliding on the toes.
The left foot is described by a wide arc over the ground.
Stomp with the right foot, then with the left, as marching soldiers do.
Sneak forward on tiptoe, shoulders hunched, and look around twice.
The sidekick with the left leg is superfluous; leave it out.
""".strip().splitlines()


def test_good_sentences_are_many_and_different() -> None:
    assert len(set(GOOD)) == len(GOOD) >= 60


@pytest.mark.parametrize("text", GOOD)
def test_a_good_sentence_about_a_motion_has_no_fault(text: str) -> None:
    assert text_faults("refinement", text) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The figure walks > it jumps.", "markup"),
        ("The figure {walks} forward.", "markup"),
        ("The figure [slowly] walks forward.", "markup"),
        ('{"assessment": "The figure walks forward."}', "markup"),
        ("The figure `walks` forward.", "markup"),
        ("The figure **walks** forward.", "markup"),
        ("The figure walks, see https://a.b/c for more.", "markup"),
        ("- The figure walks forward.\n- Then it jumps.", "markup"),
        ("The figure does this:\n* walks forward\n* jumps", "markup"),
        ("The figure does this:\n 1. walks forward\n 2. jumps", "markup"),
        ("1.Walk forward. 2.Jump up.", "markup"),
        ("The figure <th\u200bink> walks forward.", "control_characters"),
        ("The figure walks\u00ad forward.", "control_characters"),
        ("The figure \u202ewalks forward.", "control_characters"),
        ("The figure ＜think＞ walks forward.", "control_tags"),
        ("WANTED: the figure walks forward.", "about_texts"),
        ("The DEPARTURES are a turn and a jump.", "about_texts"),
        ("The RIGHT MOTION has a jump in it.", "about_texts"),
        ("MOTION, a walk forward with the arms up.", "about_texts"),
        ("The walk in attempt 2 is too slow.", "about_texts"),
        ("The figure walks forward as described.", "about_texts"),
        ("The figure walks forward as is requested.", "about_texts"),
        ("The user wants a walk forward.", "about_texts"),
        ("The walk follows the instructions.", "about_texts"),
        ("The ground truth has a walk forward.", "about_texts"),
        ("We can't see that the figure walks forward.", "about_self"),
        ("We cannot see that the figure walks forward.", "about_self"),
        ("Sorry, the figure does not walk forward.", "about_self"),
        ("The figure walks forward. Sorry, it does not jump.", "about_self"),
        ("The figure walks forward (идёт) and then jumps.", "language"),
        ("The figure walks forward 歩 and then jumps.", "language"),
        ("1 2 3 4 5 ...", "language"),
        ("Gliding smoothly, pirouetting, arabesque.", "language"),
    ],
)
def test_a_text_that_is_no_plain_prose_about_a_motion_is_told_so(text: str, code: str) -> None:
    assert [fault.code for fault in text_faults("assessment", text)] == [code]


def test_a_text_without_letters_is_no_english() -> None:
    assert not is_english("")
    assert not is_english("1, 2, 3.")
