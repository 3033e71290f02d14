"""Beam's own flags, passed through: checked before any work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apache_beam.options.pipeline_options import PipelineOptions


def pipeline_options(flags: list[str]) -> PipelineOptions:
    """Options for Beam; the runner is FnApiRunner unless --runner says otherwise.

    ValueError names a flag that neither irmogen nor Beam knows.
    """
    from apache_beam.options.pipeline_options import PipelineOptions, _BeamArgumentParser

    parser = _BeamArgumentParser(allow_abbrev=False)
    for kind in PipelineOptions.__subclasses__():
        kind._add_argparse_args(parser)
    known, unknown = parser.parse_known_args(flags)
    if unknown:
        raise ValueError(
            f"unknown flag {unknown[0]}: neither irmogen nor Beam has it; see irmogen build --help"
        )
    if known.runner is None:
        # By name: DirectRunner first tries to download another runner.
        flags = [*flags, "--runner=FnApiRunner"]
    return PipelineOptions(flags)
