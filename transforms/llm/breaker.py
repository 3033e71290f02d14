"""When too many requests fail, the run stops: what costs money and yields nothing is not kept up."""

from __future__ import annotations

from collections import Counter, deque

_WINDOW = 100  # tries that are looked at
_FEWEST = 20  # tries that must have ended before anything is said
_REFUSED = 20  # requests of a kind that are refused before any is answered
_THOUGHT = 5  # answers in a row that hold nothing but thinking


class Breaker:
    """Watches the share of failures among the last tries that ended. Rejections (429) are no failures."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._failed: deque[bool] = deque(maxlen=_WINDOW)

    def ended(self, failed: bool) -> str:
        """Note the end of a try. Says how many failed when they are too many, else nothing."""
        self._failed.append(failed)
        failures, tries = sum(self._failed), len(self._failed)
        if tries < _FEWEST or failures <= self._share * tries:
            return ""
        return f"{failures} of the last {tries} requests failed, more than the share of {self._share:g}"


class Refusals:
    """Watches whether a kind of request is refused (4xx) from the start: then no other fares better."""

    def __init__(self) -> None:
        self._answered: set[str] = set()
        self._refused: Counter[str] = Counter()

    def ended(self, kind: str, refused: bool) -> str:
        """Note that a request was refused or answered. Says how many were refused when that is enough."""
        if not refused:
            self._answered.add(kind)
        elif kind not in self._answered:
            self._refused[kind] += 1
            if self._refused[kind] >= _REFUSED:
                return f"the first {self._refused[kind]} requests of a kind were all refused"
        return ""


class Thinking:
    """Watches for a model that thinks until its tokens are used up, and answers nothing."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def ended(self, thought_only: bool) -> str:
        """Note an answer. Says how many in a row held nothing but thinking when that is enough."""
        self._in_a_row = self._in_a_row + 1 if thought_only else 0
        return f"{self._in_a_row} answers in a row were cut off empty" if self._in_a_row >= _THOUGHT else ""
