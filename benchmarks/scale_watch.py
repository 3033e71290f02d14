"""The largest resident set of every process of a command, seen from outside."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

_EVERY = 0.2  # seconds between two looks
_PR_SET_PDEATHSIG = 1
_WORKER = "sdk_worker_main"  # in the command line of the engine's worker processes


@dataclass
class Watched:
    """A command that ended."""

    code: int
    seconds: float
    peaks: dict[int, int] = field(default_factory=dict)  # bytes, by process
    commands: dict[int, str] = field(default_factory=dict)  # command lines, by process
    root: int = 0

    @property
    def main(self) -> int:
        """Bytes of the command's own process."""
        return self.peaks[self.root]

    @property
    def workers(self) -> list[int]:
        """Bytes of each of the engine's worker processes."""
        return sorted(
            peak
            for process, peak in self.peaks.items()
            if process != self.root
            and _WORKER in self.commands[process]
            and not _shell(self.commands[process])
        )


def watched(command: Sequence[str], log: Path) -> Watched:
    """Run a command to its end, output to `log`, and keep the peak of each process that it starts.

    Linux only. A benchmark that is killed takes the command with it: the next one does not meet it at work.
    """
    started = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, preexec_fn=_die_with_parent)
        found = Watched(0, 0.0, root=process.pid)
        ended = threading.Event()
        thread = threading.Thread(target=_look_until, args=(found, ended), daemon=True)
        thread.start()
        try:
            found.code = process.wait()
        except BaseException:
            process.terminate()
            raise
        finally:
            found.seconds = time.perf_counter() - started
            ended.set()
            thread.join()
    return found


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _look_until(found: Watched, ended: threading.Event) -> None:
    while True:
        for process in _tree(found.root):
            _look(found, process)
        if ended.wait(_EVERY):
            return


def _look(found: Watched, process: int) -> None:
    try:
        status = Path(f"/proc/{process}/status").read_text()
        command = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return  # it has ended
    peak = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    if peak:  # the kernel keeps the most that there ever was: the last look counts
        found.peaks[process] = int(peak[0].split()[1]) * 1024
        found.commands[process] = command.replace(b"\0", b" ").decode(errors="replace")


def _tree(root: int) -> list[int]:
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in children.read_text().split()]
            except OSError:
                continue  # it has ended
    return found


def _shell(command: str) -> bool:
    return os.path.basename(command.split(" ", 1)[0]) in ("sh", "bash", "dash")
