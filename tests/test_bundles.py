"""Bundles that are run twice, in part, out of order and at once leave the same bytes (docs/reliability.md)."""

from __future__ import annotations

from pathlib import Path

import apache_beam as beam
import pytest
from bundles import FAILING, PLAIN, Job, breaking, job_of
from conftest import corpus_bytes

from transforms.annotate import Annotate
from transforms.assemble import Assemble
from transforms.ladder import BuildLadders
from transforms.measure import Index, Measure
from transforms.profiling import CompareShards, Profile
from transforms.read import ReadDataset
from transforms.search import SearchLadders


@pytest.fixture(scope="session")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A build and, in its folder, what it makes when nothing happens."""
    folder = tmp_path_factory.mktemp("bundles")
    made = job_of(folder / "data").to(folder / "clean")
    made.run()
    return made


@pytest.fixture(scope="session")
def clean(job: Job) -> dict[str, bytes]:
    found = corpus_bytes(job.root)
    assert {name.split("/")[0] for name in found} >= {"receipts", "stage1", "quality"}
    assert "quality/profile/across.json" in found
    return found


@pytest.mark.parametrize("seed", range(2))
def test_bundles_that_break_in_the_middle_and_are_run_again_leave_the_same_bytes(
    job: Job, clean: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    mine = job.to(tmp_path / "corpus")
    with breaking(monkeypatch, seed) as faults:
        mine.run(runner=FAILING)
    assert faults.made > 5
    assert corpus_bytes(mine.root) == clean


def test_elements_that_come_twice_and_out_of_order_count_once(
    job: Job, clean: dict[str, bytes], tmp_path: Path
) -> None:
    """In every shuffle: a runner whose outputs come at least once may double any element."""
    mine = job.to(tmp_path / "corpus")
    config, works = mine.config, [*reversed(job.works), *job.works]
    with beam.Pipeline(PLAIN) as pipeline:
        measured = pipeline | beam.Create(works) | ReadDataset(config) | Measure(config)
        picks = twice(measured | Index(config) | SearchLadders(config), "picks")
        ladders = (measured, picks) | BuildLadders(config)
        made = twice(ladders, "ladders") | Annotate(config) | Assemble(config) | Profile(config)
        made | CompareShards(config)
    assert corpus_bytes(mine.root) == clean


def twice(elements: beam.PCollection, name: str) -> beam.PCollection:
    return (elements, elements) | name >> beam.Flatten()
