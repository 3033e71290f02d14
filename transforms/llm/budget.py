"""A run's budget, shared by its worker processes: what was paid never passes it.

The limit is cut into slices. A worker claims slices by creating their files, which only one can, and pays
out of what it claimed; whole slices that it does not need any more it gives back. So all claims together
never pass the limit, and no worker has to ask another one. While requests are in flight it keeps as much
free as the last one that ended had put aside: the next is mostly like it, and then needs no new claim.

What stays unused when a run gives up because of its budget: what the refused request could have cost at
most, what other workers have put aside for their requests in flight and get back in part, as much as one
such request more for each of these workers, and less than two slices (each 1/256 of the limit) a worker. A
worker that was killed keeps its claims until the run ends.
"""

from __future__ import annotations

import math
import random
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
        self._aside = 0  # for requests in flight
        self._claimed: list[str] = []
        self._names = [f"slice-{number:04d}" for number in range(SLICES)]
        random.Random(worker).shuffle(self._names)  # or all workers would claim the same ones first
        self._taken = set(self._names)  # by anybody, as far as is known
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
            self._aside += wanted
            return True

    def settle(self, reserved: float, cost: float) -> None:
        """Book what a request cost in the end (0 where it was not answered) and free the rest."""
        if self._unlimited:
            return
        with self._lock:
            self._free += _up(reserved) - _up(cost)
            self._aside -= _up(reserved)
            self._give_back(max(self._slice, _up(reserved) if self._aside > 0 else 0))

    def _claim(self, needed: int) -> None:
        """Claim slices until they make up for what is needed, or none is left."""
        if self._slice == 0:
            return
        needed = self._take(needed)
        if needed > 0:  # others may have given some back
            self._taken = {claim.name for claim in self._folder.glob("slice-*")}
            self._take(needed)

    def _take(self, needed: int) -> int:
        """Claim slices that are not known to be taken, all at once; what is still needed."""
        while needed > 0 and (left := [name for name in self._names if name not in self._taken]):
            names = left[: math.ceil(needed / self._slice)]
            won = put_new([(self._folder / name, self._worker.encode()) for name in names])
            mine = [name for name, ours in zip(names, won) if ours]
            self._taken.update(names)
            self._claimed += mine
            self._free += len(mine) * self._slice
            needed -= len(mine) * self._slice
        return needed

    def _give_back(self, kept: int) -> None:
        """Give back whole free slices, but keep so much for the next request."""
        while self._claimed and self._slice and self._free >= kept + self._slice:
            name = self._claimed.pop()
            (self._folder / name).unlink(missing_ok=True)  # it is gone where the run has ended
            self._taken.discard(name)
            self._free -= self._slice


def _up(money: float) -> int:
    return math.ceil(money * _UNITS)
