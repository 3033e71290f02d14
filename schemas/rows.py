"""Arrow types of the plain values that rows hold: events, differences, motion references."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from motion.facts import Facts, facts

_SCALARS = {str: pa.string(), int: pa.int32(), float: pa.float64(), bool: pa.bool_()}


def struct_of(kind: type) -> pa.DataType:
    """The Arrow struct of a dataclass of strings, numbers, truth values and tuples of dataclasses."""
    hints = typing.get_type_hints(kind)
    fields = [
        pa.field(field.name, _arrow_type(kind, field.name, hints[field.name]))
        for field in dataclasses.fields(kind)
    ]
    return pa.struct(fields)


def _arrow_type(kind: type, name: str, hint: Any) -> pa.DataType:
    if hint in _SCALARS:
        return _SCALARS[hint]
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)[0]
        return pa.list_(_SCALARS[inner] if inner in _SCALARS else struct_of(inner))
    raise TypeError(f"{kind.__name__}.{name}: {hint} has no Arrow type here")


@dataclass(frozen=True)
class MotionRef:
    """Where a motion's frames are: rows [start, end) of one motion of `motions` or `perturbed`."""

    table: str
    id: str
    start: int
    end: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for Parquet."""
        return dict(vars(self))


Segment = tuple[str, int, int]  # motion id, first frame, frame after the last


def segment(goal: Mapping[str, Any]) -> Segment:
    """The frames that a goal is about."""
    return goal["motion_id"], goal["start"], goal["end"]


def goal_motion(goal: Mapping[str, Any]) -> MotionRef:
    """Where a goal's own motion is."""
    return MotionRef("motions", *segment(goal))


def facts_of(row: Mapping[str, Any], fps: float) -> Facts:
    """The measured facts that a row's `frames`, `summary`, `extremes` and `events` hold."""
    values = {name: row[name] for name in ("frames", "summary", "extremes", "events")}
    return facts({"fps": fps, **values})
