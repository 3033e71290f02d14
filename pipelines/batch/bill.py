"""What batches cost a run: put aside before they are submitted, booked when their answers come."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from pipelines.batch.files import Pending
from prompts.requests import estimate_input
from schemas.ledger import Entry
from schemas.llm_settings import LlmSettings
from schemas.prices import Price, load_prices
from transforms.llm.batch_records import Record
from transforms.llm.budget import Budget
from transforms.llm.counts import Counts
from transforms.llm.material import asks_again
from transforms.llm.run_state import RunState

WORKER = "batch"


class Bill:
    """The driver's counts and its share of the budget, which is all of it: workers send nothing here.

    A run's budget covers the batches that it submits and those of an earlier run that it waits for.
    """

    def __init__(self, settings: LlmSettings, state: RunState) -> None:
        """ValueError where there is a budget, but no price for the model."""
        prices = load_prices(settings.prices)
        self._price: Price | None = prices.of(settings.model)
        if settings.budget and self._price is None:
            raise ValueError(
                f"--budget {settings.budget:g}: {prices.source} has no price for {settings.model}; "
                "give --prices with one, or no --budget"
            )
        self._budget = Budget(state.budget_folder, settings.budget, WORKER)
        self._state = state
        self._reserved: dict[str, float] = {}  # by record
        self._open: dict[str, int] = {}  # requests without an answer, by record whose batch is under way
        self._asked: dict[str, int] = {}  # all requests of these
        self._counts = Counts()

    def reserve(self, request: Pending) -> float | None:
        """Put aside what a request may cost at most; None where the budget does not hold it."""
        most = self._cost(request.most_input_tokens, request.most_output_tokens)
        return most if self._budget.reserve(most) else None

    def submitted(self, record: Record, reserved: float) -> None:
        """A batch was submitted for which so much is put aside."""
        self._counts.add(sent=record.requests)
        self._reserved[record.name] = reserved
        self.under_way(record, record.requests)

    def found(self, record: Record) -> None:
        """The run waits for a batch that it has not submitted; nobody asks whether the budget holds it."""
        if record.name not in self._reserved:
            most = self._cost(record.most_input_tokens, record.most_output_tokens)
            self._reserved[record.name] = most if self._budget.reserve(most) else 0.0
            self.under_way(record, record.requests)

    def under_way(self, record: Record, requests: int) -> None:
        """So many requests of a batch are not answered yet."""
        self._open[record.name], self._asked[record.name] = requests, record.requests
        self.write()

    def answered(self, entries: Sequence[Entry]) -> None:
        """Answers came that were paid for; they are in the ledger."""
        for entry in entries:
            self._counts.add(
                answers=1,
                asked_again=int(asks_again(entry.asked)),
                batch_input_tokens=entry.input_tokens,
                batch_output_tokens=entry.output_tokens,
                estimated_input_tokens=estimate_input(entry.asked["messages"]),
            )

    def closed(self, name: str, paid: tuple[int, int] = (0, 0), failed: int = 0) -> None:
        """A record's batch is fetched: input and output tokens that this run pays, and requests that failed.

        Where another build was faster, it pays.
        """
        self._counts.add(failed_tries=failed)
        self._open.pop(name, None)
        self._asked.pop(name, None)
        self._budget.settle(self._reserved.pop(name, 0.0), self._cost(*paid))
        self.write()

    def write(self) -> None:
        """Tell the run's state."""
        counted = self._counts.status(in_flight=sum(self._open.values()))
        asked = sum(self._asked.values())
        self._state.write_status(
            WORKER, dataclasses.replace(counted, batches=len(self._open), batch_requests=asked)
        )

    def _cost(self, input_tokens: int, output_tokens: int) -> float:
        return self._price.cost(input_tokens, output_tokens, batch=True) if self._price else 0.0
