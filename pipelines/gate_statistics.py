"""Statistics of a corpus as a whole, by which thresholds are judged; each with examples that show it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from evaluators.diversity import distinct_n
from schemas.profile import EXAMPLES, SKETCH, distinct, mean
from transforms.profile_tables import TASKS

Values = Mapping[str, Any]
Statistic = tuple[float | None, list[str]]  # None: there is nothing that it could be measured on
_PARTS = re.compile(r"[^\W\d_]+|\d+")
_SHOWN = 120  # characters of a text


def corpus_statistics(profile: Values, across: Values, config: Values, steps: Values) -> dict[str, Statistic]:
    """Every statistic that a threshold of the corpus bounds, by the threshold's name."""
    tables = profile["tables"]
    found = _rows_and_words(tables, profile["texts"], steps)
    found |= _across(across, tables)
    found |= _balance(tables, config)
    for kind in ("analysis", "assessment", "refinement"):
        found |= _diversity(kind, profile["texts"][kind])
        found[f"{kind}_words_mean"] = _mean_of(tables["annotations"], f"{kind}_words")
    return found


def _rows_and_words(tables: Values, texts: Values, steps: Values) -> dict[str, Statistic]:
    said = _counts(tables, "annotations", "statements")
    judged = said.get("supported", 0) + said.get("contradicted", 0)
    letters = tables["dead_letters"]["rows"]
    read = sum(counts["rows_in"] for counts in steps["read"].values())
    annotations = [texts[kind] for kind in ("analysis", "assessment", "refinement")]
    longest = _numbers(tables["goals"], "caption_words").get("high", [])
    return {
        "dead_letter_share": (_share(letters, read), _commonest(_counts(tables, "dead_letters", "reason"))),
        "contradicted_statements": (_share(said.get("contradicted", 0), judged), _commonest(said)),
        "unverifiable_statements": (
            _share(said.get("unverifiable", 0), sum(said.values())),
            _commonest(said),
        ),
        "unknown_words": _unknown(annotations),
        "unknown_caption_words": _unknown([texts["caption"]]),
        "vocabulary": (_vocabulary(annotations) or None, []),
        "caption_words_max": (
            longest[0][0] if longest else None,
            [f"{row_id}: caption_words = {words}" for words, row_id in longest],
        ),
        "caption_words_mean": _mean_of(tables["goals"], "caption_words"),
    }


def _across(across: Values, tables: Values) -> dict[str, Statistic]:
    found = across["findings"]
    clips, goals = tables["motions"]["rows"], tables["goals"]["rows"]
    shares = {
        "copies_share": ("copies", clips),
        "near_across_splits": ("near_across_splits", clips),
        "mirrored_across_splits": ("mirrored_across_splits", clips),
        "near_share": ("near", clips),
        "pairs_share": ("pairs", goals),
    }
    counts = ("copies_across_splits", "pairs_across_splits", "unresolved", "other_split")
    statistics: dict[str, Statistic] = {
        name: (_share(found[kind]["count"], rows), found[kind]["examples"])
        for name, (kind, rows) in shares.items()
    }
    return statistics | {name: (found[name]["count"], found[name]["examples"]) for name in counts}


def _balance(tables: Values, config: Values) -> dict[str, Statistic]:
    tasks = dict.fromkeys(TASKS, 0) | _counts(tables, "stage1", "task")
    operations = _counts(tables, "candidates", "operation")
    origins = _counts(tables, "candidates", "origin")
    actions = _counts(tables, "facts", "action")
    splits = _counts(tables, "goals", "split")
    asked_for = sum(origins.values()) if config.get("perturbed", 0) else 0
    return {
        "smallest_task_share": (_share(min(tasks.values()), sum(tasks.values())), _rarest(tasks)),
        "largest_operation_share": (_largest(operations), _commonest(operations)),
        "operations": (len(operations) if operations else None, _commonest(operations)),
        "perturbed_share": (_share(origins.get("perturbed", 0), asked_for), _commonest(origins)),
        "largest_action_share": (_largest(actions), _commonest(actions)),
        "train_share": (_share(splits.get("train", 0), sum(splits.values())), _commonest(splits)),
        **_levels(tables, config["ladder"]),
    }


def _levels(tables: Values, ladder: int) -> dict[str, Statistic]:
    """Whether all levels of the ladders are filled alike, and alignment rises along them."""
    ranks = {str(rank): 0 for rank in range(ladder)} | _counts(tables, "candidates", "rank")
    by_rank = [mean(_numbers(tables["candidates"], f"alignment_{rank}")) for rank in range(ladder)]
    far, near = by_rank[0], by_rank[-1]
    gain = near - far if ladder > 1 and far is not None and near is not None else None
    shown = [f"rank {rank}: alignment {value:.3f}" for rank, value in enumerate(by_rank) if value is not None]
    return {
        "level_balance": (_share(min(ranks.values()), max(ranks.values())), _rarest(ranks)),
        "alignment_gain": (gain, shown),
    }


def _diversity(kind: str, texts: Values) -> dict[str, Statistic]:
    """Of a bounded sample, so that the shares do not depend on the corpus' size."""
    sample = [(row_id, text) for _, row_id, text in texts["sample"]]
    forms = [" ".join("#" if p.isdigit() else p for p in _PARTS.findall(t.lower())) for _, t in sample]
    held = Counter(forms)
    again = [
        (held[form], form, row_id, text)
        for form, (row_id, text) in zip(forms, sample, strict=True)
        if held[form] > 1
    ]
    shown = [
        f"{row_id}: {text[:_SHOWN]!r} ({count} times)"
        for count, _, row_id, text in sorted(again, key=lambda each: (-each[0], each[1], each[2]))[:EXAMPLES]
    ]
    many = distinct_n([text for _, text in sample], 2) if sample else None
    return {
        f"{kind}_distinct_2": (many, shown),
        f"{kind}_repeated": (_share(len(again), len(sample)), shown),
    }


def _unknown(kinds: list[Values]) -> Statistic:
    words: Counter[str] = Counter()
    for kind in kinds:
        words.update(kind["unknown_words"])
    unknown, total = sum(kind["unknown"] for kind in kinds), sum(kind["words"] for kind in kinds)
    return _share(unknown, total), _commonest(words)


def _vocabulary(kinds: list[Values]) -> float:
    return float(distinct(sorted({word for kind in kinds for word in kind["vocabulary"]})[:SKETCH]))


def _counts(tables: Values, table: str, name: str) -> dict[str, int]:
    counts: dict[str, int] = tables[table].get("counts", {}).get(name, {})
    return counts


def _numbers(table: Values, name: str) -> dict[str, Any]:
    numbers: dict[str, Any] = table.get("numbers", {}).get(name, {})
    return numbers


def _mean_of(table: Values, name: str) -> Statistic:
    numbers = _numbers(table, name)
    shown = [*numbers.get("low", [])[:5], *numbers.get("high", [])[:5]]
    return mean(numbers), [f"{row_id}: {name} = {value}" for value, row_id in shown]


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _largest(counts: Mapping[str, int]) -> float | None:
    return _share(max(counts.values(), default=0), sum(counts.values()))


def _listed(counts: Mapping[str, int], order: Callable[[tuple[str, int]], Any]) -> list[str]:
    return [f"{name}: {count}" for name, count in sorted(counts.items(), key=order)[:EXAMPLES]]


def _commonest(counts: Mapping[str, int]) -> list[str]:
    return _listed(counts, lambda item: (-item[1], item[0]))


def _rarest(counts: Mapping[str, int]) -> list[str]:
    return _listed(counts, lambda item: (item[1], item[0]))
