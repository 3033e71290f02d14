"""How varied texts are: the share of their n-grams that differ."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"\w+(?:['’]\w+)*")


def distinct_n(texts: Iterable[str], n: int) -> float:
    """Unique n-grams over all n-grams of the texts' lower-cased words; 0.0 where there are none.

    The share falls with the number of texts: compare only samples of the same size. ValueError for
    n below 1.
    """
    if n < 1:
        raise ValueError(f"n-grams have at least one word, n is {n}")
    unique: set[tuple[str, ...]] = set()
    total = 0
    for text in texts:
        words = _WORD.findall(text.lower())
        grams = list(zip(*(words[start:] for start in range(n)), strict=False))
        unique.update(grams)
        total += len(grams)
    return len(unique) / total if total else 0.0
