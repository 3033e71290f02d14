"""A lock in a bucket: one object, which its holder renews; one that is not renewed is a dead holder's.

Creating and replacing are conditional, so that of two that want it one gets it. Whether a holder lives is
judged by the store's clock alone, or by its process where that ran on this machine. A holder that could not
renew its lock in time ends at once, and touches nothing any more: what lies there may be another's by now.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from schemas.places import StorePath, Version
from schemas.store_client import EXIT_NOT_NOW

_RENEW_SECONDS = 5.0
_SILENT_SECONDS = 8.0  # without a renewal: it may be dead
_DEAD_SECONDS = 60.0  # it is
_GIVE_UP_SECONDS = 45.0  # a holder that could not renew it ends before another may take it

_held: set[str] = set()  # ids of this process' own locks
_log = logging.getLogger(__name__)


@contextmanager
def store_lock(path: StorePath, holder: str, wait: Callable[[str], None]) -> Iterator[None]:
    """Hold an object as a lock while the body runs; `holder` says for people who does.

    `wait` is called with a living holder's words while there is one; what it raises ends the waiting. A
    silent holder is waited for, a minute at the most, until it has spoken or is dead. Where the lock is lost
    while the body runs, the process ends with EXIT_NOT_NOW.
    """
    keeper = _Keeper(path, holder)
    told = False
    while not keeper.take():
        if keeper.silent:
            if not told:
                _log.warning(
                    "%s: its holder is silent (%s): waiting until it has spoken or is dead",
                    path,
                    keeper.other,
                )
                told = True
            time.sleep(1.0)
        elif keeper.other:
            wait(keeper.other)
    keeper.start()
    try:
        yield
    finally:
        keeper.end()


class _Keeper:
    def __init__(self, path: StorePath, holder: str) -> None:
        self._path, self._holder, self._id = path, holder, uuid.uuid4().hex
        self._renewals = 0
        self._tag: Version = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lock {path}", daemon=True)
        self.other = ""  # who has it
        self.silent = False  # and may be dead

    def take(self) -> bool:
        """Create the object, or replace a dead holder's; False while another lives."""
        self.other, self.silent = "", False
        if not self._path.create(self._data()):
            try:
                held, tag = self._path.version()
                age = self._age()
            except FileNotFoundError:
                return False  # freed at this moment: the next try gets it
            values = _values(held)
            self.other, self.silent = str(values.get("holder", "unknown")), age > _SILENT_SECONDS
            if values.get("id") != self._id and age < _DEAD_SECONDS and not _died_here(values):
                return False
            if self._path.replace_version(tag, self._data()) is None:
                self.other, self.silent = "", False
                return False  # another was faster
        try:
            held, self._tag = self._path.version()
        except FileNotFoundError:
            return False
        if _values(held).get("id") != self._id:
            return False
        _held.add(self._id)
        return True

    def start(self) -> None:
        """Renew it from now on."""
        self._thread.start()

    def end(self) -> None:
        """Free the lock, unless it is another's by now."""
        self._done.set()
        self._thread.join()
        _held.discard(self._id)
        with contextlib.suppress(OSError):  # it then frees itself by its age
            if _values(self._path.read_bytes()).get("id") == self._id:
                self._path.unlink(missing_ok=True)

    def _keep(self) -> None:
        renewed = time.monotonic()
        while not self._done.wait(_RENEW_SECONDS):
            self._renewals += 1
            try:
                if not self._renew():
                    self._lose("another process took it, for it was not renewed in time")
                renewed = time.monotonic()
            except Exception as error:  # whatever it is: the lock must not die without a word
                if time.monotonic() - renewed > _GIVE_UP_SECONDS:
                    self._lose(f"the store does not renew it: {error}")

    def _renew(self) -> bool:
        """Whether it is still this holder's, and lives on."""
        asked = time.monotonic()
        tag = self._path.replace_version(self._tag, self._data(), hurry=True)
        if tag is None:  # or the answer to an earlier try was lost: then it is in our own words
            try:
                held, tag = self._path.version(hurry=True)
            except FileNotFoundError:
                return False
            if _values(held).get("id") != self._id:
                return False
        self._tag = tag
        if time.monotonic() - asked > _GIVE_UP_SECONDS:
            raise TimeoutError("the answer took too long")
        return True

    def _lose(self, why: str) -> None:
        if self._done.is_set():
            return
        print(
            f"\n{self._path}: the lock of {self._holder} is lost ({why}); run the same command again",
            file=sys.stderr,
            flush=True,
        )
        _end(EXIT_NOT_NOW)

    def _age(self) -> float:
        """Seconds since the lock was renewed, by the store's clock."""
        probe = self._path.with_name(f"{self._path.name}-{self._id}")
        probe.write_bytes(b"")
        try:
            return float(probe.stat().st_mtime - self._path.stat().st_mtime)
        finally:
            probe.unlink(missing_ok=True)

    def _data(self) -> bytes:
        values = {
            "holder": self._holder,
            "id": self._id,
            "machine": _machine(),
            "process": os.getpid(),
            "renewals": self._renewals,
        }
        return json.dumps(values).encode()


def _end(code: int) -> None:
    """End this process without anything that it would still do."""
    os._exit(code)


@cache
def _machine() -> str:
    """What processes have in common that see each other by their numbers; empty where that is not known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
        return f"{socket.gethostname()} {boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _died_here(values: dict[str, Any]) -> bool:
    """Whether a holder was a process of this machine that is no more."""
    process = values.get("process")
    if not _machine() or values.get("machine") != _machine() or not isinstance(process, int):
        return False
    if process == os.getpid():
        return values.get("id") not in _held
    try:
        os.kill(process, 0)
    except OSError as error:
        return isinstance(error, ProcessLookupError)
    return False


def _values(data: bytes) -> dict[str, Any]:
    try:
        values = json.loads(data)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
