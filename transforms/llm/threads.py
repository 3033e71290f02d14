"""Threads that an event loop hands work to which would hold it up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


class Threads:
    """A pool of threads that outlives its being closed: what was paid for must be kept until the very end.

    Python closes all pools as soon as a process' main thread has ended, however much other threads have
    yet to do. A worker whose main process was killed is such a process.
    """

    def __init__(self, number: int, name: str, closed: Callable[[], None]) -> None:
        """`closed` is called on the event loop when the pool takes no more work."""
        self._pool = ThreadPoolExecutor(number, name)
        self._closed = closed

    async def do(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """The result of some work, done in a thread; on the event loop itself where no thread takes it."""
        try:
            done = self._pool.submit(work, *arguments)
        except RuntimeError:
            self._closed()
            return work(*arguments)
        return await asyncio.wrap_future(done)

    def shutdown(self) -> None:
        """Let the threads go when they have ended their work."""
        self._pool.shutdown()
