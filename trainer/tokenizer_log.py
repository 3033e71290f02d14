"""What a training of the motion tokenizer tells while it runs: rows in a file, TensorBoard, a bar."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from schemas.storage import write_whole
from trainer.checkpoints import how_to_go_on
from trainer.progress import progress_bar
from trainer.run_folder import CHECKPOINTS, LOG, TENSORBOARD


@dataclass(frozen=True)
class StepRecord:
    """What one step of the training cost, and how evenly it used the codes."""

    step: int
    loss: float
    reconstruction: float
    velocity: float
    commitment: float
    perplexity: float


class TokenizerLog:
    """The log of a training in its folder; close it, or use it in a `with` statement."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bar: Any = None
        self.board: Any = None

    def begin(self, earlier: Sequence[StepRecord], begun: int, steps: int) -> None:
        """Begin at a step, after the rows of those before it; later rows of a killed run are dropped."""
        from torch.utils.tensorboard import SummaryWriter

        try:
            write_whole(self.folder / LOG, "".join(map(_line, earlier)).encode())
            # TensorBoard leaves out what a killed run has told of this step and later ones.
            self.board = SummaryWriter(str(self.folder / TENSORBOARD), purge_step=begun or None)
        except OSError as error:
            raise self._full(error) from error
        self.bar = progress_bar("tokenizer", steps, begun)

    def add(self, record: StepRecord) -> None:
        """Tell of one step. OSError says what to do where there is no room."""
        try:
            with (self.folder / LOG).open("a", encoding="utf-8") as file:
                file.write(_line(record))
            for name, value in asdict(record).items():
                if name != "step":
                    self.board.add_scalar(f"train/{name}", value, record.step)
        except OSError as error:
            raise self._full(error) from error
        self.bar.set_postfix(loss=f"{record.loss:.3f}", refresh=False)

    def done(self, step: int) -> None:
        """One step further."""
        self.bar.update(step + 1 - self.bar.n)

    def flush(self) -> None:
        """Bring what TensorBoard has been told to its file: a save point is about to be written."""
        try:
            self.board.flush()
        except OSError as error:
            raise self._full(error) from error

    def __enter__(self) -> TokenizerLog:
        """Nothing is written before `begin`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close bar and file."""
        if self.bar is not None:
            self.bar.close()
        if self.board is not None:
            try:
                self.board.close()
            except OSError as full:
                if kind is None:  # else the first error is told
                    raise self._full(full) from full

    def _full(self, error: OSError) -> OSError:
        return OSError(
            f"{self.folder}: the log cannot be written ({error.strerror or error}); make room, the same "
            f"command {how_to_go_on(self.folder / CHECKPOINTS)}"
        )


def _line(record: StepRecord) -> str:
    return json.dumps(asdict(record)) + "\n"
