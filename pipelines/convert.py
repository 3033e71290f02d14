"""`irmogen convert`: .npy files between features and joints, one file or a whole folder."""

from __future__ import annotations

import argparse
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.storage import write_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KINDS = ("features", "joints")


@dataclass(frozen=True)
class ConvertCounts:
    """How many files were written, and for each bad one its path and what is wrong."""

    converted: int
    failed: tuple[tuple[Path, str], ...]


class ArrayError(ValueError):
    """A file that holds no clip; the message names the file, what is wrong and what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `irmogen convert`."""
    parser.add_argument(
        "src", metavar="SRC", type=Path, help=".npy file, or folder of them (with subfolders)"
    )
    parser.add_argument("dst", metavar="DST", type=Path, help="file or folder to write; names are kept")
    parser.add_argument("--to", required=True, choices=KINDS, help="what to write")
    parser.add_argument(
        "--skeleton", choices=("t2m", "kit"), help="skeleton of the input; seen by its shape if not given"
    )


def run(args: argparse.Namespace) -> int:
    """Convert as the arguments say; exit code 1 when a file could not be converted."""
    counts = convert(args.src, args.dst, args.to, args.skeleton)
    for path, problem in counts.failed:
        print(f"{path}: {problem}", file=sys.stderr)
    print(f"{counts.converted} converted to {args.to}, {len(counts.failed)} not")
    return 1 if counts.failed else 0


def convert(src: Path, dst: Path, to: str, skeleton: str | None) -> ConvertCounts:
    """Convert a .npy file, or all of a folder in the order of their names, to features or joints.

    A bad file is counted with its reason and costs only itself. ValueError when there is nothing
    to convert or `to` is unknown, FileNotFoundError when SRC is not there.
    """
    if to not in KINDS:
        raise ValueError(f"cannot convert to {to!r}: choose one of {', '.join(KINDS)}")
    failed = []
    jobs = _jobs(src, dst)
    if any(source.resolve() == target.resolve() for source, target in jobs):
        raise ValueError(f"{dst}: is {src} itself, which would be overwritten; give another DST")
    for source, target in jobs:
        try:
            array = converted(read_array(source), to, skeleton)
        except ArrayError as error:
            failed.append((source, str(error)))
            continue
        write_whole(target, npy_bytes(array))
    return ConvertCounts(len(jobs) - len(failed), tuple(failed))


def _jobs(src: Path, dst: Path) -> list[tuple[Path, Path]]:
    """Source and target of each file, listed before any is written."""
    if src.is_file():
        return [(src, dst / src.name if dst.is_dir() else dst)]
    if not src.is_dir():
        raise FileNotFoundError(f"{src}: no such file or folder; give .npy features or joints")
    if dst.is_file():
        raise ValueError(f"{dst}: is a file, but {src} is a folder; give a folder to write to")
    # An output inside the input is no input of the next run.
    inside = dst.resolve()
    skip = inside if inside != src.resolve() else None
    found = [
        path for path in sorted(src.rglob("*.npy")) if skip is None or skip not in path.resolve().parents
    ]
    if not found:
        raise ValueError(f"{src}: holds no .npy file; give the folder of features or joints")
    return [(path, dst / path.relative_to(src)) for path in found]


def read_array(path: Path) -> NDArray[np.float32]:
    """The float32 array of a .npy file; pickled objects are never loaded. ArrayError says why not."""
    import numpy as np

    try:
        with path.open("rb") as file:
            array = np.load(file, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        if "allow_pickle" in str(error) or "Object arrays" in str(error):
            raise ArrayError("holds pickled objects, which are never loaded; save plain numbers") from error
        raise ArrayError(f"is truncated or no .npy file at all ({error}); write it again") from error
    if not isinstance(array, np.ndarray) or not np.issubdtype(array.dtype, np.number):
        raise ArrayError("holds no plain numbers; save one floating point array with numpy.save")
    if np.iscomplexobj(array):
        raise ArrayError("holds complex numbers; save the real positions")
    values: NDArray[np.float32] = array.astype(np.float32)
    return values


def converted(array: NDArray[np.float32], to: str, skeleton: str | None) -> NDArray[np.float32]:
    """Features (T, F) of joints (T+1, J, 3), or joints (T, J, 3) of features (T, F).

    Joints are put in canonical form first. ArrayError for other shapes, or values not finite.
    """
    import numpy as np

    from motion.features import canonical, features_from_joints, joints_from_features
    from motion.skeleton import skeleton_of_features, skeleton_of_joints

    kind = _kind(array)
    try:
        body = (skeleton_of_features if kind == "features" else skeleton_of_joints)(array.shape[1])
    except ValueError as error:
        raise ArrayError(f"has shape {array.shape}: {error}") from error
    if skeleton is not None and body.name != skeleton:
        raise ArrayError(f"has shape {array.shape}, which is of skeleton {body.name}, not {skeleton}")
    if kind == to:
        raise ArrayError(f"holds {to} already; give --to {KINDS[1 - KINDS.index(to)]}, or leave it out")
    if len(array) < 2:
        raise ArrayError(f"has {len(array)} frames; a clip needs at least 2")
    if not np.isfinite(array).all():
        frame = int(np.argwhere(~np.isfinite(array.reshape(len(array), -1)).all(axis=1))[0, 0])
        raise ArrayError(f"holds NaN or infinite values, first in frame {frame}; repair or leave it out")
    if to == "joints":
        return joints_from_features(array, body)
    return features_from_joints(canonical(array, body), body)


def _kind(array: NDArray[np.float32]) -> str:
    if array.ndim == 2:
        return "features"
    if array.ndim == 3 and array.shape[2] == 3:
        return "joints"
    raise ArrayError(
        f"has shape {array.shape}; features are (T, 263) or (T, 251), joints (T, 22, 3) or (T, 21, 3)"
    )


def npy_bytes(array: NDArray[np.float32]) -> bytes:
    """An array as the bytes of a .npy file."""
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
