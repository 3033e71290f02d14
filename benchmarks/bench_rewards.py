"""Milliseconds that the rewards of a completion take, by their parts, on one core or a GPU.

Run: python benchmarks/bench_rewards.py [--device cuda]. Rollouts of 16 completions of three rounds of 35
tokens, four of each goal, with motion tokenizers of the demo's and the published sizes and an embedder of the
built-in size, all with random weights. Each rollout is new; `first` are rollouts whose goals were never seen.
Of the parts, `rest` is the reading of completions, distances, and whatever else there is. On the CPU times
are the processor's, for others may use the machine, too.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from common import report

COMPLETIONS, GROUP, ROUNDS, TOKENS = 16, 4, 3, 35
GOALS = COMPLETIONS // GROUP
ROLLOUTS = 3
SIZES = {"demo": "demo", "published": "gemma2-2b"}  # of the motion tokenizer -> recipe


class Clock:
    """Adds up the time of some methods."""

    def __init__(self, device: str) -> None:
        self.now = time.process_time if device == "cpu" else time.perf_counter
        self.seconds: dict[str, float] = {}

    def watch(self, owner: Any, name: str, part: str) -> None:
        """Time the method `name` of an object as a part."""
        method = getattr(owner, name)

        def timed(*args: Any) -> Any:
            started = self.now()
            found = method(*args)
            self.seconds[part] = self.seconds.get(part, 0.0) + self.now() - started
            return found

        setattr(owner, name, timed)


def motion_tokenizer(recipe: str, device: str) -> Any:
    """One with the sizes of a recipe."""
    import torch

    from motion.skeleton import skeleton
    from motion.tokenizer import MotionTokenizer
    from motion.vqvae import TokenizerShape, VqVae
    from trainer.tokenizer_recipe import load_tokenizer_recipe

    size = skeleton("t2m").feature_size
    shape = TokenizerShape(size, **vars(load_tokenizer_recipe(recipe).model))
    torch.manual_seed(0)
    return MotionTokenizer(VqVae(shape), shape, "t2m", np.zeros(size), np.ones(size), device=device)


def panel_of(tokenizer: Any, motions: Any, folder: Path, device: str) -> Any:
    """A panel of every reward, for goals that are demo motions."""
    import torch

    from evaluators.builtin.model import Shape
    from evaluators.embedders.builtin import networks_of, of_networks
    from schemas.rows import MotionRef
    from trainer.goals import Goal, GoalMotions
    from trainer.rewards import REWARDS
    from trainer.rewards.panel import Panel
    from trainer.rewards.space import Space

    class InMemory(GoalMotions):
        """Goals' motions that are read already."""

        def __init__(self) -> None:
            self.clips = {
                path.stem: np.load(path).astype(np.float32) for path in folder.glob("new_joint_vecs/*.npy")
            }

        def features(self, goals: Any) -> list[Any]:
            return [self.clips[goal.motion.id] for goal in goals]

    held = InMemory()
    torch.manual_seed(0)
    shape = Shape()
    space = Space(of_networks(shape, networks_of(shape), None, device), held)
    captions = {name: (folder / f"texts/{name}.txt").read_text().split("#")[0] for name in held.clips}
    goals = {
        name: Goal(name, captions[name], "", MotionRef("motions", name, 0, len(clip)), 0)
        for name, clip in sorted(held.clips.items())
    }
    return Panel(list(REWARDS), tokenizer, motions, space, goals)


def completions_of(tokenizer: Any, codes: int, rollout: int) -> list[list[int]]:
    """Chains with random motions."""
    from motion.seeds import generator
    from prompts.chain import Chain, Round, render
    from trainer.examples import encode_text

    rng = generator("bench rewards", rollout)
    said = "The person walks forward, then turns to the left and raises the right arm slowly. " * 2
    found = []
    for _ in range(COMPLETIONS):
        motions = rng.integers(codes, size=(ROUNDS, TOKENS)).tolist()
        chain = Chain(said, tuple(Round(tuple(motion), said, said) for motion in motions))
        found.append([*encode_text(tokenizer, render(chain)), int(tokenizer.eos_token_id)])
    return found


def measure(size: str, folder: Path, device: str) -> list[dict[str, object]]:
    """Rows of one motion tokenizer: goals that were never seen, and goals that were."""
    from bench_generation import random_model

    _, tokenizer = random_model()
    motions = motion_tokenizer(SIZES[size], device)
    panel = panel_of(tokenizer, motions, folder, device)
    rollouts = [completions_of(tokenizer, motions.codes, number) for number in range(2 * ROLLOUTS + 1)]
    names = sorted(panel.goals)
    asked = [
        [name for name in names[n * GOALS : (n + 1) * GOALS] for _ in range(GROUP)]
        for n in range(ROLLOUTS + 1)
    ]
    panel.rollout(rollouts.pop(), asked.pop())  # warm up
    clock = Clock(device)
    clock.watch(panel.motion_tokenizer, "decode", "decode")
    clock.watch(panel.space, "motions", "embed motions")
    clock.watch(panel.space, "captions", "embed captions")
    clock.watch(panel, "_claims", "facts")
    rows: list[dict[str, object]] = []
    for turn, when in enumerate(("first", "again")):
        clock.seconds.clear()
        started = clock.now()
        for number, goals in enumerate(asked):
            ids = rollouts[turn * ROLLOUTS + number]
            for function in panel.functions():
                function(completion_ids=ids, goal_id=goals)
        whole = clock.now() - started
        parts = {**clock.seconds, "rest": whole - sum(clock.seconds.values())}
        share = 1000 / (ROLLOUTS * COMPLETIONS)
        rows.append(
            {"motion tokenizer": size, "goals": when, "ms a completion": whole * share}
            | {part: seconds * share for part, seconds in parts.items()}
        )
    return rows


def main() -> None:
    from motion.demo.dataset import write_demo

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    device = parser.parse_args().device
    with TemporaryDirectory() as folder:
        write_demo(Path(folder), motions=(ROLLOUTS + 1) * GOALS)
        report("bench_rewards", [row for size in SIZES for row in measure(size, Path(folder), device)])


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
