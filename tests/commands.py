"""The `irmogen` command in a process of its own, forked from one that has imported the libraries already.

Only the libraries are imported beforehand, some five seconds' worth, never the code that is tested.
Processes forked here share the seed of Python's hashes; what compares bytes needs one side made cold.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LIBRARIES = [
    "apache_beam.runners.portability.fn_api_runner",
    "great_expectations",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "pyarrow.parquet",
    "scipy.interpolate",
    "scipy.ndimage",
    "scipy.signal",
    "torch",
]
SECONDS = 600

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(LIBRARIES)


def irmogen(
    *arguments: object, check: bool = True, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the real command in its own process, with more variables in its environment."""
    words = [str(argument) for argument in arguments]
    with _forked(words, environ or {}) as (process, said):
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, SECONDS)
        return _ended(words, process.exitcode, *(file.read_text() for file in said), check)


def killed_irmogen(
    *arguments: object, moment: Callable[[], bool], environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process group of its own, which gets SIGKILL when the moment has come.

    The exit code is -9 then, and where the command killed itself.
    """
    words = [str(argument) for argument in arguments]
    with _forked(words, environ or {}, group=True) as (process, said):
        while process.exitcode is None and not moment():
            time.sleep(0.01)
        if process.exitcode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.join()
        return _ended(words, process.exitcode, *(file.read_text() for file in said), check=False)


@contextmanager
def _forked(
    words: list[str], environ: Mapping[str, str], group: bool = False
) -> Iterator[tuple[Any, list[Path]]]:
    """A started process, and the files of what it says."""
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder) / "stdout", Path(folder) / "stderr"]
        for file in said:
            file.touch()
        variables = {**os.environ, **environ}
        process = _processes.Process(target=_run, args=(words, said, variables, os.getcwd(), group))
        process.start()
        yield process, said


def cold_irmogen(*arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the real command as a shell does, from nothing."""
    words = [str(argument) for argument in arguments]
    command = [sys.executable, "-m", "pipelines.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    return _ended(words, done.returncode, done.stdout, done.stderr, check)


def _ended(words: list[str], code: int, out: str, err: str, check: bool) -> subprocess.CompletedProcess[str]:
    if check and code != 0:
        raise AssertionError(f"irmogen {' '.join(words)} ended with {code}:\n{out}\n{err}")
    return subprocess.CompletedProcess(words, code, out, err)


def _run(
    words: list[str], said: list[Path], environment: Mapping[str, str], folder: str, group: bool
) -> None:
    """In the forked process: become the command."""
    if group:
        os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, file in enumerate(said, 1):
        os.dup2(os.open(file, os.O_WRONLY), number)
    logging.getLogger().handlers.clear()  # a library's import may have set one
    from pipelines.cli import main

    sys.exit(main(words))
