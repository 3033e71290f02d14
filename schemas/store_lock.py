"""A lock in a bucket: one object, which its holder renews; one that is not renewed is a dead holder's.

Creating and replacing are conditional, so that of two that want it one gets it. Whether a holder lives is
judged by the store's clock alone, or by its process where that ran on this machine. A holder that was stopped
so long that another took the lock finds its object replaced: its work is interrupted.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from schemas.places import StorePath

_RENEW_SECONDS = 5.0
_SILENT_SECONDS = 8.0  # without a renewal: it may be dead
_DEAD_SECONDS = 60.0  # it is


_held: set[str] = set()  # ids of this process' own locks


_log = logging.getLogger(__name__)


class LostLockError(RuntimeError):
    """The lock that this process held is another's: it was not renewed in time."""


@contextmanager
def store_lock(path: StorePath, holder: str, wait: Callable[[str], None]) -> Iterator[None]:
    """Hold an object as a lock while the body runs; `holder` says for people who does.

    `wait` is called with a living holder's words while there is one; what it raises ends the waiting. A
    silent holder is waited for, a minute at the most, until it has spoken or is dead.
    LostLockError where the lock was lost on the way.
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
        else:
            wait(keeper.other)
    keeper.start()
    try:
        yield
    except KeyboardInterrupt:
        if keeper.lost:
            raise LostLockError(keeper.lost) from None
        raise
    finally:
        keeper.end()
    if keeper.lost:
        raise LostLockError(keeper.lost)


class _Keeper:
    def __init__(self, path: StorePath, holder: str) -> None:
        self._path, self._holder, self._id = path, holder, uuid.uuid4().hex
        self._renewals, self._tag = 0, ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lock {path}", daemon=True)
        self.other = ""  # who has it
        self.silent = False  # and may be dead
        self.lost = ""  # how, once it was

    def take(self) -> bool:
        """Create the object, or replace a dead holder's; False while another lives."""
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
                self.silent = False
                return False  # another was faster
        self._tag = self._path.version()[1]
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
        if self.lost:
            return
        with contextlib.suppress(OSError):  # it then frees itself by its age
            if _values(self._path.read_bytes()).get("id") == self._id:
                self._path.unlink(missing_ok=True)

    def _keep(self) -> None:
        renewed = time.monotonic()
        while not self._done.wait(_RENEW_SECONDS):
            self._renewals += 1
            try:
                tag = self._path.replace_version(self._tag, self._data())
            except OSError:  # of a store that does not answer; it may again
                if time.monotonic() - renewed > _DEAD_SECONDS:
                    self._lose("the store did not answer for a minute")
                    return
                continue
            if tag is None:
                self._lose("another process took it, for it was not renewed in time")
                return
            self._tag, renewed = tag, time.monotonic()

    def _lose(self, why: str) -> None:
        self.lost = f"{self._path}: the lock of {self._holder} is lost ({why}); run the same command again"
        os.kill(os.getpid(), signal.SIGINT)  # which also ends a sleep of the main thread

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
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _values(data: bytes) -> dict[str, Any]:
    try:
        values = json.loads(data)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
