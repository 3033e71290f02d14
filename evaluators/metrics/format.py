"""The form of completions: strict format, rounds, motions, whether they came to their end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluators.metrics.values import mean
from prompts.chain import is_strict


@dataclass(frozen=True)
class FormatScores:
    """Shares (0..1) and rounds of a set of completions."""

    completions: int
    strict: float  # have the strict format, as the reward tests it: prompts.chain.is_strict
    ended: float  # came to their end, were not cut
    without_motion: float  # have no motion
    rounds: float  # mean number of motions
    rounds_counts: Mapping[int, int]  # completions by their number of motions, ascending


def is_ended(text: str) -> bool:
    """Whether a completion came to its end: its last word is the tag that closes it.

    That is `</think>` or `</answer>` where it reasons, `</Motion>` where it only gives a motion. A text
    without these tags shows no end, and counts as cut.
    """
    if "<think>" in text:
        return text.rstrip().endswith(("</think>", "</answer>"))
    return text.rstrip().endswith(("</Motion>", "</answer>"))


def format_scores(
    texts: Sequence[str], rounds: Sequence[int], ended: Sequence[bool] | None = None
) -> FormatScores:
    """Form of completions (N,) with their numbers of motions (N,).

    `ended` tells which gave the end token; without it `is_ended` judges by the text. ValueError for no
    completion, lists of different lengths, or a negative number of motions.
    """
    ends = [is_ended(text) for text in texts] if ended is None else list(ended)
    if not texts or len(rounds) != len(texts) or len(ends) != len(texts):
        raise ValueError(
            f"{len(texts)} completions, {len(rounds)} numbers of rounds, {len(ends)} ends: give at least one "
            f"completion, and one of each for it"
        )
    for number, count in enumerate(rounds):
        if count < 0:
            raise ValueError(f"completion {number}: {count} rounds; a number of motions is 0 or more")
    counts = Counter(int(count) for count in rounds)
    return FormatScores(
        completions=len(texts),
        strict=mean(is_strict(text) for text in texts),
        ended=mean(bool(end) for end in ends),
        without_motion=counts[0] / len(texts),
        rounds=mean(rounds),
        rounds_counts=dict(sorted(counts.items())),
    )
