"""`irmogen preflight`: whether the workers of a build's runner are ready; a build on a cluster asks first."""

from __future__ import annotations

import argparse

from pipelines import build
from pipelines.workers import check_workers, needs_of

BEAM_FLAGS = True  # unknown flags go to Beam


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen preflight`: those of `irmogen build`."""
    build.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Ask the workers; 0 when nothing is missing."""
    asked = build.wanted(args)
    print(*check_workers(asked.options, needs_of(asked.config)), sep="\n")
    return 0
