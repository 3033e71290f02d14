"""A real browser for tests of pages: headless chromium, spoken to over its debugging pipe."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
# Descriptors are first put out of each other's way.
_START = """
import fcntl, os, sys
commands, answers = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(commands, 3)
os.dup2(answers, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
_LOADED = """new Promise((done) => {
  if (document.readyState === "complete") done();
  else addEventListener("load", done);
})"""
_SECONDS = 60  # a browser that is silent for so long is stuck


class Page:
    """One tab. `told` is what went wrong in it: console errors, exceptions; `asked` its requests."""

    def __init__(self, reader: int, writer: int) -> None:
        self._reader, self._writer = reader, writer
        self._number, self._session, self._rest = 0, "", b""
        self.told: list[str] = []
        self.asked: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Runtime", "Network", "Page", "Log"):
            self.call(f"{domain}.enable")

    def open(self, path: Path, **media: str) -> None:
        """Open a file; `media` are emulated features, with _ for -, as prefers_color_scheme="dark"."""
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call("Page.navigate", url=path.as_uri())
        self.run(_LOADED)

    def run(self, script: str) -> Any:
        """The value of an expression in the page, awaited where it is a promise."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise AssertionError(result["exceptionDetails"]["exception"].get("description", result))
        return result["result"].get("value")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a command of the debugging protocol; events before it are kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                found: dict[str, Any] = answer["result"]
                return found
            self._keep(answer.get("method", ""), answer.get("params", {}))

    def _keep(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method in ("Runtime.exceptionThrown", "Log.entryAdded") or (
            method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert")
        ):
            self.told.append(json.dumps(params))

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + _SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._reader], [], [], max(0, deadline - time.monotonic()))
            part = os.read(self._reader, 1 << 20) if ready else b""
            if not part:
                raise AssertionError("the browser ended, or was silent for a minute")
            self._rest += part
        line, self._rest = self._rest.split(b"\0", 1)
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A tab of a fresh browser; the test skips where there is no chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs chromium on the PATH, to open pages in a real browser")
    commands, writer = os.pipe()
    reader, answers = os.pipe()
    # The browser reads commands from descriptor 3 and writes answers to 4.
    shell = [sys.executable, "-c", _START, str(commands), str(answers)]
    flags = [*_FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}", "--window-size=1200,900"]
    process = subprocess.Popen(
        [*shell, chromium, *flags], pass_fds=(commands, answers), stderr=subprocess.DEVNULL
    )
    os.close(commands)
    os.close(answers)
    try:
        page = Page(reader, writer)
        yield page
        page._session = ""
        page.call("Browser.close")
        process.wait(20)
    finally:
        process.kill()
        process.wait()
        os.close(reader)
        os.close(writer)
