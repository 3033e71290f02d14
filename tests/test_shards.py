"""Shards and files: whole, byte-stable, with a version that is checked."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.config import BuildConfig, config, settings
from schemas.corpus import Corpus, Counts, ManifestError, Output, Receipt, read_manifest
from schemas.fingerprint import changes, fingerprint
from schemas.shards import features_of, read_shard, to_table, write_shard
from schemas.storage import file_digest, read_json, sweep, write_json, write_whole
from schemas.tables import MOTIONS, STAGE3, TABLES


def motion_rows(lengths: list[int], size: int = 263) -> list[dict[str, object]]:
    random = np.random.default_rng(0)
    return [
        {
            "motion_id": f"{number:06d}",
            "dataset": "t2m",
            "skeleton": "t2m",
            "split": "train",
            "fps": 20.0,
            "frames": length,
            "mirror_of": "",
            "motion_sha256": "0" * 64,
            "text_sha256": "1" * 64,
            "features": random.normal(size=(length, size)).astype(np.float32),
        }
        for number, length in enumerate(lengths)
    ]


@given(st.permutations(range(6)))
def test_rows_in_any_order_give_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    rows = motion_rows([40, 41, 60, 199, 77, 50])
    folder = tmp_path_factory.mktemp("order")
    one = write_shard(folder / "one.parquet", to_table(MOTIONS, rows, 263))
    other = write_shard(folder / "other.parquet", to_table(MOTIONS, [rows[n] for n in order], 263))
    assert one == other == file_digest(folder / "one.parquet")


@pytest.mark.parametrize("size", [263, 251])
def test_features_come_back_as_they_were_written(tmp_path: Path, size: int) -> None:
    rows = motion_rows([40, 199, 50], size)
    write_shard(tmp_path / "m.parquet", to_table(MOTIONS, rows, size))
    table = read_shard(tmp_path / "m.parquet", "motions")
    assert table.schema.field("features").type == pa.list_(pa.list_(pa.float32(), size))
    for number, row in enumerate(rows):
        np.testing.assert_array_equal(features_of(table, number), row["features"])


def test_an_empty_shard_has_its_schema(tmp_path: Path) -> None:
    for name, table in TABLES.items():
        write_shard(tmp_path / "empty.parquet", to_table(table, [], 263))
        assert read_shard(tmp_path / "empty.parquet", name).num_rows == 0


def test_a_key_twice_is_refused_with_its_value() -> None:
    rows = motion_rows([40, 41])
    rows[1]["motion_id"] = rows[0]["motion_id"]
    with pytest.raises(ValueError, match="motions: two rows with key \\['000000'\\]"):
        to_table(MOTIONS, rows, 263)


def test_another_schema_version_is_refused_with_a_remedy(tmp_path: Path) -> None:
    table = to_table(STAGE3, [], 263)
    old = table.replace_schema_metadata({"table": "stage3", "schema_version": "0"})
    pq.write_table(old, tmp_path / "old.parquet")
    with pytest.raises(ValueError, match=r"schema version 0.*build the corpus again"):
        read_shard(tmp_path / "old.parquet", "stage3")
    with pytest.raises(ValueError, match="expected motions"):
        read_shard(tmp_path / "old.parquet", "motions")


def test_bytes_do_not_hold_the_time_or_the_machine(tmp_path: Path) -> None:
    write_shard(tmp_path / "m.parquet", to_table(MOTIONS, motion_rows([40]), 263))
    data = (tmp_path / "m.parquet").read_bytes()
    assert str(tmp_path).encode() not in data
    assert str(datetime.date.today()).encode() not in data


def test_a_write_that_fails_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"n": 1})
    with pytest.raises(TypeError):
        write_whole(path, "no bytes")  # type: ignore[arg-type]
    assert read_json(path) == {"n": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_parts_of_a_killed_run_are_swept(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / ".part-0123-x.parquet").write_bytes(b"half")
    write_whole(tmp_path / "deep" / "x.parquet", b"whole")
    assert sweep(tmp_path) == 1
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["x.parquet"]


def test_broken_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ValueError, match=r"manifest\.json: is no JSON"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("content", [None, {"version": 99}])
def test_a_corpus_that_cannot_be_trusted_is_refused(tmp_path: Path, content: dict[str, int] | None) -> None:
    if content is not None:
        write_json(tmp_path / "manifest.json", content)
    with pytest.raises(ManifestError, match=r"irmogen build|build the corpus again"):
        read_manifest(tmp_path)
    with pytest.raises(ManifestError, match="no such folder"):
        read_manifest(tmp_path / "nowhere")


reasons = st.dictionaries(st.sampled_from(["too_short", "not_finite", "KeyError"]), st.integers(0, 99))
all_counts = st.builds(Counts, st.integers(0, 99), st.integers(0, 99), reasons, reasons)


@given(all_counts, all_counts)
def test_counts_add_up(one: Counts, other: Counts) -> None:
    both = one + other
    assert both.missing == one.missing + other.missing
    assert both + Counts() == both


@given(st.dictionaries(st.sampled_from(["goals", "clips"]), all_counts))
def test_a_receipt_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, counts: dict[str, Counts]
) -> None:
    corpus = Corpus(tmp_path_factory.mktemp("receipt"), 3)
    done = Receipt("read", 2, "abc", counts, (Output("goals", "goals/x.parquet", 3, 4, "0" * 64),))
    corpus.write_receipt(done)
    assert corpus.read_receipt("read", 2) == done
    assert not corpus.is_current(done, "abc"), "its output is not there"
    write_whole(corpus.root / "goals" / "x.parquet", b"cut")
    assert not corpus.is_current(done, "abc"), "its output is cut"
    write_whole(corpus.root / "goals" / "x.parquet", b"full")
    assert corpus.is_current(done, "abc")
    assert not corpus.is_current(done, "abd")


def test_the_fingerprint_knows_which_settings_count() -> None:
    base = BuildConfig("in", "out", "t2m")
    assert BuildConfig("elsewhere", "somewhere", "t2m").fingerprint == base.fingerprint
    assert BuildConfig("in", "out", "t2m", ladder=3).fingerprint != base.fingerprint
    free = [name for name, counts, _ in settings() if not counts]
    assert free == ["input", "output", "embedder", "llm"]
    aligned = BuildConfig("in", "out", "t2m", alignment="builtin", embedder_fingerprint="1")
    assert "embedder_fingerprint" in aligned.identity()
    assert "embedder_fingerprint" not in base.identity()
    assert all(why for _, counts, why in settings() if not counts)


def test_a_configuration_comes_back_from_its_identity() -> None:
    wanted = BuildConfig("in", "out", "kit", "kit", buckets=(("test", 1), ("train", 3)))
    assert config(wanted.identity(), "in", "out") == wanted
    with pytest.raises(ValueError, match="unknown settings \\['magic'\\]"):
        config({"magic": 1}, "in", "out")


def test_fingerprints_do_not_depend_on_the_order_of_names() -> None:
    assert fingerprint({"a": 1, "b": [2, 3]}) == fingerprint({"b": [2, 3], "a": 1})
    assert fingerprint([2, 3]) != fingerprint([3, 2])
    assert changes({"a": 1, "b": 2}, {"b": 3, "c": "x"}) == [
        "a: 1 -> (none)",
        "b: 2 -> 3",
        'c: (none) -> "x"',
    ]
