"""What the processes of one run tell each other: that it stops, and how far each of them is.

Plain files under `OUTPUT/run/`, each written whole. They belong to one run: it clears the last one's
when it begins and removes its own when it ends. What must last, lies in the ledger.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schemas.ahead import ahead
from schemas.first_writer import put_new
from schemas.places import StorePath, is_store, scan
from schemas.storage import is_whole, remove_tree, temporary

REASONS = ("budget", "failures", "endpoint", "interrupted")
_GONE_SECONDS = 15.0  # a worker writes its status each second; one this much behind the others is gone
_GONE_IN_STORE_SECONDS = 60.0  # where it is written each five seconds, and a request may have to be repeated
_begun: dict[Path, int] = {}  # run folders, and the process that began the run


@dataclass(frozen=True)
class Stop:
    """Why a run stops."""

    reason: str  # one of REASONS
    detail: str  # for people: what happened, with the figures


@dataclass(frozen=True)
class Status:
    """Counts of one worker process, or of all of them together. Money follows from the tokens."""

    sent: int = 0  # requests, tries of the same one counted each
    answers: int = 0  # that came and are in the ledger
    from_ledger: int = 0  # answers that were there already
    input_tokens: int = 0  # of the answers that came, batches apart
    output_tokens: int = 0
    batch_input_tokens: int = 0
    batch_output_tokens: int = 0
    rejected: int = 0  # 429
    failed_tries: int = 0  # 5xx, time-outs, broken connections, answers that could not be kept
    refused: int = 0  # other 4xx
    asked_again: int = 0  # of `answers`: to requests that name an earlier answer's faults
    goals: int = 0  # that have all their annotations
    left_out: int = 0  # goals that became dead letters
    estimated_input_tokens: int = 0  # what the plan's method says of the requests answered
    in_flight: int = 0
    limit: int = 0  # requests that may be in flight now
    batches: int = 0  # under way now
    batch_requests: int = 0  # that these batches hold, answered or not
    faults: Mapping[str, int] = field(default_factory=dict)  # answers that failed the checks, by reason

    def __add__(self, other: Status) -> Status:
        """Each count of both."""
        counts = {name: mine + getattr(other, name) for name, mine in vars(self).items() if name != "faults"}
        return Status(**counts, faults=dict(Counter(self.faults) + Counter(other.faults)))

    def idle(self) -> Status:
        """The same with nothing under way."""
        return dataclasses.replace(self, in_flight=0, limit=0, batches=0, batch_requests=0)


class RunState:
    """The files of the run that writes an output folder."""

    def __init__(self, output: Path) -> None:
        self.folder = output / "run"
        self.budget_folder = self.folder / "budget"

    def begin(self) -> None:
        """Forget the last run; for the main process, before any worker starts."""
        self._clear()
        (self.folder / "status").mkdir(parents=True)
        self._begun_path.write_bytes(b"")
        _begun[self.folder] = os.getpid()

    def begun_here(self) -> bool:
        """Whether this process is the main one: it began the run."""
        return _begun.get(self.folder) == os.getpid()

    def stop(self, reason: str, detail: str) -> Stop:
        """Let the run stop; the first reason stays, and is returned. ValueError for an unknown one."""
        if reason not in REASONS:
            raise ValueError(f"unknown reason to stop {reason!r}: choose one of {', '.join(REASONS)}")
        mine = Stop(reason, detail)
        data = json.dumps(vars(mine), indent=1).encode()
        [first] = put_new([(self.folder / "stop.json", data)])
        return mine if first else self.stopped() or mine

    def stopped(self) -> Stop | None:
        """Why the run stops, None while it goes on; one look for a file."""
        try:
            return Stop(**json.loads((self.folder / "stop.json").read_bytes()))
        except FileNotFoundError:
            return None

    def write_status(self, worker: str, status: Status) -> None:
        """Replace a worker's counts; whole, but not synced: they need not outlive the machine.

        Nothing is written where no run has begun or it has ended: nobody would read or remove it.
        """
        path = self._status_path(worker)
        if isinstance(path, StorePath):
            if self._begun_path.is_file():
                path.write_text(json.dumps(vars(status)))
            return
        part = temporary(path)
        try:
            with contextlib.suppress(FileNotFoundError):
                part.write_text(json.dumps(vars(status)), encoding="utf-8")
                part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def has_status(self, worker: str) -> bool:
        """Whether a worker's counts are there; once written, they go only with the run."""
        return self._status_path(worker).is_file()

    def lives(self, worker: str) -> bool:
        """Whether a worker writes its counts still."""
        return any(path.stem == worker and not gone for path, gone in self._statuses())

    def workers(self) -> int:
        """How many workers there are; those that are gone are not counted."""
        return sum(not gone for _, gone in self._statuses())

    def total(self) -> Status:
        """All workers' counts together. Of a worker that is gone, nothing is in flight any more."""

        def read(found: tuple[Path, bool]) -> Status:
            path, gone = found
            status = Status(**json.loads(path.read_bytes()))
            return status.idle() if gone else status

        return sum(ahead(read, self._statuses(), self.folder), Status())

    def end(self) -> Status:
        """All workers' counts; then the run's files are removed. Look at `stopped` before.

        For the main process, when no worker writes any more.
        """
        total = self.total()
        self._clear()
        return total

    @property
    def _begun_path(self) -> Path:
        return self.folder / "begun"

    def _status_path(self, worker: str) -> Path:
        return self.folder / "status" / f"{worker}.json"

    def _statuses(self) -> list[tuple[Path, bool]]:
        """The workers' files, and whether a worker is gone."""
        written = _written(self.folder / "status")
        after = _GONE_IN_STORE_SECONDS if is_store(self.folder) else _GONE_SECONDS
        newest = max(written.values(), default=0.0)
        return [(path, when < newest - after) for path, when in written.items()]

    def _clear(self) -> None:
        remove_tree(self.folder)


def _written(folder: Path) -> dict[Path, float]:
    """When each file of a folder was written, seconds since 1970; in a store one request tells all."""
    if not is_store(folder):
        return {path: path.stat().st_mtime for path in folder.glob("*.json") if is_whole(path)}
    with contextlib.suppress(FileNotFoundError):  # no worker has written yet
        return {folder / one.name: one.mtime_ns / 1e9 for one in scan(folder) if one.name.endswith(".json")}
    return {}
