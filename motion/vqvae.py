"""The network of the motion tokenizer: a VQ-VAE of one-dimensional convolutions over frames.

Two networks around a codebook (van den Oord et al. 2017; for motion Zhang et al. 2023, T2M-GPT). The names of
its weights and the order of its layers are those of the published checkpoints, so that these can be read.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

MOST_CODES = 512  # the language models' vocabulary has a word for each


@dataclass(frozen=True)
class TokenizerShape:
    """Sizes of the networks; the defaults are the published ones."""

    features: int  # F, numbers of a frame
    codes: int = 512
    code_size: int = 512
    width: int = 512  # channels between the layers
    depth: int = 3  # residual blocks of a stack
    dilation: int = 3  # growth of the dilation from block to block
    downsamplings: int = 2  # each halves the frames

    def __post_init__(self) -> None:
        """Refuses sizes that cannot be, and more codes than there are words for."""
        for name, value in asdict(self).items():
            if type(value) is not int or value < 1:
                raise ValueError(f"tokenizer shape: {name} is {value!r}; give a whole number of at least 1")
        if self.codes > MOST_CODES:
            raise ValueError(f"tokenizer shape: {self.codes} codes, at most {MOST_CODES} have a word")

    @property
    def frames_per_token(self) -> int:
        """Frames that one code stands for."""
        return int(2**self.downsamplings)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


class Layers(nn.Module):
    """Layers one after another, under the name `model`."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.model = nn.Sequential(*layers)

    def forward(self, frames: Tensor) -> Tensor:
        """(N, C, T) -> (N, C', T')."""
        return self.model(frames)


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(relu(x)))), the first of three frames that lie `dilation` apart."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.conv2 = nn.Conv1d(width, width, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """(N, C, T) -> (N, C, T)."""
        return frames + self.conv2(self.conv1(frames.relu()).relu())


def _residual_stack(shape: TokenizerShape) -> Layers:
    """Blocks from the widest dilation to the narrowest, in both networks."""
    widest_first = reversed(range(shape.depth))
    return Layers(*(ResidualBlock(shape.width, shape.dilation**power) for power in widest_first))


def encoder(shape: TokenizerShape) -> Layers:
    """(N, F, T) -> (N, code size, T / frames per token)."""
    width = shape.width
    halvings = [
        nn.Sequential(nn.Conv1d(width, width, 4, stride=2, padding=1), _residual_stack(shape))
        for _ in range(shape.downsamplings)
    ]
    first = nn.Conv1d(shape.features, width, 3, padding=1)
    return Layers(first, nn.ReLU(), *halvings, nn.Conv1d(width, shape.code_size, 3, padding=1))


def decoder(shape: TokenizerShape) -> Layers:
    """(N, code size, n) -> (N, F, n * frames per token)."""
    width = shape.width
    doublings = [
        nn.Sequential(
            _residual_stack(shape), nn.Upsample(scale_factor=2), nn.Conv1d(width, width, 3, padding=1)
        )
        for _ in range(shape.downsamplings)
    ]
    first = nn.Conv1d(shape.code_size, width, 3, padding=1)
    last = (nn.Conv1d(width, width, 3, padding=1), nn.ReLU(), nn.Conv1d(width, shape.features, 3, padding=1))
    return Layers(first, nn.ReLU(), *doublings, *last)


class Codebook(nn.Module):
    """The codes' vectors, (codes, code size)."""

    codebook: Tensor

    def __init__(self, shape: TokenizerShape) -> None:
        super().__init__()
        self.register_buffer("codebook", torch.zeros(shape.codes, shape.code_size))

    def nearest(self, vectors: Tensor) -> Tensor:
        """Index of the nearest code of each of the vectors (..., code size)."""
        book = self.codebook
        squares = vectors.square().sum(-1, keepdim=True) + book.square().sum(-1)
        return (squares - 2 * vectors @ book.T).argmin(-1)


class VqVae(nn.Module):
    """Encoder, codebook and decoder over normalised features."""

    def __init__(self, shape: TokenizerShape) -> None:
        super().__init__()
        self.encoder = encoder(shape)
        self.decoder = decoder(shape)
        self.quantizer = Codebook(shape)

    def encode(self, frames: Tensor) -> Tensor:
        """Vectors (N, n, code size), not yet codes, of frames (N, T, F); T is n * frames per token."""
        return self.encoder(frames.transpose(1, 2)).transpose(1, 2)

    def decode(self, vectors: Tensor) -> Tensor:
        """Frames (N, T, F) of vectors (N, n, code size)."""
        return self.decoder(vectors.transpose(1, 2)).transpose(1, 2)

    def codes(self, frames: Tensor) -> Tensor:
        """Codes (N, n) of frames (N, T, F)."""
        return self.quantizer.nearest(self.encode(frames))

    def frames(self, codes: Tensor) -> Tensor:
        """Frames (N, T, F) of codes (N, n)."""
        return self.decode(self.quantizer.codebook[codes])
