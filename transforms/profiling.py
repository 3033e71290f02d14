"""The profile in the engine: a shard's statistics where the shard was made, and all shards compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import apache_beam as beam

from schemas.config import BuildConfig
from schemas.corpus import Corpus, Receipt
from transforms.across import (
    Total,
    added,
    contents,
    counted,
    equals,
    read_keys,
    references,
    subject,
    unresolved,
    write_across,
)
from transforms.alike import asked, confirmed, members, pairs, pairs_or_parts
from transforms.crossing import Crossing
from transforms.lots import lots
from transforms.per_shard import PerShard
from transforms.profile import files_made, profile_shard
from transforms.step import corpus_of
from transforms.timing import timed_each

_SHARDS = "shards"  # counted among the findings, to know whether all were compared
# About so many rows of either kind a shard has: 64 clips, four goals each, six bands.
_CONTENTS_A_SHARD, _MEMBERS_A_SHARD = 320, 384
Found = TypeVar("Found")
_PARTS, _FOUND = "parts", "found"


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

    corpus: Corpus

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Count equals, each subject of the other findings once, and the shards; write when all are there."""
        corpus = self.corpus
        # A shard that comes twice, of a bundle that was done again, counts once.
        pcoll = pcoll | "Distinct" >> beam.Distinct()

        def content_lots(index: int) -> Iterator[tuple[int, bytes]]:
            return _of_keys(
                corpus, index, lambda keys: lots(contents(keys), corpus.shards, _CONTENTS_A_SHARD)
            )

        copies = (
            pcoll
            | "Contents" >> beam.FlatMap(content_lots)
            | Crossing("compare: clips and goals by content")
            | "Equals" >> beam.GroupByKey()
            | "Same" >> beam.FlatMapTuple(lambda _, held: timed_each("compare", equals(held)))
        )
        found = (
            (pcoll | "FindReferences" >> FindReferences(corpus), pcoll | "FindAlike" >> FindAlike(corpus))
            | "Findings" >> beam.Flatten()
            | "Subject" >> beam.MapTuple(subject)
            | Crossing("compare: findings by subject")
            | "Once" >> beam.CombinePerKey(min)
            | "Count" >> beam.MapTuple(counted)
        )
        shards = pcoll | "Done" >> beam.Map(lambda index: (_SHARDS, (1, [])))
        return (
            (copies, found, shards)
            | "All" >> beam.Flatten()
            | "Add" >> beam.CombinePerKey(added)
            | "Together" >> beam.Map(lambda total: (None, total))
            | "Gather" >> beam.GroupByKey()
            | "Write" >> beam.Map(lambda totals: _write(corpus, dict(totals[1])))
        )


def _of_keys(
    corpus: Corpus, index: int, found: Callable[[Mapping[str, Any]], Iterable[Found]]
) -> Iterator[Found]:
    """What is found of a shard's keys; reading them counts as comparing, too."""

    def read_and_found() -> Iterator[Found]:
        yield from found(read_keys(corpus, index))

    return timed_each("compare", read_and_found())


def _write(corpus: Corpus, totals: dict[str, Total]) -> None:
    shards, _ = totals.pop(_SHARDS, (0, []))
    if shards == corpus.shards:  # a run that ends early leaves some for the next one
        write_across(corpus, totals.items())


@dataclass
class FindReferences(beam.PTransform):
    """PCollection[int] -> PCollection[(kind, row, why)]: references to other shards that do not hold."""

    corpus: Corpus

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Send references to the shard of their clip."""
        corpus = self.corpus

        def sent(index: int) -> Iterator[tuple[int, bytes]]:
            return _of_keys(corpus, index, references)

        def resolve(index: int, held: Iterable[bytes]) -> Iterator[tuple[str, str, str]]:
            return _of_keys(corpus, index, lambda keys: unresolved(held, keys))

        return (
            pcoll
            | "References" >> beam.FlatMap(sent)
            | Crossing("compare: references by shard")
            | "Home" >> beam.GroupByKey()
            | "Resolve" >> beam.FlatMapTuple(resolve)
        )


@dataclass
class FindAlike(beam.PTransform):
    """PCollection[int] -> PCollection[(kind, clip, other clip)]: near-duplicates and mirror images."""

    corpus: Corpus

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Bands, parts of large bands, pairs, signatures of pairs."""
        corpus = self.corpus

        def member_lots(index: int) -> Iterator[tuple[int, bytes]]:
            return _of_keys(
                corpus, index, lambda keys: lots(members(keys, index), corpus.shards, _MEMBERS_A_SHARD)
            )

        def ask(index: int, held: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
            return _of_keys(corpus, index, lambda keys: asked(held, keys))

        def confirm(index: int, held: Iterable[bytes]) -> Iterator[tuple[str, str, str]]:
            return _of_keys(corpus, index, lambda keys: confirmed(held, keys))

        banded = (
            pcoll
            | "Members" >> beam.FlatMap(member_lots)
            | Crossing("compare: sketches by band")
            | "Band" >> beam.GroupByKey()
            | "Look" >> beam.ParDo(_Look()).with_outputs(_PARTS, _FOUND, main="pairs")
        )
        parted = (
            banded[_PARTS]
            | Crossing("compare: sketches by part of a band")
            | "Part" >> beam.GroupByKey()
            | "LookAgain" >> beam.FlatMapTuple(lambda _, held: timed_each("compare", pairs(held)))
        )
        near = (
            (banded["pairs"], parted)
            | "Pairs" >> beam.Flatten()
            | Crossing("compare: pairs by the first one's shard")
            | "First" >> beam.GroupByKey()
            | "Ask" >> beam.FlatMapTuple(ask)
            | Crossing("compare: signatures by the second one's shard")
            | "Second" >> beam.GroupByKey()
            | "Confirm" >> beam.FlatMapTuple(confirm)
        )
        return (near, banded[_FOUND]) | "Found" >> beam.Flatten()


class _Look(beam.DoFn):
    def process(self, group: tuple[int, Iterable[bytes]]) -> Iterator[Any]:
        for found in timed_each("compare", pairs_or_parts(group[1])):
            if len(found) == 3:
                yield beam.pvalue.TaggedOutput(_FOUND, found)
            elif isinstance(found[0], bytes):
                yield beam.pvalue.TaggedOutput(_PARTS, found)
            else:
                yield found


def compare_shards(corpus: Corpus) -> None:
    """Compare all shards in this process, as a build does with many, and write down what was found."""
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        pipeline | "Shards" >> beam.Create(range(corpus.shards)) | "CompareShards" >> CompareShards(corpus)  # type: ignore[unused-ignore]
