"""`irmogen demo-training`: the whole road of training on a corpus, from motion tokens to generations.

Every step is the command that a user would give, in a process of its own, forked from one that holds the
libraries; a step that is done is found done.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipelines.flag_values import a_folder, a_place, at_least
from pipelines.streams import printable

# What each trained model is asked for; the test split, the wording drawn by goal.
GENERATIONS = (
    ("base", "direct"),
    ("base", "caption"),
    ("stage1", "direct"),
    ("stage1", "refine"),
    ("stage1", "caption"),
    ("stage2", "chain"),
    ("stage2", "chain-first"),
    ("stage3", "chain"),
    ("stage3", "chain-first"),
    ("stage3", "robust"),
)
# At 1, as published, models as small as the demo's say a stray token in two chains of three.
TEMPERATURE = "0.7"
_LIBRARIES = (
    "apache_beam",
    "datasets",
    "torch",
    "transformers",
    "trl.trainer.grpo_trainer",
    "trl.trainer.sft_trainer",
)
_STAGES = ("base", "stage1", "stage2", "stage3")


@dataclass(frozen=True)
class Step:
    """One command of the road."""

    name: str
    words: tuple[str, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen demo-training`."""
    parser.add_argument("corpus", type=a_place, help="folder that `irmogen build` wrote")
    parser.add_argument("--embedder", required=True, metavar="FOLDER", help="rewards in stage 3")
    parser.add_argument("--output", type=a_folder, required=True, help="folder for models and generations")
    parser.add_argument("--recipe", default="demo", help="name of the recipes of all stages (default: demo)")
    parser.add_argument("--limit", type=at_least(1), help="goals that are generated for (default: all)")


def run(args: argparse.Namespace) -> int:
    """Take every step, and tell what each took and what came of it; ends with the code of one that fails."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(list(_LIBRARIES))
    times: dict[str, float] = {}
    for step in road(args):
        print(f"== {step.name}: irmogen {' '.join(step.words)}", flush=True)
        started = time.monotonic()
        code = _run(processes, step.words)
        times[step.name] = time.monotonic() - started
        if code:
            print(f"{step.name} ended with {code}; mend it, the same command goes on here", file=sys.stderr)
            return code
    _draw(args.output)
    print("\n".join(report(args.output, times)))
    return 0


def _run(processes: Any, words: tuple[str, ...]) -> int:
    """A command in a process of its own; its exit code."""
    process = processes.Process(target=_command, args=(words,))
    process.start()
    process.join()
    return int(process.exitcode or 0)


def _command(words: tuple[str, ...]) -> None:
    import threading

    from pipelines.cli import main

    threading.Thread(target=_end_with_the_first, daemon=True).start()
    sys.exit(main(list(words)))


def _end_with_the_first() -> None:
    """End this process when the one that began it has gone: nobody waits for the step any more."""
    import os

    first = multiprocessing.parent_process()
    if first:
        first.join()
        os._exit(143)


def road(args: argparse.Namespace) -> list[Step]:
    """The commands, in their order."""
    corpus, output, recipe = str(args.corpus), args.output, ("--recipe", args.recipe)
    tokenizer = str(output / "tokenizer")
    steps = [
        Step("tokenizer", ("train-tokenizer", corpus, "--output", tokenizer, *recipe)),
        Step("tokens", ("tokenize", corpus, "--tokenizer", tokenizer)),
        Step(
            "base",
            (
                "train",
                "base",
                corpus,
                "--motion-tokenizer",
                tokenizer,
                "--output",
                str(output / "base"),
                *recipe,
            ),
        ),
    ]
    for before, stage in pairwise(_STAGES):
        model = ("--model", str(output / before), "--output", str(output / stage))
        rewarding = ("--embedder", args.embedder) if stage == "stage3" else ()
        steps.append(Step(stage, ("train", stage, corpus, *model, *recipe, *rewarding)))
    few = ("--limit", str(args.limit)) if args.limit else ()
    short = ("--max-new-tokens", "96") if args.recipe == "smoke" else ()
    for stage, mode in GENERATIONS:
        asked = ("generate", "--model", str(output / stage), "--goals", corpus, "--mode", mode)
        to = ("--output", str(output / "generations" / f"{stage}-{mode}"), "--temperature", TEMPERATURE)
        steps.append(Step(f"{stage} {mode}", (*asked, *to, *few, *short)))
    return steps


def _draw(output: Path) -> None:
    from trainer.callbacks import read_log
    from trainer.curves import curves
    from trainer.run_folder import LOG

    curves({stage: read_log(output / stage / LOG) for stage in _STAGES}, output / "curves.png")


def report(output: Path, times: dict[str, float]) -> list[str]:
    """What each step took, and whether losses fell, the format was learned and the reward rose."""
    from trainer.callbacks import read_log
    from trainer.run_folder import LOG

    lines = [f"{name:<20}{seconds:8.0f} s" for name, seconds in times.items()]
    lines.append(f"{'together':<20}{sum(times.values()):8.0f} s")
    for stage in _STAGES[:3]:
        first, last = _ends(read_log(output / stage / LOG), "loss")
        lines.append(
            f"{stage}: loss {first:.3f} -> {last:.3f}" + ("" if last < first else "  (has not fallen)")
        )
    rows = read_log(output / "stage3" / LOG)
    for name in sorted({name for row in rows for name in row if name.endswith("/mean") and "reward" in name}):
        first, last = _ends(rows, name)
        lines.append(f"stage3: {name.removesuffix('/mean')} {first:.3f} -> {last:.3f}")
    first, last = _ends(rows, "reward")
    lines.append(
        f"stage3: total reward {first:.3f} -> {last:.3f}" + ("" if last > first else "  (has not risen)")
    )
    return [*lines, f"curves: {printable(output / 'curves.png')}"]


def _ends(rows: list[dict[str, Any]], name: str) -> tuple[float, float]:
    """Means of the first and of the last fifth of a logged value."""
    values = [row[name] for row in rows if name in row]
    part = max(1, len(values) // 5)
    return (sum(values[:part]) / part, sum(values[-part:]) / part) if values else (float("nan"), float("nan"))
