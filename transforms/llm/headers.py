"""What an endpoint's headers say of its limits: when to come back, and what may still be asked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Allowance:
    """What remains of a limit, and the seconds until all of it is there again."""

    remaining: float
    reset: float


@dataclass(frozen=True)
class Limits:
    """The limits that one response tells of; None: it does not."""

    retry_after: float | None = None  # seconds
    requests: Allowance | None = None
    tokens: Allowance | None = None


NO_LIMITS = Limits()


def read_limits(headers: Mapping[str, str], now: float) -> Limits:
    """The limits in headers with lower-case names; `now` is the wall clock, for dates.

    What cannot be read is not told: a header is advice.
    """
    limits = Limits(
        _retry_after(headers, now), _allowance(headers, "requests"), _allowance(headers, "tokens")
    )
    return NO_LIMITS if limits == NO_LIMITS else limits


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    exact = _number(headers.get("retry-after-ms"))
    if exact is not None:
        return exact / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None


def _allowance(headers: Mapping[str, str], what: str) -> Allowance | None:
    remaining = _number(headers.get(f"x-ratelimit-remaining-{what}"))
    reset = duration(headers.get(f"x-ratelimit-reset-{what}"))
    return None if remaining is None or reset is None else Allowance(remaining, reset)


def duration(text: str | None) -> float | None:
    """Seconds of "1h2m", "6m0s", "0.5s", "20ms" or "12"; None for anything else."""
    if text is None:
        return None
    text = text.strip()
    parts = _PART.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    return _number(text)


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
