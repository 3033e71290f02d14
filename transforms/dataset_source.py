"""A dataset as what a build reads: split lists and listings of files become the work of each shard.

The engine, and a single process for `plan`, do the same: records of lines and of files are grouped by
shard, and a group becomes a shard's work. Nothing holds all clips.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import cast

import apache_beam as beam

from motion.layout import (
    FOLDERS,
    SUFFIXES,
    ClipFiles,
    Dataset,
    clip_paths,
    file_bytes,
    lines_in,
    read_files,
)
from motion.seeds import seed
from motion.skeleton import skeleton
from motion.split_lists import SPLITS, Piece, entries, listed, pieces
from prompts.neutral import encodable
from schemas.compact import pack, unpack
from schemas.config import BuildConfig
from schemas.corpus import Corpus, Receipt
from schemas.fingerprint import fingerprint
from schemas.places import is_store, scan
from schemas.shards import shard_name
from schemas.spill import grouped, parts_for
from schemas.storage import read_json, write_json
from transforms.crossing import Crossing
from transforms.read import VERSION, ShardWork, read_clips, read_fingerprint, shard_ranges
from transforms.step import corpus_of, run_step, shard_of

LISTINGS = "listings"  # folder of a corpus: by which sizes and times of files each shard was read
_TOGETHER = 1 << 18  # bytes of split lists whose clips are grouped in memory

# A line of a list: (number of the split, id, place). A file: (3 + number of the folder, id, size, time).
# Of a shard without clips: ().
Record = tuple[int, str, int] | tuple[int, str, int, int] | tuple[()]


@dataclass(frozen=True)
class DatasetSource:
    """A dataset folder."""

    root: Path

    def works(self, config: BuildConfig) -> Iterator[ShardWork]:
        """Every shard's work, grouped in this process."""
        cut = pieces(self.root)
        records = chain(
            _markers((0, config.shards)),
            *(line_records(self.root, piece, config.shards) for piece in cut),
            *(file_records(self.root, folder, config.shards) for folder in range(len(FOLDERS))),
        )
        size = sum(piece.end - piece.start for piece in cut)
        for index, group in grouped(records, parts_for(size, _TOGETHER)):
            yield self.work(config, index, group)

    def list_shards(self, config: BuildConfig) -> beam.PTransform:
        """PBegin -> PCollection[ShardWork]."""
        return _ListShards(config, self)

    def work(self, config: BuildConfig, index: int, records: Iterable[Record]) -> ShardWork:
        """A shard's work out of its records, in whatever order and however often they come."""
        lines: set[tuple[str, int, int]] = set()
        files: dict[tuple[int, str], tuple[int, int]] = {}
        for record in records:
            if len(record) == 3:
                split, motion_id, place = record
                lines.add((motion_id, split, place))
            elif len(record) == 4:
                number, motion_id, size, time = record
                files[number - len(SPLITS), motion_id] = size, time
        first: dict[str, str] = {}
        repeated = []
        for motion_id, split, _ in sorted(lines):
            if motion_id in first:
                repeated.append((motion_id, SPLITS[split]))
            else:
                first[motion_id] = SPLITS[split]
        work = ShardWork(index, tuple(first.items()), tuple(sorted(repeated)))
        return replace(work, listing=self._listing(config, work, files))

    def _listing(
        self, config: BuildConfig, work: ShardWork, files: dict[tuple[int, str], tuple[int, int]]
    ) -> str:
        """Digest of what tells cheaply that a shard's clips are those that were read."""
        seen = [
            [motion_id, split, *(files.get((n, motion_id)) or self._looked_up(n, motion_id) for n in (0, 1))]
            for motion_id, split in work.ids
        ]
        settings = [VERSION, config.dataset, config.skeleton, config.shards]
        return fingerprint("listing", str(self.root.resolve()), settings, seen, list(work.repeated))

    def _looked_up(self, folder: int, motion_id: str) -> tuple[int, int] | None:
        """Size and time of a file that no listing named: some file systems spell names in their own way."""
        try:
            found = clip_paths(self.root, motion_id)[folder].stat()
        except OSError:
            return None
        return found.st_size, found.st_mtime_ns

    def read(self, config: BuildConfig, work: ShardWork) -> Receipt:
        """Read a shard's clips, each file once; none where sizes and times are those of the last time."""
        corpus = corpus_of(config)
        done = corpus.read_receipt("read", work.index)
        if done is not None and _is_as_it_was(corpus, work, done):
            return done
        dataset = self._dataset(config, work)
        files = [self._files(dataset, motion_id) for motion_id, _ in work.ids]
        identity = read_fingerprint(config, work, [held.digests for held in files])
        made = run_step(config, "read", work.index, identity, lambda: read_clips(config, dataset, files))
        if work.listing:
            write_json(_listing_path(corpus, work.index), _noted(work, made))
        return made

    def wanted(self, config: BuildConfig, work: ShardWork, done: Receipt) -> str:
        """The fingerprint of a shard's clips; contents are read where sizes or times have changed."""
        if _is_as_it_was(corpus_of(config), work, done):
            return done.fingerprint
        clips = self.clips_now(config, work)
        return read_fingerprint(config, work, [(held[1], held[2]) for held in clips.values()])

    def keep_listing(self, config: BuildConfig, work: ShardWork, done: Receipt) -> None:
        """Note sizes and times of files whose contents are those that were read."""
        corpus = corpus_of(config)
        if work.listing and not _is_as_it_was(corpus, work, done):
            write_json(_listing_path(corpus, work.index), _noted(work, done))

    def clips_now(self, config: BuildConfig, work: ShardWork) -> dict[str, tuple[str, ...]]:
        """Split and digests of every clip of a shard, in the order of its ids."""
        dataset = self._dataset(config, work)
        return {motion_id: (split, *self._files(dataset, motion_id).digests) for motion_id, split in work.ids}

    def captions(self, work: ShardWork) -> dict[str, int]:
        """Caption lines of every clip of a shard."""
        return {
            motion_id: lines_in(file_bytes(clip_paths(self.root, motion_id)[1])) for motion_id, _ in work.ids
        }

    def read_sample(self, config: BuildConfig, clips: int) -> tuple[int, int]:
        """Read the clips that a draw by their ids chooses into a corpus of one shard."""
        lines = (
            (seed("plan sample", motion_id), motion_id, split) for motion_id, split, _ in listed(self.root)
        )
        drawn: dict[str, str] = {}
        # An id that is named again stands right behind itself, its first list before the others.
        for _, motion_id, split in heapq.nsmallest(4 * clips, lines, key=lambda line: line[0]):
            drawn.setdefault(motion_id, split)
        work = ShardWork(0, tuple(list(drawn.items())[:clips]))
        self.read(config, work)
        return len(work.ids), sum(self.captions(work).values())

    def _files(self, dataset: Dataset, motion_id: str) -> ClipFiles:
        """A clip's files. That a store does not answer is no fault of the clip, and raises its OSError."""
        held = read_files(dataset, motion_id)
        for file in (held.motion, held.text):
            if isinstance(file, OSError) and not isinstance(file, FileNotFoundError) and is_store(self.root):
                raise file
        return held

    def _dataset(self, config: BuildConfig, work: ShardWork) -> Dataset:
        return Dataset(self.root, skeleton(config.skeleton), work.ids, work.repeated)


def line_records(root: Path, piece: Piece, shards: int) -> Iterator[tuple[int, Record]]:
    """The lines of a piece of a split list, by shard."""
    number = SPLITS.index(piece.split)
    for motion_id, _, place in entries(root, piece):
        yield shard_of(motion_id, shards), (number, motion_id, place)


def file_records(root: Path, folder: int, shards: int) -> Iterator[tuple[int, Record]]:
    """Sizes and times of the files of a folder, by the shard of the clip that they would be of."""
    suffix = SUFFIXES[folder]
    for file in scan(root / FOLDERS[folder]):
        motion_id = file.name.removesuffix(suffix)
        # Split lists are UTF-8: a name that is none is of no clip.
        if file.name.endswith(suffix) and motion_id == encodable(motion_id):
            record = (len(SPLITS) + folder, motion_id, file.size, file.mtime_ns)
            yield shard_of(motion_id, shards), record


def _markers(shards: tuple[int, int]) -> Iterator[tuple[int, Record]]:
    """A record of each shard of a range, so that one without clips comes out, too."""
    for index in range(*shards):
        yield index, ()


@dataclass(frozen=True)
class _Packed:
    """A record's values, for `pack`."""

    number: int
    motion_id: str
    rest: tuple[int, ...]


def record_bytes(record: Record) -> bytes:
    """A record as it travels."""
    return pack(_Packed(record[0], record[1], record[2:])) if record else b""


def record_of(data: bytes) -> Record:
    """The record that travelled."""
    if not data:
        return ()
    held = unpack(_Packed, data)
    return cast(Record, (held.number, held.motion_id, *held.rest))


def _listing_path(corpus: Corpus, index: int) -> Path:
    return corpus.root / LISTINGS / shard_name("read", index, corpus.shards, "json")


def _noted(work: ShardWork, made: Receipt) -> dict[str, str]:
    return {"listing": work.listing, "fingerprint": made.fingerprint}


def _is_as_it_was(corpus: Corpus, work: ShardWork, done: Receipt) -> bool:
    """Whether a shard is there, and was read from files of the same names, sizes and times."""
    try:
        noted = read_json(_listing_path(corpus, work.index))
    except ValueError:
        return False  # damaged: contents tell
    return bool(work.listing) and noted == _noted(work, done) and corpus.is_current(done, done.fingerprint)


@dataclass
class _ListShards(beam.PTransform):
    """PBegin -> PCollection[ShardWork]: lists and listings are read in pieces and grouped by shard."""

    config: BuildConfig
    source: DatasetSource

    def expand(self, pbegin: beam.Pipeline) -> beam.PCollection:
        """What is created is a function of the lists' bytes and of the number of shards, and small."""
        config, source = self.config, self.source
        root, shards = source.root, config.shards
        lines = (
            pbegin
            | "Pieces" >> beam.Create(pieces(root))
            | "Spread" >> beam.Reshuffle()
            | "Lines" >> beam.FlatMap(lambda piece: line_records(root, piece, shards))
        )
        files = (
            pbegin
            | "Folders" >> beam.Create(list(range(len(FOLDERS))))
            | "Files" >> beam.FlatMap(lambda folder: file_records(root, folder, shards))
        )
        every = pbegin | "Shards" >> beam.Create(shard_ranges(shards)) | "Every" >> beam.FlatMap(_markers)
        return (
            (lines, files, every)
            | "Records" >> beam.Flatten()
            | "Pack" >> beam.MapTuple(lambda index, record: (index, record_bytes(record)))
            | Crossing("read: clips by shard")
            | "Group" >> beam.GroupByKey()
            | "Works" >> beam.MapTuple(lambda index, group: source.work(config, index, map(record_of, group)))
        )
