"""Motion tokens of a corpus: every motion that its stages name, encoded once, by Beam's RunInference.

A shard's rows name motions of other shards, too. References go to the shard where the motion lies, which
reads and encodes each once, and tokens come back to every shard that named it. Only references and tokens are
shuffled, never features.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.ml.inference.base import KeyedModelHandler, ModelHandler, RunInference
from numpy.typing import NDArray

from motion.tokenizer import MotionTokenizer, load_tokenizer
from schemas.corpus import Corpus, Output, read_manifest
from schemas.places import place
from schemas.rows import MotionRef
from schemas.shards import features_of_segments
from schemas.tables import TABLES
from schemas.tokens import REFERENCES, STAGES, references, token_folder, write_token_set, write_token_shard

Clip = NDArray[np.float32]
Place = tuple[str, str]  # table, id
Frames = tuple[int, int]  # first, after the last
_BATCH = 64  # motions that are encoded together, at most; tokens do not depend on it
_ID = {name: TABLES[name].key[0] for name in ("motions", "perturbed")}


@dataclass(frozen=True)
class TokenJob:
    """What is to be encoded, with what and where to."""

    root: str  # of the corpus
    shards: int
    tokenizer: str  # folder
    fingerprint: str  # of the tokenizer
    codes: int  # it has
    device: str

    @property
    def corpus(self) -> Corpus:
        """The corpus whose motions are encoded."""
        return Corpus(place(self.root), self.shards)

    @property
    def folder(self) -> Path:
        """Of the set of tokens."""
        return token_folder(place(self.root), self.fingerprint)


class TokenizerHandler(ModelHandler[Clip, tuple[int, ...], MotionTokenizer]):
    """The motion tokenizer for RunInference: loaded once a worker, clips (T, F) to tokens."""

    def __init__(self, folder: str, device: str) -> None:
        super().__init__()
        self._folder, self._device = folder, device

    def load_model(self) -> MotionTokenizer:
        """The tokenizer of the folder; the worker must see it, and have the device."""
        return load_tokenizer(Path(self._folder), self._device)

    def run_inference(
        self,
        batch: Sequence[Clip],
        model: MotionTokenizer,
        inference_args: dict[str, Any] | None = None,
    ) -> Iterable[tuple[int, ...]]:
        """Tokens of each clip."""
        return model.encode(batch)

    def get_num_bytes(self, batch: Sequence[Clip]) -> int:
        """Size of the features."""
        return sum(clip.nbytes for clip in batch)

    def batch_elements_kwargs(self) -> Mapping[str, Any]:
        """Beam finds a good size by itself, below this one."""
        return {"min_batch_size": 1, "max_batch_size": _BATCH}


def shard_references(corpus: Corpus, index: int) -> set[MotionRef]:
    """Every motion that a shard of the stages names."""
    found: set[MotionRef] = set()
    for stage in STAGES:
        columns = [*REFERENCES[stage], *(["ladder"] if stage == "stage2" else [])]
        found |= references(stage, corpus.read(stage, index, columns))
    return found


def wanted_motions(corpus: Corpus, index: int) -> Iterator[tuple[Place, tuple[int, Frames]]]:
    """By the motion: the shard that names it, and which of its frames."""
    for reference in sorted(shard_references(corpus, index), key=lambda one: tuple(vars(one).values())):
        yield (reference.table, reference.id), (index, (reference.start, reference.end))


def held_motions(corpus: Corpus, index: int) -> Iterator[tuple[Place, int]]:
    """By the motion: the shard where it lies."""
    for table, column in _ID.items():
        for name in corpus.read(table, index, [column]).column(column).to_pylist():
            yield (table, name), index


Wish = tuple[MotionRef, tuple[int, ...]]  # a motion, and the shards that name it


def placed(motion: tuple[Place, Mapping[str, Iterable[Any]]]) -> Iterator[tuple[int, Wish]]:
    """By the shard where a motion lies: its wanted frames. ValueError for a motion that lies nowhere."""
    (table, name), found = motion
    wanted: dict[Frames, set[int]] = {}
    for shard, frames in found["wanted"]:
        wanted.setdefault(frames, set()).add(shard)
    held = sorted(set(found["held"]))
    if wanted and len(held) != 1:
        shards = sorted({shard for group in wanted.values() for shard in group})
        raise ValueError(
            f"{table} {name!r}: lies in {len(held)} shards, but shard {shards[0]} of the stages names it; "
            f"build the corpus again"
        )
    for (start, end), shards_of in sorted(wanted.items()):
        yield held[0], (MotionRef(table, name, start, end), tuple(sorted(shards_of)))


def read_clips(corpus: Corpus, index: int, wishes: Iterable[Wish]) -> Iterator[tuple[Wish, Clip]]:
    """Features of the wanted motions of a shard, in order. ValueError where frames are not there."""
    ordered = sorted(wishes, key=lambda wish: tuple(vars(wish[0]).values()))
    for table, column in _ID.items():
        of_table = [wish for wish in ordered if wish[0].table == table]
        if not of_table:
            continue
        motions: pa.Table = corpus.read(table, index, [column, "features"])
        parts = [(wish[0].id, wish[0].start, wish[0].end) for wish in of_table]
        clips = features_of_segments(motions.rename_columns(["motion_id", "features"]), parts)
        for wish, part in zip(of_table, parts, strict=True):
            if len(clips[part]) != part[2] - part[1]:
                raise ValueError(
                    f"{corpus.shard_path(table, index)}: {part[0]!r} has no frames {part[1]} to {part[2]}; "
                    f"build the corpus again"
                )
            yield wish, clips[part]


def returned(result: tuple[Wish, tuple[int, ...]]) -> Iterator[tuple[int, tuple[MotionRef, tuple[int, ...]]]]:
    """The tokens of a motion, by each shard that names it."""
    (reference, shards), tokens = result
    for shard in shards:
        yield shard, (reference, tokens)


def write_shard_tokens(job: TokenJob, found: tuple[int, Mapping[str, Iterable[Any]]]) -> Output:
    """Write the tokens of a shard. ValueError unless they are those of the motions that it names."""
    index, values = found
    tokens = dict(values["tokens"])
    named = shard_references(job.corpus, index)
    if set(tokens) != named:
        strange = sorted(map(str, named ^ set(tokens)))
        raise ValueError(
            f"{job.root}, shard {index}: names {len(named)} motions, tokens came back for {len(tokens)} "
            f"({strange[0]}); run `irmogen tokenize` again"
        )
    return write_token_shard(job.folder, index, job.shards, tokens)


def finish(job: TokenJob, outputs: list[Output]) -> int:
    """Write the set's manifest when every shard is there; returns the number of tokenised motions."""
    if len(outputs) != job.shards:
        raise ValueError(f"{job.folder}: {len(outputs)} of {job.shards} shards were written; run it again")
    write_token_set(job.folder, job.fingerprint, job.codes, read_manifest(place(job.root)), outputs)
    return sum(output.rows for output in outputs)


@dataclass
class Tokenize(beam.PTransform):
    """PCollection[int] of all shards -> PCollection[int]: one number, the rows of the set."""

    job: TokenJob

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Send references to where motions lie, encode there, bring tokens back, write."""
        job = self.job
        corpus = job.corpus
        wanted = pcoll | "Wanted" >> beam.FlatMap(lambda index: wanted_motions(corpus, index))
        held = pcoll | "Held" >> beam.FlatMap(lambda index: held_motions(corpus, index))
        tokens = (
            {"wanted": wanted, "held": held}
            | "Meet" >> beam.CoGroupByKey()
            | "Place" >> beam.FlatMap(placed)
            | "Gather" >> beam.GroupByKey()
            | "Read" >> beam.FlatMap(lambda shard: read_clips(corpus, *shard))
            | "Encode" >> RunInference(KeyedModelHandler(TokenizerHandler(job.tokenizer, job.device)))
            | "Return" >> beam.FlatMap(returned)
        )
        every = pcoll | "Every" >> beam.Map(lambda index: (index, None))  # also those that name no motion
        return (
            {"tokens": tokens, "every": every}
            | "Bring" >> beam.CoGroupByKey()
            | "Write" >> beam.Map(lambda found: write_shard_tokens(job, found))
            | "Shards" >> beam.combiners.ToList()
            | "Finish" >> beam.Map(lambda outputs: finish(job, outputs))
        )
