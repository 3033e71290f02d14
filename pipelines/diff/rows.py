"""Rows that came, went or changed in one table, by digests of keys and cells.

A row's shard follows from its clip, so the shards of both corpora whose numbers leave the same rest by the
greatest common divisor of the two counts hold the same clips, and are compared with each other; what finds no
partner there is looked for once more among all that found none. In memory are the digests of one such group
and those of the rows without a partner: 8 bytes a column and 24 more a row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.diff.row_digests import KEY, Digests, cell_digests, key_digests, numbered
from pipelines.diff.shards import Pair, Shard
from schemas.tables import TABLES, Table

Row = dict[str, Any]

KINDS = ("added", "gone", "changed")


@dataclass(frozen=True)
class Example:
    """One row that came, went or changed: as it was and as it is, None where it is not."""

    key: str
    before: Row | None
    after: Row | None


@dataclass
class TableChanges:
    """What became of a table's rows."""

    table: str
    before: int  # rows
    after: int
    same: int
    added: int = 0
    gone: int = 0
    changed: int = 0
    columns: Counter[str] = field(default_factory=Counter)  # of changed rows, those whose column differs
    examples: dict[str, list[Example]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    @property
    def differs(self) -> bool:
        """Whether any row differs."""
        return bool(self.added or self.gone or self.changed)


@dataclass(frozen=True)
class _Rows:
    """Digests of rows, and where the rows are: (n,) keys, (n, columns) cells, (n, 2) shard and row."""

    keys: NDArray[np.bytes_]
    cells: Digests
    places: NDArray[np.int32]

    def take(self, chosen: NDArray[Any]) -> _Rows:
        """Some of the rows."""
        return _Rows(self.keys[chosen], self.cells[chosen], self.places[chosen])

    def without(self, used: NDArray[np.int64]) -> _Rows:
        """The other rows."""
        return self.take(np.delete(np.arange(len(self.keys)), used))


@dataclass(frozen=True)
class _Place:
    """Where a row is: the number of its shard and of the row in it; and the digests of its cells."""

    shard: int
    row: int
    cells: tuple[int, ...]


@dataclass(frozen=True)
class _Drawn:
    """A row that is shown: its key's digest, and where it is in each corpus."""

    key: bytes
    before: _Place | None
    after: _Place | None


def compare_rows(pair: Pair, examples: int, read: Callable[[Shard], object]) -> TableChanges:
    """The changes of a table with examples; `read` is told each shard before it is read."""
    same = sum(shard.rows for shard in pair.same)
    sides = (pair.before, pair.after)
    before, after = (same + sum(shard.rows for shard in side) for side in sides)
    found = _Comparison(pair, TableChanges(pair.table, before, after, same), examples)
    groups = gcd(*(shard.corpus.shards for side in sides for shard in side[:1]))
    left: list[tuple[_Rows, _Rows]] = []
    for rest in range(groups):
        chosen = [[n for n, shard in enumerate(side) if shard.index % groups == rest] for side in sides]
        if any(chosen):
            mine, theirs = (
                _digests(pair.table, side, numbers, read) for side, numbers in zip(sides, chosen, strict=True)
            )
            left.append(found.join(mine, theirs))
    if left:
        mine, theirs = (_joined(parts) for parts in zip(*left, strict=True))
        found.end(*found.join(mine, theirs))
    return found.changes


class _Comparison:
    """The state of comparing one table."""

    def __init__(self, pair: Pair, changes: TableChanges, examples: int) -> None:
        self.pair, self.changes, self.examples = pair, changes, examples
        self.drawn: dict[str, list[_Drawn]] = {kind: [] for kind in KINDS}

    def join(self, before: _Rows, after: _Rows) -> tuple[_Rows, _Rows]:
        """Count the rows that are in both; returns those that are in one only."""
        _, mine, theirs = np.intersect1d(
            numbered(before.keys, before.cells),
            numbered(after.keys, after.cells),
            assume_unique=True,
            return_indices=True,
        )
        differs = before.cells[mine] != after.cells[theirs]
        changed = differs.any(axis=1)
        self.changes.same += int((~changed).sum())
        self.changes.changed += int(changed.sum())
        names = [name for name, _ in TABLES[self.pair.table].columns]
        for name, number in zip(names, differs.sum(axis=0).tolist(), strict=True):
            if number:
                self.changes.columns[name] += number
        self._draw("changed", before.take(mine[changed]), after.take(theirs[changed]))
        return before.without(mine), after.without(theirs)

    def end(self, gone: _Rows, added: _Rows) -> None:
        """Count the rows that are in one corpus only, and read what is shown."""
        self.changes.gone, self.changes.added = len(gone.keys), len(added.keys)
        self._draw("gone", gone, None)
        self._draw("added", None, added)
        self.changes.examples = self._examples()

    def _draw(self, kind: str, before: _Rows | None, after: _Rows | None) -> None:
        """Keep the rows whose keys have the smallest digests, which are hashes: a draw by id."""
        rows = before or after
        if rows is None:
            return
        smallest = np.argsort(rows.keys, kind="stable")[: self.examples].tolist()
        drawn = [_Drawn(bytes(rows.keys[n]), _place(before, n), _place(after, n)) for n in smallest]
        self.drawn[kind] = sorted(self.drawn[kind] + drawn, key=lambda one: one.key)[: self.examples]

    def _examples(self) -> dict[str, list[Example]]:
        every = [one for drawn in self.drawn.values() for one in drawn]
        held = [
            _fetch(side, [place for one in every if (place := getattr(one, name))])
            for side, name in ((self.pair.before, "before"), (self.pair.after, "after"))
        ]
        table = TABLES[self.pair.table]
        return {
            kind: sorted((_example(table, one, *held) for one in drawn), key=lambda example: example.key)
            for kind, drawn in self.drawn.items()
        }


def _place(rows: _Rows | None, number: int) -> _Place | None:
    if rows is None:
        return None
    shard, row = rows.places[number].tolist()
    return _Place(shard, row, tuple(rows.cells[number].tolist()))


def _joined(parts: Iterable[_Rows]) -> _Rows:
    keys, cells, places = zip(*((part.keys, part.cells, part.places) for part in parts), strict=True)
    return _Rows(np.concatenate(keys), np.concatenate(cells), np.concatenate(places))


def _digests(
    name: str, side: Sequence[Shard], numbers: Sequence[int], read: Callable[[Shard], object]
) -> _Rows:
    """Digests of the rows of some shards of a table, one shard in memory at a time."""
    table = TABLES[name]
    columns = [column for column, _ in table.columns]
    parts = [_Rows(np.empty(0, KEY), np.empty((0, len(columns)), np.uint64), np.empty((0, 2), np.int32))]
    for number in numbers:
        shard = side[number]
        read(shard)
        shard.check()
        rows = shard.read(columns)
        places = np.stack([np.full(len(rows), number), np.arange(len(rows))], axis=1).astype(np.int32)
        parts.append(_Rows(key_digests(rows, identifying(table)), cell_digests(rows), places))
    return _joined(parts)


def identifying(table: Table) -> list[str]:
    """The columns that tell which row it is; dead letters may share their key: there it is the whole row."""
    return [name for name, _ in table.columns] if table.name == "dead_letters" else list(table.key)


def _fetch(side: Sequence[Shard], places: Iterable[_Place]) -> dict[tuple[int, int], Row]:
    """The rows at some places, by shard and row; motion features are told by their digest."""
    wanted: dict[int, list[_Place]] = {}
    for place in places:
        wanted.setdefault(place.shard, []).append(place)
    found = {}
    for number, rows in wanted.items():
        table = TABLES[side[number].table]
        held = side[number].read(table.light_columns)
        for place in rows:
            values = held.slice(place.row, 1).to_pylist()[0]
            if table.features:
                digest = place.cells[[name for name, _ in table.columns].index(table.features)]
                values[table.features] = f"digest {digest:016x}"
            found[number, place.row] = values
    return found


def _example(
    table: Table, one: _Drawn, before: dict[tuple[int, int], Row], after: dict[tuple[int, int], Row]
) -> Example:
    was = before[one.before.shard, one.before.row] if one.before else None
    now = after[one.after.shard, one.after.row] if one.after else None
    row = was or now or {}
    return Example(" ".join(str(row[name]) for name in table.key[:3]), was, now)
