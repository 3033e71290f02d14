"""The ledger from an event loop: answers are read and kept many at a time, in threads.

What is asked for while threads are at work goes to the next one together: handing over to a thread costs
more than reading an answer, and one wait for the disk makes many answers durable.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from schemas.ledger import Entry, Ledger
from transforms.llm.threads import Threads

_AT_ONCE = 4  # threads at work together, so that a slow disk or network does not hold up the rest
_FULL = 16  # answers for which a further thread is set to work


class Commits:
    """Keeps answers in the ledger from an event loop, and reads them back."""

    def __init__(self, ledger: Ledger, threads: Threads) -> None:
        self._reads = _Grouped(threads, lambda keys: [_read(ledger, key) for key in keys])
        self._writes = _Grouped(threads, lambda entries: _keep(ledger, entries))

    async def get(self, key: str) -> Entry | None:
        """The answer of a key, None where there is none; errors are those of Ledger.get."""
        return await self._reads.ask(key)

    async def keep(self, entry: Entry) -> Entry:
        """Keep an answer; durable on return. The ledger's, where another worker was first.

        OSError where it cannot be kept; ValueError where the ledger's is damaged.
        """
        return await self._writes.ask(entry)


class _Grouped:
    """Calls of one value each, done by a function of many values: it gives a result or an error for each."""

    def __init__(self, threads: Threads, work: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        self._threads = threads
        self._work = work
        self._waiting: list[tuple[Any, asyncio.Future[Any]]] = []
        self._under_way: set[asyncio.Task[None]] = set()

    def ask(self, value: Any) -> asyncio.Future[Any]:
        """The result for a value; raises its error."""
        loop = asyncio.get_running_loop()
        result = loop.create_future()
        self._waiting.append((value, result))
        if len(self._waiting) in (1, _FULL):
            loop.call_soon(self._begin)  # together with what else comes now
        return result

    def _begin(self) -> None:
        if not self._waiting:
            return
        needed = _FULL if self._under_way else 1
        if len(self._waiting) >= needed and len(self._under_way) < _AT_ONCE:
            group, self._waiting = self._waiting, []
            task = asyncio.get_running_loop().create_task(self._do(group))
            self._under_way.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._begin()

    async def _do(self, group: list[tuple[Any, asyncio.Future[Any]]]) -> None:
        values = [value for value, _ in group]
        try:
            found = await self._threads.do(self._work, values)
        except Exception as error:
            found = [error] * len(group)
        for (_, result), value in zip(group, found):
            if result.done():
                continue
            if isinstance(value, Exception):
                result.set_exception(value)
            else:
                result.set_result(value)


def _keep(ledger: Ledger, entries: Sequence[Entry]) -> Sequence[Entry | Exception]:
    """What the ledger holds for each answer, or why it holds none: none goes down with another one."""
    try:
        return ledger.keep(entries)
    except (OSError, ValueError) as error:
        if len(entries) == 1:
            return [error]
        return [found for entry in entries for found in _keep(ledger, [entry])]


def _read(ledger: Ledger, key: str) -> Entry | Exception | None:
    """An answer, or why it cannot be read: one that is damaged costs only itself."""
    try:
        return ledger.get(key)
    except (OSError, ValueError) as error:
        return error
