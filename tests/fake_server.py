"""The fake endpoint as a real process, for tests."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FakeServer:
    """A running endpoint."""

    root: str  # http://127.0.0.1:PORT
    process: subprocess.Popen[str]

    @property
    def base_url(self) -> str:
        """What a client's --base-url is."""
        return f"{self.root}/v1"

    def stats(self) -> dict[str, Any]:
        """What it counted."""
        return dict(self._get("/stats"))

    def requests(self) -> dict[str, list[int]]:
        """Times asked and times answered, by `pipelines.fake_llm.books.messages_digest`."""
        return dict(self._get("/requests"))

    def reset(self) -> None:
        """Let its counts begin at nothing."""
        urllib.request.urlopen(
            urllib.request.Request(f"{self.root}/reset", method="POST"), timeout=30
        ).close()

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self.root + path, timeout=30) as response:
            return json.load(response)


@contextmanager
def fake_server(folder: Path, *flags: object) -> Iterator[FakeServer]:
    """Start `irmogen fake-llm` with these flags on a free port, and end it afterwards.

    `folder` takes its port file and its log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port_file = folder / "port"
    port_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pipelines.cli", "fake-llm", "--port-file", port_file, *flags]
    with (folder / "fake-llm.log").open("w") as log:
        process = subprocess.Popen([*map(str, command)], stdout=log, stderr=subprocess.STDOUT, text=True)
    try:
        yield FakeServer(f"http://127.0.0.1:{_port(port_file, process)}", process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(port_file: Path, process: subprocess.Popen[str]) -> int:
    """The port once it listens; AssertionError with the log if the process ended."""
    deadline = time.monotonic() + 60
    while not port_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError((port_file.parent / "fake-llm.log").read_text())
        time.sleep(0.02)
    return int(port_file.read_text())
