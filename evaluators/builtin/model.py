"""The networks of the built-in embedder: a motion and a text become unit vectors of one space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from evaluators.builtin.inputs import BUCKETS, channel_count, piece_batch
from motion.skeleton import skeleton


@dataclass(frozen=True)
class Shape:
    """What the networks are made of; part of the embedder's identity."""

    skeleton: str = "t2m"
    width: int = 96
    layers: int = 2
    heads: int = 4
    dimensions: int = 128  # of the space
    sentences: int = 0  # size of a sentence encoder's token vectors; 0: words by their pieces

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


class Encoder(nn.Module):
    """Tokens (N, L, W) with a mask (N, L) -> unit vectors (N, D): a transformer and a learned pooling."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            shape.width,
            shape.heads,
            2 * shape.width,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerEncoder(layer, shape.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(shape.width)
        self.weigh = nn.Linear(shape.width, shape.heads)
        self.project = nn.Linear((shape.heads + 1) * shape.width, shape.dimensions)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Tokens outside the mask count for nothing."""
        tokens = tokens + _positions(tokens.shape[1], tokens.shape[2]).to(tokens)
        found = self.norm(self.layers(tokens, src_key_padding_mask=~mask))
        weights = self.weigh(found).masked_fill(~mask[..., None], -torch.inf).softmax(dim=1)
        mean = torch.einsum("nlh,nlw->nhw", weights, found).flatten(1)
        peak = found.masked_fill(~mask[..., None], -torch.inf).amax(dim=1)
        pooled = torch.cat([mean, peak], dim=1)
        return nn.functional.normalize(self.project(pooled), dim=-1)


def _positions(length: int, width: int) -> Tensor:
    """Sinusoids of the position (Vaswani et al. 2017), (L, W)."""
    rates = torch.exp(torch.arange(0, width, 2, dtype=torch.float64) * (-math.log(1000.0) / width))
    angles = torch.arange(length, dtype=torch.float64)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class MotionEncoder(nn.Module):
    """Channels (N, T, C), not normalised, with lengths -> unit vectors; four frames make a token."""

    mean: Tensor
    std: Tensor

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        size = channel_count(skeleton(shape.skeleton))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("std", torch.ones(size))
        self.first = nn.Conv1d(size, shape.width, 4, stride=2, padding=1)
        self.second = nn.Conv1d(shape.width, shape.width, 4, stride=2, padding=1)
        self.dropout = nn.Dropout(dropout)
        self.encoder = Encoder(shape)

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Frames behind a clip's end count for nothing: they are zeros in every layer."""
        values = ((frames - self.mean) / self.std).clamp(-8, 8)
        values = (values * _mask(lengths, frames.shape[1])[..., None]).transpose(1, 2)
        for layer in (self.first, self.second):
            lengths = lengths // 2
            values = nn.functional.gelu(layer(values))
            values = values * _mask(lengths, values.shape[2])[:, None]
        return self.encoder(self.dropout(values.transpose(1, 2)), _mask(lengths, values.shape[2]))


class TextEncoder(nn.Module):
    """Words as the mean of their pieces, or token vectors of a sentence encoder -> unit vectors."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        if shape.sentences:
            self.enter: nn.Module = nn.Linear(shape.sentences, shape.width)
        else:
            self.enter = nn.EmbeddingBag(BUCKETS, shape.width, mode="mean")
        self.dropout = nn.Dropout(dropout)
        self.encoder = Encoder(shape)

    def of_captions(self, captions: Sequence[str]) -> Tensor:
        """Unit vectors (N, D) of captions by the pieces of their words."""
        buckets, starts, counts = piece_batch(captions)
        device = next(self.parameters()).device
        found = self.enter(torch.from_numpy(buckets).to(device), torch.from_numpy(starts).to(device))
        return self._of_tokens(torch.split(found, counts))

    def of_sentences(self, tokens: Sequence[np.ndarray]) -> Tensor:
        """Unit vectors (N, D) of texts whose tokens (L, S) a sentence encoder has turned into vectors."""
        like = next(self.parameters())
        return self._of_tokens([self.enter(torch.from_numpy(found).to(like)) for found in tokens])

    def _of_tokens(self, tokens: Sequence[Tensor]) -> Tensor:
        counts = torch.tensor([len(found) for found in tokens], device=tokens[0].device)
        padded = nn.utils.rnn.pad_sequence(list(tokens), batch_first=True)
        return self.encoder(self.dropout(padded), _mask(counts, padded.shape[1]))


def _mask(lengths: Tensor, longest: int) -> Tensor:
    return torch.arange(longest, device=lengths.device) < lengths[:, None]


def frame_batch(clips: Sequence[np.ndarray], like: Tensor) -> tuple[Tensor, Tensor]:
    """Channels (N, T, C) of clips of channels (T, C), padded with zeros, and their lengths (N,)."""
    padded = nn.utils.rnn.pad_sequence([torch.from_numpy(clip).to(like) for clip in clips], batch_first=True)
    return padded, torch.tensor([len(clip) for clip in clips], device=like.device)
