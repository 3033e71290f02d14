"""Reading a dataset in HumanML3D or KIT-ML layout: its folder, clips, caption lines.

A dataset folder holds new_joint_vecs/ID.npy, texts/ID.txt and train.txt, val.txt, test.txt. What is
wrong with one file costs that file and carries a reason; what is wrong with the folder stops.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from motion.skeleton import SKELETONS, Skeleton, skeleton_of_features
from motion.split_lists import SPLITS as SPLITS
from motion.split_lists import LayoutError as LayoutError
from motion.split_lists import listed

FOLDERS = ("new_joint_vecs", "texts")
SUFFIXES = (".npy", ".txt")  # of the files in FOLDERS
FIRST_CLIPS = 200  # whose headers tell the skeleton
MAX_CAPTION = 1000  # characters; the longest of the published captions has a quarter of that


class MotionProblem(ValueError):
    """One clip, or one of its caption lines, cannot be used: `reason` is a short stable word."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Caption:
    """One caption line: its words, its tagged words and the frames [start, end) it is about."""

    index: int
    text: str
    tags: str
    from_seconds: float
    to_seconds: float
    start: int
    end: int


@dataclass(frozen=True)
class LineProblem:
    """One caption line that cannot be used."""

    index: int
    reason: str
    detail: str
    line: str


@dataclass(frozen=True)
class Dataset:
    """A dataset folder, and those of its clips that are looked at."""

    root: Path
    skeleton: Skeleton
    ids: tuple[tuple[str, str], ...] = ()  # (motion id, split), sorted by id
    repeated: tuple[tuple[str, str], ...] = ()  # (motion id, split) that a split list named again

    def motion_path(self, motion_id: str) -> Path:
        """Features file of a clip."""
        return clip_paths(self.root, motion_id)[0]

    def text_path(self, motion_id: str) -> Path:
        """Caption file of a clip."""
        return clip_paths(self.root, motion_id)[1]


def clip_paths(root: Path, motion_id: str) -> tuple[Path, Path]:
    """Features file and caption file of a clip."""
    motion, text = (root / folder / f"{motion_id}{suffix}" for folder, suffix in zip(FOLDERS, SUFFIXES))
    return motion, text


def open_dataset(root: Path, skeleton: str | None = None) -> Dataset:
    """A dataset with all its clips' ids in memory: for commands that look into one, not for builds.

    LayoutError when the folder, its split lists or its clips are not there.
    """
    check_folder(root)
    known: dict[str, str] = {}
    repeated = []
    for motion_id, split, _ in listed(root):
        if motion_id in known:
            repeated.append((motion_id, split))
        else:
            known[motion_id] = split
    ids = tuple(sorted(known.items()))
    body = skeleton_of(root, [motion_id for motion_id, _ in ids], skeleton)
    return Dataset(root, body, ids, tuple(sorted(repeated)))


def check_folder(root: Path) -> None:
    """LayoutError for a folder that has not what a dataset has."""
    if not root.is_dir():
        what = "is a file" if root.exists() else "no such folder"
        raise LayoutError(f"{root}: {what}; give the folder that holds new_joint_vecs/ and texts/")
    for name in FOLDERS:
        if not (root / name).is_dir():
            raise LayoutError(f"{root}: has no {name}/; a dataset in HumanML3D layout needs one")


def skeleton_of(root: Path, ids: Sequence[str], wanted: str | None = None) -> Skeleton:
    """The skeleton that most of the first readable clips have; `ids` are the first ones, sorted.

    LayoutError where none can be read, or where it is not the wanted one.
    """
    if not ids:
        raise LayoutError(f"{root}: train.txt, val.txt and test.txt name no clips")
    body = _seen_skeleton(root, ids[:FIRST_CLIPS])
    if wanted and body.name != wanted:
        raise LayoutError(f"{root}: has {body.name} features, not {wanted}; leave --skeleton out")
    return body


def _seen_skeleton(root: Path, ids: Sequence[str]) -> Skeleton:
    votes: dict[str, int] = {}
    for motion_id in ids:
        try:
            size = _header_shape(clip_paths(root, motion_id)[0])[-1]
            name = skeleton_of_features(size).name
        except Exception:  # whatever is wrong with a file is told when it is read
            continue
        votes[name] = votes.get(name, 0) + 1
        if votes[name] == 5:
            break
    if not votes:
        sizes = " or ".join(str(s.feature_size) for s in SKELETONS.values())
        raise LayoutError(
            f"{root}/new_joint_vecs: none of the first clips can be read as features of size {sizes}"
        )
    return SKELETONS[max(sorted(votes), key=lambda name: votes[name])]


def _header_shape(path: Path) -> tuple[int, ...]:
    with path.open("rb") as file:
        return _header(file)[0]


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, order and type out of the header of an .npy file."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


def file_bytes(path: Path) -> bytes | OSError:
    """All bytes of a file, or the error that reading it raised."""
    try:
        return path.read_bytes()
    except OSError as error:
        return error


@dataclass(frozen=True)
class ClipFiles:
    """A clip's two files as they were read, each once."""

    motion: bytes | OSError
    text: bytes | OSError

    @property
    def digests(self) -> tuple[str, str]:
        """SHA-256 of both; empty where a file cannot be read."""
        return _digest(self.motion), _digest(self.text)


def read_files(dataset: Dataset, motion_id: str) -> ClipFiles:
    """Read the files of a clip."""
    return ClipFiles(file_bytes(dataset.motion_path(motion_id)), file_bytes(dataset.text_path(motion_id)))


def _digest(data: bytes | OSError) -> str:
    return "" if isinstance(data, OSError) else hashlib.sha256(data).hexdigest()


def read_features(
    dataset: Dataset, motion_id: str, data: bytes | OSError | None = None
) -> NDArray[np.float32]:
    """Features (T, F) float32 of a clip that keeps the length rules; MotionProblem otherwise.

    `data`: the file's bytes, where they have been read already.
    """
    path, body = dataset.motion_path(motion_id), dataset.skeleton
    shown = path.relative_to(dataset.root)  # problems are recorded: no path of a machine in them
    data = file_bytes(path) if data is None else data
    if isinstance(data, FileNotFoundError):
        raise MotionProblem("missing_motion", f"{shown}: no such file, but a split names it")
    if isinstance(data, OSError):
        raise MotionProblem("unreadable_npy", f"{shown}: cannot be read ({data.strerror})") from data
    features = _parse_npy(shown, data)
    if features.ndim != 2 or features.shape[1] != body.feature_size:
        raise MotionProblem(
            "wrong_feature_size",
            f"{shown}: has shape {features.shape}, {body.name} features have (frames, {body.feature_size})",
        )
    if len(features) < body.min_frames:
        raise MotionProblem("too_short", f"{shown}: {len(features)} frames, at least {body.min_frames}")
    if len(features) >= body.max_frames:
        raise MotionProblem("too_long", f"{shown}: {len(features)} frames, fewer than {body.max_frames}")
    with np.errstate(over="ignore"):
        features = np.ascontiguousarray(features, np.float32)
    bad = ~np.isfinite(features)
    if bad.any():
        frame = int(np.argwhere(bad.any(axis=1))[0, 0])
        raise MotionProblem("not_finite", f"{shown}: NaN or infinite values, first in frame {frame}")
    return features


def _parse_npy(shown: Path, data: bytes) -> NDArray[np.floating]:
    try:
        # Not np.load: it takes any file without the magic bytes for a pickle.
        _refuse_more_than_there_is(data)
        array = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except Exception as error:  # a damaged header raises what its parser raises, MemoryError included
        if "Object arrays" in str(error):
            detail = f"{shown}: holds pickled objects, which are never loaded; save plain numbers"
            raise MotionProblem("pickled_array", detail) from error
        raise MotionProblem(
            "unreadable_npy", f"{shown}: is truncated or no .npy file at all ({error})"
        ) from error
    if not np.issubdtype(array.dtype, np.floating):
        raise MotionProblem("unreadable_npy", f"{shown}: holds {array.dtype}, not floating point numbers")
    return array


def _refuse_more_than_there_is(data: bytes) -> None:
    """ValueError for a header that claims more numbers than the file holds, before room is made."""
    stream = io.BytesIO(data)
    shape, _, dtype = _header(stream)
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize > len(data) - stream.tell():
        raise ValueError(f"the header claims shape {shape}, the file is shorter")


def read_captions(
    dataset: Dataset, motion_id: str, frames: int, data: bytes | OSError | None = None
) -> tuple[list[Caption], list[LineProblem]]:
    """Caption lines of a clip of so many frames; MotionProblem when the file is missing or empty.

    `data`: the file's bytes, where they have been read already.
    """
    path = dataset.text_path(motion_id)
    shown = path.relative_to(dataset.root)
    data = file_bytes(path) if data is None else data
    if isinstance(data, FileNotFoundError):
        raise MotionProblem("missing_text", f"{shown}: no such file, but a split names it")
    if isinstance(data, OSError):
        raise MotionProblem("unreadable_text", f"{shown}: cannot be read ({data.strerror})") from data
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MotionProblem("unreadable_text", f"{shown}: is not UTF-8 ({error})") from error
    captions, problems = parse_captions(text, dataset.skeleton, frames)
    if not captions and not problems:
        raise MotionProblem("empty_text", f"{shown}: holds no caption line")
    return captions, problems


def caption_lines(dataset: Dataset, motion_id: str) -> int:
    """Number of non-empty lines of a clip's caption file; 0 where it cannot be read."""
    return lines_in(file_bytes(dataset.text_path(motion_id)))


def lines_in(data: bytes | OSError) -> int:
    """Number of non-empty lines of a caption file's bytes; 0 of one that could not be read."""
    if isinstance(data, OSError):
        return 0
    return sum(1 for line in data.split(b"\n") if line.decode("utf-8", "replace").strip())


def parse_captions(text: str, skeleton: Skeleton, frames: int) -> tuple[list[Caption], list[LineProblem]]:
    """Captions and unusable lines of a caption file's text; an index counts its non-empty lines."""
    captions: list[Caption] = []
    problems: list[LineProblem] = []
    broken: list[str] = []  # fields of the line before, where a line break cut it
    lines = [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
    for index, line in enumerate(lines):
        fields = line.strip().split("#")
        if broken and _goes_on(broken, fields):
            detail = "goes on from a line that was cut by a line break"
            problems.append(LineProblem(index, "line_break", detail, line))
            broken = []
            continue
        broken = fields if len(fields) < 4 else []
        try:
            captions.append(_parse_line(index, fields, skeleton, frames))
        except MotionProblem as problem:
            problems.append(LineProblem(index, problem.reason, problem.detail, line))
    return captions, problems


def _goes_on(broken: list[str], fields: list[str]) -> bool:
    """Whether a line is the rest of a cut one: together they have the fields of one line, and where
    it could stand alone, it has tags for words that it does not hold."""
    if len(broken) + len(fields) != 5:
        return False
    return len(broken) > 1 or len(fields[1].split()) > len(fields[0].split())


def _parse_line(index: int, fields: list[str], skeleton: Skeleton, frames: int) -> Caption:
    if len(fields) < 4:
        raise MotionProblem("line_break", f"{len(fields)} fields between #, 4 are expected")
    if len(fields) > 4:
        raise MotionProblem("caption_hash", f"{len(fields)} fields between #, 4 are expected")
    text = " ".join(fields[0].split())
    if not text:
        raise MotionProblem("empty_caption", "the caption is empty")
    if len(text) > MAX_CAPTION:
        raise MotionProblem("caption_too_long", f"{len(text)} characters, at most {MAX_CAPTION}")
    since, until = (_seconds(field) for field in fields[2:4])
    if since == 0.0 and until == 0.0:
        return Caption(index, text, fields[1].strip(), 0.0, 0.0, 0, frames)
    if until <= since:
        raise MotionProblem("segment_reversed", f"ends at {until} s, starts at {since} s")
    start, end = int(since * skeleton.fps), min(int(until * skeleton.fps), frames)
    if end - start < skeleton.min_frames:
        raise MotionProblem(
            "segment_too_short", f"{max(0, end - start)} frames, at least {skeleton.min_frames}"
        )
    return Caption(index, text, fields[1].strip(), since, until, start, end)


def _seconds(field: str) -> float:
    try:
        value = float(field)
    except ValueError:
        raise MotionProblem("bad_segment", f"{field!r} is no number of seconds") from None
    if math.isnan(value):
        return 0.0
    if value < 0 or math.isinf(value):
        raise MotionProblem("bad_segment", f"{field!r} is no time in a clip")
    return value
