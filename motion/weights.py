"""Weights from files: whether they are those of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Shaped(Protocol):
    """What has a shape, such as a tensor."""

    @property
    def shape(self) -> Sequence[int]:
        """Size of each dimension."""


def misfits(wanted: Mapping[str, Sequence[int]], found: Mapping[str, Shaped]) -> list[str]:
    """What is wrong with weights by name, those that are wanted given as shapes: a line a weight.

    >>> import numpy as np
    >>> misfits({"a": (2,), "b": (3,)}, {"a": np.zeros(1), "c": np.zeros(1)})
    ['b: is missing', 'c: is unknown', 'a: has shape (1,), not (2,)']
    """
    lines = [f"{name}: is missing" for name in wanted if name not in found]
    lines += [f"{name}: is unknown" for name in found if name not in wanted]
    lines += [
        f"{name}: has shape {tuple(found[name].shape)}, not {tuple(shape)}"
        for name, shape in wanted.items()
        if name in found and tuple(found[name].shape) != tuple(shape)
    ]
    return lines


def check_fit(source: object, what: str, problems: Sequence[str]) -> None:
    """ValueError that names a few of the problems, if there are any; `source` is the file."""
    if problems:
        more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise ValueError(f"{source}: does not fit {what}: {'; '.join(problems[:5])}{more}")
