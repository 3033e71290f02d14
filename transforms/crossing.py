"""Records that cross workers: small bytes of our own under small keys, counted where they enter a shuffle."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics

from transforms.counters import totals

NAMESPACE = "irmogen"
_PREFIX = "shuffled "

Key = int | bytes


class Crossing(beam.PTransform):
    """PCollection[(key, bytes)] -> the same: counts what a shuffle of this name is given.

    Keys are bytes or whole numbers. Counters are the sum over all workers; a bundle that a runner does
    again may count again.
    """

    def __init__(self, name: str) -> None:
        super().__init__(label=f"Count {name}")
        self._name = name

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Pass each record on as it is."""
        return pcoll | beam.ParDo(_Counted(self._name))


class _Counted(beam.DoFn):
    def __init__(self, name: str) -> None:
        self._bytes = Metrics.counter(NAMESPACE, f"{_PREFIX}{name} bytes")
        self._records = Metrics.counter(NAMESPACE, f"{_PREFIX}{name} records")

    def process(self, record: tuple[Key, bytes]) -> Iterable[tuple[Key, bytes]]:
        key, value = record
        self._bytes.inc(
            (len(key) if isinstance(key, bytes) else (key.bit_length() + 6) // 7 or 1) + len(value)
        )
        self._records.inc()
        yield record


def shuffled(result: Any) -> dict[str, dict[str, int]]:
    """Bytes and records of every shuffle of a pipeline that has run; empty where a runner tells none."""
    found: dict[str, dict[str, int]] = {}
    for name, count in totals(result, NAMESPACE).items():
        if name.startswith(_PREFIX):
            shuffle, _, unit = name.removeprefix(_PREFIX).rpartition(" ")
            found.setdefault(shuffle, {"bytes": 0, "records": 0})[unit] = count
    return dict(sorted(found.items()))
