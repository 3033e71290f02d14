"""Files in the form of published evaluators, small and with random weights, and their equations in numpy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

WORDS = ["a", "person", "man", "walk", "walks", "forward", "slowly", "turn", "##s", "##ing", "left", ".", ","]
State = dict[str, torch.Tensor]
CAPTIONS = [
    "a person walks forward slowly.",
    "walk",
    "a man turns left, walks forward slowly, turns left, a person walks forward.",
    "a person jumps",
]


def random_state(shapes: dict[str, tuple[int, ...]], seed: int, scale: float = 0.3) -> State:
    """Float32 tensors of these names and shapes."""
    made = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shape, generator=made) * scale for name, shape in shapes.items()}


def clips(size: int, lengths: tuple[int, ...], seed: int = 0) -> list[NDArray[np.float32]]:
    """Random features (T, size) of these lengths."""
    random = np.random.default_rng(seed)
    return [random.normal(0, 0.5, (length, size)).astype(np.float32) for length in lengths]


def distilbert_state(width: int, seed: int, layers: int = 1) -> State:
    """A state dict with the names of transformers' DistilBertModel."""
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS) + 5, width),
        "embeddings.position_embeddings.weight": (64, width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
    }
    for layer in range(layers):
        name = f"transformer.layer.{layer}."
        for part in ("q_lin", "k_lin", "v_lin", "out_lin"):
            shapes |= {
                f"{name}attention.{part}.weight": (width, width),
                f"{name}attention.{part}.bias": (width,),
            }
        shapes |= {f"{name}ffn.lin1.weight": (2 * width, width), f"{name}ffn.lin1.bias": (2 * width,)}
        shapes |= {f"{name}ffn.lin2.weight": (width, 2 * width), f"{name}ffn.lin2.bias": (width,)}
        for part in ("sa_layer_norm", "output_layer_norm"):
            shapes |= {f"{name}{part}.weight": (width,), f"{name}{part}.bias": (width,)}
    return random_state(shapes, seed)


def distilbert_folder(folder: Path, width: int, weights: State | None) -> Path:
    """A transformers folder of a tiny DistilBERT; with a word list instead of a tokenizer.json."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True)
    config = {
        "model_type": "distilbert",
        "architectures": ["DistilBertModel"],
        "vocab_size": len(WORDS) + 5,
        "dim": width,
        "hidden_dim": 2 * width,
        "n_layers": 1,
        "n_heads": 2,
        "max_position_embeddings": 64,
        "activation": "gelu",
        "pad_token_id": 0,
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]) + "\n"
    )
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"do_lower_case": True, "model_max_length": 512})
    )
    if weights is not None:
        save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


def word_ids(caption: str) -> list[int]:
    """What WordPiece makes of a caption, by hand: the longest known pieces from the left, framed."""
    ids = [2]
    for word in caption.lower().replace(".", " . ").replace(",", " , ").split():
        pieces: list[int] = []
        rest = word
        while rest:
            heads = [rest[:end] for end in range(len(rest), 0, -1)]
            known = [("##" if pieces else "") + head for head in heads]
            hit = next((index for index, piece in enumerate(known) if piece in WORDS), None)
            if hit is None:
                pieces = [1]
                break
            pieces.append(WORDS.index(known[hit]) + 5)
            rest = rest[len(heads[hit]) :]
        ids += pieces
    return [*ids, 3]


# The reference: equations written out, one input at a time, in numpy.


def linear(state: State, name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """y = x W' + b."""
    return values @ state[f"{name}.weight"].double().numpy().T + state[f"{name}.bias"].double().numpy()


def norm(state: State, name: str, values: NDArray[np.float64], epsilon: float) -> NDArray[np.float64]:
    """Layer norm."""
    centred = values - values.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return scaled * state[f"{name}.weight"].double().numpy() + state[f"{name}.bias"].double().numpy()


def gelu(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """x times the normal distribution's function."""
    from scipy.special import erf

    return values * (1 + erf(values / np.sqrt(2))) / 2


def attention(
    query: NDArray[np.float64], key: NDArray[np.float64], value: NDArray[np.float64], heads: int
) -> NDArray[np.float64]:
    """Softmax attention (L, W) of one sequence, without padding."""
    parts = []
    for head in range(heads):
        own = slice(head * query.shape[1] // heads, (head + 1) * query.shape[1] // heads)
        scores = query[:, own] @ key[:, own].T / np.sqrt(own.stop - own.start)
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        parts.append(weights / weights.sum(axis=1, keepdims=True) @ value[:, own])
    return np.concatenate(parts, axis=1)


def distilbert_reference(state: State, caption: str) -> NDArray[np.float64]:
    """Last hidden states (L, W) of a caption."""
    ids = word_ids(caption)
    found = state["embeddings.word_embeddings.weight"].double().numpy()[ids]
    found = found + state["embeddings.position_embeddings.weight"].double().numpy()[: len(ids)]
    found = norm(state, "embeddings.LayerNorm", found, 1e-12)
    layer = "transformer.layer.0."
    query, key, value = (linear(state, f"{layer}attention.{part}_lin", found) for part in "qkv")
    read = linear(state, f"{layer}attention.out_lin", attention(query, key, value, 2))
    found = norm(state, f"{layer}sa_layer_norm", found + read, 1e-12)
    inner = linear(state, f"{layer}ffn.lin2", gelu(linear(state, f"{layer}ffn.lin1", found)))
    return norm(state, f"{layer}output_layer_norm", found + inner, 1e-12)


class Runs:
    """A pickle of this would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)
