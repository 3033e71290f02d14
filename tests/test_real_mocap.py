"""The whole road on real motion capture: import, build, gate. Captions are synthetic, made from labels."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from conftest import irmogen, shared

from schemas.corpus import read_manifest


def import_and_build(folder: Path, every: int) -> dict[str, object]:
    """Import each `every`-th clip of the real data and build its corpus; returns the manifest."""
    source = np.load(shared("data", "bandai_namco", "joints22_20fps_metres.npz"))
    with shared("data", "bandai_namco", "labels.csv").open() as file:
        labels = list(csv.DictReader(file))[::every]
    np.savez(
        folder / "clips.npz",
        joints=source["joints"],
        start=source["start"][::every],
        length=source["length"][::every],
        name=source["name"][::every],
    )
    with (folder / "captions.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "caption"])
        for label in labels:
            words = label["content"].replace("-", " ")
            writer.writerow([label["name"], f"a person performs {words}"])
            writer.writerow([label["name"], f"{words}, done in a {label['style']} way"])
    irmogen(
        *("import-joints", folder / "clips.npz", "--captions", folder / "captions.csv"),
        *("--output", folder / "data", "--fps", 20),
        check=False,  # clips that are too short are told, and cost only themselves
    )
    irmogen("build", "--input", folder / "data", "--output", folder / "corpus")
    return read_manifest(folder / "corpus")


def assert_good(manifest: dict[str, object], clips: int) -> None:
    steps = manifest["steps"]
    assert manifest["gate"]["passed"]
    assert (
        steps["read"]["clips"]["rows_out"] >= 0.95 * clips
    )  # a few have 40 frames, one too few for features
    assert steps["assemble"]["goals"]["rows_out"] >= 0.95 * steps["read"]["captions"]["rows_out"]
    assert not any(counts["failed"] for units in steps.values() for counts in units.values())


def test_the_build_runs_on_real_clips(tmp_path: Path) -> None:
    assert_good(import_and_build(tmp_path, every=32), 20)


@pytest.mark.slow
def test_the_build_runs_on_all_real_clips(tmp_path: Path) -> None:
    assert_good(import_and_build(tmp_path, every=1), 640)
