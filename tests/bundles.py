"""Bundles as a cluster runs them: in part and again, doubled, out of order, and in two processes at once.

What is run is the build's own pipeline, without its gate: three shards of a few clips.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from commands import _processes
from conftest import write_small_demo

import schemas.crash
import schemas.shards
import schemas.storage
from pipelines import inputs
from pipelines.beam_flags import pipeline_options
from pipelines.inputs import shard_work
from schemas.config import BuildConfig
from schemas.llm_settings import LlmSettings
from transforms.llm import run_state
from transforms.llm.run_state import RunState, Status
from transforms.llm.runtime import end_runtime
from transforms.read import ShardWork

SHARDS = 3
CLIPS = 18
PLAIN = "FnApiRunner"
FAILING = f"{__name__}.FailingRunner"


@dataclass(frozen=True)
class Job:
    """A build that is asked for."""

    config: BuildConfig
    works: tuple[ShardWork, ...]

    def to(self, output: Path, **settings: Any) -> Job:
        """The same into another folder, with other settings."""
        return replace(self, config=replace(self.config, output=str(output), **settings))

    @property
    def root(self) -> Path:
        """The folder of the corpus."""
        return Path(self.config.output)

    def run(self, works: Sequence[ShardWork] | None = None, runner: str = PLAIN) -> None:
        """Run the pipeline in this process over these elements; by default each shard once."""
        from pipelines.job import run_job

        options = pipeline_options([f"--runner={runner}", "--direct_num_workers=1"], SHARDS)
        run_job(self.config, list(self.works if works is None else works), options)


def job_of(data: Path, clips: int = CLIPS) -> Job:
    """The build of a dataset that is written there, in three shards."""
    write_small_demo(data, clips)
    arguments = argparse.ArgumentParser()
    inputs.add_arguments(arguments)
    config, _, dataset = inputs.prepare(arguments.parse_args(["--input", str(data), "--output", "unused"]))
    return Job(replace(config, shards=SHARDS, ladder=3, wordings=2), tuple(shard_work(dataset, SHARDS)))


class FaultError(RuntimeError):
    """A worker's failure that a test asked for."""


class Faults:
    """What breaks: a bundle's try at one of the files that it writes, before the file is there or after."""

    def __init__(self) -> None:
        self.draw = random.Random(0)
        self.left = -1  # files until the fault; below 0 for none
        self.after = False
        self.made = 0

    @contextmanager
    def whole_file(self, write: Callable[..., Any], path: Path) -> Iterator[BinaryIO]:
        """In the place of `schemas.storage.whole_file`."""
        self.left -= self.left >= 0
        due = self.left == 0
        if due and not self.after:
            self._fail(path)
        with write(path) as file:
            yield file
        if due:
            self._fail(path)

    def _fail(self, path: Path) -> None:
        self.left = -1
        self.made += 1
        raise FaultError(f"fault at {path.name}")

    @contextmanager
    def one(self) -> Iterator[None]:
        """Let the body fail at a file that is drawn; not at all where it writes fewer."""
        self.left, self.after = self.draw.randint(1, 14), self.draw.random() < 0.5
        try:
            yield
        except RuntimeError as error:  # of Beam, with ours as its text
            if "fault at" not in str(error):
                raise
        finally:
            self.left = -1


FAULTS = Faults()


class FailingRunner(FnApiRunner):
    """Beam's local runner, which retries nothing, as one whose first tries of every bundle break.

    What a try that broke, or that nobody waits for any more, put out is thrown away; its effects stay.
    """

    tries = 3

    def _run_bundle_multiple_times_for_testing(
        self, context: Any, bundles: Any, given: Any, wanted: Any, timers: Any, expected_timers: Any
    ) -> None:
        for _ in range(self.tries):
            context.state_servicer.checkpoint()
            try:
                with FAULTS.one():
                    bundles.process_bundle(given, wanted, timers, expected_timers, dry_run=True)
            finally:
                context.state_servicer.restore()


@contextmanager
def breaking(monkeypatch: pytest.MonkeyPatch, seed: int) -> Iterator[Faults]:
    """FAILING breaks bundles in the body; gives what broke."""
    write = schemas.storage.whole_file
    FAULTS.draw, FAULTS.made = random.Random(seed), 0
    with monkeypatch.context() as patched:
        for module in (schemas.storage, schemas.shards):
            patched.setattr(module, "whole_file", lambda path: FAULTS.whole_file(write, path))
        yield FAULTS


@contextmanager
def process(work: Callable[..., object], *values: object) -> Iterator[Any]:
    """A process of its own that does a work; it is killed where it does not end with the body."""
    started = _processes.Process(target=work, args=values)
    started.start()
    try:
        yield started
    finally:
        if started.is_alive():
            started.kill()
        started.join()


def worker(job: Job, crash: str = "", gone: float = 0.0) -> None:
    """A worker process: it runs the pipeline, until it kills itself at a point where one is named.

    `gone` is the seconds after which it takes a silent worker for dead.
    """
    os.environ["IRMOGEN_CRASH"] = crash
    importlib.reload(schemas.crash)
    if gone:
        run_state._GONE_SECONDS = gone
    job.run()
    end_runtime()


def ended(started: Any, seconds: float = 60.0) -> int:
    """The exit code of a process when it has ended."""
    started.join(seconds)
    assert started.exitcode is not None
    return int(started.exitcode)


def asking(job: Job, base_url: str, ledger: Path, **settings: Any) -> Job:
    """The same build with a language model that answers there."""
    llm = LlmSettings(model="fake-1", base_url=base_url, ledger=str(ledger), **{"concurrency": 8, **settings})
    return replace(job, config=replace(job.config, annotator="openai", llm=llm))


def run_asking(job: Job, run: Callable[[Job], object]) -> Status:
    """One run of a build with a language model; its counts."""
    state = RunState(job.root)
    state.begin()
    try:
        run(job)
    finally:
        end_runtime()
    return state.end()
