"""How a pipeline is run to its end, on this machine or on a cluster."""

from __future__ import annotations

from typing import Any

import apache_beam as beam


def run_to_end(pipeline: beam.Pipeline, seconds: float = 0.0) -> Any:
    """Run a pipeline and return Beam's result; raises what the runner raises.

    Ctrl-C cancels the job, which on a cluster would go on without us. So does the end of the time that a
    portable runner is given, which raises TimeoutError.
    """
    result = pipeline.run()
    try:
        state = result.wait_until_finish(duration=seconds * 1000 or None)
    except KeyboardInterrupt:
        result.cancel()
        raise
    if seconds and state != "DONE":
        result.cancel()
        raise TimeoutError(f"no answer in {seconds:.0f} s")
    return result
