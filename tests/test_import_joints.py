"""`irmogen import-joints`: joints and captions become a dataset that the reader opens."""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
import pytest
from test_convert import clip

from motion.features import facing
from motion.layout import open_dataset, read_captions, read_features
from motion.retarget import bone_lengths
from motion.skeleton import T2M
from pipelines.import_joints import add_arguments, import_joints, run

SHARED = Path(__file__).parents[2] / "shared" / "data"


def table(path, rows, columns=("name", "caption")):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


def folder(tmp_path, frames=90, names=("a", "b", "sub/c")):
    for name in names:
        path = tmp_path / "src" / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, 1.2 * clip(T2M, frames, name)[..., [2, 1, 0]] * np.array([1, 1, -1]) + 4)
    return tmp_path / "src"


def test_a_folder_becomes_a_dataset_that_the_reader_opens(tmp_path):
    src = folder(tmp_path)
    rows = [
        ("a", "a person waves, then #bows\ndeeply", "", "", ""),
        ("a", "waves", "0.0", "2.2", "wave/VERB"),
        ("b", "someone walks", "", "", ""),
        ("sub/c", "a man runs to the left", "nan", "nan", ""),
    ]
    captions = table(tmp_path / "c.csv", rows, ("name", "caption", "from", "to", "tokens"))
    counts = import_joints(src, captions, tmp_path / "out", 30.0)
    assert (counts.imported, counts.captions, counts.left_out) == (3, 4, [])
    dataset = open_dataset(tmp_path / "out")
    assert [clip_id for clip_id, _ in dataset.ids] == ["000001", "000002", "000003"]
    for clip_id, _ in dataset.ids:
        features = read_features(dataset, clip_id)
        assert features.shape == (59, 263)
        joints = np.load(tmp_path / "out" / "new_joints" / f"{clip_id}.npy")
        assert bone_lengths(joints, T2M) == pytest.approx(T2M.bone_lengths, abs=1e-3)
        assert joints[..., 1].min() == pytest.approx(0, abs=0.05)
        assert facing(joints[:1], T2M)[0] == pytest.approx([0, 1], abs=1e-3)
        found, problems = read_captions(dataset, clip_id, len(features))
        assert found
        assert not problems
    lines = (tmp_path / "out" / "texts" / "000001.txt").read_text().splitlines()
    assert lines[0] == (
        "a person waves, then bows deeply#a/DET person/NOUN wave/VERB then/ADV bow/VERB deeply/ADV#0.0#0.0"
    )
    assert lines[1] == "waves#wave/VERB#0.0#2.2"
    names = list(csv.reader((tmp_path / "out" / "names.csv").open()))
    assert names == [["id", "name"], ["000001", "a"], ["000002", "b"], ["000003", "sub/c"]]
    std = np.load(tmp_path / "out" / "Std.npy")
    assert len(set(std[4:67].tolist())) == 1
    assert (std > 0).all()
    assert (tmp_path / "out" / "all.txt").read_text().split() == ["000001", "000002", "000003"]


def test_bad_items_cost_only_themselves_and_are_listed(tmp_path):
    src = folder(tmp_path)
    np.save(src / "short.npy", clip(T2M, 20))
    np.save(src / "long.npy", clip(T2M, 400))
    np.save(src / "shape.npy", np.zeros((90, 24, 3)))
    np.save(src / "zero.npy", np.zeros((90, 22, 3)))
    np.save(src / "silent.npy", clip(T2M, 90))
    holed = clip(T2M, 90)
    holed[3] = np.inf
    np.save(src / "inf.npy", holed)
    (src / "junk.npy").write_bytes(b"junk")
    names = ["a", "short", "long", "shape", "zero", "inf", "junk", "ghost"]
    rows = [(name, "a person moves", "", "") for name in names]
    rows += [("b", "", "", ""), ("sub/c", "moves", "2.0", "1.0"), ("a", "moves", "0", "x")]
    captions = table(tmp_path / "c.csv", rows, ("name", "caption", "from", "to"))
    counts = import_joints(src, captions, tmp_path / "out", 30.0)
    assert counts.imported == 1
    listed = [json.loads(line) for line in (tmp_path / "out" / "left_out.jsonl").open()]
    assert {(item["name"], item["reason"]) for item in listed} == {
        ("short", "too_short"),
        ("long", "too_long"),
        ("shape", "wrong_shape"),
        ("zero", "no_body"),
        ("inf", "not_finite"),
        ("junk", "unreadable"),
        ("silent", "no_caption"),
        ("ghost", "no_motion"),
        ("b", "empty_caption"),
        ("b", "no_caption"),
        ("sub/c", "segment_reversed"),
        ("sub/c", "no_caption"),
        ("a", "bad_segment"),
    }


def test_what_is_missing_stops_before_any_work(tmp_path):
    src = folder(tmp_path)
    good = table(tmp_path / "c.csv", [("a", "moves")])
    out = tmp_path / "out"
    with pytest.raises(FileNotFoundError, match="nowhere"):
        import_joints(tmp_path / "nowhere", good, out, 30.0)
    with pytest.raises(FileNotFoundError, match=r"none\.csv"):
        import_joints(src, tmp_path / "none.csv", out, 30.0)
    with pytest.raises(ValueError, match="no column caption"):
        import_joints(src, table(tmp_path / "d.csv", [("a", "b")], ("name", "text")), out, 30.0)
    with pytest.raises(ValueError, match="no caption"):
        import_joints(src, table(tmp_path / "e.csv", []), out, 30.0)
    with pytest.raises(ValueError, match="--fps"):
        import_joints(src, good, out, 0.0)
    (tmp_path / "bad.npz").write_bytes(b"no archive")
    with pytest.raises(ValueError, match="cannot be read as clips"):
        import_joints(tmp_path / "bad.npz", good, out, 30.0)
    assert not out.exists()
    out.mkdir()
    (out / "mine.txt").write_text("")
    with pytest.raises(ValueError, match="not empty"):
        import_joints(src, good, out, 30.0)


def test_no_good_clip_writes_nothing_and_says_so(tmp_path, capsys):
    src = folder(tmp_path, frames=20)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    captions = table(tmp_path / "c.csv", [("a", "moves")])
    args = parser.parse_args([str(src), "--captions", str(captions), "--output", str(tmp_path / "out")])
    assert run(args) == 1
    assert not (tmp_path / "out").exists()
    assert "too_short" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_an_archive_gives_the_same_dataset_as_its_files(tmp_path):
    src = folder(tmp_path, names=("a", "b", "c"))
    clips = [np.load(src / f"{name}.npy").astype(np.float32) for name in "abc"]
    lengths = [len(joints) for joints in clips]
    np.savez(
        tmp_path / "x.npz",
        joints=np.concatenate(clips),
        start=np.cumsum([0, *lengths[:-1]]),
        length=lengths,
        name=list("abc"),
    )
    captions = table(tmp_path / "c.csv", [(name, f"moves {name}") for name in "cba"])
    import_joints(src, captions, tmp_path / "one", 30.0)
    import_joints(tmp_path / "x.npz", captions, tmp_path / "two", 30.0)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 17
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_real_mocap_is_imported_with_synthetic_captions_made_from_its_labels(tmp_path):
    source = SHARED / "bandai_namco" / "joints22_20fps_metres.npz"
    if not source.exists():
        pytest.skip("real motion capture is not in ../shared/data/bandai_namco")
    with (source.parent / "labels.csv").open() as file:
        labels = list(csv.DictReader(file))
    synthetic = [(row["name"], f"a person does: {row['content'].replace('-', ' ')}") for row in labels]
    captions = table(tmp_path / "synthetic.csv", synthetic)
    started = time.monotonic()
    counts = import_joints(source, captions, tmp_path / "out", 20.0)
    assert time.monotonic() - started < 20
    # A clip of 40 joint frames gives 39 frames of features.
    assert {item.reason for item in counts.left_out} <= {"too_short"}
    assert counts.imported + len(counts.left_out) == len(labels)
    assert counts.imported > 0.95 * len(labels)
    assert counts.splits["train"] == pytest.approx(0.8 * counts.imported, rel=0.06)
    dataset = open_dataset(tmp_path / "out")
    for clip_id, _ in dataset.ids[::40]:
        features = read_features(dataset, clip_id)
        assert np.isfinite(features).all()
