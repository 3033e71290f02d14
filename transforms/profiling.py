"""The profile in the engine: a shard's statistics where the shard was made, and all shards compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import apache_beam as beam

from schemas.config import BuildConfig
from schemas.corpus import Receipt
from transforms.across import Total, added, counted, look, read_keys, records, subject, write_across
from transforms.per_shard import PerShard
from transforms.profile import files_made, profile_shard
from transforms.step import corpus_of
from transforms.timing import timed_each

_ALL = "all"


def profile_made(config: BuildConfig, index: int) -> Receipt:
    """Profile a shard that all steps have done."""
    corpus = corpus_of(config)
    return profile_shard(corpus, index, config.identity(), files_made(corpus, index))


class Profile(PerShard):
    """PCollection[int] -> PCollection[int]: shards whose statistics are in the corpus."""

    def __init__(self, config: BuildConfig) -> None:
        super().__init__(config, profile_made)


@dataclass
class CompareShards(beam.PTransform):
    """PCollection[int] -> PCollection[None]: one element, when what all shards show together is written."""

    config: BuildConfig

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Gather groups, then what was found of each clip, goal or row, then each kind of finding."""
        config = self.config
        corpus = corpus_of(config)
        found = (
            pcoll
            | "Records"
            >> beam.FlatMap(lambda index: timed_each("compare", records(read_keys(corpus, index), index)))
            | "Group" >> beam.GroupByKey()
            | "Look" >> beam.FlatMap(lambda group: timed_each("compare", look(*group)))
            | "Subject" >> beam.Map(subject)
            | "Once" >> beam.GroupByKey()
            | "Count" >> beam.Map(counted)
            | "Add" >> beam.CombinePerKey(added)
            | "Found" >> beam.Map(lambda total: (_ALL, total))
        )
        # A shard's index keeps the last step going where nothing was found, and waits for every shard.
        shards = pcoll | "Done" >> beam.Map(lambda index: (_ALL, index))
        return (
            (found, shards)
            | "Both" >> beam.Flatten()
            | "Gather" >> beam.GroupByKey()
            | "Write" >> beam.Map(lambda each: _write(config, each[1]))
        )


def _write(config: BuildConfig, each: Iterable[int | tuple[str, Total]]) -> None:
    corpus = corpus_of(config)
    held = list(each)
    shards = {one for one in held if isinstance(one, int)}
    if len(shards) == corpus.shards:  # a run that ends early leaves some for the next one
        write_across(corpus, [one for one in held if not isinstance(one, int)])
