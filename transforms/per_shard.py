"""The one way in which a step without a shuffle is wired: its function, once a shard."""

from __future__ import annotations

from collections.abc import Callable

import apache_beam as beam

from schemas.config import BuildConfig
from schemas.corpus import Receipt


class PerShard(beam.PTransform):
    """PCollection[int] -> PCollection[int]: shards that the step has done."""

    def __init__(self, config: BuildConfig, step: Callable[[BuildConfig, int], Receipt]) -> None:
        super().__init__()
        self.config = config
        self.step = step

    def expand(self, pcoll: beam.PCollection) -> beam.PCollection:
        """Do each shard and pass its index on."""
        config, step = self.config, self.step

        def work(index: int) -> int:
            step(config, index)
            return index

        return pcoll | "Do" >> beam.Map(work)
