"""What the built-in embedder promises on the demo dataset, at its full size."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import irmogen
from evaluated import MOVING, metric, results_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dataset, corpus, embedder, stand-ins and evaluation, as `make evaluate` makes them."""
    root = tmp_path_factory.mktemp("road")
    irmogen("demo-data", "--output", root / "data", "--motions", 600)
    irmogen("build", "--input", root / "data", "--output", root / "corpus")
    irmogen("train-embedder", root / "corpus", "--output", root / "embedder")
    irmogen("make-generations", root / "corpus", "--kind", "all", "--output", root / "stand-ins")
    for mode in ("full", "published"):
        sets = [root / "stand-ins" / kind for kind in MOVING]
        flags = ["--embedder", root / "embedder", "--mode", mode, "--output", root / mode]
        irmogen("evaluate", *sets, *flags)
    return root


@pytest.mark.parametrize("mode", ["full", "published"])
def test_held_out_captions_find_their_motions(road: Path, mode: str) -> None:
    truth = results_of(road / mode)["embedders"][0]["ground_truth"]
    assert truth["metrics"]["r_precision_3"]["mean"] >= 0.85
    assert truth["check"]["status"] == "within"


@pytest.mark.parametrize("mode", ["full", "published"])
def test_stand_ins_are_ranked_in_their_order(road: Path, mode: str) -> None:
    results = results_of(road / mode)
    order = ("ground-truth", "near", "far", "shuffled", "still")
    distances = [metric(results, "mm_distance", kind) for kind in order]
    assert distances == sorted(distances)
    assert len(set(distances)) == len(order)
    precisions = [metric(results, "r_precision_3", kind) for kind in order[:3]]
    assert precisions == sorted(precisions, reverse=True)
    chance = 3 / 32
    assert metric(results, "r_precision_3", "still") == pytest.approx(chance)
    assert metric(results, "r_precision_3", "shuffled") == pytest.approx(chance, abs=0.03)


def test_the_score_falls_with_the_strength_of_perturbations(road: Path) -> None:
    """The alignment that orders ladders; of the distance to the caption alone docs/evaluation.md tells."""
    found = json.loads((road / "embedder" / "embedder.json").read_text())["sensitivity"]
    assert len(found) >= 20
    assert np.mean([one["alignment"] for one in found]) >= 0.8
    assert np.mean([one["correlation"] for one in found]) >= 0.7
