"""Beam's own flags, passed through: checked before any work."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipelines.engines import Engine, check, defaults, runner_name

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions

_SHARDS_A_WORKER = 4  # a process of its own pays from so many shards on


def pipeline_options(flags: list[str], shards: int) -> PipelineOptions:
    """Options for Beam; FnApiRunner on all cores unless the flags say otherwise.

    ValueError names a flag that neither irmogen nor Beam knows, and flags that do not go together.
    """
    from apache_beam.options.pipeline_options import PipelineOptions, _BeamArgumentParser

    parser = _BeamArgumentParser(allow_abbrev=False)
    for kind in PipelineOptions.__subclasses__():
        kind._add_argparse_args(parser)
    known, unknown = parser.parse_known_args(flags)
    if unknown:
        raise ValueError(f"unknown flag {unknown[0]}: neither irmogen nor Beam has it; see --help")
    if known.direct_num_workers is not None and known.direct_num_workers < 0:
        raise ValueError(
            f"--direct_num_workers {known.direct_num_workers}: give 1 or more, or 0 for all cores"
        )
    if known.runner is None:
        # By name: DirectRunner first tries to download another runner.
        flags = [*flags, "--runner=FnApiRunner"]
        if not any(flag.startswith("--direct_") for flag in flags):
            flags += _workers(shards)
        return PipelineOptions(flags)
    name = runner_name(known.runner)
    flags = [*flags, f"--runner={name}"]
    flags += defaults(Engine(name, PipelineOptions(flags).get_all_options()))
    options = PipelineOptions(flags)
    check(Engine(name, options.get_all_options()))
    return options


def _workers(shards: int) -> list[str]:
    """Flags for as many processes as cores and shards are worth; none for one."""
    workers = min(os.cpu_count() or 1, shards // _SHARDS_A_WORKER)
    if workers < 2:
        return []
    return [f"--direct_num_workers={workers}", "--direct_running_mode=multi_processing"]
