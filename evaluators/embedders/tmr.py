"""Embedder of Petrovich et al., "TMR: Text-to-Motion Retrieval" (ICCV 2023).

Two transformers in the manner of ACTOR, one over frames, one over DistilBERT's token states, each behind two
learned tokens: what comes out at the first is the mean of the latent distribution, at the second its log
variance. Facts from the published code and settings; the code here is our own.

FOLDER/motion_encoder.pt, text_encoder.pt   or in FOLDER/last_weights/
FOLDER/mean.pt, std.pt                      or in FOLDER/stats/: those of stats/DATASET/guoh3dfeats
FOLDER/distilbert/                          or distilbert-base-uncased/: a transformers folder
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evaluators.embedders.base import Clip, Text, Vectors
from evaluators.embedders.distilbert import PLACES, DistilBert
from evaluators.embedders.published import (
    all_in,
    as_state,
    digests,
    fill,
    first_of,
    load_tensor,
    load_torch,
    padded,
    positions,
    shape_of,
    unit,
)
from motion.skeleton import skeleton as skeleton_named
from schemas.fingerprint import fingerprint

TMR_VERSION = 1
HEADS = 4  # of the published settings; a state dict does not tell
TOKENS = 2  # mean, log variance
_EPSILON = 1e-12  # added to the std, as published

_WEIGHTS = (".", "last_weights")
_STATS = (".", "stats")


class Actor(nn.Module):
    """A sequence (N, L, F) with its mask -> the mean of its latent distribution (N, D).

    Names of parameters as published. Post-norm layers with GELU, no norm behind the last one.
    """

    def __init__(self, features: int, width: int, inner: int, layers: int) -> None:
        super().__init__()
        self.projection = nn.Linear(features, width)
        self.tokens = nn.Parameter(torch.zeros(TOKENS, width))
        layer = nn.TransformerEncoderLayer(
            width, HEADS, inner, dropout=0.0, activation="gelu", batch_first=True
        )
        self.seqTransEncoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, sequence: Tensor, mask: Tensor) -> Tensor:
        """What is outside the mask counts for nothing."""
        count = len(sequence)
        found = torch.cat([self.tokens.expand(count, -1, -1), self.projection(sequence)], dim=1)
        found = found + positions(found.shape[1], found.shape[2]).to(found)
        seen = torch.cat([mask.new_ones(count, TOKENS), mask], dim=1)
        read: Tensor = self.seqTransEncoder(found, src_key_padding_mask=~seen)
        return read[:, 0]


class TmrEmbedder:
    """The published retrieval model; unit vectors of 256 numbers.

    A vector is the mean of the latent distribution, as retrieval takes it (nothing is sampled), scaled to
    length one: retrieval compares by the cosine. Both published models, that of HumanML3D and that of
    KIT-ML, take HumanML3D's features of the t2m skeleton. A vector depends on its own input only.
    ValueError for files that do not fit, with the file and what to do.
    """

    name = "tmr"
    min_frames = 1

    def __init__(self, folder: Path | str, skeleton: str = "t2m", device: str = "cpu") -> None:
        folder = Path(folder)
        if skeleton != "t2m":
            raise ValueError(
                f"skeleton {skeleton!r}: both published models take features of t2m, also that of KIT-ML; "
                f"use another evaluator"
            )
        self.skeleton = skeleton
        self.device = device
        size = skeleton_named(skeleton).feature_size
        motions, texts = all_in(folder, _WEIGHTS, ("motion_encoder.pt", "text_encoder.pt"))
        mean, std = all_in(folder, _STATS, ("mean.pt", "std.pt"))
        self._mean = load_tensor(mean, (size,))
        self._std = load_tensor(std, (size,))
        if (self._std < 0).any():
            raise ValueError(f"{std}: holds values below zero; give a std, not a mean")
        self._motions, self.dimensions = _actor(motions, size, device)
        self._words = DistilBert(first_of(folder, PLACES), device)
        self._texts, dimensions = _actor(texts, self._words.size, device)
        if dimensions != self.dimensions:
            raise ValueError(
                f"{texts}: vectors of {dimensions} numbers, motions have {self.dimensions}; "
                f"give both encoders of one model"
            )
        files = [motions, texts, mean, std]
        self.fingerprint = fingerprint(self.name, TMR_VERSION, digests(files), self._words.digests)

    def encode_texts(self, texts: Sequence[Text]) -> Vectors:
        """Unit vectors (N, D) in float64; tags are not read."""
        states = self._words.tokens([text.caption for text in texts])
        return self._encoded(self._texts, states)

    def encode_motions(self, clips: Sequence[Clip]) -> Vectors:
        """Unit vectors (N, D) in float64 of features (T, F), not normalised."""
        frames = [(np.asarray(clip, np.float64) - self._mean) / (self._std + _EPSILON) for clip in clips]
        return self._encoded(self._motions, frames)

    def _encoded(self, network: Actor, sequences: Sequence[NDArray[np.float64]]) -> Vectors:
        sequence, mask = padded(sequences, self.device)
        with torch.no_grad():
            return unit(network(sequence, mask))


def load(folder: Path, skeleton: str, device: str = "cpu") -> TmrEmbedder:
    """The embedder in a folder, for motions of a skeleton; ValueError as the class tells."""
    return TmrEmbedder(folder, skeleton, device)


def _actor(path: Path, features: int, device: str) -> tuple[Actor, int]:
    """A network in the sizes of its weights, and the size of its vectors."""
    state = as_state(load_torch(path), path)
    width, seen = shape_of(state, "projection.weight", 2, path)
    if seen != features:
        raise ValueError(
            f"{path}: takes {seen} numbers a step, there are {features}; give the encoder that was published "
            f"with these features and this DistilBERT"
        )
    tokens = shape_of(state, "tokens", 2, path)[0]
    if tokens != TOKENS:
        raise ValueError(f"{path}: has {tokens} tokens, not {TOKENS}; give a variational encoder")
    if width % HEADS:
        raise ValueError(f"{path}: width {width} is no multiple of {HEADS}; give the published encoder")
    inner = shape_of(state, "seqTransEncoder.layers.0.linear1.weight", 2, path)[0]
    layers = len({name.split(".")[2] for name in state if name.startswith("seqTransEncoder.layers.")})
    network = Actor(features, width, inner, layers)
    fill(network, state, path)
    return network.to(device), width
