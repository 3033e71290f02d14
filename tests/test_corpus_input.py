"""A corpus as input: its motions and goals are taken over, and the new corpus has the same bytes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import corpus_bytes, irmogen

from pipelines.cli import main
from schemas.corpus import Corpus

Build = Callable[..., Path]


@pytest.fixture
def copied(corpus: Path, tmp_path: Path) -> Path:
    """A copy of the shared corpus, to be changed."""
    return Path(shutil.copytree(corpus, tmp_path / "copied"))


def test_a_corpus_built_from_a_corpus_has_the_same_bytes_and_either_goes_on_with_the_other(
    corpus: Path, demo: Path, build: Build
) -> None:
    made = build(data=corpus)
    assert corpus_bytes(made) == corpus_bytes(corpus)
    before = times(made)
    again = irmogen("build", "--input", corpus, "--output", made)
    assert "nothing to do" in again.stdout
    back = irmogen("build", "--input", demo, "--output", made)
    assert "nothing to do" in back.stdout
    assert times(made) == before


def test_taking_over_makes_nothing_again_that_was_read_from_the_dataset(corpus: Path, copied: Path) -> None:
    before = times(copied)
    done = irmogen("build", "--input", corpus, "--output", copied)
    assert "nothing to do" in done.stdout
    assert times(copied) == before


def times(root: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in sorted(root.glob("*/*.parquet"))}


def test_plan_knows_what_taking_over_would_make(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "--input", str(corpus), "--output", str(tmp_path / "new")]) == 0
    told = capsys.readouterr().out
    assert "70 clips" in told
    assert "0       2  not made yet" in told
    captions = json.loads((corpus / "manifest.json").read_text())["steps"]["read"]["captions"]["rows_in"]
    assert f"{captions} caption lines, 2 shards" in told
    assert not (tmp_path / "new").exists()


def test_plan_draws_its_sample_from_a_corpus(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--annotator", "openai", "--model", "gpt-4o"]
    assert main(["plan", "--input", str(corpus), "--output", str(tmp_path / "new"), *flags]) == 0
    told = capsys.readouterr().out
    assert "a sample of 16 clips" in told
    assert int(told.split("requests ")[1].split()[0].replace(",", "")) > 500


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--name", "other"], "leave --name out"),
        (["--skeleton", "kit"], "leave --skeleton out"),
        (["--output", "INPUT"], "give another folder for the new corpus"),
    ],
)
def test_flags_that_cannot_apply_are_refused(
    corpus: Path, tmp_path: Path, flags: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(corpus) if flag == "INPUT" else flag for flag in flags]
    assert main(["build", "--input", str(corpus), "--output", str(tmp_path / "new"), *given]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda root: (root / "manifest.json").unlink(), "finish the build"),
        (lambda root: forget(root, "motions/motions-00001-of-00002.parquet"), "motions-00001-of-00002"),
        (lambda root: renamed(root, "version of step read", 0), "version 0 of the step read"),
    ],
    ids=["unfinished", "a shard is not named", "read by another version"],
)
def test_a_corpus_that_cannot_be_taken_over_is_refused_before_any_work(
    copied: Path,
    tmp_path: Path,
    change: Callable[[Path], object],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    change(copied)
    assert main(["build", "--input", str(copied), "--output", str(tmp_path / "new")]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def forget(root: Path, file: str) -> None:
    manifest = json.loads((root / "manifest.json").read_text())
    shards = manifest["tables"]["motions"]["shards"]
    manifest["tables"]["motions"]["shards"] = [shard for shard in shards if shard["file"] != file]
    (root / "manifest.json").write_text(json.dumps(manifest))


def renamed(root: Path, name: str, value: object) -> None:
    manifest = json.loads((root / "manifest.json").read_text())
    manifest["identity"][name] = value
    (root / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("what", ["damaged", "missing", "receipt"])
def test_a_shard_that_cannot_be_trusted_is_named_and_nothing_is_taken_from_it(
    copied: Path, tmp_path: Path, what: str
) -> None:
    path = Corpus(copied, 2).shard_path("goals", 1)
    if what == "damaged":
        held = bytearray(path.read_bytes())
        held[len(held) // 2] ^= 1
        path.write_bytes(held)
    elif what == "missing":
        path.unlink()
    else:
        path = Corpus(copied, 2).receipt_path("read", 1)
        path.write_text("{")
    done = irmogen("build", "--input", copied, "--output", tmp_path / "new", check=False)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert str(path) in last
    assert "give the dataset as --input" in last
    assert not Corpus(tmp_path / "new", 2).receipt_path("read", 1).exists()


def test_a_changed_corpus_is_refused_with_its_clips(
    corpus: Path, build: Build, demo: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(demo, data)
    text = next(iter(sorted(data.glob("texts/0*.txt"))))
    text.write_text(text.read_text().splitlines()[0] + " \n")
    changed = build(data=data, name="changed")
    made = Path(shutil.copytree(corpus, tmp_path / "made"))
    refused = irmogen("build", "--input", changed, "--output", made, check=False)
    assert refused.returncode == 2
    assert f"1 clips changed: {text.stem}" in refused.stderr
    assert corpus_bytes(made) == corpus_bytes(corpus)
