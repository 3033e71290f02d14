"""The measured facts on real motion capture, against what its labels say was performed."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from conftest import shared

from motion.facts import Facts, measure
from motion.seeds import share
from motion.skeleton import T2M


@pytest.fixture(scope="module")
def captured() -> list[tuple[str, Facts]]:
    """Label and facts of every second clip."""
    folder = shared("data", "bandai_namco")
    with (folder / "labels.csv").open() as file:
        labels = {row["name"]: row["content"] for row in csv.DictReader(file)}
    archive = np.load(folder / "joints22_20fps_metres.npz")
    joints = archive["joints"]
    rows = zip(archive["name"], archive["start"], archive["length"], strict=True)
    chosen = [(str(n), joints[a : a + k]) for n, a, k in rows if share("facts", n) >= 0.5]
    return list(zip([labels[n] for n, _ in chosen], measure([j for _, j in chosen], T2M), strict=True))


def right_share(checks: list[bool]) -> float:
    assert checks
    return sum(checks) / len(checks)


def test_hands_of_captured_people(captured: list[tuple[str, Facts]]) -> None:
    hands = [(label, label.split("-")[-2], f.summary) for label, f in captured if "hand" in label]
    assert right_share([s.hands_raised == side for _, side, s in hands]) >= 0.99
    said = [s.hands_waving == (side if "wave" in label else "") for label, side, s in hands]
    assert right_share(said) >= 0.99


def test_gaits_and_turns_of_captured_people(captured: list[tuple[str, Facts]]) -> None:
    ways = {"walk-left": "left", "walk-right": "right"}
    moving = [(label, f.summary) for label, f in captured if label.startswith(("walk", "run", "dash"))]
    straight = [(label, s) for label, s in moving if "turn" not in label]
    gaits = {"side_step": "walk"}
    assert (
        right_share(
            [gaits.get(s.gait, s.gait) == ("walk" if "walk" in label else "run") for label, s in moving]
        )
        >= 0.99
    )
    assert right_share([s.travel == ways.get(label, "forward") for label, s in straight]) >= 0.99
    # Two clips of one performer turn to the other side than their label says.
    turned = [(s.turn_side, label.split("-")[-1]) for label, s in moving if "turn" in label]
    assert sum(side != said for side, said in turned) <= 2


def test_bows_of_captured_people(captured: list[tuple[str, Facts]]) -> None:
    found = [f.summary.bowed for label, f in captured if label == "bow"]
    assert found
    assert sum(found) >= 0.95 * len(found)
    assert right_share([not f.summary.bowed for label, f in captured if label != "bow"]) >= 0.99


def test_what_nobody_performed_is_not_found(captured: list[tuple[str, Facts]]) -> None:
    never = {"crawl", "lie_down", "sit_down", "kneel", "jump", "squat", "lunge", "kick", "crouch_walk"}
    found = [label for label, f in captured if never & {e.action for e in f.events}]
    assert len(found) <= 0.01 * len(captured)


def test_extremes_of_captured_people_are_possible(captured: list[tuple[str, Facts]]) -> None:
    for label, facts in captured:
        values = facts.extremes
        assert max(values.lean_left, values.lean_right) < 45, label
        assert -20 < values.lean_forward < 100, label
        assert 0.6 < values.pelvis_low <= values.pelvis_high < 1.3, label
        assert max(values.hand_up_left, values.hand_up_right, values.hand_out_left) < 1.1, label
