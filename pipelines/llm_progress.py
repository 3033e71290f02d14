"""How far a language model is with a build: requests, tokens, money, errors and the time left, in a line."""

from __future__ import annotations

import time
from collections.abc import Callable

from pipelines.llm_summary import Asking, tokens
from transforms.llm.run_state import Status


class LlmProgress:
    """Says how far a run is; the time left follows from the answers since the first ones came."""

    def __init__(
        self, asking: Asking, status: Callable[[], Status], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._asking, self._status, self._clock = asking, status, clock
        self._began: tuple[float, int] | None = None  # when answers were first seen, and how many

    def __call__(self) -> str:
        """The line, without a newline."""
        status, now = self._status(), self._clock()
        if self._began is None and status.answers:
            self._began = (now, status.answers)
        total = max(self._asking.planned.requests, status.answers)
        parts = [f"{status.answers:,} of about {total:,} requests", _tokens(status)]
        if status.batches:
            parts.append(_batches(status))
        if status.from_ledger:
            parts.append(f"{status.from_ledger:,} from the ledger")
        parts += [self._money(status, total), _errors(status), self._left(status, total, now)]
        return ", ".join(part for part in parts if part)

    def _money(self, status: Status, total: int) -> str:
        spent = self._asking.money(status)
        if spent is None:
            return ""
        projected = spent * total / status.answers if status.answers else None
        ahead = f" of about {self._asking.shown(projected)}" if projected else ""
        return f"{self._asking.shown(spent)}{ahead}"

    def _left(self, status: Status, total: int, now: float) -> str:
        if self._began is None or status.answers <= self._began[1]:
            return ""
        rate = (status.answers - self._began[1]) / max(now - self._began[0], 1e-9)
        seconds = (total - status.answers) / rate
        return f"about {seconds:.0f} s left" if seconds < 120 else f"about {seconds / 60:.0f} min left"


def _batches(status: Status) -> str:
    answered = status.batch_requests - status.in_flight
    named = "batch" if status.batches == 1 else "batches"
    return f"{status.batches} {named} under way ({answered:,} of {status.batch_requests:,} requests answered)"


def _tokens(status: Status) -> str:
    taken_in, put_out = tokens(status)
    return f"{_short(taken_in)} + {_short(put_out)} tokens"


def _short(count: int) -> str:
    for size, name in ((10**9, " G"), (10**6, " M"), (10**3, " k")):
        if count >= size:
            return f"{count / size:.1f}{name}"
    return str(count)


def _errors(status: Status) -> str:
    """Shares of the tries that ended without an answer."""
    tries = max(status.sent, 1)
    failed = f"{100 * (status.failed_tries + status.refused) / tries:.1f}% failed"
    return f"{failed}, {100 * status.rejected / tries:.1f}% rejected (429)" if status.rejected else failed
