"""Recipes of the motion tokenizer: sizes and training figures, from trainer/recipes/NAME-tokenizer.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from schemas.fingerprint import fingerprint
from trainer.recipe import RECIPE_VERSION, read_sections


@dataclass(frozen=True)
class TokenizerModel:
    """Sizes of the networks, as in motion.vqvae.TokenizerShape."""

    codes: int = 512
    code_size: int = 512
    width: int = 512
    depth: int = 3
    dilation: int = 3
    downsamplings: int = 2


@dataclass(frozen=True)
class TokenizerTraining:
    """How the networks are trained; the weights are those of the loss."""

    steps: int = 300_000
    batch: int = 256  # windows of a step
    window: int = 64  # frames
    rate: float = 2e-4  # of AdamW
    warmup: int = 1000  # steps in which it grows
    schedule: str = "cosine"  # of the rate: cosine, to nothing, or step, at step_at times step_factor
    step_at: int = 200_000
    step_factor: float = 0.05
    velocity: float = 0.5  # weight of changes from frame to frame
    path: float = 0.0  # weight of the root's way since the window's start
    commitment: float = 0.02
    root: float = 1.0  # weight of the root's four features among the others
    positions: float = 1.0  # weight of the joints' positions among them
    codebook_decay: float = 0.99  # of the moving averages that the codes are
    reset_below: float = 0.125  # of a code's fair share of the vectors: below it a code begins anew
    perturbed: bool = False  # whether perturbed versions of the split's motions are learned, too
    seed: int = 0
    save_every: int = 1000  # steps; the last save point is kept
    log_every: int = 100  # steps


@dataclass(frozen=True)
class TokenizerRecipe:
    """The whole recipe."""

    name: str
    model: TokenizerModel
    train: TokenizerTraining

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @property
    def fingerprint(self) -> str:
        """Hash of all that determines what is trained."""
        values = self.as_dict()
        del values["name"]
        for name in ("save_every", "log_every"):
            del values["train"][name]
        return fingerprint("tokenizer recipe", RECIPE_VERSION, values)


def load_tokenizer_recipe(name: str, overrides: Sequence[str] = ()) -> TokenizerRecipe:
    """The recipe by its name, or from a .yaml file, with overrides `section.value=...`.

    ValueError names the file, the value and what is allowed.
    """
    sections = {"model": TokenizerModel, "train": TokenizerTraining}
    path, found = read_sections(name, "tokenizer", overrides, sections)
    recipe = TokenizerRecipe(Path(name).stem, **found)
    _check(path, recipe.model, recipe.train)
    return recipe


def _check(path: str, model: TokenizerModel, train: TokenizerTraining) -> None:
    """ValueError for values that cannot be; sizes of the networks are checked by their shape."""
    if train.schedule not in ("cosine", "step"):
        raise ValueError(f"{path}: train.schedule is {train.schedule!r}, choose one of cosine, step")
    for name in ("steps", "batch", "save_every", "log_every"):
        if getattr(train, name) < 1:
            raise ValueError(f"{path}: train.{name} is {getattr(train, name)}, the least is 1")
    frames = 2**model.downsamplings
    if train.window < 2 * frames or train.window % frames:
        raise ValueError(
            f"{path}: train.window is {train.window}; give a multiple of the {frames} frames of a token"
        )
    if not (train.rate > 0 and 0 < train.codebook_decay < 1 and 0 <= train.reset_below < 1):
        raise ValueError(
            f"{path}: train.rate must be above 0, train.codebook_decay between 0 and 1, "
            f"train.reset_below in 0 to 1"
        )
    if min(train.velocity, train.path, train.commitment, train.root, train.positions) < 0:
        raise ValueError(f"{path}: a weight of the loss is negative")
