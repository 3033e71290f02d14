"""What a run notes of itself in run.json: times and counts, no part of a corpus' identity."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from schemas.corpus import Corpus
from schemas.storage import read_json, write_json


def note(corpus: Corpus, **values: Any) -> None:
    """Keep these values in run.json, in place of older ones of the same names."""
    write_json(corpus.run_path, {**(read_json(corpus.run_path) or {}), **values})


@contextmanager
def phase(corpus: Corpus, name: str) -> Iterator[None]:
    """Note the seconds that the body takes, which ends without an error, as those of a phase of the run."""
    started = time.monotonic()
    yield
    noted = (read_json(corpus.run_path) or {}).get("phase_seconds", {})
    note(corpus, phase_seconds={**noted, name: round(time.monotonic() - started, 3)})
