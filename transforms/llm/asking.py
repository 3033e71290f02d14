"""What it is to ask: the answer that comes back, and the ways in which none does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from prompts.requests import Request


@dataclass(frozen=True)
class Reply:
    """An answer as it lies in the ledger."""

    key: str  # of the request; the annotation's request_id
    text: str
    finish_reason: str  # stop, length, content_filter, ...
    refusal: str
    input_tokens: int
    output_tokens: int


class AskError(RuntimeError):
    """No answer can be had for this request; the run goes on without it."""

    def __init__(self, reason: str, detail: str, key: str = "") -> None:
        super().__init__(detail)
        self.reason = reason  # request_refused (4xx), request_failed (tries used up)
        self.key = key  # of the request, where it must be known to let it be sent again


class StoppedError(RuntimeError):
    """The run is stopping; what is not asked yet is not asked. The reason is in the run's stop record."""


class PendingError(RuntimeError):
    """The request was written down for a batch; its answer comes later."""


class AskerError(RuntimeError):
    """The asker itself broke: nothing is known of any request, and no goal is to blame."""


class Asker(Protocol):
    """Gives answers: out of the ledger, or by asking, durable before they are returned."""

    async def ask(self, request: Request) -> Reply:
        """The answer; AskError, StoppedError or PendingError where there is none."""

    def run(self, work: Any) -> Any:
        """Run a coroutine to its end from a thread that has no event loop."""
