"""The gate and `validate` as commands: digests, verdict, exit codes, thresholds that are the corpus' own."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import corpus_bytes, irmogen
from faults import Fault, copied, letter, same_captions, set_to, spoil

from pipelines.lock import locked
from pipelines.thresholds import defaults, read_thresholds
from pipelines.validate import shard_faults
from schemas.corpus import Corpus, open_corpus
from schemas.profile import PROFILE, across_path
from schemas.storage import read_json, write_json
from transforms.profiling import compare_shards


@pytest.fixture
def copy(corpus: Path, tmp_path: Path) -> Path:
    """A copy of the corpus that may be spoilt."""
    return copied(corpus, tmp_path / "copy")


def test_a_clean_corpus_passes_and_nothing_is_profiled_again(copy: Path) -> None:
    before = corpus_bytes(copy)
    done = irmogen("validate", copy)
    assert "gate passed" in done.stdout
    assert "profiled again" not in done.stdout
    assert corpus_bytes(copy) == before


def test_a_corpus_without_a_profile_gets_the_engines_own(copy: Path) -> None:
    before = corpus_bytes(copy)
    for path in [*copy.glob("quality/profile/*"), *copy.glob("receipts/profile-*")]:
        path.unlink()
    assert "2 shards were profiled again" in irmogen("validate", copy).stdout
    assert corpus_bytes(copy) == before


def test_the_engine_and_one_process_find_the_same_across_shards(copy: Path) -> None:
    opened = Corpus(copy, 2)
    before = across_path(opened).read_bytes()
    across_path(opened).unlink()
    compare_shards(opened)
    assert across_path(opened).read_bytes() == before


def test_a_comparison_that_was_edited_is_made_again(copy: Path) -> None:
    path = across_path(Corpus(copy, 2))
    held = path.read_bytes()
    values = read_json(path)
    values["findings"]["near"]["count"] += 1
    path.unlink()  # the copy is a link
    path.write_text(json.dumps(values))
    assert "gate passed" in irmogen("validate", copy).stdout
    assert path.read_bytes() == held


def test_a_build_profiles_again_what_another_version_profiled(copy: Path, demo: Path) -> None:
    opened, manifest = open_corpus(copy)
    before = corpus_bytes(copy)
    for index in range(opened.shards):
        done = opened.read_receipt(PROFILE, index)
        assert done is not None
        # What another version leaves: a receipt that is whole, for a fingerprint that is none of ours.
        opened.write_receipt(dataclasses.replace(done, fingerprint="0" * 16))
    assert manifest["gate"]["passed"]
    built = irmogen("build", "--input", demo, "--output", copy)
    assert "nothing to do" not in built.stdout
    assert corpus_bytes(copy) == before


def test_a_corpus_without_a_verdict_gets_one(copy: Path) -> None:
    manifest = read_json(copy / "manifest.json")
    before = manifest.pop("gate")
    write_json(copy / "manifest.json", manifest)
    assert "gate passed" in irmogen("validate", copy).stdout
    assert read_json(copy / "manifest.json")["gate"] == before


def test_a_corpus_that_is_being_built_is_not_validated(copy: Path) -> None:
    with locked(copy):
        done = irmogen("validate", copy, check=False)
    assert done.returncode == 6
    assert "wait for it" in done.stderr


def test_a_profile_that_was_changed_is_made_again(copy: Path) -> None:
    path = next(copy.glob("quality/profile/profile-00000-*"))
    held = path.read_bytes()
    path.unlink()  # the copy is a link
    path.write_bytes(held.replace(b'"rows":', b'"rows" :', 1)[: len(held)])
    assert "1 shards were profiled again" in irmogen("validate", copy).stdout
    assert path.read_bytes() == held


def test_rows_that_vanished_are_refused(copy: Path) -> None:
    manifest = read_json(copy / "manifest.json")
    manifest["steps"]["measure"]["goals"]["rows_out"] -= 1
    manifest["steps"]["measure"]["goals"]["failed"] = {}
    write_json(copy / "manifest.json", manifest)
    failed = refused(copy)["conservation"]
    assert [(f["column"], f["examples"]) for f in failed] == [
        ("unaccounted", ["measure/goals: unaccounted = 1"])
    ]


@pytest.mark.parametrize(
    ("kind", "column", "lost"), [("failed", "failed_share", 0.05), ("filtered", "kept_share", 0.6)]
)
def test_a_step_that_loses_too_many_rows_is_refused(copy: Path, kind: str, column: str, lost: float) -> None:
    manifest = read_json(copy / "manifest.json")
    counts = manifest["steps"]["ladder"]["goals"]
    gone = int(counts["rows_in"] * lost)
    counts["rows_out"] -= gone
    counts[kind]["AnyError"] = gone
    write_json(copy / "manifest.json", manifest)
    (failure,) = refused(copy)["conservation"]
    assert failure["column"] == column
    assert failure["meaning"] == defaults()[column].meaning
    assert failure["examples"][0].startswith(f"ladder/goals: {column} = ")


def refused(root: Path) -> dict[str, list[dict[str, Any]]]:
    """What fails, by suite, of a corpus that `validate` refuses."""
    done = irmogen("validate", root, check=False)
    assert done.returncode == 3
    verdict = read_json(root / "manifest.json")["gate"]
    assert not verdict["passed"]
    return {name: suite["failed"] for name, suite in verdict["suites"].items() if suite["failed"]}


def test_validate_names_rows_and_reasons_and_ends_with_its_own_code(copy: Path) -> None:
    spoil(copy, Fault("candidates", "alignment", "candidates", set_to("alignment", 1.5)))
    done = irmogen("validate", copy, check=False)
    assert done.returncode == 3
    assert "1 shards were profiled again" in done.stdout
    assert "candidates: ExpectColumnMaxToBeBetween of alignment: 1 rows" in done.stderr
    assert "Alignment lies between 0 and 1." in done.stderr
    assert "alignment = 1.5" in done.stderr
    verdict = read_json(copy / "manifest.json")["gate"]
    assert not verdict["passed"]
    assert verdict == read_json(copy / "quality" / "gate.json")


def test_a_caption_that_people_gave_twice_is_told_and_refuses_nothing(copy: Path) -> None:
    spoil(copy, Fault("corpus", "pairs_share", "goals", same_captions))
    told = irmogen("validate", copy).stdout
    assert "gate passed" in told
    assert re.search(
        r"advice, which refuses nothing:\n.*pairs_share is 0\.\d+ \(at most 0\.05\): .*\n    \S+: as \S+",
        told,
    )


def test_what_a_row_says_cannot_steer_a_terminal(copy: Path) -> None:
    spoil(copy, Fault("dead_letters", "kind", "dead_letters", letter(kind="\x1b[31modd\u202e")))
    told = irmogen("validate", copy, check=False).stderr
    assert "kind = \\u001b[31modd\\u202e" in told
    assert "\x1b" not in told


def test_a_shard_that_was_changed_or_lost_is_named(copy: Path) -> None:
    opened, manifest = open_corpus(copy)
    changed, lost = opened.shard_path("goals", 0), opened.shard_path("stage1", 0)
    data = bytearray(changed.read_bytes())
    data[len(data) // 2] ^= 1
    changed.unlink()  # the copy is a link
    changed.write_bytes(data)
    lost.unlink()
    faults = shard_faults(opened, manifest)
    assert faults == [
        f"{changed.relative_to(copy)}: changed since it was written (SHA-256 differs)",
        f"{lost.relative_to(copy)}: missing",
    ]
    done = irmogen("validate", copy, check=False)
    assert done.returncode == 3
    assert str(lost.relative_to(copy)) in done.stderr


def test_what_is_no_corpus_is_told(tmp_path: Path) -> None:
    done = irmogen("validate", tmp_path, check=False)
    assert done.returncode == 2
    assert "irmogen build" in done.stderr


def test_tighter_thresholds_of_the_corpus_refuse_it_and_make_no_shard_again(
    copy: Path, demo: Path, tmp_path: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*.parquet")}
    digest = read_json(copy / "manifest.json")["gate"]["digest"]
    tighter = tmp_path / "tighter.yaml"
    tighter.write_text("version: 1\nthresholds:\n  largest_operation_share: {max: 0.01, level: required}\n")
    flags = ("--input", demo, "--output", copy)
    built = irmogen("build", *flags, "--thresholds", tighter, check=False)
    assert built.returncode == 3
    assert "judged again" in built.stdout
    assert "largest_operation_share" in built.stderr
    verdict = read_json(copy / "manifest.json")["gate"]
    assert verdict["digest"] != digest
    assert verdict["thresholds"]["largest_operation_share"] == {"max": 0.01, "level": "required"}
    # The corpus keeps them: no flag is needed, and `validate` judges by them, too.
    again = irmogen("build", *flags, check=False)
    assert again.returncode == 3
    assert "nothing to do" in again.stdout
    assert [failure["column"] for failure in refused(copy)["corpus"]] == ["largest_operation_share"]
    own = copy / "quality" / "thresholds.yaml"
    assert read_thresholds(own)["largest_operation_share"].max == 0.01
    own.unlink()
    assert "gate passed" in irmogen("validate", copy).stdout
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*.parquet")} == before


def test_a_looser_threshold_stops_before_any_work(demo: Path, tmp_path: Path) -> None:
    looser = tmp_path / "looser.yaml"
    looser.write_text("version: 1\nthresholds: {failed_share: {max: 0.5}}\n")
    root = tmp_path / "corpus"
    done = irmogen("build", "--input", demo, "--output", root, "--thresholds", looser, check=False)
    assert done.returncode == 2
    for part in ("failed_share", "0.5", "0.01", "tightened"):
        assert part in done.stderr
    assert not root.exists()
