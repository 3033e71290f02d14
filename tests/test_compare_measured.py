"""Comparison of measured motions: what was done to a clip shows, and what was not does not."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from motion.compare import differences, shows, similarity
from motion.demo.dataset import make_clip
from motion.facts import Facts, measure
from motion.features import features_from_joints, joints_from_features
from motion.mirror import mirror_joints, mirror_word
from motion.perturb import OPERATIONS, Subject, perform, propose_one
from motion.seeds import generator
from motion.skeleton import KIT, T2M, Skeleton

CLIPS = 36


@lru_cache
def clips(body: Skeleton) -> list[np.ndarray]:
    return [make_clip(body, number, 3).joints for number in range(CLIPS)]


@lru_cache
def subjects(body: Skeleton) -> list[tuple[Subject, Facts]]:
    return [
        (Subject(joints, body, facts.events), facts)
        for joints, facts in zip(clips(body), measure(clips(body), body), strict=True)
    ]


def as_kept(joints: np.ndarray, body: Skeleton) -> np.ndarray:
    """Joints after they were written as features, as a corpus keeps them."""
    return joints_from_features(features_from_joints(joints, body), body)


def noisy(joints: np.ndarray, body: Skeleton) -> np.ndarray:
    """Joints with a millimetre of noise."""
    drawn = generator("compare noise", len(joints)).standard_normal(joints.shape).astype(np.float32)
    return joints + 0.001 / body.metres_per_unit * drawn


HARMLESS = {
    "features": as_kept,
    "noise": noisy,
    "late start": lambda joints, body: joints[1:],
    "early end": lambda joints, body: joints[:-1],
    "elsewhere": lambda joints, body: joints + np.float32([3, 0, -2]),
}


@pytest.mark.parametrize("body", [T2M, KIT], ids=lambda b: b.name)
@pytest.mark.parametrize("kind", HARMLESS)
def test_what_changes_nothing_makes_no_difference(kind: str, body: Skeleton) -> None:
    changed = measure([HARMLESS[kind](joints, body) for joints in clips(body)], body)
    told = [
        (number, found.aspect, found.action, found.found)
        for number, ((_, facts), other) in enumerate(zip(subjects(body), changed, strict=True))
        for found in differences(facts, other)
    ]
    assert told == []


def test_mirrored_clips_have_the_mirrored_differences() -> None:
    flipped = measure([mirror_joints(joints, T2M) for joints in clips(T2M)], T2M)
    facts = [facts for _, facts in subjects(T2M)]
    for a, b in zip(range(CLIPS), range(1, CLIPS), strict=False):
        mirrored = {
            tuple(map(mirror_word, (d.aspect, d.action, d.side, d.direction, d.expected, d.found)))
            for d in differences(facts[a], facts[b])
        }
        found = differences(flipped[a], flipped[b])
        assert {(d.aspect, d.action, d.side, d.direction, d.expected, d.found) for d in found} == mirrored
        assert similarity(facts[a], facts[b]) == pytest.approx(similarity(flipped[a], flipped[b]), abs=1e-3)


def test_nearly_all_recorded_breaks_are_measured() -> None:
    """Also before versions that do not show their edits are drawn again."""
    made = []
    for number, (subject, facts) in enumerate(subjects(T2M)):
        donor = subjects(T2M)[number - 1][0]
        for name, operation in OPERATIONS.items():
            rng = generator(name, number)
            for target in operation.targets(subject, donor)[:1]:
                done = perform(name, subject, donor, operation.draw(subject, target, rng, 0.4))
                made.append((name, facts, done.changes, as_kept(done.joints, T2M)))
    shown: dict[str, list[bool]] = {name: [] for name in OPERATIONS}
    measured = measure([joints for *_, joints in made], T2M)
    for (name, facts, changes, _), other in zip(made, measured, strict=True):
        found = differences(facts, other)
        shown[name] += [any(shows(d, c.difference) for d in found) for c in changes]
    assert all(shown.values())
    assert min(np.mean(each) for each in shown.values()) >= 0.5
    assert np.mean([seen for each in shown.values() for seen in each]) >= 0.95


def test_similarity_falls_with_the_strength_of_the_edits() -> None:
    means = []
    for strength in (0.1, 0.5, 1.0):
        versions = [
            propose_one(subject, subjects(T2M)[number - 1][0], f"falls {number}", strength)[0]
            for number, (subject, _) in enumerate(subjects(T2M))
        ]
        measured = measure([as_kept(joints, T2M) for joints in versions], T2M)
        means.append(np.mean([similarity(f, m) for (_, f), m in zip(subjects(T2M), measured, strict=True)]))
    assert means[0] > means[1] > means[2]


def test_what_is_measured_the_other_way_is_not_what_was_recorded() -> None:
    subject = next(s for s, _ in subjects(T2M) if OPERATIONS["faster"].targets(s, None))
    target = OPERATIONS["faster"].targets(subject, None)[0]
    done = perform("faster", subject, None, target | {"rate": 1.6})
    recorded = done.changes[0].difference
    assert shows(recorded, recorded)
    assert not shows(replace(recorded, found="slower"), recorded)
    assert not shows(replace(recorded, aspect="quality"), recorded)
