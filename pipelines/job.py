"""The build as a Beam pipeline: five steps, and one shuffle of small records for the ladders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apache_beam as beam

from schemas.config import BuildConfig
from transforms.annotate import Annotate
from transforms.assemble import Assemble
from transforms.ladder import BuildLadders
from transforms.measure import Index, Measure
from transforms.read import ReadDataset, ShardWork
from transforms.search import SearchLadders

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions


def run_job(config: BuildConfig, works: list[ShardWork], options: PipelineOptions) -> None:
    """Run all steps for all shards; shards that are done are found done. Raises what a step raises."""
    with beam.Pipeline(options=options) as pipeline:
        measured = (
            pipeline
            | "Shards" >> beam.Create(works)
            | "ReadDataset" >> ReadDataset(config)
            | "Measure" >> Measure(config)
        )
        picks = measured | "Index" >> Index(config) | "SearchLadders" >> SearchLadders(config)
        (
            (measured, picks)
            | "BuildLadders" >> BuildLadders(config)
            | "Annotate" >> Annotate(config)
            | "Assemble" >> Assemble(config)
        )
