"""Records of batches in a ledger: what was submitted, what came of it, and which requests failed in them.

`LEDGER/batches/<name>.json` is one batch's record, `<name>.jsonl` beside it the requests that it holds
until its answers are fetched. A record is intended (written before anything is sent, under a name that
goes into the batch's metadata), submitted (the provider's id is known) and fetched. Builds that share a
ledger share the records: who changes them holds the folder's lock.
"""

from __future__ import annotations

import dataclasses
import fcntl
import os
import socket
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.places import StorePath, is_store
from schemas.storage import is_whole, read_json, sync_folder, write_json, write_whole
from schemas.store_lock import store_lock

RECORD_VERSION = 1
BATCH_TRIES = 3  # batches in which one request may fail or expire before it is given up
INTENDED, SUBMITTED, FETCHED = "intended", "submitted", "fetched"
_STATES = (INTENDED, SUBMITTED, FETCHED)


@dataclass(frozen=True)
class Failure:
    """Why requests got no answer in a batch."""

    reason: str  # request_refused: another try gets the same; request_failed: it counts as a try
    detail: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """What is known of one batch."""

    name: str  # goes into the batch's metadata, so that it is found by it
    state: str
    base_url: str  # of the endpoint
    intended: int  # Unix time
    requests: int
    most_input_tokens: int  # what its requests may be charged for at most
    most_output_tokens: int
    batch_id: str = ""
    status: str = ""  # in which it ended
    failures: tuple[Failure, ...] = ()


class BatchRecords:
    """The records in `LEDGER/batches`."""

    def __init__(self, ledger: Path) -> None:
        self.folder = ledger / "batches"

    @property
    def scratch(self) -> Path:
        """A folder of this machine for what an upload reads."""
        return Path(tempfile.gettempdir()) if is_store(self.folder) else self.folder

    def path(self, name: str) -> Path:
        """Where the record of a name lies."""
        return self.folder / f"{name}.json"

    def requests_path(self, name: str) -> Path:
        """Where the requests of a batch lie: a line each, as `transforms.llm.pending` writes it."""
        return self.folder / f"{name}.jsonl"

    def all(self) -> list[Record]:
        """Every record in the order of submission; ValueError names one that cannot be used."""
        paths = [path for path in self.folder.glob("*.json") if is_whole(path)]
        # Another build may take a record away at any moment.
        found = [_record(path, content) for path in paths if (content := read_json(path)) is not None]
        return sorted(found, key=lambda record: (record.intended, record.name))

    def read(self, name: str) -> Record | None:
        """The record of a name, None where it was taken away."""
        content = read_json(self.path(name))
        return None if content is None else _record(self.path(name), content)

    def intend(self, record: Record, requests: Sequence[bytes]) -> None:
        """Write down what is to be submitted, requests first: no record is without them."""
        write_whole(self.requests_path(record.name), b"".join(requests))
        self.write(record)

    def write(self, record: Record) -> None:
        """Replace a record, durably; the requests of a fetched one go after it."""
        write_json(self.path(record.name), {"version": RECORD_VERSION, **dataclasses.asdict(record)})
        if record.state == FETCHED:
            self.requests_path(record.name).unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Take a record away whose batch was never made."""
        self.path(name).unlink(missing_ok=True)
        sync_folder(self.folder)
        self.requests_path(name).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove requests that no open record needs; for who holds the lock."""
        needed = {record.name for record in self.all() if record.state != FETCHED}
        for path in self.folder.glob("*.jsonl"):
            if is_whole(path) and path.stem not in needed:
                path.unlink(missing_ok=True)

    def given_up(self) -> dict[str, Failure]:
        """Requests that are not sent any more, by key: refused, or failed in `BATCH_TRIES` batches."""
        times: Counter[str] = Counter()
        found: dict[str, Failure] = {}
        for failure in (failure for record in self.all() for failure in record.failures):
            for key in failure.keys:
                times[key] += 1
                if failure.reason == "request_refused" or times[key] >= BATCH_TRIES:
                    found[key] = failure
        return found

    def forget_failures(self, keys: Sequence[str]) -> int:
        """Let requests that failed be sent again, for a replay; returns how many were forgotten."""
        wanted, forgotten = set(keys), set()
        if not self.folder.is_dir():
            return 0
        with self.locked(_no_wait):
            for record in self.all():
                here = wanted & {key for failure in record.failures for key in failure.keys}
                if here:
                    forgotten |= here
                    kept = (_without(failure, wanted) for failure in record.failures)
                    left = tuple(failure for failure in kept if failure.keys)
                    self.write(dataclasses.replace(record, failures=left))
        return len(forgotten)

    @contextmanager
    def locked(self, wait: Callable[[], None]) -> Iterator[None]:
        """Hold the folder while the body runs; `wait` is called while another process holds it.

        The lock dies with its process. What `wait` raises ends the waiting.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = self.folder / "lock"
        if isinstance(lock, StorePath):
            with store_lock(lock, f"process {os.getpid()} on {socket.gethostname()}", lambda _: wait()):
                yield
            return
        with lock.open("a") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    wait()
                except OSError as error:
                    raise OSError(
                        f"{self.folder}: its disk cannot lock files ({error.strerror}); give another --ledger"
                    ) from error
            yield


def _without(failure: Failure, keys: set[str]) -> Failure:
    return dataclasses.replace(failure, keys=tuple(key for key in failure.keys if key not in keys))


def _no_wait() -> None:
    raise BlockingIOError("another build is submitting batches to this ledger; try again when it is done")


def _record(path: Path, content: Any) -> Record:
    remedy = "restore it, or remove it to have its requests sent (and paid) again"
    if not isinstance(content, dict) or content.get("version") != RECORD_VERSION:
        raise ValueError(f"{path}: no record of a batch in version {RECORD_VERSION}; {remedy}")
    fields = {name: value for name, value in content.items() if name != "version"}
    try:
        failures = tuple(
            Failure(failure["reason"], failure["detail"], tuple(failure["keys"]))
            for failure in fields.pop("failures")
        )
        record = Record(**fields, failures=failures)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: a record of a batch with wrong fields ({error}); {remedy}") from error
    if record.state not in _STATES or record.name != path.stem:
        raise ValueError(f"{path}: a record of a batch {record.name!r} in state {record.state!r}; {remedy}")
    return record
