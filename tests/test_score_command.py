"""`irmogen score-annotations` as a command: outputs, pipes, wrong and damaged input."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from one_corpus import write_one_corpus

from pipelines.cli import main
from schemas.corpus import open_corpus
from schemas.storage import read_json


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none/scores.json", "does not exist; make it"),
        ("file/scores.json", "is a file, not a folder"),
        ("folder", "is a folder"),
        ("x" * 240, "cannot be written"),
    ],
)
def test_an_output_that_cannot_be_written_is_told_before_any_work(
    name: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    # The corpus is not there either: what is told shows which of them was looked at first.
    assert main(["score-annotations", str(tmp_path / "missing"), "--output", str(tmp_path / name)]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert len(told.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


def test_a_file_is_no_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "zeros.npy").write_bytes(b"")
    assert main(["score-annotations", str(tmp_path / "zeros.npy")]) == 2
    assert "is a file; give the folder" in capsys.readouterr().err


def test_a_table_that_is_missing_is_told_by_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_one_corpus(tmp_path / "corpus")
    assert main(["score-annotations", str(root)]) == 2
    told = capsys.readouterr().err
    assert f"{root / 'facts'}" in told
    assert "is missing; `irmogen validate`" in told


def test_a_damaged_table_is_told_by_its_name(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "corpus"
    shutil.copytree(corpus, root)
    path = open_corpus(root)[0].shard_path("annotations", 0)
    path.write_bytes(path.read_bytes()[:5])
    assert main(["score-annotations", str(root)]) == 2
    told = capsys.readouterr().err
    assert f"{path}: is damaged" in told
    assert len(told.splitlines()) == 1


def test_a_reader_that_goes_away_ends_it_quietly_and_the_scores_are_written(
    corpus: Path, tmp_path: Path
) -> None:
    output = tmp_path / "scores.json"
    command = [
        sys.executable,
        "-m",
        "pipelines.cli",
        "score-annotations",
        str(corpus),
        "--output",
        str(output),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read().decode()
    assert (process.returncode, told) == (0, "")
    assert "kinematic" in read_json(output)
