"""Files written whole: a reader sees the old bytes or the new ones, never a part.

The one place that knows how a corpus' files reach the disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path
from typing import Any

_TEMPORARY = ".part-"


def write_whole(path: Path, data: bytes) -> str:
    """Write under a temporary name, fsync, rename; returns the SHA-256 of the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f"{_TEMPORARY}{uuid.uuid4().hex}-{path.name}"
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)
    return hashlib.sha256(data).hexdigest()


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder durable."""
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
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: is no JSON ({error}); restore it or build the corpus again") from error


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep(folder: Path) -> int:
    """Remove temporary files that a killed run left; returns how many."""
    parts = list(folder.rglob(f"{_TEMPORARY}*"))
    for part in parts:
        part.unlink(missing_ok=True)
    return len(parts)
