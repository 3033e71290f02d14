"""The one way in which a step without a shuffle is wired: its function, once a shard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from schemas.config import BuildConfig
from schemas.corpus import Receipt
from transforms.stopping import stopping
from transforms.timing import count, now, since, timed

Step = Callable[[BuildConfig, int], Receipt | None]  # None: the shard is left for a later run


class PerShard(beam.PTransform):
    """PCollection[int] -> PCollection[int]: shards that the step has done.

    A worker does one shard at a time, or `at_once` in threads, for steps that wait more than they work.
    Time counts as that of the step that the class is named for.
    """

    def __init__(self, config: BuildConfig, step: Step, at_once: int = 1) -> None:
        super().__init__()
        self.config = config
        self.step = step
        self.at_once = at_once

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Do each shard and pass its index on, unless it is left for a later run."""
        config, step, name = self.config, self.step, type(self).__name__.lower()
        if self.at_once > 1:
            return pcoll | "Do" >> beam.ParDo(_Overlapped(config, step, name, self.at_once))

        def done(index: int) -> list[int]:
            with timed(name):
                return _done(config, step, index)

        return pcoll | "Do" >> beam.FlatMap(done)


def _done(config: BuildConfig, step: Step, index: int) -> list[int]:
    return [] if stopping(config) or step(config, index) is None else [index]


def _spent(config: BuildConfig, step: Step, index: int) -> tuple[list[int], tuple[int, int]]:
    """What `_done` returns, and the time that it took this thread."""
    started = now()
    return _done(config, step, index), since(started)


class _Overlapped(beam.DoFn):
    """Does a few shards at once; what is done by then comes out with a later one or at the bundle's end."""

    def __init__(self, config: BuildConfig, step: Step, name: str, at_once: int) -> None:
        self._config, self._step, self._name, self._at_once = config, step, name, at_once
        self._running: set[Future[tuple[list[int], tuple[int, int]]]] = set()

    def setup(self) -> None:
        """Threads are made in the worker: they cannot be sent there."""
        self._threads = ThreadPoolExecutor(self._at_once, thread_name_prefix="shard")

    def teardown(self) -> None:
        """Let the threads go."""
        self._threads.shutdown()

    def process(self, index: int) -> Iterator[int]:
        """Begin a shard; waits while as many are being done as may be."""
        self._running.add(self._threads.submit(_spent, self._config, self._step, index))
        while len(self._running) > self._at_once:
            yield from self._finished(wait(self._running, return_when=FIRST_COMPLETED).done)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Wait for the shards that are still being done."""
        for index in self._finished(wait(self._running).done):
            yield WindowedValue(index, GlobalWindow().max_timestamp(), [GlobalWindow()])

    def _finished(self, shards: set[Future[tuple[list[int], tuple[int, int]]]]) -> list[int]:
        """Indices of shards that ended; an error of one is raised when no other is being done any more."""
        if any(shard.exception() for shard in shards):
            wait(self._running)
            shards, self._running = self._running, set()
        self._running -= shards
        found = [shard.result() for shard in shards]
        for _, spent in found:
            count(self._name, spent)
        return [index for done, _ in found for index in done]
