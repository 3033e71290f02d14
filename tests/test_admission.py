"""Admission, against endpoints that are simulated in time: how many in flight, how many rejected."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.llm.admission import Admission, Ticket
from transforms.llm.breaker import Breaker
from transforms.llm.headers import NO_LIMITS, Allowance, Limits, duration, read_limits
from transforms.llm.pacing import Bucket

LATENCY, NETWORK = 0.2, 0.001  # seconds
ROUND = LATENCY + 2 * NETWORK
CONCURRENCY = 64


@dataclass
class Limited:
    """An endpoint with room for so many requests, a rate that refills, or rejections at random."""

    room: float = math.inf
    rate: float = math.inf  # requests a second
    burst: float = 0.0
    share: float = 0.0  # rejected whatever the load
    tokens: float = 0.0  # of a request: then the rate and the burst are of tokens
    tells_when: bool = True  # to come back after a rejection
    random: random.Random = field(default_factory=lambda: random.Random(0))
    inside: int = 0
    level: float = math.inf
    then: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.burst or math.inf

    def arrives(self, now: float) -> tuple[bool, Limits]:
        limits = NO_LIMITS
        if self.burst:
            self.level = min(self.burst, self.level + (now - self.then) * self.rate)
            self.then = now
            cost = self.tokens or 1
            taken = self.level >= cost
            self.level -= cost * taken
            told = Allowance(math.floor(self.level), (self.burst - self.level) / self.rate)
            after = None if taken or not self.tells_when else (cost - self.level) / self.rate
            limits = Limits(after, tokens=told) if self.tokens else Limits(after, told)
            if not taken:
                return False, limits
        if self.random.random() < self.share or self.inside >= self.room:
            return False, Limits(1.0)
        self.inside += 1
        return True, limits


@dataclass
class Seen:
    """What an endpoint saw, after the time in which admission settles."""

    answers: int = 0
    rejections: int = 0
    most: int = 0  # in flight of one worker, ever
    seconds: float = 0.0

    @property
    def rejected(self) -> float:
        return self.rejections / (self.answers + self.rejections)

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


class Simulation:
    """Workers with as many requests to send as they may, until some time."""

    def __init__(self, endpoint: Limited, workers: int = 1, **rates: float) -> None:
        self.endpoint = endpoint
        self._tokens = endpoint.tokens or 100
        self.now = 0.0
        self.settled = 0.0
        self.seen = Seen()
        minute = {"requests_per_minute": 0.0, "tokens_per_minute": 0.0, **rates}
        clock: Callable[[], float] = lambda: self.now  # noqa: E731
        self.workers = [Admission(CONCURRENCY, clock=clock, **minute) for _ in range(workers)]
        self._events: list[tuple[float, int, str, Admission, Ticket | None, Limits]] = []
        self._number = 0
        self._wakes: dict[int, float] = {}  # when a worker looks again
        self._random = random.Random(1)

    def run(self, seconds: float, settled: float) -> Seen:
        self.settled, self.seen.seconds = settled, seconds - settled
        for worker in self.workers:
            self._send(worker)
        while self._events and self._events[0][0] < seconds:
            self.now, _, kind, worker, ticket, limits = heapq.heappop(self._events)
            self._happens(kind, worker, ticket, limits)
        return self.seen

    def _happens(self, kind: str, worker: Admission, ticket: Ticket | None, limits: Limits) -> None:
        counts = self.now >= self.settled
        if ticket is not None:
            if kind == "arrives":
                taken, limits = self.endpoint.arrives(self.now)
                wait = LATENCY * self._random.uniform(0.9, 1.1) if taken else NETWORK
                return self._later(wait, "leaves" if taken else "rejected", worker, ticket, limits)
            if kind == "leaves":
                self.endpoint.inside -= 1
                return self._later(NETWORK, "answered", worker, ticket, limits)
            if kind == "answered":
                worker.answered(ticket, limits, self._tokens)
                self.seen.answers += counts
            else:
                worker.rejected(ticket, limits)
                self.seen.rejections += counts
        return self._send(worker)

    def _send(self, worker: Admission) -> None:
        while (wait := worker.wait()) == 0:
            self._later(NETWORK, "arrives", worker, worker.send(self._tokens), NO_LIMITS)
            self.seen.most = max(self.seen.most, worker.in_flight)
        if wait < math.inf and not self.now < self._wakes.get(id(worker), 0.0) <= self.now + wait + 1e-6:
            self._wakes[id(worker)] = self.now + wait + 1e-6
            self._later(wait + 1e-6, "wakes", worker, None, NO_LIMITS)

    def _later(
        self, seconds: float, kind: str, worker: Admission, ticket: Ticket | None, limits: Limits
    ) -> None:
        self._number += 1
        heapq.heappush(self._events, (self.now + seconds, self._number, kind, worker, ticket, limits))


def test_without_limits_all_places_are_used_at_once() -> None:
    seen = Simulation(Limited()).run(20, settled=1)
    assert seen.rate > 0.97 * CONCURRENCY / ROUND
    assert seen.most == CONCURRENCY


@pytest.mark.parametrize("room", [1, 3, 16, 50])
@pytest.mark.parametrize("workers", [1, 3])
def test_an_endpoint_with_little_room_is_used_and_rejects_few(room: int, workers: int) -> None:
    seen = Simulation(Limited(room=room), workers).run(60, settled=20)
    assert seen.rate > 0.85 * room / ROUND
    if room >= workers:  # each worker keeps trying with one request
        assert seen.rejected <= 0.02
    assert seen.most <= CONCURRENCY


@pytest.mark.parametrize(("rate", "burst"), [(10, 60), (50, 300), (100, 6000)])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_rate_that_headers_tell_of_is_used_and_rejects_few(rate: int, burst: int, workers: int) -> None:
    seen = Simulation(Limited(rate=rate, burst=burst), workers).run(160, settled=60)
    assert seen.rate > 0.85 * rate
    assert seen.rejected <= 0.02


@pytest.mark.parametrize("tells_when", [True, False])
@pytest.mark.parametrize("minute", [10_000, 30_000, 200_000])
def test_tokens_a_minute_that_hold_few_requests_are_used_without_a_stall(
    minute: int, tells_when: bool
) -> None:
    endpoint = Limited(rate=minute / 60, burst=minute, tokens=3000, tells_when=tells_when)
    seen = Simulation(endpoint).run(1800, settled=120)
    assert seen.rate > 0.8 * minute / 60 / 3000


def test_nothing_waits_longer_than_until_a_limit_is_told_to_be_whole() -> None:
    now = 0.0
    admission = Admission(8, 0, 0, lambda: now)
    for remaining in (0, 100):
        admission.rejected(admission.send(3000), Limits(tokens=Allowance(remaining, 60)))
        admission.answered(admission.send(3000), Limits(tokens=Allowance(remaining, 60)), 3000)
        assert 0 < admission.wait() <= 60


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_rejections_that_are_not_due_to_the_load_do_not_shut_it(share: float) -> None:
    seen = Simulation(Limited(share=share)).run(80, settled=50)
    assert seen.rate > 0.75 * CONCURRENCY / ROUND


def test_more_room_is_found_and_less_is_noticed() -> None:
    simulation = Simulation(Limited(room=16))
    simulation.run(30, settled=0)
    simulation.endpoint.room = 48
    seen = simulation.seen = Seen()
    simulation.run(90, settled=60)
    assert seen.rate > 0.85 * 48 / ROUND
    simulation.endpoint.room = 12
    seen = simulation.seen = Seen()
    simulation.run(150, settled=110)
    assert seen.rate > 0.85 * 12 / ROUND
    assert seen.rejected <= 0.02


def test_limits_a_minute_are_kept() -> None:
    requests = Simulation(Limited(), requests_per_minute=600).run(60, settled=10)
    assert 9.5 < requests.rate < 10.2
    tokens = Simulation(Limited(), tokens_per_minute=60_000).run(60, settled=10)
    assert 9.5 < tokens.rate < 10.2


@given(st.lists(st.tuples(st.sampled_from("saarf"), st.floats(0, 2)), max_size=300), st.integers(1, 8))
def test_never_are_more_in_flight_than_allowed(steps: list[tuple[str, float]], most: int) -> None:
    now = 0.0
    admission = Admission(most, 0, 0, lambda: now)
    flying: list[Ticket] = []
    for kind, seconds in steps:
        now += seconds
        while kind == "s" and admission.wait() == 0:
            flying.append(admission.send(1))
        if kind != "s" and flying:
            end = {"a": admission.answered, "r": admission.rejected, "f": admission.failed}[kind]
            end(flying.pop(0))
        assert len(flying) == admission.in_flight <= most
        assert 1 <= admission.limit <= most


def test_a_bucket_gives_back_what_was_not_used() -> None:
    bucket = Bucket(600, 0.0)
    bucket.take(30, 0.0)
    assert bucket.wait(0.0) == pytest.approx(3.0)
    bucket.take(-20, 0.0)
    assert bucket.wait(0.0) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1),
        ("6m0s", 360),
        ("20ms", 0.02),
        ("1h2m3.5s", 3723.5),
        ("12", 12),
        ("soon", None),
        ("", None),
        ("1s?", None),
        (None, None),
    ],
)
def test_durations_are_read_in_the_forms_that_endpoints_use(text: str | None, seconds: float | None) -> None:
    assert duration(text) == seconds


def test_retry_after_is_seconds_milliseconds_or_a_date() -> None:
    assert read_limits({"retry-after": "7"}, 0.0).retry_after == 7
    assert read_limits({"retry-after": "7", "retry-after-ms": "250"}, 0.0).retry_after == 0.25
    date = formatdate(1_000_030, usegmt=True)
    assert read_limits({"retry-after": date}, 1_000_000.0).retry_after == 30
    assert read_limits({"retry-after": date}, 2_000_000.0).retry_after == 0
    assert read_limits({"retry-after": "later"}, 0.0) is NO_LIMITS


@given(st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-remaining-tokens"]), st.text()))
def test_no_header_is_an_error(headers: dict[str, str]) -> None:
    limits = read_limits(headers, 0.0)
    assert limits.retry_after is None or limits.retry_after >= 0


def test_the_breaker_speaks_when_too_many_of_the_last_tries_failed() -> None:
    breaker = Breaker(0.5)
    assert not any(breaker.ended(True) for _ in range(19))
    assert "20 of the last 20 requests failed" in breaker.ended(True)
    steady = Breaker(0.5)
    assert not any(steady.ended(number % 2 == 1) for number in range(300))
    assert any(steady.ended(True) for _ in range(3))
