"""`irmogen convert`: kinds seen by shape, bad files told, names kept."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

from motion.features import canonical, features_from_joints
from motion.retarget import impose_lengths
from motion.seeds import generator
from motion.skeleton import KIT, T2M
from pipelines.convert import add_arguments, convert, run


def clip(body, frames=50, key="clip"):
    """Smooth joints (T, J, 3) in canonical form."""
    rng = generator(key, body.name)
    track = np.cumsum(rng.standard_normal((frames, body.joint_count, 3)), axis=0) * 0.01
    start = np.cumsum(np.abs(body.offsets) + 0.01, axis=0)
    return canonical(impose_lengths(start + track, body, body.bone_lengths), body)


def run_with(*words):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args([str(word) for word in words]))


@pytest.mark.parametrize("body", [T2M, KIT], ids=lambda b: b.name)
def test_there_and_back_gives_the_same_joints(tmp_path, body):
    source = tmp_path / "in" / "deep" / "a.npy"
    source.parent.mkdir(parents=True)
    np.save(source, clip(body))
    assert convert(tmp_path / "in", tmp_path / "f", "features", None).converted == 1
    assert convert(tmp_path / "f", tmp_path / "j", "joints", body.name).converted == 1
    features = np.load(tmp_path / "f" / "deep" / "a.npy")
    assert features.shape == (49, body.feature_size)
    assert features.dtype == np.float32
    back = np.load(tmp_path / "j" / "deep" / "a.npy")
    assert np.abs(back - clip(body)[:-1]).max() < 1e-3 * body.leg_length


def test_joints_are_put_in_canonical_form_first(tmp_path):
    joints = clip(T2M)
    np.save(tmp_path / "plain.npy", joints)
    moved = joints[..., [2, 1, 0]] * np.array([1, 1, -1], np.float32) + np.array([3, 1, 2], np.float32)
    np.save(tmp_path / "moved.npy", moved)
    convert(tmp_path / "plain.npy", tmp_path / "a.npy", "features", None)
    convert(tmp_path / "moved.npy", tmp_path / "b.npy", "features", None)
    assert np.load(tmp_path / "a.npy") == pytest.approx(np.load(tmp_path / "b.npy"), abs=2e-3)


def test_bad_files_are_told_and_cost_only_themselves(tmp_path, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    good = clip(T2M)
    np.save(folder / "good.npy", good)
    np.save(folder / "features.npy", features_from_joints(good))
    np.save(folder / "flat.npy", np.zeros(5))
    np.save(folder / "size.npy", np.zeros((50, 17, 3)))
    np.save(folder / "kit.npy", clip(KIT))
    np.save(folder / "pickled.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(folder / "words.npy", np.array(["a"]))
    np.save(folder / "one.npy", good[:1])
    holed = good.copy()
    holed[7, 3, 0] = np.nan
    np.save(folder / "nan.npy", holed)
    (folder / "cut.npy").write_bytes((folder / "good.npy").read_bytes()[:300])
    (folder / "empty.npy").write_bytes(b"")
    out = tmp_path / "out"
    assert run_with(folder, out, "--to", "features", "--skeleton", "t2m") == 1
    assert [path.name for path in out.rglob("*")] == ["good.npy"]
    said = capsys.readouterr().err
    for name, words in {
        "features": "holds features already",
        "flat": "features are",
        "size": "17 joints",
        "kit": "not t2m",
        "pickled": "never loaded",
        "words": "no plain numbers",
        "one": "at least 2",
        "nan": "first in frame 7",
        "cut": "truncated",
        "empty": "truncated",
    }.items():
        line = next(line for line in said.splitlines() if f"{name}.npy" in line)
        assert words in line


def test_nothing_to_convert_stops_before_any_work(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        convert(tmp_path / "nowhere", tmp_path / "out", "joints", None)
    (tmp_path / "in").mkdir()
    with pytest.raises(ValueError, match=r"no \.npy file"):
        convert(tmp_path / "in", tmp_path / "out", "joints", None)
    with pytest.raises(ValueError, match="cannot convert to"):
        convert(tmp_path / "in", tmp_path / "out", "tokens", None)
    (tmp_path / "out").write_text("")
    with pytest.raises(ValueError, match="is a file"):
        convert(tmp_path / "in", tmp_path / "out", "joints", None)


def test_an_output_inside_the_input_is_no_input(tmp_path):
    np.save(tmp_path / "a.npy", clip(T2M))
    for _ in range(2):
        assert convert(tmp_path, tmp_path / "features", "features", None).converted == 1
    assert run_with(tmp_path / "a.npy", tmp_path / "features", "--to", "features") == 0
