"""What the words and numbers of a difference mean."""

from __future__ import annotations

from prompts.kinematic.phrasing import measure

_PACES = {"slower": -1, "slow": 0, "normal": 1, "fast": 2, "faster": 3}
_SMALL = frozenset({"small", "smaller", "reduced", "weak", "damped", "less", "low"})
_LARGE = frozenset({"large", "larger", "big", "bigger", "strong", "exaggerated", "more", "high"})


def value(word: str) -> str:
    """The word, empty for "none"."""
    return "" if word == "none" else word


def number(text: str) -> float | None:
    """The number that a text holds, if any."""
    try:
        return float(text)
    except ValueError:
        return None


def whole(text: str) -> int | None:
    """A count: 0 for none, None for a word that is no number."""
    if not value(text):
        return 0
    found = number(text)
    return None if found is None else max(0, round(found))


def lopsided(expected: str, found: str) -> str:
    """ "lack" where nothing was found, "over" where nothing was expected, "vague" where both tell
    nothing, empty where they are two different values."""
    if expected == found:
        return "vague"
    return "lack" if not found else "" if expected else "over"


def is_slower(expected: str, found: str) -> bool:
    """Whether the pace that was found is below the one expected."""
    return _PACES.get(found, 1) < _PACES.get(expected, 1)


def is_smaller(expected: str, found: str) -> bool:
    """Whether an extent is below the one expected, as numbers or as words."""
    wanted, shown = number(value(expected) or "0"), number(value(found) or "0")
    if wanted is not None and shown is not None:
        return shown < wanted
    return _size(found) < _size(expected)


def measured(text: str, unit: str) -> str:
    """An amount in words, empty for what is no amount."""
    amount = number(text)
    return measure(amount, unit) if amount is not None and amount > 0 else ""


def _size(word: str) -> float:
    if not value(word):
        return -1
    return 0 if word in _SMALL else 2 if word in _LARGE else 1
