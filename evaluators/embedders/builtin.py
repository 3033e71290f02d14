"""The built-in embedder as an Embedder: loaded from the folder that `irmogen train-embedder` wrote.

FOLDER/embedder.json       form, shape, what it was trained on, what it scores on the ground truth
FOLDER/weights.safetensors both networks
FOLDER/sentence-encoder/   the pretrained encoder of texts, where one was chosen
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from evaluators.builtin.inputs import INPUTS_VERSION, channels
from evaluators.builtin.model import MotionEncoder, Shape, TextEncoder, frame_batch
from evaluators.builtin.sentences import SentenceEncoder
from evaluators.embedders.base import Clip, Text, Vectors
from motion.skeleton import skeleton
from schemas.fingerprint import fingerprint
from schemas.storage import file_digest, read_json, write_json, write_whole

EMBEDDER_VERSION = 1  # of the folder's form and of the networks
_NOTES, _WEIGHTS, _SENTENCES = "embedder.json", "weights.safetensors", "sentence-encoder"
PARTS = (_NOTES, _WEIGHTS, _SENTENCES)  # of an embedder's folder
_FORM = ("kind", "version", "shape", "weights", "sentence_encoder")


class BuiltinEmbedder:
    """Contrastive embedder of captions and motions; unit vectors."""

    name = "builtin"

    def __init__(
        self,
        shape: Shape,
        networks: nn.ModuleDict,
        sentences: SentenceEncoder | None,
        notes: dict[str, Any],
        weights_digest: str,
        device: str = "cpu",
    ) -> None:
        self.shape = shape
        self.sentences = sentences
        self.notes = notes  # what embedder.json tells beside the shape
        self.device = device
        self.weights_digest = weights_digest
        networks.to(device=device, dtype=torch.float64).eval()
        self._texts: Any = networks["texts"]
        self._motions: Any = networks["motions"]
        self._like = torch.zeros((), dtype=torch.float64, device=device)

    @property
    def skeleton(self) -> str:
        """Name of the skeleton whose features it takes."""
        return self.shape.skeleton

    @property
    def dimensions(self) -> int:
        """D, the size of a vector."""
        return self.shape.dimensions

    @property
    def min_frames(self) -> int:
        """Four frames make a token."""
        return 4

    @cached_property
    def fingerprint(self) -> str:
        """Hash of form, shape, weights and the encoder of texts."""
        encoder = self.sentences.digest if self.sentences else ""
        versions = [EMBEDDER_VERSION, INPUTS_VERSION]
        return fingerprint("builtin", versions, self.shape.as_dict(), self.weights_digest, encoder)

    def encode_texts(self, texts: Sequence[Text]) -> Vectors:
        """Unit vectors (N, D) in float64; tags are not read."""
        captions = [text.caption for text in texts]
        with torch.no_grad():
            if self.sentences:
                found = self._texts.of_sentences(self.sentences.tokens(captions))
            else:
                found = self._texts.of_captions(captions)
        return np.asarray(found.cpu().numpy(), np.float64)

    def encode_motions(self, clips: Sequence[Clip]) -> Vectors:
        """Unit vectors (N, D) in float64 of features (T, F), not normalised."""
        body = skeleton(self.shape.skeleton)
        frames, lengths = frame_batch([channels(clip, body) for clip in clips], self._like)
        with torch.no_grad():
            found = self._motions(frames, lengths)
        return np.asarray(found.cpu().numpy(), np.float64)


def networks_of(shape: Shape, dropout: float = 0.0) -> nn.ModuleDict:
    """Untrained networks of a shape: "texts" and "motions"."""
    return nn.ModuleDict({"texts": TextEncoder(shape, dropout), "motions": MotionEncoder(shape, dropout)})


def save_builtin(
    folder: Path,
    shape: Shape,
    networks: nn.ModuleDict,
    sentences: SentenceEncoder | None,
    notes: dict[str, Any],
) -> None:
    """Write an embedder's folder; the notes, which make it one, last."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _NOTES).unlink(missing_ok=True)  # it never stands beside other weights
    if sentences:
        sentences.copy_to(folder / _SENTENCES)
    values = {"kind": "builtin", "version": EMBEDDER_VERSION, "shape": shape.as_dict()}
    values |= {"weights": write_whole(folder / _WEIGHTS, weights_of(networks))}
    values |= {"sentence_encoder": sentences.digest if sentences else ""}
    write_json(folder / _NOTES, values | notes)


def weights_of(networks: nn.ModuleDict) -> bytes:
    """The networks' weights as a safetensors file."""
    from safetensors.torch import save

    state = networks.state_dict()
    return save({name: value.detach().cpu().float().contiguous() for name, value in state.items()})


def of_networks(
    shape: Shape, networks: nn.ModuleDict, sentences: SentenceEncoder | None, device: str = "cpu"
) -> BuiltinEmbedder:
    """The embedder of trained networks, the same as that of the folder that `save_builtin` writes."""
    digest = hashlib.sha256(weights_of(networks)).hexdigest()
    return BuiltinEmbedder(shape, networks, sentences, {}, digest, device)


def load_builtin(folder: Path, device: str = "cpu") -> BuiltinEmbedder:
    """The embedder in a folder; ValueError says what is missing or changed and what to do."""
    from safetensors.torch import load

    values = read_json(folder / _NOTES)
    if not isinstance(values, dict) or values.get("kind") != "builtin":
        raise ValueError(f"{folder}: holds no {_NOTES} of a built-in embedder; run `irmogen train-embedder`")
    if values.get("version") != EMBEDDER_VERSION:
        raise ValueError(
            f"{folder / _NOTES}: version {values.get('version')}, this irmogen knows {EMBEDDER_VERSION}; "
            f"train the embedder again"
        )
    path = folder / _WEIGHTS
    if not path.is_file() or file_digest(path) != values["weights"]:
        raise ValueError(f"{path}: is missing or not the file that {_NOTES} names; train the embedder again")
    shape = Shape(**values["shape"])
    networks = networks_of(shape)
    networks.load_state_dict(load(path.read_bytes()))
    sentences = SentenceEncoder(folder / _SENTENCES, device) if shape.sentences else None
    if sentences and sentences.digest != values["sentence_encoder"]:
        raise ValueError(
            f"{folder / _SENTENCES}: is not the one that {_NOTES} names; train the embedder again"
        )
    notes = {name: value for name, value in values.items() if name not in _FORM}
    return BuiltinEmbedder(shape, networks, sentences, notes, values["weights"], device)


def load(folder: Path, skeleton_name: str, device: str = "cpu") -> BuiltinEmbedder:
    """The embedder in a folder for motions of a skeleton; ValueError where it was trained on another one."""
    found = load_builtin(folder, device)
    if found.skeleton != skeleton_name:
        raise ValueError(
            f"{folder}: is an embedder of {found.skeleton} motions, these are {skeleton_name}; train one on "
            f"a corpus of {skeleton_name}"
        )
    return found
