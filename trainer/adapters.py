"""Low-rank adapters (Hu et al. 2021) as a recipe asks for them."""

from __future__ import annotations

from typing import Any

from trainer.recipe import Lora


def adapters(asked: Lora | None, **more: Any) -> Any:
    """peft's configuration, with `more` of its settings; None where all weights are trained."""
    if asked is None:
        return None
    from peft import LoraConfig

    return LoraConfig(
        r=asked.rank,
        lora_alpha=asked.alpha,
        lora_dropout=asked.dropout,
        target_modules=list(asked.modules),
        task_type="CAUSAL_LM",
        **more,
    )
