"""The shards of two corpora that are to be read: those that the other corpus does not have as well.

Digests are those that the manifests name; what is read is held against them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.shard_input import read_table
from schemas.corpus import Corpus, ManifestError
from schemas.storage import has_digest
from schemas.tables import TABLES

_NAME = re.compile(r"(?P<table>\w+)/(?P<name>.+)-(?P<index>\d+)-of-\d+\.parquet")


@dataclass(frozen=True)
class Shard:
    """One file of a corpus' table, as its manifest names it."""

    corpus: Corpus
    table: str
    name: str  # the table's, or the step's of dead letters
    index: int
    rows: int
    sha256: str

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.corpus.shard_path(self.table, self.index, self.name)

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """Its rows; ValueError where it is missing or damaged."""
        return read_table(self.corpus, self.table, self.index, columns, self.name)

    def check(self) -> None:
        """ValueError unless its bytes are those that the manifest names."""
        if not has_digest(self.path, self.sha256):
            raise ValueError(
                f"{self.path}: is not the shard that the manifest names (missing, or SHA-256 differs); "
                "`irmogen validate` lists what is; restore it or build the corpus again"
            )


@dataclass(frozen=True)
class Pair:
    """The shards of one table in both corpora: those with the same bytes, and the others of each."""

    table: str
    same: tuple[Shard, ...]  # as they lie in the first corpus
    before: tuple[Shard, ...]
    after: tuple[Shard, ...]

    @property
    def differs(self) -> bool:
        """Whether there is anything to read."""
        return bool(self.before or self.after)


def pairs(one: Corpus, manifest: dict[str, Any], other: Corpus, others: dict[str, Any]) -> Iterator[Pair]:
    """Every table's shards; ManifestError where a manifest does not name them."""
    for table in TABLES:
        before, after = shards(one, manifest, table), shards(other, others, table)
        common = Counter(s.sha256 for s in before) & Counter(s.sha256 for s in after)
        same, first = _parted(before, common)
        _, second = _parted(after, common)
        yield Pair(table, same, first, second)


def _parted(listed: list[Shard], common: Counter[str]) -> tuple[tuple[Shard, ...], tuple[Shard, ...]]:
    """Shards of which the other corpus has one with the same bytes, one for one, and the others."""
    left, same, own = Counter(common), [], []
    for shard in listed:
        if left[shard.sha256] > 0:
            left[shard.sha256] -= 1
            same.append(shard)
        else:
            own.append(shard)
    return tuple(same), tuple(own)


def shards(corpus: Corpus, manifest: dict[str, Any], table: str) -> list[Shard]:
    """The shards of a table that a manifest names; ValueError where one of them is not there."""
    try:
        listed = [(one["file"], one["rows"], one["sha256"]) for one in manifest["tables"][table]["shards"]]
        found = [
            Shard(corpus, table, match["name"], int(match["index"]), rows, sha256)
            for file, rows, sha256 in listed
            if (match := _NAME.fullmatch(file)) and match["table"] == table
        ]
    except (KeyError, TypeError) as error:
        raise _damaged(corpus, table) from error
    if len(found) != len(listed):
        raise _damaged(corpus, table)
    for shard in found:
        if not shard.path.is_file():
            raise ValueError(
                f"{shard.path}: is missing; `irmogen validate` lists what is; restore it or build the "
                "corpus again"
            )
    return found


def _damaged(corpus: Corpus, table: str) -> ManifestError:
    return ManifestError(
        f"{corpus.manifest_path}: is damaged (the shards of {table} are not named); restore it or build the "
        "corpus again"
    )
