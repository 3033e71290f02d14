"""The `irmogen` command in a process of its own, forked from one that has imported the libraries already.

Only the libraries are imported beforehand, some five seconds' worth, never the code that is tested.
Processes forked here share the seed of Python's hashes; what compares bytes needs one side made cold.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

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


def irmogen(*arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the real command in its own process."""
    words = [str(argument) for argument in arguments]
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder) / "stdout", Path(folder) / "stderr"]
        for file in said:
            file.touch()
        process = _processes.Process(target=_run, args=(words, said, dict(os.environ), os.getcwd()))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, SECONDS)
        return _ended(words, process.exitcode, *(file.read_text() for file in said), check)


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


def _run(words: list[str], said: list[Path], environment: Mapping[str, str], folder: str) -> None:
    """In the forked process: become the command."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, file in enumerate(said, 1):
        os.dup2(os.open(file, os.O_WRONLY), number)
    logging.getLogger().handlers.clear()  # a library's import may have set one
    from pipelines.cli import main

    sys.exit(main(words))
