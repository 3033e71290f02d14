"""DistilBERT (Sanh et al. 2019) as the published evaluators read texts, from a local transformers folder.

FOLDER/config.json
FOLDER/model.safetensors   or pytorch_model.bin; not needed where a checkpoint brings the weights
FOLDER/tokenizer.json      or vocab.txt, with tokenizer_config.json and special_tokens_map.json if there
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evaluators.embedders.published import State, digests, fill

PLACES = ("distilbert", "distilbert-base-uncased")
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
_WORDS = ("tokenizer.json", "vocab.txt")
_BESIDE = ("tokenizer_config.json", "special_tokens_map.json")
# A buffer that older versions of transformers wrote into checkpoints.
_COUNTED = ("embeddings.position_ids",)


class DistilBert:
    """The last hidden states of texts; with the folder's weights or with those of a checkpoint.

    Float64; padding is masked out, so that a text's states depend on the text alone. ValueError for a folder
    that holds no such model.
    """

    def __init__(self, folder: Path, device: str = "cpu", weights: tuple[State, Path] | None = None) -> None:
        self._files = [_one_of(folder, ("config.json",)), _one_of(folder, _WORDS)]
        self._files += [folder / name for name in _BESIDE if (folder / name).is_file()]
        if weights is None:
            self._files.append(_one_of(folder, _WEIGHTS))
        self.device = device
        self._tokenizer, self._model = _loaded(folder, weights)
        self._model.to(device)

    @property
    def size(self) -> int:
        """Size of a token's state."""
        return int(self._model.config.dim)

    @property
    def digests(self) -> list[str]:
        """SHA-256 of the files that were read."""
        return digests(self._files)

    def states(self, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Last hidden states (N, L, W) and the mask (N, L) of what is a caption's own; the first is [CLS].

        A caption is cut at the longest text that the model takes, 512 tokens as published.
        """
        read = self._tokenizer(
            list(captions),
            padding=True,
            truncation=True,
            max_length=int(self._model.config.max_position_embeddings),
            return_tensors="pt",
        ).to(self.device)
        ids, mask = read["input_ids"], read["attention_mask"]
        with torch.no_grad():
            found: Tensor = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        return found, mask.bool()

    def tokens(self, captions: Sequence[str]) -> list[NDArray[np.float64]]:
        """States (L, W) of each caption's tokens."""
        found, mask = self.states(captions)
        return [states[own].cpu().numpy() for states, own in zip(found, mask, strict=True)]


def _one_of(folder: Path, names: Sequence[str]) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise ValueError(f"{folder}: has no {' or '.join(names)}; give the folder of distilbert-base-uncased")


def _loaded(folder: Path, weights: tuple[State, Path] | None) -> tuple[Any, Any]:
    """Tokenizer and model of a folder; nothing is fetched and no code of the folder is run."""
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        if config.model_type != "distilbert":
            raise ValueError(f"is a {config.model_type}, not a distilbert")
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        if weights:
            model: Any = AutoModel.from_config(config, attn_implementation="eager")
        else:
            model, notes = AutoModel.from_pretrained(
                folder,
                local_files_only=True,
                trust_remote_code=False,
                attn_implementation="eager",
                output_loading_info=True,
            )
            # transformers fills what is missing with random numbers.
            lacking = sorted(notes["missing_keys"]) + [str(key) for key in notes["mismatched_keys"]]
            if lacking:
                raise ValueError(f"its weights lack {lacking[0]}")
    except Exception as error:  # transformers raises many kinds
        raise ValueError(
            f"{folder}: cannot be read ({error}); give the folder of distilbert-base-uncased"
        ) from error
    if weights:
        fill(model, weights[0], weights[1], ignored=_COUNTED)
    model.to(torch.float64).eval().requires_grad_(False)
    if len(tokenizer) > config.vocab_size:
        raise ValueError(
            f"{folder}: the tokenizer has {len(tokenizer)} words, the model {config.vocab_size}; "
            f"give the files of one model"
        )
    return tokenizer, model
