"""Attention of packed rows example by example: on a CPU quicker than a mask over whole rows.

A mask lets the kernel compute, and throw away, what examples of a row would see of each other. Here each
example is a causal attention of its own. Flash attention does the same on a GPU.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

BY_EXAMPLE = "by_example"


def register() -> None:
    """Make the name known to transformers; it gets no mask, for examples are told by their positions."""
    from transformers import AttentionInterface

    AttentionInterface.register(BY_EXAMPLE, attend)


def attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    position_ids: Tensor | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """(N, heads, L, D) queries, keys and values of packed rows -> (N, L, heads, D).

    An example begins where `position_ids` (N or 1, L) is 0. ValueError for what only a mask can say.
    """
    rows, heads, length, size = query.shape
    if position_ids is None or key.shape[2] != length or attention_mask is not None:
        raise ValueError(f"model.attention {BY_EXAMPLE} learns packed rows only; generate with sdpa")
    if sliding_window or softcap:
        raise ValueError(
            f"model.attention {BY_EXAMPLE} knows no sliding window or soft cap; set model.attention=eager"
        )
    first = position_ids.expand(rows, length).reshape(-1).eq(0)
    bounds = [*first.nonzero().flatten().tolist(), rows * length]
    flat = [states.transpose(0, 1).reshape(1, states.shape[1], -1, size) for states in (query, key, value)]
    queries, keys, values = flat
    seen = [
        torch.nn.functional.scaled_dot_product_attention(
            queries[:, :, start:stop],
            keys[:, :, start:stop],
            values[:, :, start:stop],
            dropout_p=dropout,
            is_causal=True,
            scale=scaling,
            enable_gqa=key.shape[1] != heads,
        )
        for start, stop in pairwise(bounds)
    ]
    joined = torch.cat(seen, dim=2).reshape(heads, rows, length, size)
    return joined.permute(1, 2, 0, 3).contiguous(), None
