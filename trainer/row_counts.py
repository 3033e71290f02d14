"""How many rows of a split each shard has, counted from small columns: each process counts its own shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa

from schemas.ahead import ahead
from schemas.corpus import Corpus
from schemas.shards import read_shard

TaskCounts = dict[str, int]  # rows by task; of tables without tasks by ""


def count_rows(corpus: Corpus, table: str, split: str, shards: Iterable[int]) -> list[TaskCounts]:
    """The rows of a split in shards, by task. ValueError names a shard that cannot be read.

    Only the columns that it needs are read, so that digests are not checked here; rows of other bytes are
    found when their shard is read.
    """
    columns = ["split", *(["task"] if table == "stage1" else [])]

    def of(index: int) -> TaskCounts:
        path = corpus.shard_path(table, index)
        try:
            found = read_shard(path, table, columns).to_pydict()
        except (OSError, pa.ArrowException) as error:
            raise ValueError(
                f"{path}: is missing or damaged ({str(error).splitlines()[0]}); run `irmogen validate "
                f"{corpus.root}`, and build the corpus again"
            ) from error
        tasks = found.get("task") or [""] * len(found["split"])
        rows = (task for task, own in zip(tasks, found["split"], strict=True) if own == split)
        return dict(sorted(Counter(rows).items()))

    return list(ahead(of, shards, corpus.root))


def count_together(corpus: Corpus, table: str, split: str, rank: int, world: int) -> list[TaskCounts]:
    """The rows of a split in every shard, of which each of the processes that train counts a share."""
    from accelerate.utils import gather_object

    mine = range(rank, corpus.shards, world)
    counted = zip(mine, count_rows(corpus, table, split, mine), strict=True)
    return [tasks for _, tasks in sorted(gather_object(list(counted)), key=lambda one: one[0])]
