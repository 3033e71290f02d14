"""Seconds that workers spend in each step, counted by the engine beside its other metrics.

Counters of the engine count what a bundle committed, on any runner and with any number of workers. They go
to run.json, never into a receipt: time is no part of a corpus' identity.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from apache_beam.metrics import Metrics
from apache_beam.runners.runner import PipelineResult

from transforms.counters import totals

NAMESPACE = "irmogen.steps"
CPU, ELAPSED = "cpu", "elapsed"

Item = TypeVar("Item")


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Count the body's time as the step's. Outside a pipeline nothing is counted."""
    started = now()
    try:
        yield
    finally:
        count(step, since(started))


def timed_each(step: str, items: Iterable[Item]) -> Iterator[Item]:
    """The same items; the time of making them counts as the step's, what their reader does with them not."""
    cpu = elapsed = 0
    source = iter(items)
    try:
        while True:
            started = now()
            try:
                item = next(source)
            except StopIteration:
                return
            finally:
                spent = since(started)
                cpu, elapsed = cpu + spent[0], elapsed + spent[1]
            yield item
    finally:
        count(step, (cpu, elapsed))


def count(step: str, spent: tuple[int, int]) -> None:
    """Count nanoseconds of CPU and of the clock as a step's; call it in the thread that the engine called."""
    for kind, nanoseconds in zip((CPU, ELAPSED), spent, strict=True):
        Metrics.counter(NAMESPACE, f"{step}/{kind}").inc(nanoseconds // 1000)


def now() -> tuple[int, int]:
    """Nanoseconds of this thread's CPU and of the clock."""
    return time.thread_time_ns(), time.perf_counter_ns()


def since(started: tuple[int, int]) -> tuple[int, int]:
    """Nanoseconds of this thread's CPU and of the clock since `started`."""
    cpu, elapsed = now()
    return cpu - started[0], elapsed - started[1]


def step_seconds(result: PipelineResult) -> dict[str, dict[str, float]]:
    """Seconds of CPU and of the clock by step, over all transforms and workers; empty where none are told."""
    found: dict[str, dict[str, float]] = {}
    for name, microseconds in totals(result, NAMESPACE).items():
        step, kind = name.rsplit("/", 1)
        found.setdefault(step, {})[kind] = round(microseconds / 1e6, 3)
    return dict(sorted(found.items()))
