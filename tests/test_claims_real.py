"""Claims of real captions: how much is understood, mirrored, and agrees with labels made by reading."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from motion.events import ACTIONS, DIRECTIONS, LOCOMOTION, PARTS, PATHS, SIDES, SPEEDS
from motion.mirror import mirror_word
from motion.mirror_text import mirror_text
from prompts.claims import parse_claims
from prompts.claims.scoring import score, score_attributes, values

CAPTIONS = Path(__file__).parents[2] / "shared/data/kitml_captions/captions.json"
LABELS = Path(__file__).parent / "data/kit_claims.jsonl"

needs_captions = pytest.mark.skipif(not CAPTIONS.exists(), reason="needs the real captions in ../shared")


def labels() -> list[dict[str, Any]]:
    return [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def captions() -> dict[str, list[dict[str, Any]]]:
    content: dict[str, list[dict[str, Any]]] = json.loads(CAPTIONS.read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def plain(captions: dict[str, list[dict[str, Any]]]) -> list[str]:
    return [one["text"] for key, entries in captions.items() if key[0] != "M" for one in entries]


def test_the_labels_hold_no_text() -> None:
    rows = labels()
    assert len(rows) >= 500
    assert {key for row in rows for key in row} == {"id", "index", "sha256", "fold", "claims"}
    words = {
        value for row in rows for claim in row["claims"] for value in claim.values() if isinstance(value, str)
    }
    assert not [word for word in words if " " in word]


def test_the_labels_keep_to_the_vocabulary() -> None:
    for row in labels():
        for one in row["claims"]:
            where = f"{row['id']}#{row['index']}: {one}"
            assert one["part"] in PARTS, where
            assert one["side"] in SIDES, where
            assert one["direction"] in DIRECTIONS, where
            assert one["path"] in PATHS, where
            assert one["speed"] in SPEEDS, where
            if not one["action"]:
                continue
            action = ACTIONS[one["action"]]
            assert one["part"] == action.part, where
            assert action.directed or not one["direction"], where
            assert action.counted or not one["count"], where
            # the side of a way is that of its bend
            assert action.sided or not one["side"] or one["action"] in LOCOMOTION, where


@needs_captions
def test_nearly_every_real_caption_says_something(plain: list[str]) -> None:
    found = [parse_claims(text) for text in plain]
    assert sum(bool(claims) for claims in found) / len(plain) >= 0.98
    assert sum(any(claim.is_checkable for claim in claims) for claims in found) / len(plain) >= 0.90
    assert sum(any(claim.action for claim in claims) for claims in found) / len(plain) >= 0.84


@needs_captions
def test_mirrored_real_captions_say_the_mirrored(plain: list[str]) -> None:
    def turned(text: str, by_hand: bool) -> list[dict[str, Any]]:
        told = [values(claim) for claim in parse_claims(text)]
        for claim in told if by_hand else []:
            claim |= {name: mirror_word(claim[name]) for name in ("side", "direction")}
        return told

    other = [text for text in plain if turned(mirror_text(text), False) != turned(text, True)]
    assert len(other) / len(plain) <= 0.001


@needs_captions
@pytest.mark.parametrize(
    ("fold", "precision", "recall", "strict"),
    [("dev", 0.98, 0.98, 0.97), ("test", 0.97, 0.97, 0.95), ("final", 0.91, 0.91, 0.86)],
)
def test_claims_agree_with_a_persons_reading(
    captions: dict[str, list[dict[str, Any]]], fold: str, precision: float, recall: float, strict: float
) -> None:
    pairs = []
    for row in labels():
        text = captions[row["id"]][row["index"]]["text"]
        assert hashlib.sha256(text.encode()).hexdigest() == row["sha256"]
        if row["fold"] == fold:
            pairs.append(([values(claim) for claim in parse_claims(text)], row["claims"]))
    plain_score, ordered = score(pairs), score(pairs, strict=True)
    assert plain_score.precision >= precision
    assert plain_score.recall >= recall
    assert ordered.precision >= strict
    assert ordered.right <= plain_score.right


def claim(action: str, part: str = "body", **told: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("side", "direction", "speed", "path"), "")
    return {
        "action": action,
        "part": part,
        **blank,
        "count": None,
        "amount": None,
        "negated": False,
        "order": 0,
    } | told


def test_a_claim_is_right_when_all_that_is_matched_agrees() -> None:
    labelled = [claim("walk", direction="forward"), claim("", "arm", side="left")]
    same = score([(labelled, labelled)])
    assert (same.right, same.found, same.labelled) == (2, 2, 2)
    other = [claim("walk", direction="backward"), claim("", "leg", side="left"), claim("jump")]
    none = score([(other, labelled)])
    assert (none.precision, none.recall) == (0.0, 0.0)
    later = [claim("walk", direction="forward", order=1), claim("", "arm", side="left", speed="fast")]
    assert score([(later, labelled)]).right == 2
    assert score([(later, labelled)], strict=True).right == 1


def test_attributes_are_compared_between_claims_of_one_action() -> None:
    labelled = [claim("walk", direction="forward"), claim("turn", side="left", amount=90.0)]
    found = [claim("turn", side="right", amount=90.0), claim("jump", count=2)]
    tallies = score_attributes([(found, labelled)])
    assert (tallies["action"].right, tallies["action"].found, tallies["action"].labelled) == (1, 2, 2)
    assert (tallies["side"].right, tallies["amount"].right, tallies["count"].found) == (0, 1, 1)
    assert tallies["direction"].recall == 0.0
