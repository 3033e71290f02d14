"""`irmogen facts`: every kind of input, bad input, plain sentences, streams."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_corpus import write_one_corpus

from motion.demo.dataset import write_demo
from motion.events import ACTIONS, DIRECTIONS, PATHS, SIDES, SPEEDS, Event
from motion.facts import measure
from motion.features import features_from_joints, joints_from_features
from motion.resample import resample
from motion.skeleton import KIT, T2M
from pipelines.cli import main
from pipelines.motion_input import Clip, Problem, frames_in_memory, measured, sources
from prompts.sentences import clause, label, sentence, summary_sentences

ROOT = Path(__file__).resolve().parents[1]


def facts(capsys, *words: object) -> tuple[int, list[dict], str]:
    """Exit code, objects and standard error of the command."""
    capsys.readouterr()
    code = main(["facts", *map(str, words)])
    out, err = capsys.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err


@pytest.fixture(scope="module", params=["t2m", "kit"])
def data(request, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("facts") / request.param
    write_demo(root, motions=6, skeleton=request.param)
    return root


def test_a_dataset_is_measured_clip_by_clip_in_the_order_of_its_ids(data, capsys) -> None:
    code, found, _ = facts(capsys, data)
    assert code == 0
    truth = [json.loads(line) for line in (data / "truth.jsonl").read_text().splitlines()]
    assert [one["id"] for one in found] == sorted(clip["id"] for clip in truth)
    frames = {clip["id"]: (clip["frames"], clip["fps"]) for clip in truth}
    for one in found:
        assert (one["frames"], one["fps"]) == frames[one["id"]]
        assert {"gait", "turn_side", "jumps"} <= set(one["summary"])
        assert all(event["part"] == ACTIONS[event["action"]].part for event in one["events"])
    assert any(one["events"] for one in found)


def test_facts_are_those_of_the_measure(data, capsys) -> None:
    _, found, _ = facts(capsys, data)
    body = T2M if data.name == "t2m" else KIT
    clips = [
        joints_from_features(np.load(data / "new_joint_vecs" / f"{one['id']}.npy"), body) for one in found
    ]
    for one, expected in zip(found, measure(clips, body), strict=True):
        values = json.loads(json.dumps(expected.as_dict()))
        assert {key: one[key] for key in values if key != "events"} == {
            key: value for key, value in values.items() if key != "events"
        }
        assert [{k: v for k, v in event.items() if k != "part"} for event in one["events"]] == values[
            "events"
        ]


def test_features_joints_files_and_folders_say_the_same(data, tmp_path, capsys) -> None:
    ids = sorted(path.stem for path in (data / "new_joint_vecs").glob("*.npy"))[:3]
    body = T2M if data.name == "t2m" else KIT
    for name in ids:
        features = np.load(data / "new_joint_vecs" / f"{name}.npy")
        for kind, array in (("f", features), ("j", joints_from_features(features, body))):
            path = tmp_path / kind / "deep" / f"{name}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, array.astype(np.float64 if kind == "j" else np.float32))
    _, from_features, _ = facts(capsys, tmp_path / "f")
    _, from_joints, _ = facts(capsys, tmp_path / "j", "--skeleton", body.name)
    _, single, _ = facts(capsys, *(tmp_path / "j" / "deep" / f"{name}.npy" for name in ids))
    assert [one["id"] for one in from_features] == [f"deep/{name}" for name in ids]
    assert [one["id"] for one in single] == ids
    for group in (from_joints, single):
        for one, other in zip(from_features, group, strict=True):
            assert one["events"] == other["events"]
            assert one["summary"] == other["summary"]


def test_a_corpus_is_measured_by_its_motions(tmp_path, capsys) -> None:
    corpus = write_one_corpus(tmp_path / "corpus")
    code, found, _ = facts(capsys, corpus)
    assert code == 0
    assert [one["id"] for one in found] == ["000001", "000002"]
    assert found[0]["source"] == f"{corpus}#000001"
    assert all(one["events"] for one in found)
    assert main(["facts", str(corpus), "--fps", "30"]) == 2
    assert "leave --fps out" in capsys.readouterr().err


def test_bad_files_are_told_in_a_line_each_and_cost_only_themselves(data, tmp_path, capsys) -> None:
    body = T2M if data.name == "t2m" else KIT
    good = np.load(next(iter(sorted((data / "new_joint_vecs").glob("*.npy")))))
    joints = joints_from_features(good, body)
    holed = joints.copy()
    holed[7, 3, 0] = np.nan
    arrays = {
        "flat": np.zeros(5),
        "size": np.zeros((50, 17, 3)),
        "stack": np.zeros((2, 50, body.joint_count, 3)),
        "nan": holed,
        "short": joints[:3],
        "none": joints[:0],
        "words": np.array(["a"]),
        "unit": joints * 1000,
        "away": joints
        + np.float32(2e6 / body.metres_per_unit) * (np.arange(len(joints)) > 40)[:, None, None],
        "zeros": np.zeros_like(good),
        "vast": np.full_like(good, 1e30),
        "normalised": (good - good.mean(0)) / (good.std(0) + 1e-6) * 3,
        "good": joints,
        "other": features_from_joints(joints, body),
    }
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
    np.save(tmp_path / "pickled.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "text.npy").write_text("not an array")
    (tmp_path / "cut.npy").write_bytes((tmp_path / "good.npy").read_bytes()[:300])
    (tmp_path / "folder.npy").mkdir()
    code, found, err = facts(capsys, tmp_path)
    assert code == 1
    assert [one["id"] for one in found] == ["good", "other"]
    for name, words in {
        "flat": "features are (T, 263)",
        "size": "17 joints",
        "stack": "one clip a file",
        "nan": "first in frame 7",
        "short": "at least 4",
        "none": "at least 4",
        "words": "no plain numbers",
        "unit": "scale them",
        "away": "m away",
        "zeros": "legs would be 0 m long",
        "vast": "not normalised",
        "normalised": "not normalised",
        "pickled": "never loaded",
        "empty": "is empty",
        "text": "is no .npy file",
        "cut": "truncated",
        "folder": "is a folder",
    }.items():
        told = [line for line in err.splitlines() if line.startswith(f"{tmp_path / name}.npy: ")]
        assert len(told) == 1, name
        assert words in told[0]
    assert "17 of 19 motions could not be used" in err


def test_a_clip_that_a_list_names_but_nobody_has_is_told(data, tmp_path, capsys) -> None:
    root = tmp_path / "data"
    for folder in ("new_joint_vecs", "texts"):
        (root / folder).mkdir(parents=True)
    name = sorted(path.name for path in (data / "new_joint_vecs").glob("*.npy"))[0]
    (root / "new_joint_vecs" / name).write_bytes((data / "new_joint_vecs" / name).read_bytes())
    (root / "train.txt").write_text(f"{Path(name).stem}\nzzz\n")
    code, found, err = facts(capsys, root)
    assert code == 1
    assert [one["id"] for one in found] == [Path(name).stem]
    assert "zzz.npy: no such file" in err


@pytest.mark.parametrize(
    "words",
    [["nowhere"], ["nowhere.npy"], *([".", f"--fps={fps}"] for fps in ("0", "1e-9", "0.99", "1001", "nan"))],
)
def test_what_is_not_there_stops_before_any_work(words, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["facts", *words, "--output", "out.jsonl"]) == 2
    assert capsys.readouterr().out == ""
    assert not list(tmp_path.iterdir())


def test_another_frame_rate_tells_events_in_the_files_own_frames(data, tmp_path, capsys) -> None:
    body = T2M if data.name == "t2m" else KIT
    clip = joints_from_features(np.load(sorted((data / "new_joint_vecs").glob("*.npy"))[0]), body)
    np.save(tmp_path / "a.npy", clip)
    np.save(tmp_path / "b.npy", resample(clip, body.fps, 3 * body.fps))
    _, (plain,), _ = facts(capsys, tmp_path / "a.npy")
    _, (fast,), _ = facts(capsys, tmp_path / "b.npy", "--fps", 3 * body.fps)
    assert (fast["frames"], fast["fps"]) == (3 * len(clip) - 2, 3 * body.fps)
    assert [event["action"] for event in fast["events"]] == [event["action"] for event in plain["events"]]
    for one, other in zip(plain["events"], fast["events"], strict=True):
        assert abs(3 * one["start"] - other["start"]) <= 3
        assert abs(3 * one["end"] - other["end"]) <= 3
        assert 0 <= other["start"] < other["end"] <= fast["frames"]


def test_the_output_file_holds_what_would_be_printed_and_appears_whole(data, tmp_path, capsys) -> None:
    target = tmp_path / "new" / "facts.jsonl"
    target.parent.mkdir()
    assert main(["facts", str(data), "--output", str(target)]) == 0
    assert capsys.readouterr().out == ""
    main(["facts", str(data)])
    assert target.read_text(encoding="utf-8") == capsys.readouterr().out
    assert [path.name for path in target.parent.iterdir()] == ["facts.jsonl"]
    assert main(["facts", str(data), "--output", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_a_name_that_is_no_utf8_is_shown_with_escapes(data, tmp_path, capsys) -> None:
    one = sorted((data / "new_joint_vecs").glob("*.npy"))[0].read_bytes()
    folder = os.fsencode(tmp_path / "clips")
    os.mkdir(folder)
    for name, content in ((b"caf\xe9.npy", one), (b"plain.npy", one), (b"\xff.npy", b"")):
        Path(os.fsdecode(os.path.join(folder, name))).write_bytes(content)
    code, found, err = facts(capsys, tmp_path / "clips")
    assert code == 1
    assert [one["id"] for one in found] == ["caf\\xe9", "plain"]
    assert found[0]["source"].endswith("caf\\xe9.npy")
    assert "\\xff.npy: is empty" in err
    output = tmp_path / "facts.jsonl"
    assert main(["facts", str(tmp_path / "clips"), "--output", str(output)]) == 1
    assert len(output.read_bytes().splitlines()) == 2
    name = os.fsdecode(folder + b"/caf\xe9.npy")
    assert main(["show", name, "--output", str(tmp_path / "clip.png")]) == 0
    assert "caf\\xe9: drawn" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none/facts.jsonl", "does not exist; make it"),
        ("file/facts.jsonl", "is a file, not a folder"),
        ("file/none/facts.jsonl", "give another"),
        ("x" * 240, "cannot be written"),
        ("pipe", "is a device or a pipe"),
    ],
)
def test_an_output_that_cannot_be_written_is_told_before_any_work(name, words, tmp_path, capsys) -> None:
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    assert main(["facts", str(tmp_path / "no such clip"), "--output", str(tmp_path / name)]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert ".part-" not in told
    assert len(told.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def damage(corpus: Path, how: str) -> Path:
    """Harm the shard of motions that is read last; returns it."""
    path = sorted((corpus / "motions").iterdir())[-1]
    whole = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "hole":
        path.write_bytes(b"PAR1" + bytes(len(whole) // 2) + whole[4 + len(whole) // 2 :])
    else:
        path.write_bytes({"cut": whole[:-200], "short": whole[:5], "empty": b""}[how])
    return path


@pytest.mark.parametrize("how", ["gone", "hole", "cut", "short", "empty"])
def test_a_damaged_shard_is_told_by_its_name_with_a_remedy(how, tmp_path, capsys) -> None:
    corpus = write_one_corpus(tmp_path / "corpus")
    path = damage(corpus, how)
    for words in (["facts", str(corpus)], ["show", f"{corpus}#000002", "--output", str(tmp_path / "a.png")]):
        assert main(words) == 2
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 1
        assert f"{path}: is " in told[0]
        assert "irmogen validate" in told[0]


@pytest.mark.parametrize(
    "content", [b"[]", b"3", b"", b"{", b"\xff\xfe", b'{"version": 1}', {"shards": "2"}, {"config": {}}]
)
def test_a_damaged_manifest_is_told_in_a_line(content, tmp_path, capsys) -> None:
    corpus = write_one_corpus(tmp_path / "corpus")
    path = corpus / "manifest.json"
    if isinstance(content, dict):
        content = json.dumps({**json.loads(path.read_text()), **content}).encode()
    path.write_bytes(content)
    for words in (["facts", corpus], ["show", f"{corpus}#000001"], ["audit", corpus]):
        assert main([*map(str, words)]) == 2
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 1
        assert str(path) in told[0]
        assert "build the corpus again" in told[0]


def test_a_batch_is_bounded_in_the_frames_that_are_measured() -> None:
    joints = np.zeros((100, T2M.joint_count, 3), np.float32)
    clip = Clip("a", "a", joints, T2M, 1.0, True)
    assert frames_in_memory(clip) == 2000
    assert frames_in_memory(replace(clip, fps=1000.0)) == 100


def test_text_is_a_sentence_an_event(data, capsys) -> None:
    _, found, _ = facts(capsys, data)
    main(["facts", str(data), "--text"])
    lines = capsys.readouterr().out.splitlines()
    heads = [line for line in lines if not line.startswith("  ")]
    assert [line.split(" ")[0] for line in heads] == [one["id"] for one in found]
    assert len(lines) - len(heads) == sum(len(one["events"]) for one in found)
    first = next(one for one in found if one["events"])["events"][0]
    fps = found[0]["fps"]
    assert any(
        line.startswith(f"  {first['start'] / fps:.1f}-{first['end'] / fps:.1f} s: ") for line in lines
    )


def test_a_closed_pipe_ends_quietly(data) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "facts", *([str(data)] * 12)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        json.loads(process.stdout.readline())
        process.stdout.close()
        told = process.stderr.read().decode()
    assert process.returncode == 0
    assert told == ""


def test_motions_are_read_as_they_are_measured(data) -> None:
    (source,) = sources([data])
    read: list[str] = []

    def clips():
        for _ in range(200):
            for item in source.read():
                assert isinstance(item, Clip)
                read.append(item.id)
                yield item

    stream = measured(clips())
    assert not isinstance(next(stream), Problem)
    assert len(read) < 600  # of 1,200: a batch, not everything


events = st.sampled_from(sorted(ACTIONS)).flatmap(
    lambda action: st.builds(
        Event,
        action=st.just(action),
        start=st.integers(0, 50),
        end=st.integers(51, 99),
        side=st.sampled_from(SIDES if ACTIONS[action].sided else ("",)),
        direction=st.sampled_from(DIRECTIONS if ACTIONS[action].directed else ("",)),
        path=st.sampled_from(PATHS if action in ("walk", "run") else ("",)),
        count=st.integers(1, 12),
        amount=st.floats(0, 400),
        speed=st.sampled_from(SPEEDS),
    )
)


@given(events)
def test_every_event_has_plain_words(event) -> None:
    said = clause(event)
    assert said == clause(event)
    assert not set("{}*_|") & set(said + label(event))
    assert sentence(event, 20.0).startswith(f"{event.start / 20:.1f}-{event.end / 20:.1f} s: {said[:3]}")
    if event.side in ("left", "right") and ACTIONS[event.action].part in ("arm", "leg"):
        assert event.side in said
    if ACTIONS[event.action].counted == "steps":
        assert f"{event.count} step" in said


def test_sentences_say_what_is_there() -> None:
    raised = Event("raise_arm", 8, 42, side="left", direction="up")
    assert sentence(raised, 20.0) == "0.4-2.1 s: raises the left arm overhead"
    over, out = (Event("reach", 0, 9, side="left", direction=way) for way in ("right", "left"))
    assert "across" in clause(over)
    assert "across" in label(over)
    assert "across" not in clause(out) + label(out)
    assert (
        clause(Event("jump", 0, 9, side="both", direction="up", amount=0.31))
        == "jumps straight up, 31 cm high"
    )
    assert label(Event("turn", 0, 9, side="left", amount=90)) == "turn left 90°"
    said = summary_sentences({"gait": "walk", "travel": "backward", "distance_metres": 2.04, "steps": 4})
    assert said == ["Walks backward, 2.0 m in 4 steps."]
    assert summary_sentences({}) == ["Stays on the spot."]
