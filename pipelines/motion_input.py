"""Motions for people's commands: .npy files, folders of them, datasets and corpora, one after another.

What is wrong with one file or clip is a `Problem` in its place; what is wrong with the arguments stops
before any work.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.convert import ArrayError, read_array
from pipelines.shard_input import read_table
from pipelines.streams import printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from motion.facts import Facts
    from motion.skeleton import Skeleton

FEWEST_FRAMES = 4  # what the measure needs
_LEG_METRES = (0.2, 3.0)  # legs of a person, with room for children and giants
_FARTHEST_METRES = 10_000.0  # from where a clip begins; joints of float32 keep a millimetre so far
_FPS = (1.0, 1000.0)  # slower is no motion any more, faster is no camera of people
_FRAMES_A_BATCH = 12_000  # joints and signals of so many frames take some 50 MB
_MAGIC = b"\x93NUMPY"
_SHAPES = "features are (T, 263) or (T, 251), joints (T, 22, 3) or (T, 21, 3)"


@dataclass(frozen=True)
class Clip:
    """One motion: joints (T, J, 3) in the skeleton's unit, Y up."""

    id: str
    source: str  # what `irmogen show` takes to draw it
    joints: NDArray[np.float32]
    skeleton: Skeleton
    fps: float
    grounded: bool  # the floor is at Y = 0 by definition: true of features


@dataclass(frozen=True)
class Problem:
    """A motion that cannot be used: where it is, what is wrong and what to do."""

    source: str
    detail: str


@dataclass(frozen=True)
class Source:
    """Motions of one argument, read when they are asked for."""

    count: int
    read: Callable[[], Iterator[Clip | Problem]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags that say how .npy files are to be read."""
    parser.add_argument(
        "--skeleton", choices=("t2m", "kit"), help="refuse others (default: seen by the shape)"
    )
    parser.add_argument(
        "--fps", type=float, help="frames per second of .npy files (default: 20 for t2m, 12.5 for kit)"
    )


def sources(paths: Sequence[Path], skeleton: str | None = None, fps: float | None = None) -> list[Source]:
    """The motions of files, folders, datasets and corpora, listed but not read.

    FileNotFoundError for a path that is not there; ValueError for a folder that holds no motion, and
    for a frame rate that is none or that a corpus contradicts.
    """
    check_fps(fps)
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or folder; give .npy files, a dataset or a corpus")
    return [_source(path, skeleton, fps) for path in paths]


def check_fps(fps: float | None) -> None:
    """ValueError for a frame rate that no recording of people has; None is the skeleton's own."""
    if fps is not None and not _FPS[0] <= fps <= _FPS[1]:
        raise ValueError(f"--fps is {fps:g}: give frames per second, from {_FPS[0]:g} to {_FPS[1]:g}")


def is_corpus(path: Path) -> bool:
    """Whether a folder is a corpus, finished or not."""
    return (path / "manifest.json").is_file() or (path / "build.json").is_file()


def is_dataset(path: Path) -> bool:
    """Whether a folder looks like a dataset in HumanML3D or KIT-ML layout."""
    return (path / "new_joint_vecs").is_dir() and (path / "texts").is_dir()


def _source(path: Path, skeleton: str | None, fps: float | None) -> Source:
    if is_corpus(path):
        return _corpus_source(path, skeleton, fps)
    if is_dataset(path):
        from motion.layout import open_dataset

        dataset = open_dataset(path, skeleton)
        files = [(motion_id, dataset.motion_path(motion_id)) for motion_id, _ in dataset.ids]
    elif path.is_dir():
        found = sorted(path.rglob("*.npy"), key=lambda file: file.relative_to(path).as_posix())
        files = [(printable(file.relative_to(path).with_suffix("").as_posix()), file) for file in found]
        if not files:
            raise ValueError(f"{path}: holds no .npy file; give the folder of features or joints")
    else:
        files = [(printable(path.stem), path)]

    def read() -> Iterator[Clip | Problem]:
        for motion_id, file in files:
            yield read_clip(file, motion_id, skeleton, fps)

    return Source(len(files), read)


def _corpus_source(path: Path, skeleton: str | None, fps: float | None) -> Source:
    from schemas.corpus import open_corpus
    from schemas.shards import features_of

    corpus, manifest = open_corpus(path)
    body = manifest["config"]["skeleton"]
    if fps is not None:
        raise ValueError(f"{path}: is a corpus, which knows its frames per second; leave --fps out")
    if skeleton not in (None, body):
        raise ValueError(f"{path}: is a corpus of skeleton {body}, not {skeleton}; leave --skeleton out")

    def read() -> Iterator[Clip | Problem]:
        for index in range(corpus.shards):
            table = read_table(corpus, "motions", index, ["motion_id", "fps", "features"])
            for row, motion_id in enumerate(table["motion_id"].to_pylist()):
                rate = table["fps"][row].as_py()
                where = printable(f"{path}#{motion_id}")
                yield features_clip(features_of(table, row), motion_id, where, rate)

    return Source(manifest["tables"].get("motions", {}).get("rows", 0), read)


def read_clip(
    path: Path, motion_id: str, skeleton: str | None = None, fps: float | None = None
) -> Clip | Problem:
    """The motion of a .npy file of features or joints."""
    try:
        if path.is_dir():
            raise ArrayError("is a folder; rename it, a clip is a file")
        if not path.exists():
            raise ArrayError("no such file; take the name off the list, or bring the file back")
        if path.suffix != ".npy":
            raise ArrayError("is no .npy file; save features or joints with numpy.save")
        return _clip(_readable(path), motion_id, printable(path), skeleton, fps)
    except (ArrayError, OSError) as error:
        return Problem(printable(path), printable(error))
    except MemoryError:
        return Problem(printable(path), "claims more numbers than fit into memory; write it again")


def features_clip(features: NDArray[np.float32], motion_id: str, source: str, fps: float) -> Clip | Problem:
    """The motion of features (T, F) that are at hand already."""
    try:
        return _clip(features, motion_id, source, None, fps)
    except ArrayError as error:
        return Problem(source, str(error))


def _readable(path: Path) -> NDArray[np.float32]:
    if path.stat().st_size == 0:
        raise ArrayError("is empty (0 bytes); write it again")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ArrayError("is no .npy file, whatever its name; save the array with numpy.save")
    return read_array(path)


def _clip(
    array: NDArray[np.float32], motion_id: str, source: str, skeleton: str | None, fps: float | None
) -> Clip:
    import numpy as np

    from motion.features import joints_from_features
    from motion.skeleton import skeleton_of_features, skeleton_of_joints

    features = array.ndim == 2
    if not features and (array.ndim != 3 or array.shape[2] != 3):
        raise ArrayError(f"has shape {array.shape}; {_SHAPES}: save one clip a file")
    try:
        body = (skeleton_of_features if features else skeleton_of_joints)(array.shape[1])
    except ValueError as error:
        raise ArrayError(f"has shape {array.shape}: {error}; {_SHAPES}") from error
    if skeleton not in (None, body.name):
        raise ArrayError(
            f"has shape {array.shape}, which is of {body.name}, not {skeleton}; leave --skeleton out"
        )
    if len(array) < FEWEST_FRAMES:
        raise ArrayError(f"has {len(array)} frames; give at least {FEWEST_FRAMES}")
    finite = np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    if not finite.all():
        frame = int(np.argmin(finite))
        raise ArrayError(f"holds NaN or infinite values, first in frame {frame}; repair or leave it out")
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is told below
        joints = joints_from_features(array, body) if features else array
        _check_body(joints, body, features)
    return Clip(motion_id, source, joints, body, fps or body.fps, features)


def _check_body(joints: NDArray[np.float32], body: Skeleton, features: bool) -> None:
    """Arrays carry no unit: legs and the way that is gone tell whether they are a person's."""
    import numpy as np

    hip, knee, ankle, _ = body.left_leg
    places = joints[:, [hip, knee, ankle]].astype(np.float64) * body.metres_per_unit
    leg = float(np.median(np.linalg.norm(np.diff(places, axis=1), axis=-1).sum(axis=1)))
    if features:
        remedy = f"{body.name} features are those of new_joint_vecs, not normalised by mean and deviation"
    else:
        unit = "metres" if body.metres_per_unit == 1 else f"units of {body.metres_per_unit * 1000:.3g} mm"
        remedy = f"{body.name} joints are in {unit}: scale them"
    if not _LEG_METRES[0] <= leg <= _LEG_METRES[1]:
        raise ArrayError(f"its legs would be {leg:.3g} m long; {remedy}")
    low, high = (np.float64(ends) for ends in (joints.min(axis=(0, 1)), joints.max(axis=(0, 1))))
    way = float(np.maximum(high - joints[0, 0], joints[0, 0] - low).max()) * body.metres_per_unit
    if not way <= _FARTHEST_METRES:
        raise ArrayError(f"it would go {way:.3g} m away; {remedy}")


def measured(clips: Iterator[Clip | Problem]) -> Iterator[tuple[Clip, Facts] | Problem]:
    """Every clip with its facts, every problem as it is, in their order; in batches of bounded memory."""
    batch: list[Clip | Problem] = []
    frames = 0
    for item in clips:
        batch.append(item)
        frames += frames_in_memory(item) if isinstance(item, Clip) else 0
        if frames >= _FRAMES_A_BATCH or len(batch) >= 256:
            yield from _measured(batch)
            batch, frames = [], 0
    yield from _measured(batch)


def frames_in_memory(clip: Clip) -> int:
    """Frames of a clip in memory: its own, or those at the rate of the measure where they are more."""
    return max(len(clip.joints), round(len(clip.joints) * clip.skeleton.fps / clip.fps))


def _measured(batch: Sequence[Clip | Problem]) -> Iterator[tuple[Clip, Facts] | Problem]:
    """Clips of one skeleton are measured together; one that cannot be measured costs only itself."""
    found: dict[int, Facts | Problem] = {}
    by_body: dict[str, list[int]] = {}
    for place, item in enumerate(batch):
        if isinstance(item, Clip):
            by_body.setdefault(item.skeleton.name, []).append(place)
    for places in by_body.values():
        clips = [item for place in places if isinstance(item := batch[place], Clip)]
        try:
            found.update(zip(places, _facts(clips), strict=True))
        except (ValueError, MemoryError):
            found.update((place, _alone(clip)) for place, clip in zip(places, clips, strict=True))
    for place, item in enumerate(batch):
        if isinstance(item, Problem):
            yield item
        else:
            result = found[place]
            yield result if isinstance(result, Problem) else (item, result)


def _alone(clip: Clip) -> Facts | Problem:
    try:
        return _facts([clip])[0]
    except ValueError as error:
        return Problem(clip.source, f"cannot be measured ({str(error).removeprefix('clip 0: ')})")
    except MemoryError:
        told = f"{frames_in_memory(clip)} frames at {clip.skeleton.fps:g} a second do not fit into memory"
        return Problem(clip.source, f"{told}; cut it into shorter clips")


def _facts(clips: Sequence[Clip]) -> list[Facts]:
    """Facts of clips of one skeleton; measured at its rate, told in the clips' own frames."""
    from motion.facts import measure
    from motion.resample import resample

    body = clips[0].skeleton
    joints = [resample(clip.joints, clip.fps, body.fps) for clip in clips]
    return [_in_frames_of(clip, facts) for clip, facts in zip(clips, measure(joints, body), strict=True)]


def _in_frames_of(clip: Clip, facts: Facts) -> Facts:
    if clip.fps == facts.fps:
        return facts
    scale, last = clip.fps / facts.fps, len(clip.joints)
    events = []
    for event in facts.events:
        start = min(round(event.start * scale), last - 1)
        end = last if event.end >= facts.frames else min(round(event.end * scale), last)
        events.append(replace(event, start=start, end=max(end, start + 1)))
    return replace(facts, frames=last, fps=clip.fps, events=tuple(events))
