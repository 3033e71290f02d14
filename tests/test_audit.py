"""`irmogen audit`: captions that their motion contradicts, in datasets and in corpora."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import corpus_bytes, irmogen

from evaluators.verdict import CERTAIN
from motion.demo.dataset import write_demo
from pipelines.audit import Audit, audit
from pipelines.audit_sources import source
from schemas.corpus import open_corpus, read_manifest
from schemas.shards import read_shard, to_table, write_shard
from schemas.tables import TABLES

MOTIONS = 40


@pytest.fixture(scope="module")
def untrue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo dataset a fifth of whose captions are untrue in one word."""
    root = tmp_path_factory.mktemp("untrue") / "data"
    write_demo(root, MOTIONS, seed=7, corrupt_captions=True)
    return root


@pytest.fixture(scope="module")
def built(untrue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of the untrue dataset."""
    root = tmp_path_factory.mktemp("built") / "corpus"
    irmogen("build", "--input", untrue, "--output", root)
    return root


def corruptions(root: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (root / "corruptions.jsonl").read_text().splitlines()]


def contradicted(found: Audit) -> set[str]:
    return {row["caption_id"] for row in found.captions}


def letters(root: Path) -> list[dict[str, object]]:
    corpus, manifest = open_corpus(root)
    rows = []
    for index in range(manifest["shards"]):
        rows += read_shard(corpus.shard_path("dead_letters", index, "measure"), "dead_letters").to_pylist()
    return rows


def test_untrue_captions_are_found_and_true_ones_are_not(untrue: Path) -> None:
    found = audit(source(untrue))
    untrue_ids = {f"{row['id']}#{row['caption']}" for row in corruptions(untrue)}
    assert len(untrue_ids) > 15
    assert contradicted(found) <= untrue_ids
    assert len(contradicted(found)) >= 0.8 * len(untrue_ids)  # some of them claim what nobody can verify
    assert found.told == sum(
        len((untrue / "texts" / f"{m}.txt").read_text().splitlines()) for m in ids(untrue)
    )


def ids(root: Path) -> list[str]:
    return (root / "all.txt").read_text().split()


def test_findings_are_ranked_and_tell_claim_value_and_frames(untrue: Path, tmp_path: Path) -> None:
    output = tmp_path / "findings.jsonl"
    done = irmogen("audit", untrue, "--output", output, "--limit", 3)
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    by_motion = [row for row in rows if row["kind"] == "motion"]
    certainties = [row["certainty"] for row in by_motion]
    assert certainties == sorted(certainties, reverse=True)
    first = by_motion[0]
    assert first["caption_id"].startswith(first["motion_id"] + "#")
    assert 0 <= first["start"] < first["end"]
    assert first["claim"] in done.stdout
    assert first["measured"] in done.stdout
    assert f"and {len(by_motion) - 3} more" in done.stdout
    assert "claims judged" in done.stdout.splitlines()[-3]


def test_captions_of_one_motion_that_contradict_each_other_are_paired(untrue: Path) -> None:
    swapped = {
        f"{row['id']}#{row['caption']}"
        for row in corruptions(untrue)
        if row["kind"] in ("side_swapped", "direction_swapped", "count_changed")
    }
    pairs = audit(source(untrue)).disputes
    assert pairs
    for row in pairs:
        assert swapped & set(row["caption_ids"])
        # What was made untrue is not what the motion supports.
        place = {"first": 0, "second": 1}.get(row["supported"])
        assert place is None or row["caption_ids"][place] not in swapped


def test_a_piece_of_a_clip_is_judged_on_its_own_frames(tmp_path: Path) -> None:
    write_demo(tmp_path / "data", 60, seed=3)
    pieces = [p for group in source(tmp_path / "data").read for p in group]
    parts = [p for p in pieces if p.start > 0]
    assert parts
    for piece in parts:
        assert piece.facts.frames <= piece.end - piece.start
    found = audit(source(tmp_path / "data"))
    assert not [row for row in found.captions if row["certainty"] >= CERTAIN]


def test_contradicted_captions_leave_the_corpus_with_claim_and_evidence(untrue: Path, built: Path) -> None:
    gone = [row for row in letters(built) if row["reason"] == "caption_contradicted"]
    assert gone
    told = {row["caption_id"] for row in audit(source(untrue)).captions}
    assert len(gone) == len(told)
    for row in gone:
        payload = json.loads(str(row["payload"]))
        assert 0 < payload["certainty"] <= 1
        assert payload["claim"] in str(row["detail"])
        assert payload["evidence"] in str(row["detail"])
    kept = read_manifest(built)["tables"]["facts"]["rows"]
    assert kept + len(gone) == read_manifest(built)["tables"]["goals"]["rows"]


def test_a_corpus_is_audited_with_the_captions_that_left_it(untrue: Path, built: Path) -> None:
    of_data, of_corpus = audit(source(untrue)), audit(source(built))
    assert of_corpus.claims == of_data.claims
    assert (of_corpus.told, of_corpus.contradicted) == (of_data.told, of_data.contradicted)
    assert len(of_corpus.disputes) == len(of_data.disputes)
    gone = {row["input_id"] for row in letters(built)}
    assert {row["caption_id"] for row in of_corpus.captions if row["left_out"]} == gone
    assert of_corpus.left_out == len(gone)


def test_contradicted_captions_may_be_kept(tmp_path: Path) -> None:
    few, root = tmp_path / "data", tmp_path / "corpus"
    write_demo(few, 8, seed=7, corrupt_captions=True)
    assert audit(source(few)).contradicted
    irmogen("build", "--input", few, "--output", root, "--keep-contradicted", check=False)
    manifest = read_manifest(root)
    assert manifest["tables"]["facts"]["rows"] == manifest["tables"]["goals"]["rows"]
    assert manifest["config"]["keep_contradicted"] is True
    assert audit(source(root)).left_out == 0
    # It is a setting that counts: the same folder without the flag is refused.
    refused = irmogen("build", "--input", few, "--output", root, check=False)
    assert refused.returncode == 2
    assert "keep_contradicted" in refused.stderr


def test_an_audit_changes_nothing(built: Path) -> None:
    before = corpus_bytes(built)
    irmogen("audit", built)
    assert corpus_bytes(built) == before


def test_captions_that_cannot_be_judged_are_counted(tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_demo(root, 6)
    broken = sorted((root / "new_joint_vecs").glob("*.npy"))[0]
    broken.write_bytes(broken.read_bytes()[:100])
    captions = len((root / "texts" / f"{broken.stem}.txt").read_text().splitlines())
    found = audit(source(root))
    assert [(item.where, item.captions) for item in found.unusable] == [(broken.stem, captions)]


def test_a_reader_that_goes_away_ends_it_quietly_and_the_findings_are_written(
    untrue: Path, tmp_path: Path
) -> None:
    output = tmp_path / "findings.jsonl"
    command = [sys.executable, "-m", "pipelines.cli", "audit", str(untrue), "--output", str(output)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read().decode().splitlines()
    progress = [line for line in told if line.startswith("audit: ")]  # where the machine is slow
    assert (process.returncode, told) == (0, progress)
    assert output.read_text().count("\n") > 10


def rewritten(built: Path, root: Path, table: str, name: str, keep: Callable[[dict[str, Any]], bool]) -> Path:
    """A copy of a corpus in which one table has only the rows to keep."""
    shutil.copytree(built, root)
    corpus, _ = open_corpus(root)
    for index in range(corpus.shards):
        path = corpus.shard_path(table, index, name)
        rows = [row for row in read_shard(path, table).to_pylist() if keep(row)]
        write_shard(path, to_table(TABLES[table], rows, 263))
    return root


def test_goals_that_a_damaged_corpus_has_lost_are_counted_and_the_others_judged(
    built: Path, tmp_path: Path
) -> None:
    whole = audit(source(built))
    gone = {str(row["input_id"]) for row in letters(built) if row["reason"] == "caption_contradicted"}
    found = audit(source(rewritten(built, tmp_path / "c", "dead_letters", "measure", lambda _: False)))
    lost = {item.where for item in found.unusable} - {item.where for item in whole.unusable}
    assert lost == gone
    assert found.told == whole.told - len(gone)
    assert found.left_out == 0


def test_motions_that_a_damaged_corpus_has_lost_are_named(built: Path, tmp_path: Path) -> None:
    # Motions are read again only for pieces all of whose captions were left out.
    root = rewritten(built, tmp_path / "c", "facts", "", lambda _: False)
    left = rewritten(root, tmp_path / "d", "motions", "", lambda _: False)
    dead = {str(row["input_id"]) for row in letters(built)}
    done = irmogen("audit", left, check=False)
    assert dead
    assert done.returncode == 2
    assert "lacks the motion" in done.stderr
    assert "irmogen validate" in done.stderr


def test_a_damaged_table_is_told_by_its_name(built: Path, tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    shutil.copytree(built, root)
    path = open_corpus(root)[0].shard_path("dead_letters", 0, "measure")
    path.write_bytes(path.read_bytes()[:5])
    done = irmogen("audit", root, check=False)
    assert done.returncode == 2
    assert f"{path}: is damaged" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "flags",
    [
        ["missing"],
        ["."],
        ["--output", "findings.html"],
        ["--output", "no/such/folder/findings.jsonl"],
        ["--limit", "-1"],
        ["--limit", "x"],
    ],
)
def test_a_wrong_call_stops_before_any_work(tmp_path: Path, demo: Path, flags: list[str]) -> None:
    arguments = [tmp_path / flags[0]] if not flags[0].startswith("-") else [demo, *flags]
    done = irmogen("audit", *arguments, check=False)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()[-1]) > 10
    assert "Traceback" not in done.stderr
    assert "_count" not in done.stderr
    assert done.stdout == ""
