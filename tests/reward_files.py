"""What rewards need: a small embedder with random weights, completions out of texts and codes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from evaluators.builtin.model import Shape
from evaluators.embedders.builtin import networks_of, save_builtin
from trainer.vocabulary import vocabulary_of


def write_embedder(folder: Path, seed: int = 0) -> Path:
    """A built-in embedder that was not trained."""
    shape = Shape(width=16, layers=1, dimensions=16)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        networks = networks_of(shape)
    save_builtin(folder, shape, networks, None, {"ground_truth": []})
    return folder


def completion(tokenizer: Any, *parts: str | Sequence[int]) -> list[int]:
    """Ids of texts and of motions, these given by their codes."""
    words = vocabulary_of(tokenizer)
    ids: list[int] = []
    for part in parts:
        ids += tokenizer.encode(part, add_special_tokens=False) if isinstance(part, str) else words.ids(part)
    return ids
