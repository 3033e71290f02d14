"""Folders of models written whole: a reader sees all of one, or none of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.storage import sync_folder, temporary


def check_new_folder(path: Path) -> None:
    """ValueError where a folder could not be written under this name; for commands, before their work."""
    for place in (path, *path.parents):
        if place.exists() and not place.is_dir():
            raise ValueError(f"{place}: is a file, not a folder; give another place to write to")
    if path.is_dir() and any(path.iterdir()):
        raise ValueError(
            f"{path}: is there already and not empty; remove it, or give another place to write to"
        )


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill, which appears under its name when the body ends without error.

    It has a temporary name beside its place. OSError where `path` was filled by somebody else meanwhile.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = temporary(path)
    part.mkdir()
    try:
        yield part
        part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    sync_folder(path.parent)
