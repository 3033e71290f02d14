"""Thresholds of the gate: the package's own, and those of a corpus, which may only be tighter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from schemas.corpus import Corpus
from schemas.storage import write_whole

THRESHOLDS_VERSION = 1
LEVELS = ("advisory", "required")  # from the looser to the tighter


@dataclass(frozen=True)
class Threshold:
    """Bounds of one statistic of the corpus; what is required refuses, what is advisory is told."""

    name: str
    min: float | None
    max: float | None
    level: str
    meaning: str

    @property
    def refuses(self) -> bool:
        """Whether a corpus outside the bounds is refused."""
        return self.level == "required"

    def as_dict(self) -> dict[str, Any]:
        """What of it can be set, for files."""
        bounds = {name: value for name in ("min", "max") if (value := getattr(self, name)) is not None}
        return {**bounds, "level": self.level}


Thresholds = Mapping[str, Threshold]


@cache
def defaults() -> Thresholds:
    """The package's own thresholds."""
    content = yaml.safe_load(resources.files("pipelines").joinpath("thresholds.yaml").read_text("utf-8"))
    return {
        name: Threshold(name, values.get("min"), values.get("max"), values["level"], values["meaning"])
        for name, values in content["thresholds"].items()
    }


def thresholds_path(corpus: Corpus) -> Path:
    """The file of a corpus that holds its thresholds."""
    return corpus.root / "quality" / "thresholds.yaml"


def thresholds_of(corpus: Corpus) -> Thresholds:
    """The corpus' thresholds; the package's own where it has no file."""
    path = thresholds_path(corpus)
    return read_thresholds(path) if path.is_file() else defaults()


def read_thresholds(path: Path) -> Thresholds:
    """Thresholds of a file; what it does not name is as the package has it.

    ValueError names the file, the threshold, its value and the remedy, where one is unknown, no number or
    looser than the package's own.
    """
    try:
        content = yaml.safe_load(path.read_bytes())
    except FileNotFoundError as error:
        raise ValueError(f"{path}: no such file; give a file of thresholds") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: is no YAML ({' '.join(str(error).split())}); mend or remove it") from error
    if not isinstance(content, dict) or content.get("version") != THRESHOLDS_VERSION:
        found = content.get("version") if isinstance(content, dict) else None
        raise ValueError(
            f"{path}: version {found}, this irmogen knows {THRESHOLDS_VERSION}; begin with `version: "
            f"{THRESHOLDS_VERSION}` and `thresholds:`"
        )
    named = content.get("thresholds") or {}
    if not isinstance(named, dict) or set(content) - {"version", "thresholds"}:
        raise ValueError(f"{path}: holds more or other than `version` and `thresholds`; see docs/quality.md")
    unknown = sorted(str(name) for name in set(named) - set(defaults()))
    if unknown:
        raise ValueError(f"{path}: no threshold is called {unknown[0]!r}; there are {', '.join(defaults())}")
    return {
        name: _tightened(path, default, named[name]) if name in named else default
        for name, default in defaults().items()
    }


def _tightened(path: Path, default: Threshold, values: object) -> Threshold:
    where = f"{path}: {default.name}"
    if not isinstance(values, dict) or set(values) - {"min", "max", "level"}:
        raise ValueError(
            f"{where} is {values!r}; give min, max or level, as in {{max: 0.5, level: required}}"
        )
    for bound in ("min", "max"):
        value = values.get(bound, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
            raise ValueError(f"{where}: {bound} is {value!r}; give a number")
    level = values.get("level", default.level)
    if level not in LEVELS:
        raise ValueError(f"{where}: level is {level!r}; give required or advisory")
    lowest: Any = values.get("min", default.min)
    highest: Any = values.get("max", default.max)
    if default.min is not None and lowest < default.min:
        raise ValueError(_looser(where, "min", lowest, default.min, "more"))
    if default.max is not None and highest > default.max:
        raise ValueError(_looser(where, "max", highest, default.max, "less"))
    if LEVELS.index(level) < LEVELS.index(default.level):
        raise ValueError(f"{where}: level {level} is looser than the default {default.level}; leave it out")
    if lowest is not None and highest is not None and lowest > highest:
        raise ValueError(f"{where}: min {lowest} is above max {highest}; no corpus can hold that")
    return Threshold(default.name, lowest, highest, level, default.meaning)


def _looser(where: str, bound: str, value: float, default: float, side: str) -> str:
    return (
        f"{where}: {bound} {value} is looser than the default {default}; thresholds may only be tightened: "
        f"give {default} or {side}, or leave it out"
    )


def write_thresholds(corpus: Corpus, thresholds: Thresholds) -> None:
    """Write the corpus' file, every threshold with its meaning, unless it says the same already."""
    lines = [
        "# What this corpus must hold; docs/quality.md. Values may be tightened, not loosened:",
        "# `irmogen validate` judges by this file. required refuses, advisory is told.",
        f"version: {THRESHOLDS_VERSION}",
        "thresholds:",
    ]
    for name, threshold in thresholds.items():
        values = ", ".join(f"{key}: {value}" for key, value in threshold.as_dict().items())
        lines += [f"  # {threshold.meaning}", f"  {name}: {{{values}}}"]
    data = ("\n".join(lines) + "\n").encode()
    path = thresholds_path(corpus)
    if not path.is_file() or path.read_bytes() != data:
        write_whole(path, data)
