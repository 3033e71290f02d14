"""What a worker tells of itself before a build, and who judges it.

This file is sent to workers as text (pipelines/preflight_job.py), for they may lack our package or hold
another of its versions: it imports the standard library and Beam only.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import importlib.metadata
import importlib.util
import json
import os
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam

MARK = "irmogen-preflight:"
_SUFFIXES = (".py", ".txt", ".yaml", ".json", ".html", ".css", ".js", ".slurm")


def source_digest(rooms: Iterable[str]) -> str:
    """Short hash of packages' files, as they would be imported; ImportError names one that is not there.

    Only folders that are packages count, as a wheel holds no others.
    """
    digest = hashlib.sha256()
    for room in rooms:
        spec = importlib.util.find_spec(room)
        if spec is None or not spec.submodule_search_locations:
            raise ImportError(room)
        root = Path(next(iter(spec.submodule_search_locations)))
        for path in sorted(root.rglob("*")):
            if path.suffix in _SUFFIXES and (path.parent / "__init__.py").is_file():
                digest.update(f"{room}/{path.relative_to(root).as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def installed(package: str) -> str:
    """Version of an installed package that can be imported, or "" where it is missing."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def faults(asked: dict[str, Any]) -> list[str]:
    """What is wrong here, a line each; `asked` is what pipelines/preflight.py wants of a worker."""
    found = _packages(asked) + _source(asked)
    lacking = [name for name in asked["variables"] if not os.environ.get(name)]
    found += [f"{name} is not set: give it to the workers' environment" for name in lacking]
    place = _place()
    # What a store needs and lacks is told by now; asking it all the same would only take long.
    stores = place is not Path and not any(name.startswith("AWS_") for name in lacking)
    for flag, root, digests in asked["reads"]:
        if stores or "://" not in root:
            found += _reads(place, flag, root, digests)
    for flag, root in asked["writes"]:
        if stores or "://" not in root:
            found += _writes(place, flag, root, asked["nonce"])
    return found


def _packages(asked: dict[str, Any]) -> list[str]:
    found = []
    for package, version in asked["packages"].items():
        here = installed(package)
        if not here:
            found.append(f"{package} is not installed ({version} here): install it with constraints.txt")
        elif here != version:
            found.append(f"{package} {here}, but {version} submits: install it with constraints.txt")
    return found


def _source(asked: dict[str, Any]) -> list[str]:
    remedy = "install the wheel of this checkout there (make wheel) or make the image anew (make image)"
    try:
        here = source_digest(asked["rooms"])
    except ImportError as error:
        return [f"irmogen is not installed (no package {error}): {remedy}"]
    if here == asked["source"]:
        return []
    there = f"irmogen {installed('irmogen') or 'without a version'} of source {here}"
    return [f"{there}, but {asked['version']} of source {asked['source']} submits: {remedy}"]


def _place() -> Any:
    """What makes a path of a folder or a URI: ours; a plain path where ours is not there."""
    try:
        return importlib.import_module("schemas.places").place
    except ImportError:
        return Path


def _reads(place: Any, flag: str, root: str, digests: dict[str, str]) -> list[str]:
    """Whether the files of a folder are here, and are those that the submitter sees."""
    for name, digest in digests.items():
        try:
            data = (place(root) / name).read_bytes()
        except Exception as error:  # whatever a store raises is the finding
            return [f"{flag} {root}: {name} cannot be read ({_words(error)}); {_REMEDY}"]
        if hashlib.sha256(data).hexdigest() != digest:
            return [f"{flag} {root}: {name} is another file than where the build is submitted; {_REMEDY}"]
    return []


_REMEDY = "give a folder that all machines mount at this path, or an s3:// or gs:// URI"


def _writes(place: Any, flag: str, root: str, nonce: str) -> list[str]:
    """Whether a folder is the one that the submitter sees, and takes, gives back and drops a file."""
    try:
        seen = (place(root) / nonce).read_bytes()
    except Exception as error:
        return [f"{flag} {root}: is not the submitter's folder ({_words(error)}); {_REMEDY}"]
    name = f"{nonce}-{socket.gethostname()}-{os.getpid()}"
    try:
        path = place(root) / name
        _write(path, seen)
        back = path.read_bytes()
        path.unlink()
    except Exception as error:
        return [f"{flag} {root}: cannot be written ({_words(error)}); let the workers' user write there"]
    return [] if back == seen else [f"{flag} {root}: gives back other bytes than were written"]


def _write(path: Any, data: bytes) -> None:
    """As a build's steps write, where our package is here."""
    try:
        write = importlib.import_module("schemas.storage").write_whole
    except ImportError:
        write = type(path).write_bytes
    write(path, data)


def _words(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}"


def worker_name() -> str:
    """Host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Spread(beam.DoFn):
    """One element becomes so many keyed ones, which a grouping sends to all workers."""

    def __init__(self, parts: int) -> None:
        self.parts = parts

    def process(self, element: bytes) -> Iterator[tuple[str, str]]:
        """Yield (number, nothing)."""
        for part in range(self.parts):
            yield str(part), ""


class Probe(beam.DoFn):
    """Each worker process tells its faults, looked for once."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked = asked
        self.found = ""

    def process(self, element: tuple[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
        """Yield ("", report as JSON)."""
        if not self.found:
            self.found = json.dumps({"worker": worker_name(), "faults": faults(self.asked)})
        yield "", self.found


class Judge(beam.DoFn):
    """All reports in one place; fails with them where one tells of a fault, which reaches every submitter."""

    def process(self, element: tuple[str, Iterable[str]]) -> Iterable[tuple[str, str]]:
        """Yield nothing; RuntimeError holds the reports."""
        reports = [json.loads(report) for report in sorted(set(element[1]))]
        if any(report["faults"] for report in reports):
            # In base64: on its way a message may be quoted more than once.
            packed = base64.b64encode(json.dumps(reports).encode()).decode()
            raise RuntimeError(f"{MARK}{packed}:")
        workers = {report["worker"] for report in reports}
        beam.metrics.Metrics.counter("irmogen", "preflight_workers").inc(len(workers))
        return []
