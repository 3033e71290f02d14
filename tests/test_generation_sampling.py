"""Sampling: what a row becomes is its own affair."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from tiny_model import tiny_llama, tiny_tokenizer
from transformers import DynamicCache, Gemma2Config, Gemma2ForCausalLM

from motion.seeds import generator, seed
from trainer.generation.cache import roomy_cache
from trainer.generation.likelihood import likelihoods
from trainer.generation.requests import Ask, Ends, Weigh
from trainer.generation.sampling import GumbelNoise, Sampler, Sampling
from trainer.vocabulary import Vocabulary, vocabulary_of


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return tiny_tokenizer()


@pytest.fixture(scope="module")
def vocabulary(tokenizer: Any) -> Vocabulary:
    return vocabulary_of(tokenizer)


@pytest.fixture(scope="module")
def llama(tokenizer: Any) -> Any:
    return tiny_llama(tokenizer)


def prompts(tokenizer: Any, count: int) -> list[tuple[int, ...]]:
    """Prompts of 1 to 40 random ids."""
    rng = generator("prompts")
    return [tuple(rng.integers(3, len(tokenizer), int(rng.integers(1, 41))).tolist()) for _ in range(count)]


def answers(sampler: Sampler, asks: list[Ask]) -> list[tuple[int, ...]]:
    found = dict(sampler.answers(asks))
    return [found[place] for place in range(len(asks))]


@pytest.mark.parametrize(
    ("dtype", "greedy"), [(torch.float32, False), (torch.float32, True), (torch.float64, False)]
)
def test_tokens_do_not_depend_on_batch_or_order(
    tokenizer: Any, vocabulary: Vocabulary, dtype: torch.dtype, greedy: bool
) -> None:
    model = tiny_llama(tokenizer).to(dtype)
    asks = [Ask(prompt, seed("row", place), 5 + place) for place, prompt in enumerate(prompts(tokenizer, 8))]
    found = []
    for batch in (1, 3, 7):
        sampler = Sampler(model, tokenizer, vocabulary.start, Sampling(greedy=greedy, batch=batch))
        found.append(answers(sampler, asks))
        assert sampler.tokens == sum(map(len, found[-1]))
    found.append(answers(sampler, asks[::-1])[::-1])
    assert all(one == found[0] for one in found)
    assert len(set(found[0])) == len(asks)


def tiny_gemma2(tokenizer: Any) -> Gemma2ForCausalLM:
    """A random model whose first layer sees the last 16 tokens only."""
    config = Gemma2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        sliding_window=16,
        initializer_range=0.5,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Gemma2ForCausalLM(config).eval()


@pytest.mark.parametrize("kind", [tiny_llama, tiny_gemma2])
def test_a_greedy_token_is_the_likeliest_behind_all_before(
    tokenizer: Any, vocabulary: Vocabulary, kind: Callable[[Any], Any]
) -> None:
    model = kind(tokenizer)
    asks = [Ask(prompt, 0, 12) for prompt in prompts(tokenizer, 5)]
    found = answers(Sampler(model, tokenizer, vocabulary.start, Sampling(greedy=True, batch=4)), asks)
    for ask, ids in zip(asks, found, strict=True):
        logits = model(torch.tensor([[*ask.prompt, *ids]])).logits[0, len(ask.prompt) - 1 : -1]
        assert logits.argmax(dim=1).tolist() == list(ids)


def test_buffers_with_room_hold_what_the_default_cache_holds() -> None:
    roomy = roomy_cache(tiny_llama(tiny_tokenizer()))
    plain = DynamicCache()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for length in (5, *[1] * 150, 70, 1):
            states = torch.randn(2, 3, 2, length, 4)
            one, other = (cache.update(*states, layer_idx=0) for cache in (roomy, plain))
            assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert roomy.get_seq_length() == plain.get_seq_length() == 226


def test_seeds_alone_tell_draws_apart(tokenizer: Any, vocabulary: Vocabulary, llama: Any) -> None:
    prompt = prompts(tokenizer, 1)[0]
    sampler = Sampler(llama, tokenizer, vocabulary.start, Sampling())
    one, same, other = answers(sampler, [Ask(prompt, 1, 20), Ask(prompt, 1, 20), Ask(prompt, 2, 20)])
    assert one == same != other


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_noise_draws_from_the_softmax(temperature: float) -> None:
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0, -30.0])
    rows = 4000
    noisy = GumbelNoise(range(rows), temperature)(torch.empty(0), logits.expand(rows, -1))
    shares = torch.bincount(noisy.argmax(dim=1), minlength=5) / rows
    wanted = torch.softmax(logits / temperature, dim=0)
    # Four standard deviations of a share.
    assert ((shares - wanted).abs() <= 4 * (wanted * (1 - wanted) / rows).sqrt() + 1e-6).all()


def test_a_row_ends_where_its_ask_says(tokenizer: Any, vocabulary: Vocabulary, llama: Any) -> None:
    sampler = Sampler(llama, tokenizer, vocabulary.start, Sampling(batch=5))
    prompt = prompts(tokenizer, 1)[0]
    whole = answers(sampler, [Ask(prompt, 7, 60)])[0]
    third = whole.index(whole[20])
    part = tokenizer.decode(whole[8:11])
    found = answers(
        sampler,
        [
            Ask(prompt, 7, 9),
            Ask(prompt, 7, 60, Ends(token=whole[20])),
            Ask(prompt, 7, 60, Ends(text=part)),
            Ask(prompt, 7, 0),
            Ask(prompt, 7, 60),
        ],
    )
    assert found[0] == whole[:9]
    assert found[1] == whole[: third + 1]
    assert part in tokenizer.decode(found[2])
    assert part not in tokenizer.decode(found[2][:-1])
    assert found[3:] == [(), whole]


def test_a_row_ends_with_the_motion_beyond_the_limit(tokenizer: Any, llama: Any) -> None:
    prompt = prompts(tokenizer, 1)[0]
    whole = answers(Sampler(llama, tokenizer, -5, Sampling()), [Ask(prompt, 3, 60)])[0]
    start = whole[4]  # whatever token is taken for <Motion>
    sampler = Sampler(llama, tokenizer, start, Sampling())
    places = [place for place, token in enumerate(whole) if token == start]
    for limit, place in enumerate(places):
        found = answers(sampler, [Ask(prompt, 3, 60, Ends(motions=limit))])[0]
        assert found == whole[: place + 1]
    assert answers(sampler, [Ask(prompt, 3, 60, Ends(motions=len(places)))])[0] == whole


def test_a_row_stops_at_the_end_token_and_at_the_last_place(
    tokenizer: Any, vocabulary: Vocabulary, llama: Any
) -> None:
    places = llama.config.max_position_embeddings
    sampler = Sampler(llama, tokenizer, vocabulary.start, Sampling(batch=1))
    full, nearly = (3,) * places, (3,) * (places - 2)
    found = answers(sampler, [Ask(full, 0, 10), Ask(nearly, 0, 10)])
    assert [len(ids) for ids in found] == [0, 2]
    ended = [
        ids
        for ids in answers(
            Sampler(llama, tokenizer, vocabulary.start, Sampling(temperature=1e6, batch=100)),
            [Ask((5,), number, 60) for number in range(100)],
        )
        if tokenizer.eos_token_id in ids
    ]
    assert ended  # of 100 nearly uniform rows some end early
    assert all(ids.index(tokenizer.eos_token_id) == len(ids) - 1 for ids in ended)


def test_likelihoods_are_those_of_a_row_alone(tokenizer: Any) -> None:
    model = tiny_llama(tokenizer).double()
    rows = prompts(tokenizer, 6)
    weighs = [Weigh(context, tail) for context, tail in pairwise(rows)]
    found = dict(likelihoods(model, weighs, batch=4))
    alone = dict(likelihoods(model, weighs, batch=1))
    for place, weigh in enumerate(weighs):
        ids = torch.tensor([[*weigh.context, *weigh.tail]])
        logs = torch.log_softmax(model(ids).logits[0].detach(), dim=-1)
        behind = range(len(weigh.context), ids.shape[1])
        wanted = sum(float(logs[here - 1, ids[0, here]]) for here in behind)
        assert found[place] == pytest.approx(wanted, abs=1e-9)
        assert alone[place] == pytest.approx(wanted, abs=1e-9)
