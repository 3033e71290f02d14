"""The published checkpoints of Motion-Agent and IRG-MotionLLM, as a language model with its tokenizer.

Their form was read from the code that writes them (`save_model`, `save_model_for_resume`, the RL trainer):

- Motion-Agent, and the base stage: LoRA weights under peft's names, `...q_proj.lora_A.ADAPTER.weight`, for
  seven kinds of layers, with alpha equal to the rank (64 or 32); `embeddings` and `lm_head`, either the 514
  rows of the motion vocabulary or whole. The base model's own weights are not in the file.
- Stages 1 and 2: {"epoch": N, "state_dict": ...}, every weight under its own name, and both tables again
  as `embeddings` and `lm_head`.
- Stage 3: every weight under `llm.`, beside a frozen copy of the motion tokenizer under `net.`.

Nothing of a file is run: it is read as weights only.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from motion.weights import check_fit, misfits
from trainer.vocabulary import TOKENS, vocabulary_of

LORA_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_TABLES = ("embeddings", "lm_head")  # names of the whole tables, or of the new rows alone
_BASE = "the base model"
_LORA = re.compile(r"(?P<layer>.+)\.lora_(?P<part>[AB])\.(?P<adapter>[^.]+)\.weight")


@dataclass(frozen=True)
class Checkpoint:
    """What a published file holds, under the names that the language model itself uses."""

    path: Path
    weights: dict[str, Tensor]  # of the model; empty where only LoRA was saved
    tables: dict[str, Tensor]  # `embeddings`, `lm_head`
    adapters: dict[str, dict[str, dict[str, Tensor]]]  # adapter -> layer -> "A" (r, in), "B" (out, r)
    training: dict[str, int | float | str]  # epoch, step
    left_out: int  # tensors of the frozen motion tokenizer


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a published file; ValueError or OSError names the file and the key that is not as published."""
    held = _load(path)
    training: dict[str, int | float | str] = {}
    if "state_dict" in held:
        rest = {name: value for name, value in held.items() if name != "state_dict"}
        held = held["state_dict"]
        for name, value in rest.items():
            if not isinstance(value, int | float | str):
                raise ValueError(
                    f"{path}: {name}: is a {type(value).__name__} beside the state dict; not published"
                )
            training[name] = value
    if not isinstance(held, dict):
        raise ValueError(f"{path}: holds no state dict; give a checkpoint of a language model")
    weights: dict[str, Tensor] = {}
    adapters: dict[str, dict[str, dict[str, Tensor]]] = {}
    left_out = 0
    for key, value in held.items():
        if not isinstance(value, Tensor) or not value.is_floating_point():
            raise ValueError(f"{path}: {key}: is {_kind(value)}, not a weight; not a published checkpoint")
        if key.startswith("net.vqvae."):
            left_out += 1
            continue
        if not value.isfinite().all():
            raise ValueError(f"{path}: {key}: holds values that are not finite; the file is damaged")
        name = key.removeprefix("llm.").removeprefix("base_model.model.").replace(".base_layer.", ".")
        lora = _LORA.fullmatch(name)
        if lora:
            pair = adapters.setdefault(lora["adapter"], {}).setdefault(lora["layer"], {})
            place, part = pair, lora["part"]
        else:
            place, part = weights, name
        if part in place:
            raise ValueError(f"{path}: {key}: is there twice, under two names")
        place[part] = value.detach()
    tables = {name: weights.pop(name) for name in _TABLES if name in weights}
    if not weights and not adapters:
        raise ValueError(
            f"{path}: holds no weight of a language model; the motion tokenizer is for --motion-tokenizer"
        )
    return Checkpoint(path, weights, tables, adapters, training, left_out)


def published_model(checkpoint: Checkpoint, base: str, adapter: str = "") -> tuple[Any, Any, dict[str, Any]]:
    """The model of a checkpoint with its LoRA merged, its tokenizer, and what to note of both.

    `base` is the folder or hub name of the model that was trained from: its tokenizer and shape are always
    needed, its weights where the file holds only LoRA. `adapter` chooses where the file holds several.
    ValueError names the keys that are missing, unknown or of another shape.
    """
    pairs = _chosen(checkpoint, adapter)
    config, tokenizer = _base(base)
    known = len(tokenizer)
    if tokenizer.add_tokens(list(TOKENS)) != len(TOKENS) or vocabulary_of(tokenizer).start != known:
        raise ValueError(
            f"{base}: its tokenizer has a motion vocabulary already; give the base model as published"
        )
    if checkpoint.weights:
        model = _of_file(checkpoint, config, base, len(tokenizer))
    else:
        model = _of_base(base, len(tokenizer))
    _put_tables(checkpoint, model, known)
    notes: dict[str, Any] = {"checkpoint": checkpoint.path.name, "base": base} | checkpoint.training
    if pairs:
        notes["adapter"], layers = pairs
        notes["rank"] = _merge(checkpoint.path, model, notes["adapter"], layers)
    return model, tokenizer, notes


def _load(path: Path) -> dict[str, Any]:
    mapped = zipfile.is_zipfile(path)  # files of old torch cannot be mapped into memory
    try:
        held = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        # torch's own message advises to run what is in the file
        raise ValueError(f"{path}: cannot be read as weights only; it is damaged or not published") from error
    if not isinstance(held, dict):
        raise ValueError(f"{path}: is {_kind(held)}, not a state dict; give a checkpoint of a language model")
    return held


def _kind(value: Any) -> str:
    return f"a tensor of {value.dtype}" if isinstance(value, Tensor) else f"a {type(value).__name__}"


def _chosen(checkpoint: Checkpoint, adapter: str) -> tuple[str, dict[str, dict[str, Tensor]]] | None:
    """Name and layers of the adapter to merge; None where the file has none."""
    names = sorted(checkpoint.adapters)
    if not adapter and len(names) > 1:
        raise ValueError(
            f"{checkpoint.path}: holds the adapters {', '.join(names)}; choose one with --adapter"
        )
    if adapter and adapter not in names:
        held = f"the adapters {', '.join(names)}" if names else "no adapter"
        raise ValueError(f"{checkpoint.path}: holds {held}, not --adapter {adapter}")
    if not names:
        return None
    name = adapter or names[0]
    return name, checkpoint.adapters[name]


def _base(base: str) -> tuple[Any, Any]:
    from transformers import AutoConfig, AutoTokenizer

    try:
        return AutoConfig.from_pretrained(base), AutoTokenizer.from_pretrained(base)
    except (OSError, ValueError) as error:
        first = str(error).strip().split("\n")[0]
        raise ValueError(
            f"--base {base}: holds no model with a tokenizer ({first}); give its folder"
        ) from error


def _of_base(base: str, rows: int) -> Any:
    """The base model with tables of so many rows, in the precision that it is kept in."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype="auto")
    model.resize_token_embeddings(rows, mean_resizing=False)
    return model


def _of_file(checkpoint: Checkpoint, config: Any, base: str, rows: int) -> Any:
    """A model of the base's shape around the file's own weights, which are not copied."""
    from accelerate import init_empty_weights
    from transformers import AutoModelForCausalLM, GenerationConfig

    weights = dict(checkpoint.weights)
    dtype = reduce(torch.promote_types, (value.dtype for value in weights.values()))
    config.vocab_size = rows
    with init_empty_weights(include_buffers=False):
        model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    model.tie_weights()
    wanted = {name: value.shape for name, value in model.named_parameters()}
    head = None
    if config.tie_word_embeddings:  # a state dict lists it, parameters do not
        head = weights.pop("lm_head.weight", None)
    check_fit(checkpoint.path, _BASE, misfits(wanted, weights))
    if head is not None:
        _check_same(checkpoint.path, "lm_head.weight", head, weights[_embedding_name(model)])
    model.load_state_dict(
        {name: value.to(dtype) for name, value in weights.items()}, strict=False, assign=True
    )
    model.tie_weights()
    if (Path(base) / "generation_config.json").is_file() or not Path(base).is_dir():
        model.generation_config = GenerationConfig.from_pretrained(base)
    return model


def _embedding_name(model: Any) -> str:
    table = model.get_input_embeddings().weight
    return next(name for name, value in model.named_parameters() if value is table)


def _check_same(path: Path, name: str, one: Tensor, other: Tensor) -> None:
    if not torch.equal(one, other):
        raise ValueError(
            f"{path}: {name}: is another table than the embeddings, and the base model ties them; "
            "its training is not the published one"
        )


@torch.no_grad()
def _put_tables(checkpoint: Checkpoint, model: Any, known: int) -> None:
    """Put `embeddings` and `lm_head` in their places: whole, or the rows from `known` on."""
    places = {"embeddings": model.get_input_embeddings(), "lm_head": model.get_output_embeddings()}
    tables = checkpoint.tables
    missing = [] if checkpoint.weights else [name for name in _TABLES if name not in tables]
    check_fit(checkpoint.path, _BASE, [f"{name}: is missing" for name in missing])
    for name, values in tables.items():
        weight = places[name].weight
        rows = weight[known:] if len(values) == len(TOKENS) else weight
        if values.shape != rows.shape:
            raise ValueError(
                f"{checkpoint.path}: {name}: has shape {tuple(values.shape)}, not {tuple(weight.shape)} or "
                f"{(len(TOKENS), weight.shape[1])} for the motion vocabulary alone; is this its base model?"
            )
        if not checkpoint.weights:
            rows.copy_(values)
        elif not torch.equal(rows, values.to(rows.dtype)):  # the file holds the table twice
            raise ValueError(f"{checkpoint.path}: {name}: differs from the same table among the weights")
    if model.config.tie_word_embeddings and len(tables) == len(_TABLES):
        _check_same(checkpoint.path, "lm_head", tables["lm_head"], tables["embeddings"])


@torch.no_grad()
def _merge(path: Path, model: Any, adapter: str, layers: dict[str, dict[str, Tensor]]) -> int:
    """Add B A to the weight of every layer (Hu et al. 2021; alpha is the rank); returns the rank."""
    modules = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and name.rpartition(".")[2] in LORA_LAYERS
    }
    ranks = {pair["A"].shape[0] for pair in layers.values() if "A" in pair and pair["A"].ndim}
    rank = min(ranks, default=0)

    def names(layer: str) -> Iterable[tuple[str, str]]:
        return ((part, f"{layer}.lora_{part}.{adapter}.weight") for part in ("A", "B"))

    wanted: dict[str, torch.Size] = {}
    for layer, module in modules.items():
        out_size, in_size = module.weight.shape
        for part, name in names(layer):
            wanted[name] = torch.Size((rank, in_size) if part == "A" else (out_size, rank))
    found = {
        name: pair[part] for layer, pair in layers.items() for part, name in names(layer) if part in pair
    }
    check_fit(path, _BASE, misfits(wanted, found))
    for layer, pair in layers.items():
        weight = modules[layer].weight
        weight.copy_(weight.float() + pair["B"].float() @ pair["A"].float())
    return rank
