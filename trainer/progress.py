"""The progress bar of every training."""

from __future__ import annotations

from typing import Any


def progress_bar(title: str, steps: int, begun: int) -> Any:
    """A bar of tqdm over so many steps that begins at one; lines where there is no terminal."""
    from tqdm import tqdm

    return tqdm(total=steps, initial=begun, desc=title, unit="step", mininterval=2)
