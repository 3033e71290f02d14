"""Files written whole: a reader sees the old bytes or the new ones, never a part.

The one place that knows how a corpus' files reach a disk or a store.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import uuid
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from schemas.places import StorePath

TEMPORARY = ".part-"
_PIECE = 1 << 23  # bytes of an object that are held at once


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write bit by bit that appears under its name when the body ends without error.

    In a folder it is written under a temporary name beside its place, synced and renamed; missing folders are
    made. A store gets it in one request at the end: it is held in memory until then.
    """
    if isinstance(path, StorePath):
        held = io.BytesIO()
        yield held
        path.write_bytes(held.getvalue())
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = temporary(path)
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def temporary(path: Path) -> Path:
    """A new name beside a path, to write it under until it is whole; `sweep` knows such names."""
    return path.parent / f"{TEMPORARY}{uuid.uuid4().hex}-{path.name}"


def is_whole(path: Path) -> bool:
    """Whether a name is none of `temporary`'s, which globs find as well."""
    return not path.name.startswith(TEMPORARY)


def write_whole(path: Path, data: bytes) -> str:
    """Write bytes as `whole_file` does; returns their SHA-256."""
    with whole_file(path) as file:
        file.write(data)
    return hashlib.sha256(data).hexdigest()


def check_output(path: Path) -> None:
    """Try whether `whole_file` can write a path whose folder is there, and leave nothing behind.

    For commands, before their work. ValueError says why it cannot be written and what to do.
    """
    folder = path.parent
    try:
        if isinstance(path, StorePath):
            check_writable(folder)
            return
        if path.is_dir():
            raise ValueError(f"{path}: is a folder; give the name of a file to write")
        if path.exists() and not path.is_file():
            raise ValueError(f"{path}: is a device or a pipe; give the name of a file to write")
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"{path}: {folder} is a file, not a folder; give another place to write to")
        if not folder.is_dir():
            raise ValueError(f"{path}: the folder {folder} does not exist; make it, or give another one")
        part = temporary(path)
        part.touch(exist_ok=False)
        part.unlink()
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be written ({error.strerror}); give another place to write to"
        ) from error


def check_own_folder(root: Path, names: Container[str], what: str, flag: str = "--output") -> None:
    """Refuse a folder for output that holds anything but what the command itself writes there.

    For commands, before their work: a killed run's files may be overwritten, somebody's else may not.
    """
    for place in (root, *root.parents):
        if place.exists() and not place.is_dir():
            raise ValueError(f"{place}: is a file, not a folder; give another {flag}")
    others = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    foreign = [name for name in others if name not in names and not name.startswith(TEMPORARY)]
    if foreign:
        raise ValueError(f"{root}: holds {foreign[0]!r}, which is no part of {what}; give another {flag}")


def check_writable(folder: Path) -> None:
    """Try whether a file can be put into a folder that is there, or into a bucket; OSError says why not."""
    probe = temporary(folder / "probe")
    try:
        probe.write_bytes(b"")
    finally:
        probe.unlink(missing_ok=True)


def has_digest(path: Path, sha256: str) -> bool:
    """Whether a file is there and has these bytes."""
    return path.is_file() and file_digest(path) == sha256


def can_write(folder: Path) -> bool:
    """Whether files can be put into a folder that is there, or into a bucket."""
    if not isinstance(folder, StorePath):
        return os.access(folder, os.W_OK)
    try:
        check_writable(folder)
    except OSError:
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder durable; in a store they are."""
    if isinstance(folder, StorePath):
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, value: Any) -> str:
    """Write JSON for people to read, keys in their order; returns the SHA-256 of the bytes."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return write_whole(path, (text + "\n").encode())


def read_json(path: Path) -> Any:
    """The value of a JSON file, None where there is no such file; ValueError names a broken one."""
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: is no JSON ({error}); restore it or build the corpus again") from error


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    if isinstance(path, StorePath):
        digest, size = hashlib.sha256(), int(path.stat().st_size)
        for start in range(0, size, _PIECE):
            digest.update(path.read_range(start, min(start + _PIECE, size)))
        return digest.hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that it holds; nothing where there is none."""
    if isinstance(folder, StorePath):
        folder.remove_tree()
        return
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def copy_tree(folder: Path, target: Path) -> None:
    """Copy all files of a folder of this machine below another name, each written whole."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            write_whole(target / path.relative_to(folder).as_posix(), path.read_bytes())


def sweep(folder: Path) -> int:
    """Remove temporary files that a killed run left; returns how many.

    A store holds whole objects only; what may be left there are probes of `check_writable` in the folder.
    """
    found = folder.iterdir() if isinstance(folder, StorePath) else folder.rglob(f"{TEMPORARY}*")
    parts = [path for path in found if path.name.startswith(TEMPORARY)]
    for part in parts:
        part.unlink(missing_ok=True)
    return len(parts)
