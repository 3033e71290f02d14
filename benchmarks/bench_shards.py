"""What each process of a training reads of a corpus in an epoch: shards, bytes, and how long it waits.

python benchmarks/bench_shards.py CORPUS [--stage stage1] [--rows 8] [--delay 0.2]
`--delay` lets each shard come so many seconds late, as from a bucket that is far away.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import report

if TYPE_CHECKING:
    from trainer.examples import Example
    from trainer.stream import Stream


def measured(corpus: Path, stage: str, rows: int, rank: int, world: int, delay: float) -> dict[str, Any]:
    """One process' epoch."""
    from schemas.checked import checked
    from schemas.corpus import open_corpus
    from schemas.tokens import open_tokens
    from trainer.examples import Examples
    from trainer.lanes import lanes_of
    from trainer.language_model import corpus_tokenizer
    from trainer.recipe import load_recipe
    from trainer.rows import Shard, StageRows
    from trainer.stream import Stream
    from trainer.vocabulary import TOKENS

    opened, manifest = open_corpus(corpus)
    recipe = load_recipe("demo", stage, [f"train.rows={rows}"])
    tokens = open_tokens(corpus, manifest)
    tokenizer = corpus_tokenizer(opened, "train", recipe.model.words)
    tokenizer.add_tokens(list(TOKENS))
    read: list[int] = []

    class Noted(StageRows):
        def read(self, index: int) -> Shard:
            read.append(index)
            time.sleep(delay)
            return super().read(index)

    stage_rows = Noted(checked(opened, manifest), tokens, stage, recipe.data)
    stream = Stream(recipe, stage_rows, Examples(tokenizer))
    waits: list[float] = []
    take = stream._shards.take

    def timed(index: int) -> Shard:
        started = time.perf_counter()
        found = take(index)
        waits.append(time.perf_counter() - started)
        return found

    stream._shards.take = timed  # type: ignore[method-assign]
    lanes = lanes_of(rows, rank, world)
    started = time.perf_counter()
    held = epoch(stream, lanes)
    seconds = time.perf_counter() - started
    own = {piece.shard for lane in lanes for piece in stream._dealt(0)[lane]}
    sizes = [
        opened.shard_path(stage_rows.table, index).stat().st_size
        + (tokens.folder / tokens.shards[index].file).stat().st_size
        for index in own
    ]
    return {
        "stage": stage,
        "processes": world,
        "process": rank,
        "shards": opened.shards,
        "read in the epoch": len(own),
        "kB": sum(sizes) // 1000,
        "reads": len(read),
        "held at most": held,
        "seconds": seconds,
        "waited": sum(waits),
        "behind the first": sum(waits[len(lanes) :]),
    }


def epoch(stream: Stream, lanes: Iterable[int]) -> int:
    """Go through one epoch of lanes; returns how many shards were held at the most."""
    begun: dict[int, Iterator[list[Example]]] = {}
    running, held = list(lanes), 0
    while running:
        for lane in list(running):
            stream.row(lane, begun)
            held = max(held, len(stream._shards))
            if stream.states[lane].epoch:
                running.remove(lane)
    return held


def main() -> None:
    """Print a table, and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--stage", default="stage1")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--worlds", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--delay", type=float, default=0.0)
    args = parser.parse_args()
    report(
        "shards",
        [
            measured(args.corpus, args.stage, args.rows, rank, world, args.delay)
            for world in args.worlds
            for rank in range(world)
        ],
    )


if __name__ == "__main__":
    main()
