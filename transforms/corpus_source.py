"""A corpus as what a build reads: its shards of motions and goals are taken over as they are.

So a dataset is read file by file once. Files are the same bytes, receipts the same receipts: whichever of
both a build is given, what follows from them is not made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa

from schemas.config import BuildConfig
from schemas.corpus import Corpus, Receipt
from schemas.shards import features_of, shard_in
from schemas.storage import write_whole
from transforms.read import ShardWork, shard_ranges
from transforms.step import StepResult, check_build, corpus_of, once, run_step

CLIP = ["motion_id", "split", "motion_sha256", "text_sha256"]  # columns that tell what a clip was
_SAMPLED = 4  # shards that a sample is drawn from


@dataclass(frozen=True)
class CorpusSource:
    """A finished corpus: its folder, its number of shards and the SHA-256 of its manifest."""

    root: Path
    shards: int
    manifest: str

    @property
    def _corpus(self) -> Corpus:
        return Corpus(self.root, self.shards)

    def works(self, config: BuildConfig) -> Iterator[ShardWork]:
        """Every shard's work: the shards are there already."""
        return (ShardWork(index) for index in range(self.shards))

    def list_shards(self, config: BuildConfig) -> beam.PTransform:
        """PBegin -> PCollection[ShardWork]."""
        return _EveryShard(self.shards)

    def read(self, config: BuildConfig, work: ShardWork) -> Receipt:
        """Take a shard over, unless the corpus holds the same files; ValueError names one that is damaged."""
        corpus, index = corpus_of(config), work.index
        done = corpus.read_receipt("read", index)
        named = self._named(index)
        if done is not None and _files(done) == named and corpus.is_current(done, done.fingerprint):
            return done
        kept = self._receipt(index)
        if done is not None and done.fingerprint == kept.fingerprint:
            corpus.take_back(done)  # of other bytes, made from the same clips

        def held() -> dict[str, bytes]:
            found = {output.file: self._bytes(output.file, named[output.file]) for output in kept.outputs}
            check_build(corpus, config)
            return found

        def write(found: dict[str, bytes]) -> Receipt:
            for file, data in found.items():
                write_whole(corpus.root / file, data)
            return kept

        return once(corpus, "read", index, kept.fingerprint, held, write)

    def wanted(self, config: BuildConfig, work: ShardWork, done: Receipt) -> str:
        """The fingerprint of a shard: the one that is there, where it is of the same files."""
        same = _files(done) == self._named(work.index)
        return done.fingerprint if same else f"of {self._receipt(work.index).fingerprint}"

    def keep_listing(self, config: BuildConfig, work: ShardWork, done: Receipt) -> None:
        """Nothing: the manifest tells what is there."""

    def clips_now(self, config: BuildConfig, work: ShardWork) -> dict[str, tuple[str, ...]]:
        """Split and digests of every clip of a shard."""
        return clips_in(self._table("motions", work.index, CLIP))

    def captions(self, work: ShardWork) -> dict[str, int]:
        """Captions of a shard, all told as one: its receipt counts them."""
        return {"": self._receipt(work.index).counts["captions"].rows_in}

    def read_sample(self, config: BuildConfig, clips: int) -> tuple[int, int]:
        """Take clips of some shards over into a corpus of one shard."""
        chosen = range(0, self.shards, max(1, -(-self.shards // _SAMPLED)))
        each = -(-clips // len(chosen))
        motions: list[dict[str, Any]] = []
        goals: list[dict[str, Any]] = []
        for index in chosen:
            table = self._table("motions", index).slice(0, each)
            rows = table.drop_columns(["features"]).to_pylist()
            motions += [{**row, "features": features_of(table, place)} for place, row in enumerate(rows)]
            names = {row["motion_id"] for row in rows}
            goals += [row for row in self._table("goals", index).to_pylist() if row["motion_id"] in names]
        run_step(
            config, "read", 0, "sample", lambda: StepResult({"motions": motions, "goals": goals}, [], {})
        )
        return len(motions), len(goals)

    def _named(self, index: int) -> Mapping[str, str]:
        """SHA-256 of the files that reading made for a shard, by name, as the manifest has them."""
        every = _named_files(self.root, self.manifest)
        return {file: every[file] for file in read_files_of(self._corpus, index)}

    def _receipt(self, index: int) -> Receipt:
        """What reading counted for a shard; ValueError where it is not of the manifest's files."""
        path = self._corpus.receipt_path("read", index)
        kept = self._corpus.read_receipt("read", index)
        if kept is None or _files(kept) != self._named(index):
            what = "is missing or damaged" if kept is None else "tells of other files than manifest.json"
            raise ValueError(f"{path}: {what}; {_REMEDY}")
        return kept

    def _bytes(self, file: str, digest: str) -> bytes:
        path = self.root / file
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise ValueError(f"{path}: is missing, and manifest.json names it; {_REMEDY}") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise ValueError(f"{path}: is damaged: its SHA-256 is not the one in manifest.json; {_REMEDY}")
        return data

    def _table(self, table: str, index: int, columns: list[str] | None = None) -> Any:
        path = self._corpus.shard_path(table, index)
        file = str(path.relative_to(self.root))
        return shard_in(self._bytes(file, self._named(index)[file]), path, table, columns)


_REMEDY = "restore it (`irmogen validate` lists what is damaged), or give the dataset as --input"


def clips_in(motions: pa.Table) -> dict[str, tuple[str, ...]]:
    """Split and digests of both files of every clip of a table with the columns CLIP, by id."""
    return {row["motion_id"]: tuple(row[name] for name in CLIP[1:]) for row in motions.to_pylist()}


def read_files_of(corpus: Corpus, index: int) -> list[str]:
    """Names of the files that reading makes for a shard."""
    paths = [
        corpus.shard_path("motions", index),
        corpus.shard_path("goals", index),
        corpus.shard_path("dead_letters", index, "read"),
    ]
    return [str(path.relative_to(corpus.root)) for path in paths]


def _files(done: Receipt) -> dict[str, str]:
    return {output.file: output.sha256 for output in done.outputs}


@lru_cache(maxsize=1)
def _named_files(root: Path, digest: str) -> dict[str, str]:
    """SHA-256 of every file of motions, goals and read's dead letters; once a process.

    ValueError where the manifest is no longer the one that the build began with.
    """
    path = Corpus(root).manifest_path
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(f"{path}: has changed since this command began; start it again")
    tables = json.loads(data)["tables"]
    return {
        shard["file"]: shard["sha256"]
        for table in ("motions", "goals", "dead_letters")
        for shard in tables[table]["shards"]
        if table != "dead_letters" or Path(shard["file"]).name.startswith("read-")
    }


@dataclass
class _EveryShard(beam.PTransform):
    """PBegin -> PCollection[ShardWork]: the shards' numbers, spread over the workers."""

    shards: int

    def expand(self, pbegin: beam.Pipeline) -> beam.PCollection:
        """Ranges are sent, numbers are shuffled."""
        return (
            pbegin
            | "Shards" >> beam.Create(shard_ranges(self.shards))
            | "Works" >> beam.FlatMap(lambda each: [ShardWork(index) for index in range(*each)])
            | "Spread" >> beam.Reshuffle()
        )
