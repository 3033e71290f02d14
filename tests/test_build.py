"""The engine end to end: the same bytes always, nothing lost, nothing done twice."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import killed_irmogen
from conftest import corpus_bytes, irmogen, write_small_demo

from pipelines import inputs
from pipelines.identity import begin
from pipelines.lock import locked
from schemas.corpus import Corpus, open_corpus, read_manifest
from schemas.shards import read_shard
from schemas.tables import TABLES
from transforms.step import RECEIPTS, STEPS, StepResult, corpus_of, run_step

Build = Callable[..., Path]


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A dataset of 24 clips, which is one shard, and the corpus that was built from it."""
    folder = tmp_path_factory.mktemp("few")
    write_small_demo(folder / "data", motions=24)
    irmogen("build", "--input", folder / "data", "--output", folder / "corpus")
    return folder / "data", folder / "corpus"


@pytest.fixture(params=["one shard", pytest.param("two shards", marks=pytest.mark.slow)])
def built(request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """A dataset and the corpus that was built from it."""
    if request.param == "one shard":
        found: tuple[Path, Path] = request.getfixturevalue("few")
        return found
    return request.getfixturevalue("demo"), request.getfixturevalue("corpus")


def shard_bytes(root: Path) -> dict[str, bytes]:
    return {name: data for name, data in corpus_bytes(root).items() if name.endswith(".parquet")}


@pytest.mark.slow  # two workers and another order say it, too
def test_two_builds_give_the_same_bytes(corpus: Path, build: Build) -> None:
    assert corpus_bytes(build()) == corpus_bytes(corpus)


def test_two_workers_and_another_order_of_the_input_give_the_same_bytes(
    demo: Path, corpus: Path, build: Build, tmp_path: Path
) -> None:
    flags = ("--direct_num_workers", 2, "--direct_running_mode", "multi_processing")
    assert corpus_bytes(build(*flags, data=shuffled(demo, tmp_path / "data", 7))) == corpus_bytes(corpus)


@pytest.mark.slow
def test_sixteen_orders_of_the_input_give_the_same_bytes(
    demo: Path, corpus: Path, build: Build, tmp_path: Path
) -> None:
    for order in range(16):
        data = shuffled(demo, tmp_path / f"data{order}", order)
        assert corpus_bytes(build(data=data, name=f"corpus{order}")) == corpus_bytes(corpus)


def shuffled(demo: Path, folder: Path, order: int) -> Path:
    """The same dataset with its split lists in another order, at another place, written later."""
    shutil.copytree(demo, folder, copy_function=shutil.copy)
    for split in ("train", "val", "test"):
        lines = (folder / f"{split}.txt").read_text().split()
        random.Random(order).shuffle(lines)
        (folder / f"{split}.txt").write_text("\n".join(lines))
    return folder


def assert_accounted_for(corpus: Path) -> None:
    steps = read_manifest(corpus)["steps"]
    assert list(steps) == list(STEPS)
    for units in steps.values():
        for counts in units.values():
            left_out = sum(counts["filtered"].values()) + sum(counts["failed"].values())
            assert counts["rows_in"] == counts["rows_out"] + left_out
            assert not counts["failed"]


def test_every_row_is_accounted_for(corpus: Path) -> None:
    assert_accounted_for(corpus)
    steps = read_manifest(corpus)["steps"]
    assert steps["assemble"]["goals"]["rows_out"] > 0.9 * steps["read"]["captions"]["rows_in"]


def test_the_manifest_counts_what_the_shards_hold(corpus: Path) -> None:
    opened, manifest = open_corpus(corpus)
    for name, table in manifest["tables"].items():
        rows = sum(read_shard(opened.root / shard["file"], name).num_rows for shard in table["shards"])
        assert rows == table["rows"]
    on_disk = {str(path.relative_to(corpus)) for path in corpus.rglob("*.parquet")}
    named = {shard["file"] for table in manifest["tables"].values() for shard in table["shards"]}
    assert on_disk == named


def test_every_word_can_be_followed_back(corpus: Path) -> None:
    opened, _ = open_corpus(corpus)
    for index in range(opened.shards):
        rows = {
            name: {row[TABLES[name].key[0]]: row for row in opened.read(name, index).to_pylist()}
            for name in ("goals", "motions", "candidates", "perturbed", "annotations", "stage2")
        }
        for chain in rows["stage2"].values():
            goal = rows["goals"][chain["goal_id"]]
            assert goal["motion_id"] in rows["motions"]
            for rung in chain["ladder"]:
                written = rows["annotations"][rung["annotation_id"]]
                assert (written["text"], written["refinement"]) == (rung["assessment"], rung["refinement"])
                candidate = rows["candidates"][rung["candidate_id"]]
                assert candidate["motion"] == rung["motion"]
                if candidate["origin"] == "perturbed":
                    assert candidate["edits"] == rows["perturbed"][rung["motion"]["id"]]["edits"]


def test_a_ladder_never_holds_the_goals_own_clip_or_another_split(corpus: Path) -> None:
    opened, _ = open_corpus(corpus)
    goals = {
        row["goal_id"]: row
        for index in range(opened.shards)
        for row in opened.read("goals", index).to_pylist()
    }
    for index in range(opened.shards):
        for row in opened.read("candidates", index).to_pylist():
            if row["origin"] == "retrieved":
                goal, source = goals[row["goal_id"]], goals[row["source_goal_id"]]
                assert source["motion_id"] != goal["motion_id"]
                assert source["split"] == goal["split"]


def test_a_killed_build_goes_on_and_gives_the_same_bytes(demo: Path, corpus: Path, tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    kill_when(root, demo, lambda: len(list(root.glob("receipts/measure-*"))) > 0)
    assert not (root / "manifest.json").exists()
    (root / "goals" / ".part-of-a-killed-run").write_bytes(b"half")
    irmogen("build", "--input", demo, "--output", root)
    assert corpus_bytes(root) == corpus_bytes(corpus)


@pytest.mark.slow
def test_builds_killed_at_random_moments_give_the_same_bytes(
    demo: Path, corpus: Path, tmp_path: Path
) -> None:
    draws = random.Random(0)
    for number in range(8):
        root = tmp_path / f"corpus{number}"
        for _ in range(2):
            until = time.monotonic() + draws.uniform(2, 14)
            kill_when(root, demo, lambda until=until: time.monotonic() > until)
        irmogen("build", "--input", demo, "--output", root)
        assert corpus_bytes(root) == corpus_bytes(corpus)


def kill_when(root: Path, demo: Path, moment: Callable[[], bool]) -> None:
    """Start a build in its own process group and kill -9 it when the moment has come."""
    killed_irmogen("build", "--input", demo, "--output", root, moment=moment)


@pytest.mark.parametrize(
    "step",
    [step if step == "ladder" else pytest.param(step, marks=pytest.mark.slow) for step in STEPS],
)
def test_a_step_that_was_killed_before_its_receipt_is_never_taken_for_done(
    step: str, demo: Path, corpus: Path, tmp_path: Path
) -> None:
    """Another configuration wrote some of the step's shards and died; the first one comes back."""
    root = tmp_path / "corpus"
    shutil.copytree(corpus, root)
    half_done(root, demo, step)
    irmogen("build", "--input", demo, "--output", root, "--rebuild")
    assert corpus_bytes(root) == corpus_bytes(corpus)


def half_done(root: Path, demo: Path, step: str) -> None:
    """Do a step under other settings in this process, dying before its receipt is written."""
    arguments = argparse.ArgumentParser()
    inputs.add_arguments(arguments)
    flags = ["--input", str(demo), "--output", str(root), "--wordings", "5", "--seed", "7"]
    config, _ = inputs.prepare(arguments.parse_args(flags))
    begin(config, "of another build", flags)
    result = StepResult({name: [] for name in WRITTEN[step]}, [], {})

    class KilledError(RuntimeError):
        pass

    def die(*_: object) -> None:
        raise KilledError

    corpus = corpus_of(config)
    whole, Corpus.write_receipt = Corpus.write_receipt, die  # type: ignore[method-assign, assignment]
    try:
        for index in range(config.shards):
            with pytest.raises(KilledError):
                run_step(config, step, index, "another fingerprint", lambda: result)
            assert corpus.read_receipt(step, index) is None
    finally:
        Corpus.write_receipt = whole  # type: ignore[method-assign]


WRITTEN = {
    "read": ["motions", "goals"],
    "measure": ["facts"],
    "ladder": ["candidates", "perturbed"],
    "annotate": ["annotations"],
    "assemble": ["stage1", "stage2", "stage3"],
}


def test_a_damaged_shard_is_named_and_the_remedy_works(few: tuple[Path, Path], tmp_path: Path) -> None:
    (data, corpus), root = few, tmp_path / "corpus"
    shutil.copytree(corpus, root)
    path = next(root.glob("stage2/*-00000-*"))
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)
    refused = irmogen("validate", root, check=False)
    assert refused.returncode == 3
    assert "--rebuild" in refused.stderr
    irmogen("build", "--input", data, "--output", root, "--rebuild")
    assert "gate passed" in irmogen("validate", root).stdout
    assert corpus_bytes(root) == corpus_bytes(corpus)


@pytest.mark.parametrize("name", ["manifest.json", "receipts/annotate-00000-of-00001.json"])
def test_a_damaged_record_is_made_again(few: tuple[Path, Path], tmp_path: Path, name: str) -> None:
    (data, corpus), root = few, tmp_path / "corpus"
    shutil.copytree(corpus, root)
    assert (root / name).is_file()
    (root / name).write_text("{")
    irmogen("build", "--input", data, "--output", root)
    assert corpus_bytes(root) == corpus_bytes(corpus)


def test_a_second_build_into_the_same_corpus_is_refused_with_the_first_ones_name(
    demo: Path, tmp_path: Path
) -> None:
    root = tmp_path / "corpus"
    with locked(root):
        done = irmogen("build", "--input", demo, "--output", root, check=False)
    assert done.returncode == 6
    assert f"process {os.getpid()}" in done.stderr
    with locked(root):
        assert not list(root.glob("receipts/*"))


def test_a_second_run_does_nothing(corpus: Path, demo: Path, tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    shutil.copytree(corpus, root)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*.parquet")}
    done = irmogen("build", "--input", demo, "--output", root)
    assert "nothing to do" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*.parquet")} == before


def test_a_lost_shard_is_made_again_and_nothing_else(corpus: Path, demo: Path, tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    shutil.copytree(corpus, root)
    lost = next(root.glob("annotations/*-00000-*"))
    lost.unlink()
    before = {path: path.stat().st_mtime_ns for path in root.glob("[mgfcp]*/*.parquet")}
    irmogen("build", "--input", demo, "--output", root)
    assert corpus_bytes(root) == corpus_bytes(corpus)
    assert {path: path.stat().st_mtime_ns for path in root.glob("[mgfcp]*/*.parquet")} == before


def test_a_rebuild_on_workers_that_are_not_ready_takes_nothing_back(
    few: tuple[Path, Path], tmp_path: Path
) -> None:
    (data, corpus), root = few, tmp_path / "corpus"
    shutil.copytree(corpus, root)
    path = next(root.glob("stage2/*-00000-*"))
    path.write_bytes(path.read_bytes()[:-1])
    before = corpus_bytes(root)
    nowhere = ("--runner", "PortableRunner", "--job_endpoint", "localhost:1")
    done = irmogen("build", "--input", data, "--output", root, "--rebuild", *nowhere, check=False)
    assert done.returncode == 6
    assert "localhost:1: cannot be reached" in done.stderr
    assert corpus_bytes(root) == before


def test_a_changed_flag_is_refused_with_the_difference_and_rebuilt_on_demand(
    built: tuple[Path, Path], build: Build, tmp_path: Path
) -> None:
    (data, corpus), root = built, tmp_path / "changed"
    shutil.copytree(corpus, root)
    flags = ("--input", data, "--output", root, "--ladder", 3)
    refused = irmogen("build", *flags, check=False)
    assert refused.returncode == 2
    assert "ladder: 4 -> 3" in refused.stderr
    assert "--rebuild" in refused.stderr
    assert corpus_bytes(root) == corpus_bytes(corpus)
    before = {path: path.stat().st_mtime_ns for path in root.glob("motions/*")}
    irmogen("build", *flags, "--rebuild")
    assert corpus_bytes(root) == corpus_bytes(build("--ladder", 3, data=data))
    assert {path: path.stat().st_mtime_ns for path in root.glob("motions/*")} == before


def test_a_changed_clip_is_refused_by_name_and_rebuilt_on_demand(
    built: tuple[Path, Path], build: Build, tmp_path: Path
) -> None:
    (original, corpus), data, root = built, tmp_path / "data", tmp_path / "changed"
    shutil.copytree(original, data)
    shutil.copytree(corpus, root)
    path = next(iter(sorted(data.glob("texts/0*.txt"))))
    path.write_text(path.read_text().splitlines()[0] + "\n")
    refused = irmogen("build", "--input", data, "--output", root, check=False)
    assert refused.returncode == 2
    assert path.stem in refused.stderr
    irmogen("build", "--input", data, "--output", root, "--rebuild")
    assert corpus_bytes(root) == corpus_bytes(build(data=data))


def test_plan_tells_what_is_to_do_and_why(corpus: Path, demo: Path, tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    fresh = irmogen("plan", "--input", demo, "--output", root).stdout
    assert "not made yet" in fresh
    assert not root.exists()
    shutil.copytree(corpus, root)
    assert irmogen("plan", "--input", demo, "--output", root).stdout.count("up to date") == len(RECEIPTS)
    renamed = irmogen("plan", "--input", demo, "--output", root, "--name", "other").stdout
    assert renamed.count("up to date") == 0
    changed = irmogen("plan", "--input", demo, "--output", root, "--wordings", 5).stdout
    assert "wordings: 4 -> 5" in changed
    assert changed.count("up to date") == 3
    next(root.glob("motions/*-00000-*")).unlink()
    assert "a shard is missing" in irmogen("plan", "--input", demo, "--output", root).stdout


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--input", "/nowhere"), "no such folder"),
        (("--ladder", "0"), "less than 1"),
        (("--perturbed", "9"), "lower it"),
        (("--no-such-flag", "1"), "--no-such-flag"),
        (("--annotator", "oracle"), "oracle"),
        (("--skeleton", "kit"), "not kit"),
        (("--direct_num_workers", "-3"), "1 or more"),
        (("--name", "a/b"), "letters"),
        (("--output", "/proc/corpus"), "cannot be written"),
    ],
)
def test_bad_flags_stop_before_any_work(
    demo: Path, tmp_path: Path, flags: tuple[str, str], told: str
) -> None:
    root = tmp_path / "corpus"
    arguments = {"--input": str(demo), "--output": str(root)} | {flags[0]: flags[1]}
    words = [word for pair in arguments.items() for word in pair]
    done = irmogen("build", *words, check=False)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not root.exists() or not any(root.iterdir())


def test_a_folder_with_other_things_is_not_built_into(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    done = irmogen("build", "--input", demo, "--output", tmp_path, check=False)
    assert done.returncode == 2
    assert "holds no corpus" in done.stderr


@pytest.fixture(scope="session")
def defective(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A demo dataset with defects and its corpus."""
    folder = tmp_path_factory.mktemp("defective")
    irmogen("demo-data", "--output", folder / "data", "--motions", 60, "--defects")
    irmogen("build", "--input", folder / "data", "--output", folder / "corpus")
    return folder / "data", folder / "corpus"


# What the reader, or the measure, calls each defect.
REASONS = {
    "nan_clip": "not_finite",
    "missing_text": "missing_text",
    "swapped_side": "caption_contradicted",
    "segment_reversed": "segment_reversed",
    "too_short": "too_short",
    "too_long": "too_long",
    "truncated_npy": "unreadable_npy",
    "pickled_array": "pickled_array",
    "caption_hash": "caption_hash",
    "caption_line_break": "line_break",
    "caption_too_long": "caption_too_long",
    "wrong_feature_size": "wrong_feature_size",
    "missing_files": "missing_motion",
}


def test_each_defect_ends_in_its_own_reason(defective: tuple[Path, Path]) -> None:
    data, corpus = defective
    letters = [
        row
        for path in corpus.glob("dead_letters/*.parquet")
        for row in read_shard(path, "dead_letters").to_pylist()
    ]
    defects = [json.loads(line) for line in (data / "defects.jsonl").read_text().splitlines()]
    assert {defect["defect"] for defect in defects} == set(REASONS)
    for defect in defects:
        found = {letter["reason"] for letter in letters if defect["id"] in letter["input_id"]}
        assert REASONS[defect["defect"]] in found, defect


def test_rows_are_conserved_with_defects(defective: tuple[Path, Path]) -> None:
    _, corpus = defective
    assert_accounted_for(corpus)
    assert read_manifest(corpus)["gate"]["passed"]


def test_kit_builds_too(tmp_path: Path) -> None:
    irmogen("demo-data", "--output", tmp_path / "kit", "--motions", 12, "--skeleton", "kit")
    irmogen("build", "--input", tmp_path / "kit", "--output", tmp_path / "corpus")
    opened, manifest = open_corpus(tmp_path / "corpus")
    assert manifest["gate"]["passed"]
    kind = opened.read("perturbed", 0).schema.field("features").type
    assert kind.value_type.list_size == 251
