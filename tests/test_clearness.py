"""Which perturbed versions may stand in a ladder: those that show what was done to them."""

from __future__ import annotations

from motion.demo.dataset import make_clip
from motion.events import Difference
from motion.facts import Facts, measure
from motion.features import features_from_joints, joints_from_features
from motion.perturb import Edit, Subject, apply
from motion.seeds import generator
from motion.skeleton import T2M
from transforms.perturb import clearness

JOINTS = [make_clip(T2M, number, 3).joints for number in range(12)]
FACTS = measure(JOINTS, T2M)


def mirrored() -> tuple[int, Edit, Facts]:
    """A clip with a side, its mirroring, and what that measures."""
    for number, (joints, facts) in enumerate(zip(JOINTS, FACTS, strict=True)):
        subject = Subject(joints, T2M, facts.events)
        if any(event.side in ("left", "right") for event in facts.events):
            changed, made = apply("mirror", subject, None, generator("clear", number))
            kept = joints_from_features(features_from_joints(changed, T2M), T2M)
            return number, made, measure([kept], T2M)[0]
    raise AssertionError("no clip with a side")


def test_what_shows_and_shows_alone_is_clear() -> None:
    number, made, facts = mirrored()
    assert clearness(FACTS[number], facts, [made]) == 2


def test_what_shows_among_other_things_is_less_clear() -> None:
    number, made, facts = mirrored()
    first = Edit(made.operation, made.parameters, made.breaks[:1])
    assert len(made.breaks) == 1 or clearness(FACTS[number], facts, [first]) == 1
    other = next(
        i for i in range(12) if {e.action for e in FACTS[i].events} != {e.action for e in facts.events}
    )
    assert clearness(FACTS[other], facts, [made]) < 2


def test_what_does_not_show_is_not_clear() -> None:
    number, made, facts = mirrored()
    claimed = Edit("jitter", {}, (Difference("quality", found="jitter"),))
    assert clearness(FACTS[number], facts, [made, claimed]) == 0
    assert clearness(FACTS[number], FACTS[number], [made]) == 0
    assert clearness(FACTS[number], facts, []) == 0
