"""A corpus whose shards are checked when they are read, not all of them before.

Who reads a few shards of many need not read the others: training, each of whose processes has its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from schemas.corpus import Corpus
from schemas.shards import read_checked


@dataclass(frozen=True)
class CheckedCorpus(Corpus):
    """A corpus that gives only rows of shards whose bytes are those that its manifest names."""

    digests: Mapping[str, str] | None = None  # SHA-256 by file, relative to the corpus

    def read(self, table: str, index: int, columns: list[str] | None = None) -> pa.Table:
        """One shard of a table, read once and whole. ValueError names one that is missing or changed."""
        path = self.shard_path(table, index)
        digest = (self.digests or {}).get(path.relative_to(self.root).as_posix(), "")
        remedy = "run `irmogen build --rebuild` with the corpus' input"
        found = read_checked(path, table, digest, remedy)
        return found if columns is None else found.select(columns)


def checked(corpus: Corpus, manifest: Mapping[str, Any]) -> CheckedCorpus:
    """The corpus, checked against its manifest shard by shard."""
    tables = manifest["tables"].values()
    digests = {shard["file"]: shard["sha256"] for table in tables for shard in table["shards"]}
    return CheckedCorpus(corpus.root, corpus.shards, digests)
