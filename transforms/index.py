"""What the ladder's search is given of each shard, and the bucket in which it is searched.

Clips lie in the shards that their ids draw: the clips of one split in a few neighbouring shards are as good
as drawn, and their bucket serves few shards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import apache_beam as beam

from motion.seeds import seed
from motion.skeleton import skeleton
from schemas.compact import pack
from schemas.config import BuildConfig
from schemas.rows import Segment, facts_of, segment
from transforms.crossing import Crossing
from transforms.exchange import Entry, Wording, entry_bytes
from transforms.step import corpus_of
from transforms.timing import timed_each

# So many goals of one clip are searched, and offered, in the clip's bucket; the others ask in buckets that
# their ids draw, and are not offered. Whatever is said of one clip, no bucket is full of it.
GOALS_A_CLIP = 64

Vectors = Mapping[str, tuple[bytes, bytes]]  # packed, of caption and motion, by goal


def bucket_of(config: BuildConfig, split: str, drawn: int) -> bytes:
    """The name of one of a split's buckets: the stretch of shards that a drawn one falls into."""
    return f"{split}-{drawn * dict(config.buckets)[split] // config.shards:05d}".encode()


def index_entries(config: BuildConfig, index: int) -> Iterator[tuple[bytes, Entry]]:
    """The search's entries of one shard, by bucket."""
    corpus = corpus_of(config)
    goals = {goal["goal_id"]: goal for goal in corpus.read("goals", index).to_pylist()}
    facts = {row["goal_id"]: row for row in corpus.read("facts", index).to_pylist()}
    embedded: Vectors = {}
    if config.alignment == "builtin":
        from transforms.aligning import vectors_of

        embedded = vectors_of(config, corpus, index, [goals[name] for name in facts])
    parts: dict[tuple[Segment, int], list[str]] = {}  # goals by frames and by the lot of their clip's goals
    ranks: Counter[str] = Counter()
    for name in sorted(facts):
        clip = goals[name]["motion_id"]
        parts.setdefault((segment(goals[name]), ranks[clip] // GOALS_A_CLIP), []).append(name)
        ranks[clip] += 1
    fps = skeleton(config.skeleton).fps
    for (part, lot), names in parts.items():
        first = goals[names[0]]
        entry = Entry(
            index,
            *part,
            pack(facts_of(facts[names[0]], fps)),
            tuple(_wording(goals[name], embedded) for name in names),
            offered=lot == 0,
            vector=embedded[names[0]][1] if embedded else b"",
        )
        drawn = seed("bucket", names[0]) % config.shards if lot else index
        yield bucket_of(config, first["split"], drawn), entry


def _wording(goal: Mapping[str, Any], embedded: Vectors) -> Wording:
    name = goal["goal_id"]
    return Wording(name, goal["caption"], embedded[name][0] if embedded else b"")


@dataclass
class Index(beam.PTransform):
    """PCollection[int] -> PCollection[(bucket, bytes of an Entry)]."""

    config: BuildConfig

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Read back what the search needs of each shard."""
        config = self.config

        def entries(index: int) -> Iterator[tuple[bytes, bytes]]:
            for bucket, entry in index_entries(config, index):
                yield bucket, entry_bytes(entry)

        indexed = pcoll | "Index" >> beam.FlatMap(lambda index: timed_each("index", entries(index)))
        return indexed | Crossing("search: entries by bucket")
