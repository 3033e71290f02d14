"""Beam's portable job server, which serves jobs as it always does but with two SDK workers instead of one.

`python two_worker_job_server.py PORT_FILE`: serves until it is ended.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from apache_beam.runners.portability import local_job_service
from apache_beam.runners.portability.fn_api_runner import fn_runner


class _TwoWorkers(fn_runner.FnApiRunner):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._num_workers = 2  # a job server takes no flag for it


if __name__ == "__main__":
    fn_runner.FnApiRunner = _TwoWorkers
    server = local_job_service.LocalJobServicer()
    port = server.start_grpc_server(0)
    made = Path(sys.argv[1])
    made.with_suffix(".part").write_text(str(port))
    made.with_suffix(".part").rename(made)
    while True:
        time.sleep(3600)
