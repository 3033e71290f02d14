"""A set of generations on disk: what one model made of one split of a corpus, in one mode.

GENERATIONS/
  manifest.json    written last: model, mode, corpus, shards with digests; what a reader may trust
  generations/     a row a completion
  rounds/          a row a motion in it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from schemas.corpus import Output
from schemas.fingerprint import fingerprint
from schemas.generations import GENERATION_TABLES, MODES
from schemas.shards import read_shard, shard_name, to_table, write_shard
from schemas.storage import has_digest, read_json, write_json

SET_VERSION = 1
PARTS = ("manifest.json", *GENERATION_TABLES)  # what a set's folder holds
_KIND = "generations"


def content_fingerprint(manifest: Mapping[str, Any]) -> str:
    """What of a corpus an evaluation depends on: its goals and their motions, from its manifest.

    A corpus whose ladders or annotations were made anew has the same goals.
    """
    return fingerprint("goals", [manifest["tables"][name]["digest"] for name in ("motions", "goals")])


@dataclass(frozen=True)
class SetInfo:
    """What a set of generations is of."""

    model: str
    mode: str
    skeleton: str
    split: str
    corpus: str  # where the corpus was
    content: str  # `content_fingerprint` of it
    notes: dict[str, Any]  # how it was made: for people, and for whoever makes it again


def write_generation_shard(
    root: Path,
    index: int,
    count: int,
    generations: Iterable[Mapping[str, Any]],
    rounds: Iterable[Mapping[str, Any]],
    feature_size: int,
) -> list[Output]:
    """Write one of `count` shards of both tables; returns what was written, for the manifest."""
    outputs = []
    for table, rows in zip(GENERATION_TABLES.values(), (generations, rounds), strict=True):
        file = f"{table.name}/{shard_name(table.name, index, count)}"
        made = to_table(table, rows, feature_size)
        digest = write_shard(root / file, made)
        outputs.append(Output(table.name, file, made.num_rows, (root / file).stat().st_size, digest))
    return outputs


def write_set(root: Path, info: SetInfo, outputs: Iterable[Output]) -> None:
    """Write the manifest: the last thing, which makes the folder a set. ValueError for an unknown mode."""
    if info.mode not in MODES:
        raise ValueError(f"unknown mode {info.mode!r}: choose one of {', '.join(MODES)}")
    listed = sorted(outputs, key=lambda output: output.file)
    named = {root / output.file for output in listed}
    for table in GENERATION_TABLES:
        for stale in {*(root / table).glob("*.parquet")} - named:  # of a run with other shards
            stale.unlink()
    values = {
        "version": SET_VERSION,
        "kind": _KIND,
        **vars(info),
        "schema_versions": {table.name: table.version for table in GENERATION_TABLES.values()},
        "shards": [output.as_dict() for output in listed],
    }
    write_json(root / "manifest.json", values)


@dataclass(frozen=True)
class GenerationSet:
    """A finished set of generations."""

    root: Path
    info: SetInfo
    shards: tuple[Output, ...]

    @property
    def count(self) -> int:
        """How many completions there are."""
        return sum(shard.rows for shard in self.shards if shard.table == "generations")

    def completions(self) -> Iterator[pa.Table]:
        """The table `generations`, shard by shard, without the motions."""
        for shard in self.shards:
            if shard.table == "generations":
                yield read_shard(self.root / shard.file, "generations")

    def tables(self) -> Iterator[tuple[pa.Table, pa.Table]]:
        """Generations and rounds, shard by shard."""
        files: dict[str, list[Path]] = {
            name: [self.root / shard.file for shard in self.shards if shard.table == name]
            for name in GENERATION_TABLES
        }
        for generations, rounds in zip(files["generations"], files["rounds"], strict=True):
            yield read_shard(generations, "generations"), read_shard(rounds, "rounds")


def open_set(root: Path) -> GenerationSet:
    """A set of generations whose shards are those that its manifest names.

    ValueError says what is missing, damaged or of another version, and what to do.
    """
    path = root / "manifest.json"
    values = read_json(path)
    if not isinstance(values, dict) or values.get("kind") != _KIND:
        raise ValueError(
            f"{root}: holds no generations; give a folder with their manifest.json, such as "
            f"`irmogen make-generations` writes (of --kind all, one of its subfolders)"
        )
    known = {table.name: table.version for table in GENERATION_TABLES.values()}
    if values.get("version") != SET_VERSION or values.get("schema_versions") != known:
        raise ValueError(
            f"{path}: version {values.get('version')} with tables {values.get('schema_versions')}, this "
            f"irmogen knows {SET_VERSION} with {known}; generate again"
        )
    try:
        info = SetInfo(**{name: values[name] for name in SetInfo.__dataclass_fields__})
        shards = tuple(Output(**shard) for shard in values["shards"])
        if info.mode not in MODES:
            raise ValueError(f"unknown mode {info.mode!r}")
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: is damaged ({error}); generate again") from error
    for shard in shards:
        file = root / shard.file
        if not has_digest(file, shard.sha256):
            raise ValueError(f"{file}: is missing or changed since it was written; generate again")
    return GenerationSet(root, info, shards)
