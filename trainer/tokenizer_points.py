"""Save points of the motion tokenizer's training: what it goes on from after a kill; the last one is kept."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from schemas import crash
from schemas.storage import whole_file
from trainer.checkpoints import (
    checkpoint_of,
    last_whole,
    mark_whole,
    remove_broken,
    remove_older,
    step_of,
    unwritten,
)

_STATE = "state.pt"


def save_point(folder: Path, step: int, state: dict[str, Any]) -> None:
    """Write a state after so many steps; the one before goes when this one is whole.

    OSError where there is no room names the save point that is left.
    """
    import torch

    point = checkpoint_of(folder, step)
    try:
        with whole_file(point / _STATE) as file:
            torch.save(state, file)
        crash.reached("before_whole_save_point")
        mark_whole(point, world=1)
    except Exception as error:  # torch tells of a full disk by an error of its own
        raise unwritten(point, error) from error
    remove_older(folder, keep=1)


def last_point(folder: Path) -> tuple[int, dict[str, Any] | None]:
    """The steps made up to the last whole save point, and the state there; 0 and None where there is none.

    Half-written save points are removed. ValueError for one that cannot be read.
    """
    import torch

    remove_broken(folder)
    point = last_whole(folder)
    if point is None:
        return 0, None
    try:
        state: dict[str, Any] = torch.load(point / _STATE, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(f"{point}: is damaged; remove it, the same command begins anew then") from error
    return step_of(point), state
