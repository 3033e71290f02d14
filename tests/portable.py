"""Beam's portable protocol with real processes: a job server of two workers, and pools that start them."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SERVER = Path(__file__).with_name("two_worker_job_server.py")
POOL = "apache_beam.runners.worker.worker_pool_main"
SECONDS = 120
CLEAN = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@contextmanager
def job_server(folder: Path) -> Iterator[str]:
    """A job server; gives its address. Workers connect to `localhost`, whatever this machine is called."""
    port = folder / "port"
    with _process([sys.executable, str(SERVER), str(port)], folder / "server.log", os.environ) as alive:
        _wait(port.is_file, alive)
        yield f"localhost:{port.read_text()}"


@contextmanager
def worker_pool(python: Path, folder: Path, environ: Mapping[str, str] = CLEAN) -> Iterator[str]:
    """A worker pool whose bare `python` is that of a folder; gives its address."""
    with socket.create_server(("localhost", 0)) as server:
        number = server.getsockname()[1]
    variables = {**environ, "PATH": f"{python}{os.pathsep}{environ['PATH']}"}
    command = [str(python / "python"), "-m", POOL, "--service_port", str(number)]
    with _process(command, folder / "pool.log", variables) as alive:
        _wait(lambda: _listens(number), alive)
        yield f"localhost:{number}"


def bare_python(folder: Path, *paths: Path) -> Path:
    """A folder with a `python` that has our libraries but not our package, and what lies in more paths."""
    folder.mkdir()
    libraries = [*map(str, paths), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    # Without site no .pth is read, and with it no editable installation.
    lines = [
        "#!/bin/sh",
        f'PYTHONPATH={shlex.quote(os.pathsep.join(libraries))} exec {shlex.quote(sys.executable)} -S -P "$@"',
    ]
    script = folder / "python"
    script.write_text("\n".join(lines) + "\n")
    script.chmod(0o755)
    return folder


def flags(server: str, pool: str) -> tuple[str, ...]:
    """Flags of a build by a job server whose workers a pool starts."""
    outside = ("--environment_type=EXTERNAL", f"--environment_config={pool}")
    return ("--runner=PortableRunner", f"--job_endpoint={server}", *outside)


@contextmanager
def _process(command: list[str], log: Path, environ: Mapping[str, str]) -> Iterator[Callable[[], bool]]:
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, cwd=log.parent, env=dict(environ))
    try:
        yield lambda: process.poll() is None
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(ready: Callable[[], bool], alive: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not ready():
        assert alive(), "the process has ended"
        assert time.monotonic() < end, "the process does not get ready"
        time.sleep(0.05)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("localhost", port), 1).close()
    except OSError:
        return False
    return True
