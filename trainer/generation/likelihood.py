"""How likely a causal model finds given continuations: sums of log-probabilities of their tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from trainer.generation.requests import Weigh
from trainer.generation.sampling import left_padded


def likelihoods(model: Any, weighs: Sequence[Weigh], batch: int) -> Iterator[tuple[int, float]]:
    """Places of continuations with their log-likelihood in nats; short ones first, `batch` at once."""
    lengths = [len(weigh.context) + len(weigh.tail) for weigh in weighs]
    order = sorted(range(len(weighs)), key=lambda place: (lengths[place], place))
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        yield from zip(places, _batch(model, [weighs[place] for place in places]), strict=True)


def _batch(model: Any, weighs: Sequence[Weigh]) -> list[float]:
    ids, mask = left_padded([(*weigh.context, *weigh.tail) for weigh in weighs], 0, model.device)
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    kept = max(len(weigh.tail) for weigh in weighs) + 1  # rows end together, so tails lie in these columns
    with torch.inference_mode():
        logits = model(
            input_ids=ids, attention_mask=mask, position_ids=positions, logits_to_keep=kept, use_cache=False
        ).logits
        logs = torch.log_softmax(logits[:, -kept:-1].double(), dim=-1)
        said = logs.gather(2, ids[:, -kept + 1 :, None])[..., 0].cpu()
    return [float(row[-len(weigh.tail) :].sum()) for row, weigh in zip(said, weighs, strict=True)]
