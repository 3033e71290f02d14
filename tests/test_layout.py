"""Reading HumanML3D and KIT-ML layouts: what is good, and the reason of everything that is not."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motion.layout import (
    Dataset,
    LayoutError,
    MotionProblem,
    open_dataset,
    parse_captions,
    read_captions,
    read_features,
)
from motion.skeleton import KIT, T2M


def write_dataset(root: Path, clips: dict[str, np.ndarray], splits: dict[str, list[str]]) -> Path:
    """A dataset folder of these clips, each with one caption."""
    for name in ("new_joint_vecs", "texts"):
        (root / name).mkdir(parents=True)
    for motion_id, features in clips.items():
        np.save(root / "new_joint_vecs" / f"{motion_id}.npy", features)
        (root / "texts" / f"{motion_id}.txt").write_text("a person walks#a/DET person/NOUN#0.0#0.0\n")
    for split, ids in splits.items():
        (root / f"{split}.txt").write_text("".join(f"{motion_id}\n" for motion_id in ids))
    return root


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    clip = np.zeros((60, 263), np.float32)
    root = write_dataset(
        tmp_path / "data", {"000001": clip, "M000001": clip}, {"train": ["000001", "M000001"]}
    )
    return open_dataset(root)


def reason(dataset: Dataset, motion_id: str = "000001") -> str:
    with pytest.raises(MotionProblem) as problem:
        read_features(dataset, motion_id)
    assert f"new_joint_vecs/{motion_id}.npy" in problem.value.detail
    assert str(dataset.root) not in problem.value.detail
    return problem.value.reason


def test_the_feature_size_tells_the_skeleton(tmp_path: Path) -> None:
    kit = write_dataset(tmp_path / "kit", {"00001": np.zeros((30, 251), np.float32)}, {"val": ["00001"]})
    assert open_dataset(kit).skeleton is KIT


def test_ids_are_sorted_and_a_repeated_id_is_kept_once_and_told(tmp_path: Path) -> None:
    clip = np.zeros((60, 263), np.float32)
    root = write_dataset(tmp_path / "d", {"2": clip, "1": clip}, {"train": ["2", "1"], "test": ["2"]})
    opened = open_dataset(root)
    assert opened.ids == (("1", "train"), ("2", "train"))
    assert opened.repeated == (("2", "test"),)


@pytest.mark.parametrize("missing", ["new_joint_vecs", "texts", "splits", "root", "clips"])
def test_a_folder_that_is_no_dataset_stops_with_a_remedy(tmp_path: Path, missing: str) -> None:
    root = write_dataset(tmp_path / "d", {"1": np.zeros((60, 263), np.float32)}, {"train": ["1"]})
    if missing == "splits":
        (root / "train.txt").unlink()
    elif missing == "clips":
        (root / "new_joint_vecs" / "1.npy").unlink()
    elif missing == "root":
        root = tmp_path / "nowhere"
    else:
        (root / missing).rename(root / "elsewhere")
    with pytest.raises(LayoutError, match=str(root)):
        open_dataset(root)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((39, 263), "too_short"),
        ((200, 263), "too_long"),
        ((60, 251), "wrong_feature_size"),
        ((60,), "wrong_feature_size"),
    ],
)
def test_lengths_and_sizes_have_their_reasons(
    dataset: Dataset, shape: tuple[int, ...], expected: str
) -> None:
    np.save(dataset.motion_path("000001"), np.zeros(shape, np.float32))
    assert reason(dataset) == expected


@pytest.mark.parametrize("frames", [40, 199])
def test_the_length_rule_keeps_its_ends(dataset: Dataset, frames: int) -> None:
    np.save(dataset.motion_path("000001"), np.zeros((frames, 263), np.float64))
    features = read_features(dataset, "000001")
    assert features.shape == (frames, 263)
    assert features.dtype == np.float32


def test_numbers_that_are_none_have_their_reason(dataset: Dataset) -> None:
    clip = np.zeros((60, 263), np.float32)
    clip[31, 7] = np.nan
    np.save(dataset.motion_path("000001"), clip)
    assert reason(dataset) == "not_finite"


def test_pickled_objects_are_never_loaded(dataset: Dataset, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (trap,)  # type: ignore[return-value]

    np.save(dataset.motion_path("000001"), np.array([Bomb()], dtype=object), allow_pickle=True)
    assert reason(dataset) == "pickled_array"
    assert not trap.exists()


@given(cut=st.integers(0, 63_000))
def test_a_truncated_file_is_unreadable_wherever_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    root = tmp_path_factory.mktemp("cut")
    dataset = open_dataset(
        write_dataset(root / "d", {"1": np.zeros((60, 263), np.float32)}, {"train": ["1"]})
    )
    whole = dataset.motion_path("1").read_bytes()
    dataset.motion_path("1").write_bytes(whole[: min(cut, len(whole) - 1)])
    assert reason(dataset, "1") == "unreadable_npy"


@given(st.integers(0, 127), st.integers(0, 255))
def test_a_damaged_header_is_unreadable_or_of_the_wrong_size(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: int
) -> None:
    root = tmp_path_factory.mktemp("damaged")
    dataset = open_dataset(write_dataset(root / "d", {"1": np.ones((60, 263), np.float32)}, {"train": ["1"]}))
    data = bytearray(dataset.motion_path("1").read_bytes())
    data[place] = value
    dataset.motion_path("1").write_bytes(data)
    known = {"unreadable_npy", "pickled_array", "wrong_feature_size", "not_finite", "too_short", ""}
    assert problem_of(dataset, "1") in known


def problem_of(dataset: Dataset, motion_id: str) -> str:
    try:
        read_features(dataset, motion_id)
    except MotionProblem as problem:
        return problem.reason
    return ""


def test_a_header_that_claims_too_much_makes_no_room(dataset: Dataset) -> None:
    buffer = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**12, 263)}
    np.lib.format.write_array_header_1_0(buffer, header)
    dataset.motion_path("000001").write_bytes(buffer.getvalue() + b"few")
    assert reason(dataset) == "unreadable_npy"


def test_a_number_too_large_for_features_is_not_finite(dataset: Dataset) -> None:
    clip = np.zeros((60, 263))
    clip[3, 3] = 1e300
    np.save(dataset.motion_path("000001"), clip)
    assert reason(dataset) == "not_finite"


def test_a_folder_in_a_clips_place_costs_that_clip(dataset: Dataset) -> None:
    dataset.motion_path("000001").unlink()
    dataset.motion_path("000001").mkdir()
    assert reason(dataset) == "unreadable_npy"


def test_whole_numbers_are_no_features(dataset: Dataset) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((60, 263), np.int32))
    dataset.motion_path("000001").write_bytes(buffer.getvalue())
    assert reason(dataset) == "unreadable_npy"


def test_missing_files_have_their_reasons(dataset: Dataset) -> None:
    dataset.motion_path("000001").unlink()
    assert reason(dataset) == "missing_motion"
    dataset.text_path("000001").unlink()
    with pytest.raises(MotionProblem) as problem:
        read_captions(dataset, "000001", 60)
    assert problem.value.reason == "missing_text"
    dataset.text_path("M000001").write_text("\n \n")
    with pytest.raises(MotionProblem) as problem:
        read_captions(dataset, "M000001", 60)
    assert problem.value.reason == "empty_text"


@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        ("a#b/DET#0.0", ["line_break"]),
        ("a person\nwalks#a/DET person/NOUN walk/VERB#0.0#0.0", ["line_break", "line_break"]),
        ("a person#a/DET\nperson/NOUN#0.0#0.0", ["line_break", "line_break"]),
        ("a#1 person#a/DET#0.0#0.0", ["caption_hash"]),
        (" #x/X#0.0#0.0", ["empty_caption"]),
        ("a" * 1001 + "#x/X#0.0#0.0", ["caption_too_long"]),
        ("a#x/X#4.0#1.0", ["segment_reversed"]),
        ("a#x/X#1.0#1.0", ["segment_reversed"]),
        ("a#x/X#1.0#2.0", ["segment_too_short"]),
        ("a#x/X#7.0#9.0", ["segment_too_short"]),
        ("a#x/X#one#2.0", ["bad_segment"]),
        ("a#x/X#-1.0#2.0", ["bad_segment"]),
    ],
)
def test_each_bad_line_has_its_reason_and_costs_no_other(line: str, reasons: list[str]) -> None:
    good = "a person walks#a/DET person/NOUN walk/VERB#0.0#0.0"
    captions, problems = parse_captions(f"{good}\n{line}\n{good}\n", T2M, 100)
    assert [problem.reason for problem in problems] == reasons
    assert [caption.index for caption in captions] == [0, 1 + len(reasons)]


def test_nan_stands_for_the_whole_clip() -> None:
    captions, problems = parse_captions("a#x/X#nan#nan\n", T2M, 100)
    assert not problems
    assert (captions[0].start, captions[0].end) == (0, 100)


@given(st.integers(0, 90), st.integers(40, 199), st.integers(60, 199))
def test_a_segment_is_the_frames_that_its_seconds_name(first: int, length: int, frames: int) -> None:
    since, until = first / 20, (first + length) / 20
    captions, problems = parse_captions(f"a#x/X#{since}#{until}\n", T2M, frames)
    if captions:
        assert captions[0].start == int(since * 20)
        assert captions[0].end == min(int(until * 20), frames)
        assert captions[0].end - captions[0].start >= T2M.min_frames
    else:
        assert problems[0].reason == "segment_too_short"


@given(st.text())
def test_any_text_gives_captions_or_reasons_for_every_line(text: str) -> None:
    captions, problems = parse_captions(text, T2M, 100)
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
    assert sorted([c.index for c in captions] + [p.index for p in problems]) == list(range(len(lines)))
