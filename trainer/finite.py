"""A training that has come apart: what it learned from is no number any more."""

from __future__ import annotations

import math
from collections.abc import Mapping


def check_finite(values: Mapping[str, float], step: int) -> None:
    """ValueError for a loss or gradient of a step that is no number."""
    for name, value in values.items():
        if not math.isfinite(value):
            raise ValueError(
                f"the training has come apart: {name} is {value} at step {step}; lower train.rate, "
                f"with another --output"
            )
