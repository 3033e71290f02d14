"""Does an evaluator still measure what it measured? Its scores of the ground truth against recorded ones.

Recorded are the published figures of the published embedders (evaluators/ground_truth.yaml), and, in its
folder, those that a built-in embedder had at the end of its training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from evaluators.evaluation import METRICS, Score
from evaluators.protocol import Protocol

WITHIN, OUTSIDE, UNKNOWN = "within", "outside", "unknown"
CHECKED = ("r_precision_1", "r_precision_2", "r_precision_3", "mm_distance", "fid", "diversity")
_TEST_CLIPS = {"t2m": 4384, "kit": 830}  # that the official test splits list
_KEPT = 0.85  # share of them at the least that is long enough and not damaged
_SAME = 1e-6  # of the same embedder on the same protocol
_LIKE = {"fid": 0.05}  # tolerance of another draw of the protocol, beside 0.03 of the value for the others
_SHARE = 0.03


@dataclass(frozen=True)
class Band:
    """A recorded value, and by how much another evaluation may differ from it."""

    value: float
    tolerance: float


@dataclass(frozen=True)
class Check:
    """What the comparison says: within, outside or unknown, and why."""

    status: str
    lines: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self) | {"lines": list(self.lines)}


@cache
def _published() -> dict[str, Any]:
    text = resources.files("evaluators").joinpath("ground_truth.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def published_bands(embedder: str, dataset: str, split: str, clips: int) -> dict[str, Band]:
    """Published ground-truth figures of an embedder on a dataset; empty where there are none.

    They are of the official test splits, which the number of clips tells from other data in the same form.
    """
    listed = _TEST_CLIPS.get(dataset, 0)
    if split != "test" or not _KEPT * listed <= clips <= listed:
        return {}
    found = _published().get(embedder, {}).get(dataset, {})
    return {name: Band(float(v["value"]), float(v["tolerance"])) for name, v in found.items()}


def record(protocol: Protocol, content: str, scores: Mapping[str, Score]) -> dict[str, Any]:
    """What an embedder's folder keeps of its scores of a ground truth; `content` identifies the motions."""
    return {
        "content": content,
        "split": protocol.split,
        "mode": protocol.mode,
        "protocol": protocol.fingerprint,
        "metrics": {name: scores[name].mean for name in CHECKED},
    }


def recorded_bands(records: list[dict[str, Any]], protocol: Protocol, content: str) -> dict[str, Band]:
    """Bands of what was recorded for the same motions and mode; empty where nothing was.

    The same protocol must give the same values; one that was drawn with another seed, similar ones.
    """
    found: dict[str, Band] = {}
    for one in records:
        if (one["content"], one["split"], one["mode"]) != (content, protocol.split, protocol.mode):
            continue
        if one["protocol"] == protocol.fingerprint:
            return {name: Band(value, _SAME) for name, value in one["metrics"].items()}
        found = {
            name: Band(value, _LIKE.get(name, _SHARE * max(abs(value), 0.5)))
            for name, value in one["metrics"].items()
        }
    return found


def check(scores: Mapping[str, Score], bands: Mapping[str, Band]) -> Check:
    """Compare scores of the ground truth with bands."""
    if not bands:
        values = (f"{name} {scores[name].mean:.4f}" for name in METRICS if name in scores)
        return Check(UNKNOWN, ("nothing is recorded for this embedder on these motions", *values))
    lines, status = [], WITHIN
    for name in (name for name in METRICS if name in bands):
        band, mean = bands[name], scores[name].mean
        inside = abs(mean - band.value) <= band.tolerance
        status = status if inside else OUTSIDE
        mark = "" if inside else ": OUTSIDE"
        lines.append(f"{name} {mean:.4f}, recorded {band.value:.4f} +- {band.tolerance:.4g}{mark}")
    return Check(status, tuple(lines))
