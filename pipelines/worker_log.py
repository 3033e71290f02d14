"""What worker processes write to standard error goes to a file, not between the lines of the build."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from schemas.places import StorePath


@contextmanager
def _file(path: Path) -> Iterator[BinaryIO]:
    """A file to log to; one for a store is put there at the end."""
    if not isinstance(path, StorePath):
        with path.open("wb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as file:
        try:
            yield file
        finally:
            file.seek(0)
            path.write_bytes(file.read())


@contextmanager
def worker_log(path: Path) -> Iterator[None]:
    """While the body runs, processes that it starts log to `path`; our own lines still show."""
    shown = sys.stderr
    kept = os.dup(2)
    with _file(path) as log, os.fdopen(kept, "w", buffering=1) as ours:
        shown.flush()
        os.dup2(log.fileno(), 2)
        sys.stderr = ours
        try:
            yield
        finally:
            os.dup2(kept, 2)
            sys.stderr = shown
