"""Asks through batches: an answer is in the ledger, or its request is written down for the next batch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from prompts.requests import Request
from schemas.config import BuildConfig
from schemas.crash import reached
from schemas.ledger import Entry, Ledger
from schemas.places import place
from schemas.storage import write_whole
from transforms.llm.asking import AskError, PendingError, Reply, StoppedError
from transforms.llm.batch_records import BATCH_TRIES, BatchRecords
from transforms.llm.counts import Counts
from transforms.llm.material import Asked, asked
from transforms.llm.run_state import RunState, Status
from transforms.llm.wire import ledger_folder, llm_settings, reply_of

_KEY_AT, _KEY_SIZE = len('{"key":"'), 64


def pending_folder(output: Path) -> Path:
    """Where the shards of a run write the requests that they miss answers for: one file a shard.

    It belongs to one run, so that builds which share a ledger never see each other's.
    """
    return RunState(output).folder / "pending"


class PendingAsker:
    """The Asker of one shard in a build that asks through batches."""

    def __init__(self, config: BuildConfig, index: int) -> None:
        self._settings = llm_settings(config)
        self._ledger = Ledger(ledger_folder(config))
        self._given_up = BatchRecords(ledger_folder(config)).given_up()
        self._state = RunState(place(config.output))
        self._path = pending_folder(place(config.output)) / f"shard-{index:05d}.jsonl"
        self._first = f"{self._path.stem}-first"
        self._missing: dict[str, bytes] = {}
        self._found: set[str] = set()
        self._counts = Counts()

    async def ask(self, request: Request) -> Reply:
        """The answer out of the ledger.

        PendingError where the request goes into the next batch; AskError where it failed too often.
        """
        wanted = asked(self._settings, request)
        key = wanted.key
        entry = None if key in self._missing else self._held(key)
        if entry is not None:
            self._found.add(key)
            reached("ledger_before_parse")
            return reply_of(entry)
        failure = self._given_up.get(key)
        if failure is not None:
            times = "" if failure.reason == "request_refused" else f"; given up after {BATCH_TRIES} batches"
            raise AskError(failure.reason, f"{failure.detail}{times}", key)
        self._missing[key] = pending_line(wanted)
        raise PendingError(f"request {key} waits for a batch")

    def _held(self, key: str) -> Entry | None:
        try:
            return self._ledger.get(key)
        except ValueError as error:
            raise AskError("ledger_damaged", str(error)) from error

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a shard's coroutine to its end; what it missed is written down whole, whatever it raises."""
        if self._state.stopped():
            work.close()
            raise StoppedError("the run is stopping")
        try:
            return asyncio.run(work)
        finally:
            if self._missing:
                write_whole(self._path, b"".join(self._missing.values()))
            # Only of the shard's first pass: what later ones find may have come in this run's batches.
            if not self._state.has_status(self._first):
                self._state.write_status(self._first, Status(from_ledger=len(self._found)))

    def count(self, fault: str = "", /, **counts: int) -> None:
        """Add to the shard's counts, which replace those of the run's earlier passes over it."""
        self._counts.add(fault, **counts)
        self._state.write_status(self._path.stem, self._counts.status())


def pending_line(request: Asked) -> bytes:
    """A request as it waits for a batch: a line of JSON in ASCII, for captions may hold half a character."""
    content = {"key": request.key, "material": dict(request.material), "max_tokens": request.max_tokens}
    return json.dumps(content, separators=(",", ":")).encode() + b"\n"


def key_of(line: bytes) -> str:
    """The key of a line's request, without reading the rest of it."""
    return line[_KEY_AT : _KEY_AT + _KEY_SIZE].decode()


def read_pending(line: bytes) -> Asked:
    """The request of a line."""
    return Asked(**json.loads(line))
