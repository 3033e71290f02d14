"""A small trained embedder and stand-ins for a model, of the demo corpus: what tests of evaluation share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from commands import irmogen

MOVING = ("ground-truth", "near", "far", "shuffled", "still", "ladder", "robust")


def trained(corpus: Path, folder: Path, *flags: object) -> str:
    """Train an embedder for a few seconds; returns what the command says."""
    return irmogen("train-embedder", corpus, "--output", folder, "--steps", 20, *flags).stdout


def results_of(folder: Path) -> dict[str, Any]:
    """The results of an evaluation."""
    found: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return found


def metric(results: dict[str, Any], name: str, of: str) -> float:
    """A metric's mean by the first embedder."""
    value: float = results["embedders"][0]["sets"][of]["metrics"][name]["mean"]
    return value
