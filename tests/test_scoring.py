"""Scores of annotators against known edits, and the command that prints them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import irmogen
from facts_builder import some_facts

from evaluators.agreement import agrees, names
from evaluators.scoring import OVERALL, Retrieved, Score, score_perturbed, score_retrieved
from motion.events import Difference, Event
from prompts.claims.assessment import read_assessment
from schemas.corpus import Corpus, open_corpus
from schemas.shards import to_table, write_shard
from schemas.storage import read_json, write_json
from schemas.tables import TABLES

WAVE = Event("wave", 10, 60, side="left", count=3)
OTHER_WAVE = Event("wave", 10, 60, side="right", count=3)
WALK = Event("walk", 0, 50, direction="forward", count=4, amount=2.0)
GOAL, CANDIDATE = some_facts([WALK, WAVE]), some_facts([WALK, OTHER_WAVE])
SIDE = Difference("side", "wave", "arm", "left", "", "left", "right", 10, 60)
JITTER = Difference("quality", expected="none", found="jitter", end=100)
SLOW = Difference("speed", "walk", "body", "", "forward", "normal", "slower", 0, 50)


@pytest.mark.parametrize(
    ("text", "told", "unrecorded", "false"),
    [
        ("The wave is done with the right hand instead of the left hand.", 1, 0, 0),
        ("The wave is done with the left hand instead of the right hand.", 0, 1, 1),
        ("The wave is done on the wrong side.", 0, 1, 0),  # which one it does not say; there is a difference
        ("The wave of the left hand is missing.", 0, 1, 0),  # not how it is recorded, but measured
        ("The jump is missing.", 0, 1, 1),
        ("The person walks forward.", 0, 0, 0),
    ],
)
def test_what_is_named_is_told_unrecorded_or_false(text: str, told: int, unrecorded: int, false: int) -> None:
    score = score_perturbed([("swap_sides", [SIDE])], text, GOAL, CANDIDATE)[OVERALL]
    assert (score.breaks, score.told, score.unrecorded, score.false) == (1, told, unrecorded, false)


@pytest.mark.parametrize(
    ("text", "false"),
    [
        ("The right hand waves 4 times instead of 2 times.", 0),
        ("The left hand waves 4 times instead of 2 times.", 1),
        ("The right hand reaches upward instead of forward.", 0),
        ("The left hand reaches upward instead of forward.", 1),
        ("The kick of the right leg is too slow.", 0),
        ("The kick of the left leg is too slow.", 1),
    ],
)
def test_a_difference_that_another_limb_shows_is_false(text: str, false: int) -> None:
    goal = (
        Event("wave", 0, 30, side="right", count=2),
        Event("reach", 35, 50, side="right", direction="forward", amount=0.4),
        Event("kick", 60, 80, side="right", direction="forward", speed="fast"),
    )
    fits = {"wave": {"count": 4}, "reach": {"direction": "up"}, "kick": {"end": 99, "speed": "slow"}}
    candidate = tuple(replace(event, **fits[event.action]) for event in goal)
    score = score_perturbed([("swap_sides", [SIDE])], text, some_facts(goal), some_facts(candidate))[OVERALL]
    assert (score.named, score.unrecorded, score.false) == (1, 1, false)


def test_every_operation_has_its_breaks_and_all_is_counted_once() -> None:
    edits = [("swap_sides", [SIDE]), ("jitter", [JITTER]), ("slower", [SLOW])]
    text = "The wave is done with the right hand instead of the left hand. The joints tremble."
    scores = score_perturbed(edits, text, GOAL, CANDIDATE)
    told = {operation: (score.breaks, score.told) for operation, score in scores.items()}
    assert told == {"swap_sides": (1, 1), "jitter": (1, 1), "slower": (1, 0), OVERALL: (3, 2)}
    assert {score.named for score in scores.values()} == {2}
    assert scores[OVERALL].candidates == 1


def test_numbers_need_only_go_the_right_way() -> None:
    fewer = Difference("count", "wave", "arm", "left", "", "5", "2")
    for text, named, agreed in (
        ("The wave happens twice instead of five times.", True, True),
        ("The wave happens once instead of five times.", True, False),
        ("The wave happens five times instead of twice.", False, False),
    ):
        said = read_assessment(text)[0]
        assert (names(said, fewer), agrees(said, fewer)) == (named, agreed), text


def test_of_retrieved_candidates_the_facts_tell() -> None:
    text = "The wave is done with the right hand instead of the left hand. The walk is missing."
    assert score_retrieved(text, GOAL, CANDIDATE) == Retrieved(1, 2, 1, 1)


def test_scores_add_up_and_tell_shares() -> None:
    both = Score(1, 4, 3, 5, 2, 1) + Score(1, 4, 4, 5, 0, 0)
    assert both == Score(2, 8, 7, 10, 2, 1)
    assert both.as_dict()["recall"] == 0.875
    assert both.as_dict()["false_share"] == 0.1
    assert Score().as_dict()["recall"] is None


def test_the_kinematic_annotator_names_what_was_done(corpus: Path, tmp_path: Path) -> None:
    file = tmp_path / "scores.json"
    shown = irmogen("score-annotations", corpus, "--output", file).stdout
    scores = read_json(file)
    assert list(scores) == ["kinematic"]
    operations = scores["kinematic"]["operations"]
    assert operations[OVERALL]["candidates"] > 100
    assert operations[OVERALL]["recall"] >= 0.95
    assert operations[OVERALL]["false_share"] < 0.02
    assert scores["kinematic"]["retrieved"]["supported_share"] >= 0.98
    for operation, score in operations.items():
        assert f"{operation:<18}{score['candidates']:>11}{score['breaks']:>8}" in shown


def test_no_annotation_of_a_corpus_is_contradicted_in_a_chain(corpus: Path) -> None:
    found, manifest = open_corpus(corpus)
    for index in range(manifest["shards"]):
        rows = found.read("annotations", index).to_pylist()
        against = {row["annotation_id"] for row in rows if row["contradicted"]}
        chains = found.read("stage2", index).to_pylist()
        for chain in chains:
            parts = [chain, *chain["analyses"], *chain["ladder"]]
            assert not against & {part["annotation_id"] for part in parts}
        for row in rows:
            verdicts = [statement["verdict"] for statement in row["statements"]]
            assert row["supported"] == verdicts.count("supported")
            for statement in row["statements"]:
                field = row["refinement"] if statement["field"] == "refinement" else row["text"]
                assert 0 <= statement["span_start"] <= statement["span_end"] <= len(field)


def changed(corpus: Path, root: Path, table: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Path:
    """A copy of a corpus with every row of one table changed."""
    shutil.copytree(corpus, root)
    copy = Corpus(root, open_corpus(root)[1]["shards"])
    for index in range(copy.shards):
        rows = [change(row) for row in copy.read(table, index).to_pylist()]
        write_shard(copy.shard_path(table, index), to_table(TABLES[table], rows, 0))
    return root


def test_an_annotator_that_says_the_same_of_all_scores_badly(corpus: Path, tmp_path: Path) -> None:
    text = "The kick with the left foot is missing. The turn goes to the left instead of the right."
    root = changed(
        corpus,
        tmp_path / "corpus",
        "annotations",
        lambda row: {**row, "text": text, "annotator": "parrot", "model": "m1"},
    )
    file = tmp_path / "scores.json"
    irmogen("score-annotations", root, "--output", file)
    score = json.loads(file.read_text())["parrot (m1)"]["operations"][OVERALL]
    assert score["recall"] < 0.2
    assert score["false_share"] > 0.5


def test_a_corpus_without_truth_or_of_another_version_is_refused(corpus: Path, tmp_path: Path) -> None:
    bare = changed(
        corpus, tmp_path / "bare", "candidates", lambda row: {**row, "origin": "retrieved", "edits": []}
    )
    told = irmogen("score-annotations", bare, check=False)
    assert told.returncode == 2
    assert "no perturbed candidates" in told.stderr
    manifest = read_json(bare / "manifest.json")
    manifest["schema_versions"]["annotations"] = 1
    write_json(bare / "manifest.json", manifest)
    told = irmogen("score-annotations", bare, check=False)
    assert told.returncode == 2
    assert "schema versions" in told.stderr
    told = irmogen("score-annotations", tmp_path / "nowhere", check=False)
    assert told.returncode == 2
    assert "no such folder" in told.stderr


def test_a_file_in_no_folder_is_refused_before_the_work(corpus: Path, tmp_path: Path) -> None:
    told = irmogen("score-annotations", corpus, "--output", tmp_path / "none" / "scores.json", check=False)
    assert told.returncode == 2
    assert "does not exist" in told.stderr
    assert not told.stdout
