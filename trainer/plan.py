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


def sketch(job: Job) -> tuple[Any, Any]:
    """The model on torch's device meta, its sizes without weights, and its tokenizer; writes nothing."""
    import torch
    from transformers import AutoModelForCausalLM

    from trainer.language_model import corpus_tokenizer, tiny_config
    from trainer.vocabulary import TOKENS

    model = job.recipe.model
    if job.source == "tiny":
        tokenizer: Any = corpus_tokenizer(job.corpus, job.recipe.data.split, model.words)
        config: Any = tiny_config(model, tokenizer)
    else:
        config, tokenizer = _form(job)
    tokenizer.add_tokens(list(TOKENS))
    config.vocab_size = max(config.vocab_size, len(tokenizer))
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config), tokenizer


def _form(job: Job) -> tuple[Any, Any]:
    """Configuration and tokenizer of a job's source; SmolLM2 that is not unpacked stays packed."""
    from transformers import AutoConfig

    from trainer.language_model import load_tokenizer, place, smollm2_folder
    from trainer.pretrained import smollm2_form

    if job.source == "smollm2" and not (smollm2_folder(job) / "config.json").is_file():
        return smollm2_form()
    source = place(job)
    tokenizer = load_tokenizer(source)
    return AutoConfig.from_pretrained(source), tokenizer
