"""Drives a build through the batch interface: pipeline, submit, wait, fetch, and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipelines.batch.bill import Bill
from pipelines.batch.desk import Desk
from pipelines.batch.fetching import fetch, has_ended, hides_answers
from pipelines.batch.files import clear, waiting
from pipelines.batch.provider import Provider, ProviderError, UnknownError, UnreachedError
from schemas.config import BuildConfig
from schemas.crash import reached
from schemas.places import place
from transforms.llm.asking import StoppedError
from transforms.llm.batch_records import FETCHED, SUBMITTED, Record
from transforms.llm.pending import pending_folder
from transforms.llm.run_state import RunState
from transforms.llm.wire import ledger_folder, llm_settings

if TYPE_CHECKING:
    from openai.types import Batch

_GLANCE = 0.5  # seconds between looks at the stop record
_LOCK_WAIT = 0.2
_MISSED_LOOKS = 60  # in a row, until the endpoint is taken for gone


def run_batches(config: BuildConfig, run_pipeline: Callable[[], object]) -> None:
    """Run the pipeline until no shard waits for an answer of a batch, or the run is stopped.

    `run_pipeline` runs the whole pipeline once (done shards are skipped); its value is ignored. The
    shards that miss answers write their requests to OUTPUT/run/pending and are not passed on. The run
    state of `config.output` must have begun; the caller ends it. After a stop (budget, failures,
    endpoint, interrupted) the reason is in `RunState.stopped()` and this returns as it does at the
    end; what was submitted stays submitted, and the next run picks it up. ValueError says which setting
    does not fit: no key, no price for a budget, requests under way at another endpoint, a record of a
    batch or an answer that is damaged.
    """
    settings, state = llm_settings(config), RunState(place(config.output))

    def wait(seconds: float) -> None:
        """Sleep, but not past a stop of the run."""
        end = time.monotonic() + seconds
        while True:
            if state.stopped():
                raise StoppedError("the run is stopping")
            rest = end - time.monotonic()
            if rest <= 0:
                return
            time.sleep(min(_GLANCE, rest))

    bill = Bill(settings, state)
    provider = Provider(settings, wait)
    try:
        desk = Desk(settings, ledger_folder(config), provider, bill, lambda: wait(_LOCK_WAIT))
        _Driver(config, state, desk, wait).run(run_pipeline)
    except ProviderError as error:
        state.stop(error.reason, str(error))
    except StoppedError:
        return
    finally:
        bill.write()
        provider.close()


class _Driver:
    def __init__(
        self, config: BuildConfig, state: RunState, desk: Desk, wait: Callable[[float], None]
    ) -> None:
        self._settings = llm_settings(config)
        self._folder = pending_folder(place(config.output))
        self._state, self._desk, self._wait = state, desk, wait
        self._missed = 0

    def run(self, run_pipeline: Callable[[], object]) -> None:
        """Passes of the pipeline, with batches between them."""
        self._pick_up()
        idle = 0
        while not self._state.stopped():
            run_pipeline()
            if self._state.stopped() or not any(waiting(self._folder)):
                return
            idle = 0 if self._answer() else idle + 1
            clear(self._folder)
            if idle == 2:
                raise OSError(
                    f"{self._desk.ledger.folder}: the workers do not find the answers that are there; "
                    "give a --ledger that all of them reach"
                )

    def _pick_up(self) -> None:
        """Fetch what earlier runs submitted and is done, whether this run asks for it or not."""
        with self._desk.locked():
            self._desk.settle_intended()
        for record in self._desk.records.all():
            if record.state != SUBMITTED or not self._desk.is_here(record):
                continue
            try:
                batch = self._desk.provider.look(record.batch_id)
            except (UnreachedError, UnknownError):
                continue  # the run will say so if it waits for this batch
            if has_ended(batch) and not hides_answers(batch):
                # Whatever ended an earlier run is no reason to stop: starting again is a will to go on.
                fetch(self._desk, record, batch, self._settings.stop_share)

    def _answer(self) -> bool:
        """Batches until every pending request is answered or given up; False where none was needed."""
        needed = False
        while True:
            batches = self._desk.submit(lambda: waiting(self._folder))
            if not batches.names:
                if batches.short:
                    limit = f"{self._settings.budget:g}"
                    self._state.stop("budget", f"the next request may pass the budget of {limit}")
                return needed or batches.short
            needed = True
            self._await(set(batches.names))

    def _await(self, names: set[str]) -> None:
        """Look at batches until each has ended and is fetched."""
        while True:
            for name in sorted(names):
                if self._is_done(name):
                    names.discard(name)
            if not names:
                return
            self._wait(self._settings.batch_poll)

    def _is_done(self, name: str) -> bool:
        """Look at a batch once; fetches it when it has ended."""
        record = self._desk.records.read(name)
        if record is None or record.state == FETCHED:
            self._desk.bill.closed(name)
            return True  # another build that shares the ledger was faster
        reached("polling_batch")
        try:
            batch = self._desk.provider.look(record.batch_id)
        except UnreachedError as error:
            self._miss(str(error))
            return False
        except UnknownError as error:
            raise ValueError(
                f"{self._desk.records.path(name)}: the endpoint does not know this batch ({error}); use "
                "the key that it was submitted with, or remove the record to have its requests sent, and "
                "paid, again"
            ) from None
        return self._looked_at(record, batch)

    def _looked_at(self, record: Record, batch: Batch) -> bool:
        if has_ended(batch) and hides_answers(batch):
            self._miss(f"batch {batch.id} has answers, but names no file of them")
            return False
        self._missed = 0
        if not has_ended(batch):
            if counts := batch.request_counts:
                done = min(record.requests, counts.completed + counts.failed)
                self._desk.bill.under_way(record, record.requests - done)
            return False
        stop = fetch(self._desk, record, batch, self._settings.stop_share)
        if stop:
            self._state.stop(*stop)
        return True

    def _miss(self, detail: str) -> None:
        self._missed += 1
        if self._missed >= _MISSED_LOOKS:
            raise ProviderError("failures", f"{detail}; {self._missed} looks in a row")
