"""Running a pipeline: Ctrl-C reaches us, whatever a runner does about it, and cancels the job."""

from __future__ import annotations

import signal
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult

from pipelines.running import counted, run_to_end


class TakesInterrupts(FnApiRunner):
    """A runner that handles Ctrl-C itself, as those do that start a job server."""

    def run_pipeline(self, *arguments: Any, **named: Any) -> Any:
        signal.signal(signal.SIGINT, lambda *_: None)
        return super().run_pipeline(*arguments, **named)


class Interrupted(FnApiRunner):
    """A runner whose job is interrupted while it is waited for, and cannot be cancelled where told so."""

    def __init__(self, stubborn: bool = False, state: str = "") -> None:
        super().__init__()
        self.result = InterruptedResult(stubborn, state)

    def run_pipeline(self, *arguments: Any, **named: Any) -> Any:
        return self.result


class InterruptedResult(PipelineResult):
    def __init__(self, stubborn: bool, state: str) -> None:
        super().__init__("RUNNING")
        self.stubborn, self.end, self.cancelled = stubborn, state, False

    def wait_until_finish(self, duration: float | None = None) -> str:
        if self.end:
            return self.end
        raise KeyboardInterrupt

    def cancel(self) -> None:
        self.cancelled = True
        if self.stubborn:
            raise RuntimeError("Request to http://flink:8081 failed with status 404\nand more")


def pipeline(runner: FnApiRunner) -> beam.Pipeline:
    made = beam.Pipeline(runner)
    _ = made | beam.Create([1])
    return made


def test_a_runner_does_not_keep_ctrl_c_for_itself() -> None:
    before = signal.getsignal(signal.SIGINT)
    run_to_end(pipeline(TakesInterrupts()))
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_cancels_the_job() -> None:
    runner = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        run_to_end(pipeline(runner))
    assert runner.result.cancelled


def test_a_job_that_cannot_be_cancelled_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_to_end(pipeline(Interrupted(stubborn=True)))
    assert capsys.readouterr().err == (
        "the job could not be cancelled and may go on: end it on the cluster "
        "(RuntimeError: Request to http://flink:8081 failed with status 404)\n"
    )


def test_a_job_that_takes_too_long_is_cancelled() -> None:
    runner = Interrupted(state="RUNNING")
    with pytest.raises(TimeoutError, match="no answer in 2 s"):
        run_to_end(pipeline(runner), seconds=2)
    assert runner.result.cancelled


def test_a_runner_without_counters_fails_nothing() -> None:
    def read(result: object) -> dict[str, int]:
        raise LookupError(f"Found no metrics container for {result}")

    assert counted(read, "job", dict) == {}
    assert counted(len, "job", int) == 3
