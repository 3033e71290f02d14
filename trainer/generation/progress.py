"""How far a run of generation is: OUTPUT/generate.json, written after each shard; a killed run goes on.

It holds the settings that count, and for each shard that is done its files with digests and what was counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.corpus import Output
from schemas.fingerprint import changes
from schemas.storage import file_digest, read_json, write_json

PROGRESS = "generate.json"
_KIND = "generation run"


@dataclass(frozen=True)
class Done:
    """A shard that is done."""

    outputs: tuple[Output, ...]
    counts: dict[str, int]


def read_progress(root: Path, settings: Mapping[str, Any]) -> dict[int, Done]:
    """The shards of a folder that are done with these settings, and whole.

    ValueError where the folder holds generations of other settings, with what differs.
    """
    path = root / PROGRESS
    values = read_json(path)
    if values is None:
        if (root / "manifest.json").exists():
            raise ValueError(f"{root}: holds generations that another command made; give another --output")
        return {}
    if not isinstance(values, dict) or values.get("kind") != _KIND:
        raise ValueError(f"{path}: is no record of `irmogen generate`; give another --output")
    try:
        held, shards = dict(values["settings"]), values["shards"].items()
        done = {int(index): _done(shard) for index, shard in shards}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: is damaged ({error}); remove it and generate again") from error
    different = changes(held, dict(settings))
    if different:
        raise ValueError(
            f"{root}: holds generations of other settings ({'; '.join(different)}); give another --output"
        )
    return {index: shard for index, shard in done.items() if _is_whole(root, shard)}


def write_progress(root: Path, settings: Mapping[str, Any], done: Mapping[int, Done]) -> None:
    """Record what is done."""
    shards = {
        str(index): {
            "outputs": [output.as_dict() for output in done[index].outputs],
            "counts": done[index].counts,
        }
        for index in sorted(done)
    }
    write_json(root / PROGRESS, {"kind": _KIND, "settings": dict(settings), "shards": shards})


def all_outputs(done: Mapping[int, Done]) -> Sequence[Output]:
    """The files of all shards that are done."""
    return [output for index in sorted(done) for output in done[index].outputs]


def _done(values: Mapping[str, Any]) -> Done:
    return Done(tuple(Output(**output) for output in values["outputs"]), dict(values["counts"]))


def _is_whole(root: Path, done: Done) -> bool:
    files = [(root / output.file, output) for output in done.outputs]
    return all(path.is_file() and file_digest(path) == output.sha256 for path, output in files)
