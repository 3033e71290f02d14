"""Turns: one worker at a time asks for a shard's answers; another that has the same shard waits for it.

A runner that takes a worker for dead gives its bundle to a second one, while the first may go on. Both would
send the same requests at the same time, and each would be paid. So who asks for a shard holds a file in
`OUTPUT/run/turns`, made by put-if-absent; a holder whose status is not renewed any more is dead, and the
next number of the shard's turn is free. The second worker then finds the first one's answers in the ledger.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.first_writer import put_new
from transforms.llm.asking import StoppedError
from transforms.llm.run_state import RunState

_LOOK_SECONDS = 0.5


class Turns:
    """The turns of one worker; `goes_on` tells whether it may still ask at all."""

    def __init__(self, state: RunState, worker: str, goes_on: Callable[[], bool]) -> None:
        self._state, self._worker, self._goes_on = state, worker, goes_on
        self._folder = state.folder / "turns"

    @contextmanager
    def hold(self, index: int) -> Iterator[None]:
        """Have the turn of a shard while the body runs; waits while another living worker has it.

        A worker that has the shard twice does not wait for itself. StoppedError when the run stops or ends.
        """
        number = self._take(index)
        while number is None:
            time.sleep(_LOOK_SECONDS)
            number = self._take(index)
        try:
            yield
        finally:
            if number >= 0:
                self._path(index, number).unlink(missing_ok=True)

    def _take(self, index: int) -> int | None:
        """The number of the turn that this worker has now, -1 where it has one already, None for no turn."""
        if self._state.stopped() or not self._goes_on():
            raise StoppedError("the run is stopping")
        last = max((int(path.suffix[1:]) for path in self._folder.glob(f"shard-{index:05d}.*")), default=-1)
        if last >= 0:
            try:
                holder = self._path(index, last).read_text(encoding="utf-8").split("\n")[0]
            except FileNotFoundError:
                return None  # freed at this moment
            if holder == self._worker:
                return -1
            if self._state.lives(holder):
                return None
        # Its own words: of two threads of this worker one takes it, also in a store.
        [mine] = put_new([(self._path(index, last + 1), f"{self._worker}\n{uuid.uuid4().hex}".encode())])
        return last + 1 if mine else None

    def _path(self, index: int, number: int) -> Path:
        return self._folder / f"shard-{index:05d}.{number}"
