"""Attention example by example: the same as under a mask, for any packing."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM

from trainer.attention import BY_EXAMPLE, attend, register


def small(attention: str, heads: int = 4, shared: int = 2) -> LlamaForCausalLM:
    register()
    config = LlamaConfig(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=heads,
        num_key_value_heads=shared,
        attn_implementation=attention,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return LlamaForCausalLM(config).to(torch.float64)


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=3))
def test_packed_rows_give_the_loss_and_gradients_that_a_mask_gives(rows: list[list[int]]) -> None:
    length = max(map(sum, rows))
    ids = torch.arange(1, len(rows) * length + 1).reshape(len(rows), length) * 7 % 50
    positions = torch.zeros_like(ids)
    for row, sizes in zip(positions, rows, strict=True):
        row.copy_(torch.cat([torch.arange(size) for size in (*sizes, length - sum(sizes))]))
    found = []
    for attention in ("sdpa", BY_EXAMPLE):
        model = small(attention)
        loss = (
            model(input_ids=ids, position_ids=positions, use_cache=False).logits.logsumexp(-1).square().sum()
        )
        loss.backward()
        found.append([loss, *(weight.grad for weight in model.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def test_what_only_a_mask_can_say_is_refused() -> None:
    states = torch.zeros(1, 2, 3, 4)
    positions = torch.arange(3)[None]
    mask = torch.ones(1, 3)
    with pytest.raises(ValueError, match="learns packed rows only; generate with sdpa"):
        attend(None, states, states, states, mask, position_ids=positions)
    with pytest.raises(ValueError, match="learns packed rows only"):
        attend(None, states[:, :, :1], states, states, None, position_ids=positions[:, :1])
    with pytest.raises(ValueError, match="no sliding window or soft cap"):
        attend(None, states, states, states, None, position_ids=positions, softcap=50.0)
