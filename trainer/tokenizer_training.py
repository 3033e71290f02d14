"""Training of the motion tokenizer's VQ-VAE.

Loss: smooth L1 of normalised features, of the change of root and positions from frame to frame, of the
root's way, and a commitment term that holds the encoder near the codes (van den Oord et al. 2017). The
codes are moving averages of the vectors that they were nearest to; a code that hardly any is nearest to
begins anew at one of the batch's vectors (Dhariwal et al. 2020, as T2M-GPT does).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from motion.tokenizer import MotionTokenizer
from motion.vqvae import Codebook, ResidualBlock, TokenizerShape, VqVae
from trainer.finite import check_finite
from trainer.motion_clips import Clips, draw_windows, feature_groups
from trainer.run_folder import CHECKPOINTS
from trainer.tokenizer_log import StepRecord, TokenizerLog
from trainer.tokenizer_points import last_point, save_point
from trainer.tokenizer_recipe import TokenizerTraining

_BETAS = (0.9, 0.99)


class MovingCodebook:
    """The codes' vectors as moving averages, with the counts that they are averages by."""

    def __init__(self, codebook: Codebook, decay: float, reset_below: float) -> None:
        self.codebook = codebook
        self.decay = decay
        self.reset_below = reset_below  # of a code's fair share of the vectors
        self.counts: Tensor | None = None
        self.sums: Tensor | None = None

    @torch.no_grad()
    def begin(self, vectors: Tensor) -> None:
        """Place the codes at vectors (M, code size) of the first batch."""
        book = self.codebook.codebook
        fair = len(vectors) / len(book)
        book.copy_(_drawn(vectors, len(book)))
        self.counts = torch.full((len(book),), fair, device=book.device)
        self.sums = book * fair

    @torch.no_grad()
    def update(self, vectors: Tensor, codes: Tensor) -> None:
        """Move the codes towards the vectors (M, code size) that have them (M,); begin unused ones anew."""
        book = self.codebook.codebook
        assert self.counts is not None
        assert self.sums is not None
        chosen = nn.functional.one_hot(codes, len(book)).to(vectors)
        self.counts.lerp_(chosen.sum(0), 1 - self.decay)
        self.sums.lerp_(chosen.T @ vectors, 1 - self.decay)
        fair = len(vectors) / len(book)
        unused = self.counts < self.reset_below * fair
        if unused.any():
            # With a count of its own a new code lasts for some steps, even where no vector takes it at once.
            self.counts[unused] = 2 * self.reset_below * fair
            self.sums[unused] = _drawn(vectors, int(unused.sum())) * (2 * self.reset_below * fair)
        book.copy_(self.sums / self.counts[:, None])


def _drawn(vectors: Tensor, count: int) -> Tensor:
    """So many of the vectors, drawn; where there are fewer, some again with a little noise."""
    times = -(-count // len(vectors))
    order = torch.cat([torch.randperm(len(vectors)) for _ in range(times)])[:count].to(vectors.device)
    found = vectors[order]
    if times > 1:
        found = found + 0.01 * vectors.std() * torch.randn(found.shape).to(found)
    return found


def train_tokenizer(
    clips: Clips,
    skeleton_name: str,
    shape: TokenizerShape,
    settings: TokenizerTraining,
    folder: Path,
    device: str = "cpu",
) -> tuple[MotionTokenizer, list[StepRecord]]:
    """Train a tokenizer of a shape on clips; equal arguments give equal weights on one machine and thread.

    Log and save points are written to the folder. A training that was killed goes on from the last save
    point there as if nothing had been. ValueError for a loss that is no number; OSError for a full disk
    says which save point is left.
    """
    mean, std = clips.normalisation()
    records: list[StepRecord] = []
    # Numpy's draws have no state: a step's windows come from the seed and the step's number.
    with torch.random.fork_rng(), TokenizerLog(folder) as log:
        torch.manual_seed(settings.seed)
        learner = _Learner(shape, settings, mean, std, device)
        begun = _take_up(folder / CHECKPOINTS, learner, records)
        log.begin(records, begun, settings.steps)
        for number in range(begun, settings.steps):
            frames, there = draw_windows(clips, settings.window, settings.batch, settings.seed, number)
            losses = learner.step(frames, there, number)
            last = number == settings.steps - 1
            logs = number % settings.log_every == 0 or last
            saves = (number + 1) % settings.save_every == 0 or last
            if logs or saves:
                record = losses.read(number)
                check_finite({"loss": record.loss}, number)  # before a save point holds it
            if logs:
                records.append(record)
                log.add(record)
            if saves:
                log.flush()
                save_point(folder / CHECKPOINTS, number + 1, _state(learner, records))
            log.done(number)
    return MotionTokenizer(learner.network, shape, skeleton_name, mean, std, device=device), records


def _state(learner: _Learner, records: list[StepRecord]) -> dict[str, Any]:
    """All that a training goes on from; the optimiser's rate follows from the step."""
    return {
        "learner": learner.state(),
        "random": torch.get_rng_state(),
        "records": [asdict(record) for record in records],
    }


def _take_up(checkpoints: Path, learner: _Learner, records: list[StepRecord]) -> int:
    """Put a training where its last save point was; the number of steps that were made until then."""
    step, state = last_point(checkpoints)
    if state:
        learner.take_up(state["learner"])
        torch.set_rng_state(state["random"])
        records += [StepRecord(**values) for values in state["records"]]
    return step


@dataclass(frozen=True)
class _Losses:
    """Losses of a step, still on the device."""

    total: Tensor
    reconstruction: Tensor
    velocity: Tensor
    commitment: Tensor
    counts: Tensor  # of each code

    def read(self, step: int) -> StepRecord:
        total, reconstruction, velocity, commitment = (
            round(float(part.detach()), 5)
            for part in (self.total, self.reconstruction, self.velocity, self.commitment)
        )
        return StepRecord(step, total, reconstruction, velocity, commitment, perplexity(self.counts))


def perplexity(counts: Tensor) -> float:
    """exp of the entropy of codes by how often each was used: how many evenly used ones they equal."""
    shares = counts.double() / counts.sum()
    entropy = -(shares * shares.clamp(min=1e-12).log()).sum()
    return round(float(entropy.exp()), 2)


class _Learner:
    """The network with its codebook's averages and its optimiser."""

    def __init__(
        self,
        shape: TokenizerShape,
        settings: TokenizerTraining,
        mean: np.ndarray,
        std: np.ndarray,
        device: str,
    ) -> None:
        self.settings, self.device = settings, device
        self.network = begin_weights(VqVae(shape)).to(device)
        self.book = MovingCodebook(self.network.quantizer, settings.codebook_decay, settings.reset_below)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), settings.rate, betas=_BETAS, weight_decay=0.0
        )
        self.mean, self.std = (torch.from_numpy(values).float().to(device) for values in (mean, std))
        self.weights = torch.ones(shape.features, device=device)
        positions = feature_groups(shape.features)["positions"]
        self.moving = positions.stop  # features of root and positions, which come first
        self.weights[: positions.start] = settings.root
        self.weights[positions] = settings.positions

    def state(self) -> dict[str, Any]:
        """Weights, the codebook's averages and the optimiser's, after at least one step."""
        return {
            "network": self.network.state_dict(),
            "counts": self.book.counts,
            "sums": self.book.sums,
            "optimiser": self.optimiser.state_dict(),
        }

    def take_up(self, state: dict[str, Any]) -> None:
        """Be as the learner was whose state this is."""
        self.network.load_state_dict(state["network"])
        self.book.counts, self.book.sums = (state[name].to(self.device) for name in ("counts", "sums"))
        self.optimiser.load_state_dict(state["optimiser"])

    def step(self, windows: np.ndarray, there: np.ndarray, number: int) -> _Losses:
        """One step of the optimiser on frames (B, T, F), those that are there (B, T)."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate(self.settings, number)
        frames = (torch.from_numpy(windows).to(self.device) - self.mean) / self.std
        losses = self._losses(frames, torch.from_numpy(there).to(self.device))
        self.optimiser.zero_grad()
        losses.total.backward()
        self.optimiser.step()
        return losses

    def _losses(self, frames: Tensor, there: Tensor) -> _Losses:
        network = self.network
        vectors = network.encode(frames)
        kept = there.view(len(there), vectors.shape[1], -1).all(-1)  # tokens of whole frames
        flat = vectors.detach()[kept]
        if self.book.counts is None:
            self.book.begin(flat)
        codes = network.quantizer.nearest(vectors.detach())
        quantised = network.quantizer.codebook[codes]
        commitment = (vectors - quantised)[kept].square().mean()
        made = network.decode(vectors + (quantised - vectors).detach())
        reconstruction = self._distance(made, frames, there)
        steady = there[:, 1:] & there[:, :-1]
        moving = slice(self.moving)
        velocity = self._distance(made[..., moving].diff(dim=1), frames[..., moving].diff(dim=1), steady)
        settings = self.settings
        total = reconstruction + settings.velocity * velocity + settings.commitment * commitment
        if settings.path:
            total = total + settings.path * _path_loss(made, frames, there)
        self.book.update(flat, codes[kept])
        counts = torch.bincount(codes[kept], minlength=len(network.quantizer.codebook))
        return _Losses(total, reconstruction, velocity, commitment, counts)

    def _distance(self, made: Tensor, true: Tensor, there: Tensor) -> Tensor:
        """Smooth L1 (N, T, F), the mean over what is there."""
        each = nn.functional.smooth_l1_loss(made, true, reduction="none")
        each = each * self.weights[: each.shape[-1]]
        return each[there].mean()


def _path_loss(made: Tensor, true: Tensor, there: Tensor) -> Tensor:
    """Smooth L1 of what the root has turned and gone since the window's start, over the root of its length.

    Small errors of one sign, which no single frame tells of, add up to another way.
    """
    drift = ((made - true)[..., :3] * there[..., None]).cumsum(1)[there] / true.shape[1] ** 0.5
    return nn.functional.smooth_l1_loss(drift, torch.zeros_like(drift))


def begin_weights(network: VqVae) -> VqVae:
    """Draw first weights that keep the signal's size through the layers (He et al. 2015).

    Residual blocks begin as identities, the output near the mean. Torch's own first weights, which
    the published training began with, take about twice the steps.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv1d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    for block in network.modules():
        if isinstance(block, ResidualBlock):
            nn.init.zeros_(block.conv2.weight)
    with torch.no_grad():
        for layers, size in ((network.encoder, 0.5), (network.decoder, 0.1)):
            last = layers.model[-1]
            assert isinstance(last, nn.Conv1d)
            last.weight.mul_(size)
    return network


def rate(settings: TokenizerTraining, number: int) -> float:
    """The optimiser's rate of a step: warmed up linearly, then by cosine to nothing or once multiplied."""
    warm = settings.rate * min(1.0, (number + 1) / max(1, settings.warmup))
    if settings.schedule == "cosine":
        return warm * 0.5 * (1 + math.cos(math.pi * number / settings.steps))
    return warm * (settings.step_factor if number >= settings.step_at else 1.0)
