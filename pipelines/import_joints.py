"""`irmogen import-joints`: anybody's joint positions and captions as a dataset in HumanML3D layout."""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.convert import ArrayError, npy_bytes, read_array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SPLITS = (("train", 0.80), ("val", 0.85), ("test", 1.0))  # upper ends of the shares
_ARCHIVE_KEYS = ("joints", "start", "length", "name")
_MOST_IDS = 999_999


@dataclass(frozen=True)
class LeftOut:
    """One thing that was not imported: a clip (caption -1) or one of its caption rows."""

    name: str
    caption: int
    reason: str
    detail: str


@dataclass(frozen=True)
class CaptionRow:
    """One row of the captions table, as read; seconds and tokens may be empty."""

    text: str
    since: str
    until: str
    tokens: str


@dataclass
class ImportCounts:
    """What an import did."""

    imported: int = 0
    captions: int = 0
    splits: Counter[str] = field(default_factory=Counter)
    left_out: list[LeftOut] = field(default_factory=list)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `irmogen import-joints`."""
    parser.add_argument(
        "src",
        metavar="SRC",
        type=Path,
        help="folder of (T, 22, 3) .npy, or .npz: joints, start, length, name",
    )
    parser.add_argument(
        "--captions",
        metavar="FILE.csv",
        type=Path,
        required=True,
        help="columns name, caption [from, to, tokens]",
    )
    parser.add_argument("--output", metavar="DIR", type=Path, required=True, help="new folder of the dataset")
    parser.add_argument("--fps", type=float, default=30.0, help="frames per second of SRC (default 30)")


def run(args: argparse.Namespace) -> int:
    """Import as the arguments say and print a table; exit code 1 when no clip was good."""
    counts = import_joints(args.src, args.captions, args.output, args.fps)
    splits = ", ".join(f"{name} {counts.splits[name]}" for name, _ in _SPLITS)
    print(f"{counts.imported} clips ({splits}) with {counts.captions} captions in {args.output}")
    for reason, number in sorted(Counter(item.reason for item in counts.left_out).items()):
        print(f"  left out: {number:6d}  {reason}")
    if not counts.imported:
        print(f"no clip of {args.src} could be imported; nothing was written", file=sys.stderr)
        for item in counts.left_out[:5]:
            print(f"  {item.name}: {item.reason}: {item.detail}", file=sys.stderr)
        return 1
    if counts.left_out:
        print(f"  which and why: {args.output / 'left_out.jsonl'}")
    return 0


def import_joints(src: Path, captions: Path, output: Path, fps: float) -> ImportCounts:
    """Write a dataset in HumanML3D layout; clips and captions that are no good are left out, told.

    The dataset appears whole under its name at the end. ValueError or OSError, before any work,
    for a missing source, a captions table without its columns, an output that is not empty.
    """
    if not 0 < fps < float("inf"):
        raise ValueError(f"--fps is {fps}: give the frames per second of {src}, more than 0")
    rows = read_captions(captions)
    clips = _Clips(src)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ValueError(f"{output}: is there already and not empty; give a new folder")
    part = output.parent / f".part-{output.name}"
    shutil.rmtree(part, ignore_errors=True)
    for folder in ("new_joints", "new_joint_vecs", "texts"):
        (part / folder).mkdir(parents=True)
    try:
        counts = _write(part, clips, rows, fps)
        if counts.imported:
            if output.exists():
                output.rmdir()
            part.rename(output)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return counts


def read_captions(path: Path) -> dict[str, list[CaptionRow]]:
    """Caption rows by name, in the order of the table; ValueError for a table without the columns."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        lacking = {"name", "caption"} - set(reader.fieldnames or ())
        if lacking:
            raise ValueError(
                f"{path}: has no column {' and '.join(sorted(lacking))}; the first line must name them: "
                "name,caption[,from,to,tokens]"
            )
        rows: dict[str, list[CaptionRow]] = {}
        for row in reader:
            values = {
                key: (row.get(key) or "").strip() for key in ("name", "caption", "from", "to", "tokens")
            }
            rows.setdefault(values["name"], []).append(
                CaptionRow(values["caption"], values["from"], values["to"], values["tokens"])
            )
    if not rows:
        raise ValueError(f"{path}: holds no caption; add rows of name and caption")
    return rows


class _Clips:
    """The clips of a folder of .npy files or of one .npz archive, by name."""

    def __init__(self, src: Path) -> None:
        self.repeated: list[str] = []
        if src.is_dir():
            self._files = {str(p.relative_to(src).with_suffix("")): p for p in sorted(src.rglob("*.npy"))}
            self.names = sorted(self._files)
            self._archive: dict[str, Any] = {}
        elif src.is_file():
            self._files = {}
            self._read_archive(src)
        else:
            raise FileNotFoundError(f"{src}: no such file or folder; give a folder of .npy or an .npz")
        if not self.names:
            raise ValueError(f"{src}: holds no clip; a folder of .npy files or an .npz is expected")
        if len(self.names) > _MOST_IDS:
            raise ValueError(
                f"{src}: holds {len(self.names)} clips, at most {_MOST_IDS} have ids of six digits"
            )

    def _read_archive(self, src: Path) -> None:
        import zipfile

        import numpy as np

        try:
            with np.load(src, allow_pickle=False) as archive:
                lacking = [key for key in _ARCHIVE_KEYS if key not in archive.files]
                if lacking:
                    raise ValueError(f"it has no {', '.join(lacking)}")
                self._archive = {key: archive[key] for key in _ARCHIVE_KEYS}
        except (ValueError, EOFError, OSError, AttributeError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{src}: cannot be read as clips: {error}; an .npz with joints (N, 22, 3), start, length and "
                "name, without pickled objects, is expected"
            ) from error
        self._rows: dict[str, tuple[int, int]] = {}
        for name, start, length in zip(
            *(self._archive[key] for key in ("name", "start", "length")), strict=True
        ):
            if str(name) in self._rows:
                self.repeated.append(str(name))
            self._rows.setdefault(str(name), (int(start), int(length)))
        self.names = sorted(self._rows)

    def read(self, name: str) -> NDArray[np.float32]:
        """Joints of a clip as they are; ArrayError when its file holds none."""
        if name in self._files:
            return read_array(self._files[name])
        start, length = self._rows[name]
        joints = self._archive["joints"]
        if start < 0 or length < 0 or start + length > len(joints):
            raise ArrayError(f"frames {start} to {start + length} are not in the archive of {len(joints)}")
        return joints[start : start + length].astype("float32")


def _write(part: Path, clips: _Clips, rows: Mapping[str, list[CaptionRow]], fps: float) -> ImportCounts:
    from motion.seeds import share
    from motion.skeleton import T2M

    counts = ImportCounts()
    counts.left_out += [
        LeftOut(name, -1, "repeated_name", "the first clip of this name counts") for name in clips.repeated
    ]
    known = set(clips.names)
    counts.left_out += [
        LeftOut(name, -1, "no_motion", "captions name a clip that is not there")
        for name in rows
        if name not in known
    ]
    statistics = Statistics(T2M.feature_size)
    ids: dict[str, list[str]] = {split: [] for split, _ in _SPLITS}
    names = []
    # A clip left out keeps its number: mending it does not rename the others.
    for number, name in enumerate(clips.names, start=1):
        clip_id = f"{number:06d}"
        try:
            joints, features = clip_features(clips.read(name), fps)
        except ArrayError as error:
            reason = error.args[1] if len(error.args) > 1 else "unreadable"
            counts.left_out.append(LeftOut(name, -1, reason, error.args[0]))
            continue
        lines = _caption_lines(name, rows.get(name, []), len(features), counts)
        if not lines:
            counts.left_out.append(LeftOut(name, -1, "no_caption", "no usable caption names this clip"))
            continue
        (part / "new_joints" / f"{clip_id}.npy").write_bytes(npy_bytes(joints))
        (part / "new_joint_vecs" / f"{clip_id}.npy").write_bytes(npy_bytes(features))
        (part / "texts" / f"{clip_id}.txt").write_text(
            "".join(f"{line}\n" for line in lines), encoding="utf-8"
        )
        statistics.add(features)
        split = next(split for split, end in _SPLITS if share("split", name) < end)
        ids[split].append(clip_id)
        names.append((clip_id, name))
        counts.imported += 1
        counts.captions += len(lines)
        counts.splits[split] += 1
    if counts.imported:
        _write_lists(part, ids, names, counts.left_out)
        for label, values in zip(("Mean", "Std"), statistics.mean_and_std(), strict=True):
            (part / f"{label}.npy").write_bytes(npy_bytes(values))
    return counts


def _write_lists(
    part: Path, ids: Mapping[str, list[str]], names: list[tuple[str, str]], left_out: list[LeftOut]
) -> None:
    for split, members in (*ids.items(), ("all", [clip_id for clip_id, _ in names])):
        (part / f"{split}.txt").write_text("".join(f"{clip_id}\n" for clip_id in members), encoding="utf-8")
    with (part / "names.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("id", "name"), *names])
    lines = [json.dumps(vars(item), ensure_ascii=False, sort_keys=True) for item in left_out]
    (part / "left_out.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def clip_features(joints: NDArray[np.float32], fps: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Joints (T, 22, 3) and features (T, 263) of a clip (T', 22, 3) at 20 fps on the reference skeleton.

    ArrayError, with a stable reason as its second argument, when no clip can be made of it.
    """
    import numpy as np

    from motion.features import canonical, features_from_joints, joints_from_features
    from motion.resample import resample
    from motion.retarget import retarget
    from motion.skeleton import T2M

    if joints.ndim != 3 or joints.shape[1:] != (T2M.joint_count, 3):
        raise ArrayError(f"has shape {joints.shape}, (T, {T2M.joint_count}, 3) is expected", "wrong_shape")
    if not np.isfinite(joints).all():
        raise ArrayError("holds NaN or infinite values", "not_finite")
    # One frame of joints is lost to the velocities.
    frames = int(np.floor(max(0, len(joints) - 1) * T2M.fps / fps + 1e-6))
    if frames < T2M.min_frames:
        raise ArrayError(f"{frames} frames at {T2M.fps:g} fps, at least {T2M.min_frames}", "too_short")
    if frames >= T2M.max_frames:
        raise ArrayError(f"{frames} frames at {T2M.fps:g} fps, fewer than {T2M.max_frames}", "too_long")
    try:
        moved = canonical(retarget(resample(joints, fps, T2M.fps), T2M), T2M)
    except ValueError as error:
        raise ArrayError(str(error), "no_body") from error
    features = features_from_joints(moved, T2M)
    return joints_from_features(features, T2M), features


def _caption_lines(name: str, rows: list[CaptionRow], frames: int, counts: ImportCounts) -> list[str]:
    """Lines of the caption file; a row that a reader would refuse is left out with that reason."""
    from motion.layout import parse_captions
    from motion.skeleton import T2M

    lines = []
    for index, row in enumerate(rows):
        line = _caption_line(row)
        _, problems = parse_captions(line, T2M, frames)
        if problems or not line:
            reason = problems[0].reason if problems else "empty_caption"
            detail = problems[0].detail if problems else "the caption is empty"
            counts.left_out.append(LeftOut(name, index, reason, detail))
        else:
            lines.append(line)
    return lines


def _caption_line(row: CaptionRow) -> str:
    """`caption#tags#from#to`; empty for a caption without text."""
    from motion.tagging import tag

    text = _clean(row.text)
    if not text:
        return ""
    return (
        f"{text}#{_clean(row.tokens) or tag(text)}#{_clean(row.since) or '0.0'}#{_clean(row.until) or '0.0'}"
    )


def _clean(text: str) -> str:
    """Text without what separates the fields and lines of a caption file."""
    return " ".join(text.replace("#", " ").split())


class Statistics:
    """Mean and standard deviation of features, as published: the deviation is one for each block."""

    def __init__(self, size: int) -> None:
        import numpy as np

        self._count = 0
        self._sum = np.zeros(size)
        self._squares = np.zeros(size)

    def add(self, features: NDArray[np.float32]) -> None:
        """Count the frames of one clip, (T, F)."""
        values = features.astype("float64")
        self._count += len(values)
        self._sum += values.sum(axis=0)
        self._squares += (values * values).sum(axis=0)

    def mean_and_std(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean (F,) and deviation (F,), averaged over each block and never 0."""
        import numpy as np

        mean = self._sum / self._count
        std = np.sqrt(np.maximum(self._squares / self._count - mean * mean, 0))
        for start, end in _blocks(len(mean)):
            std[start:end] = max(1e-6, float(std[start:end].mean()))
        return mean.astype("float32"), std.astype("float32")


def _blocks(size: int) -> Iterator[tuple[int, int]]:
    """Root yaw, root velocity, root height, positions, rotations, velocities, feet."""
    joints = (size + 1) // 12
    start = 0
    for width in (1, 2, 1, 3 * (joints - 1), 6 * (joints - 1), 3 * joints, 4):
        yield start, start + width
        start += width
