"""What worker processes write to standard error goes to a file, not between the lines of the build."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def worker_log(path: Path) -> Iterator[None]:
    """While the body runs, processes that it starts log to `path`; our own lines still show."""
    shown = sys.stderr
    kept = os.dup(2)
    with path.open("wb") as log, os.fdopen(kept, "w", buffering=1) as ours:
        shown.flush()
        os.dup2(log.fileno(), 2)
        sys.stderr = ours
        try:
            yield
        finally:
            os.dup2(kept, 2)
            sys.stderr = shown
