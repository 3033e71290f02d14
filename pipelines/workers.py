"""Whether the workers of a runner can build: what they lack, a line each, before any work.

They are asked themselves, by a pipeline on the runner and in the environment of the build.
"""

from __future__ import annotations

import copy
import hashlib
import importlib.metadata
import os
import re
import sys
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motion.layout import clip_paths
from motion.split_lists import SPLITS, list_path, listed
from pipelines.engines import DATAFLOW, Engine, check_folders, engine_of, unreachable
from schemas.config import BuildConfig
from schemas.places import place
from schemas.storage import write_whole
from schemas.store_client import EXIT_NOT_NOW

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

ROOMS = ("motion", "schemas", "prompts", "evaluators", "transforms")  # those that workers run
PROBE = "preflight-"  # of the files that are put into a folder for a moment
PACKAGES = ("apache-beam", "numpy", "obstore", "pyarrow", "pyyaml", "scipy")
_MODEL_PACKAGES = ("openai", "pydantic")  # more, where workers ask a language model
TORCH_PACKAGES = ("safetensors", "torch")  # more, where they embed or encode motions
_STORE_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")  # of a store that is not Amazon's
_SECONDS = {DATAFLOW: 900.0}  # it starts machines first
_OTHERS_SECONDS = 180.0
# Beam's own check, which comes before any of ours: images stand for versions of Python and Beam.
_VERSIONS = re.compile(r"Submission environment: \S*/(\S+)\. Runtime environment: \S*/(\S+?)\.?(?:\s|$)")
_NAMED = 3  # workers that a line names
_SMALL_BYTES = 1 << 24  # of a file that workers read to show that they can


class NotReadyError(ValueError):
    """The workers cannot build; the message has a line for each thing that is missing."""

    exit_code = EXIT_NOT_NOW


@dataclass(frozen=True)
class Needs:
    """What workers must see and have, beside Beam and our source."""

    reads: Mapping[str, tuple[Path, tuple[str, ...]]]  # by flag: a folder and names of files in it
    writes: Mapping[str, Path]  # by flag: a folder
    packages: tuple[str, ...]
    variables: tuple[str, ...] = ()

    def folders(self) -> dict[str, str]:
        """Every folder by its flag."""
        reads = {flag: str(root) for flag, (root, _) in self.reads.items()}
        return {**reads, **{flag: str(root) for flag, root in self.writes.items()}}


def needs_of(config: BuildConfig) -> Needs:
    """What a build needs of its workers."""
    root = place(config.input)
    reads = {"--input": (root, _shown_by(root))}
    writes = {"--output": place(config.output)}
    packages: tuple[str, ...] = PACKAGES
    variables: tuple[str, ...] = ()
    if config.embedder:
        reads["--embedder"] = (place(config.embedder), ("embedder.json",))
        packages += TORCH_PACKAGES
    if config.llm is not None:
        from transforms.llm.client import KEY

        packages += _MODEL_PACKAGES
        variables = (KEY,) if os.environ.get(KEY) else ()
        if config.llm.ledger:
            writes["--ledger"] = place(config.llm.ledger)
    roots = [root for root, _ in reads.values()] + list(writes.values())
    if any(str(root).startswith("s3://") for root in roots):
        variables += tuple(name for name in _STORE_VARIABLES if os.environ.get(name))
    return Needs(reads, writes, packages, variables)


def _shown_by(root: Path) -> tuple[str, ...]:
    """Names of a few small files of an input, by which another machine shows that it sees the same one."""
    if (root / "build.json").is_file():  # a corpus
        return ("build.json",)
    lists = [path for split in SPLITS if (path := list_path(root, split)).is_file()]
    small = [path for path in lists if path.stat().st_size <= _SMALL_BYTES]
    first = next(listed(root))  # of an input that has been looked through
    clip = [path for path in clip_paths(root, first.motion_id) if path.is_file()]
    return tuple(path.relative_to(root).as_posix() for path in (*small, *clip))


def check_workers(options: PipelineOptions, needs: Needs) -> list[str]:
    """Lines that say what the workers are like; NotReadyError where they are not ready for the build.

    Workers that this process starts from its own installation are ready.
    """
    engine = engine_of(options)
    if engine.is_local:
        return [f"preflight: workers of {engine.name} run here, from this installation"]
    check_folders(engine, needs.folders())
    if found := unreachable(engine):
        raise NotReadyError(_told(engine, found))
    with _probes(needs) as nonce:
        return _ask(engine, copy.deepcopy(options), needs, _asked(needs, nonce))


def _ask(engine: Engine, options: PipelineOptions, needs: Needs, asked: dict[str, Any]) -> list[str]:
    """Run the preflight's pipeline. `options` are changed by the runner."""
    from pipelines.preflight_job import ask_workers

    seconds = _SECONDS.get(engine.name, _OTHERS_SECONDS)
    try:
        reports, answered = ask_workers(asked, options, seconds)
    except Exception as error:  # a runner's failures have no common class
        raise NotReadyError(_told(engine, [_failure(engine, error)])) from error
    if reports:
        raise NotReadyError(_told(engine, _lines(reports)))
    counted = {0: "workers", 1: "the worker process"}
    processes = counted.get(answered, f"{answered} worker processes")
    here = f"irmogen {asked['version']} of source {asked['source']} on Python {asked['python']}"
    return [
        f"preflight: {processes} of {engine.name} ({engine.workers}) with {here}",
        "preflight: they have "
        + ", ".join(f"{name} {version}" for name, version in asked["packages"].items()),
        "preflight: they see " + ", ".join(f"{flag} {root}" for flag, root in needs.folders().items()),
    ]


def _asked(needs: Needs, nonce: str) -> dict[str, Any]:
    """What worker_probe.py is asked, in plain values."""
    from pipelines.worker_probe import source_digest

    reads = [
        [flag, str(root), {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in names}]
        for flag, (root, names) in needs.reads.items()
    ]
    return {
        "nonce": nonce,
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "packages": {name: importlib.metadata.version(name) for name in needs.packages},
        "rooms": ROOMS,
        "source": source_digest(ROOMS),
        "version": importlib.metadata.version("irmogen"),
        "variables": needs.variables,
        "reads": reads,
        "writes": [[flag, str(root)] for flag, root in needs.writes.items()],
    }


@contextmanager
def _probes(needs: Needs) -> Iterator[str]:
    """A file in each folder that is written, by which workers know the folder; its name is given out."""
    nonce = f"{PROBE}{uuid.uuid4().hex[:12]}"
    try:
        for root in needs.writes.values():
            write_whole(root / nonce, nonce.encode())
        yield nonce
    finally:
        for root in needs.writes.values():
            forget_probes(root, nonce)  # also those of workers that died


def forget_probes(root: Path, name: str = PROBE) -> None:
    """Remove what preflights laid into a folder; those that were killed leave it there."""
    with suppress(FileNotFoundError):  # no folder, no file of a preflight
        for path in list(root.iterdir()):  # not `glob`, which in a bucket lists all that lies below
            if path.name.startswith(name):
                path.unlink(missing_ok=True)


def _told(engine: Engine, lines: list[str]) -> str:
    return "\n".join([f"{engine.name} ({engine.workers}) is not ready:", *(f"- {line}" for line in lines)])


def _lines(reports: list[dict[str, Any]]) -> list[str]:
    """Each fault once, with the workers that tell it."""
    workers: dict[str, list[str]] = defaultdict(list)
    for report in reports:
        for fault in report["faults"]:
            workers[fault].append(report["worker"])
    return [f"{fault} [{_named(told)} of {len(reports)}]" for fault, told in workers.items()]


def _named(workers: list[str]) -> str:
    more = len(workers) - _NAMED
    return ", ".join(workers[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _failure(engine: Engine, error: Exception) -> str:
    """Why the workers could not be asked, in a line."""
    text = str(error)
    pool = f"is a worker pool at {engine.pool} beside each task manager, and does its `python` have Beam?"
    if versions := _VERSIONS.search(text):
        here, there = versions.groups()
        return f"workers have {there}, but {here} submits: use one version of Python and of Beam for both"
    outside = engine.environment == "EXTERNAL"
    if isinstance(error, TimeoutError):
        return f"{error}: {pool if outside else 'has the cluster room for workers?'}"
    if outside and re.search(r"UNAVAILABLE|refused|failed to connect", text, re.IGNORECASE):
        return f"no worker could be started: {pool}"
    last = next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
    return f"the workers could not be asked: {type(error).__name__}: {last[:300]}"
