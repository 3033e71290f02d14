"""What a training needs, small: a corpus with motion tokens, and jobs that take a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from small_corpus import CLIPS, write_corpus
from tiny_model import tiny_motion_tokenizer

from motion.tokenizer import MotionTokenizer, save_tokenizer
from schemas.corpus import Corpus
from schemas.gathering import gather
from schemas.tokens import (
    STAGES,
    TokenSet,
    open_tokens,
    references,
    token_folder,
    write_token_set,
    write_token_shard,
)
from trainer.callbacks import read_log
from trainer.goals import Goal, Goals
from trainer.job import Job
from trainer.recipe import Recipe, load_recipe
from trainer.row_counts import count_rows

TINY = {  # of every recipe here
    "model.words": 400,
    "model.width": 16,
    "model.layers": 1,
    "model.heads": 2,
    "data.row": 512,
    "data.window": 6,
    "train.steps": 6,
    "train.rows": 2,
    "train.rows_at_once": 1,
    "train.rate": 1e-2,
    "train.log_every": 1,
    "train.save_every": 2,
    "train.keep": 9,
}


def tiny(stage: str, *changes: str) -> Recipe:
    """The demo recipe of a stage, made tiny, with changes."""
    return load_recipe("demo", stage, [*settings(stage), *changes])


def settings(stage: str) -> list[str]:
    """What makes the demo recipe of a stage tiny."""
    return [f"{name}={value}" for name, value in TINY.items()]


@dataclass(frozen=True)
class Ground:
    """A corpus with its motion tokens, and the motion tokenizer in a folder."""

    corpus: Corpus
    manifest: dict[str, Any]
    tokens: TokenSet
    motion_tokenizer: Path

    def job(self, output: Path, stage: str, *changes: str, source: str = "tiny") -> Job:
        """A training of the tiny recipe, as the command makes it."""
        return Job(
            recipe=tiny(stage, *changes),
            corpus=self.corpus,
            manifest=self.manifest,
            tokens=self.tokens,
            motion_tokenizer=tiny_motion_tokenizer(),
            source=source,
            output=output,
            record={},
            report_to=(),
        )

    def words(self, stage: str, output: Path, *more: object) -> list[str]:
        """The command line of a training of the tiny recipe."""
        words = ["train", stage, str(self.corpus.root), "--output", str(output)]
        for one in settings(stage):
            words += ["--set", one]
        if stage == "base":
            words += ["--motion-tokenizer", str(self.motion_tokenizer)]
        return words + [str(word) for word in more]


def write_ground(root: Path, clips: Sequence[Any] = CLIPS, **changed: Any) -> Ground:
    """A small corpus in `root/corpus` and the tokenizer of its motions in `root/motion-tokenizer`."""
    corpus, manifest = write_corpus(root / "corpus", clips=clips, **changed)
    tokenizer = tiny_motion_tokenizer()
    save_tokenizer(root / "motion-tokenizer", tokenizer)
    tokens = write_tokens(corpus, manifest, tokenizer)
    return Ground(corpus, manifest, tokens, root / "motion-tokenizer")


def write_tokens(corpus: Corpus, manifest: dict[str, Any], tokenizer: MotionTokenizer) -> TokenSet:
    """The tokens of every motion that the stages name, as `irmogen tokenize` writes them."""
    folder = token_folder(corpus.root, tokenizer.fingerprint)
    outputs = []
    for shard in range(corpus.shards):
        named = {one for stage in STAGES for one in references(stage, corpus.read(stage, shard))}
        clips = gather(corpus, sorted(named, key=str))
        codes = dict(zip(clips, tokenizer.encode(list(clips.values())), strict=True))
        outputs.append(write_token_shard(folder, shard, corpus.shards, codes))
    write_token_set(folder, tokenizer.fingerprint, tokenizer.codes, manifest, outputs)
    return open_tokens(corpus.root, manifest, tokenizer.fingerprint)


def goals_of(corpus: Corpus, split: str = "train") -> Goals:
    """The stage 3 goals of a corpus' split."""
    counts = count_rows(corpus, "stage3", split, range(corpus.shards))
    return Goals(corpus, split, [sum(one.values()) for one in counts])


def every_goal(corpus: Corpus) -> list[Goal]:
    """Those of the split train, sorted by id."""
    goals = goals_of(corpus)
    found = [goal for shard in range(corpus.shards) for goal in goals.of_shard(shard)]
    return sorted(found, key=lambda goal: goal.goal_id)


def losses(folder: Path) -> list[tuple[int, float, float]]:
    """Step, loss and norm of the gradient of every step of a training."""
    return [
        (row["step"], row["loss"], row["grad_norm"])
        for row in read_log(folder / "log.jsonl")
        if "loss" in row
    ]


def weights(outcome: Any) -> dict[str, torch.Tensor]:
    """The weights that a training came to."""
    found: dict[str, torch.Tensor] = outcome.trainer.model.state_dict()
    return found


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether weights are equal to the last bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
