"""The page of trainings and evaluations: which are found, what of them is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from evaluation_results import HOSTILE, evaluation
from small_corpus import write_corpus

from pipelines.report.runs import runs_of
from pipelines.report.site import write_site
from schemas.generation_set import content_fingerprint
from schemas.storage import write_json

Row = dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("training") / "corpus")


def write_training(folder: Path, manifest: Row, stage: str, **changed: Any) -> Path:
    record = {
        "version": 1,
        "stage": stage,
        "recipe": {"name": HOSTILE},
        "recipe_fingerprint": "abc",
        "corpus_content": content_fingerprint(manifest),
        "gate": True,
        "shards": [
            {"file": s["file"], "sha256": s["sha256"]} for s in manifest["tables"]["stage1"]["shards"]
        ],
        "code": {"torch": "2.13.0"},
    }
    write_json(folder / changed.pop("name", "irmogen.json"), record | changed)
    rewards = {"reward": 1.0, "rewards/facts/mean": 0.5, "kl": 0.1} if stage == "stage3" else {"loss": 2.0}
    rows = [{"step": step, **{name: value / step for name, value in rewards.items()}} for step in (1, 2, 3)]
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 4, "lo')
    write_json(folder / "summary.json", {"examples": 1234, "seconds": 150.0})
    return folder


def page_of(made: tuple[Any, Row], folder: Path, *where: Path) -> str:
    corpus, manifest = made
    runs = runs_of(corpus.root, manifest, where, where)
    write_site(corpus.root, manifest, folder, goals=0, runs=runs)
    return (folder / "training.html").read_text("utf-8")


def test_trainings_stand_in_the_order_of_stages_with_shards_and_curves(made, tmp_path) -> None:
    for stage in ("stage3", "base", "stage1"):
        write_training(tmp_path / "runs" / stage, made[1], stage)
    write_training(
        tmp_path / "runs" / "stage2",
        made[1],
        "stage2",
        name="training.json",
        shards=[{"file": "f", "sha256": "0"}],
    )
    results = evaluation()
    results["corpus"]["fingerprint"] = content_fingerprint(made[1])
    write_json(tmp_path / "runs" / "evaluation" / "results.json", results)
    (tmp_path / "runs" / "evaluation" / "index.html").touch()
    html = page_of(made, tmp_path / "site", tmp_path / "runs")
    heads = [html.index(f">{name}</h2>") for name in ("Base model", "Stage 1", "Stage 2", "Stage 3 (GRPO)")]
    assert heads == sorted(heads)
    assert "all 2 of this corpus" in html
    assert "0 of 1 are as now" in html
    assert "not finished" in html
    assert "loss 2 to 0.667" in html
    assert "reward 1 to 0.333" in html
    assert "1,234" in html
    assert "2.5 min" in html
    assert 'href="../runs/evaluation/index.html"' in html
    assert "R-precision" in html
    assert "<img" not in html
    assert "aria-current=page>Training</a>" in html


def test_runs_beside_a_corpus_are_found_and_others_are_not(made, tmp_path) -> None:
    corpus, manifest = made
    beside = corpus.root.parent
    write_training(beside / "out" / "base", manifest, "base")
    write_training(beside / "other", manifest, "base", corpus_content="of another corpus")
    (beside / "broken").mkdir()
    (beside / "broken" / "irmogen.json").write_text("{")
    (beside / "broken" / "results.json").write_text("[1]")
    found = runs_of(corpus.root, manifest, None, None)
    assert [one.folder.name for one in found.trainings] == ["base"]
    assert not found.evaluations
    with pytest.raises(ValueError, match="holds no training that names this corpus"):
        runs_of(corpus.root, manifest, [beside / "other"], None)
    with pytest.raises(FileNotFoundError, match="give the folder of a training"):
        runs_of(corpus.root, manifest, [tmp_path / "none"], None)
