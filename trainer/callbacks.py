"""What a training tells while it runs: a line a log step in a file, and a progress bar."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from trainer.finite import check_finite
from trainer.progress import progress_bar

_OF_ITS_OWN_DATA = ("epoch", "num_tokens")  # TRL counts them as if it had dealt the rows


class LogRows(TrainerCallback):
    """Appends every log of numbers to a file of JSON lines; rows of a step that is done again are dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.started = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Keep the rows up to the step that is gone on from."""
        if not state.is_world_process_zero:
            return
        kept = [row for row in read_log(self.path) if row["step"] <= state.global_step and state.global_step]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Log at save points: the mean loss since the last log begins anew there, also for who goes on."""
        control.should_log = control.should_log or control.should_save

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Write one row."""
        if not state.is_world_process_zero or not logs:
            return
        numbers = {
            name: value
            for name, value in logs.items()
            if isinstance(value, int | float) and name not in _OF_ITS_OWN_DATA
        }
        row = {"step": state.global_step, "seconds": round(time.monotonic() - self.started, 2), **numbers}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


class EndsWhatComesApart(TrainerCallback):
    """Ends a training that has come apart, before a checkpoint holds it: logs come before save points."""

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """ValueError for a loss or gradient that is no number; all processes log the same."""
        told = logs or {}
        check_finite({name: told.get(name, 0.0) for name in ("loss", "grad_norm")}, state.global_step)


def read_log(path: Path) -> list[dict[str, Any]]:
    """The rows that a training has logged; a last line that was cut off is left out."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines if line.endswith("}")]


class Progress(TrainerCallback):
    """A progress bar with the latest loss or reward; lines a minute where there is no terminal."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.bar: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Begin at the step that is gone on from."""
        if state.is_world_process_zero:
            self.bar = progress_bar(self.title, state.max_steps, state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """One step further."""
        if self.bar:
            self.bar.update(state.global_step - self.bar.n)

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Show the figure that matters."""
        name = next((name for name in ("reward", "loss") if name in (logs or {})), "")
        if self.bar and logs and name:
            self.bar.set_postfix({name: f"{logs[name]:.3f}"}, refresh=False)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The bar stays as it is."""
        if self.bar:
            self.bar.close()
