"""The model that generates: what it is, and how it is loaded from the folder of a training."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.storage import file_digest
from trainer.language_model import load_tokenizer
from trainer.run_folder import read_record

_FILES = ("*.safetensors", "config.json", "tokenizer*", "special_tokens_map.json")


@dataclass(frozen=True)
class Identity:
    """What tells a model from another."""

    name: str
    stage: str  # of its training, or imported
    recipe: str  # its name; empty where none is recorded
    weights: str  # hash of weights, configuration and tokenizer


def identity(folder: Path) -> Identity:
    """What the model in a folder is; ValueError where it holds none."""
    record = read_record(folder)
    if not any(folder.glob("*.safetensors")):
        raise ValueError(f"{folder}: its weights (*.safetensors) are missing; restore them or train again")
    total = hashlib.sha256()
    for path in sorted({path for pattern in _FILES for path in folder.glob(pattern) if path.is_file()}):
        total.update(f"{path.name} {file_digest(path)}\n".encode())
    name = (record.get("recipe") or {}).get("name", "")
    return Identity(folder.resolve().name, str(record.get("stage", "")), name, total.hexdigest()[:16])


def load_language_model(folder: Path, device: str, dtype: str) -> tuple[Any, Any]:
    """Model and tokenizer of a folder, with the attention that its kind of model takes by default."""
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer = load_tokenizer(str(folder))
    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=getattr(torch, dtype))
    return torch.nn.Module.to(model, device).eval(), tokenizer
