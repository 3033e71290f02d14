"""The whole road of training in small: every command behind the other, on real shards, to a scored table."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from commands import irmogen

from pipelines.cli import main
from pipelines.demo_training import GENERATIONS
from schemas.generation_set import open_set
from trainer.callbacks import read_log
from trainer.run_folder import read_record

STAGES = ("base", "stage1", "stage2", "stage3")


@pytest.fixture(scope="module")
def road(corpus: Path, embedder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("road")
    copy = root / "corpus"
    shutil.copytree(corpus, copy)  # its motion tokens are written into it
    words = (
        "demo-training",
        copy,
        "--embedder",
        embedder,
        "--output",
        root / "training",
        "--recipe",
        "smoke",
    )
    irmogen(*words, "--limit", 3)
    return root


def test_every_stage_leaves_a_model_that_names_what_it_was_made_from(road: Path) -> None:
    records = [read_record(road / "training" / stage) for stage in STAGES]
    assert [record["stage"] for record in records] == list(STAGES)
    chain = records[-1]["before"]
    names = []
    while chain:
        names.append(chain["stage"])
        chain = chain["before"]
    assert names == ["stage2", "stage1", "base"]
    manifest = json.loads((road / "corpus" / "manifest.json").read_text())
    for record, table in zip(records, ("stage1", "stage1", "stage2", "stage3"), strict=True):
        held = {shard["file"]: shard["sha256"] for shard in manifest["tables"][table]["shards"]}
        assert {shard["file"]: shard["sha256"] for shard in record["shards"]} == held


def test_losses_fall_and_rewards_are_logged_by_name(road: Path) -> None:
    for stage in STAGES[:3]:
        losses = [row["loss"] for row in read_log(road / "training" / stage / "log.jsonl") if "loss" in row]
        assert losses[-1] < losses[0]
    rows = read_log(road / "training" / "stage3" / "log.jsonl")
    names = {name for row in rows for name in row}
    assert {f"rewards/{name}/mean" for name in ("strict_format", "text", "motion", "facts")} <= names
    assert (road / "training" / "curves.png").stat().st_size > 10_000


def test_generations_of_every_mode_are_sets_that_can_be_scored(road: Path) -> None:
    for model, mode in GENERATIONS:
        found = open_set(road / "training" / "generations" / f"{model}-{mode}")
        assert (found.info.mode, found.count) == (mode, 3)


@pytest.mark.parametrize("limit", ["0", "-2"])
def test_a_road_for_no_goal_is_refused(
    limit: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["demo-training", str(tmp_path), "--embedder", str(tmp_path), "--output", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--limit", limit])
    assert ended.value.code == 2
    assert f"argument --limit: {limit} is less than 1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
