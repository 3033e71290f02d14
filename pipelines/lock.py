"""One build a corpus, one training a folder at a time; the lock dies with the process that holds it.

In a folder the system frees it then; in a store it is free a minute after its holder's last renewal.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.identity import RefusedError
from schemas.places import StorePath
from schemas.store_client import EXIT_NOT_NOW
from schemas.store_lock import store_lock

LOCK = "build.lock"


class HeldError(RefusedError):
    """Another process writes the folder; the message names it."""

    exit_code = EXIT_NOT_NOW


@contextmanager
def locked(root: Path, work: str = "build") -> Iterator[None]:
    """Hold a folder for a kind of work while the body runs; makes the folder where there is none.

    HeldError names the process that holds it; PermissionError where nothing can be written.
    """
    holder = f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%F %T')}"

    def refuse(other: str) -> None:
        raise HeldError(f"{root}: another {work} is writing it ({other}); wait for it")

    if isinstance(root, StorePath):
        with store_lock(root / f"{work}.lock", holder, refuse):
            yield
        return
    try:
        root.mkdir(parents=True, exist_ok=True)
        file = (root / f"{work}.lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise PermissionError(
            f"{root}: cannot be written ({error.strerror}); give another --output"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            refuse(file.read().strip())
        file.truncate(0)
        file.write(f"{holder}\n")
        file.flush()
        yield
