"""Bundles that are run twice, in part, out of order and at once: same bytes (docs/reliability.md)."""

from __future__ import annotations

import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apache_beam as beam
import pytest
from bundles import FAILING, PLAIN, Job, breaking, ended, job_of, process, worker
from conftest import corpus_bytes

from pipelines.identity import begin
from schemas.config import BuildConfig
from schemas.corpus import Receipt, is_whole_of
from schemas.rows import MotionRef
from schemas.storage import sweep
from transforms.annotate import Annotate
from transforms.assemble import Assemble
from transforms.index import Index
from transforms.ladder import BuildLadders
from transforms.measure import Measure
from transforms.profiling import CompareShards, Profile
from transforms.read import ReadInput
from transforms.search import SearchLadders
from transforms.step import StepResult, TakenOverError, corpus_of, run_step


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


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
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
    config, given = mine.config, mine.given([*reversed(job.works), *job.works])
    with beam.Pipeline(PLAIN) as pipeline:
        measured = pipeline | ReadInput(config, given) | Measure(config)
        picks = twice(measured | Index(config) | SearchLadders(config), "picks")
        ladders = (measured, picks) | BuildLadders(config)
        made = twice(ladders, "ladders") | Annotate(config) | Assemble(config) | Profile(config)
        made | CompareShards(corpus_of(config))
    assert corpus_bytes(mine.root) == clean


def twice(elements: beam.PCollection, name: str) -> beam.PCollection:
    return (elements, elements) | name >> beam.Flatten()


@pytest.fixture(scope="session")
def other(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus of the same clips with other settings."""
    made = job.to(tmp_path_factory.mktemp("other") / "corpus", seed=7, ladder=2, wordings=3)
    made.run()
    return made.root


@pytest.mark.parametrize("crash", ["", pytest.param("during_shard_write:5", marks=pytest.mark.slow)])
def test_two_processes_that_do_everything_at_once_leave_the_same_bytes(
    job: Job, clean: dict[str, bytes], other: Path, tmp_path: Path, crash: str
) -> None:
    """Over receipts and files of other settings, which both take back; one of them may be killed."""
    mine = job.to(tmp_path / "corpus")
    shutil.copytree(other, mine.root)
    with process(worker, mine, crash) as one, process(worker, mine) as two:
        assert ended(one) == (-signal.SIGKILL if crash else 0)
        assert ended(two) == 0
    sweep(mine.root)  # as a build does that goes on
    assert corpus_bytes(mine.root) == clean


def test_a_shard_that_another_worker_has_done_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    """The second would write other rows, as where a request failed that was answered for the first."""
    config = BuildConfig(output=str(tmp_path))
    corpus = corpus_of(config)
    run_step(config, "assemble", 0, "old", lambda: result("old"))
    first: list[Receipt] = []

    def late() -> StepResult:
        first.append(run_step(config, "assemble", 0, "new", lambda: result("first")))
        return result("second")

    assert run_step(config, "assemble", 0, "new", late) == first[0] == corpus.read_receipt("assemble", 0)
    assert corpus.read("stage3", 0)["caption"].to_pylist() == ["first"]
    assert is_whole_of(corpus, first[0])


@pytest.mark.parametrize("where", ["folder", "bucket"])
def test_of_a_receipt_that_was_looked_at_and_a_newer_one_the_newer_stays(
    tmp_path: Path, where: str, request: pytest.FixtureRequest
) -> None:
    """A worker may be stopped for long between its look and its taking back."""
    root = tmp_path if where == "folder" else request.getfixturevalue("bucket") / "corpus"
    config = BuildConfig(output=str(root))
    corpus = corpus_of(config)
    looked_at = run_step(config, "assemble", 0, "old", lambda: result("old"))
    newer = run_step(config, "assemble", 0, "new", lambda: result("new"))
    corpus.take_back(looked_at)
    assert corpus.read_receipt("assemble", 0) == newer
    corpus.take_back(newer)
    corpus.take_back(newer)
    assert corpus.read_receipt("assemble", 0) is None
    assert run_step(config, "assemble", 0, "new", lambda: result("new")) == newer


def test_a_job_that_is_left_of_an_earlier_build_writes_nothing_into_the_next_one(tmp_path: Path) -> None:
    old, new = (BuildConfig(output=str(tmp_path), seed=seed, buckets=(("train", 2),)) for seed in (1, 2))
    begin(old, "", [])
    assert run_step(old, "assemble", 0, "old", lambda: result("old"))
    begin(new, "", [])
    made = run_step(new, "assemble", 0, "new", lambda: result("new"))
    with pytest.raises(TakenOverError, match="being built with other settings"):
        run_step(old, "assemble", 0, "old", lambda: result("old"))
    assert corpus_of(new).read_receipt("assemble", 0) == made
    assert is_whole_of(corpus_of(new), made)


@pytest.mark.parametrize("before", [False, True], ids=["first", "after other settings"])
def test_workers_that_write_one_shard_at_once_leave_it_whole(tmp_path: Path, before: bool) -> None:
    config = BuildConfig(output=str(tmp_path))
    corpus = corpus_of(config)
    if before:
        run_step(config, "assemble", 0, "old", lambda: result("old"))
    together = threading.Barrier(4)

    def work() -> StepResult:
        together.wait(30)
        return result("new")

    with ThreadPoolExecutor(4) as threads:
        made = [threads.submit(run_step, config, "assemble", 0, "new", work) for _ in range(4)]
        assert all(one.result() == corpus.read_receipt("assemble", 0) for one in made)
    assert is_whole_of(corpus, made[0].result())
    assert not list(tmp_path.rglob(".*"))


def result(caption: str) -> StepResult:
    row = {"goal_id": "one", "split": "train", "caption": caption, "frames": 40}
    return StepResult({"stage3": [{**row, "motion": MotionRef("motions", "1", 0, 40).as_dict()}]})
