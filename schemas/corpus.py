"""A corpus on disk: where its shards, receipts, manifest and reports are.

corpus/
  build.json       the configuration that this corpus is being, or was, built with
  manifest.json    written last: what a reader may trust
  run.json         times and places of the last run; not part of the corpus' identity
  run.log          what the last run's worker processes logged; likewise
  receipts/        one file a step and shard: fingerprint, counts, outputs; what resuming reads
  listings/        sizes and times of the files that each shard was read from; likewise no part of it
  offers/          what ladders may be made of, while a build goes on
  TABLE/TABLE-00000-of-00008.parquet
  dead_letters/STEP-00000-of-00008.parquet
  ledger/          answers that were paid for; nothing here deletes it
  quality/         thresholds, statistics of every shard (schemas/profile.py), the gate's verdict
  report/          pages for people
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from schemas.shards import read_shard, shard_name
from schemas.storage import has_digest, read_json, sync_folder, write_json
from schemas.tables import SCHEMA_VERSIONS
from schemas.taking_back import take_back

MANIFEST_VERSION = 1
RECEIPT_VERSION = 1


@dataclass(frozen=True)
class Output:
    """One shard that a step wrote."""

    table: str
    file: str  # relative to the corpus
    rows: int
    size: int  # bytes
    sha256: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class Counts:
    """What became of a step's inputs: rows_in = rows_out + filtered + failed."""

    rows_in: int = 0
    rows_out: int = 0
    filtered: dict[str, int] = field(default_factory=dict)  # by reason
    failed: dict[str, int] = field(default_factory=dict)

    def __add__(self, other: Counts) -> Counts:
        """Both counts together."""
        return Counts(
            self.rows_in + other.rows_in,
            self.rows_out + other.rows_out,
            _sum(self.filtered, other.filtered),
            _sum(self.failed, other.failed),
        )

    @property
    def missing(self) -> int:
        """Rows that nobody can account for; 0 unless something is broken."""
        return self.rows_in - self.rows_out - sum(self.filtered.values()) - sum(self.failed.values())

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "rows_in": self.rows_in,
            "rows_out": self.rows_out,
            "filtered": dict(sorted(self.filtered.items())),
            "failed": dict(sorted(self.failed.items())),
        }


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {reason: one.get(reason, 0) + other.get(reason, 0) for reason in sorted({*one, *other})}


@dataclass(frozen=True)
class Receipt:
    """Proof that a step has done a shard: what it was made from and what it made."""

    step: str
    shard: int
    fingerprint: str
    counts: dict[str, Counts]  # by what is counted: "motions", "captions", "goals"
    outputs: tuple[Output, ...]

    @property
    def digest(self) -> str:
        """The outputs' digests in one line: what a later step depends on."""
        return " ".join(f"{output.table}:{output.sha256}" for output in self.outputs)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "version": RECEIPT_VERSION,
            "step": self.step,
            "shard": self.shard,
            "fingerprint": self.fingerprint,
            "counts": {name: counts.as_dict() for name, counts in self.counts.items()},
            "outputs": [output.as_dict() for output in self.outputs],
        }


def receipt(values: dict[str, Any]) -> Receipt:
    """The Receipt that `as_dict` wrote."""
    return Receipt(
        values["step"],
        values["shard"],
        values["fingerprint"],
        {name: Counts(**counts) for name, counts in values["counts"].items()},
        tuple(Output(**output) for output in values["outputs"]),
    )


@dataclass(frozen=True)
class Corpus:
    """Paths of a corpus of `shards` shards; the count is 0 where only the root is known."""

    root: Path
    shards: int = 0

    @property
    def manifest_path(self) -> Path:
        """What a reader may trust."""
        return self.root / "manifest.json"

    @property
    def build_path(self) -> Path:
        """The configuration that the corpus belongs to."""
        return self.root / "build.json"

    @property
    def run_path(self) -> Path:
        """Times and places of the last run."""
        return self.root / "run.json"

    @property
    def log_path(self) -> Path:
        """What the last run's worker processes logged."""
        return self.root / "run.log"

    def shard_path(self, table: str, index: int, name: str = "") -> Path:
        """A table's shard; dead letters are named for their step."""
        return self.root / table / shard_name(name or table, index, self.shards)

    def receipt_path(self, step: str, index: int) -> Path:
        """A step's receipt for a shard."""
        return self.root / "receipts" / shard_name(step, index, self.shards, "json")

    def read(self, table: str, index: int, columns: list[str] | None = None) -> pa.Table:
        """One shard of a table."""
        return read_shard(self.shard_path(table, index), table, columns)

    def read_receipt(self, step: str, index: int) -> Receipt | None:
        """The receipt of a step for a shard; None if there is none that this version can read."""
        try:
            return _read_receipt(self.receipt_path(step, index).read_bytes())
        except FileNotFoundError:
            return None

    def write_receipt(self, done: Receipt) -> None:
        """Write a receipt: the last thing that a step does for a shard."""
        write_json(self.receipt_path(done.step, done.shard), done.as_dict())

    def is_current(self, done: Receipt | None, fingerprint: str) -> bool:
        """Whether a receipt is for this fingerprint and the files that it names are there, in size."""
        if done is None or done.fingerprint != fingerprint:
            return False
        return all(_size(self.root / output.file) == output.size for output in done.outputs)

    def take_back(self, done: Receipt) -> None:
        """Take a receipt back, durably, unless another has taken its place: its files are about to change."""
        take_back(self.receipt_path(done.step, done.shard), lambda data: _read_receipt(data) == done)

    def forget(self, step: str, index: int) -> None:
        """Take back whatever receipt there is, durably; for commands, while no worker is at work."""
        self.receipt_path(step, index).unlink(missing_ok=True)
        sync_folder(self.root / "receipts")


def _read_receipt(data: bytes) -> Receipt | None:
    """The receipt in a file; None for a damaged one or another version's: the step is done again."""
    try:
        values = json.loads(data)
        return receipt(values) if values.get("version") == RECEIPT_VERSION else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def is_whole_of(corpus: Corpus, done: Receipt) -> bool:
    """Whether the files that a receipt names have, byte for byte, the digests that it names."""
    return are_whole(corpus.root, done.outputs)


def are_whole(root: Path, outputs: Iterable[Output]) -> bool:
    """Whether the files of a folder have, byte for byte, the digests that are told of them."""
    return all(has_digest(root / output.file, output.sha256) for output in outputs)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


class ManifestError(ValueError):
    """There is no manifest, or it cannot be trusted; the message says what to do."""


def read_manifest(root: Path) -> dict[str, Any]:
    """A corpus' manifest; ManifestError when it is not there, damaged or of another version."""
    values = read_json(Corpus(root).manifest_path)
    if values is None:
        if not root.is_dir():
            raise ManifestError(f"{root}: no such folder; give the folder that `irmogen build` wrote")
        if not Corpus(root).build_path.is_file():
            raise ManifestError(f"{root}: is no corpus; give the folder that `irmogen build` wrote")
        raise ManifestError(f"{root}: has no manifest.json; finish the build with `irmogen build`")
    if not isinstance(values, dict):
        raise _damaged(root, f"holds a {type(values).__name__}, not an object")
    if values.get("version") != MANIFEST_VERSION:
        raise ManifestError(
            f"{root}/manifest.json: version {values.get('version')}, this irmogen knows "
            f"{MANIFEST_VERSION}; build the corpus again"
        )
    if values.get("schema_versions") != SCHEMA_VERSIONS:
        raise ManifestError(
            f"{root}/manifest.json: schema versions {values.get('schema_versions')}, this irmogen knows "
            f"{SCHEMA_VERSIONS}; build the corpus again"
        )
    for name, kind in (("shards", int), ("config", dict), ("tables", dict)):
        if not isinstance(values.get(name), kind):
            raise _damaged(root, f"{name!r} is {values.get(name)!r}")
    if values["shards"] < 1:
        raise _damaged(root, f"'shards' is {values['shards']}")
    if not isinstance(values["config"].get("skeleton"), str):
        raise _damaged(root, f"the configuration's 'skeleton' is {values['config'].get('skeleton')!r}")
    return values


def _damaged(root: Path, what: str) -> ManifestError:
    return ManifestError(f"{root}/manifest.json: is damaged ({what}); restore it or build the corpus again")


def open_corpus(root: Path) -> tuple[Corpus, dict[str, Any]]:
    """A finished corpus and its manifest."""
    manifest = read_manifest(root)
    return Corpus(root, manifest["shards"]), manifest
