"""How a pipeline is run to its end, on this machine or on a cluster."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import apache_beam as beam

Counts = TypeVar("Counts")
_LOGGER = logging.getLogger(__name__)


def run_to_end(pipeline: beam.Pipeline, seconds: float = 0.0) -> Any:
    """Run a pipeline and return Beam's result; raises what the runner raises.

    Ctrl-C cancels the job, which on a cluster would go on without us. So does the end of the time that a
    portable runner is given, which raises TimeoutError.
    """
    handler = signal.getsignal(signal.SIGINT)
    result = pipeline.run()
    if signal.getsignal(signal.SIGINT) is not handler:
        # A job server that Beam has started would end itself on Ctrl-C, and nobody could cancel the job.
        signal.signal(signal.SIGINT, handler)
    try:
        state = result.wait_until_finish(duration=seconds * 1000 or None)
    except KeyboardInterrupt:
        _cancel(result)
        raise
    if seconds and state != "DONE":
        _cancel(result)
        raise TimeoutError(f"no answer in {seconds:.0f} s")
    return result


def counted(read: Callable[[Any], Counts], result: Any, otherwise: Callable[[], Counts]) -> Counts:
    """What is read from a result's counters, or something else where the runner does not give them out.

    They are no part of the work: a build that is done must not fail for want of them.
    """
    try:
        return read(result)
    except Exception as error:  # a runner's failures have no common class
        _LOGGER.warning("the runner gives no counters: %s: %s", type(error).__name__, error)
        return otherwise()


def _cancel(result: Any) -> None:
    """Cancel a job, or tell that it goes on."""
    try:
        result.cancel()
    except Exception as error:  # a runner's failures have no common class
        why = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        told = f"the job could not be cancelled and may go on: end it on the cluster ({why})"
        print(told, file=sys.stderr)
