"""One process of a training: `part_of_training.py FOLDER`, where a job lies; what it was given goes there."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from trainer.job import Job, world_size


def train(folder: Path, job: Job, world: int) -> list[list[str]]:
    """Let so many processes train, or go on; the goals that each was given (stage 3)."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "job.pickle").write_bytes(pickle.dumps(replace(job, motion_tokenizer=None)))  # type: ignore[arg-type]
    launched = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={world}"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    done = subprocess.run(
        [*launched, __file__, str(folder)], capture_output=True, text=True, timeout=900, env=environ
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    return [json.loads((folder / f"given-{rank}.json").read_text()) for rank in range(world)]


def main(folder: Path) -> None:
    """Be one of them."""
    from tiny_model import tiny_motion_tokenizer

    from trainer.grpo import train_grpo
    from trainer.sft import train_sft

    job = replace(
        pickle.loads((folder / "job.pickle").read_bytes()), motion_tokenizer=tiny_motion_tokenizer()
    )
    outcome = (train_grpo if job.recipe.stage == "stage3" else train_sft)(job)
    prompts = getattr(getattr(outcome.trainer, "data_collator", None), "__self__", None)
    rank = os.environ["RANK"]
    (folder / f"given-{rank}.json").write_text(json.dumps(list(getattr(prompts, "given", {}))))
    if rank == "0":
        assert world_size() == outcome.trainer.args.world_size
        (folder / "figures.json").write_text(json.dumps(outcome.figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
