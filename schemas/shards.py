"""Shards: the Parquet files of a corpus. The same rows give the same bytes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from schemas.crash import reached
from schemas.generations import GENERATION_TABLES
from schemas.places import StorePath
from schemas.rows import Segment
from schemas.storage import whole_file
from schemas.tables import TABLES, TOKENS, Table

_COMPRESSION_LEVEL = 1  # features hardly compress: a higher level costs time, not bytes
_ROW_GROUP = 256  # rows: one motion is read without its whole shard
_KNOWN = TABLES | GENERATION_TABLES | {"tokens": TOKENS}
_AGAIN = (
    dict.fromkeys(TABLES, "build the corpus")
    | dict.fromkeys(GENERATION_TABLES, "generate")
    | {"tokens": "tokenize the motions"}
)


def shard_name(name: str, index: int, count: int, kind: str = "parquet") -> str:
    """File name of a shard, or of what is kept about one: NAME-00000-of-00008.parquet."""
    return f"{name}-{index:05d}-of-{count:05d}.{kind}"


def to_table(table: Table, rows: Iterable[Mapping[str, Any]], feature_size: int) -> pa.Table:
    """Rows as an Arrow table, sorted by the table's key; features are (T, F) arrays.

    ValueError names the table and the key of rows that are there twice.
    """
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in table.key))
    for before, after in pairwise(ordered):
        if all(before[name] == after[name] for name in table.key) and table.name != "dead_letters":
            raise ValueError(f"{table.name}: two rows with key {[after[name] for name in table.key]}")
    schema = table.schema(feature_size)
    arrays = []
    for field in schema:
        column = [row[field.name] for row in ordered]
        if field.name == table.features:
            arrays.append(_features_array(column, field.type, feature_size))
        else:
            arrays.append(pa.array(column, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _features_array(clips: Sequence[NDArray[np.float32]], kind: pa.DataType, size: int) -> pa.Array:
    lengths = np.fromiter((len(clip) for clip in clips), np.int32, len(clips))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    parts = [np.empty(0, np.float32), *(np.asarray(clip, np.float32).ravel() for clip in clips)]
    frames = pa.FixedSizeListArray.from_arrays(pa.array(np.concatenate(parts)), size)
    return pa.ListArray.from_arrays(pa.array(offsets), frames).cast(kind)


def write_shard(path: Path, table: pa.Table) -> str:
    """Write a shard whole; returns the SHA-256 of its bytes."""
    with whole_file(path) as file:
        hashed = _Hashed(file)
        _write_rows(table, hashed)
        reached("during_shard_write")
    return hashed.digest.hexdigest()


class _Hashed(io.RawIOBase):
    """A file to write that knows the SHA-256 of what was written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        """It is only written."""
        return True

    def write(self, data: Any, /) -> int:
        """Write bytes through."""
        self.digest.update(data)
        return self._file.write(data)


def _write_rows(table: pa.Table, file: BinaryIO | _Hashed) -> None:
    pq.write_table(
        table,
        file,
        compression="zstd",
        compression_level=_COMPRESSION_LEVEL,
        row_group_size=_ROW_GROUP,
        use_dictionary=False,
        use_byte_stream_split=_float_leaves(table.schema),
        write_statistics=True,
        store_schema=True,
    )


def _float_leaves(schema: pa.Schema) -> list[str]:
    """Parquet's names of the motion features' numbers: bytes of one rank together compress better."""
    return [f"{field.name}.list.element.list.element" for field in schema if field.name == "features"]


def read_shard(path: Path, name: str, columns: Sequence[str] | None = None) -> pa.Table:
    """A shard of the named table; ValueError when its schema version is not the one known here."""
    with parquet_file(path, whole=columns is None) as file:
        check_version(path, name, file.schema_arrow.metadata or {})
        return file.read(columns=None if columns is None else list(columns))


def parquet_file(path: Path, whole: bool = False) -> pq.ParquetFile:
    """An open Parquet file; of one in a store, the parts that are asked for are read, or all of it at once.

    FileNotFoundError, pyarrow's errors where it is none.
    """
    if not isinstance(path, StorePath):
        return pq.ParquetFile(path)
    return pq.ParquetFile(pa.BufferReader(path.read_bytes()) if whole else path.open("rb"), pre_buffer=True)


def read_checked(path: Path, name: str, digest: str, remedy: str) -> pa.Table:
    """A shard of the named table whose bytes have a SHA-256; they are read once.

    ValueError names a shard that is missing or has other bytes, and tells the remedy.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"{path}: is missing; {remedy}") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(f"{path}: changed since it was written (SHA-256 differs); {remedy}")
    return shard_in(data, path, name)


def shard_in(data: bytes, path: Path, name: str, columns: Sequence[str] | None = None) -> pa.Table:
    """As `read_shard`, of bytes that have been read already."""
    file = pq.ParquetFile(pa.BufferReader(data))
    check_version(path, name, file.schema_arrow.metadata or {})
    return file.read(columns=None if columns is None else list(columns))


def check_version(path: Path, name: str, metadata: Mapping[bytes, bytes]) -> None:
    """Refuse a file that is not of this table or not of the schema version known here."""
    table, version = metadata.get(b"table", b"?").decode(), metadata.get(b"schema_version", b"?").decode()
    if table != name or version != str(_KNOWN[name].version):
        raise ValueError(
            f"{path}: holds {table} of schema version {version}, expected {name} of version "
            f"{_KNOWN[name].version}; {_AGAIN[name]} again with this version of irmogen"
        )


def features_of(table: pa.Table, row: int, column: str = "features") -> NDArray[np.float32]:
    """Features (T, F) of one row, without a copy where Arrow allows it."""
    return clip_of(table.column(column)[row])


def features_of_segments(motions: pa.Table, parts: Iterable[Segment]) -> dict[Segment, NDArray[np.float32]]:
    """Features (T, F) of parts of the motions of a table, once each, in order; KeyError for one it lacks."""
    rows = {motion_id: row for row, motion_id in enumerate(motions.column("motion_id").to_pylist())}
    return {part: features_of(motions, rows[part[0]])[part[1] : part[2]] for part in dict.fromkeys(parts)}


def clip_of(scalar: pa.Scalar) -> NDArray[np.float32]:
    """Features (T, F) of one value of a features column."""
    frames = scalar.values
    size = frames.type.list_size
    flat = frames.flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(-1, size)
