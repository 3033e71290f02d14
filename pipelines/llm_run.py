"""The run of a build that asks a language model: what it expects, how it ends, what it says of it."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipelines.interrupts import EXIT_INTERRUPTED, graceful
from pipelines.llm_flags import BATCH, price_of
from pipelines.llm_progress import LlmProgress
from pipelines.llm_summary import Asking, run_notes, summary_lines, truth_of
from pipelines.plan import Outlook, outlook
from pipelines.plan_requests import Forecast, Truth, forecast
from pipelines.run_notes import note
from schemas.config import BuildConfig
from schemas.corpus import Counts
from schemas.ledger import Ledger
from schemas.places import place
from schemas.storage import read_json
from transforms.llm.client import check_endpoint
from transforms.llm.run_state import RunState, Status, Stop
from transforms.llm.runtime import end_runtime
from transforms.llm.wire import ledger_folder, llm_settings
from transforms.read import Source
from transforms.step import corpus_of

EXIT_BUDGET = 4  # the budget is used up: the next run goes on
EXIT_ENDPOINT = 5  # too many requests failed, or the endpoint refuses the key or the model
_EXITS = {"budget": EXIT_BUDGET, "interrupted": EXIT_INTERRUPTED}
_WHY = {
    "budget": "the budget is used up",
    "failures": "too many requests failed",
    "endpoint": "the endpoint refuses to answer",
    "interrupted": "interrupted",
}


class LlmRun:
    """One run. Before any work it checks the key, the price and the ledger: ValueError or OSError."""

    def __init__(self, config: BuildConfig) -> None:
        self.config, self.settings = config, llm_settings(config)
        check_endpoint(self.settings)
        if self.settings.ledger:  # the one in the corpus is begun when the corpus is locked
            Ledger(ledger_folder(config)).begin()
        self.status = Status()
        self.stop: Stop | None = None
        self._state = RunState(place(config.output))

    def open(self, source: Source) -> list[str]:
        """Make the ledger ready and estimate what will be asked; returns what to say of it."""
        Ledger(ledger_folder(self.config)).begin()
        self.asking, planned = asking(self.config, source, outlook(self.config, source, trusted=False))
        return [
            f"language model {self.settings.model} at {self.settings.base_url or 'OpenAI'}; "
            f"answers are kept in {ledger_folder(self.config)}",
            *plan_lines(self.asking, planned),
        ]

    def progress(self) -> Callable[[], str]:
        """What says how far the run is."""
        return LlmProgress(self.asking, self._state.total)

    def ask(self, run_pipeline: Callable[[], None]) -> None:
        """Run the pipeline, or batches and the pipeline, until all is done or the run stops."""
        self._state.begin()
        started = time.monotonic()
        with graceful(self._interrupt):
            try:
                self._run(run_pipeline)
            finally:
                end_runtime()  # what is in flight is kept, and nothing writes to the run's state any more
        self.stop, self.status = self._state.stopped(), self._state.end()
        self._note(time.monotonic() - started)

    def _run(self, run_pipeline: Callable[[], None]) -> None:
        if self.config.annotator == BATCH:
            from pipelines.batch.driver import run_batches

            run_batches(self.config, run_pipeline)
        else:
            run_pipeline()

    def _interrupt(self) -> None:
        self._state.stop("interrupted", "Ctrl-C")
        flying = self._state.total().in_flight
        print(
            f"\ninterrupted: finishing {flying} requests in flight; Ctrl-C again ends at once",
            file=sys.stderr,
            flush=True,
        )

    def _note(self, seconds: float) -> None:
        notes: dict[str, Any] = {"llm": run_notes(self.asking, self.status, self.stop, seconds)}
        truth = truth_of(self.asking, self.status)
        if truth:
            notes["llm_truth"] = dict(vars(truth))
        note(corpus_of(self.config), **notes)

    def summary(self) -> list[str]:
        """The run's figures."""
        return summary_lines(self.asking, self.status, left_out(self.config))

    def ended_early(self, arguments: Sequence[str]) -> int:
        """Say why the run stopped and how to go on; returns the exit code."""
        assert self.stop is not None
        money = self.asking.money(self.status)
        spent = "" if money is None else f", {self.asking.shown(money)} spent in this run"
        print(
            f"stopped: {_WHY[self.stop.reason]} ({self.stop.detail}){spent}\n"
            f"What was answered is kept. Go on with:\n  {resume_command(arguments)}",
            file=sys.stderr,
        )
        return _EXITS.get(self.stop.reason, EXIT_ENDPOINT)


def resume_command(arguments: Sequence[str]) -> str:
    """The command that goes on with a build."""
    return shlex.join(["irmogen", "build", *arguments])


def asking(config: BuildConfig, source: Source, ahead: Outlook) -> tuple[Asking, Forecast]:
    """What annotating will ask, corrected by an earlier run of this corpus."""
    settings = llm_settings(config)
    prices, price = price_of(settings)
    raw = forecast(config, source, ahead.captions, *ahead.to_annotate())
    notes = read_json(corpus_of(config).run_path) or {}
    planned = raw.corrected(Truth(**notes.get("llm_truth", {})).of(settings))
    batch = config.annotator == BATCH
    return Asking(settings, price, prices.currency, planned.estimate, raw.estimate, batch), planned


def plan_lines(asking: Asking, planned: Forecast) -> list[str]:
    """What a run will ask and cost, and how that is known."""
    found, cost = planned.estimate, asking.expected()
    lines = [
        f"requests {found.requests:,} ({found.in_ledger:,} answers are in the ledger), "
        f"input tokens {found.input_tokens:,}, output tokens {found.output_tokens:,}, "
        f"money {asking.shown(cost)}",
        f"estimated from {planned.method}",
    ]
    budget = asking.settings.budget
    if budget and cost is not None:
        enough = "is enough" if cost <= budget else "will stop the run before its end; the next one goes on"
        lines.append(f"budget {asking.shown(budget)}: {enough}")
    return lines


def left_out(config: BuildConfig) -> Mapping[str, int]:
    """Goals that got no annotations because of errors, by reason, in the shards that are annotated."""
    corpus = corpus_of(config)
    total = Counts()
    for index in range(config.shards):
        done = corpus.read_receipt("annotate", index)
        total += done.counts["goals"] if done else Counts()
    return total.failed
