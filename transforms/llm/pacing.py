"""Rates: limits a minute of our own, and those that an endpoint's headers tell of."""

from __future__ import annotations

from transforms.llm.headers import Allowance

_BURST_SECONDS = 0.25  # of a rate that may pass at once, so that timers need not be exact


class Bucket:
    """A rate a minute that may be used up evenly; 0 is no limit."""

    def __init__(self, per_minute: float, now: float) -> None:
        self._rate = 0.0
        self._level = 0.0  # what may pass now; below 0 after something large
        self._then = now
        self.set_rate(per_minute, now)

    def set_rate(self, per_minute: float, now: float) -> None:
        """Another rate from now on."""
        self._refill(now)
        self._rate = per_minute / 60

    def wait(self, now: float) -> float:
        """Seconds until something may pass: when the level is above 0."""
        self._refill(now)
        if self._rate == 0 or self._level >= 0:
            return 0.0
        return -self._level / self._rate

    def take(self, amount: float, now: float) -> None:
        """Let an amount pass; a negative one gives back what was not used."""
        if self._rate:
            self._refill(now)
            self._level = min(self._level - amount, self._burst())

    def _refill(self, now: float) -> None:
        self._level = min(self._level + (now - self._then) * self._rate, self._burst())
        self._then = now

    def _burst(self) -> float:
        return self._rate * _BURST_SECONDS


class Pace:
    """Spreads what an endpoint says remains over the time until its limit is whole again.

    For a limit that is whole at once, that uses it up evenly. For one that refills bit by bit, it settles
    where what is used is what is refilled, with about half of the limit left; several workers that each
    do so settle with less left and share alike, without knowing of each other.
    """

    def __init__(self) -> None:
        self._rate = 0.0  # 0: nothing known
        self._next = 0.0
        self._whole = 0.0  # when all of the limit is there again: never waited longer

    def told(self, allowance: Allowance, used_since: float, now: float) -> None:
        """Take note of what a response says; `used_since` was sent after that response's request."""
        if allowance.reset <= 0:
            self._rate = 0.0
            return
        self._whole = now + allowance.reset
        remaining = max(allowance.remaining - used_since, 0.02 * allowance.remaining, 1.0)
        before, self._rate = self._rate, remaining / allowance.reset
        if before and self._next > now:  # what is waited for already passes at the new rate
            self._next = now + (self._next - now) * before / self._rate
        self._next = min(self._next, self._whole)

    def wait(self, now: float) -> float:
        """Seconds until something may pass."""
        return max(0.0, min(self._next, self._whole) - now) if self._rate else 0.0

    def take(self, amount: float, now: float) -> None:
        """Let an amount pass."""
        if self._rate:
            earliest = now - _BURST_SECONDS
            self._next = max(self._next, earliest) + amount / self._rate
