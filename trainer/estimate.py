"""What a training will take: memory by the sizes of its tensors, time by what this machine multiplies."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from trainer.recipe import Recipe

_SHARE = {"cpu": 0.25, "cuda": 0.35}  # of the measured rate of products that trainings reach
_ACTIVATIONS = 34  # bytes a token, layer and width in 16 bits, without attention's (Korthikanti et al. 2022)


@dataclass(frozen=True)
class Estimate:
    """What a training is expected to take."""

    weights: int
    steps: int
    tokens: int
    memory: int  # bytes of one process, nothing sharded
    seconds: float  # of all processes together on devices like this one


def estimate(recipe: Recipe, model: Any, steps: int, processes: int, device: str = "cpu") -> Estimate:
    """The estimate for a model that may lie on torch's device meta."""
    weights = sum(weight.numel() for weight in model.parameters())
    config = model.config.get_text_config()
    size = 4 if recipe.model.dtype == "float32" else 2
    learned = _adapters(recipe, config) if recipe.model.lora else weights
    length = recipe.grpo.new_tokens if recipe.grpo else recipe.data.row  # of a row, at most
    tokens_at_once = min(recipe.train.rows_at_once, max(1, recipe.train.rows // processes)) * length
    activations = _ACTIVATIONS * tokens_at_once * config.hidden_size * size // 2
    activations *= 2 if recipe.model.checkpointing else config.num_hidden_layers
    memory = weights * size + learned * (size + 8) + activations
    if recipe.stage == "stage3" and recipe.grpo and recipe.grpo.beta:
        memory += weights * size  # the model before, which the divergence is measured from
    tokens = steps * recipe.train.rows * length
    kind = "cuda" if device.startswith("cuda") else "cpu"
    rate = _products_a_second(device, 2 if recipe.model.bf16 else size) * _SHARE[kind] * processes
    return Estimate(weights, steps, tokens, memory, 6 * weights * tokens / rate)


def _adapters(recipe: Recipe, config: Any) -> int:
    lora = recipe.model.lora
    rank = lora.rank if lora else 0
    modules = len(lora.modules) if lora else 0
    return (
        2 * rank * config.hidden_size * modules * config.num_hidden_layers
        + config.vocab_size * config.hidden_size
    )


def _products_a_second(device: str, size: int) -> float:
    """Floating point operations a second of a matrix product on this device."""
    import torch

    n = 512 if device == "cpu" else 4096
    kind = torch.float32 if size == 4 else torch.bfloat16
    one = torch.ones(n, n, dtype=kind, device=device)
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        (one @ one).sum().item()
        best = min(best, time.perf_counter() - started)
    return 2 * n**3 / best
