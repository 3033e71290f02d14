"""Words of a shard's texts: how many, which, and a bounded sample that diversity is measured on."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any

from evaluators.english import is_common
from motion.tagging import is_known
from prompts.claims.lexicon import lexicon
from schemas.profile import EXAMPLES, SKETCH

_SAMPLE = 48  # texts of a kind and shard
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


class Texts:
    """Texts of one kind."""

    def __init__(self) -> None:
        self._texts = 0
        self._words: Counter[str] = Counter()
        self._sample: list[tuple[int, str, str]] = []

    def add(self, row_id: str, text: str) -> int:
        """Note a text; returns its number of words."""
        words = _WORD.findall(text.lower())
        self._texts += 1
        self._words.update(words)
        self._sample.append((hash48(row_id), row_id, text))
        return len(words)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        unknown = {word: count for word, count in self._words.items() if not known(word)}
        shown = sorted(unknown.items(), key=lambda item: (-item[1], item[0]))[:EXAMPLES]
        return {
            "texts": self._texts,
            "words": sum(self._words.values()),
            "unknown": sum(unknown.values()),
            "unknown_words": dict(shown),
            "vocabulary": sorted(hash48(word) for word in self._words)[:SKETCH],
            "sample": [list(entry) for entry in heapq.nsmallest(_SAMPLE, self._sample)],
        }


@lru_cache(maxsize=20_000)
def known(word: str) -> bool:
    """Whether a word is one that captions and annotations of motion are made of."""
    stem = word.replace("’", "'").removesuffix("n't").split("'")[0]
    return len(stem) < 3 or stem in _lexicon() or is_common(stem) or is_known(stem)


@cache
def _lexicon() -> frozenset[str]:
    return lexicon().known


def hash48(text: str) -> int:
    """48 bits of a text's hash: JSON's readers keep them exactly."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big")
