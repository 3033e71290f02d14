"""Ctrl-C while a language model is asked: once cleanly, twice at once; workers do not see it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
import signal, subprocess, sys, threading
from pipelines.interrupts import graceful
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job is born deaf to it
stopped = threading.Event()
def stop():
    print("stopping", flush=True)
    if "full" in sys.argv:
        raise OSError("the disk is full")
    stopped.set()
with graceful(stop):
    print("ready", flush=True)
    stopped.wait()
    if "again" in sys.argv:
        threading.Event().wait()
print("done", flush=True)
try:
    print("waiting", flush=True)
    threading.Event().wait()
except KeyboardInterrupt:
    print("as ever", flush=True)
"""


def started(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert said(process) == "ready"
    os.kill(process.pid, signal.SIGINT)
    assert said(process) == "stopping"
    return process


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_first_ctrl_c_lets_the_work_end_and_later_ones_are_as_ever() -> None:
    with started() as process:
        assert [said(process), said(process)] == ["done", "waiting"]
        os.kill(process.pid, signal.SIGINT)
        assert said(process) == "as ever"
    assert process.returncode == 0


def test_the_second_ctrl_c_ends_at_once() -> None:
    with started("again") as process:
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert (out, err.strip()) == ("", "interrupted twice: ended at once")


def test_a_stop_that_fails_is_told_and_the_second_ctrl_c_still_ends() -> None:
    with started("full") as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "\n"
        assert "cannot be told to end (the disk is full)" in process.stderr.readline()
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == 130
