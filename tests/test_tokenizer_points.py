"""Save points of the motion tokenizer's training: kills, full disks, folders of others, corpora refused."""

from __future__ import annotations

import json
import shutil
import signal
import time
from pathlib import Path

import pytest
from commands import killed_irmogen
from full_disk import files_of_at_most
from small_corpus import write_corpus
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from pipelines import train_tokenizer as command
from pipelines.cli import main
from pipelines.lock import locked
from trainer.checkpoints import last_whole
from trainer.tokenizer_points import last_point
from trainer.tokenizer_recipe import load_tokenizer_recipe

RECIPE = (
    "model.codes=16",
    "model.code_size=8",
    "model.width=8",
    "model.depth=1",
    "train.steps=60",
    "train.batch=4",
    "train.window=16",
    "train.warmup=9",
    "train.save_every=10",
    "train.log_every=4",
)
FILES = {"log.jsonl", "tensorboard", "tokenizer.json", "weights.safetensors"}
Learned = tuple[bytes, list[dict[str, float]]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "corpus")[0].root


@pytest.fixture(scope="module")
def whole(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training without a break; nobody may change it."""
    output = tmp_path_factory.mktemp("whole") / "tokenizer"
    assert main(words(corpus, output)) == 0
    return output


@pytest.fixture
def begun(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A training that made all its steps and was interrupted while it measured."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(command, "_measured", interrupted)
        assert main(words(corpus, tmp_path / "begun")) == 130
    return tmp_path / "begun"


def words(corpus: Path, output: Path, *changes: str, flags: tuple[str, ...] = ()) -> list[str]:
    asked = [word for change in (*RECIPE, *changes) for word in ("--set", change)]
    return ["train-tokenizer", str(corpus), "--output", str(output), *asked, *flags]


def learned(folder: Path) -> Learned:
    """The bytes of the weights, and the rows of the log."""
    return (folder / "weights.safetensors").read_bytes(), rows(folder)


def rows(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def points(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "checkpoints").iterdir())


def board(folder: Path) -> list[tuple[int, float]]:
    """The losses that TensorBoard shows, by step."""
    held = EventAccumulator(str(folder / "tensorboard"), purge_orphaned_data=True).Reload()
    return [(event.step, event.value) for event in held.Scalars("train/loss")]


def test_a_training_killed_twice_is_to_the_last_bit_one_without_a_break(
    corpus: Path, whole: Path, tmp_path: Path
) -> None:
    output = tmp_path / "killed"
    # Each time while the second save point is written that this process comes to.
    for whole_one, half in (("checkpoint-10", "checkpoint-20"), ("checkpoint-20", "checkpoint-30")):
        crash = {"IRMOGEN_CRASH": "before_whole_save_point:2"}
        killed = killed_irmogen(*words(corpus, output), moment=lambda: False, environ=crash)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert points(output) == [whole_one, half]
        assert last_whole(output / "checkpoints") == output / "checkpoints" / whole_one
        assert not (output / "tokenizer.json").exists()
    assert [row["step"] for row in rows(output)][-1] == 28  # told, and lost with the save point
    with (output / "log.jsonl").open("a") as log:
        log.write('{"step": 59, "lo')  # a row that the kill cut off
    time.sleep(1.1)  # TensorBoard reads its files in the order of their seconds
    assert main(words(corpus, output)) == 0
    assert learned(output) == learned(whole)
    assert [row["step"] for row in learned(whole)[1]] == [*range(0, 60, 4), 59]
    assert board(whole) == [(row["step"], pytest.approx(row["loss"])) for row in rows(whole)]
    assert board(output) == board(whole)
    notes = [json.loads((folder / "tokenizer.json").read_text()) for folder in (output, whole)]
    assert notes[0] == notes[1]
    assert {path.name for path in output.iterdir()} == FILES


def test_half_written_save_points_are_removed_and_the_last_whole_one_is_kept(
    corpus: Path, whole: Path, begun: Path
) -> None:
    assert points(begun) == ["checkpoint-60"]
    shutil.copytree(begun / "checkpoints/checkpoint-60", begun / "checkpoints/checkpoint-70")
    (begun / "checkpoints/checkpoint-70/whole.json").unlink()
    assert last_point(begun / "checkpoints")[0] == 60
    assert points(begun) == ["checkpoint-60"]
    assert main(words(corpus, begun)) == 0
    assert learned(begun) == learned(whole)


def test_a_save_point_that_is_damaged_is_named(
    corpus: Path, begun: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (begun / "checkpoints/checkpoint-60/state.pt").write_bytes(b"PK\x03\x04 half")
    assert main(words(corpus, begun)) == 2
    assert "checkpoint-60: is damaged; remove it, the same command begins anew" in capsys.readouterr().err


def test_a_full_disk_tells_which_save_point_is_left(
    corpus: Path, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "full"
    with files_of_at_most(20_000):
        assert main(words(corpus, output)) == 2
    told = "full/checkpoints/checkpoint-10: the checkpoint could not be written ("
    said = capsys.readouterr().err
    assert told in said
    assert "; make room, the same command begins anew" in said
    assert points(output) == []
    with files_of_at_most(20_000):
        assert main(words(corpus, output, "train.save_every=60")) == 2
    assert "checkpoint-60: the checkpoint could not be written (" in capsys.readouterr().err
    assert main(words(corpus, output)) == 0
    assert learned(output) == learned(whole)


# TensorBoard's thread, which meets the full disk first, dies of it; the training is told by its next row.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_full_disk_that_the_log_meets_first_is_told(
    corpus: Path, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = words(corpus, tmp_path / "full", "train.save_every=60", "train.log_every=2")
    with files_of_at_most(1000):
        assert main(few) == 2
    told = "full: cannot be written (File too large); make room, or give another --output"
    assert told in capsys.readouterr().err
    with files_of_at_most(3500):  # room for what is being trained
        assert main(few) == 2
    told = "full: the log cannot be written (File too large); make room, the same command begins anew"
    assert told in capsys.readouterr().err
    assert main(few) == 0
    assert learned(tmp_path / "full")[0] == learned(whole)[0]


def test_a_full_disk_at_the_end_costs_no_step(
    corpus: Path, whole: Path, begun: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with files_of_at_most((whole / "weights.safetensors").stat().st_size - 1):
        assert main(words(corpus, begun)) == 2
    told = "begun: the motion tokenizer cannot be written (File too large); make room, the same command goes"
    assert f"{told} on from checkpoint-60" in capsys.readouterr().err
    assert points(begun) == ["checkpoint-60"]
    assert main(words(corpus, begun)) == 0
    assert learned(begun) == learned(whole)


def test_a_folder_is_one_training(
    corpus: Path, whole: Path, begun: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (begun, whole):
        assert main(words(corpus, folder, "train.rate=1e-4")) == 2
        said = capsys.readouterr().err
        assert f"{folder}: holds another training; give another --output. Differing:" in said
        assert "\n  train.rate: 0.0006 -> 0.0001\n" in said
    other, _ = write_corpus(tmp_path / "other", clips=[("000009", "train", 0, ("a man sits",), (None,))])
    assert main(words(other.root, begun)) == 2
    assert "\n  corpus_content: " in capsys.readouterr().err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work")
    assert main(words(corpus, tmp_path / "mine")) == 2
    assert "is not empty and holds no training; give another --output" in capsys.readouterr().err
    with locked(begun, "training"):
        assert main(words(corpus, begun)) == 6
    assert "begun: another training is writing it" in capsys.readouterr().err
    assert points(begun) == ["checkpoint-60"]


def test_how_often_it_is_saved_and_logged_is_no_other_training(
    corpus: Path, whole: Path, begun: Path
) -> None:
    assert main(words(corpus, begun, "train.save_every=7", "train.log_every=3")) == 0
    assert learned(begun)[0] == learned(whole)[0]
    one, other = (
        load_tokenizer_recipe("demo", changes)
        for changes in ([], ["train.save_every=7", "train.log_every=3"])
    )
    assert one.fingerprint == other.fingerprint
    assert load_tokenizer_recipe("demo", ["train.seed=1"]).fingerprint != one.fingerprint


def test_a_corpus_whose_gate_has_not_passed_is_learned_only_where_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_corpus(tmp_path / "corpus", gate={"passed": False, "suites": {}})[0].root
    few = words(root, tmp_path / "out", "train.steps=2")
    assert main(few) == 2
    assert "corpus: its quality gate has not passed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main([*few, "--allow-ungated"]) == 0
    assert json.loads((tmp_path / "out/tokenizer.json").read_text())["gate"] is False


def test_shards_that_are_not_the_manifests_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_corpus(tmp_path / "corpus")[0].root
    shard = next((root / "motions").glob("*.parquet"))
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    assert main(words(root, tmp_path / "out")) == 2
    said = capsys.readouterr().err
    assert f"{shard.name}: changed since it was written (SHA-256 differs)" in said
    assert not (tmp_path / "out").exists()
