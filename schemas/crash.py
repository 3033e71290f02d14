"""Points at which a test may kill this process, to see that nothing is lost there.

`IRMOGEN_CRASH=POINT` or `POINT:N` sends SIGKILL when the point is reached for the Nth time. Without the
variable a point costs one look-up.
"""

from __future__ import annotations

import os
import signal
import threading

POINTS = (
    "before_send",
    "answer_before_ledger",
    "ledger_before_parse",
    "during_shard_write",
    "before_manifest",
    "polling_batch",
    "batch_before_id",
    "before_whole_save_point",
)
_WANTED, _, _TIMES = os.environ.get("IRMOGEN_CRASH", "").partition(":")
_lock = threading.Lock()
_reached = 0


def reached(point: str) -> None:
    """Die here, if that is asked for."""
    if point != _WANTED:
        return
    global _reached
    with _lock:
        _reached += 1
        if _reached == int(_TIMES or 1):
            os.kill(os.getpid(), signal.SIGKILL)
