"""The build as a Beam pipeline: six steps, and shuffles of small records for ladders and copies."""

from __future__ import annotations

import copy
import shlex
import sys
from typing import TYPE_CHECKING

import apache_beam as beam

from pipelines.run_notes import note
from pipelines.running import counted, run_to_end
from schemas.config import BuildConfig
from transforms.annotate import Annotate
from transforms.assemble import Assemble
from transforms.crossing import shuffled
from transforms.index import Index
from transforms.ladder import BuildLadders
from transforms.measure import Measure
from transforms.profiling import CompareShards, Profile
from transforms.read import ReadInput, Source
from transforms.search import SearchLadders
from transforms.step import corpus_of
from transforms.timing import step_seconds

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.runner import PipelineRunner

_WORKER = "apache_beam.runners.worker.sdk_worker_main"


def run_job(config: BuildConfig, source: Source, options: PipelineOptions) -> None:
    """Run all steps for all shards; shards that are done are found done. Raises what a step raises."""
    runner, options = _deaf_workers(options) if config.llm else (None, options)
    # A copy: a portable runner takes its own name out of the options, which a second run would miss.
    pipeline = beam.Pipeline(runner=runner, options=copy.deepcopy(options))
    measured = pipeline | "ReadInput" >> ReadInput(config, source) | "Measure" >> Measure(config)
    picks = measured | "Index" >> Index(config) | "SearchLadders" >> SearchLadders(config)
    (
        (measured, picks)
        | "BuildLadders" >> BuildLadders(config)
        | "Annotate" >> Annotate(config)
        | "Assemble" >> Assemble(config)
        | "Profile" >> Profile(config)
        | "CompareShards" >> CompareShards(corpus_of(config))
    )
    result = run_to_end(pipeline)
    found = {"step_seconds": counted(step_seconds, result, dict), "shuffled": counted(shuffled, result, dict)}
    note(corpus_of(config), **found)


def _deaf_workers(options: PipelineOptions) -> tuple[PipelineRunner | None, PipelineOptions]:
    """A runner whose worker processes ignore Ctrl-C, and its options; none where none are started here.

    A terminal sends Ctrl-C to the workers, too. They would die with answers in flight that are paid for.
    """
    from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from apache_beam.transforms.environments import SubprocessSDKEnvironment

    mode = options.view_as(DirectOptions).direct_running_mode
    if options.view_as(StandardOptions).runner != "FnApiRunner" or mode != "multi_processing":
        return None, options
    # In this mode the runner would put its own command in place of ours.
    given = PipelineOptions.from_dictionary(options.get_all_options(drop_default=True))
    given.view_as(DirectOptions).direct_running_mode = "in_memory"
    command = f"trap '' INT; exec {shlex.quote(sys.executable)} -m {_WORKER}"
    return FnApiRunner(SubprocessSDKEnvironment.from_command_string(command)), given
