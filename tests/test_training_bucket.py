"""Training, motion tokens, generation and evaluation of a corpus in a bucket: as from a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import irmogen
from evaluated import results_of
from s3_server import upload
from small_training import Ground, losses, write_ground
from tiny_model import tiny_llama, tiny_tokenizer, write_run

from evaluators.embedders import embedder_of
from pipelines.cli import main
from schemas.places import StorePath
from schemas.storage import read_json
from trainer.run_folder import read_record

SHORT = ("--set", "train.steps=2")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return write_ground(tmp_path_factory.mktemp("ground"))


def held(folder: Path) -> dict[str, bytes]:
    """The bytes of every file of a folder or bucket, by name."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_tokens_and_a_training_are_those_of_a_folder(
    ground: Ground, tmp_path: Path, bucket: StorePath
) -> None:
    corpus = bucket / "corpus"
    upload(ground.corpus.root, corpus)
    tokens = held(corpus / "tokens")
    (corpus / "tokens").remove_tree()
    assert main(["tokenize", str(corpus), "--tokenizer", str(ground.motion_tokenizer)]) == 0
    assert held(corpus / "tokens") == tokens
    words = ground.words("base", tmp_path / "disk", *SHORT)
    assert main(words) == 0
    there = {str(ground.corpus.root): str(corpus), str(tmp_path / "disk"): str(tmp_path / "run")}
    assert main([there.get(word, word) for word in words]) == 0
    assert losses(tmp_path / "run") == losses(tmp_path / "disk")
    one, other = (read_record(tmp_path / name) for name in ("disk", "run"))
    assert other.pop("corpus") == str(corpus)
    one.pop("corpus")
    assert one == other  # the shards that it read, by name and digest, among them


def test_generations_go_into_a_bucket(ground: Ground, tmp_path: Path, bucket: StorePath) -> None:
    upload(ground.corpus.root, bucket / "corpus")
    tokenizer = tiny_tokenizer()
    run = write_run(tmp_path / "model", tiny_llama(tokenizer), tokenizer)
    sets = {}
    for goals, output in ((ground.corpus.root, tmp_path / "set"), (bucket / "corpus", bucket / "set")):
        words = ["generate", "--model", run, "--goals", goals, "--mode", "robust", "--output", output]
        flags = ["--split", "train", "--limit", "3", "--max-new-tokens", "20"]
        assert main([*map(str, words), *flags]) == 0
        sets[str(goals)] = held(output)
    one, other = sets.values()
    manifests = [json.loads(found.pop("manifest.json")) for found in (one, other)]
    assert one == other
    assert [manifest.pop("corpus") for manifest in manifests] == list(sets)
    assert manifests[0] == manifests[1]


def test_an_evaluation_scores_a_set_in_a_bucket(
    corpus: Path, stand_ins: Path, embedder: Path, tmp_path: Path, bucket: StorePath
) -> None:
    for name in ("motions", "goals"):
        upload(corpus / name, bucket / "corpus" / name)
    (bucket / "corpus/manifest.json").write_bytes((corpus / "manifest.json").read_bytes())
    upload(stand_ins / "near", bucket / "near")
    flags = ("--embedder", f"builtin:{embedder}")
    irmogen("evaluate", stand_ins / "near", *flags, "--corpus", corpus, "--output", tmp_path / "disk")
    where = ("--corpus", bucket / "corpus", "--output", bucket / "evaluation")
    irmogen("evaluate", bucket / "near", *flags, *where)
    found: dict[str, Any] = read_json(bucket / "evaluation/results.json")
    assert found["embedders"] == results_of(tmp_path / "disk")["embedders"]
    names = set(held(tmp_path / "disk"))
    assert set(held(bucket / "evaluation")) == names


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        (["train", "base", "CORPUS", "--output", "s3://b/run"], "--output"),
        (["train-tokenizer", "CORPUS", "--output", "gs://b/run"], "--output"),
        (["train-embedder", "CORPUS", "--output", "s3://b/run"], "--output"),
        (["tokenize", "CORPUS", "--tokenizer", "s3://b/t"], "--tokenizer"),
        (
            ["generate", "--model", "s3://b/m", "--goals", "CORPUS", "--mode", "chain", "--output", "x"],
            "--model",
        ),
    ],
)
def test_models_stay_on_this_machine(
    words: list[str], flag: str, ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(ground.corpus.root) if word == "CORPUS" else word for word in words])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert f"argument {flag}: " in told
    assert "is no folder of this machine: copy it to one, or from one" in told


def test_a_model_or_embedder_to_read_is_of_this_machine(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(ground.words("stage1", tmp_path / "run", "--model", "s3://b/base")) == 2
    assert "--model s3://b/base: models are read from folders of this machine" in capsys.readouterr().err
    with pytest.raises(ValueError, match="--embedder builtin:s3://b/e: is read from a folder"):
        embedder_of("builtin:s3://b/e", "t2m")
