"""Files that are written once: put if absent, the first writer wins, whoever writes at the same time.

The one primitive that records shared by workers need; a store has it as a conditional put.
Readers see no file or a whole one. It holds between threads, processes and, on a network file system,
machines.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeVar

from schemas.places import StorePath
from schemas.storage import sync_folder, temporary

# A file system without hard links says one of these.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
_TRIES = 5  # of a file whose temporary name another process swept away
_CLAIM_SECONDS = 60.0  # a claim lasts milliseconds; one this old was left by a killed process
_SYNCS = 16  # at once: a disk makes many files durable in one go, ten times as fast as one by one
_durable: set[Path] = set()

Item = TypeVar("Item")
Done = TypeVar("Done")


def put_new(files: Sequence[tuple[Path, bytes]]) -> list[bool]:
    """Write each file unless its name is taken; says for each whether this call's bytes lie there.

    Everything is durable on return, also what others wrote: data are synced before a file gets its name,
    and each touched folder once after. Missing folders are made. OSError where nothing can be written;
    what then lies there already is whole.
    """
    stores = [(path, data) for path, data in files if isinstance(path, StorePath)]
    if stores:
        if len(stores) < len(files):
            raise ValueError(f"{stores[0][0]}: files of a store and of a folder cannot be put together")
        return _each(lambda file: file[0].create(file[1]), stores)
    folders = sorted({path.parent for path, _ in files})
    _make(folders)
    won: list[bool | None] = [None] * len(files)
    for _ in range(_TRIES):
        left = [number for number, done in enumerate(won) if done is None]
        for number, done in zip(left, _put([files[number] for number in left])):
            won[number] = done
    _each(sync_folder, folders)
    for (path, _), done in zip(files, won):
        if done is None:
            raise OSError(f"{path}: its temporary files vanish time and again; look for what removes them")
    return [bool(done) for done in won]


def _put(files: Sequence[tuple[Path, bytes]]) -> list[bool | None]:
    """Whether each file's bytes lie there now; None where its temporary file was taken away."""
    parts = [temporary(path) for path, _ in files]
    try:
        for part, (_, data) in zip(parts, files):
            part.write_bytes(data)
        _each(_sync_file, parts)
        return [_name(part, path) for part, (path, _) in zip(parts, files)]
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _make(folders: Sequence[Path]) -> None:
    """Make folders, or make sure that those which others made are durable: once a process and folder."""
    new = [folder for folder in folders if folder not in _durable or not folder.is_dir()]
    for folder in new:
        folder.mkdir(parents=True, exist_ok=True)
    _each(sync_folder, sorted({folder.parent for folder in new}))
    _durable.update(new)


def _each(work: Callable[[Item], Done], items: Sequence[Item]) -> list[Done]:
    if len(items) < 2:
        return [work(item) for item in items]
    try:
        done = _pool(os.getpid()).map(work, items)
    except RuntimeError:  # Python is ending and has closed all pools: it still has to be done
        done = map(work, items)
    return list(done)


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """Threads of this process; one that was forked has none of its parent's."""
    return ThreadPoolExecutor(_SYNCS, thread_name_prefix=f"sync-{process}")


def _sync_file(path: Path) -> None:
    # A sweep may take the file: then it cannot be given its name either, and is written again.
    with contextlib.suppress(FileNotFoundError), path.open("rb+") as file:
        os.fsync(file.fileno())


def _name(part: Path, path: Path) -> bool | None:
    try:
        os.link(part, path)
    except FileNotFoundError:
        return None
    except FileExistsError:
        return _same(part, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _claim_and_rename(part, path)
    return True


def _same(part: Path, path: Path) -> bool:
    """A network file system that repeats a request may refuse the very link that it has just made."""
    try:
        return os.path.samefile(part, path)
    except FileNotFoundError:
        return False


def _claim_and_rename(part: Path, path: Path) -> bool | None:
    """Without links: who creates the claim beside the file may rename; the others wait for it."""
    claim = path.with_name(f".claim-{path.name}")
    while not path.exists():
        try:
            claim.touch(exist_ok=False)
        except FileExistsError:
            _wait(claim)
            continue
        try:
            return _rename(part, path)
        finally:
            claim.unlink(missing_ok=True)
    return False


def _rename(part: Path, path: Path) -> bool | None:
    if path.exists():  # written between the last look and the claim
        return False
    try:
        part.replace(path)
    except FileNotFoundError:
        return None
    return True


def _wait(claim: Path) -> None:
    try:
        age = time.time() - claim.stat().st_mtime
    except FileNotFoundError:
        return
    if age > _CLAIM_SECONDS:
        claim.unlink(missing_ok=True)
    else:
        time.sleep(0.005)
