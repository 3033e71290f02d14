"""A run's budget, shared by its worker processes: what was paid never passes it.

The limit is cut into slices. A worker claims slices by creating their files, which only one can, and pays
out of what it claimed; whole slices that it does not need any more it gives back. So all claims together
never pass the limit, and no worker has to ask another one.

What stays unused when a run gives up because of its budget: what the refused request could have cost at
most, what other workers have put aside for their requests in flight and get back in part, and less than
two slices (each 1/256 of the limit) a worker. A worker that was killed keeps its claims until the run ends.
"""

from __future__ import annotations

import contextlib
import math
import threading
from pathlib import Path

from schemas.first_writer import put_new

SLICES = 256
_UNITS = 10**9  # money is counted in whole billionths, so that sums are exact


class Budget:
    """One worker's share of a run's budget. A limit of 0 is none."""

    def __init__(self, folder: Path, limit: float, worker: str) -> None:
        """`folder` is the run's, the same for all workers; `worker` is written into the claims."""
        if not (math.isfinite(limit) and limit >= 0):
            raise ValueError(f"budget {limit}: must be 0 (none) or more")
        self._folder = folder
        self._worker = worker
        self._unlimited = limit == 0
        self._slice = math.floor(limit * _UNITS) // SLICES
        self._free = 0  # claimed, neither reserved nor paid; below 0 when an answer cost too much
        self._claimed: list[Path] = []
        self._lock = threading.Lock()

    def reserve(self, most: float) -> bool:
        """Put aside what a request may cost at most; False where the budget does not hold so much now.

        False need not be the end: requests in flight mostly cost less than was put aside for them, so
        try again after each `settle`, and give up when nothing of this worker is in flight.
        """
        if self._unlimited:
            return True
        wanted = _up(most)
        with self._lock:
            if self._free < wanted:
                self._claim(wanted - self._free)
            if self._free < wanted:
                self._give_back(0)
                return False
            self._free -= wanted
            return True

    def settle(self, reserved: float, cost: float) -> None:
        """Book what a request cost in the end (0 where it was not answered) and free the rest."""
        if self._unlimited:
            return
        with self._lock:
            self._free += _up(reserved) - _up(cost)
            self._give_back(1)

    def _claim(self, needed: int) -> None:
        """Claim slices until they make up for what is needed, or none is left."""
        if self._slice == 0:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        taken = {claim.name for claim in self._folder.glob("slice-*")}
        for number in range(SLICES):
            if needed <= 0:
                return
            name = f"slice-{number:04d}"
            if name in taken or not self._create(self._folder / name):
                continue
            needed -= self._slice
            self._free += self._slice

    def _create(self, path: Path) -> bool:
        [mine] = put_new([(path, self._worker.encode())])
        if mine:
            self._claimed.append(path)
        return mine

    def _give_back(self, kept: int) -> None:
        """Give back whole free slices but some that are kept for the next request."""
        while self._claimed and self._slice and self._free >= (kept + 1) * self._slice:
            with contextlib.suppress(FileNotFoundError):  # the run has ended and its files are gone
                self._claimed.pop().unlink()
            self._free -= self._slice


def _up(money: float) -> int:
    return math.ceil(money * _UNITS)
