"""How long a training will be, and a sketch of its model without weights: for a look before it begins."""

from __future__ import annotations

from typing import Any

from trainer.job import Job
from trainer.rows import StageRows


def planned_steps(job: Job, tokenizer: Any) -> tuple[int, str]:
    """Steps, and a line about the rows that they come from."""
    from trainer.examples import Examples
    from trainer.stream import Stream

    recipe = job.recipe
    rows = StageRows(job.corpus, job.tokens, recipe.stage, recipe.data)
    if recipe.stage == "stage3":
        from trainer.goals import steps_of

        goals = sum(rows.counts)
        group = recipe.grpo.group if recipe.grpo else 1
        return steps_of(recipe, goals), f"{goals:,} goals, {group} completions of each"
    stream = Stream(recipe, rows, Examples(tokenizer, recipe.data.intermediate))
    examples, length = stream.epoch_tokens
    told = f"{examples:,.0f} examples an epoch, {length:.0f} tokens each, by a sample"
    return stream.steps(), told


def tokenizer_of(job: Job) -> Any:
    """The tokenizer that the training will have."""
    from trainer.language_model import corpus_tokenizer, load_tokenizer, place
    from trainer.vocabulary import TOKENS

    if job.source == "tiny":
        tokenizer = corpus_tokenizer(job.corpus, job.recipe.data.split, job.recipe.model.words)
    else:
        tokenizer = load_tokenizer(place(job))
    tokenizer.add_tokens(list(TOKENS))
    return tokenizer


def sketch(job: Job, tokenizer: Any) -> Any:
    """The model on torch's device meta: its sizes, no weights."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from trainer.language_model import place, tiny_config

    if job.source == "tiny":
        config: Any = tiny_config(job.recipe.model, tokenizer)
    else:
        config = AutoConfig.from_pretrained(place(job))
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)
