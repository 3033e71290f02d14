"""Checkpoints that a killed training goes on from: whole ones only, and the one before is kept until then."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from schemas.storage import read_json, write_json

_WHOLE = "whole.json"  # written last


def last_whole(folder: Path) -> Path | None:
    """The latest whole checkpoint in a folder; None where there is none."""
    return next(reversed(whole_ones(folder)), None)


def whole_ones(folder: Path) -> list[Path]:
    """The whole checkpoints in a folder by their steps."""
    found = [path.parent for path in folder.glob(f"checkpoint-*/{_WHOLE}")]
    return sorted(found, key=lambda path: int(path.name.rpartition("-")[2]))


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

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        trainer: Any = self
        folder = Path(trainer.args.output_dir) / f"checkpoint-{trainer.state.global_step}"
        state = self.checkpoint_state()
        # None of those before goes until this one is whole.
        keep, trainer.args.save_total_limit = trainer.args.save_total_limit, None
        try:
            super()._save_checkpoint(model, trial)  # type: ignore[misc]
            write_json(folder / f"state-{trainer.args.process_index}.json", state)
            trainer.accelerator.wait_for_everyone()
            if trainer.is_world_process_zero():
                told = {"step": trainer.state.global_step, "world": trainer.args.world_size}
                write_json(folder / _WHOLE, told)
        except Exception as error:  # each library tells of a full disk by an error of its own
            raise _unwritten(folder, error) from error
        finally:
            trainer.args.save_total_limit = keep
        if trainer.is_world_process_zero():
            for path in whole_ones(folder.parent)[:-keep]:
                (path / _WHOLE).unlink()
                shutil.rmtree(path)
        trainer.accelerator.wait_for_everyone()


def _unwritten(folder: Path, error: Exception) -> OSError:
    """Remove a checkpoint that could not be written, for there is no room; the error that tells of it."""
    shutil.rmtree(folder, ignore_errors=True)
    before = last_whole(folder.parent)
    rest = f"goes on from {before.name}" if before else "begins anew"
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return OSError(
        f"{folder}: the checkpoint could not be written ({why}); make room, the same command {rest}"
    )


def states_of(checkpoint: Path) -> list[dict[str, Any]]:
    """What every process put into a checkpoint."""
    return [read_json(path) for path in sorted(checkpoint.glob("state-*.json"))]
