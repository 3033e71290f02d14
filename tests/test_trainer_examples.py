"""Examples: what a model reads of a row, where the loss falls, and what the draws depend on."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_training import Ground, write_ground
from tiny_model import tiny_tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from prompts.chain import Chain, Round, is_strict, parse, render
from prompts.neutral import neutral
from prompts.tasks import CODES, SLOTS, motion_text, render_prompt, wordings
from schemas.rows import MotionRef
from trainer.completions import decode, read_completion
from trainer.examples import IGNORED, Example, Examples, encode_prompt, encode_text
from trainer.language_model import texts, word_tokenizer
from trainer.recipe import CHAINS
from trainer.vocabulary import TOKENS, add_motion_vocabulary, vocabulary_of

Row = dict[str, Any]
TASKS = [task for task in SLOTS if task != CHAINS]
KINDS = ("of the corpus' words", "of other words, without a first token")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return write_ground(tmp_path_factory.mktemp("examples"))


@pytest.fixture(scope="module")
def makers(ground: Ground) -> dict[str, Examples]:
    """Examples by two kinds of tokenizers."""
    words = word_tokenizer(texts(ground.corpus, "train"), 500)
    words.add_tokens(list(TOKENS))
    other = tiny_tokenizer()
    other.bos_token = None
    return dict(zip(KINDS, (Examples(words), Examples(other)), strict=True))


@pytest.fixture(scope="module")
def tables(ground: Ground) -> dict[str, list[tuple[Row, dict[MotionRef, tuple[int, ...]]]]]:
    """The rows of stages 1 and 2, each with the motion tokens of its shard."""
    shards = range(ground.corpus.shards)
    return {
        stage: [
            (row, ground.tokens.read(shard))
            for shard in shards
            for row in ground.corpus.read(stage, shard).to_pylist()
        ]
        for stage in ("stage1", "stage2")
    }


def halves(example: Example) -> tuple[list[int], list[int]]:
    """Ids of prompt and answer: the answer begins where the first loss falls."""
    begin = next(place for place, label in enumerate(example.labels) if label != IGNORED)
    return example.ids[:begin], example.ids[begin:]


def said(maker: Examples, ids: list[int]) -> str:
    return decode(ids, maker.tokenizer, maker.vocabulary)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("task", TASKS)
def test_prompt_and_answer_of_a_task_hold_what_its_row_says(
    task: str, kind: str, makers: dict[str, Examples], tables: Any
) -> None:
    maker = makers[kind]
    rows = [(row, tokens) for row, tokens in tables["stage1"] if row["task"] == task]
    assert len(rows) >= 8
    for row, tokens in rows:
        motion, goal = (tokens[MotionRef(**row[name])] for name in ("motion", "goal_motion"))
        example = maker.of_task(row, tokens.__getitem__, "draw")
        prompt, answer = halves(example)
        filled = {
            "motion": {motion_text(motion)},
            "caption": {neutral(row["caption"])},
            "analysis": {neutral(text) for text in row["analyses"]},
            "instruction": {neutral(row["refinement"])},
        }
        assert said(maker, prompt) in prompts_of(task, filled, bos=maker.tokenizer.bos_token or "")
        assert [prompt[a:b] for a, b in maker.vocabulary.motion_spans(prompt)] == (
            [maker.vocabulary.ids(motion)] if "motion" in SLOTS[task] else []
        )
        assert answer[-1] == maker.end
        if task.startswith(("t2m", "tm2m")):
            assert answer[:-1] == maker.vocabulary.ids(goal)
        else:
            assert said(maker, answer[:-1]) in answers_of(task, row)
            assert not maker.vocabulary.motion_spans(answer)


def prompts_of(task: str, filled: dict[str, set[str]], bos: str) -> set[str]:
    """Every prompt that a task may have with these fillings of its slots."""
    found = {*wordings(task)}
    for slot in SLOTS[task]:
        found = {text.replace("{" + slot + "}", value) for text in found for value in filled[slot]}
    return {render_prompt(text, bos=bos) for text in found}


def answers_of(task: str, row: Row) -> set[str]:
    found = {
        "m2t_motion_caption": [row["caption"]],
        "t2t_prompt_analysis": row["analyses"],
        "tm2t_assessment_analysis": [row["assessment"]],
        "tm2t_refinement_instruction": [row["refinement"]],
    }
    return {neutral(text) for text in found[task]}


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_falls_on_the_whole_answer_of_a_task_and_nothing_else(
    kind: str, makers: dict[str, Examples], tables: Any
) -> None:
    for row, tokens in tables["stage1"]:
        example = makers[kind].of_task(row, tokens.__getitem__, "draw")
        prompt, answer = halves(example)
        assert example.labels == [IGNORED] * len(prompt) + answer
        assert (example.key, example.task) == (row["example_id"], row["task"])
        assert example.ids.count(makers[kind].end) == 1


TEXT = st.one_of(
    st.sampled_from(
        [
            "go <Motion_3> on",
            "</think>",
            "[assess] x",
            "<eos><pad>",
            "naïve – 彡",
            "a\u200bb",
            "Ġ Ċ",
            "<Motion>7",
        ]
    ),
    st.text(max_size=30),
).map(lambda text: "it is " + text)
ROUNDS = st.builds(Round, st.lists(st.integers(0, CODES - 1), min_size=1, max_size=9).map(tuple), TEXT, TEXT)
CHAINS_MADE = st.builds(Chain, TEXT, st.lists(ROUNDS, min_size=1, max_size=5).map(tuple))


@settings(max_examples=40)
@given(chain=CHAINS_MADE, caption=TEXT, kind=st.sampled_from(KINDS))
def test_no_loss_falls_on_an_intermediate_motion_and_all_of_it_on_the_goal_motion(
    makers: dict[str, Examples], chain: Chain, caption: str, kind: str
) -> None:
    maker = makers[kind]
    example = maker.of_chain("goal", caption, chain, "draw")
    prompt, answer = halves(example)
    spans = maker.vocabulary.motion_spans(answer)
    assert [answer[a:b] for a, b in spans] == [maker.vocabulary.ids(turn.tokens) for turn in chain.rounds]
    silent = {place for a, b in spans[:-1] for place in range(a, b)}
    learned = example.labels[len(prompt) :]
    assert learned == [IGNORED if place in silent else token for place, token in enumerate(answer)]
    assert answer[-1] == maker.end
    text = said(maker, answer[:-1])
    assert text == render(chain)
    assert is_strict(text)
    assert parse(text).rounds == tuple(
        Round(turn.tokens, neutral(turn.assessment), neutral(turn.refinement)) for turn in chain.rounds
    )
    assert said(maker, prompt) in prompts_of(
        CHAINS, {"caption": {neutral(caption)}}, maker.tokenizer.bos_token or ""
    )


@settings(max_examples=40)
@given(chain=CHAINS_MADE)
def test_an_answer_is_read_as_the_chain_that_it_was_made_of(
    makers: dict[str, Examples], chain: Chain
) -> None:
    maker = makers[KINDS[0]]
    _, answer = halves(maker.of_chain("goal", "a man walks", chain, "draw"))
    found = read_completion(answer, maker.tokenizer, maker.vocabulary, CODES)
    assert [(turn.codes, turn.assessment, turn.refinement) for turn in found.rounds] == [
        (turn.tokens, neutral(turn.assessment), neutral(turn.refinement)) for turn in chain.rounds
    ]
    assert (found.answer, found.strict, found.ended, found.bad_motions) == (
        chain.rounds[-1].tokens,
        True,
        True,
        0,
    )
    small = max(turn.tokens[0] for turn in chain.rounds)  # a motion tokenizer that lacks this code
    lacking = read_completion(answer, maker.tokenizer, maker.vocabulary, small)
    assert lacking.bad_motions == sum(max(turn.tokens) >= small for turn in chain.rounds)
    assert len(lacking.rounds) == len(chain.rounds) - lacking.bad_motions


@settings(max_examples=40)
@given(data=st.data())
def test_a_completion_of_any_tokens_is_read_without_an_error(makers: dict[str, Examples], data: Any) -> None:
    maker = makers[KINDS[0]]
    vocabulary = maker.vocabulary
    frame = encode_text(maker.tokenizer, "</think>[generate][/generate][assess][/assess]")
    common = [vocabulary.start, vocabulary.end, vocabulary.first_code, maker.end, *frame]
    token = st.one_of(st.sampled_from(common), st.integers(0, len(maker.tokenizer) - 1))
    ids = data.draw(st.lists(token, max_size=40))
    found = read_completion(ids, maker.tokenizer, vocabulary, 16)
    assert found.ended == (maker.end in ids)
    assert all(turn.codes and max(turn.codes) < 16 for turn in found.rounds)
    assert len(found.rounds) + found.bad_motions <= ids.count(vocabulary.start)


def test_a_chain_is_drawn_by_seed_epoch_and_goal_alone(ground: Ground, makers: Any, tables: Any) -> None:
    """Whoever asks, in whatever order, however often: by another tokenizer's examples as well."""
    chosen = [(row, tokens) for row, tokens in tables["stage2"] if row["split"] == "train"]
    draws = [f"0/epoch {epoch}/0" for epoch in range(12)]
    asked = [(row, tokens, draw) for draw in draws for row, tokens in chosen]
    first = [makers[KINDS[0]].chain(row, tokens.__getitem__, draw) for row, tokens, draw in asked]
    again = [makers[KINDS[1]].chain(row, tokens.__getitem__, draw) for row, tokens, draw in reversed(asked)]
    assert first == again[::-1]
    by_goal = list(zip(*[iter(first)] * len(chosen), strict=True))
    for drawn in zip(*by_goal, strict=True):
        assert len({(chain.analysis, chain.rounds) for chain in drawn}) > 3  # over the epochs
    assert any(len({len(chain.rounds) for chain in epoch}) > 2 for epoch in by_goal)  # each goal for itself
    other = [makers[KINDS[0]].chain(row, tokens.__getitem__, "1/epoch 0/0") for row, tokens in chosen]
    assert other != list(by_goal[0])


@pytest.mark.parametrize("most", [0, 2, 4])
def test_a_chain_keeps_the_order_of_the_ladder_and_has_up_to_so_many_motions(
    most: int, makers: Any, tables: Any
) -> None:
    maker = copy.copy(makers[KINDS[0]])
    maker.intermediate = most
    sizes: Counter[int] = Counter()
    for row, tokens in tables["stage2"]:
        ladder = [tokens[MotionRef(**rung["motion"])] for rung in row["ladder"]]
        for epoch in range(30):
            *before, goal = maker.chain(row, tokens.__getitem__, f"0/epoch {epoch}/0").rounds
            assert goal.tokens == tokens[MotionRef(**row["motion"])]
            said_of = {neutral(rung["assessment"]): place for place, rung in enumerate(row["ladder"])}
            places = [said_of[turn.assessment] for turn in before]
            assert places == sorted(set(places))
            assert [turn.tokens for turn in before] == [ladder[place] for place in places]
            sizes[len(before)] += 1
    assert set(sizes) == set(range(most + 1))
    expected = sum(sizes.values()) / (most + 1)
    assert all(abs(count - expected) < 0.4 * expected for count in sizes.values())  # each as likely


def test_a_motion_that_was_assessed_as_matching_is_no_intermediate(makers: Any, tables: Any) -> None:
    row, tokens = copy.deepcopy(tables["stage2"][0])
    for rung in row["ladder"][:3]:
        rung["perfect"] = True
    kept = neutral(row["ladder"][3]["assessment"])
    for epoch in range(30):
        *before, _ = makers[KINDS[0]].chain(row, tokens.__getitem__, str(epoch)).rounds
        assert [turn.assessment for turn in before] in ([], [kept])


def test_wordings_differ_between_epochs_and_rows_and_are_drawn_by_their_key(makers: Any, tables: Any) -> None:
    maker = makers[KINDS[0]]
    row, tokens = next(pair for pair in tables["stage1"] if pair[0]["task"] == "t2t_prompt_analysis")
    made = [maker.of_task(row, tokens.__getitem__, f"0/epoch {epoch}/0") for epoch in range(20)]
    prompts, answers = ({tuple(ids) for ids in part} for part in zip(*map(halves, made), strict=True))
    assert len(prompts) > 8
    assert len(answers) == 4  # wordings of the analysis
    again = [maker.of_task(row, tokens.__getitem__, f"0/epoch {epoch}/0") for epoch in range(19, -1, -1)]
    assert again[::-1] == made
    goal, tokens = tables["stage2"][0]
    asked = {tuple(halves(maker.of_goal(goal, tokens.__getitem__, str(epoch)))[0]) for epoch in range(20)}
    assert len(asked) > 8


@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_is_what_an_asked_model_reads(kind: str, makers: Any, tables: Any) -> None:
    maker = makers[kind]
    row, tokens = tables["stage2"][0]
    prompt, _ = halves(maker.of_goal(row, tokens.__getitem__, "draw"))
    asked = {
        tuple(encode_prompt(maker.tokenizer, wording.replace("{caption}", neutral(row["caption"]))))
        for wording in wordings(CHAINS)
    }
    assert tuple(prompt) in asked
    bos = maker.tokenizer.bos_token_id
    assert (bos is None) == (kind == KINDS[1])
    assert bos is None or prompt.count(bos) == 1


def test_what_a_tokenizer_or_a_row_lacks_is_told(makers: Any, tables: Any) -> None:
    bare = word_tokenizer(iter(["a man walks"]), 300)
    with pytest.raises(
        ValueError, match="no motion vocabulary; train on from a model of `irmogen train base`"
    ):
        Examples(bare)
    bare.add_tokens([*TOKENS[:9], "stranger", *TOKENS[9:]])
    with pytest.raises(ValueError, match="motion codes are not in a row"):
        vocabulary_of(bare)
    row, tokens = tables["stage1"][0]
    with pytest.raises(
        ValueError, match=rf"{row['example_id']}: unknown task 'dance'; build the corpus again"
    ):
        makers[KINDS[0]].of_task({**row, "task": "dance"}, tokens.__getitem__, "draw")
    torn = copy.copy(makers[KINDS[0]])
    torn.tokenizer = word_tokenizer(iter(["a man walks"]), 300)
    with pytest.raises(
        ValueError, match="goal: the tokenizer reads 0 motions in a chain of 1; give the model"
    ):
        torn.of_chain("goal", "a", Chain("b", (Round((1,), "c", "d"),)), "draw")


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("spare", [0, 600])
def test_new_words_begin_as_the_mean_of_the_old_ones(tied: bool, spare: int) -> None:
    tokenizer = word_tokenizer(iter(["a man walks"]), 300)
    known = len(tokenizer)
    config = LlamaConfig(
        vocab_size=known + spare,  # rows beyond the tokenizer's words, as published models have
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        tie_word_embeddings=tied,
    )
    model = LlamaForCausalLM(config)
    before = [table.weight.detach().clone() for table in (model.get_input_embeddings(), model.lm_head)]
    assert add_motion_vocabulary(model, tokenizer) == len(TOKENS)
    for table, old in zip((model.get_input_embeddings(), model.lm_head), before, strict=True):
        new = table.weight[known : known + len(TOKENS)]
        torch.testing.assert_close(new, old[:known].mean(dim=0).expand_as(new))
        assert torch.equal(table.weight[:known], old[:known])
    found = vocabulary_of(tokenizer)
    assert found.ids([0, 511]) == [known, known + 2, known + 513, known + 1]
    assert [found.code(token) for token in (known, known + 1, known + 2, known + 513, known + 514)] == [
        None,
        None,
        0,
        511,
        None,
    ]
    held = model.get_input_embeddings().weight.detach().clone()
    assert add_motion_vocabulary(model, tokenizer) == 0
    assert torch.equal(model.get_input_embeddings().weight, held)
    assert model(torch.tensor([found.ids([511])])).logits.shape[-1] == len(held)
