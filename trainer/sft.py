"""Base model, stage 1 and stage 2: supervised fine-tuning by TRL's trainer on our own stream of rows."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from datasets import Dataset
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset
from transformers import PrinterCallback
from trl import SFTConfig, SFTTrainer

from trainer.adapters import adapters
from trainer.callbacks import EndsWhatComesApart, LogRows, Progress
from trainer.checkpoints import WholeCheckpoints, last_whole, remove_broken, states_of, step_of
from trainer.collate import collate
from trainer.examples import Example, Examples
from trainer.job import Job, Outcome, agreed, of_steps, training_arguments, world_size
from trainer.lanes import lanes_of
from trainer.language_model import begin
from trainer.row_counts import count_together
from trainer.rows import TABLE_OF, StageRows
from trainer.run_folder import LOG
from trainer.sharding import require_sharding
from trainer.stream import Counts, Stream


class Batches(IterableDataset):
    """The batches of one process without end: of each step the lanes that are dealt to it."""

    def __init__(
        self, stream: Stream, at_once: int, pad: int, flat: bool, rank: int = 0, world: int = 1
    ) -> None:
        self.stream, self.pad, self.flat = stream, pad, flat
        mine = lanes_of(stream.lanes, rank, world)
        self.parts = [mine[start : start + at_once] for start in range(0, len(mine), at_once)]
        self.given = 0

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        """Batch after batch from where the stream stands."""
        lanes: dict[int, Iterator[list[Example]]] = {}
        while True:
            for part in self.parts:
                batch = collate([self.stream.row(lane, lanes) for lane in part], self.pad, self.flat)
                self.stream.counts.places += batch["input_ids"].numel()
                self.given += 1
                yield batch


class StreamTrainer(WholeCheckpoints, SFTTrainer):
    """TRL's trainer with batches of our own; the stream's place goes into every checkpoint."""

    def __init__(self, batches: Batches, **rest: Any) -> None:
        self.batches = batches
        super().__init__(**rest)

    def get_train_dataloader(self) -> DataLoader:
        """Our batches as they are: they are dealt to processes already.

        The loader draws a number when it begins, which must not come from the draws of dropout.
        """
        return DataLoader(self.batches, batch_size=None, generator=torch.Generator())

    def checkpoint_state(self) -> dict[str, Any]:
        """Where the lanes of this process stand after the batches that were learned."""
        learned = (self.state.global_step - self.begun_at) * self.args.gradient_accumulation_steps
        if self.batches.given != learned:
            raise RuntimeError(f"{self.batches.given} batches were given and {learned} learned")
        mine = {str(lane) for part in self.batches.parts for lane in part}
        lanes = self.batches.stream.state()["lanes"]
        return {
            "lanes": {lane: state for lane, state in lanes.items() if lane in mine},
            "counts": asdict(self.counts_so_far()),
        }

    def counts_so_far(self) -> Counts:
        """What this process has given; the first one counts the parts of the training before this one too."""
        given, seconds = self.batches.stream.counts, time.monotonic() - self.started
        counts = replace(given, tasks=dict(given.tasks), seconds=self.before.seconds + seconds)
        if self.is_world_process_zero():
            counts.add(self.before)
        return counts

    begun_at = 0  # the step that was gone on from
    started = 0.0  # monotonic seconds
    before = Counts()  # of all processes, up to that step


def train_sft(job: Job) -> Outcome:
    """Train by the job's recipe; goes on from the last whole checkpoint where there is one."""
    recipe = job.recipe
    config = SFTConfig(  # from here on each process has its device
        **training_arguments(job, 1),
        max_length=None,
        packing=False,
        ignore_data_skip=True,
        dataset_kwargs={"skip_prepare_dataset": True},
        average_tokens_across_devices=True,
    )
    table, split = TABLE_OF[recipe.stage], recipe.data.split
    tasks = count_together(job.corpus, table, split, config.process_index, world_size())
    model, tokenizer = begin(job)
    rows = StageRows(job.corpus, job.tokens, recipe.stage, recipe.data, tasks)
    stream = Stream(recipe, rows, Examples(tokenizer, recipe.data.intermediate))
    for name, value in of_steps(recipe, agreed(stream.steps)).items():
        setattr(config, name, value)
    flat = recipe.model.attention == "flash_attention_2"
    batches = Batches(
        stream,
        config.per_device_train_batch_size,
        int(tokenizer.pad_token_id),
        flat,
        config.process_index,
        world_size(),
    )
    with config.main_process_first(local=False, desc="half-written checkpoints"):
        if config.process_index == 0:
            remove_broken(job.checkpoints)
    resumed, before = _take_up(job, stream)
    trainer = StreamTrainer(
        batches,
        model=model,
        args=config,
        train_dataset=_first(stream),
        processing_class=tokenizer,
        callbacks=[LogRows(job.output / LOG), EndsWhatComesApart(), Progress(recipe.stage)],
        # The new rows of the vocabulary must be learned whole.
        peft_config=adapters(
            recipe.model.lora, modules_to_save=["embed_tokens", "lm_head"], ensure_weight_tying=True
        ),
    )
    trainer.remove_callback(PrinterCallback)
    require_sharding(trainer)
    trainer.begun_at = step_of(resumed) if resumed else 0
    trainer.before, trainer.started = before, time.monotonic()
    trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
    figures = _figures(_added(gather_object([trainer.counts_so_far()])), trainer.state.global_step)
    return Outcome(trainer, tokenizer, figures)


def _take_up(job: Job, stream: Stream) -> tuple[Path | None, Counts]:
    """Put the stream where the last whole checkpoint left it; the checkpoint, and what was given up to it."""
    checkpoint = last_whole(job.checkpoints)
    parts = states_of(checkpoint) if checkpoint else []
    if parts:
        stream.take_up({"lanes": {lane: state for part in parts for lane, state in part["lanes"].items()}})
    return checkpoint, _added([Counts(**part["counts"]) for part in parts])


def _added(parts: Iterable[Counts]) -> Counts:
    total = Counts()
    for part in parts:
        total.add(part)
    return total


def _first(stream: Stream) -> Dataset:
    """A dataset of one example: TRL wants to look at one, the batches come from the stream."""
    return Dataset.from_dict({"input_ids": [[stream.examples.end]], "labels": [[stream.examples.end]]})


def _figures(counts: Counts, steps: int) -> dict[str, Any]:
    """For summary.json: all processes, from the first step on."""
    seconds = counts.seconds
    return {
        "steps": steps,
        "seconds": round(seconds, 1),
        "rows": counts.rows,
        "examples": counts.examples,
        "tasks": dict(sorted(counts.tasks.items())),
        "tokens": counts.tokens,
        "learned_tokens": counts.labels,
        "padding": round(1 - counts.tokens / counts.places, 4) if counts.places else 0.0,
        "tokens_a_second": round(counts.tokens / seconds, 1) if seconds else 0.0,
        "too_long": counts.too_long,
        "threads": torch.get_num_threads(),
    }
