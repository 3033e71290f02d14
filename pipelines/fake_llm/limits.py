"""Requests a minute: a bucket that fills steadily, and the headers that tell of it."""

from __future__ import annotations

BURST_SECONDS = 6.0  # a full bucket holds the requests of so much time


class Bucket:
    """Admits `rpm` requests a minute, and those of a few seconds at once; 0 admits all."""

    def __init__(self, rpm: int, now: float) -> None:
        self.rpm = rpm
        self.room = max(1.0, rpm / 60 * BURST_SECONDS)
        self._level, self._then = self.room, now

    def take(self, now: float) -> bool:
        """Take a request's place, if there is one. `now` in seconds of a steady clock."""
        if not self.rpm:
            return True
        self._fill(now)
        if self._level < 1:
            return False
        self._level -= 1
        return True

    def wait(self, now: float) -> float:
        """Seconds until there is a place."""
        if not self.rpm:
            return 0.0
        self._fill(now)
        return max(0.0, (1 - self._level) * 60 / self.rpm)

    def headers(self, now: float) -> dict[str, str]:
        """Limit, places left, and time until the bucket is full, in OpenAI's names."""
        if not self.rpm:
            return {}
        self._fill(now)
        return {
            "x-ratelimit-limit-requests": str(self.rpm),
            "x-ratelimit-remaining-requests": str(int(self._level)),
            "x-ratelimit-reset-requests": duration((self.room - self._level) * 60 / self.rpm),
        }

    def _fill(self, now: float) -> None:
        self._level = min(self.room, self._level + (now - self._then) * self.rpm / 60)
        self._then = now


def duration(seconds: float) -> str:
    """Seconds in the headers' form: `120ms`, `7.5s`, `1m30s`."""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    return f"{int(minutes)}m{rest:g}s" if minutes else f"{rest:g}s"
