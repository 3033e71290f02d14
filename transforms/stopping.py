"""Whether a run is ending early: what is not begun is left for the next one."""

from __future__ import annotations

from schemas.config import BuildConfig
from schemas.places import place
from transforms.llm.run_state import RunState


def stopping(config: BuildConfig) -> bool:
    """Whether the run that writes this corpus was told to stop: only a run that asks a language model is."""
    return config.llm is not None and RunState(place(config.output)).stopped() is not None
