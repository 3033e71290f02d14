"""A request until it is answered: admission, budget, tries, and the answer into the ledger.

The one owner of retries. Rejections (429) slow admission down and are no failed tries; 5xx, time-outs and
broken connections are tried again after a random pause that grows; other 4xx are given up at once.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from evaluators.answer_form import thought_only
from schemas.crash import reached
from schemas.ledger import Entry
from schemas.llm_settings import LlmSettings
from schemas.prices import Price
from transforms.llm.admission import Ticket
from transforms.llm.asking import AskError, StoppedError
from transforms.llm.breaker import Breaker, Refusals, Thinking
from transforms.llm.budget import Budget
from transforms.llm.client import Answered, Client, Failed, Fatal, Outcome, Refused, Rejected
from transforms.llm.commits import Commits
from transforms.llm.counts import Counts
from transforms.llm.gate import Gate
from transforms.llm.halt import Halt
from transforms.llm.headers import Limits
from transforms.llm.material import Asked, asks_again

_PAUSE_SECONDS = (0.5, 30.0)  # before a further try: at most this long at first, and ever
_REJECTED_SECONDS = 15 * 60.0  # of nothing but 429, after which a request is given up
_INPUT_MARGIN = 1.5  # the true number of input tokens over the estimated one, at most
_COUNTED = {Rejected: "rejected", Failed: "failed_tries", Refused: "refused", Fatal: "refused"}


class Purse:
    """What requests in flight may cost, put aside from the run's budget."""

    def __init__(self, budget: Budget, price: Price | None) -> None:
        self._budget = budget
        self._price = price
        self._held = 0  # requests in flight that money is put aside for
        self._settled = asyncio.Event()

    async def put_aside(self, request: Asked, input_tokens: int) -> float | None:
        """Money for a request; None where the budget does not hold it with nothing else in flight."""
        if self._price is None:
            return 0.0
        most = self._price.cost(int(_INPUT_MARGIN * input_tokens) + 1, request.max_tokens)
        while not self._budget.reserve(most):
            if not self._held:
                return None
            self._settled.clear()
            await self._settled.wait()
        self._held += 1
        return most

    def settle(self, aside: float, entry: Entry | None) -> None:
        """Pay for an answer, or for none, and free the rest."""
        if self._price is None:
            return
        cost = self._price.cost(entry.input_tokens, entry.output_tokens) if entry else 0.0
        self._budget.settle(aside, cost)
        self._held -= 1
        self._settled.set()


@dataclass
class Tries:
    """How a request fared until now."""

    failed: int = 0
    rejected: int = 0
    rejected_since: float | None = None
    random: random.Random = field(default_factory=random.Random)

    def pause(self, limits: Limits) -> float:
        """Seconds until the next try: what the endpoint says, or a random time that grows."""
        if limits.retry_after is not None:
            return limits.retry_after
        number = max(1, self.failed + self.rejected)
        return self.random.uniform(0, min(_PAUSE_SECONDS[1], _PAUSE_SECONDS[0] * 2 ** min(number - 1, 10)))


class Sender:
    """Sends requests; belongs to one event loop."""

    def __init__(
        self,
        settings: LlmSettings,
        client: Client,
        gate: Gate,
        purse: Purse,
        commits: Commits,
        counts: Counts,
        halt: Halt,
        stop: Callable[[str, str], None],
    ) -> None:
        """`stop` takes a reason and a detail and stops the run."""
        self._settings = settings
        self._client = client
        self._gate = gate
        self._purse = purse
        self._commits = commits
        self._counts = counts
        self._halt = halt
        self._stop = stop
        self._breaker = Breaker(settings.stop_share)
        self._last_answer = -math.inf  # by the monotonic clock
        self._refusals = Refusals()
        self._thinking = Thinking()

    async def send(self, request: Asked) -> Entry:
        """The answer, as the ledger holds it; AskError where none can be had, StoppedError on a stop."""
        tries = Tries()
        input_tokens = request.input_tokens()
        while True:
            outcome = await self._try(request, input_tokens, first=bool(tries.failed or tries.rejected))
            if isinstance(outcome, Answered):
                return outcome.entry
            pause = self._judge(outcome, tries)
            await self._halt.sleep(pause)

    async def _try(self, request: Asked, input_tokens: int, first: bool) -> Outcome:
        """One try; an answer is in the ledger when it is returned.

        The place among those in flight is held until then, so that a kill costs no more answers.
        """
        ticket = await self._gate.enter(input_tokens + request.max_tokens, first)
        outcome: Outcome | None = None
        with self._halt.in_flight():
            try:
                outcome = await self._paid(request, input_tokens)
                if isinstance(outcome, Answered):
                    reached("answer_before_ledger")
                    outcome = Answered(await self._keep(outcome.entry), outcome.limits)
                    reached("ledger_before_parse")
            finally:
                self._watch(request, outcome)
                self._leave(ticket, outcome)
        return outcome

    async def _paid(self, request: Asked, input_tokens: int) -> Outcome:
        """Send a request with money put aside for it."""
        aside = await self._aside(request, input_tokens)
        outcome: Outcome | None = None
        try:
            self._halt.check()
            outcome = await self._sent(request, input_tokens)
        finally:
            self._purse.settle(aside, outcome.entry if isinstance(outcome, Answered) else None)
        return outcome

    async def _aside(self, request: Asked, input_tokens: int) -> float:
        try:
            aside = await self._purse.put_aside(request, input_tokens)
        except OSError as error:
            self._stop("failures", f"the budget's books cannot be written ({error})")
            raise StoppedError("the budget's books cannot be written") from error
        if aside is None:
            self._stop("budget", "what the next request may cost is more than what is left of the budget")
            self._halt.check()
        assert aside is not None
        return aside

    async def _sent(self, request: Asked, input_tokens: int) -> Outcome:
        """Send a request and count how that ends, but for an answer: that counts when it is kept."""
        reached("before_send")
        self._counts.add(sent=1)
        outcome: Outcome | None = None
        try:
            outcome = await self._client.attempt(request)
        finally:
            if not isinstance(outcome, Answered):
                self._counts.add(**{_COUNTED.get(type(outcome), "failed_tries"): 1})
        if isinstance(outcome, Answered):
            self._last_answer = time.monotonic()
            self._counts.add(
                input_tokens=outcome.entry.input_tokens,
                output_tokens=outcome.entry.output_tokens,
                estimated_input_tokens=input_tokens,
            )
        return outcome

    async def _keep(self, entry: Entry) -> Entry:
        kept = None
        try:
            kept = await self._commits.keep(entry)
        except OSError as error:
            self._stop("failures", f"an answer cannot be kept in the ledger ({error})")
            raise StoppedError("an answer cannot be kept in the ledger") from error
        except ValueError as error:
            raise AskError("ledger_damaged", str(error)) from error
        finally:
            self._counts.add(**{"answers" if kept else "failed_tries": 1})
        self._counts.add(asked_again=int(asks_again(kept.asked)))
        return kept

    def _watch(self, request: Asked, outcome: Outcome | None) -> None:
        """Stop the run where the endpoint or the model shows that it cannot do what is asked."""
        if isinstance(outcome, Answered | Refused):
            refused = self._refusals.ended(request.material["template"], isinstance(outcome, Refused))
            if refused and isinstance(outcome, Refused):
                self._stop("endpoint", f"{refused}; the last one: {outcome.detail}")
        if isinstance(outcome, Answered):
            entry = outcome.entry
            empty = self._thinking.ended(thought_only(entry.text, entry.finish_reason, entry.refusal))
            if empty:
                limit = f"--max-tokens {self._settings.max_tokens}"
                self._stop("endpoint", f"{empty}: the model spends {limit} on thinking; raise it")

    def _leave(self, ticket: Ticket, outcome: Outcome | None) -> None:
        if isinstance(outcome, Answered):
            entry = outcome.entry
            self._gate.answered(ticket, outcome.limits, entry.input_tokens + entry.output_tokens)
        elif isinstance(outcome, Rejected):
            self._gate.rejected(ticket, outcome.limits)
        else:
            self._gate.failed(ticket)
        if isinstance(outcome, Answered | Failed | Refused):
            failed = not isinstance(outcome, Answered)
            too_many = self._breaker.ended(failed)
            if too_many and not isinstance(outcome, Answered):
                self._stop("failures", f"{too_many}; the last one: {outcome.detail}")

    def _judge(self, outcome: Outcome, tries: Tries) -> float:
        """Seconds until the next try; AskError or StoppedError where there is none."""
        if isinstance(outcome, Fatal):
            self._stop("endpoint", outcome.detail)
        if isinstance(outcome, Rejected) and (outcome.limits.retry_after or 0) > _REJECTED_SECONDS:
            self._stop("endpoint", f"HTTP 429: come back in {outcome.limits.retry_after:.0f} s")
        self._halt.check()
        if isinstance(outcome, Refused):
            raise AskError("request_refused", outcome.detail)
        if isinstance(outcome, Rejected):
            return self._after_rejection(outcome, tries)
        assert isinstance(outcome, Failed)
        tries.failed += 1
        tries.rejected_since = None
        if tries.failed >= self._settings.tries:
            raise AskError("request_failed", f"{outcome.detail}; tried {tries.failed} times")
        return tries.pause(outcome.limits)

    def _after_rejection(self, outcome: Rejected, tries: Tries) -> float:
        now = time.monotonic()
        tries.rejected += 1
        if tries.rejected_since is None:
            tries.rejected_since = now
        if now - tries.rejected_since > _REJECTED_SECONDS:
            only = f"rejected (HTTP 429) for {_REJECTED_SECONDS:g} s"
            if self._last_answer < tries.rejected_since:  # no other request fares better
                self._stop("endpoint", f"every request was {only}")
                self._halt.check()
            raise AskError("request_failed", f"{only}; ask for less at once")
        return tries.pause(outcome.limits)
