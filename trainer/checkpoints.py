"""Checkpoints that a killed training goes on from: whole ones only, and the one before is kept until then."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from motion.seeds import seed
from schemas.storage import read_json, write_json

_WHOLE = "whole.json"  # written last


def last_whole(folder: Path) -> Path | None:
    """The latest whole checkpoint in a folder; None where there is none."""
    return next(reversed(whole_ones(folder)), None)


def whole_ones(folder: Path) -> list[Path]:
    """The whole checkpoints in a folder by their steps."""
    found = [path.parent for path in folder.glob(f"checkpoint-*/{_WHOLE}")]
    return sorted(found, key=step_of)


def remove_broken(folder: Path) -> list[str]:
    """Remove checkpoints that a killed training left half written; returns their names."""
    broken = [path for path in folder.glob("checkpoint-*") if not (path / _WHOLE).is_file()]
    for path in broken:
        shutil.rmtree(path)
    return sorted(path.name for path in broken)


class WholeCheckpoints:
    """For trainers of transformers: a checkpoint counts when everything of it is on disk."""

    def checkpoint_state(self) -> dict[str, Any]:
        """What goes into this process' part of a checkpoint beside the trainer's own."""
        return {}

    def _run_epoch(self, *args: Any, **rest: Any) -> None:
        """Train no step more where the checkpoint that is gone on from is that of the last step."""
        trainer: Any = self
        if trainer.state.global_step >= trainer.args.max_steps:
            trainer.control.should_training_stop = True
        else:
            super()._run_epoch(*args, **rest)  # type: ignore[misc]

    def _load_rng_state(self, checkpoint: str | None) -> None:
        """Go on with the draws of this process; where others trained before, with draws of the step."""
        trainer: Any = self
        if checkpoint is None or world_of(Path(checkpoint)) == trainer.args.world_size:
            super()._load_rng_state(checkpoint)  # type: ignore[misc]
        else:
            from transformers import set_seed

            args = trainer.args
            set_seed(seed("resumed", args.seed, step_of(Path(checkpoint)), args.process_index) % 2**32)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        trainer: Any = self
        folder = checkpoint_of(Path(trainer.args.output_dir), trainer.state.global_step)
        state = self.checkpoint_state()
        # None of those before goes until this one is whole.
        keep, trainer.args.save_total_limit = trainer.args.save_total_limit, None
        try:
            super()._save_checkpoint(model, trial)  # type: ignore[misc]
            write_json(folder / f"state-{trainer.args.process_index}.json", state)
            trainer.accelerator.wait_for_everyone()
            if trainer.is_world_process_zero():
                mark_whole(folder, world=trainer.args.world_size)
        except Exception as error:  # each library tells of a full disk by an error of its own
            raise unwritten(folder, error) from error
        finally:
            trainer.args.save_total_limit = keep
        if trainer.is_world_process_zero():
            remove_older(folder.parent, keep)
        trainer.accelerator.wait_for_everyone()


def checkpoint_of(folder: Path, step: int) -> Path:
    """The checkpoint in a folder after so many steps."""
    return folder / f"checkpoint-{step}"


def step_of(checkpoint: Path) -> int:
    """How many steps were made up to a checkpoint."""
    return int(checkpoint.name.rpartition("-")[2])


def mark_whole(checkpoint: Path, world: int) -> None:
    """Write the last file of a checkpoint of so many processes."""
    write_json(checkpoint / _WHOLE, {"step": step_of(checkpoint), "world": world})


def remove_older(folder: Path, keep: int) -> None:
    """Remove the whole checkpoints in a folder but for the latest."""
    for path in whole_ones(folder)[:-keep]:
        (path / _WHOLE).unlink()
        shutil.rmtree(path)


def unwritten(checkpoint: Path, error: Exception) -> OSError:
    """Remove a checkpoint that could not be written, for there is no room; the error that tells of it."""
    shutil.rmtree(checkpoint, ignore_errors=True)
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return OSError(
        f"{checkpoint}: the checkpoint could not be written ({why}); make room, the same command "
        f"{how_to_go_on(checkpoint.parent)}"
    )


def how_to_go_on(folder: Path) -> str:
    """What the same command does with the checkpoints in a folder: the end of a sentence."""
    before = last_whole(folder)
    return f"goes on from {before.name}" if before else "begins anew"


def states_of(checkpoint: Path) -> list[dict[str, Any]]:
    """What every process put into a whole checkpoint; ValueError where a part is missing, or one too many."""
    world = world_of(checkpoint)
    wanted = {f"state-{rank}.json" for rank in range(world)}
    found = {path.name for path in checkpoint.glob("state-*.json")}
    if found != wanted:
        strange = min(found ^ wanted)
        what = "lacks" if strange in wanted else "must not have"
        raise ValueError(
            f"{checkpoint}: is of {world} processes and {what} {strange}; remove the folder, then the "
            f"same command goes on from the checkpoint before"
        )
    return [read_json(checkpoint / name) for name in sorted(wanted)]


def world_of(checkpoint: Path) -> int:
    """How many processes a whole checkpoint is of."""
    return int(read_json(checkpoint / _WHOLE)["world"])
