"""Claims of captions as people write them for long clips: several actions, numbers in words, slips.

A claim is its action, or its part in brackets where the vocabulary has none, then what is told of it;
"@" gives its place in time where it is not the one after the claim before.
"""

from __future__ import annotations

import pytest

from prompts.claims import Claim, parse_claims

TABLE = """
a person walks forward four steps, turns around counterclockwise and walks back to where they started.
    walk forward x4 | turn left 180 | walk
the person takes a couple of steps backwards, then bends over and picks something up with the right hand.
    walk backward x2 | bend | pick_up right
a man steps sideways to the left three times and then claps twice.
    side_step >left x3 | clap x2
someone raises both arms above their head, holds them up and then slowly lowers them.
    raise_arm both up | hold_arm both up | lower_arm both slow
a person is waving with the left hand whilst standing still
    wave left | stand @0
person jogs in an anticlockwise circle and stops.
    run left circle
a figure hops on its right foot five times
    jump right x5
a person jumps forward two times and then hops backwards once
    jump forward x2 | jump backward x1
a man kneels on his left knee, then stands back up
    kneel left | stand_up
the person sits down on a chair, crosses their arms and gets up again
    sit_down | cross_arms | stand_up
before walking a man kicks with his left leg
    walk @1 | kick left @0
after that, before kneeling, he waves
    kneel @1 | wave @0
before sitting down, the woman bows and claps
    sit_down @2 | bow @0 | clap
after turning to the left a person runs forward
    turn left | run forward
while walking forward, a person swings both arms
    walk forward | swing_arm both @0
a person claps after bowing and kneeling
    clap @2 | bow @0 | kneel
he left to the right
    walk >right
she turns around and he left
    turn 180 | walk
a person walks forward and then right away turns left
    walk forward | turn left
a person holds his arms out to the sides
    hold_arm both
keeps the right hand up while walking
    hold_arm right up | walk @0
a person walks forward with arms raised
    walk forward | hold_arm both @0
the man is holding his left and right arm in the air
    hold_arm both up
a man stands with his hands on his hips
    stand | hand_on_hip both @0
she places her left hand on her head and spins clockwise
    hand_on_head left | turn right
puts both hands on his knees and leans forward
    hand_on_knee both | bend forward
he brings his palms together in front of his chest
    hands_together
a toddler crawls forward on hands and knees
    crawl forward
someone walks on all fours
    crawl
the person lies down on the floor and rolls over
    lie_down | (body)
a person reaches across his body with the right arm
    reach right >left
the person reaches down with the left hand, then up with the right hand
    reach left down | reach right up
a person lifts a box without moving his feet
    pick_up | (leg) both not @0
waves with both hands without moving his feet or turning
    wave both | (leg) both not @0 | turn not @0
a man does not move his legs while he punches with the left fist four times
    (leg) both not | punch left x4 @0
the person doesn't walk, he only raises the left hand
    walk not | raise_arm left
he wipes the table with the right hand in circles
    (arm) right
a person plays the violin with the bow in the left hand
    (arm) left
someone is pushed to the left and stumbles forward
    (body) >left | (body) forward
a man is shoved from behind but does not fall
    (body) | (body) not
a person dances to the right
    (body) >right
the person looks to the left and then to the right
    (head) >left | (head) >right
a human is pushing something heavy with both hands
    (arm) both
a person drinks with the right hand
    (arm) right
a person walks diagonally forward to the right
    walk >right
person walks in a zig-zag
    walk zigzag
the person walks up the stairs holding the handrail with the left hand
    walk | (arm) left @0
a man crouches and walks forward
    crouch_walk forward
sneaks forward slowly for six steps
    crouch_walk forward slow x6
a perosn wakls foward, turs rigth and stretchs
    walk forward | turn right | stretch
a person walkes 2 and a half steps forward
    walk forward
the person kicks with his rihgt foot than jumps up and down thrice
    kick right | jump x3
a person throws a ball using the left hand
    throw left
a person throws a left jab followed by two right kicks
    punch left | kick right x2
the man lifts his right knee, stomps twice and lunges to the left with the left leg
    raise_leg right | stomp x2 | lunge left
she makes circles with the left arm clockwise, quickly
    circle_arm left fast
a person makes a quarter turn to the right in three steps
    turn right 90 | walk x3 @0
a man turns 360 degrees anti-clockwise then walks a half circle to the left
    turn left 360 | walk left curve
the person runs two metres straight, slows down and then walks three metres
    run straight 2 | walk 3
a person gets up from kneeling and takes one step to the side
    stand_up | side_step x1
a person picks up an object with the left hand, then puts it down on the right
    pick_up left | place >right
a person lifts the left foot and puts it down again
    raise_leg left | (leg) left down
the person raises their left arm, waving it three times before putting it down
    raise_arm left | wave left x3 | lower_arm left
a person bends their knees, jumps and lands
    squat | jump
after a few steps, the person turns left
    turn left
a person jumps 180 degrees counterclockwise
    jump | turn left 180 @0
someone does a 360 clockwise jump in the air
    jump up | turn right 360 @0
a person jumps half a meter forward
    jump forward 0.5
a person walks forward, goes back and forth and walks on
    walk forward | walk backward | walk forward | walk
a person is walking back and forth
    walk
a person goes one step to the right and the same way back
    side_step >right x1 | side_step >left
a person walks forward gets pushed backwards and spins around
    walk forward | (body) backward | turn
a person is pushed on the left side and trips to the right
    (body) | (body) >right
a person gets a punch in the back
    (body)
a person moves the left arm forward
    (arm) left forward
a man moves a box to the left
    (arm) >left
a person bends both arms
    (arm) both
the woman walks a bend to the left and stops
    walk left curve
a person walks in a bend posture
    walk
a person turns a wheel with both hands
    (arm) both
an archer draws a bow and kneels
    (arm) | kneel
a person picks up a cup with the right hand, passes it over to the left hand and puts it down
    pick_up right | (arm) | place
a woman uses her right hand to touch her left hand twice
    (arm) right x2
a person moves his hands as if playing the piano
    (arm) both
she makes a circling motion of the left hand, like wiping a window
    circle_arm left
a person walks forward, then stops a few steps later
    walk forward
a person lifts a heavy box above his head
    raise_arm up
a person is hitting a sandbag with the left hand
    punch left
a person plays basketball
    (body)
a person points to something with the right hand
    (arm) right
the person starts jogging, lifting his hands and stopping the jog
    run | raise_arm both
someone gets down on all fours and crawls forward
    (body) | crawl forward
the figure makes five fairly quick steps forward
    walk forward fast x5
someone shakes hands with a friend
    (arm)
a person plays the violin while holding it with the left hand and playing it with the right hand
    (arm) left | (arm) right
a man bows his head and then bows deeply
    (head) | bow
a person stands without moving and sidesteps left
    stand | (body) not @0 | side_step >left
arches his back once before stomping four times
    bend x1 | stomp x4
the figure reaches to the right with the left hand
    reach left >right
"""


def shown(claims: tuple[Claim, ...]) -> str:
    """The claims in the table's notation."""
    words, before = [], -1
    for claim in claims:
        way = claim.direction
        told = [
            claim.action or f"({claim.part})",
            claim.side,
            f">{way}" if way in ("left", "right") else way,
            claim.path,
            claim.speed,
            f"x{claim.count}" if claim.count else "",
            f"{claim.amount:g}" if claim.amount else "",
            "not" if claim.negated else "",
            f"@{claim.order}" if claim.order != before + 1 else "",
        ]
        words.append(" ".join(word for word in told if word))
        before = claim.order
    return " | ".join(words)


LINES = TABLE.strip().splitlines()
ROWS = list(zip(LINES[::2], (line.strip() for line in LINES[1::2]), strict=True))


def test_the_table_is_large_enough() -> None:
    assert len(ROWS) >= 60


@pytest.mark.parametrize(("text", "claims"), ROWS)
def test_a_caption_says_what_a_reader_says_it_says(text: str, claims: str) -> None:
    assert shown(parse_claims(text)) == claims


@pytest.mark.parametrize("text", [text for text, _ in ROWS])
def test_only_what_has_sides_turns_round_in_the_mirror(text: str) -> None:
    from motion.mirror_text import mirror_text

    said, seen = shown(parse_claims(text)), shown(parse_claims(mirror_text(text)))
    swapped = said.replace("left", "\0").replace("right", "left").replace("\0", "right")
    assert seen == swapped
