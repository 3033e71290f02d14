"""The preflight as a Beam pipeline, on the runner and the workers of the build that is to come."""

from __future__ import annotations

import base64
import inspect
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import apache_beam as beam

from pipelines import worker_probe
from pipelines.running import counted, run_to_end
from pipelines.worker_probe import MARK
from transforms.counters import totals

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

_PARTS = 64  # keys, so that every worker gets some
_MAKE = "(exec(compile(source, 'worker_probe', 'exec'), space), space[name](**settings))[1]"
_REPORTS = re.compile(re.escape(MARK) + r"([A-Za-z0-9+/=]+):")

Reports = list[dict[str, Any]]


class Shipped(beam.DoFn):
    """A DoFn of worker_probe.py that travels as text: a class by name would need our package there."""

    def __init__(self, name: str, **settings: Any) -> None:
        self.name, self.settings = name, settings

    def __reduce__(self) -> tuple[Any, ...]:
        """What is pickled: an expression that makes the other class where it is loaded."""
        names = {
            "source": inspect.getsource(worker_probe),
            "space": {"__name__": "irmogen_worker_probe"},
            "name": self.name,
            "settings": self.settings,
        }
        return eval, (_MAKE, names)

    def process(self, element: Any) -> Iterator[tuple[str, str]]:
        """Never called: where the pipeline runs, it is another class."""
        raise NotImplementedError(self.name)


def ask_workers(asked: dict[str, Any], options: PipelineOptions, seconds: float) -> tuple[Reports, int]:
    """Reports of workers with faults, and how many processes told that they have none.

    The number is 0 where the runner does not say. TimeoutError when no answer came in time; what the runner
    raises where it could not run.
    """
    pipeline = beam.Pipeline(options=options)
    keyed = tuple[str, str]
    _ = (
        pipeline
        | "Start" >> beam.Impulse()
        | "Spread" >> beam.ParDo(Shipped("Spread", parts=_PARTS)).with_output_types(keyed)
        | "Each" >> beam.GroupByKey()
        | "Probe" >> beam.ParDo(Shipped("Probe", asked=asked)).with_output_types(keyed)
        | "All" >> beam.GroupByKey()
        | "Judge" >> beam.ParDo(Shipped("Judge")).with_output_types(keyed)
    )
    try:
        with _unlogged():
            return [], counted(_answered, run_to_end(pipeline, seconds), int)
    except Exception as error:  # a runner's failures have no common class
        if reports := reports_in(str(error)):
            return reports, 0
        raise


@contextmanager
def _unlogged() -> Iterator[None]:
    """While the body runs nothing is logged: what fails comes as an error, which is told in a line."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def reports_in(text: str) -> Reports:
    """The reports that a failed pipeline's message carries; none where it failed of something else."""
    found = _REPORTS.search(text)
    reports: Reports = json.loads(base64.b64decode(found.group(1))) if found else []
    return reports


def _answered(result: Any) -> int:
    return totals(result, "irmogen").get("preflight_workers", 0)
