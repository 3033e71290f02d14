"""A file that is taken back only while it is the one that was looked at: another process' newer one stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from schemas.first_writer import put_new
from schemas.places import StorePath
from schemas.storage import sync_folder, temporary


def take_back(path: Path, stale: Callable[[bytes], bool]) -> None:
    """Take a file back, durably, if its bytes are stale at that moment; nothing where there is none.

    In a folder it is renamed first, which one process can, and looked at then: one that is not stale is put
    back, and was missing for as long as two renames take. In a store it is emptied, under the condition that
    it is still what was read; empty it stays, for a removal takes no condition.
    """
    if isinstance(path, StorePath):
        _emptied(path, stale)
        return
    aside = temporary(path)
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    data = aside.read_bytes()
    if not stale(data):
        put_new([(path, data)])
    aside.unlink()
    sync_folder(path.parent)


def _emptied(path: StorePath, stale: Callable[[bytes], bool]) -> None:
    try:
        data, tag = path.version()
    except FileNotFoundError:
        return
    if data and stale(data):
        path.replace_version(tag, b"")
