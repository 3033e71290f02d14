"""Which shards each process of a training reads: its own, once, with many shards and with few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from small_training import Ground, tiny, write_ground

from schemas.checked import CheckedCorpus
from schemas.shards import shard_name, write_shard
from schemas.tokens import TokenSet, write_token_shard
from trainer.examples import Example, Examples
from trainer.goals import Goals, Prompts
from trainer.lanes import lanes_of
from trainer.language_model import texts, word_tokenizer
from trainer.read_ahead import ReadAhead
from trainer.rows import StageRows
from trainer.sft import Batches
from trainer.stream import LaneState, Stream
from trainer.vocabulary import TOKENS

LANES = 8


@dataclass(frozen=True)
class Noted(CheckedCorpus):
    """A corpus that notes which shards were read of it, with their bytes."""

    noted: list[tuple[str, int]] = field(default_factory=list)

    def read(self, table: str, index: int, columns: list[str] | None = None) -> pa.Table:
        self.noted.append((table, index))
        return super().read(table, index, columns)


@dataclass(frozen=True)
class Wide:
    """A corpus of chains in many small shards, and what makes streams of it."""

    root: Path
    digests: dict[str, str]
    tokens: TokenSet
    maker: Examples
    keys: list[str]

    def stream(self, *changes: str) -> tuple[Stream, list[tuple[str, int]]]:
        """A stream of one process, and the shards that it reads."""
        recipe = tiny("stage2", f"train.rows={LANES}", "data.row=2048", *changes)
        corpus = Noted(self.root, len(self.tokens.shards), self.digests)
        return Stream(recipe, StageRows(corpus, self.tokens, "stage2", recipe.data), self.maker), corpus.noted


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return write_ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture(scope="module")
def wide(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Wide]:
    """Makes a corpus of so many shards out of the rows of a small one."""
    tokenizer = word_tokenizer(texts(ground.corpus, "train"), 500)
    tokenizer.add_tokens(list(TOKENS))
    table = ground.corpus.read("stage2", 0)
    rows = [row for row in range(table.num_rows) if table.column("split")[row].as_py() == "train"]
    tokens = ground.tokens.read(0)

    def make(shards: int, more: int = 0) -> Wide:
        root = tmp_path_factory.mktemp(f"wide-{shards}")
        digests, outputs, keys = {}, [], []
        for index in range(shards):
            chosen = [rows[n % len(rows)] for n in range(more + 3 + index % 4)]
            names = [f"s{index:02d}-{n}" for n in range(len(chosen))]
            own = table.take(chosen).set_column(
                table.schema.get_field_index("goal_id"), table.schema.field("goal_id"), pa.array(names)
            )
            file = f"stage2/{shard_name('stage2', index, shards)}"
            digests[file] = write_shard(root / file, own.replace_schema_metadata(table.schema.metadata))
            outputs.append(write_token_shard(root / "tokens/x", index, shards, tokens))
            keys += names
        found = TokenSet(root / "tokens/x", ground.tokens.tokenizer, ground.tokens.codes, tuple(outputs))
        return Wide(root, digests, found, Examples(tokenizer), keys)

    return make


@pytest.fixture(scope="module")
def many(wide: Callable[..., Wide]) -> Wide:
    return wide(64)


def epoch_of(stream: Stream, lanes: range, epoch: int) -> list[str]:
    """What the lanes of one process see in an epoch, one row of each lane after the other."""
    begun: dict[int, Iterator[list[Example]]] = {}
    for lane in lanes:
        stream.states[lane] = LaneState(epoch)
    keys = []
    running = list(lanes)
    while running:
        for lane in list(running):
            row = stream.row(lane, begun)
            if stream.states[lane].epoch > epoch:
                running.remove(lane)
            else:
                keys += [example.key for example in row]
    return keys


@pytest.mark.parametrize("world", [1, 2, 4])
def test_each_row_is_seen_by_one_process_and_each_shard_read_by_one(world: int, many: Wide) -> None:
    """With more shards than lanes; neighbours share the shard that lies between them."""
    seen: Counter[str] = Counter()
    shards: list[set[int]] = []
    for rank in range(world):
        stream, noted = many.stream()
        lanes = lanes_of(LANES, rank, world)
        seen.update(epoch_of(stream, lanes, 1))
        dealt = [piece.shard for lane in lanes for piece in stream._dealt(1)[lane]]
        following = {piece.shard for lane in lanes for piece in stream._dealt(2)[lane][:8]}
        own = [index for _, index in noted]
        assert set(own) <= set(dealt) | following  # those of the next epoch, which it is about to begin
        shards.append(set(dealt))
        reads = Counter(index for index in own if index not in following)
        assert max(reads.values()) <= 2  # where one lane ends another one of the process begins
        assert sum(reads.values()) <= len(set(dealt)) + len(lanes)
        assert len(stream._shards) <= 2 * len(lanes)
    assert seen == Counter(many.keys)
    assert set().union(*shards) == set(range(64))
    assert sum(map(len, shards)) <= 64 + world - 1
    assert max(map(len, shards)) <= 64 / world * 1.1 + 2


def test_with_few_shards_a_process_reads_no_more_than_its_part_of_the_row(
    wide: Callable[..., Wide],
) -> None:
    few = wide(2, 20)
    seen: Counter[str] = Counter()
    read = []
    for rank in range(4):
        stream, _ = few.stream()
        lanes = lanes_of(LANES, rank, 4)
        seen.update(epoch_of(stream, lanes, 0))
        read.append({piece.shard for lane in lanes for piece in stream._dealt(0)[lane]})
    assert seen == Counter(few.keys)
    assert sum(map(len, read)) <= 2 + 3


def test_processes_that_change_in_number_go_on_with_the_rows_not_yet_seen(many: Wide) -> None:
    """One process, then four, then two, then one: the rows of each step are those without a break."""
    pad = int(many.maker.tokenizer.pad_token_id)
    whole, _ = many.stream("data.window=4")
    wanted = steps(Batches(whole, LANES, pad, False), 12)
    found: list[list[str]] = []
    state: dict[str, Any] = {}
    for world in (1, 4, 2, 1):
        parts, lanes = [], {}
        for rank in range(world):
            stream, noted = many.stream("data.window=4")
            if state:
                stream.take_up(state)
            mine = [(lane, stream.states[lane]) for lane in lanes_of(LANES, rank, world)]
            ahead = {
                piece.shard
                for lane, at in mine
                for piece in stream._dealt(at.epoch)[lane][at.piece :] + stream._dealt(at.epoch + 1)[lane]
            }
            batches = Batches(stream, LANES // world, pad, False, rank, world)
            parts.append(steps(batches, 3))
            assert {index for _, index in noted} <= ahead  # nothing of what was seen before
            own = {str(lane) for part in batches.parts for lane in part}
            lanes |= {lane: at for lane, at in stream.state()["lanes"].items() if lane in own}
        found += [sorted(key for part in parts for key in part[step]) for step in range(3)]
        state = {"lanes": lanes}
    assert found == wanted
    assert Counter(key for step in found for key in step) <= Counter(many.keys) + Counter(many.keys)


def steps(batches: Batches, count: int) -> list[list[str]]:
    """The examples of each step of one process, by their keys."""
    stream, lanes = batches.stream, {}
    found = []
    for _ in range(count):
        rows = [stream.row(lane, lanes) for part in batches.parts for lane in part]
        found.append(sorted(example.key for row in rows for example in row))
    return found


@pytest.mark.parametrize("world", [1, 2, 4])
def test_a_process_of_stage_3_reads_the_goals_of_its_prompts(world: int) -> None:
    """Many goals in 64 shards, four prompts a step, of which each process has neighbours."""

    class Made(Goals):
        def __init__(self) -> None:
            super().__init__(Noted(Path("nowhere"), 64), "train", [3 + index % 4 for index in range(64)])
            self.of_shard = lambda shard: [
                _Goal(f"s{shard:02d}-{n}", shard) for n in range(self.counts[shard])
            ]

    goals = Made()
    prompts = Prompts(goals, 0, 4)
    seen: list[list[Any]] = [[] for _ in range(world)]
    for place in range(len(goals)):
        seen[(place % 4) * world // 4].append(prompts.at(place)[0])
    names = [goal.goal_id for own in seen for goal in own]
    assert len(set(names)) == len(names) == len(goals)
    shards = [{goal.shard for goal in own} for own in seen]
    assert sum(map(len, shards)) <= 64 + world - 1
    following = [prompts.at(place)[0].goal_id for place in range(len(goals), 2 * len(goals))]
    assert sorted(following) == sorted(names)
    assert following != names


@dataclass(frozen=True)
class _Goal:
    goal_id: str
    shard: int
    caption: str = "a man walks"


def test_what_is_asked_for_is_read_once_ahead_and_let_go() -> None:
    read: list[int] = []
    held: ReadAhead[int] = ReadAhead(lambda shard: read.append(shard) or shard * 10)
    held.ask("one", [3, 4])
    held.ask("other", [3])
    assert (held.take(3), held.take(4)) == (30, 40)
    held.ask("one", [4, 5])
    assert held.take(3) == 30  # of the other one
    held.ask("other", [])
    assert (held.take(5), len(held)) == (50, 2)
    assert read == [3, 4, 5]
    with pytest.raises(KeyError):
        held.take(3)


def test_what_cannot_be_read_is_told_when_it_is_taken() -> None:
    def broken(shard: int) -> int:
        raise ValueError(f"shard {shard} is damaged")

    held = ReadAhead(broken)
    held.ask("one", [7])
    with pytest.raises(ValueError, match="shard 7 is damaged"):
        held.take(7)
