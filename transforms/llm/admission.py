"""Admission: how many requests may be in flight, learned from answers and rejections (429).

The limit grows by one an answer until the first rejection, then lives below the ceiling that it found
and looks above it only after many answers, so that few requests are rejected once it has settled.
Rejections that come no more often at a high load than at a low one are not due to the load and cut
nothing. Many of them together pause all sending.

Pure but for the clock that it is given: time comes in, decisions come out.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from transforms.llm.headers import NO_LIMITS, Limits
from transforms.llm.pacing import Bucket, Pace

_CUT = 0.9  # of the ceiling, after a rejection
_FLOOD_CUT = 0.7
_HOLD = (100, 800)  # answers at the ceiling before looking above it: at first, and at most
_RECENT = 32  # outcomes in which a flood shows
_FLOOD = 0.5  # share of rejections that is one
_PAUSE = (0.5, 30.0)  # seconds after a flood where no Retry-After says more
_TOLERATED = 0.01  # share of rejections that no cut is made for
_KNOWN = 20  # requests at a lower load that tell what share is rejected whatever the load
_HALVE = 1000  # requests after which what was seen counts half


@dataclass
class Ticket:
    """One request in flight."""

    number: int
    load: int  # requests in flight when it was sent, itself included
    tokens: float  # put aside for it
    tokens_before: float  # sent by us until and with this one


class Admission:
    """Says when the next request may be sent, and learns from how the ones before it ended."""

    def __init__(
        self,
        concurrency: int,
        requests_per_minute: float,
        tokens_per_minute: float,
        clock: Callable[[], float],
    ) -> None:
        self._clock = clock
        self._most = concurrency
        self.limit = float(max(1, (concurrency + 1) // 2))
        self._ceiling = math.inf  # load above which requests were rejected
        self._hold = _HOLD[0]
        self._answers = 0  # since the last cut or look above the ceiling
        self._cut_after = 0  # rejections of tickets up to this number belong to the last cut
        self.in_flight = 0
        self._sent = 0
        self._sent_tokens = 0.0
        self._seen = [0.0] * (concurrency + 1)  # requests ended, by load
        self._rejected = [0.0] * (concurrency + 1)
        self._usual = 0.0  # share rejected whatever the load
        self._recent: deque[bool] = deque(maxlen=_RECENT)  # True: rejected
        self._pause = _PAUSE[0]
        self._paused_until = 0.0
        now = clock()
        self._buckets = (Bucket(requests_per_minute, now), Bucket(tokens_per_minute, now))
        self._paces = (Pace(), Pace())

    def wait(self) -> float:
        """Seconds until a request may be sent: 0 now, infinite until one in flight has ended."""
        if self.in_flight >= int(self.limit):
            return math.inf
        now = self._clock()
        limiters = (*self._buckets, *self._paces)
        return max(self._paused_until - now, 0.0, *(limiter.wait(now) for limiter in limiters))

    def send(self, tokens: float) -> Ticket:
        """Note that a request is sent now that takes about so many tokens."""
        now = self._clock()
        self.in_flight += 1
        self._sent += 1
        self._sent_tokens += tokens
        for limiters in (self._buckets, self._paces):
            limiters[0].take(1, now)
            limiters[1].take(tokens, now)
        return Ticket(self._sent, self.in_flight, tokens, self._sent_tokens)

    def answered(self, ticket: Ticket, limits: Limits = NO_LIMITS, tokens: float | None = None) -> None:
        """Note an answer that took so many tokens."""
        in_use = self.in_flight >= 0.8 * int(self.limit)
        self._ended(ticket, limits, tokens)
        self._count(ticket, rejected=False)
        self._answers += 1
        if self.limit < self._ceiling and in_use:
            step = 1.0 if math.isinf(self._ceiling) else 2.0 / self.limit
            self.limit = min(self.limit + step, self._ceiling, self._most)
        elif self._answers >= self._hold and in_use:
            self.limit = min(self.limit + 1.0 / self.limit, self._most)
            if self.limit >= 1.25 * self._ceiling + 2:
                self._ceiling, self._hold = math.inf, _HOLD[0]

    def rejected(self, ticket: Ticket, limits: Limits = NO_LIMITS) -> None:
        """Note a rejection (429)."""
        self._ended(ticket, limits, 0.0)
        self._count(ticket, rejected=True)
        share = sum(self._recent) / len(self._recent)
        if _rate_used_up(limits) or ticket.load == 1:  # fewer in flight would change nothing
            self._pause_all(limits)
        elif len(self._recent) >= _RECENT // 2 and share > _FLOOD:
            self._cut(ticket, _FLOOD_CUT)
            self._pause_all(limits)
        elif self._due_to_load(ticket.load):
            self._cut(ticket, _CUT)

    def failed(self, ticket: Ticket) -> None:
        """Note an end that says nothing of the load."""
        self._ended(ticket, NO_LIMITS, 0.0)

    def set_rates(self, requests_per_minute: float, tokens_per_minute: float) -> None:
        """Another share of the limits a minute, when the number of workers changed."""
        now = self._clock()
        for bucket, rate in zip(self._buckets, (requests_per_minute, tokens_per_minute)):
            bucket.set_rate(rate, now)

    def _ended(self, ticket: Ticket, limits: Limits, tokens: float | None) -> None:
        now = self._clock()
        self.in_flight -= 1
        if tokens is not None:
            self._buckets[1].take(tokens - ticket.tokens, now)
        if limits.requests:
            self._paces[0].told(limits.requests, self._sent - ticket.number, now)
        if limits.tokens:
            self._paces[1].told(limits.tokens, self._sent_tokens - ticket.tokens_before, now)

    def _count(self, ticket: Ticket, rejected: bool) -> None:
        self._recent.append(rejected)
        self._seen[ticket.load] += 1
        self._rejected[ticket.load] += rejected
        if not rejected and self._pause > _PAUSE[0] and not any(self._recent):
            self._pause = _PAUSE[0]
        if ticket.number % _HALVE == 0:
            self._seen = [count / 2 for count in self._seen]
            self._rejected = [count / 2 for count in self._rejected]

    def _due_to_load(self, load: int) -> bool:
        """Whether more is rejected at this load and above than well below it."""
        if load < 0.95 * self._ceiling < math.inf:
            return False  # what was fine before is too much only if there is a flood
        seen = sum(self._seen[:load])
        self._usual = usual = sum(self._rejected[:load]) / seen if seen >= _KNOWN else 0.0
        expected = (2 * usual + _TOLERATED) * sum(self._seen[load:])
        return sum(self._rejected[load:]) > expected + (3 if usual > _TOLERATED else 0)

    def _cut(self, ticket: Ticket, share: float) -> None:
        """Lower the ceiling below a rejected request's load; the limit once for each congestion."""
        below = max(1.0, ticket.load - 1.0)
        if ticket.number <= self._cut_after:
            self._ceiling = min(self._ceiling, below)
        else:
            # In vain: above what was known to be fine, and not among rejections that come anyway.
            looked = self._usual <= 4 * _TOLERATED and self._ceiling < math.inf and below >= self._ceiling
            self._hold = min(2 * self._hold, _HOLD[1]) if looked else _HOLD[0]
            self._ceiling = below
            self._cut_after = self._sent
        self._answers = 0
        self.limit = max(1.0, min(self.limit, share * self._ceiling))

    def _pause_all(self, limits: Limits) -> None:
        now = self._clock()
        if now >= self._paused_until:
            self._pause = min(2 * self._pause, _PAUSE[1])
            self._recent.clear()
        seconds = self._pause if limits.retry_after is None else limits.retry_after
        self._paused_until = max(self._paused_until, now + seconds)


def _rate_used_up(limits: Limits) -> bool:
    """Whether a rejection says itself that a rate is used up, so that fewer in flight change nothing."""
    return any(told is not None and told.remaining < 1 for told in (limits.requests, limits.tokens))
