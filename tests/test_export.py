"""What an exported corpus looks like to the programs that it is for."""

import csv
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_corpus import CLIPS, SHARDS, write_corpus

from pipelines.cli import main
from pipelines.irg_names import seconds, short_names
from schemas.shards import features_of
from schemas.tables import TABLES

SAMPLES = Path(__file__).parents[2] / "shared" / "data" / "irg_annotations"
STAGE1 = {
    "M2T_motion_caption": "m2t_motion_caption",
    "T2M_detailed_prompt_generation": "t2m_detailed_prompt_generation",
    "T2M_direct_generation": "t2m_direct_generation",
    "T2T_prompt_analysis": "t2t_prompt_analysis",
    "TM2M_direct_refinement": "tm2m_direct_refinement",
    "TM2M_instructed_motion_refinement": "tm2m_instructed_motion_refinement",
    "TM2T_assessment_analysis": "tm2t_assessment_analysis",
    "TM2T_refinement_instruction": "tm2t_refinement_instruction",
}
CHAINS = "stage-2/sft_motion_assess_cot_v2.json"
BASE = "stage_0_annotations_demo.json"
FILES = [*(f"stage-1/{name}_annots.json" for name in STAGE1), CHAINS, BASE]
HF_TABLES = [name for name in TABLES if name != "dead_letters"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("small") / "corpus")[0]


@pytest.fixture(scope="module")
def irg(corpus, tmp_path_factory):
    output = tmp_path_factory.mktemp("irg") / "out"
    assert export(corpus.root, "irg-json", output) == 0
    return output


@pytest.fixture(scope="module")
def hf(corpus, tmp_path_factory):
    output = tmp_path_factory.mktemp("hf") / "out"
    assert export(corpus.root, "hf", output) == 0
    return output


def export(corpus: Path, form: str, output: Path, *flags: str) -> int:
    return main(["export", str(corpus), "--format", form, "--output", str(output), *flags])


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def entries(folder: Path, file: str) -> list[dict[str, Any]]:
    """What a reader may draw from a file: candidates where there are some, else annotations."""
    annotations = load(folder / file)["annotations"]
    return [entry for item in annotations for entry in item.get("candidate_motion_text", [item])]


def shape(value: Any) -> Any:
    """Keys and types of a JSON value, recursively; a list is the set of its members' shapes."""
    if isinstance(value, dict):
        return tuple(sorted((key, shape(item)) for key, item in value.items()))
    if isinstance(value, list):
        return frozenset(shape(item) for item in value)
    return type(value).__name__


# --- refusals


@pytest.mark.parametrize("form", ["irg-json", "hf"])
def test_a_folder_without_manifest_is_refused(tmp_path, capsys, form):
    (tmp_path / "corpus").mkdir()
    assert export(tmp_path / "corpus", form, tmp_path / "out") != 0
    assert "corpus: is no corpus; give the folder that" in capsys.readouterr().err
    (tmp_path / "corpus" / "build.json").write_text("{}")  # of a build that has not come to its end
    assert export(tmp_path / "corpus", form, tmp_path / "out") != 0
    assert "has no manifest.json; finish the build" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_corpus_that_its_gate_refused_is_exported_only_when_told_to(tmp_path, capsys):
    write_corpus(tmp_path / "corpus", gate={"passed": False, "suites": {}})
    assert export(tmp_path / "corpus", "irg-json", tmp_path / "out") != 0
    assert "--allow-ungated" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert export(tmp_path / "corpus", "irg-json", tmp_path / "out", "--allow-ungated") == 0
    assert "NOT passed" in (tmp_path / "out" / "README.md").read_text()


def test_a_folder_that_holds_something_is_refused(corpus, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("keep me")
    assert export(corpus.root, "hf", tmp_path) != 0
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_shard_that_was_changed_is_refused(tmp_path, capsys):
    corpus, _ = write_corpus(tmp_path / "corpus")
    path = corpus.shard_path("stage2", 0)
    path.write_bytes(path.read_bytes() + b"x")
    assert export(corpus.root, "hf", tmp_path / "out") != 0
    assert path.name in capsys.readouterr().err


# --- irg-json


def test_the_files_are_those_of_the_authors(irg):
    assert sorted(str(path.relative_to(irg)) for path in irg.rglob("*.json")) == sorted(FILES)


def test_the_structure_is_that_of_the_published_samples(irg):
    if not SAMPLES.is_dir():
        pytest.skip(f"{SAMPLES} is not there: published samples to compare with")
    for file in FILES:
        ours, theirs = load(irg / file), load(SAMPLES / file)
        assert list(ours) == list(theirs), file
        assert shape(ours["info"]) == shape(theirs["info"]), file
        assert shape(ours["annotations"]) == shape(theirs["annotations"]), file
        assert list(ours["annotations"][0]) == list(theirs["annotations"][0]), file
        turns = {json.dumps(item["conversations"]) for item in theirs["annotations"]}
        assert {json.dumps(item["conversations"]) for item in ours["annotations"]} == turns, file


def test_annotations_have_the_fields_that_readers_need(irg):
    motion = {"motion_name": str, "f_tag": float, "to_tag": float}
    for file in FILES:
        for number, item in enumerate(load(irg / file)["annotations"]):
            assert item["id"] == number
            assert [turn["from"] for turn in item["conversations"]] == ["system", "human", "gpt"]
        for entry in entries(irg, file):
            for reference in entry["motions"].values():
                assert {key: type(value) for key, value in reference.items()} == motion
            assert all(entry["text"].values())


def test_every_file_carries_its_own_task_and_the_number_of_its_annotations(irg):
    for name, task in STAGE1.items():
        content = load(irg / f"stage-1/{name}_annots.json")
        assert {item["task"] for item in content["annotations"]} == {task}
        assert content["info"]["num_instances"] == str(len(content["annotations"]))
    chains = load(irg / CHAINS)
    assert {item["task"] for item in chains["annotations"]} == {"unified_mogen_cot_v2"}
    assert chains["info"]["num_annotations"] == str(len(chains["annotations"]))


def test_only_the_training_split_is_there_and_all_of_it(corpus, irg):
    goals = [row for index in range(SHARDS) for row in corpus.read("stage2", index).to_pylist()]
    captions = sorted(goal["caption"] for goal in goals if goal["split"] == "train")
    assert sorted(entry["text"]["<Goal_Caption>"] for entry in entries(irg, CHAINS)) == captions
    assert sorted(c for e in entries(irg, BASE) for c in e["text"]["<Goal_Caption>"]) == captions
    for name, each in (("TM2T_assessment_analysis", 5), ("TM2M_direct_refinement", 4)):
        assert len(entries(irg, f"stage-1/{name}_annots.json")) == each * len(captions)


def test_captions_of_the_same_frames_stand_in_one_list(irg):
    found = entries(irg, "stage-1/M2T_motion_caption_annots.json")
    by_motion = {
        (e["motions"]["<Goal_Motion>"]["motion_name"], e["motions"]["<Goal_Motion>"]["f_tag"]): e["text"]
        for e in found
    }
    assert by_motion["000001", 0.0]["<Goal_Caption>"] == list(CLIPS[0][3])
    assert by_motion["000002", 0.35]["<Goal_Caption>"] == ["someone jumps"]
    assert by_motion["000002", 0.0]["<Goal_Caption>"] == ["a person jumps – twice"]


@pytest.mark.parametrize("body", ["t2m", "kit"])
def test_a_reader_gets_exactly_the_frames_that_were_annotated(tmp_path, body):
    corpus, _ = write_corpus(tmp_path / "corpus", body)
    output = tmp_path / "out"
    assert export(corpus.root, "irg-json", output) == 0
    clips = exported_motions(corpus, output)
    wanted = {
        row["caption"]: [row["motion"], *(rung["motion"] for rung in row["ladder"])]
        for index in range(SHARDS)
        for row in corpus.read("stage2", index).to_pylist()
    }
    fps = {"t2m": 20, "kit": 12.5}[body]
    for entry in entries(output, CHAINS):
        names = ["<Goal_Motion>", *(f"<Intermediate_Motion_{place}>" for place in range(4))]
        motions = wanted[entry["text"]["<Goal_Caption>"]]
        for name, motion in zip(names, motions, strict=True):
            source = features(corpus, motion["table"], motion["id"])[motion["start"] : motion["end"]]
            np.testing.assert_array_equal(read_as_authors_do(clips, entry["motions"][name], fps), source)


def read_as_authors_do(clips: dict[str, np.ndarray], reference: dict[str, Any], fps: float) -> np.ndarray:
    name = next(part for part in reference["motion_name"].split("_") if len(part) in (6, 7))
    start, end = reference["f_tag"], reference["to_tag"]
    if start < end:
        return clips[name][int(start * fps) : int(end * fps)]
    return clips[name]


def exported_motions(corpus: Any, output: Path) -> dict[str, np.ndarray]:
    """The clips that a reader finds: the dataset's own, and the exported ones beside them."""
    found = {clip[0]: features(corpus, "motions", clip[0]) for clip in CLIPS}
    for path in (output / "new_joint_vecs").glob("*.npy"):
        assert path.stem not in found
        found[path.stem] = np.load(path)
    return found


def features(corpus: Any, table: str, key: str) -> np.ndarray:
    for index in range(SHARDS):
        rows = corpus.read(table, index)
        ids = rows.column(TABLES[table].key[0]).to_pylist()
        if key in ids:
            return features_of(rows, ids.index(key))
    raise AssertionError(f"no {table} {key}")


def test_perturbed_motions_have_short_names_that_lead_back(corpus, irg):
    with (irg / "perturbed_ids.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["motion_name"] for row in table] == [f"P{n:06d}" for n in range(1, len(table) + 1)]
    ids = [row["perturbed_id"] for row in table]
    assert ids == sorted(ids)
    for row in table:
        written = np.load(irg / "new_joint_vecs" / f"{row['motion_name']}.npy", allow_pickle=False)
        assert written.dtype == np.float32
        np.testing.assert_array_equal(written, features(corpus, "perturbed", row["perturbed_id"]))


def test_clips_whose_id_a_reader_would_not_find_get_another_name(irg):
    with (irg / "renamed_ids.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [{"motion_name": "C000001", "motion_id": "a_long_odd_id"}]
    assert (irg / "new_joint_vecs" / "C000001.npy").is_file()


def test_two_exports_have_the_same_bytes(corpus, irg, hf, tmp_path):
    for form, first in (("irg-json", irg), ("hf", hf)):
        assert export(corpus.root, form, tmp_path / form) == 0
        assert contents(tmp_path / form) == contents(first)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@given(st.integers(0, 10**6), st.sampled_from([20.0, 12.5, 30.0, 29.97, 120.0]))
def test_seconds_lead_back_to_the_frame(frame, fps):
    assert int(seconds(frame, fps) * fps) == frame


@given(st.sets(st.text(min_size=1, max_size=5), max_size=30), st.sets(st.integers(1, 40), max_size=20))
def test_short_names_are_distinct_and_keep_away_from_clips(ids, numbers):
    taken = {f"P{number:06d}" for number in numbers}
    names = short_names("P", ids, taken)
    assert sorted(names) == sorted(ids)
    assert len(set(names.values()) | taken) == len(ids) + len(taken)
    assert all(re.fullmatch(r"P\d{6}", name) for name in names.values())
    assert list(names.values()) == sorted(names.values())


# --- hf


@pytest.fixture(scope="module")
def load_config(hf, tmp_path_factory):
    os.environ["HF_HUB_OFFLINE"] = "1"
    cache = str(tmp_path_factory.mktemp("cache"))
    from datasets import load_dataset

    return lambda name, **options: load_dataset(str(hf), name, cache_dir=cache, **options)


@pytest.mark.parametrize("name", HF_TABLES)
def test_every_config_loads_with_every_row_in_its_split(corpus, load_config, name):
    loaded = load_config(name)
    splits = {
        row["goal_id"]: row["split"] for i in range(SHARDS) for row in corpus.read("goals", i).to_pylist()
    }
    expected: dict[str, int] = {}
    for index in range(SHARDS):
        for row in corpus.read(name, index, TABLES[name].light_columns).to_pylist():
            split = row.get("split") or splits[row["goal_id"]]
            expected[split] = expected.get(split, 0) + 1
    assert {split: rows.num_rows for split, rows in loaded.items()} == expected
    assert loaded["train"].column_names == [column for column, _ in TABLES[name].columns]


@pytest.mark.parametrize("name", ["motions", "perturbed"])
def test_features_are_arrays_of_frames_without_loss(corpus, load_config, name):
    rows = load_config(name, split="train").with_format("numpy")
    for row in rows.select(range(3)):
        source = features(corpus, name, str(row[TABLES[name].key[0]]))
        assert row["features"].dtype == np.float32
        np.testing.assert_array_equal(row["features"], source)


def test_the_card_tells_counts_verdict_and_licence(corpus, hf):
    text = (hf / "README.md").read_text()
    assert "00ff00ff00ff00ff" in text
    assert "gate passed" in text
    assert "too_short 28" in text
    assert "licence" in text
    assert "stage1 | train" in text


def test_the_card_explains_every_column(hf):
    lines = (hf / "README.md").read_text().splitlines()
    for name in HF_TABLES:
        for column, _ in TABLES[name].columns:
            assert any(re.fullmatch(rf"\| {column} \| `.+` \| .+ \|", line) for line in lines), column


def test_a_corpus_without_training_goals_writes_nothing(tmp_path, capsys):
    corpus, _ = write_corpus(tmp_path / "corpus", clips=[clip for clip in CLIPS if clip[1] != "train"])
    assert export(corpus.root, "irg-json", tmp_path / "out") != 0
    assert "no goal in the split 'train'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_config_without_rows_is_left_out_and_the_card_says_so(tmp_path):
    from pipelines.hf_card import card

    manifest = json.loads((write_corpus(tmp_path / "corpus")[0].root / "manifest.json").read_text())
    text = card(manifest, {"goals": {"train": 3}, "perturbed": {}})
    assert "config_name: perturbed" not in text
    assert "not here: perturbed" in text
