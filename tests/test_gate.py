"""The gate and `validate`: a clean corpus passes, each fault is refused with the row and the reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import irmogen

from pipelines.validate import shard_faults
from schemas.corpus import open_corpus
from schemas.shards import to_table, write_shard
from schemas.storage import read_json, write_json
from schemas.tables import TABLES

Row = dict[str, Any]


@pytest.fixture
def copy(corpus: Path, tmp_path: Path) -> Path:
    """A copy of the corpus that may be spoilt."""
    shutil.copytree(corpus, tmp_path / "copy")
    return tmp_path / "copy"


def spoil(root: Path, table: str, change: Callable[[list[Row]], object]) -> None:
    """Change the rows of a table's first shard as a faulty step would have written them."""
    opened, manifest = open_corpus(root)
    rows = opened.read(table, 0).to_pylist()
    change(rows)
    path = opened.shard_path(table, 0)
    digest = write_shard(path, to_table(TABLES[table], rows, 263))
    shard = next(s for s in manifest["tables"][table]["shards"] if (root / s["file"]) == path)
    shard["sha256"] = digest
    write_json(opened.manifest_path, manifest)


def test_a_clean_corpus_passes(corpus: Path, tmp_path: Path) -> None:
    copy = tmp_path / "corpus"  # the verdict is written
    shutil.copytree(corpus, copy)
    done = irmogen("validate", copy)
    assert "gate passed" in done.stdout


def set_to(column: str, value: object) -> Callable[[list[Row]], object]:
    return lambda rows: rows[1].update({column: value})


def deep(column: str, key: str, value: object) -> Callable[[list[Row]], object]:
    return lambda rows: rows[1][column].update({key: value})


def rung(key: str, value: object) -> Callable[[list[Row]], object]:
    return lambda rows: rows[1]["ladder"][2].update({key: value})


FAULTS: list[tuple[str, str, Callable[[list[Row]], object]]] = [
    ("motions", "split", set_to("split", "holdout")),
    ("motions", "frames", set_to("frames", 7)),
    ("motions", "in_its_shard", lambda rows: rows[1].update(motion_id="999983")),
    ("goals", "motion_resolves", set_to("motion_id", "999999")),
    ("goals", "motion_resolves", set_to("end", 100_000)),
    ("goals", "caption_length", set_to("caption", "")),
    ("facts", "events_inside", lambda rows: rows[1]["events"][0].update(end=9999)),
    ("candidates", "rank", set_to("rank", 9)),
    ("candidates", "alignment", set_to("alignment", 1.5)),
    ("candidates", "differences", set_to("differences", [])),
    ("candidates", "motion_resolves", deep("motion", "id", "999999")),
    ("perturbed", "edits", set_to("edits", [])),
    ("stage2", "fault", rung("assessment", "The two descriptions are identical to the last word.")),
    ("stage2", "fault", set_to("assessment", "This is what the caption says.")),
    ("candidates", "inside", lambda rows: rows[1]["differences"][0].update(end=9999)),
    ("goals", "in_its_shard", lambda rows: rows[1].update(motion_id="999983", goal_id="t2m-999983-0")),
    ("tables", "rows", lambda rows: rows.clear()),
    ("annotations", "text_length", set_to("text", "")),
    ("annotations", "candidate_resolves", set_to("candidate_id", "nobody")),
    ("annotations", "prompt_hash", set_to("prompt_hash", "")),
    ("stage1", "task", set_to("task", "dance")),
    ("stage1", "annotations_resolve", set_to("annotation_ids", ["nobody"])),
    ("stage2", "fault", lambda rows: rows[1]["ladder"].reverse()),
    ("stage2", "fault", lambda rows: rows[1]["ladder"].pop()),
    ("stage2", "fault", rung("perfect", True)),
    ("stage2", "fault", rung("assessment", "")),
    ("stage2", "analyses", lambda rows: rows[1]["analyses"].pop()),
    ("stage2", "motions_resolve", lambda rows: rows[1]["ladder"][0]["motion"].update(end=9999)),
    ("stage3", "motion_resolves", deep("motion", "table", "dreams")),
]


@pytest.mark.parametrize(("table", "column", "change"), FAULTS, ids=lambda value: str(value)[:24])
def test_each_fault_is_refused_with_the_row_and_the_reason(
    copy: Path, table: str, column: str, change: Callable[[list[Row]], object]
) -> None:
    spoil(copy, "stage3" if table == "tables" else table, change)
    if table == "tables":
        empty_other_shards(copy, "stage3")
    verdict = gate(copy, table)
    assert not verdict["passed"]
    failed = verdict["suites"][table]["failed"]
    assert column in {failure["column"] for failure in failed}
    assert all(failure["examples"] for failure in failed)


def empty_other_shards(root: Path, table: str) -> None:
    opened, _ = open_corpus(root)
    for index in range(1, opened.shards):
        write_shard(opened.shard_path(table, index), to_table(TABLES[table], [], 263))


def test_a_contradicted_annotation_keeps_its_goal_out_of_stage_2(copy: Path) -> None:
    def contradict(rows: list[Row]) -> None:
        chained = next(row for row in rows if row["kind"] == "assessment")
        chained["contradicted"] = 1

    spoil(copy, "annotations", contradict)
    assert [f["column"] for f in gate(copy, "stage2")["suites"]["stage2"]["failed"]] == ["fault"]


def gate(root: Path, table: str) -> dict[str, Any]:
    """The gate's verdict by the suite of one table; all suites take ten times as long."""
    from pipelines import gate
    from pipelines.suites import suites

    opened, manifest = open_corpus(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "suites", lambda config: {table: suites(config)[table]})
        return gate.run_gate(opened, manifest["config"], manifest["steps"])


def test_rows_that_vanished_are_refused(copy: Path) -> None:
    manifest = read_json(copy / "manifest.json")
    manifest["steps"]["measure"]["goals"]["rows_out"] -= 1
    manifest["steps"]["measure"]["goals"]["failed"] = {}
    write_json(copy / "manifest.json", manifest)
    failed = gate(copy, "conservation")["suites"]["conservation"]["failed"]
    assert failed[0]["column"] == "unaccounted"
    assert failed[0]["examples"] == ["measure/goals: unaccounted = 1"]


def test_validate_names_rows_and_reasons_and_ends_with_its_own_code(copy: Path) -> None:
    spoil(copy, "candidates", set_to("alignment", 1.5))
    done = irmogen("validate", copy, check=False)
    assert done.returncode == 3
    assert "candidates: ExpectColumnValuesToBeBetween of alignment: 1 rows" in done.stderr
    assert "alignment = 1.5" in done.stderr
    assert not read_json(copy / "manifest.json")["gate"]["passed"]


def test_a_shard_that_was_changed_or_lost_is_named(copy: Path) -> None:
    opened, manifest = open_corpus(copy)
    changed, lost = opened.shard_path("goals", 0), opened.shard_path("stage1", 0)
    data = bytearray(changed.read_bytes())
    data[len(data) // 2] ^= 1
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
