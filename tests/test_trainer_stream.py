"""The stream of rows: packing, lanes and processes, copies of tasks, examples that do not see each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_training import Ground, tiny, write_ground
from transformers import Gemma2Config, Gemma2ForCausalLM, LlamaConfig, LlamaForCausalLM

from trainer.collate import collate
from trainer.examples import IGNORED, Example, Examples
from trainer.lanes import deal, lanes_of, row_order
from trainer.language_model import texts, word_tokenizer
from trainer.packing import pack
from trainer.rows import StageRows
from trainer.sft import Batches
from trainer.stream import LaneState, Stream
from trainer.vocabulary import TOKENS

TRAINED = [  # 24 goals, twelve a shard
    (f"{n:06d}", "train", n % 2, (f"a man walks {n} steps", f"he turns {n} times"), (None, None))
    for n in range(12)
]
CLIPS = (*TRAINED, ("900001", "val", 0, ("a person kneels",), (None,)))


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return write_ground(tmp_path_factory.mktemp("stream"), clips=CLIPS)


@pytest.fixture(scope="module")
def maker(ground: Ground) -> Examples:
    tokenizer = word_tokenizer(texts(ground.corpus, "train"), 500)
    tokenizer.add_tokens(list(TOKENS))
    return Examples(tokenizer)


@pytest.fixture
def stream(ground: Ground, maker: Examples) -> Any:
    """Makes the stream of a stage's tiny recipe with changes."""

    def make(stage: str, *changes: str) -> Stream:
        recipe = tiny(stage, *changes)
        return Stream(recipe, StageRows(ground.corpus, ground.tokens, stage, recipe.data), maker)

    return make


@settings(max_examples=60)
@given(st.lists(st.integers(1, 64), max_size=80), st.integers(64, 200))
def test_every_example_is_packed_once_and_no_row_runs_over(lengths: list[int], capacity: int) -> None:
    rows = pack(lengths, capacity)
    assert sorted(index for row in rows for index in row) == list(range(len(lengths)))
    filled = sorted(sum(lengths[index] for index in row) for row in rows)
    assert all(0 < size <= capacity for size in filled)
    assert len(filled) < 2 or filled[0] + filled[1] > capacity  # no two rows fit into one
    assert pack(lengths, capacity) == rows


def test_an_example_longer_than_a_row_is_refused() -> None:
    assert pack([5], 5) == [[0]]
    with pytest.raises(ValueError, match="an example of 6 tokens does not fit into a row of 5"):
        pack([2, 6], 5)


@settings(max_examples=60)
@given(
    counts=st.lists(st.integers(0, 40), min_size=1, max_size=30),
    lanes=st.integers(1, 12),
    seed=st.integers(0, 3),
    epoch=st.integers(0, 3),
)
def test_each_row_of_an_epoch_goes_to_one_lane_once(
    counts: list[int], lanes: int, seed: int, epoch: int
) -> None:
    dealt = deal(counts, lanes, seed, epoch)
    assert len(dealt) == lanes
    orders = [row_order(count, seed, epoch, shard) for shard, count in enumerate(counts)]
    rows = [
        [(piece.shard, row) for piece in lane for row in orders[piece.shard][piece.start : piece.stop]]
        for lane in dealt
    ]
    assert sorted(row for lane in rows for row in lane) == [
        (shard, row) for shard, count in enumerate(counts) for row in range(count)
    ]
    sizes = [len(lane) for lane in rows]
    assert max(sizes) - min(sizes) <= 1
    assert all(piece.start < piece.stop for lane in dealt for piece in lane)
    assert deal(counts, lanes, seed, epoch) == dealt


@settings(max_examples=60)
@given(
    counts=st.lists(st.integers(0, 40), min_size=1, max_size=30),
    each=st.integers(1, 4),
    world=st.integers(1, 6),
    epoch=st.integers(0, 3),
)
def test_processes_share_at_most_the_shard_between_two_neighbours(
    counts: list[int], each: int, world: int, epoch: int
) -> None:
    """However few shards there are: all processes together read no more than that many over."""
    lanes = each * world
    dealt = deal(counts, lanes, 0, epoch)
    blocks = [lanes_of(lanes, rank, world) for rank in range(world)]
    assert [lane for block in blocks for lane in block] == list(range(lanes))
    shards = [{piece.shard for lane in block for piece in dealt[lane]} for block in blocks]
    used = sum(count > 0 for count in counts)
    assert len(set().union(*shards)) == used
    assert sum(map(len, shards)) <= used + world - 1
    assert max(map(len, shards)) <= used
    even = deal([7] * (4 * world), lanes, 0, epoch)
    shards = [{piece.shard for lane in block for piece in even[lane]} for block in blocks]
    assert [len(own) for own in shards] == [4] * world  # where shards are alike, none is shared
    assert len(set().union(*shards)) == 4 * world


def test_another_epoch_deals_in_another_order() -> None:
    assert len({str(deal([30] * 6, 4, 0, epoch)) for epoch in range(5)}) == 5
    assert len({str(row_order(20, 0, epoch, shard)) for epoch in range(5) for shard in range(2)}) == 10


def epoch_of(stream: Stream, epoch: int) -> list[Example]:
    """Every example of an epoch, by lanes of which each is read until it begins the next epoch."""
    found = []
    begin = asdict(LaneState(epoch))
    stream.take_up({"lanes": {str(lane): begin for lane in range(stream.lanes)}})
    for lane in range(stream.lanes):
        begun: dict[int, Iterator[list[Example]]] = {}
        while True:
            row = stream.row(lane, begun)
            if stream.states[lane].epoch > epoch:
                break
            found += row
    return found


@pytest.mark.parametrize("lanes", [1, 3, 4])
@pytest.mark.parametrize("stage", ["base", "stage2"])
def test_every_example_of_the_split_comes_once_an_epoch(stage: str, lanes: int, stream: Any) -> None:
    goals = {f"small-{clip[0]}-{number}" for clip in TRAINED for number in (0, 1)}
    wanted = (
        goals
        if stage == "stage2"
        else {f"{goal}-{task}" for goal in goals for task in ("m2t_motion_caption", "t2m_direct_generation")}
    )
    epochs = [epoch_of(stream(stage, f"train.rows={lanes}"), epoch) for epoch in (0, 1)]
    for examples in epochs:
        assert sorted(example.key for example in examples) == sorted(wanted)
    first, second = ({example.key: example for example in examples} for examples in epochs)
    other = sum(first[key].ids != second[key].ids for key in wanted)
    assert other > 0.8 * len(wanted)  # wording, analysis and chain are drawn anew
    assert [example.key for example in epochs[0]] != [example.key for example in epochs[1]]


@pytest.mark.parametrize("stage", ["stage1", "stage2"])
def test_an_example_is_the_same_in_whatever_order_it_is_asked_for(
    stage: str, ground: Ground, stream: Any
) -> None:
    rows, tokens = ground.corpus.read(stage, 0).to_pylist()[:12], ground.tokens.read(0)
    tasks = ("data.tasks.t2t_prompt_analysis=1",) if stage == "stage1" else ()
    asked = [(row, epoch, copy) for epoch in range(3) for copy in range(2) for row in rows]
    one = stream(stage, *tasks)
    first = [one.example(row, tokens, epoch, copy) for row, epoch, copy in asked]
    one.row(0, {})
    assert [one.example(row, tokens, epoch, copy) for row, epoch, copy in reversed(asked)] == first[::-1]
    assert len({(example.key, tuple(example.ids)) for example in first}) > 4 * len(rows)
    other = stream(stage, *tasks, "train.seed=1")
    assert [other.example(row, tokens, epoch, copy) for row, epoch, copy in asked] != first


TASKS = {"m2t_motion_caption": 2.0, "t2m_direct_generation": 0.3, "tm2m_direct_refinement": 1.25}


def test_rows_come_as_often_as_their_task_weighs(stream: Any) -> None:
    weights = "data.tasks={" + ", ".join(f"{task}: {weight}" for task, weight in TASKS.items()) + "}"
    one = stream("stage1", weights, "train.rows=2")
    epochs = [epoch_of(one, epoch) for epoch in range(4)]
    rows = {"m2t_motion_caption": 24, "t2m_direct_generation": 24, "tm2m_direct_refinement": 96}
    for examples in epochs:
        copies = Counter((example.task, example.key) for example in examples)
        assert {task for task, _ in copies} == set(TASKS)
        for (task, _), count in copies.items():
            assert count in {int(TASKS[task]), int(TASKS[task]) + 1}
        assert sum(task == "m2t_motion_caption" for task, _ in copies) == 24
        assert sum(task == "tm2m_direct_refinement" for task, _ in copies) == 96
        assert {n for (task, _), n in copies.items() if task == "m2t_motion_caption"} == {2}
        told = {(example.key, tuple(example.ids)) for example in examples}
        assert len(told) > 0.9 * len(examples)  # a copy has a wording of its own
    rare = [{one.key for one in examples if one.task == "t2m_direct_generation"} for examples in epochs]
    assert len({frozenset(keys) for keys in rare}) == 4  # others in each epoch
    total = Counter(example.task for examples in epochs for example in examples)
    for task, weight in TASKS.items():
        assert total[task] == pytest.approx(4 * rows[task] * weight, rel=0.25)
    again = epoch_of(stream("stage1", weights, "train.rows=2"), 3)
    assert again == epochs[3]
    more = epoch_of(stream("stage1", weights, "train.rows=3"), 3)  # other lanes, the same copies
    assert Counter((one.key, tuple(one.ids)) for one in more) == Counter(
        (one.key, tuple(one.ids)) for one in again
    )
    mean = stream("stage1", weights).rows.examples()
    assert mean == pytest.approx(sum(rows[task] * weight for task, weight in TASKS.items()))


def steps_of(batches: Sequence[Batches], steps: int) -> list[list[torch.Tensor]]:
    """The rows of each step without padding, of all processes, sorted."""
    running = [iter(one) for one in batches]
    found = []
    for _ in range(steps):
        rows = []
        for one, given_out in zip(batches, running, strict=True):
            for _ in one.parts:
                batch = next(given_out)
                lengths = [int((row != one.pad).sum()) for row in batch["input_ids"]]
                rows += [
                    row[:length].tolist() for row, length in zip(batch["input_ids"], lengths, strict=True)
                ]
        found.append(sorted(rows))
    return found


@pytest.mark.parametrize(("world", "at_once"), [(1, 1), (2, 3), (2, 2), (3, 1)])
def test_any_number_of_processes_sees_the_same_rows_in_the_same_step(
    world: int, at_once: int, stream: Any, maker: Examples
) -> None:
    pad = int(maker.tokenizer.pad_token_id)
    one = steps_of([Batches(stream("stage2", "train.rows=6"), 6, pad, False)], 4)
    many = [
        Batches(stream("stage2", "train.rows=6"), at_once, pad, False, rank, world) for rank in range(world)
    ]
    assert steps_of(many, 4) == one


def test_a_stream_goes_on_from_wherever_its_state_was_saved(stream: Any) -> None:
    """In the middle of a window, of a piece, between two epochs."""
    changes = ("train.rows=2", "data.window=5")
    whole, begun = stream("stage2", *changes), {}
    states, given_out = [whole.state()], []
    for _ in range(14):
        given_out.append([whole.row(lane, begun) for lane in (0, 1)])
        states.append(whole.state())
    assert whole.states[0].epoch > 0
    rows = whole.rows
    for taken in range(12):
        resumed = Stream(whole.recipe, rows, whole.examples)
        resumed.take_up(states[taken])
        assert resumed.state() == states[taken]
        begun = {}
        for later in (taken, taken + 1):
            assert [resumed.row(lane, begun) for lane in (0, 1)] == given_out[later]
        assert resumed.state() == states[taken + 2]


def test_a_state_of_other_lanes_is_refused(stream: Any) -> None:
    with pytest.raises(
        ValueError, match="made with 3 rows a step, now there are 4; train on with the recipe"
    ):
        stream("stage2", "train.rows=4").take_up(stream("stage2", "train.rows=3").state())


def test_a_state_of_another_version_is_refused(stream: Any) -> None:
    """One that dealt rows in another order, and told where a lane stands by other numbers."""
    one = stream("stage2", "train.rows=2")
    for held in ({"epoch": 0, "window": 3, "row": 1}, {**asdict(LaneState()), "place": 1}):
        with pytest.raises(ValueError, match="made by another version of irmogen, which dealt rows"):
            one.take_up({"lanes": {"0": asdict(LaneState()), "1": held}})
    assert one.states == {0: LaneState(), 1: LaneState()}


def test_without_packing_every_row_is_one_example(stream: Any) -> None:
    one = stream("stage2", "data.pack=false", "train.rows=2")
    assert all(len(one.row(lane, {})) == 1 for lane in (0, 1))
    assert len(epoch_of(stream("stage2", "data.pack=false", "train.rows=2"), 0)) == 24


def test_examples_that_do_not_fit_are_left_out_and_counted(stream: Any) -> None:
    every = epoch_of(stream("stage2", "train.rows=1"), 0)
    lengths = sorted(len(example.ids) for example in every)
    row = lengths[len(lengths) // 2]
    one = stream("stage2", "train.rows=1", f"data.row={row}")
    fitting = epoch_of(one, 0)
    assert {example.key for example in fitting} == {one.key for one in every if len(one.ids) <= row}
    assert one.counts.too_long >= len(every) - len(fitting) > 0
    counted = [len(example.ids) for example in epoch_of(stream("stage2", "train.rows=1"), 0)]
    assert sorted(counted) == lengths


@pytest.mark.parametrize("steps", [0, 4])
def test_a_row_for_which_every_example_is_too_long_is_refused(steps: int, stream: Any) -> None:
    one = stream("stage2", "data.row=32", f"train.steps={steps}")
    if not steps:
        with pytest.raises(ValueError, match=r"data\.row 32: the shortest example has \d{2,} tokens"):
            one.steps()
    with pytest.raises(
        ValueError, match=r"lane 0 of 2 finds no example that fits into data\.row 32; set a larger"
    ):
        one.row(0, {})


def test_a_split_without_rows_is_refused(stream: Any) -> None:
    with pytest.raises(ValueError, match="stage2 has no row of the split 'dev' for this recipe"):
        stream("stage2", "data.split=dev", "train.steps=0").steps()


def test_steps_are_about_as_many_as_the_epochs_take(stream: Any) -> None:
    changes = ("train.steps=0", "train.rows=1", "data.row=512", "data.window=48")
    one, begun, rows = stream("base", "train.epochs=3", *changes), {}, 0
    while one.states[0].epoch < 3:
        one.row(0, begun)
        rows += 1
    assert one.steps() == pytest.approx(rows - 1, rel=0.1)
    assert stream("base", "train.epochs=6", *changes).steps() == pytest.approx(2 * one.steps(), abs=1)
    assert stream("base", "train.epochs=6", *changes, "train.rows=2").steps() == pytest.approx(
        one.steps(), abs=1
    )


SIZES: dict[str, Any] = {
    "vocab_size": 90,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "initializer_range": 0.5,
}


def llama(attention: str) -> Any:
    config = LlamaConfig(**SIZES)
    config._attn_implementation = attention
    return LlamaForCausalLM(config)


def gemma(attention: str) -> Any:
    """As Gemma 2 is: windows of attention in every other layer, capped logits."""
    config = Gemma2Config(**SIZES, head_dim=8, sliding_window=5)
    config._attn_implementation = attention
    return Gemma2ForCausalLM(config)


@pytest.mark.parametrize(
    ("model", "attention"),
    [(llama, "eager"), (llama, "sdpa"), (gemma, "eager")],
    ids=["llama", "sdpa", "gemma"],
)
@pytest.mark.parametrize("flat", [False, True])
def test_an_example_in_a_row_is_computed_as_if_it_were_alone(model: Any, attention: str, flat: bool) -> None:
    """Beside others, behind others, before padding; logits are about 1, eager attention is in float32."""
    torch.manual_seed(0)
    exact = 1e-5 if attention == "eager" else 1e-10
    network = model(attention).double().eval()
    rows = [[made(4), made(9), made(1)], [made(17), made(12)], [made(3)]]
    batch = collate(rows, pad=0, flat=flat)
    with torch.no_grad():
        found = network(
            **{name: batch[name] for name in ("input_ids", "position_ids")}, use_cache=False
        ).logits
    for number, row in enumerate(rows):
        place = sum(len(one.ids) for before in rows[:number] for one in before) if flat else 0
        for example in row:
            with torch.no_grad():
                alone = network(torch.tensor([example.ids]), use_cache=False).logits[0]
            here = found[0 if flat else number, place : place + len(example.ids)]
            torch.testing.assert_close(here, alone, rtol=0, atol=exact)
            place += len(example.ids)
    assert found.std() > 0.3


def made(length: int) -> Example:
    """An example of random tokens; a third of it is the prompt."""
    ids = torch.randint(1, 90, (length,)).tolist()
    return Example("", "", ids, [IGNORED] * (length // 3) + ids[length // 3 :])


@settings(max_examples=40)
@given(
    lengths=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=4),
    flat=st.booleans(),
)
def test_rows_become_tensors_that_keep_examples_apart(lengths: list[list[int]], flat: bool) -> None:
    rows = [[made(length) for length in row] for row in lengths]
    batch = collate(rows, pad=0, flat=flat)
    assert {tuple(value.shape) for value in batch.values()} == {
        (1, sum(map(sum, lengths))) if flat else (len(rows), max(map(sum, lengths)))
    }
    laid = [[example for row in rows for example in row]] if flat else rows
    for number, row in enumerate(laid):
        ids, labels, positions = (
            batch[name][number].tolist() for name in ("input_ids", "labels", "position_ids")
        )
        place = 0
        for example in row:
            stop = place + len(example.ids)
            assert ids[place:stop] == example.ids
            assert labels[place:stop] == [IGNORED, *example.labels[1:]]  # no loss from one into the next
            assert positions[place:stop] == list(range(len(example.ids)))
            place = stop
        assert set(ids[place:]) <= {0}
        assert set(labels[place:]) <= {IGNORED}


def test_padding_changes_no_logits() -> None:
    torch.manual_seed(0)
    network = llama("sdpa").double().eval()
    row = [made(7), made(5)]
    with torch.no_grad():
        short, long = (
            network(**{k: v for k, v in collate(rows, 0).items() if k != "labels"}, use_cache=False).logits[
                0, :12
            ]
            for rows in ([row], [row, [made(40)]])
        )
    torch.testing.assert_close(short, long, rtol=0, atol=1e-10)
