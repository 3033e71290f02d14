"""Supervised stages by the real trainer: the same numbers from the same seed, also after breaks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from full_disk import files_of_at_most
from small_training import Ground, losses, same, weights, write_ground
from transformers import AutoModelForCausalLM

from trainer.callbacks import read_log
from trainer.checkpoints import last_whole, mark_whole, remove_broken, states_of
from trainer.job import Job, Outcome
from trainer.language_model import load_tokenizer
from trainer.run_folder import claim, finish, save_model
from trainer.sft import train_sft
from trainer.vocabulary import vocabulary_of

STAGE = "stage2"  # its chains are drawn anew each epoch; six goals: an epoch is about two steps


def checkpoints(job: Job) -> list[int]:
    """The steps of its checkpoints, all of which must be whole."""
    found = sorted(job.checkpoints.glob("checkpoint-*"))
    assert all((path / "whole.json").is_file() for path in found)
    return [int(path.name.rpartition("-")[2]) for path in found]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return write_ground(tmp_path_factory.mktemp("sft"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The training without a break, with the checkpoints of steps 2, 4 and 6."""
    return tmp_path_factory.mktemp("runs") / "whole"


@pytest.fixture(scope="module")
def trained(ground: Ground, folder: Path) -> Outcome:
    return train_sft(ground.job(folder, STAGE))


def test_the_same_seed_gives_the_same_losses_and_weights_to_the_last_bit(
    ground: Ground, trained: Outcome, folder: Path, tmp_path: Path
) -> None:
    again = train_sft(ground.job(tmp_path / "again", STAGE))
    assert losses(tmp_path / "again") == losses(folder)
    assert [step for step, _, _ in losses(folder)] == [1, 2, 3, 4, 5, 6]
    assert same(weights(again), weights(trained))
    other = train_sft(ground.job(tmp_path / "other", STAGE, "train.seed=1", "train.steps=1"))
    assert losses(tmp_path / "other")[0] != losses(folder)[0]
    assert not same(weights(other), weights(trained))


def test_the_loss_is_the_mean_over_labels_of_examples_that_are_alone(
    ground: Ground, trained: Outcome, folder: Path
) -> None:
    """Of the first step, on the weights that it began with; in float32, to a millionth of it."""
    from trainer.language_model import begin

    model, _ = begin(ground.job(folder, STAGE))
    batches = trained.trainer.batches
    stream = type(batches.stream)(batches.stream.recipe, batches.stream.rows, batches.stream.examples)
    rows = [stream.row(lane, {}) for lane in range(stream.lanes)]
    total = counted = 0.0
    for example in (example for row in rows for example in row):
        with torch.no_grad():
            logits = model(torch.tensor([example.ids]), use_cache=False).logits[0, :-1]
        labels = torch.tensor(example.labels[1:])
        total += float(torch.nn.functional.cross_entropy(logits, labels, ignore_index=-100, reduction="sum"))
        counted += int((labels >= 0).sum())
    assert losses(folder)[0][1] == pytest.approx(total / counted, rel=1e-6)


def test_a_training_that_was_killed_twice_ends_as_one_that_was_not(
    ground: Ground, trained: Outcome, folder: Path, tmp_path: Path
) -> None:
    job = ground.job(tmp_path / "killed", STAGE)
    shutil.copytree(folder, job.output)
    lanes = json.loads((folder / "checkpoints/checkpoint-2/state-0.json").read_text())["lanes"].values()
    assert {lane["row"] for lane in lanes} != {0}  # in the middle of an epoch and of a window
    shutil.rmtree(job.checkpoints / "checkpoint-6")
    (job.checkpoints / "checkpoint-4/whole.json").unlink()  # killed while it was written
    (job.checkpoints / "checkpoint-3").mkdir()  # likewise, when more were saved
    log = job.output / "log.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:4]) + '{"step": 5, "lo')
    train_sft(job)
    assert losses(job.output) == losses(folder)
    (job.checkpoints / "checkpoint-6/model.safetensors").write_bytes(b"half")
    (job.checkpoints / "checkpoint-6/whole.json").unlink()
    again = train_sft(job)
    assert losses(job.output) == losses(folder)
    assert same(weights(again), weights(trained))
    assert counted(again.figures) == counted(trained.figures)  # of all parts of the training
    rows = [read_log(one / "log.jsonl")[:2] for one in (folder, job.output)]
    assert rows[0] == rows[1]  # to the second: these steps were not done again
    assert checkpoints(job) == [2, 4, 6]


def counted(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: figure for name, figure in figures.items() if name not in ("seconds", "tokens_a_second")}


def test_a_save_point_is_logged_so_that_a_break_changes_no_mean(ground: Ground, tmp_path: Path) -> None:
    """The mean loss since the last log, where fewer steps are logged than saved."""
    job = ground.job(tmp_path / "seldom", STAGE, "train.log_every=3")
    train_sft(job)
    whole = losses(job.output)
    assert [step for step, _, _ in whole] == [1, 2, 3, 4, 6]
    for step in (4, 6):
        shutil.rmtree(job.checkpoints / f"checkpoint-{step}")
    train_sft(job)
    assert losses(job.output) == whole


def test_a_training_goes_on_from_its_end(
    ground: Ground, trained: Outcome, folder: Path, tmp_path: Path
) -> None:
    """Killed between the last checkpoint and the finished folder."""
    job = ground.job(tmp_path / "late", STAGE)
    shutil.copytree(folder, job.output)
    outcome = train_sft(job)
    assert losses(job.output) == losses(folder)
    assert same(weights(outcome), weights(trained))


def test_half_written_checkpoints_are_removed_and_the_one_before_is_taken(tmp_path: Path) -> None:
    assert last_whole(tmp_path / "nowhere") is None
    assert remove_broken(tmp_path / "nowhere") == []
    for step in (8, 10, 12, 9):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}/whole.json").write_text("{}")
    for step in (9, 12):
        (tmp_path / f"checkpoint-{step}/whole.json").unlink()
    assert last_whole(tmp_path) == tmp_path / "checkpoint-10"
    assert remove_broken(tmp_path) == ["checkpoint-12", "checkpoint-9"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-8"]


def test_a_checkpoint_without_every_process_part_is_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint-4"
    checkpoint.mkdir()
    mark_whole(checkpoint, world=2)
    for rank in (0, 1):
        (checkpoint / f"state-{rank}.json").write_text(f'{{"rank": {rank}}}')
    assert states_of(checkpoint) == [{"rank": 0}, {"rank": 1}]
    (checkpoint / "state-2.json").write_text("{}")
    with pytest.raises(ValueError, match=r"checkpoint-4: is of 2 processes and must not have state-2\.json"):
        states_of(checkpoint)
    (checkpoint / "state-2.json").unlink()
    (checkpoint / "state-0.json").unlink()
    with pytest.raises(ValueError, match=r"is of 2 processes and lacks state-0\.json; remove the folder"):
        states_of(checkpoint)


@pytest.mark.parametrize("tail", ['{"step": 3, "loss": 0', '{"step"', "{", '{"step": 3, "loss": 0.5}'])
def test_a_line_of_the_log_that_was_cut_off_is_left_out(tail: str, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    assert read_log(path) == []
    path.write_text('{"step": 1, "loss": 0.7}\n{"step": 2, "loss": NaN}\n' + tail)
    assert [row["step"] for row in read_log(path)] == [1, 2]


def test_a_full_disk_is_told_and_costs_no_whole_checkpoint(
    ground: Ground, trained: Outcome, folder: Path, tmp_path: Path
) -> None:
    """Where the weights are the first file that does not fit, and where it is one of those behind them."""
    job = ground.job(tmp_path / "full", STAGE)
    shutil.copytree(folder, job.output)
    for step in (4, 6):
        shutil.rmtree(job.checkpoints / f"checkpoint-{step}")
    weigh = (folder / "checkpoints/checkpoint-2/model.safetensors").stat().st_size
    told = r"full/checkpoints/checkpoint-4: the checkpoint could not be written \(.+\); make room, the same"
    for size in (weigh - 1, weigh + 1):
        with (
            files_of_at_most(size),
            pytest.raises(OSError, match=f"{told} command goes on from checkpoint-2"),
        ):
            train_sft(job)
        assert checkpoints(job) == [2]
    outcome = train_sft(job)
    assert losses(job.output) == losses(folder)
    assert same(weights(outcome), weights(trained))


def test_a_full_disk_at_the_first_checkpoint_is_told(ground: Ground, tmp_path: Path) -> None:
    job = ground.job(tmp_path / "full", STAGE, "train.save_every=1")
    with files_of_at_most(40_000), pytest.raises(OSError, match="make room, the same command begins anew"):
        train_sft(job)
    assert checkpoints(job) == []


def test_the_checkpoint_before_is_kept_until_the_new_one_is_whole(
    ground: Ground, trained: Outcome, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one is kept: the disk is full when the stream's place, the last of a checkpoint, is written."""
    import trainer.checkpoints

    job = ground.job(tmp_path / "one", STAGE, "train.keep=1")
    shutil.copytree(folder, job.output)
    for step in (4, 6):
        shutil.rmtree(job.checkpoints / f"checkpoint-{step}")

    def full(path: Path, value: Any) -> str:
        raise OSError(28, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(trainer.checkpoints, "write_json", full)
        with pytest.raises(OSError, match=r"No space left on device.*goes on from checkpoint-2"):
            train_sft(job)
    train_sft(job)
    assert losses(job.output) == losses(folder)
    assert checkpoints(job) == [6]


def test_adapters_are_learned_over_a_break_and_merged(
    ground: Ground, trained: Outcome, tmp_path: Path
) -> None:
    """With dropout, whose draws must go on as well."""
    base = tmp_path / "base"
    save_model(trained.trainer, trained.tokenizer, base)
    changes = ("model.lora.rank=2", "model.lora.dropout=0.2", "train.steps=3", "train.save_every=2")
    job = ground.job(tmp_path / "lora", STAGE, *changes, source=str(base))
    outcome = train_sft(job)
    whole = losses(job.output)
    shutil.rmtree(job.checkpoints / "checkpoint-3")
    again = train_sft(job)  # from the checkpoint of step 2
    assert losses(job.output) == whole
    assert same(weights(again), weights(outcome))
    save_model(outcome.trainer, outcome.tokenizer, job.output)
    before, after = (AutoModelForCausalLM.from_pretrained(one).state_dict() for one in (base, job.output))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert after.keys() == before.keys()
    assert "model.embed_tokens.weight" in changed
    assert {name.split(".")[-2] for name in changed} >= {"q_proj", "down_proj"}
    assert not any("norm" in name for name in changed)


def test_a_finished_folder_is_an_ordinary_one_of_hugging_face(trained: Outcome, tmp_path: Path) -> None:
    save_model(trained.trainer, trained.tokenizer, tmp_path / "saved")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "saved")
    assert same(model.state_dict(), weights(trained))
    tokenizer = load_tokenizer(str(tmp_path / "saved"))
    vocabulary_of(tokenizer)
    assert tokenizer("a man <Motion_3>")["input_ids"] == trained.tokenizer("a man <Motion_3>")["input_ids"]
    assert tokenizer.eos_token_id == model.generation_config.eos_token_id == model.config.eos_token_id
    assert {path.name for path in (tmp_path / "saved").iterdir()} == {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }


def test_the_figures_of_a_training_add_up(trained: Outcome) -> None:
    figures = trained.figures
    assert (figures["steps"], figures["rows"]) == (6, 12)
    assert figures["examples"] == sum(figures["tasks"].values()) == figures["tasks"]["unified_mogen_cot"]
    assert 0 < figures["learned_tokens"] < figures["tokens"]
    assert 0 <= figures["padding"] < 0.6
    assert figures["too_long"] == 0


RECORD = {
    "version": 1,
    "stage": "base",
    "recipe_fingerprint": "aa",
    "source": "tiny",
    "shards": [{"file": "x"}],
}


def test_a_folder_belongs_to_one_training(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert claim(folder, {**RECORD, "recipe_fingerprint": "cc"}) is False
    assert claim(folder, RECORD) is False  # the one before has not made a step
    (folder / "log.jsonl").write_text('{"step": 1}\n')
    assert claim(folder, {**RECORD, "code": {"torch": "9"}}) is False  # goes on; versions may differ
    told = r"run: holds another training; give another --output\. Differing:"
    with pytest.raises(ValueError, match=rf"{told}\n  recipe_fingerprint: \"aa\" -> \"bb\""):
        claim(folder, {**RECORD, "recipe_fingerprint": "bb"})
    finish(folder, RECORD, {"steps": 1})
    assert claim(folder, RECORD) is True
    with pytest.raises(ValueError, match=r"holds another training.*\n  source: \"tiny\" -> \"smollm2\""):
        claim(folder, {**RECORD, "source": "smollm2"})


def test_a_folder_of_something_else_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(ValueError, match="is not empty and holds no training; give another --output"):
        claim(tmp_path, RECORD)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_the_rate_grows_in_the_warmup_of_every_schedule(
    schedule: str, ground: Ground, tmp_path: Path
) -> None:
    from transformers import get_scheduler

    from trainer.job import training_arguments

    job = ground.job(tmp_path, STAGE, f"train.schedule={schedule}", "train.warmup=0.5")
    told = training_arguments(job, 8)
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], told["learning_rate"])
    rates = get_scheduler(told["lr_scheduler_type"], optimiser, told["warmup_steps"], 8)
    found = []
    for _ in range(5):
        found.append(rates.get_last_lr()[0] / told["learning_rate"])
        optimiser.step()
        rates.step()
    assert found == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize(
    ("change", "environ", "told"),
    [
        (
            "train.rows=4 train.rows_at_once=3",
            "1",
            r"train\.rows 4 does not divide into 1 processes of 3 rows at once; start one of 1, 2, 4",
        ),
        ("train.rows=3", "2", r"train\.rows 3 does not divide into 2 processes of 1 rows at once"),
    ],
)
def test_rows_that_cannot_be_dealt_out_are_refused(
    change: str, environ: str, told: str, ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trainer.job import training_arguments

    monkeypatch.setenv("WORLD_SIZE", environ)
    with pytest.raises(ValueError, match=told):
        training_arguments(ground.job(tmp_path, STAGE, *change.split()), 1)
