"""A worker's own stop: nothing new is sent, what is in flight is finished and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from transforms.llm.asking import StoppedError


class Halt:
    """Whether the runtime stops, and whether anything is in flight. Belongs to one event loop."""

    def __init__(self) -> None:
        self._why = ""
        self._stopped = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._busy = 0

    def stop(self, why: str) -> None:
        """Let nothing new be sent; the first reason stays."""
        self._why = self._why or why
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether nothing new may be sent."""
        return self._stopped.is_set()

    def check(self) -> None:
        """StoppedError when nothing new may be sent."""
        if self.stopped:
            raise StoppedError(f"the run stops: {self._why}")

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Something that a stop waits for."""
        self._busy += 1
        self._drained.clear()
        try:
            yield
        finally:
            self._busy -= 1
            if not self._busy:
                self._drained.set()

    async def drained(self) -> None:
        """Wait until nothing is in flight."""
        await self._drained.wait()

    async def sleep(self, seconds: float) -> None:
        """Wait some time, or until the stop."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
