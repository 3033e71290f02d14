"""Export as a folder that `datasets.load_dataset` opens: Parquet by table and split, and a card."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from motion.layout import SPLITS
from motion.skeleton import skeleton
from pipelines.hf_card import card
from schemas.corpus import Corpus
from schemas.storage import write_whole
from schemas.tables import TABLES

# What is exported; dead letters are no training data and stay with the corpus.
CONFIGS = tuple(name for name in TABLES if name != "dead_letters")
_FILE_BYTES = 64 * 2**20  # a file is ended when it has so many
_ROW_GROUP = 256


@dataclass
class _Writer:
    """Parquet files of one table and split, written one after the other and each one whole."""

    folder: Path
    split: str
    schema: pa.Schema
    rows: int = 0
    files: int = 0
    _sink: pa.BufferOutputStream | None = None
    _file: pq.ParquetWriter | None = field(default=None, repr=False)

    def add(self, rows: pa.Table) -> None:
        """Append rows; ends the file when it is big enough."""
        if rows.num_rows == 0:
            return
        if self._file is None:
            self._sink = pa.BufferOutputStream()
            self._file = pq.ParquetWriter(self._sink, self.schema, compression="zstd")
        self._file.write_table(rows, row_group_size=_ROW_GROUP)
        self.rows += rows.num_rows
        if self._sink is not None and self._sink.tell() >= _FILE_BYTES:
            self.close()

    def close(self) -> None:
        """End the file that is being written, if there is one."""
        if self._file is None or self._sink is None:
            return
        self._file.close()
        path = self.folder / f"{self.split}-{self.files:05d}.parquet"
        write_whole(path, self._sink.getvalue().to_pybytes())
        self._file, self._sink = None, None
        self.files += 1


def export_hf(corpus: Corpus, manifest: dict[str, Any], output: Path) -> list[str]:
    """Write every table but the dead letters, and the card; returns what to tell the user.

    Shard by shard: memory holds one shard and, for each split, one file that is being written.
    ValueError when the corpus has no rows at all.
    """
    counts = {name: _write_config(corpus, manifest, name, output / "data" / name) for name in CONFIGS}
    if not any(counts.values()):
        raise ValueError(f"{corpus.root}: has no rows to export; see its report for what was left out")
    write_whole(output / "README.md", card(manifest, counts).encode())
    rows = sum(sum(splits.values()) for splits in counts.values())
    filled = [name for name, splits in counts.items() if splits]
    return [
        f"{rows} rows in {len(filled)} configs: {', '.join(filled)}",
        f'open one with datasets.load_dataset("{output}", "{filled[-1]}")',
    ]


def _write_config(corpus: Corpus, manifest: dict[str, Any], name: str, folder: Path) -> dict[str, int]:
    """Write one table; returns its rows by split, without empty splits."""
    size = skeleton(manifest["config"]["skeleton"]).feature_size
    schema = TABLES[name].schema(size)
    writers = {split: _Writer(folder, split, schema) for split in SPLITS}
    for index in range(corpus.shards):
        rows = corpus.read(name, index)
        splits = _splits(corpus, index, rows)
        for split, writer in writers.items():
            writer.add(rows.filter(pc.equal(splits, pa.scalar(split))))
    for writer in writers.values():
        writer.close()
    return {split: writer.rows for split, writer in writers.items() if writer.rows}


def _splits(corpus: Corpus, index: int, rows: pa.Table) -> pa.ChunkedArray | pa.Array:
    """The split of each row: its own, or that of its goal."""
    if "split" in rows.column_names:
        return rows["split"]
    goals = corpus.read("goals", index, ["goal_id", "split"])
    places = pc.index_in(rows["goal_id"], value_set=goals["goal_id"].combine_chunks())
    return pc.take(goals["split"], places)
