"""Digests of the cells of an Arrow table, many at once: they tell whether a row changed, and where.

A cell's digest is 64 bits and depends on its value alone, not on its shard, its row group or its neighbours.
Two values that differ have the same one by a chance of 2^-64.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Digests = NDArray[np.uint64]

_STEP = np.uint64(0x9E3779B97F4A7C15)  # of splitmix64, as are the two factors below
_NULL = np.uint64(0xD1B54A32D192ED03)
KEY = np.dtype("S16")


def cell_digests(table: pa.Table) -> Digests:
    """(rows, columns) digests of a table's cells."""
    columns = [_digests(column.combine_chunks()) for column in table.itercolumns()]
    return np.stack(columns, axis=1) if columns else np.empty((table.num_rows, 0), np.uint64)


def key_digests(table: pa.Table, names: Sequence[str]) -> NDArray[np.bytes_]:
    """(rows,) digests of 16 bytes of the columns that make a row's key."""
    columns = [table.column(name).to_pylist() for name in names]
    return np.array([_key(values) for values in zip(*columns, strict=True)], KEY)


def _key(values: tuple[object, ...]) -> bytes:
    # A last byte of 0 would be cut off: numpy pads texts with it.
    digest = hashlib.blake2b(repr(values).encode(), digest_size=16).digest()
    return digest[:15] + bytes([digest[15] | 1])


def numbered(keys: NDArray[np.bytes_], cells: Digests) -> NDArray[np.bytes_]:
    """Keys that are each there once: of rows with the same key the second and later ones get another one.

    They are numbered in the order of their cells, so that the same rows get the same keys in any order.
    """
    if len(np.unique(keys)) == len(keys):
        return keys
    order = np.lexsort([*cells.T[::-1], keys])
    ordered = keys[order]
    same = np.concatenate([[False], ordered[1:] == ordered[:-1]])
    places = np.arange(len(keys))
    number = places - np.maximum.accumulate(np.where(same, 0, places))
    made = ordered.copy()
    for place in np.flatnonzero(same):
        made[place] = _key((ordered[place].hex(), int(number[place])))
    found = np.empty_like(keys)
    found[order] = made
    return found


def _digests(values: pa.Array) -> Digests:
    """(n,) digests of the values of an array of any type that a corpus' tables have."""
    kind = values.type
    if pa.types.is_struct(kind):
        found = _of_struct(values)
    elif pa.types.is_list(kind):
        frames = pa.types.is_fixed_size_list(kind.value_type)
        found = _of_features(values) if frames else _of_list(values)
    elif pa.types.is_string(kind):
        texts = values.to_numpy(zero_copy_only=False)
        found = pd.util.hash_array(texts, categorize=False).astype(np.uint64)
    elif pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        found = _mixed(
            pc.fill_null(values.cast(pa.int64()), 0).to_numpy(zero_copy_only=False).view(np.uint64)
        )
    elif pa.types.is_floating(kind):
        numbers = pc.fill_null(values.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False)
        found = _mixed(np.ascontiguousarray(numbers).view(np.uint64))
    else:
        raise TypeError(f"no digest of {kind}")
    if values.null_count:
        found = np.where(values.is_null().to_numpy(zero_copy_only=False), _NULL, found)
    return found


def _mixed(values: Digests) -> Digests:
    """The finalizer of splitmix64 (Steele, Lea and Flood 2014): every bit moves half of the result."""
    values = values + _STEP
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _of_struct(values: pa.StructArray) -> Digests:
    found = np.zeros(len(values), np.uint64)
    for field in values.flatten():
        found = _mixed(found * _STEP + _digests(field))
    return found


def _of_list(values: pa.ListArray) -> Digests:
    """Sums over each list of its items' digests, each mixed with its place."""
    offsets = values.offsets.to_numpy()
    items = _digests(values.values)[offsets[0] : offsets[-1]]
    starts, ends = offsets[:-1] - offsets[0], offsets[1:] - offsets[0]
    places = np.arange(len(items), dtype=np.uint64)
    places -= np.repeat(starts, ends - starts).astype(np.uint64)
    mixed = _mixed(items + (places + np.uint64(1)) * _STEP)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed)])
    return _mixed(sums[ends] - sums[starts] + (ends - starts).astype(np.uint64))


def _of_features(values: pa.ListArray) -> Digests:
    """Of motion features, (frames, size) each: a hash of their bytes."""
    size = values.type.value_type.list_size
    numbers = values.values.flatten().to_numpy(zero_copy_only=False)
    offsets = (values.offsets.to_numpy() * size).tolist()
    hashes = [
        hashlib.blake2b(numbers[start:end].data, digest_size=8).digest() for start, end in pairwise(offsets)
    ]
    return np.frombuffer(b"".join(hashes), np.uint64)
