"""Statistics of a corpus' shards, and of what one shard alone cannot tell: where they lie, how they add up.

quality/profile/
  profile-00000-of-00008.json   statistics of one shard, of a size that does not grow with its rows
  keys-00000-of-00008.json      hashes and signatures by which clips of all shards are compared
  shown-00000-of-00008.json     what the report shows of one shard, likewise bounded
  across.json                   what the comparison found
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from schemas.corpus import Corpus
from schemas.shards import shard_name
from schemas.storage import write_whole

PROFILE_VERSION = 3
EXAMPLES = 20  # rows that a check names
PROFILE, KEYS, SHOWN = "profile", "keys", "shown"
MAX_VALUES = 200  # different values that are counted one by one
OTHERS = "(others)"
TEXT_SAMPLE = 2000  # texts of a kind that diversity is measured on
SKETCH = 256  # smallest hashes that stand for a set
_UNKNOWN = 2000  # unknown words that are held of all shards

Values = dict[str, Any]


def profile_path(corpus: Corpus, name: str, index: int) -> Path:
    """A shard's statistics (`profile`), what it is compared by (`keys`) or what of it is `shown`."""
    return corpus.root / "quality" / "profile" / shard_name(name, index, corpus.shards, "json")


def across_path(corpus: Corpus) -> Path:
    """What the comparison of all shards found."""
    return corpus.root / "quality" / "profile" / "across.json"


def write_values(path: Path, values: Mapping[str, Any]) -> str:
    """Write JSON in one line, keys sorted; returns the SHA-256 of the bytes."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return write_whole(path, text.encode() + b"\n")


def merged(profiles: Iterable[Values]) -> Values:
    """Statistics of all shards together, tables by name and texts by kind."""
    tables: Values = {}
    texts: Values = {}
    for profile in profiles:
        for name, table in profile["tables"].items():
            _add_table(tables.setdefault(name, {"rows": 0}), table)
        for kind, found in profile["texts"].items():
            _add_texts(texts.setdefault(kind, {}), found)
    return {"tables": tables, "texts": texts}


def _add_table(total: Values, table: Values) -> None:
    total["rows"] += table["rows"]
    _add_counts(total.setdefault("nulls", {}), table["nulls"])
    for name, counts in table["counts"].items():
        _add_counts(total.setdefault("counts", {}).setdefault(name, {}), counts)
    for name, check in table["checks"].items():
        held = total.setdefault("checks", {}).setdefault(name, {"count": 0, "examples": []})
        held["count"] += check["count"]
        held["examples"] = (held["examples"] + check["examples"])[:EXAMPLES]
    for name, numbers in table["numbers"].items():
        held = total.setdefault("numbers", {}).setdefault(name, {})
        total["numbers"][name] = added_numbers(held, numbers) if held else numbers


def _add_counts(total: dict[str, int], counts: Mapping[str, int]) -> None:
    for value, number in counts.items():
        total[value] = total.get(value, 0) + number


def added_numbers(one: Values, other: Values) -> Values:
    """Statistics of two sets of numbers together; sums are whole millionths, exact in any order."""
    bins = dict(one["bins"])
    _add_counts(bins, other["bins"])
    return {
        "count": one["count"] + other["count"],
        "millionths": one["millionths"] + other["millionths"],
        "low": sorted(one["low"] + other["low"])[:EXAMPLES],
        "high": sorted(one["high"] + other["high"], reverse=True)[:EXAMPLES],
        "width": one["width"],
        "bins": bins,
    }


def mean(numbers: Mapping[str, Any] | None) -> float | None:
    """Mean of a set of numbers; None where there are none."""
    return numbers["millionths"] / 1e6 / numbers["count"] if numbers and numbers["count"] else None


def _add_texts(total: Values, found: Values) -> None:
    total["texts"] = total.get("texts", 0) + found["texts"]
    total["words"] = total.get("words", 0) + found["words"]
    total["unknown"] = total.get("unknown", 0) + found["unknown"]
    examples = total.setdefault("unknown_words", {})
    _add_counts(examples, found["unknown_words"])
    if len(examples) > 2 * _UNKNOWN:  # bounded while it grows; the most frequent ones are told
        frequent = sorted(examples.items(), key=lambda item: (-item[1], item[0]))[:_UNKNOWN]
        total["unknown_words"] = dict(frequent)
    total["vocabulary"] = sorted({*total.get("vocabulary", ()), *found["vocabulary"]})[:SKETCH]
    # Bounded while it grows: the lowest hashes are kept again and again.
    total["sample"] = sorted([*total.get("sample", ()), *found["sample"]])[:TEXT_SAMPLE]


def distinct(sketch: list[int]) -> int:
    """How many things a sketch of their smallest 48-bit hashes stands for (Bar-Yossef et al. 2002)."""
    if len(sketch) < SKETCH:
        return len(sketch)
    return round((SKETCH - 1) * 2**48 / sketch[-1])
