"""A training to be done: what it reads, what it writes, the figures that all stages give their trainer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motion.tokenizer import MotionTokenizer
from schemas.corpus import Corpus
from schemas.tokens import TokenSet
from trainer.recipe import Recipe
from trainer.run_folder import CHECKPOINTS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Job:
    """One stage's training on one corpus."""

    recipe: Recipe
    corpus: Corpus
    manifest: dict[str, Any]  # of the corpus
    tokens: TokenSet
    motion_tokenizer: MotionTokenizer
    source: str  # of the language model: the folder of the stage before, or what the recipe names
    output: Path
    record: dict[str, Any]  # what the finished folder tells of itself
    embedder: str = ""  # stage 3: KIND:FOLDER of the reward's embedder
    device: str = "cpu"
    report_to: tuple[str, ...] = ("tensorboard",)

    @property
    def checkpoints(self) -> Path:
        """Where the states lie from which a killed training goes on."""
        return self.output / CHECKPOINTS


@dataclass(frozen=True)
class Outcome:
    """A training that came to its end; `run_folder.save_model` writes its model."""

    trainer: Any  # of TRL
    tokenizer: PreTrainedTokenizerBase
    figures: dict[str, Any]  # for summary.json: steps, tokens, seconds, what was left out


def world_size() -> int:
    """How many processes train together; 1 where no launcher started this one."""
    import os

    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """The number of this process among those that train together."""
    import os

    return int(os.environ.get("RANK", "0"))


def own_device(device: str) -> str:
    """The device of this process, where a launcher started several on one machine."""
    import os

    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if device == "cuda" else device


def agreed(value: Callable[[], int]) -> int:
    """What the first process finds, in all of those that train together; the others need not look."""
    from accelerate import PartialState
    from accelerate.utils import broadcast_object_list

    found = [value() if PartialState().is_main_process else 0]
    return int(broadcast_object_list(found)[0])


def of_steps(recipe: Recipe, steps: int) -> dict[str, int]:
    """What a trainer's settings have to say of the number of steps."""
    return {"max_steps": steps, "warmup_steps": round(recipe.train.warmup * steps)}


def training_arguments(job: Job, steps: int) -> dict[str, Any]:
    """What SFTConfig and GRPOConfig share; ValueError where a step's rows cannot be dealt out."""
    train, model = job.recipe.train, job.recipe.model
    together = world_size()
    at_once = min(train.rows_at_once, max(1, train.rows // together))
    if train.rows % (together * at_once):
        worlds = ", ".join(str(world) for world in range(1, train.rows + 1) if train.rows % world == 0)
        raise ValueError(
            f"train.rows {train.rows} does not divide into {together} processes of {at_once} rows at once; "
            f"start one of {worlds} processes, or set train.rows_at_once to what divides a process' rows; a "
            f"training that has not begun may also take a multiple of {together * at_once} as train.rows"
        )
    return {
        "output_dir": str(job.checkpoints),
        **of_steps(job.recipe, steps),
        "per_device_train_batch_size": at_once,
        "gradient_accumulation_steps": train.rows // (together * at_once),
        "learning_rate": train.rate,
        # What transformers calls constant has no warmup.
        "lr_scheduler_type": "constant_with_warmup" if train.schedule == "constant" else train.schedule,
        "weight_decay": train.decay,
        "max_grad_norm": train.clip,
        "adam_beta2": train.beta2,
        "optim": train.optimiser,
        "seed": train.seed,
        "data_seed": train.seed,
        "save_strategy": "steps",
        "save_steps": train.save_every,
        "save_total_limit": train.keep,
        "logging_steps": train.log_every,
        "logging_first_step": True,
        "logging_nan_inf_filter": False,
        "report_to": list(job.report_to),
        "bf16": model.bf16,
        "gradient_checkpointing": model.checkpointing,
        "use_cpu": job.device == "cpu",
        "remove_unused_columns": False,
        "dataloader_num_workers": 0,
        "disable_tqdm": True,
    }
