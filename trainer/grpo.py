"""Stage 3: group relative policy optimisation (GRPO) by TRL's trainer, with our prompts and rewards.

One rollout is one step's completions: `train.rows` of them, `grpo.group` for each goal, learned from
`grpo.iterations` times. Which goal comes when is laid down from the seed, so that a training that goes on
from a save point does what one without a break does.
"""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import Any

import torch
from datasets import Dataset
from transformers import PrinterCallback
from trl import GRPOConfig, GRPOTrainer

from evaluators.embedders import embedder_of
from trainer.adapters import adapters
from trainer.callbacks import EndsWhatComesApart, LogRows, Progress
from trainer.checkpoints import WholeCheckpoints, last_whole, remove_broken, states_of
from trainer.examples import encode_prompt
from trainer.goals import GoalMotions, Goals, Prompts, steps_of
from trainer.job import Job, Outcome, of_steps, training_arguments, world_size
from trainer.language_model import load
from trainer.recipe import Grpo, Recipe
from trainer.rewards.panel import Panel
from trainer.rewards.space import Space
from trainer.row_counts import count_together
from trainer.rows import TABLE_OF
from trainer.run_folder import LOG
from trainer.sharding import require_sharding

_ORDER = 2  # raised when goals come in another order


class ChainTrainer(WholeCheckpoints, GRPOTrainer):
    """TRL's trainer with prompts of our own, which become tokens as they do in the stages before."""

    def __init__(self, prompts: Prompts, **rest: Any) -> None:
        super().__init__(**rest)
        self.data_collator = prompts.rows  # TRL takes none; a Dataset's transform is hashed with all goals

    def checkpoint_state(self) -> dict[str, Any]:
        """In which order goals come."""
        return {"order": _ORDER}

    def _tokenize_prompts(self, prompts: list[str]) -> tuple[list[list[int]], None, dict[str, Any]]:
        return [encode_prompt(self._tokenizer, prompt) for prompt in prompts], None, {}

    def _generate_single_turn(self, *args: Any, **kwargs: Any) -> Any:
        with self.accelerator.autocast():  # as when learning; flash attention takes no float32
            return super()._generate_single_turn(*args, **kwargs)


def train_grpo(job: Job) -> Outcome:
    """Train by the job's recipe; goes on from the last whole checkpoint where there is one.

    ValueError for settings that do not go together, before a model is loaded.
    """
    recipe = job.recipe
    grpo = recipe.grpo or Grpo()
    check_settings(recipe, grpo)
    config = GRPOConfig(**grpo_arguments(job, grpo, 1))  # from here on each process has its device
    rank, world, split = config.process_index, world_size(), recipe.data.split
    tasks = count_together(job.corpus, TABLE_OF[recipe.stage], split, rank, world)
    together = recipe.train.rows // grpo.group
    goals = Goals(job.corpus, split, [sum(one.values()) for one in tasks], held=2 * together + 2)
    prompts = Prompts(goals, recipe.train.seed, together)
    steps = steps_of(recipe, len(goals))
    for name, value in of_steps(recipe, steps).items():
        setattr(config, name, value)
    model, tokenizer = load(job.source, recipe.model)
    model.generation_config.eos_token_id = tokenizer.eos_token_id  # what ends answers in the stages before
    embedder = embedder_of(job.embedder, job.motion_tokenizer.skeleton, str(config.device))
    space = Space(embedder, GoalMotions(job.corpus))
    panel = Panel(list(grpo.rewards), tokenizer, job.motion_tokenizer, space, prompts.given)
    with config.main_process_first(local=False, desc="half-written checkpoints"):
        if config.process_index == 0:
            remove_broken(job.checkpoints)
    resumed = last_whole(job.checkpoints)
    if resumed and any(state != {"order": _ORDER} for state in states_of(resumed)):
        raise ValueError(
            f"{resumed}: was made by another version of irmogen, in which goals come in another order; train "
            f"on with that version, or begin anew with another --output"
        )
    trainer = ChainTrainer(
        prompts,
        model=model,
        reward_funcs=panel.functions(),
        args=config,
        train_dataset=places(recipe, grpo, steps),
        processing_class=tokenizer,
        callbacks=[LogRows(job.output / LOG), EndsWhatComesApart(), Progress(recipe.stage)],
        # Unlike in the stages before, embeddings stay as they are: the motion vocabulary is learned by now.
        peft_config=adapters(recipe.model.lora),
    )
    trainer.remove_callback(PrinterCallback)  # our own callbacks tell
    require_sharding(trainer)
    started = time.monotonic()
    trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
    figures = _figures(trainer, recipe, grpo, len(goals), time.monotonic() - started)
    return Outcome(trainer, tokenizer, figures)


def check_settings(recipe: Recipe, grpo: Grpo) -> None:
    """ValueError for save points between updates of one rollout, and for vLLM that is not installed."""
    if recipe.train.save_every % grpo.iterations:
        raise ValueError(
            f"train.save_every {recipe.train.save_every}: a training can go on only from between two "
            f"rollouts, and one is learned from in grpo.iterations {grpo.iterations} steps; set a multiple"
        )
    if grpo.rollouts != "transformers" and find_spec("vllm") is None:
        raise ValueError(
            f"grpo.rollouts {grpo.rollouts}: vLLM is not installed; `pip install vllm` on a machine with a "
            f"GPU, or set grpo.rollouts=transformers"
        )


def grpo_arguments(job: Job, grpo: Grpo, steps: int) -> dict[str, Any]:
    """What GRPOConfig is made of."""
    shared = training_arguments(job, steps)
    return {
        **shared,
        "num_generations": grpo.group,
        "num_iterations": grpo.iterations,
        "steps_per_generation": shared["gradient_accumulation_steps"],  # one rollout, one step's rows
        "beta": grpo.beta,
        "use_bias_correction_kl": False,  # the divergence as published
        "max_completion_length": grpo.new_tokens,
        "temperature": grpo.temperature,
        "loss_type": grpo.loss,
        "scale_rewards": grpo.scale,
        "multi_objective_aggregation": grpo.aggregation,
        "mask_truncated_completions": grpo.mask_truncated,
        "reward_weights": list(grpo.rewards.values()),
        "shuffle_dataset": False,  # the rows come in their order already
        **_vllm(grpo),
    }


def _vllm(grpo: Grpo) -> dict[str, Any]:
    if grpo.rollouts == "transformers":
        return {"use_vllm": False}
    if grpo.rollouts == "vllm-server":
        return {"use_vllm": True, "vllm_mode": "server", "vllm_server_base_url": grpo.vllm_server}
    return {"use_vllm": True, "vllm_mode": "colocate", "vllm_gpu_memory_utilization": grpo.vllm_memory}


def places(recipe: Recipe, grpo: Grpo, steps: int) -> Dataset:
    """A row a group, for all steps: the place of its prompt."""
    rollouts = -(-steps // grpo.iterations)
    return Dataset.from_dict({"place": list(range(rollouts * (recipe.train.rows // grpo.group)))})


def _figures(trainer: Any, recipe: Recipe, grpo: Grpo, goals: int, seconds: float) -> dict[str, Any]:
    steps = trainer.state.global_step
    rollouts = -(-steps // grpo.iterations)
    return {
        "steps": steps,
        "seconds": round(seconds, 1),
        "goals": goals,
        "epochs": round(rollouts * (recipe.train.rows // grpo.group) / goals, 3),
        "completions": rollouts * recipe.train.rows,
        "tokens": int(trainer.state.num_input_tokens_seen),
        "rewards": grpo.rewards,
        "threads": torch.get_num_threads(),
    }
