"""The queue before admission: requests wait here for their turn, on the event loop."""

from __future__ import annotations

import asyncio
import math
from collections import deque

from transforms.llm.admission import Admission, Ticket
from transforms.llm.halt import Halt
from transforms.llm.headers import Limits


class Gate:
    """Lets requests through as admission says, first come, first served; what was rejected goes first."""

    def __init__(self, admission: Admission, halt: Halt) -> None:
        self.admission = admission
        self._halt = halt
        self._waiting: deque[tuple[asyncio.Future[Ticket | None], float]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, tokens: float, first: bool) -> Ticket:
        """Wait until a request of so many tokens may be sent. StoppedError when none may any more."""
        self._halt.check()
        if not self._waiting and self.admission.wait() == 0:
            return self.admission.send(tokens)
        turn: asyncio.Future[Ticket | None] = asyncio.get_running_loop().create_future()
        place = (turn, tokens)
        self._waiting.appendleft(place) if first else self._waiting.append(place)
        self.let_through()
        ticket = await turn
        if ticket is None or self._halt.stopped:
            if ticket is not None:
                self.failed(ticket)
            self._halt.check()
        assert ticket is not None
        return ticket

    def answered(self, ticket: Ticket, limits: Limits, tokens: float) -> None:
        """An answer came that took so many tokens."""
        self.admission.answered(ticket, limits, tokens)
        self.let_through()

    def rejected(self, ticket: Ticket, limits: Limits) -> None:
        """The request was rejected (429)."""
        self.admission.rejected(ticket, limits)
        self.let_through()

    def failed(self, ticket: Ticket) -> None:
        """The request ended in another way."""
        self.admission.failed(ticket)
        self.let_through()

    def send_away(self) -> None:
        """Send all away that wait, for the run stops."""
        while self._waiting:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)

    def let_through(self) -> None:
        """Let as many through as may be sent now, and look again when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            seconds = self.admission.wait()
            if seconds > 0:
                if seconds < math.inf:
                    loop = asyncio.get_running_loop()
                    self._timer = loop.call_later(seconds, self.let_through)
                return
            turn, tokens = self._waiting.popleft()
            if not turn.done():
                turn.set_result(self.admission.send(tokens))
