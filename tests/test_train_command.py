"""`irmogen train`: from the shards of a small corpus to finished folders, refusals, kills."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from commands import killed_irmogen
from safetensors.torch import load_file
from small_training import Ground, losses, same, weights, write_ground, write_tokens
from tiny_model import tiny_llama, tiny_motion_tokenizer, write_run
from transformers import AutoModelForCausalLM, AutoTokenizer

from motion.tokenizer import load_tokenizer, save_tokenizer
from pipelines.cli import main
from pipelines.lock import locked
from pipelines.train import add_arguments, make_job
from schemas.storage import write_json
from trainer.callbacks import read_log
from trainer.language_model import word_tokenizer
from trainer.recipe import load_recipe
from trainer.run_folder import claim, read_record
from trainer.sft import train_sft
from trainer.vocabulary import vocabulary_of

SHORT = ("--set", "train.steps=2")
FILES = {
    "config.json",
    "curves.png",
    "generation_config.json",
    "irmogen.json",
    "log.jsonl",
    "model.safetensors",
    "motion-tokenizer",
    "summary.json",
    "tensorboard",
    "tokenizer.json",
    "tokenizer_config.json",
}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return write_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def runs(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Base, stage 1 and stage 2, one trained on from the other; nobody may change them."""
    root = tmp_path_factory.mktemp("runs")
    assert main(ground.words("base", root / "base", *SHORT)) == 0
    for before, stage in (("base", "stage1"), ("stage1", "stage2")):
        assert main(ground.words(stage, root / stage, "--model", root / before, *SHORT)) == 0
    return root


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a command line is refused with; nothing may be written by it."""

    def ask(words: list[str]) -> str:
        output = Path(words[words.index("--output") + 1])
        assert main(words) == 2
        assert not output.exists()
        return capsys.readouterr().err

    return ask


@pytest.fixture
def stopped(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a training is stopped with that has begun; the same folder may begin anew."""

    def ask(words: list[str]) -> str:
        output = Path(words[words.index("--output") + 1])
        assert main(words) == 2
        assert not (output / "irmogen.json").exists()
        return capsys.readouterr().err

    return ask


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def held(root: Path) -> dict[str, int]:
    """Every file below a folder, with when it was written."""
    return {str(path): path.stat().st_mtime_ns for path in sorted(root.rglob("*"))}


@pytest.mark.parametrize("stage", ["base", "stage1", "stage2"])
def test_a_finished_training_is_a_folder_that_needs_no_other(stage: str, runs: Path) -> None:
    folder = runs / stage
    assert {path.name for path in folder.iterdir()} == FILES
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    assert model.get_input_embeddings().weight.shape[0] == len(tokenizer)
    vocabulary_of(tokenizer)
    assert load_tokenizer(folder / "motion-tokenizer").fingerprint == tiny_motion_tokenizer().fingerprint
    assert [row["step"] for row in read_log(folder / "log.jsonl") if "loss" in row] == [1, 2]
    assert any((folder / "tensorboard").rglob("events.*"))
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["steps"] == 2
    assert sum(summary["tasks"].values()) == summary["examples"]


def test_a_finished_training_tells_what_it_was_made_of(ground: Ground, runs: Path) -> None:
    record = read_record(runs / "stage2")
    shards = ground.manifest["tables"]["stage2"]["shards"]
    assert record["shards"] == [{"file": shard["file"], "sha256": shard["sha256"]} for shard in shards]
    assert (record["stage"], record["gate"]) == ("stage2", True)
    assert record["recipe"]["train"]["steps"] == 2
    assert record["motion_tokenizer"] == ground.tokens.tokenizer
    assert "tokens" not in record  # it would be the same
    assert record["before"]["stage"] == "stage1"
    assert record["before"]["before"]["stage"] == "base"
    assert record["before"]["recipe_fingerprint"] == read_record(runs / "stage1")["recipe_fingerprint"]
    assert read_record(runs / "base")["source"] == "tiny"
    assert len(record["source"]) == 16  # hash of the weights that it began with
    assert record["code"]["trl"]


def test_a_stage_begins_with_the_weights_of_the_one_before(
    ground: Ground, runs: Path, tmp_path: Path
) -> None:
    words = ground.words("stage1", tmp_path / "still", "--model", runs / "base", *SHORT)
    assert main([*words, "--set", "train.rate=1e-30"]) == 0
    assert same(weights_of(tmp_path / "still"), weights_of(runs / "base"))
    assert not same(weights_of(runs / "stage1"), weights_of(runs / "base"))


def test_a_done_training_has_nothing_to_do(
    ground: Ground, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held(runs)
    assert main(ground.words("stage1", runs / "stage1", "--model", runs / "base", *SHORT)) == 0
    assert "stage1: nothing to do, this training is done" in capsys.readouterr().out
    assert held(runs) == before


def test_a_second_training_in_a_folder_is_refused_while_the_first_one_runs(
    ground: Ground, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ground.words("stage1", tmp_path / "run", "--model", runs / "base", *SHORT)
    with locked(tmp_path / "run", "training"):
        assert main(words) == 6
    assert "run: another training is writing it (process" in capsys.readouterr().err
    assert main(words) == 0
    assert not (tmp_path / "run/training.lock").exists()


def test_a_folder_of_another_training_is_refused_with_what_differs(
    ground: Ground, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held(runs)
    words = ground.words("stage1", runs / "stage1", "--model", runs / "base", *SHORT)
    assert main([*words, "--set", "train.seed=7"]) == 2
    told = capsys.readouterr().err
    assert "stage1: holds another training; give another --output. Differing:" in told
    assert "recipe_fingerprint:" in told
    assert "source:" not in told
    assert main(ground.words("base", runs / "stage1", *SHORT)) == 2
    assert 'stage: "stage1" -> "base"' in capsys.readouterr().err
    assert held(runs) == before


def test_a_plain_model_of_hugging_face_gets_the_motion_vocabulary(ground: Ground, tmp_path: Path) -> None:
    tokenizer = word_tokenizer(iter(["a man walks"]), 300)
    tiny_llama(tokenizer).save_pretrained(tmp_path / "plain")
    tokenizer.save_pretrained(tmp_path / "plain")
    words = ground.words("base", tmp_path / "run", "--model", tmp_path / "plain", *SHORT)
    assert main([*words, "--set", "data.row=1024"]) == 0
    vocabulary_of(AutoTokenizer.from_pretrained(tmp_path / "run"))
    source = read_record(tmp_path / "run")["source"]
    tiny_llama(tokenizer, seed=1).save_pretrained(tmp_path / "plain")
    assert main([*words, "--set", "data.row=1024"]) == 2  # it is another model by now
    assert source != str(tmp_path / "plain")


def test_a_corpus_whose_gate_failed_is_refused_unless_it_is_allowed(
    tmp_path: Path, refused: Callable[..., str]
) -> None:
    ungated = write_ground(tmp_path, gate={"passed": False, "suites": {}})
    words = ungated.words("base", tmp_path / "run", *SHORT)
    told = refused(words)
    assert "its quality gate has not passed; see what fails with `irmogen validate" in told
    assert "--allow-ungated" in told
    assert main([*words, "--allow-ungated"]) == 0
    assert read_record(tmp_path / "run")["gate"] is False


@pytest.fixture
def own(ground: Ground, tmp_path: Path) -> Ground:
    """A copy of the corpus that a test may damage."""
    shutil.copytree(ground.corpus.root.parent, tmp_path / "own")
    corpus = type(ground.corpus)(tmp_path / "own/corpus", ground.corpus.shards)
    return Ground(corpus, ground.manifest, ground.tokens, ground.motion_tokenizer)


def test_changed_bytes_of_a_shard_are_refused_when_it_is_read(
    own: Ground, runs: Path, tmp_path: Path, stopped: Callable[..., str]
) -> None:
    words = own.words("stage1", tmp_path / "run", "--model", runs / "base", *SHORT)
    shard = own.corpus.shard_path("stage1", 1)
    whole = shard.read_bytes()
    shard.write_bytes(whole[:9] + bytes([whole[9] ^ 1]) + whole[10:])  # its rows can still be counted
    told = stopped(words)
    assert f"{shard}: changed since it was written (SHA-256 differs); run `irmogen build --rebuild`" in told
    shard.write_bytes(whole[:-9])
    assert f"{shard}: is missing or damaged (" in stopped(words)
    shard.unlink()
    assert f"{shard}: is missing or damaged (" in stopped(words)
    shard.write_bytes(whole)
    other = own.corpus.shard_path("stage2", 0)
    other.unlink()
    assert main(words) == 0  # this stage reads none of it


def test_tokens_that_are_missing_damaged_or_of_another_tokenizer_are_refused(
    own: Ground, tmp_path: Path, refused: Callable[..., str], stopped: Callable[..., str]
) -> None:
    words = own.words("base", tmp_path / "run")
    save_tokenizer(tmp_path / "other", tiny_motion_tokenizer(seed=1))
    other = tiny_motion_tokenizer(seed=1).fingerprint
    told = refused([*words, "--motion-tokenizer", str(tmp_path / "other")])
    assert f"holds no motion tokens of the tokenizer {other}; run `irmogen tokenize" in told
    folder = own.corpus.root / "tokens" / own.tokens.tokenizer
    values = json.loads((folder / "manifest.json").read_text())
    write_json(folder / "manifest.json", {**values, "motions": "0"})
    assert "the corpus was made anew since these motion tokens were; run `irmogen tokenize" in refused(words)
    write_json(folder / "manifest.json", values)
    shard = folder / values["shards"][0]["file"]
    shard.write_bytes(shard.read_bytes()[:-1])
    shutil.copytree(own.corpus.root / "tokens", tmp_path / "torn")
    shutil.rmtree(own.corpus.root / "tokens")
    assert f"holds no motion tokens of the tokenizer {own.tokens.tokenizer}; run" in refused(words)
    shutil.copytree(tmp_path / "torn", own.corpus.root / "tokens")
    told = stopped(words)
    assert f"{shard.name}: changed since it was written (SHA-256 differs); run `irmogen tokenize" in told
    assert f"tokenize {own.corpus.root} --tokenizer" in told


def test_motion_tokenizers_that_do_not_fit_are_refused(
    ground: Ground, runs: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    words = ground.words("base", tmp_path / "run")
    without = words[: words.index("--motion-tokenizer")]
    assert "tiny: brings no motion tokenizer; give --motion-tokenizer, the folder of" in refused(without)
    save_tokenizer(tmp_path / "kit", tiny_motion_tokenizer("kit"))
    told = refused([*words, "--motion-tokenizer", str(tmp_path / "kit")])
    kit = tiny_motion_tokenizer("kit").fingerprint
    assert f"its motions are of t2m, the motion tokenizer {kit} is of kit; give a corpus and a model" in told
    (tmp_path / "empty").mkdir()
    assert "holds no tokenizer.json of a motion tokenizer" in refused(
        [*words, "--motion-tokenizer", str(tmp_path / "empty")]
    )


def test_a_model_is_not_trained_on_with_tokens_of_another_motion_tokenizer(
    own: Ground, runs: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    """Its codes would mean other motions, although the corpus has tokens of both."""
    other = tiny_motion_tokenizer(seed=1)
    save_tokenizer(tmp_path / "other", other)
    write_tokens(own.corpus, own.manifest, other)
    words = own.words("stage1", tmp_path / "run", "--model", runs / "base")
    told = refused([*words, "--motion-tokenizer", str(tmp_path / "other")])
    learned = own.tokens.tokenizer
    assert f"other: is not the motion tokenizer {learned} whose tokens {runs / 'base'} has learned" in told
    assert main([*words, "--motion-tokenizer", str(own.motion_tokenizer), "--dry-run"]) == 0


def test_models_that_cannot_be_trained_on_are_refused(
    ground: Ground, runs: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    words = ground.words("stage1", tmp_path / "run")
    assert "stage1 trains on from a model: give --model, the folder of base" in refused(words)
    assert "stage2 trains on from a model: give --model, the folder of stage1" in refused(
        ground.words("stage2", tmp_path / "run")
    )
    tokenizer = word_tokenizer(iter(["a man walks"]), 300)
    write_run(tmp_path / "wordless", tiny_llama(tokenizer), tokenizer, "base")
    own = ["--motion-tokenizer", str(ground.motion_tokenizer)]
    told = refused([*words, "--model", str(tmp_path / "wordless"), *own])
    assert (
        "wordless: the tokenizer has no motion vocabulary; train on from a model of `irmogen train base`"
        in told
    )
    shutil.copytree(runs / "base", tmp_path / "torn")
    (tmp_path / "torn/irmogen.json").rename(tmp_path / "torn/training.json")
    told = refused([*words, "--model", str(tmp_path / "torn")])
    assert "torn: holds a training that has not come to its end; go on with it" in told
    told = refused([*words, "--model", str(tmp_path / "nowhere"), *own])
    assert "nowhere: no such folder; give --model" in told


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--recipe", "huge"], "huge-base.yaml: no such recipe; there are demo"),
        (["--set", "train.speed=1"], "unknown train.speed; known are"),
        (["--set", "train.rate=fast"], "train.rate is 'fast', wanted is a number"),
        (["--embedder", "x"], "--embedder is for stage3; base needs none"),
        (["--device", "tpu9"], "tpu9"),
        (["--set", "model.source=''"], "demo: names no model.source; set it, or give --model"),
        (["--dry-run", "--set", "train.rows=3", "--set", "train.rows_at_once=2"], "train.rows 3 does not"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(
    flags: list[str], told: str, ground: Ground, tmp_path: Path, refused: Callable[..., str]
) -> None:
    assert told in refused(ground.words("base", tmp_path / "run", *flags))


def test_weights_and_biases_that_is_not_installed_is_told_before_any_work(
    ground: Ground, tmp_path: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    told = refused(ground.words("base", tmp_path / "run", "--wandb"))
    assert "--wandb: not installed; `pip install wandb`" in told


def test_flash_attention_that_is_not_installed_is_told_and_does_not_hinder_a_look(
    ground: Ground, tmp_path: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transformers.utils.is_flash_attn_2_available", lambda **_: False)
    words = ground.words("base", tmp_path / "run", "--set", "model.attention=flash_attention_2")
    told = refused(words)
    assert (
        "model.attention flash_attention_2: flash-attn is not installed, or this machine has no GPU" in told
    )
    assert "or set model.attention=sdpa" in told
    assert main([*words, "--dry-run"]) == 0


def test_of_several_processes_one_tells_of_a_dry_run(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    words = ground.words("base", tmp_path / "run", "--dry-run")
    for rank, told in (("0", 1), ("1", 0)):
        monkeypatch.setenv("RANK", rank)
        assert main(words) == 0
        assert capsys.readouterr().out.count("begins from: tiny") == told


def test_a_value_that_turns_out_wrong_does_not_keep_the_folder(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ground.words("base", tmp_path / "run", *SHORT)
    for changes, told in (
        (("data.row=40", "train.steps=0"), "data.row 40: the shortest example has"),
        (("data.row=40",), "finds no example that fits into data.row 40; set a larger data.row"),
        (
            ("train.rows=4", "train.rows_at_once=3"),
            "train.rows 4 does not divide into 1 processes of 3 rows at once",
        ),
        (("data.split=dev", "train.steps=0"), "stage1 has no row of the split 'dev'"),
        (("model.source=nowhere",), "nowhere: no tokenizer can be loaded from it"),
    ):
        assert main([*words, *(word for change in changes for word in ("--set", change))]) == 2
        assert told in capsys.readouterr().err
    assert main(words) == 0
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES


def test_a_training_that_comes_apart_ends_and_leaves_no_checkpoint_of_it(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ground.words("base", tmp_path / "run", "--set", "train.rate=1e30", "--set", "train.clip=0")
    assert main([*words, "--set", "train.log_every=50", "--set", "train.save_every=1"]) == 2
    assert "grad_norm is nan at step 2; lower train.rate, with another --output" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "run/checkpoints").glob("checkpoint-*")] == ["checkpoint-1"]
    assert not (tmp_path / "run/irmogen.json").exists()


def test_an_unknown_stage_is_refused(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(ground.words("stage9", tmp_path / "run"))
    assert "choose from" in capsys.readouterr().err


def test_reinforcement_wants_an_embedder(
    ground: Ground, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "stage3", str(ground.corpus.root), "--output", str(tmp_path / "run")]
    assert main([*words, "--model", str(runs / "stage2")]) == 2
    assert "stage3 rewards by an embedder: give --embedder, the folder of" in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_told_before_any_work(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    assert main(ground.words("base", tmp_path / "file")) == 2
    assert main(ground.words("base", tmp_path / "file/run")) == 2
    assert str(tmp_path / "file") in capsys.readouterr().err
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/text").touch()
    assert main(ground.words("base", tmp_path / "thesis")) == 2
    assert "thesis: is not empty and holds no training; give another --output" in capsys.readouterr().err


@pytest.mark.parametrize("stage", ["base", "stage2"])
def test_a_dry_run_shows_what_would_be_done_and_writes_nothing(
    stage: str, ground: Ground, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held(ground.corpus.root.parent) | held(runs)
    flags = ["--dry-run", "--set", "train.steps=0", "--set", "train.epochs=50"]
    flags += ["--model", runs / "stage1"] if stage == "stage2" else []
    assert main(ground.words(stage, tmp_path / "run", *flags)) == 0
    shown = capsys.readouterr().out
    for shard in ground.manifest["tables"]["stage1" if stage == "base" else stage]["shards"]:
        assert f"{shard['file']}  {shard['sha256'][:16]}" in shown
    assert f"motion tokens: {ground.tokens.tokenizer}, 16 codes" in shown
    assert f"stage: {stage}" in shown
    assert "rate: 0.01" in shown
    assert f"begins from: {runs / 'stage1' if stage == 'stage2' else 'tiny'}" in shown
    assert "6 examples an epoch" in shown if stage == "stage2" else "12 examples an epoch" in shown
    weights = sum(value.numel() for value in weights_of(runs / "base").values())
    assert "steps of 2 rows, " in shown
    assert f"{weights:,} weights" in shown
    assert "GiB" in shown
    assert "time on 1 of this machine's cpu: about" in shown
    assert held(ground.corpus.root.parent) | held(runs) == before
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_needs_no_training_before_it_in_the_process(ground: Ground, tmp_path: Path) -> None:
    """The demo's attention is one of our own, which transformers must be told of."""
    words = ground.words("base", tmp_path / "run", "--dry-run")
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *words], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "attention: by_example" in done.stdout


def test_the_steps_of_a_dry_run_are_those_that_are_done(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--set", "train.steps=0", "--set", "train.epochs=6")
    assert main(ground.words("base", tmp_path / "run", *flags, "--dry-run")) == 0
    shown = capsys.readouterr().out
    assert main(ground.words("base", tmp_path / "run", *flags)) == 0
    steps = json.loads((tmp_path / "run/summary.json").read_text())["steps"]
    assert steps > 1
    assert f"\n{steps} steps of 2 rows" in shown


def test_a_training_killed_in_its_middle_ends_as_one_that_was_not(ground: Ground, tmp_path: Path) -> None:
    def words(name: str) -> list[str]:
        flags = ("train.steps=40", "train.keep=2")
        return ground.words("base", tmp_path / name, *(word for flag in flags for word in ("--set", flag)))

    def far() -> bool:
        log = tmp_path / "killed/log.jsonl"
        return log.is_file() and len(log.read_text().splitlines()) > 5

    killed = killed_irmogen(*words("killed"), moment=far)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert len(read_log(tmp_path / "killed/log.jsonl")) < 40
    assert list((tmp_path / "killed/checkpoints").glob("checkpoint-*/whole.json"))
    assert not (tmp_path / "killed/irmogen.json").exists()
    assert main(words("killed")) == 0
    assert main(words("whole")) == 0
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")
    assert same(weights_of(tmp_path / "killed"), weights_of(tmp_path / "whole"))
    assert {path.name for path in (tmp_path / "killed").iterdir()} == FILES


@pytest.mark.slow
def test_two_processes_go_on_where_one_stopped_and_learn_the_same(ground: Ground, tmp_path: Path) -> None:
    """Over gloo, with the same rows in a step: losses to 1e-5 of them. Two checkpoints are half written."""
    words = ground.words("stage2", tmp_path / "two", "--model", tmp_path / "base")
    assert main(ground.words("base", tmp_path / "base", *SHORT)) == 0
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args(words[1:])
    job = make_job(args, load_recipe(args.recipe, args.stage, args.set))
    assert claim(job.output, job.record) is False
    outcome = train_sft(job)
    wanted = losses(job.output)
    for step in (4, 6):
        (job.checkpoints / f"checkpoint-{step}/whole.json").unlink()
    launched = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    launched += ["--module", "pipelines.cli", *words]
    done = subprocess.run(launched, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    summary = json.loads((job.output / "summary.json").read_text())
    for name in ("rows", "examples", "tasks", "tokens", "learned_tokens", "too_long"):
        assert summary[name] == outcome.figures[name]  # of both processes and of the one before
    found = losses(job.output)
    assert found[:2] == wanted[:2]
    assert [step for step, _, _ in found] == [1, 2, 3, 4, 5, 6]
    for (_, loss, norm), (_, other, its) in zip(found, wanted, strict=True):
        assert (loss, norm) == pytest.approx((other, its), rel=1e-5)
    for name, value in weights_of(job.output).items():
        torch.testing.assert_close(value, weights(outcome)[name], rtol=0, atol=1e-4)
    again = subprocess.run(launched, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("nothing to do, this training is done") == 1
