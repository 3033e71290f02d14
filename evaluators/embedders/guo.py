"""Embedder of Guo et al., "Generating Diverse and Natural 3D Human Motions from Text" (CVPR 2022).

The evaluator that the field reports with: two strided convolutions make a movement of four frames, a
bidirectional GRU reads the movements, another one the words. Facts from the published code (networks,
evaluator wrapper, data set and word vectors of text-to-motion); the code here is our own.

FOLDER/finest.tar          or FOLDER/text_mot_match/model/finest.tar
FOLDER/mean.npy, std.npy   or in FOLDER/Comp_v6_KLD01/meta/ or FOLDER/Comp_v6_KLD005/meta/
FOLDER/glove/              or ../glove/ or ../../glove/
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence

from evaluators.embedders import glove
from evaluators.embedders.base import Clip, Text, Vectors
from evaluators.embedders.published import (
    GIVE,
    State,
    all_in,
    as_state,
    check_positive,
    digests,
    fill,
    first_of,
    load_array,
    load_torch,
    padded,
    shape_of,
    to_array,
)
from motion.skeleton import skeleton as skeleton_named
from motion.tagging import tag
from schemas.fingerprint import fingerprint

GUO_VERSION = 1
FRAMES = 196  # to which motions are padded, and at which they are cut
UNIT = 4  # frames a movement
CONTACTS = 4  # last features, which the evaluator does not see

_PARTS = ("movement_encoder", "motion_encoder", "text_encoder")
_CHECKPOINT = ("finest.tar", "text_mot_match/model/finest.tar")
_STATS = {
    "t2m": (".", "Comp_v6_KLD01/meta", "Comp_v6_KLD005/meta"),
    "kit": (".", "Comp_v6_KLD005/meta", "Comp_v6_KLD01/meta"),
}
_GLOVE = ("glove", "../glove", "../../glove")


class Movements(nn.Module):
    """Frames (N, T, F) -> movements (N, T / 4, W); names of parameters as published."""

    def __init__(self, features: int, hidden: int, width: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv1d(features, hidden, 4, stride=2, padding=1),
            nn.Identity(),  # dropout stood here: the numbers of the layers are names of parameters
            nn.LeakyReLU(0.2),
            nn.Conv1d(hidden, width, 4, stride=2, padding=1),
            nn.Identity(),
            nn.LeakyReLU(0.2),
        )
        self.out_net = nn.Linear(width, width)

    def forward(self, frames: Tensor) -> Tensor:
        """Both convolutions halve the number of frames."""
        found: Tensor = self.out_net(self.main(frames.transpose(1, 2)).transpose(1, 2))
        return found


class Reader(nn.Module):
    """A sequence (N, L, W) with its lengths -> vectors (N, D): both ends of a bidirectional GRU."""

    def __init__(self, width: int, hidden: int, dimensions: int) -> None:
        super().__init__()
        self.input_emb = nn.Linear(width, hidden)
        self.gru = nn.GRU(hidden, hidden, batch_first=True, bidirectional=True)
        self.output_net = nn.Sequential(
            nn.Linear(2 * hidden, hidden),
            nn.LayerNorm(hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, dimensions),
        )
        self.hidden = nn.Parameter(torch.zeros(2, 1, hidden))

    def forward(self, sequence: Tensor, lengths: Tensor) -> Tensor:
        """What lies behind a sequence's length is not read."""
        start = self.hidden.expand(-1, len(sequence), -1).contiguous()
        packed = pack_padded_sequence(
            self.input_emb(sequence), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        _, (forth, back) = self.gru(packed, start)
        found: Tensor = self.output_net(torch.cat([forth, back], dim=-1))
        return found


class TextReader(Reader):
    """A Reader of words: vectors (N, L, W) and one-hot marks (N, L, M)."""

    def __init__(self, width: int, count: int, hidden: int, dimensions: int) -> None:
        super().__init__(width, hidden, dimensions)
        self.pos_emb = nn.Linear(count, width)

    def words(self, vectors: Tensor, found: Tensor, lengths: Tensor) -> Tensor:
        """Vectors (N, D) of texts."""
        read: Tensor = self(vectors + self.pos_emb(found), lengths)
        return read


class GuoEmbedder:
    """The published evaluator; vectors of 512 numbers, compared by their Euclidean distance.

    A vector depends on its own input only. Motions are cut to whole units of four frames and to 196 frames,
    from the start, normalised and then padded with zeros to 196 frames, as published: the convolutions see
    the zeros behind a shorter motion. ValueError for files that do not fit, with the file and what to do.
    """

    name = "guo"
    min_frames = UNIT

    def __init__(self, folder: Path | str, skeleton: str = "t2m", device: str = "cpu") -> None:
        folder = Path(folder)
        if skeleton not in _STATS:
            raise ValueError(f"skeleton {skeleton!r}: this evaluator was published for t2m and kit")
        self.skeleton = skeleton
        self.device = device
        size = skeleton_named(skeleton).feature_size
        checkpoint = first_of(folder, _CHECKPOINT)
        mean, std = all_in(folder, _STATS[skeleton], ("mean.npy", "std.npy"))
        words = first_of(folder, _GLOVE)
        self._mean = load_array(mean, (size,))
        self._std = check_positive(load_array(std, (size,)), std)
        states = _states(checkpoint)
        self._movements = _movements(states["movement_encoder"], checkpoint, size - CONTACTS).to(device)
        self._motions = _motions(states["motion_encoder"], checkpoint, self._movements).to(device)
        self._texts = _texts(states["text_encoder"], checkpoint).to(device)
        self.dimensions = self._motions.output_net[3].out_features
        if self._texts.output_net[3].out_features != self.dimensions:
            raise ValueError(f"{checkpoint}: texts and motions have vectors of two sizes; {GIVE}")
        self._vocabulary = glove.Vocabulary.load(words, self._texts.pos_emb.out_features)
        files = [checkpoint, mean, std, *(words / name for name in glove.FILES)]
        self.fingerprint = fingerprint(self.name, GUO_VERSION, skeleton, digests(files))

    def encode_texts(self, texts: Sequence[Text]) -> Vectors:
        """Vectors (N, D) in float64 of texts by their tags; a text without tags is tagged.

        ValueError names tags that are not of the form "word/POS word/POS".
        """
        coded = [
            self._vocabulary.encoded(glove.tagged_words(text.tags.strip() or tag(text.caption)))
            for text in texts
        ]
        vectors, mask = padded([vectors for vectors, _ in coded], self.device)
        found, _ = padded([found for _, found in coded], self.device)
        with torch.no_grad():
            return to_array(self._texts.words(vectors, found, mask.sum(dim=1)))

    def encode_motions(self, clips: Sequence[Clip]) -> Vectors:
        """Vectors (N, D) in float64 of features (T, F), not normalised."""
        frames = np.zeros((len(clips), FRAMES, len(self._mean)))
        units = np.zeros(len(clips), np.int64)
        for row, clip in enumerate(clips):
            units[row] = min(len(clip), FRAMES) // UNIT
            kept = units[row] * UNIT
            frames[row, :kept] = (np.asarray(clip[:kept], np.float64) - self._mean) / self._std
        seen = torch.from_numpy(frames[..., :-CONTACTS]).to(self.device)
        with torch.no_grad():
            return to_array(self._motions(self._movements(seen), torch.from_numpy(units)))


def load(folder: Path, skeleton: str, device: str = "cpu") -> GuoEmbedder:
    """The embedder in a folder, for motions of a skeleton; ValueError as the class tells."""
    return GuoEmbedder(folder, skeleton, device)


def _movements(state: State, path: Path, features: int) -> Movements:
    hidden, seen, _ = shape_of(state, "main.0.weight", 3, path)
    if seen != features:
        raise ValueError(
            f"{path}: takes {seen} features a frame, there are {features} without the contacts; "
            f"give the checkpoint of this skeleton"
        )
    network = Movements(features, hidden, shape_of(state, "out_net.weight", 2, path)[0])
    fill(network, state, path)
    return network


def _motions(state: State, path: Path, movements: Movements) -> Reader:
    hidden, width = shape_of(state, "input_emb.weight", 2, path)
    if width != movements.out_net.out_features:
        raise ValueError(
            f"{path}: the motion encoder takes {width} numbers a movement, the movement encoder gives "
            f"{movements.out_net.out_features}; {GIVE}"
        )
    network = Reader(width, hidden, shape_of(state, "output_net.3.weight", 2, path)[0])
    fill(network, state, path)
    return network


def _texts(state: State, path: Path) -> TextReader:
    width, count = shape_of(state, "pos_emb.weight", 2, path)
    if count != len(glove.marks().names):
        raise ValueError(f"{path}: knows {count} marks of words, not {len(glove.marks().names)}; {GIVE}")
    hidden = shape_of(state, "input_emb.weight", 2, path)[0]
    network = TextReader(width, count, hidden, shape_of(state, "output_net.3.weight", 2, path)[0])
    fill(network, state, path)
    return network


def _states(path: Path) -> dict[str, State]:
    """The three state dicts of a checkpoint; it may hold more, for instance the optimiser's."""
    held = load_torch(path)
    if not isinstance(held, dict):
        raise ValueError(f"{path}: holds no checkpoint; {GIVE}")
    missing = [name for name in _PARTS if name not in held]
    if missing:
        raise ValueError(
            f"{path}: has no {', '.join(missing)}; give finest.tar of text_mot_match as it was published"
        )
    return {name: as_state(held[name], path, name) for name in _PARTS}
