"""How far a run of generation is; a killed run goes on, with as many processes as one likes.

OUTPUT/
  generate.json                    the settings that count, written first
  parts/part-00003-of-00010.json   a shard that is done: its files with digests and what was counted
Each process makes the shards that are its own and records them in files of their own, so that nobody waits
for anybody and nothing is made twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.corpus import Output, are_whole
from schemas.fingerprint import changes
from schemas.shards import shard_name
from schemas.storage import read_json, write_json

PROGRESS, PARTS = "generate.json", "parts"
PROGRESS_VERSION = 2
_KIND = "generation run"


@dataclass(frozen=True)
class Done:
    """A shard that is done."""

    outputs: tuple[Output, ...]
    counts: dict[str, int]


def check_settings(root: Path, settings: Mapping[str, Any]) -> None:
    """ValueError where the folder holds generations of other settings, with what differs."""
    path = root / PROGRESS
    values = read_json(path)
    if values is None:
        if (root / "manifest.json").exists():
            raise ValueError(f"{root}: holds generations that another command made; give another --output")
        return
    if not isinstance(values, dict) or values.get("kind") != _KIND:
        raise ValueError(f"{path}: is no record of `irmogen generate`; give another --output")
    if values.get("version") != PROGRESS_VERSION:
        raise ValueError(
            f"{path}: is of another version of irmogen ({values.get('version', 1)}, this one knows "
            f"{PROGRESS_VERSION}); give another --output"
        )
    held = values.get("settings")
    if not isinstance(held, dict):
        raise ValueError(f"{path}: is damaged (it holds no settings); remove it and generate again")
    different = changes(held, dict(settings))
    if different:
        raise ValueError(
            f"{root}: holds generations of other settings ({'; '.join(different)}); give another --output"
        )


def write_settings(root: Path, settings: Mapping[str, Any]) -> None:
    """Record what is made, unless it is recorded: every process writes the same."""
    if read_json(root / PROGRESS) is None:
        write_json(root / PROGRESS, {"kind": _KIND, "version": PROGRESS_VERSION, "settings": dict(settings)})


def read_done(root: Path, count: int, mine: Iterable[int]) -> dict[int, Done]:
    """The shards of a folder that are done, of `count`; of one's own those that are whole, byte for byte."""
    done: dict[int, Done] = {}
    own = set(mine)
    for index in range(count):
        values = read_json(_part(root, index, count))
        if values is not None:
            done[index] = _done(_part(root, index, count), values)
    return {index: done[index] for index in done if index not in own or are_whole(root, done[index].outputs)}


def write_done(root: Path, index: int, count: int, done: Done) -> None:
    """Record that a shard is done."""
    outputs = [output.as_dict() for output in done.outputs]
    write_json(_part(root, index, count), {"outputs": outputs, "counts": done.counts})


def _part(root: Path, index: int, count: int) -> Path:
    return root / PARTS / shard_name("part", index, count, "json")


def all_outputs(done: Mapping[int, Done]) -> Sequence[Output]:
    """The files of all shards that are done."""
    return [output for index in sorted(done) for output in done[index].outputs]


def _done(path: Path, values: Any) -> Done:
    try:
        return Done(tuple(Output(**output) for output in values["outputs"]), dict(values["counts"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: is damaged ({error}); remove it and generate again") from error
