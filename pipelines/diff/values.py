"""What changed in a value: the places of a nested one, the words of a text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

_MOST_WORDS = 4000  # of both texts; longer ones are shown as a whole: the comparison's time is their product
_LEAST_LIKE = 0.4  # texts with fewer words in common are shown as a whole: marks would only hide them
_AS_JSON = "parameters"  # of edits: JSON, for they differ by operation (schemas/tables.py)
SAME, GONE, ADDED = "same", "gone", "added"


@dataclass(frozen=True)
class Change:
    """One value in a row that changed: its place, as `ladder[2].assessment`; None where it is not."""

    place: str
    before: Any
    after: Any

    @property
    def is_text(self) -> bool:
        """Whether both are texts of words, in which what changed can be marked."""
        both = (self.before, self.after)
        return all(isinstance(one, str) and one for one in both) and any(" " in one for one in both)


def changes(before: Any, after: Any, place: str = "") -> Iterator[Change]:
    """Every innermost value that differs. Items of lists are matched from both ends, then in their order."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            inner = f"{place}.{name}" if place else str(name)
            yield from changes(before.get(name), after.get(name), inner)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _in_lists(before, after, place)
    elif before != after:
        parsed = [_parsed(value) for value in (before, after)] if place.endswith(_AS_JSON) else []
        if parsed and all(isinstance(value, dict) for value in parsed):
            yield from changes(parsed[0], parsed[1], place)
        else:
            yield Change(place, before, after)


def in_a_row(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """The changes of a row, texts first: they are what people read."""
    return sorted(changes(before, after), key=lambda change: not change.is_text)


def _parsed(told: str | None) -> Any:
    try:
        return json.loads(told or "")
    except json.JSONDecodeError:
        return None  # shown as it is


def _in_lists(before: list[Any], after: list[Any], place: str) -> Iterator[Change]:
    shorter = min(len(before), len(after))
    first = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    rest = shorter - first
    last = next((n for n in range(rest) if before[-1 - n] != after[-1 - n]), rest)
    old, new = before[first : len(before) - last], after[first : len(after) - last]
    for number in range(max(len(old), len(new))):
        where = f"{place}[{first + number}]"
        if number < len(old) and number < len(new):
            yield from changes(old[number], new[number], where)
        elif number < len(old):
            yield Change(where, old[number], None)
        else:
            yield Change(where, None, new[number])


def words(before: str, after: str) -> list[tuple[str, str]]:
    """Two texts as one: pieces that are the same, gone or added, in their order.

    What is same and gone makes the first text, what is same and added the second one.
    """
    old, new = (re.findall(r"\w+|\s+|[^\w\s]", text) for text in (before, after))
    if len(old) + len(new) > _MOST_WORDS:
        return _whole(before, after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    pieces: list[tuple[str, str]] = []
    kept = 0
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            pieces.append((SAME, "".join(old[a:b])))
            kept += sum(not word.isspace() for word in old[a:b])
        else:
            pieces += [(GONE, "".join(old[a:b])), (ADDED, "".join(new[c:d]))]
    total = sum(not word.isspace() for word in (*old, *new))
    if 2 * kept < _LEAST_LIKE * total:
        return _whole(before, after)
    return _merged(piece for piece in pieces if piece[1])


def _whole(before: str, after: str) -> list[tuple[str, str]]:
    return [(kind, text) for kind, text in ((GONE, before), (ADDED, after)) if text]


def _merged(pieces: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    """Changes that a single word or a sign parts are one change: nobody reads word by word."""
    found: list[tuple[str, str]] = []
    listed = list(pieces)
    gone = added = ""
    for number, (kind, text) in enumerate(listed):
        last = number == len(listed) - 1
        if kind == GONE:
            gone += text
        elif kind == ADDED:
            added += text
        elif not last and (gone or added) and len(text.split()) < 2:
            gone, added = gone + text, added + text
        else:
            found += [*_whole(gone, added), (SAME, text)]
            gone = added = ""
    return found + _whole(gone, added)
