"""Embedder of Yu et al., "Exploring Vision Transformers for 3D Human Motion-Language Models with Motion
Patches" (CVPR 2024).

A motion becomes an image: time downwards, five chains of joints sideways, each stretched to 16 columns, and
x, y, z as colours. A vision transformer reads it, DistilBERT reads the text, a head each leads into one
space. Facts from the published code and settings; the code here is our own.

FOLDER/best_model.pt                 the state dict of the whole model
FOLDER/Mean_raw.npy, Std_raw.npy     of the joints (J, 3) of the data set
FOLDER/distilbert/                   or distilbert-base-uncased/: tokenizer and config; weights are not needed
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
    State,
    all_in,
    as_state,
    check_positive,
    digests,
    fill,
    first_of,
    load_array,
    load_torch,
    part_of,
    shape_of,
    unit,
)
from evaluators.embedders.vit import vision_transformer
from motion.features import joints_from_features
from motion.skeleton import Skeleton
from motion.skeleton import skeleton as skeleton_named
from schemas.fingerprint import fingerprint

MOTIONPATCHES_VERSION = 1
FRAMES = 224  # rows of an image
PATCH = 16
_FRAMES_A_SECOND = 20  # of the images
_CHECKPOINT = ("best_model.pt",)
_MOTIONS, _TEXTS = "motion_encoder.model.", "text_encoder.text_model."
_HEADS = ("motion_projection.", "text_projection.")


class Head(nn.Module):
    """Vectors (N, W) -> vectors (N, D) of the common space; names of parameters as published."""

    def __init__(self, width: int, dimensions: int) -> None:
        super().__init__()
        self.projection = nn.Linear(width, dimensions)
        self.fc = nn.Linear(dimensions, dimensions)
        self.layer_norm = nn.LayerNorm(dimensions)

    def forward(self, found: Tensor) -> Tensor:
        """A residual layer behind a linear one."""
        projected = self.projection(found)
        led: Tensor = self.layer_norm(projected + self.fc(nn.functional.gelu(projected)))
        return led


class MotionPatchesEmbedder:
    """The published model; unit vectors of 256 numbers, compared by the cosine, as published.

    Joints are those that a clip's features give, so they start at the origin. A vector depends on its own
    input only: images have one size, what a motion lacks of it is zeros, which the published model sees.
    ValueError for files that do not fit, with the file and what to do.
    """

    name = "motionpatches"
    min_frames = 1

    def __init__(self, folder: Path | str, skeleton: str = "t2m", device: str = "cpu") -> None:
        folder = Path(folder)
        self._body = skeleton_named(skeleton)
        self.skeleton = skeleton
        self.device = device
        checkpoint = first_of(folder, _CHECKPOINT)
        mean, std = all_in(folder, (".",), ("Mean_raw.npy", "Std_raw.npy"))
        shape = (self._body.joint_count, 3)
        self._mean = load_array(mean, shape)
        self._std = check_positive(load_array(std, shape), std)
        self._columns = [_stretching(len(chain)) for chain in self._body.chains]
        state = as_state(load_torch(checkpoint), checkpoint)
        _check_parts(state, checkpoint)
        patches = FRAMES // PATCH * len(self._columns)
        self._images = vision_transformer(part_of(state, _MOTIONS), checkpoint, 3, PATCH, patches).to(device)
        words = first_of(folder, PLACES)
        self._words = DistilBert(words, device, (part_of(state, _TEXTS), checkpoint))
        self._motion_head = _head(part_of(state, _HEADS[0]), self._images.width, checkpoint).to(device)
        self._text_head = _head(part_of(state, _HEADS[1]), self._words.size, checkpoint).to(device)
        self.dimensions = self._motion_head.fc.out_features
        if self._text_head.fc.out_features != self.dimensions:
            raise ValueError(f"{checkpoint}: the heads lead into two spaces; give the published file")
        files = [checkpoint, mean, std]
        self.fingerprint = fingerprint(
            self.name, MOTIONPATCHES_VERSION, skeleton, digests(files), self._words.digests
        )

    def encode_texts(self, texts: Sequence[Text]) -> Vectors:
        """Unit vectors (N, D) in float64; tags are not read."""
        states, _ = self._words.states([text.caption for text in texts])
        with torch.no_grad():
            return unit(self._text_head(states[:, 0]))

    def encode_motions(self, clips: Sequence[Clip]) -> Vectors:
        """Unit vectors (N, D) in float64 of features (T, F), not normalised."""
        images = np.stack([self.image(joints_from_features(clip, self._body)) for clip in clips])
        with torch.no_grad():
            return unit(self._motion_head(self._images(torch.from_numpy(images).to(self.device))))

    def image(self, joints: NDArray[np.floating]) -> NDArray[np.float64]:
        """The image (3, 224, 80) of joint positions (T, J, 3): the first 224 frames, zeros behind them."""
        shown = joints[sampled(len(joints), self._body)[:FRAMES]]
        scaled = (np.asarray(shown, np.float64) - self._mean) / self._std
        image = np.zeros((3, FRAMES, PATCH * len(self._columns)))
        for place, (chain, columns) in enumerate(zip(self._body.chains, self._columns, strict=True)):
            part = np.einsum("cj,tjx->xtc", columns, scaled[:, list(chain)])
            image[:, : len(scaled), PATCH * place : PATCH * (place + 1)] = part
        return image


def load(folder: Path, skeleton: str, device: str = "cpu") -> MotionPatchesEmbedder:
    """The embedder in a folder, for motions of a skeleton; ValueError as the class tells."""
    return MotionPatchesEmbedder(folder, skeleton, device)


def sampled(frames: int, body: Skeleton) -> NDArray[np.intp]:
    """Indices of the frames that an image of a motion shows, at 20 a second.

    As published for KIT-ML, whose rate of 12.5 is not a whole one: 12 frames count as a second and become 20
    by showing some twice; of a last part of a second what there is. T2M's frames are taken as they are.
    """
    if body.fps == _FRAMES_A_SECOND:
        return np.arange(frames)
    second = int(body.fps)
    picks = np.floor(body.fps / _FRAMES_A_SECOND * np.arange(_FRAMES_A_SECOND)).astype(np.intp)
    starts = np.arange(0, frames, second)
    shown = (starts[:, None] + picks).ravel()
    return shown[shown < frames]


def _stretching(joints: int) -> NDArray[np.float64]:
    """Weights (16, J) that stretch a chain of joints to 16 columns.

    Linear between the joints, each at the middle of its share of the columns, constant beyond the first and
    the last: how an image is resized bilinearly.
    """
    places = (np.arange(PATCH) + 0.5) * joints / PATCH - 0.5
    places = np.clip(places, 0, joints - 1)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(joints)))


def _check_parts(state: State, path: Path) -> None:
    known = (_MOTIONS, _TEXTS, *_HEADS)
    other = [name for name in state if not name.startswith(known) and name != "logit_scale"]
    if other:
        raise ValueError(f"{path}: holds {other[0]}, which is none of its parts; give the published file")
    for prefix in known:
        if not any(name.startswith(prefix) for name in state):
            raise ValueError(f"{path}: has no {prefix}*; give the published file")


def _head(state: State, width: int, path: Path) -> Head:
    head = Head(width, shape_of(state, "projection.weight", 2, path)[0])
    fill(head, state, path)
    return head
