"""The motion tokenizer: features to tokens and back, one token for a few frames.

FOLDER/tokenizer.json       written last: form, skeleton, shape, digest of the weights, what it was trained on
FOLDER/weights.safetensors  both networks and the codebook under their published names; `mean` and `std`
The tokens of a clip depend on the clip alone: clips are never padded, and computed in float64.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motion.skeleton import skeleton
from motion.vqvae import TokenizerShape, VqVae
from motion.weights import check_fit, misfits

TOKENIZER_VERSION = 1  # of the folder's form and of the networks
KIND = "motion-tokenizer"
NOTES, WEIGHTS = "tokenizer.json", "weights.safetensors"
_FORM = ("kind", "version", "skeleton", "shape", "weights")
_PREFIX = "vqvae."  # of the published names
_BATCH_FRAMES = 4096  # that are computed at once

Array = NDArray[np.floating]


class MotionTokenizer:
    """Features (T, F), not normalised, to codes, and codes to features."""

    def __init__(
        self,
        network: VqVae,
        shape: TokenizerShape,
        skeleton_name: str,
        mean: Array,
        std: Array,
        notes: dict[str, Any] | None = None,
        device: str = "cpu",
    ) -> None:
        """Takes the network over. ValueError for a shape, mean or std that does not fit the skeleton."""
        size = skeleton(skeleton_name).feature_size
        for name, values in (("mean", mean), ("std", std)):
            if values.shape != (size,) or not np.isfinite(values).all():
                raise ValueError(f"{name}: {values.shape} numbers; {size} finite ones are expected")
        if shape.features != size or not (std > 0).all():
            what = (
                "std is not above 0" if shape.features == size else f"networks of {shape.features} features"
            )
            raise ValueError(f"motion tokenizer of {skeleton_name} motions, {size} features: {what}")
        self.skeleton = skeleton_name
        self.shape = shape
        self.notes = notes or {}  # what tokenizer.json tells beside the form
        self._mean, self._std = np.asarray(mean, np.float64), np.asarray(std, np.float64)
        self._network = network.to(device=device, dtype=torch.float64).eval().requires_grad_(False)
        self._device = device
        self.weights_digest = hashlib.sha256(self._weights()).hexdigest()

    @property
    def codes(self) -> int:
        """Number of codes; a token is 0 to that, exclusive."""
        return self.shape.codes

    @property
    def frames_per_token(self) -> int:
        """Frames that one token stands for."""
        return self.shape.frames_per_token

    @property
    def min_frames(self) -> int:
        """Frames of the shortest clip that has a token."""
        return self.frames_per_token

    @property
    def fingerprint(self) -> str:
        """Hash, 16 hex digits, of form, skeleton, shape and weights, mean and std among them."""
        parts = [KIND, TOKENIZER_VERSION, self.skeleton, self.shape.as_dict(), self.weights_digest]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    def encode(self, clips: Sequence[Array]) -> list[tuple[int, ...]]:
        """Tokens of features (T, F): T // frames per token each, what is left of the frames is cut.

        ValueError names the clip that is too short, of another feature size or not finite.
        """
        for place, clip in enumerate(clips):
            self._check_clip(place, clip)
        found: dict[int, tuple[int, ...]] = {}
        lengths = [len(clip) // self.frames_per_token for clip in clips]
        for places in _alike(lengths, _BATCH_FRAMES // self.frames_per_token):
            frames = lengths[places[0]] * self.frames_per_token
            batch = np.stack([np.asarray(clips[place][:frames], np.float64) for place in places])
            codes = self._network.codes(self._tensor((batch - self._mean) / self._std))
            found.update(zip(places, map(tuple, codes.tolist()), strict=True))
        return [found[place] for place in range(len(clips))]

    def decode(self, tokens: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
        """Features (n * frames per token, F) of n tokens each.

        ValueError names the motion without a token or with a code that this tokenizer does not have.
        """
        for place, codes in enumerate(tokens):
            strange = next((code for code in codes if not 0 <= code < self.codes), None)
            if strange is not None:
                raise ValueError(f"motion {place}: token {strange}; this tokenizer has 0 to {self.codes - 1}")
            if not len(codes):
                raise ValueError(f"motion {place}: has no token; a motion has at least one")
        found: dict[int, NDArray[np.float32]] = {}
        for places in _alike([len(codes) for codes in tokens], _BATCH_FRAMES // self.frames_per_token):
            batch = self._network.frames(torch.tensor([list(tokens[p]) for p in places], device=self._device))
            frames = batch.cpu().numpy() * self._std + self._mean
            found.update(zip(places, frames.astype(np.float32), strict=True))
        return [found[place] for place in range(len(tokens))]

    def _check_clip(self, place: int, clip: Array) -> None:
        size = self.shape.features
        if clip.ndim != 2 or clip.shape[1] != size:
            raise ValueError(
                f"clip {place}: has shape {clip.shape}; {self.skeleton} features have (frames, {size})"
            )
        if len(clip) < self.min_frames:
            raise ValueError(f"clip {place}: {len(clip)} frames; a token stands for {self.min_frames}")
        if not np.isfinite(clip).all():
            frame = int(np.argwhere(~np.isfinite(clip).all(axis=1))[0, 0])
            raise ValueError(f"clip {place}: NaN or infinite values, first in frame {frame}")

    def _tensor(self, values: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(values).to(self._device)

    def _weights(self) -> bytes:
        """The weights as a safetensors file; equal weights give equal bytes."""
        from safetensors.torch import save

        state = {_PREFIX + name: value.cpu().float() for name, value in self._network.state_dict().items()}
        state |= {"mean": torch.from_numpy(self._mean), "std": torch.from_numpy(self._std)}
        return save({name: state[name].contiguous() for name in sorted(state)})


def _alike(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Places of items of one length, so many together that they have at most `most`, but at least one."""
    by_length: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        by_length.setdefault(length, []).append(place)
    for length, places in by_length.items():
        step = max(1, most // length)
        yield from (places[start : start + step] for start in range(0, len(places), step))


def save_tokenizer(folder: Path, tokenizer: MotionTokenizer) -> None:
    """Write a tokenizer's folder; the notes, which make it one, last."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NOTES).unlink(missing_ok=True)  # it never stands beside other weights
    _write(folder / WEIGHTS, tokenizer._weights())
    values = {
        "kind": KIND,
        "version": TOKENIZER_VERSION,
        "skeleton": tokenizer.skeleton,
        "shape": tokenizer.shape.as_dict(),
        "weights": tokenizer.weights_digest,
    }
    text = json.dumps(values | tokenizer.notes, indent=2, ensure_ascii=False)
    _write(folder / NOTES, (text + "\n").encode())


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all; a name that is known to sweeps of the corpus folders."""
    part = path.with_name(f".part-{os.getpid()}-{path.name}")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def load_tokenizer(folder: Path, device: str = "cpu") -> MotionTokenizer:
    """The tokenizer in a folder; ValueError says what is missing or changed and what to do."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    values = _read_notes(folder)
    path = folder / WEIGHTS
    data = path.read_bytes() if path.is_file() else b""
    remedy = "restore it or train the tokenizer again"
    if hashlib.sha256(data).hexdigest() != values["weights"]:
        raise ValueError(f"{path}: is missing or not the file that {NOTES} names; {remedy}")
    try:
        state = load(data)
        shape = TokenizerShape(**values["shape"])
        mean, std = state.pop("mean").numpy(), state.pop("std").numpy()
        notes = {name: value for name, value in values.items() if name not in _FORM}
        network = _network(shape, state, path)
        return MotionTokenizer(network, shape, values["skeleton"], mean, std, notes, device)
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"{folder}: is damaged ({error}); {remedy}") from error


def check_skeleton(tokenizer: MotionTokenizer, wanted: str, corpus: Path) -> None:
    """ValueError where a motion tokenizer is of other motions than a corpus, which is of `wanted`."""
    if tokenizer.skeleton != wanted:
        raise ValueError(
            f"{corpus}: its motions are of {wanted}, the motion tokenizer {tokenizer.fingerprint} is of "
            f"{tokenizer.skeleton}; give a corpus and a model or tokenizer of the same skeleton"
        )


def _read_notes(folder: Path) -> dict[str, Any]:
    try:
        values = json.loads((folder / NOTES).read_bytes())
    except FileNotFoundError:
        values = None
    except ValueError as error:
        raise ValueError(f"{folder / NOTES}: is no JSON ({error}); restore it") from error
    if not isinstance(values, dict) or values.get("kind") != KIND:
        raise ValueError(
            f"{folder}: holds no {NOTES} of a motion tokenizer; give a folder that "
            f"`irmogen train-tokenizer` wrote"
        )
    if values.get("version") != TOKENIZER_VERSION:
        raise ValueError(
            f"{folder / NOTES}: version {values.get('version')}, this irmogen knows {TOKENIZER_VERSION}; "
            f"train the tokenizer again"
        )
    return values


def import_published(
    checkpoint: Path, mean: Path, std: Path, skeleton_name: str, device: str = "cpu"
) -> MotionTokenizer:
    """The tokenizer of a published checkpoint (.pth, state dict under `net`) with its mean and std (.npy).

    Nothing of the file is run: it is read as weights only. ValueError names weights that are missing, strange
    or of another shape. The growth of the dilation, which no weight tells, is the published one.
    """
    try:
        held = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        # torch's own message advises to run what is in the file
        raise ValueError(
            f"{checkpoint}: cannot be read as weights only; it is damaged or not published"
        ) from error
    if not isinstance(held, dict) or not isinstance(held.get("net"), dict):
        raise ValueError(f"{checkpoint}: has no state dict under 'net'; give a checkpoint of a VQ-VAE")
    state = {name: value.float() for name, value in held["net"].items() if isinstance(value, Tensor)}
    shape = _shape_of(state, checkpoint)
    network = _network(shape, state, checkpoint)
    notes = {"imported_from": checkpoint.name}
    return MotionTokenizer(network, shape, skeleton_name, _numbers(mean), _numbers(std), notes, device)


def _numbers(path: Path) -> Array:
    return np.asarray(np.load(path, allow_pickle=False), np.float64)


def _shape_of(state: dict[str, Tensor], source: Path) -> TokenizerShape:
    """The shape that weights have, from a few of them."""
    encoder = _PREFIX + "encoder.model."
    try:
        width, features, _ = state[encoder + "0.weight"].shape
        codes, code_size = state[_PREFIX + "quantizer.codebook"].shape
    except (KeyError, ValueError) as error:
        raise ValueError(f"{source}: is no VQ-VAE of the published form ({error})") from error

    def count(pattern: str) -> int:
        return sum(1 for name in state if re.fullmatch(re.escape(encoder) + pattern, name))

    depth = count(r"2\.1\.model\.\d+\.conv1\.weight")
    return TokenizerShape(features, codes, code_size, width, depth, downsamplings=count(r"\d+\.0\.weight"))


def _network(shape: TokenizerShape, state: dict[str, Tensor], source: Path) -> VqVae:
    """The network with these weights; ValueError names those that do not fit."""
    with torch.random.fork_rng():  # the first weights are drawn, and then replaced
        network = VqVae(shape)
    wanted = {_PREFIX + name: value.shape for name, value in network.state_dict().items()}
    check_fit(source, "a VQ-VAE", misfits(wanted, state))
    network.load_state_dict({name.removeprefix(_PREFIX): value for name, value in state.items()})
    return network
