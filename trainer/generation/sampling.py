"""Completions of a causal model that depend on their prompt and seed, not on batch, order or neighbours.

A token is the argmax of logits / temperature + Gumbel noise, which is a draw from the softmax (Gumbel 1954;
Maddison et al. 2014, "A* Sampling"). The noise comes from a generator of the row's own. What is left are the
logits' roundings, which depend on a batch's shape: a token changes where two candidates lie closer together
than these, about 1e-6 in float32. In bfloat16, where they are about 1e-2, completions of other batches are
other draws. Generators belong to a device: a GPU draws other noise than a CPU.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from trainer.generation.cache import roomy_cache
from trainer.generation.requests import Ask


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn."""

    temperature: float = 1.0  # above 0
    greedy: bool = False  # the most likely token, without noise
    batch: int = 32  # rows at once


class Sampler:
    """A model that continues prompts; counts the tokens that it made and the seconds that these took."""

    def __init__(self, model: Any, tokenizer: Any, motion_start: int, sampling: Sampling) -> None:
        self.model, self.tokenizer, self.sampling = model, tokenizer, sampling
        self.motion_start = motion_start  # id of <Motion>
        self.tokens, self.seconds = 0, 0.0
        end = int(tokenizer.eos_token_id)
        pad = tokenizer.pad_token_id
        self._end, self._pad = end, end if pad is None else int(pad)
        places = getattr(model.config, "max_position_embeddings", None)
        self._places = int(places) if places else sys.maxsize
        # The model's own may ask for penalties or other end tokens, which `generate` would mix in.
        model.generation_config = GenerationConfig(
            do_sample=False, use_cache=True, eos_token_id=end, pad_token_id=self._pad
        )
        model.eval()

    def answers(self, asks: Sequence[Ask]) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Places of asks with their new tokens, the end token included where it came; short prompts first.

        Where a prompt leaves less room than the model has places for, fewer tokens are made.
        """
        asks = [replace(ask, most=min(ask.most, self._places - len(ask.prompt))) for ask in asks]
        order = sorted(range(len(asks)), key=lambda place: (len(asks[place].prompt), place))
        yield from ((place, ()) for place in order if asks[place].most < 1)
        order = [place for place in order if asks[place].most >= 1]
        for start in range(0, len(order), self.sampling.batch):
            places = order[start : start + self.sampling.batch]
            yield from zip(places, self._batch([asks[place] for place in places]), strict=True)

    def _batch(self, asks: Sequence[Ask]) -> list[tuple[int, ...]]:
        started = time.monotonic()
        ids, mask = left_padded([ask.prompt for ask in asks], self._pad, self.model.device)
        ends = _RowEnds(asks, ids, self.tokenizer, self._end, self.motion_start)
        noise = (
            [] if self.sampling.greedy else [GumbelNoise([a.seed for a in asks], self.sampling.temperature)]
        )
        with torch.inference_mode():
            made = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                past_key_values=roomy_cache(self.model),
                max_new_tokens=max(ask.most for ask in asks),
                logits_processor=LogitsProcessorList(noise),
                stopping_criteria=StoppingCriteriaList([ends]),
            )
        width = ids.shape[1]
        found = [
            tuple(row[width : width + length].tolist())
            for row, length in zip(made.cpu(), ends.lengths.tolist(), strict=True)
        ]
        self.tokens += sum(map(len, found))
        self.seconds += time.monotonic() - started
        return found


def left_padded(rows: Sequence[Sequence[int]], pad: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Ids and attention mask (N, L) of rows that end together."""
    width = max(map(len, rows))
    ids = torch.tensor([[pad] * (width - len(row)) + list(row) for row in rows], device=device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
    return ids, mask


class GumbelNoise(LogitsProcessor):
    """Logits / temperature with Gumbel noise, from a generator for each row."""

    def __init__(self, seeds: Sequence[int], temperature: float) -> None:
        self.seeds, self.temperature = seeds, temperature
        self.generators: list[torch.Generator] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Scores (N, V) in float64: in float32 the largest noise would come in coarse steps."""
        device, size = scores.device, scores.shape[1]
        if not self.generators:
            self.generators = [torch.Generator(device).manual_seed(seed) for seed in self.seeds]
        shares = torch.stack(
            [
                torch.rand(size, generator=generator, device=device, dtype=torch.float64)
                for generator in self.generators
            ]
        )
        return scores.double() / self.temperature - shares.log_().neg_().log_()


class _RowEnds(StoppingCriteria):
    """Ends rows singly, and remembers how many new tokens each had then."""

    def __init__(
        self, asks: Sequence[Ask], prompts: Tensor, tokenizer: Any, end: int, motion_start: int
    ) -> None:
        device = prompts.device
        self.width = prompts.shape[1]
        self.tokenizer, self.end, self.motion_start = tokenizer, end, motion_start
        self.lengths = torch.full((len(asks),), -1, device=device)
        self.starts = torch.zeros(len(asks), dtype=torch.long, device=device)
        self.most = torch.tensor([ask.most for ask in asks], device=device)
        self.behind = torch.tensor([ask.ends.token for ask in asks], device=device)
        endless = torch.iinfo(torch.long).max
        limits = [ask.ends.motions if ask.ends.motions >= 0 else endless for ask in asks]
        self.motions = torch.tensor(limits, device=device)
        self.texts = {row: ask.ends.text for row, ask in enumerate(asks) if ask.ends.text}

    def __call__(self, input_ids: Tensor, scores: Any, **kwargs: Any) -> Tensor:
        """Which rows (N,) are at their end."""
        made, last = input_ids.shape[1] - self.width, input_ids[:, -1]
        self.starts += last == self.motion_start
        ended = (
            (last == self.end) | (last == self.behind) | (self.starts > self.motions) | (made >= self.most)
        )
        for row, text in self.texts.items():
            # A token is one byte at the least, and the text may end within its last one.
            tail = input_ids[row, -min(made, len(text.encode()) + 1) :]
            ended[row] |= text in self.tokenizer.decode(tail)
        self.lengths = torch.where((self.lengths < 0) & ended, made, self.lengths)
        return self.lengths >= 0
