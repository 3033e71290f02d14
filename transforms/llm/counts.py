"""What a worker counts, from its event loop and from the threads that use it."""

from __future__ import annotations

import threading
from collections import Counter

from transforms.llm.run_state import Status


class Counts:
    """Counts by the names of Status."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()

    def add(self, fault: str = "", /, **counts: int) -> None:
        """Add to some counts; `fault` is why an answer failed the checks.

        TypeError, when they are next looked at, for a name that Status has not.
        """
        with self._lock:
            self._counts.update(counts)
            if fault:
                self._faults[fault] += 1

    def status(self, in_flight: int = 0, limit: int = 0) -> Status:
        """All counts now."""
        with self._lock:
            faults = dict(self._faults)
            return Status(**self._counts, in_flight=in_flight, limit=limit, faults=faults)
