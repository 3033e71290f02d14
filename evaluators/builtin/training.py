"""Training of the built-in embedder: contrast between goals, order between strengths of perturbation.

Texts and motions of a batch are contrasted both ways (InfoNCE, van den Oord et al. 2018; as CLIP and TMR do).
Beside the motions of other goals a text is contrasted with perturbed versions of its own motion and with
the still figure, which is what a completion without a motion counts as: it shall score below every motion.
Of two versions the one that is perturbed more strongly shall lie farther from the text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from evaluators.builtin.batches import Batch, batches
from evaluators.builtin.inputs import channels
from evaluators.builtin.material import Array32, Material, Segment, all_channels, training_stairs
from evaluators.builtin.model import MotionEncoder, Shape, TextEncoder, frame_batch
from evaluators.builtin.sentences import SentenceEncoder
from evaluators.embedders.builtin import networks_of
from motion.skeleton import skeleton
from motion.still import still_figure

_STILL_SECONDS = (2.0, 4.0, 8.0)
_LEAST_STD = 0.01  # of a channel: what hardly varies must not be blown up


@dataclass(frozen=True)
class Settings:
    """How the embedder is trained; part of what its folder tells."""

    steps: int = 300
    batch: int = 64
    rate: float = 2e-3
    warmup: int = 50  # steps, at most a quarter of them
    weight_decay: float = 0.05
    dropout: float = 0.1
    temperature: float = 0.07
    ranking: float = 1.0  # weight of the order between strengths
    margin: float = 0.1  # of that order, for the whole of the strength; half of it for noise
    floor: float = 1.0  # weight of keeping the still figure at this cosine or below
    floor_cosine: float = -0.25
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def default_steps(goals: int, batch: int) -> int:
    """Ten passes over the goals, but at least 200 steps and at most 3,000."""
    return min(3000, max(200, 10 * goals // batch))


@dataclass(frozen=True)
class Trained:
    """Networks after training, with the loss of every step."""

    shape: Shape
    networks: nn.ModuleDict
    losses: tuple[float, ...]


def train(
    material: Material,
    shape: Shape,
    settings: Settings,
    sentences: SentenceEncoder | None = None,
    device: str = "cpu",
    progress: Callable[[Sequence[Any]], Any] = iter,
) -> Trained:
    """Train the networks of a shape; equal arguments give equal networks on one machine and thread.

    The batch shrinks to what the material has clips for. ValueError for fewer than two clips.
    """
    clips = len({example.segment[0] for example in material.examples})
    size = min(settings.batch, clips)
    if size < 2:
        raise ValueError(f"{clips} clip cannot be contrasted with another; give a larger corpus")
    stairs = training_stairs(material, f"train {settings.seed}", progress)
    seen = all_channels(material)
    drawn = batches(material.examples, stairs, size, str(settings.seed))
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        networks = networks_of(shape, settings.dropout)
        _normalise(networks["motions"], seen)
        networks.to(device).train()
        learner = _Learner(networks, settings, _text_vectors(material, sentences), seen, material.skeleton)
        losses = tuple(learner.step(next(drawn), number) for number in progress(range(settings.steps)))
    return Trained(shape, networks, losses)


def _normalise(motions: nn.Module, seen: dict[Segment, Array32]) -> None:
    """Mean and spread of the channels over the training motions."""
    assert isinstance(motions, MotionEncoder)
    clips = [
        seen[place] for place in sorted(seen)
    ]  # one at a time: together they may not fit the memory twice
    count = sum(len(clip) for clip in clips)
    mean = np.sum([clip.sum(axis=0, dtype=np.float64) for clip in clips], axis=0) / count
    squares = [np.square(clip - mean).sum(axis=0, dtype=np.float64) for clip in clips]
    spread = np.sqrt(np.sum(squares, axis=0) / count)
    motions.mean.copy_(torch.from_numpy(mean))
    motions.std.copy_(torch.from_numpy(np.maximum(spread, _LEAST_STD)))


def _text_vectors(material: Material, sentences: SentenceEncoder | None) -> dict[str, np.ndarray] | None:
    """Token vectors of every caption, for they are frozen; None where words are learned."""
    if sentences is None:
        return None
    captions = sorted({example.caption for example in material.examples}, key=lambda c: (len(c), c))
    found: dict[str, np.ndarray] = {}
    for start in range(0, len(captions), 64):
        part = captions[start : start + 64]
        vectors = (tokens.astype(np.float32) for tokens in sentences.tokens(part))
        found.update(zip(part, vectors, strict=True))
    return found


class _Learner:
    """Networks with their optimiser."""

    def __init__(
        self,
        networks: nn.ModuleDict,
        settings: Settings,
        sentences: dict[str, np.ndarray] | None,
        seen: dict[Segment, Array32],
        skeleton_name: str,
    ) -> None:
        body = skeleton(skeleton_name)
        self.networks, self.settings, self.sentences, self.seen = networks, settings, sentences, seen
        self.still = [
            channels(still_figure(body, round(seconds * body.fps)), body).astype(np.float32)
            for seconds in _STILL_SECONDS
        ]
        self.optimiser = torch.optim.AdamW(
            networks.parameters(), settings.rate, weight_decay=settings.weight_decay
        )

    def step(self, batch: Batch, number: int) -> float:
        """One step of the optimiser; returns its loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate(number)
        still = self.still[number % len(self.still)]
        motions = self._motions([*(self.seen[g.segment] for g in batch.goals), *batch.perturbed, still])
        loss = losses_of(self._texts(batch), motions, batch, self.settings)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.networks.parameters(), 1.0)
        self.optimiser.step()
        return float(loss.detach())

    def _rate(self, number: int) -> float:
        """Warmed up linearly, then half a cosine down to nothing."""
        settings = self.settings
        warm = min(1.0, (number + 1) / min(settings.warmup, settings.steps // 4 + 1))
        return settings.rate * warm * 0.5 * (1 + math.cos(math.pi * number / settings.steps))

    def _texts(self, batch: Batch) -> Tensor:
        texts = self.networks["texts"]
        assert isinstance(texts, TextEncoder)
        captions = [goal.caption for goal in batch.goals]
        if self.sentences is None:
            return texts.of_captions(captions)
        return texts.of_sentences([self.sentences[caption] for caption in captions])

    def _motions(self, clips: list[Array32]) -> Tensor:
        """Vectors of clips, by thirds of like lengths: less padding."""
        like = next(self.networks.parameters())
        order = np.argsort([len(clip) for clip in clips], kind="stable")
        thirds = np.array_split(order, 3)
        found = [
            self.networks["motions"](*frame_batch([clips[i] for i in t], like)) for t in thirds if len(t)
        ]
        return torch.cat(found)[torch.from_numpy(np.argsort(order, kind="stable")).to(like.device)]


def losses_of(texts: Tensor, motions: Tensor, batch: Batch, settings: Settings) -> Tensor:
    """The loss of a batch: texts (N, D); motions (N + P + 1, D) of goals, perturbed ones, still figure.

    A motion whose caption is the same, to the letter, is no counterexample; neither is one that is
    perturbed by noise only: it lies farther from the text, no more.
    """
    count = len(batch.goals)
    cosines = texts @ motions.T
    captions = [goal.caption for goal in batch.goals]
    same = torch.tensor([[a == b for b in captions] for a in captions], device=texts.device)
    same.fill_diagonal_(False)
    barred = torch.zeros_like(cosines, dtype=torch.bool)
    barred[:, :count] = same
    for pair in batch.pairs:
        if pair.noise:
            barred[:, count + pair.lower] = True
    target = torch.arange(count, device=texts.device)
    rows = (cosines / settings.temperature).masked_fill(barred, -1e4)
    columns = (cosines[:, :count].T / settings.temperature).masked_fill(same, -1e4)
    contrast = nn.functional.cross_entropy(rows, target) + nn.functional.cross_entropy(columns, target)
    moves = torch.tensor([goal.moves for goal in batch.goals]).to(texts)  # who shall stand is not far from it
    over_floor = (cosines[:, -1] - settings.floor_cosine).clamp(min=0) * moves
    contrast = contrast + settings.floor * over_floor.mean()
    if not batch.pairs:
        return contrast
    lower = torch.stack([cosines[p.goal, count + p.lower] for p in batch.pairs])
    upper = torch.stack([cosines[p.goal, p.goal if p.upper < 0 else count + p.upper] for p in batch.pairs])
    margins = [settings.margin * (0.5 if p.noise else 1.0) * (0.5 + p.gap) for p in batch.pairs]
    over = lower - upper + torch.tensor(margins).to(texts)
    return contrast + settings.ranking * nn.functional.softplus(over / settings.margin).mean()
