"""What asks for all annotators of a worker process: one event loop, one admission, one ledger.

The loop has a thread of its own. Shards are worked on in other threads, which give their coroutines to
`run`. A runtime belongs to one run of a build and to the process that made it.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import socket
import sys
import threading
import time
import uuid
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from prompts.requests import Request
from schemas.config import BuildConfig
from schemas.ledger import Entry, Ledger
from schemas.llm_settings import LlmSettings
from schemas.places import is_store, place
from schemas.prices import Price, load_prices
from transforms.llm.admission import Admission
from transforms.llm.asking import AskError, Reply, StoppedError
from transforms.llm.budget import Budget
from transforms.llm.client import Client
from transforms.llm.commits import Commits
from transforms.llm.counts import Counts
from transforms.llm.gate import Gate
from transforms.llm.halt import Halt
from transforms.llm.material import Asked, asked
from transforms.llm.run_state import RunState
from transforms.llm.sender import Purse, Sender
from transforms.llm.threads import Threads
from transforms.llm.turns import Turns
from transforms.llm.wire import reply_of

_WATCH_SECONDS, _STATUS_SECONDS = 0.5, 1.0  # between looks for a stop, and between writings of the status
_STORE_WATCH_SECONDS, _STORE_STATUS_SECONDS = 2.0, 5.0  # in a store, where each look is paid for
_LEDGER_THREADS = 8  # that read and write answers
_SWITCH_SECONDS = 0.0005  # after which a thread that computes lets the loop go on; Python's own is 10 times
_log = logging.getLogger(__name__)


class Runtime:
    """Asks a language model; the Asker of the annotator `openai`."""

    def __init__(self, settings: LlmSettings, output: Path) -> None:
        """ValueError where the endpoint cannot be asked or a budget has no price."""
        self.settings = settings
        self.output = output
        self._process = os.getpid()
        self._worker = f"{socket.gethostname()}-{self._process}-{uuid.uuid4().hex[:8]}"
        self._state = RunState(output)
        self._counts = Counts()
        self._price = _price(settings)
        self._client = Client(settings)
        self._flights: dict[str, asyncio.Task[Entry]] = {}
        self._lock = threading.Lock()
        self._running = 0  # calls of `run` under way
        self._closed = False
        self._writing = threading.Lock()
        self._parent = os.getppid()
        self._threads = Threads(_LEDGER_THREADS, "ledger", self._no_threads)
        self._switch = sys.getswitchinterval()
        sys.setswitchinterval(min(_SWITCH_SECONDS, self._switch))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="language-model", daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        except BaseException:
            self._end_loop()
            raise

    async def _start(self) -> None:
        settings = self.settings
        self._halt = Halt()
        self._admission = Admission(
            settings.concurrency, settings.requests_per_minute, settings.tokens_per_minute, time.monotonic
        )
        self._gate = Gate(self._admission, self._halt)
        ledger = Ledger(place(settings.ledger) if settings.ledger else self.output / "ledger")
        self._commits = Commits(ledger, self._threads)
        budget = Budget(self._state.budget_folder, settings.budget, self._worker)
        self._sender = Sender(
            settings,
            self._client,
            self._gate,
            Purse(budget, self._price),
            self._commits,
            self._counts,
            self._halt,
            self._stop,
        )
        self._write_status()
        if not self._run_goes_on():
            await self._client.close()
            raise RuntimeError(f"{self._state.folder}: no run has begun; begin it before its workers start")
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    def serves(self, settings: LlmSettings, output: Path) -> bool:
        """Whether this runtime is for these settings, and its run has not ended or begun anew."""
        mine = self._process == os.getpid() and not self._closed
        return mine and (self.settings, self.output) == (settings, output) and self._run_goes_on()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end, for a thread without an event loop. StoppedError when the run ends."""
        with self._lock:
            if self._closed:
                work.close()
                raise StoppedError("the run has ended")
            self._running += 1
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except CancelledError as error:
            raise StoppedError("the run has ended") from error
        finally:
            with self._lock:
                self._running -= 1
            self._write_if_idle()

    def turn(self, index: int) -> AbstractContextManager[None]:
        """The turn of a shard: no other worker asks for it meanwhile. StoppedError when the run stops."""
        return Turns(self._state, self._worker, self._may_ask).hold(index)

    def count(self, fault: str = "", /, **counts: int) -> None:
        """Add to the run's counts, as Counts.add; from any thread."""
        self._counts.add(fault, **counts)
        self._write_if_idle()

    async def ask(self, request: Request) -> Reply:
        """The answer to a request, durable in the ledger; for coroutines that `run` runs.

        AskError where none can be had; StoppedError when the run stops, once nothing is in flight.
        """
        one = asked(self.settings, request)
        flight = self._flights.get(one.key)
        if flight is None:
            flight = self._loop.create_task(self._answer(one))
            self._flights[one.key] = flight
            flight.add_done_callback(lambda done: self._landed(one.key, done))
        entry = await asyncio.shield(flight)
        return reply_of(entry)

    def _landed(self, key: str, flight: asyncio.Task[Entry]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # is looked at, also where nobody waits for it any more

    async def _answer(self, request: Asked) -> Entry:
        try:
            self._halt.check()
            held = await self._held(request.key)
            self._halt.check()
            if held is not None:
                self._counts.add(from_ledger=1)
                return held
            return await self._sender.send(request)
        except StoppedError:
            await self._halt.drained()
            raise

    async def _held(self, key: str) -> Entry | None:
        try:
            return await self._commits.get(key)
        except ValueError as error:
            raise AskError("ledger_damaged", str(error)) from error
        except OSError as error:
            self._stop("failures", f"the ledger cannot be read ({error})")
            raise StoppedError("the ledger cannot be read") from error

    def _stop(self, reason: str, detail: str) -> None:
        """Stop the run, for all workers; this one first, for a full disk takes no stop record either."""
        self._halt_for(f"{reason}: {detail}")
        try:
            if self._run_goes_on():  # or a worker that is left of an earlier run would stop the next one
                self._state.stop(reason, detail)
        except OSError as error:
            _log.error("%s: the other workers cannot be told to stop (%s)", self.output, error)

    def _no_threads(self) -> None:
        self._halt_for("its process is ending")

    def _halt_for(self, why: str) -> None:
        self._halt.stop(why)
        self._gate.send_away()

    async def _watch(self) -> None:
        """Look for a stop by another process, and tell the others how far this one is."""
        far = is_store(self.output)
        every = _STORE_STATUS_SECONDS if far else _STATUS_SECONDS
        written = time.monotonic() - every  # the first look finds how many workers share the rates
        while True:
            await asyncio.sleep(_STORE_WATCH_SECONDS if far else _WATCH_SECONDS)
            # The main process may outlive what started it; a worker that does so is an orphan.
            if os.getppid() != self._parent and not self._state.begun_here():
                self._halt_for("its main process is gone")
            due = time.monotonic() - written >= every
            try:
                workers = await self._threads.do(self._look, due)
            except Exception as error:  # whatever it is: without a watch the run could not be stopped
                _log.warning("%s: the state of the run cannot be read or written (%s)", self.output, error)
                continue
            if due:
                written = time.monotonic()
            if workers:
                settings = self.settings
                self._admission.set_rates(
                    settings.requests_per_minute / workers, settings.tokens_per_minute / workers
                )
                self._gate.let_through()

    def _look(self, write: bool) -> int:
        """One look at the run's files, in a thread; how many workers share the rates, 0 for not looked at."""
        if not self._run_goes_on():
            self._loop.call_soon_threadsafe(self._halt_for, "it has ended")
            return 0
        stop = self._state.stopped()
        if stop is not None:
            self._loop.call_soon_threadsafe(self._halt_for, f"{stop.reason}: {stop.detail}")
        if not write:
            return 0
        self._write_status()
        rated = self.settings.requests_per_minute or self.settings.tokens_per_minute
        return self._state.workers() if rated else 0

    def _may_ask(self) -> bool:
        return not self._closed and not self._halt.stopped and self._run_goes_on()

    def _run_goes_on(self) -> bool:
        return self._state.has_status(self._worker)

    def _write_status(self) -> None:
        with self._writing:  # or a thread could put older counts in the place of the last ones
            status = self._counts.status(self._admission.in_flight, int(self._admission.limit))
            self._state.write_status(self._worker, status)

    def _write_last(self) -> None:
        """Write the counts, if the run goes on; they are worth no error where answers are kept."""
        try:
            if self._run_goes_on():
                self._write_status()
        except OSError as error:
            _log.warning("%s: the state of the run cannot be written (%s)", self.output, error)

    def _write_if_idle(self) -> None:
        """Write the last counts when no shard is worked on: the process may end at any moment."""
        if not self._running and not self._closed:
            self._write_last()

    def close(self, wait: bool = True) -> None:
        """End the loop and the connections; what is in flight is finished first, unless told not to wait."""
        with self._lock:
            if self._closed or self._process != os.getpid():
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._finish(wait), self._loop).result()
        self._write_last()
        self._end_loop()

    async def _finish(self, wait: bool) -> None:
        self._halt_for("it has ended")
        if wait:
            await self._halt.drained()
            await asyncio.gather(*self._flights.values(), return_exceptions=True)
        mine = asyncio.current_task()
        rest = [task for task in asyncio.all_tasks() if task is not mine]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self._client.close()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._threads.shutdown()
        sys.setswitchinterval(self._switch)


def _price(settings: LlmSettings) -> Price | None:
    """The model's price, where a budget needs it; ValueError where neither settings nor table hold it."""
    if not settings.budget:
        return None
    if settings.price:
        return settings.price
    prices = load_prices(settings.prices)
    price = prices.of(settings.model)
    if price is None:
        raise ValueError(
            f"{prices.source}: no price of {settings.model}, which a budget needs; "
            "add it to a table of your own and give that as --prices"
        )
    return price


_lock = threading.Lock()
_current: Runtime | None = None
_inherited: list[Runtime] = []  # of the process that this one was forked from: kept, never used


def runtime(config: BuildConfig) -> Runtime:
    """The runtime of this process for a build; another build's is closed. ValueError as Runtime's."""
    global _current
    if config.llm is None:
        raise ValueError(f"{config.output}: the build has no settings of a language model")
    output = place(config.output)
    with _lock:
        if _current is None or not _current.serves(config.llm, output):
            if _current is not None:
                _current.close()
            else:
                _when_the_process_ends_or_forks()
            _current = None
            _current = Runtime(config.llm, output)
        return _current


def end_runtime() -> None:
    """Close this process' runtime, if it has one; for the end of a build, before the run's state ends."""
    global _current
    with _lock:
        if _current is not None:
            _current.close()
        _current = None


_hooked = False


def _when_the_process_ends_or_forks() -> None:
    global _hooked
    if not _hooked:
        _hooked = True
        atexit.register(_at_exit)
        os.register_at_fork(after_in_child=_in_child)


def _at_exit() -> None:
    if _current is not None:
        _current.close(wait=False)


def _in_child() -> None:
    global _lock, _current
    _lock = threading.Lock()
    if _current is not None:
        _inherited.append(_current)
    _current = None
