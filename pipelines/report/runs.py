"""Trainings and evaluations that name a corpus: found in folders, checked, and read as plain values."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.generation_set import content_fingerprint
from schemas.storage import read_json

Row = dict[str, Any]

# As trainer/run_folder.py names them, whose import would bring torch into every build.
RECORD, BEGUN, LOG, SUMMARY, RESULTS = (
    "irmogen.json",
    "training.json",
    "log.jsonl",
    "summary.json",
    "results.json",
)
_ORDER = ("base", "stage1", "stage2", "stage3")


@dataclass(frozen=True)
class Training:
    """A folder of a training that read this corpus."""

    folder: Path
    record: Row
    finished: bool
    log: tuple[Row, ...] = ()
    summary: Row = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The stage that was trained."""
        return str(self.record.get("stage", self.folder.name))


@dataclass(frozen=True)
class Evaluation:
    """A folder of an evaluation of generations for this corpus' goals."""

    folder: Path
    results: Row


@dataclass(frozen=True)
class Runs:
    """What was trained on a corpus, and what was scored with it."""

    trainings: tuple[Training, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.trainings or self.evaluations)


def runs_of(
    root: Path, manifest: Row, trainings: Sequence[Path] | None, evaluations: Sequence[Path] | None
) -> Runs:
    """The trainings and evaluations of a corpus.

    In the folders that are given, and in those directly within these; for None in the folders beside the
    corpus. ValueError for a given folder that holds none, or none that names this corpus.
    """
    content = content_fingerprint(manifest)
    found = tuple(_all(root, trainings, "training", lambda folder: _training(folder, content)))
    scored = tuple(_all(root, evaluations, "evaluation", lambda folder: _evaluation(folder, content)))
    return Runs(
        tuple(sorted(found, key=lambda one: (_place(one.name), str(one.folder)))),
        tuple(sorted(scored, key=lambda one: str(one.folder))),
    )


def _place(stage: str) -> int:
    return _ORDER.index(stage) if stage in _ORDER else len(_ORDER)


def _all(root: Path, given: Sequence[Path] | None, what: str, read: Callable[[Path], Any]) -> Iterator[Any]:
    if given is None:
        beside = [path for path in _folders(root.resolve().parent) if path != root.resolve()]
        places = [place for path in beside for place in (path, *_folders(path))]
        yield from (found for place in places if (found := read(place)) is not None)
        return
    for folder in given:
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder}: no such folder; give the folder of a {what}")
        mine = [found for place in (folder, *_folders(folder)) if (found := read(place)) is not None]
        if not mine:
            raise ValueError(
                f"{folder}: holds no {what} that names this corpus; give the folder of one that does"
            )
        yield from mine


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except PermissionError:
        return []


def _training(folder: Path, content: str) -> Training | None:
    for name in (RECORD, BEGUN):
        record = _object(folder / name)
        if record.get("corpus_content") == content:
            return Training(
                folder, record, name == RECORD, tuple(_log(folder / LOG)), _object(folder / SUMMARY)
            )
    return None


def _evaluation(folder: Path, content: str) -> Evaluation | None:
    results = _object(folder / RESULTS)
    named = results.get("corpus")
    if not isinstance(named, dict) or named.get("fingerprint") != content:
        return None
    return Evaluation(folder, results)


def _object(path: Path) -> Row:
    """A JSON object; empty where there is none: what lies beside a corpus may be anything."""
    try:
        values = read_json(path)
    except (ValueError, OSError):
        return {}
    return values if isinstance(values, dict) else {}


def _log(path: Path) -> Iterator[Row]:
    """The lines of a log; a training that runs may just be writing the last one."""
    if not path.is_file():
        return
    for line in path.read_text("utf-8", "replace").splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(row, dict) and "step" in row:
            yield row


def linked(folder: Path, output: Path, name: str) -> str:
    """A file of a run as a link from the report's folder; empty where there is no such file."""
    path = folder / name
    return Path(os.path.relpath(path.resolve(), output.resolve())).as_posix() if path.is_file() else ""
