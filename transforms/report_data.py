"""What the report shows of rows: counts of all of them, and small samples, of one shard or of many.

Counts are whole numbers and samples are drawn by hashes of ids, so neither shards nor their order change
what is shown. `as_dict` is a shard's file quality/profile/shown-*.json, `add` puts files together.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.diversity import distinct_n
from evaluators.scoring import Card, Retrieved, Score
from motion.seeds import seed
from schemas.draw import Draw, share
from schemas.profile import EXAMPLES, PROFILE_VERSION

SCORE_BINS = 50  # of alignment scores, 0 to 1
ASSESSMENTS = 150  # from different goals, for distinct-n
LETTERS = 20  # shown of each reason
CONTRADICTIONS = 60  # shown with their evidence
LEFT_OUT = 40  # captions that the build left out, shown with their evidence
SAMPLE = 200  # goals of a report, where nobody asks for more
CLOSE = 24  # goals of the report of a build, which may all be of one shard
VERDICTS = ("supported", "contradicted", "unverifiable")

Values = dict[str, Any]
Goal = Sequence[Any]  # id, shard, verdict, why it was left out


@dataclass
class Letters:
    """Dead letters of one step and reason: how many, and some of them."""

    count: int = 0
    examples: Draw = field(default_factory=lambda: Draw(LETTERS, "letter"))


@dataclass
class ReportData:
    """Counts over all rows, and samples of them: what one of `shards` keeps, or all together for 1."""

    shards: int = 1
    lengths: Counter[int] = field(default_factory=Counter)  # clips by frames
    scores: dict[int, NDArray[np.int64]] = field(default_factory=dict)  # rank -> alignment histogram
    origins: dict[int, Counter[str]] = field(default_factory=dict)  # rank -> candidates by origin
    edits: Counter[str] = field(default_factory=Counter)  # perturbed candidates' edits by operation
    words: dict[str, Counter[int]] = field(default_factory=dict)  # kind of text -> texts by words
    verdicts: Counter[str] = field(default_factory=Counter)  # statements by what the facts say
    tasks: dict[str, Counter[str]] = field(default_factory=dict)  # task -> examples by split
    actions: Counter[str] = field(default_factory=Counter)  # goals in which an action is measured
    letters: dict[tuple[str, str, str], Letters] = field(default_factory=dict)  # step, kind, reason
    statements: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)  # author, kind -> verdicts
    cards: dict[str, Card] = field(default_factory=dict)  # scores by author
    goals: int = 0
    flagged: int = 0  # goals with something wrong
    left_out: list[Values] = field(default_factory=list)  # captions, the most certain first
    contradicted: int = 0  # captions that were left out, of which `left_out` are some
    unread: list[str] = field(default_factory=list)  # what could not be counted, and why
    assessments: Draw = field(init=False)
    contradictions: Draw = field(init=False)  # annotations
    wrong: Draw = field(init=False)  # goals with something wrong
    rest: Draw = field(init=False)  # the other goals
    close: list[Goal] = field(default_factory=list)  # some of those, of as few shards as hold so many

    def __post_init__(self) -> None:
        """Empty draws, of one shard as large as that takes."""
        self.assessments = Draw(share(ASSESSMENTS, self.shards), "assessment")
        self.contradictions = Draw(share(CONTRADICTIONS, self.shards), "contradiction")
        self.wrong = Draw(share(SAMPLE, self.shards), "browser")
        self.rest = Draw(max(CLOSE, share(SAMPLE, self.shards)), "browser")

    def distinct(self) -> tuple[float, ...]:
        """Distinct-1, -2 and -3 of the drawn assessments."""
        return tuple(distinct_n(self.assessments.values, n) for n in (1, 2, 3))

    def add_left_out(self, rows: list[Values], of: int) -> None:
        """Captions that were left out, of so many; the most certain ones are kept."""
        self.left_out = sorted(
            [*self.left_out, *rows], key=lambda row: (-row["certainty"], row["caption_id"])
        )[:LEFT_OUT]
        self.contradicted += of

    def as_dict(self) -> Values:
        """Plain values, for JSON."""
        return {
            "version": PROFILE_VERSION,
            **{name: _by_text(getattr(self, name)) for name in _COUNTS},
            **{name: {str(k): _by_text(c) for k, c in getattr(self, name).items()} for name in _COUNTS_BY},
            "scores": {str(int(rank)): counts.tolist() for rank, counts in self.scores.items()},
            "letters": [[*key, one.count, one.examples.pairs()] for key, one in sorted(self.letters.items())],
            "statements": [[*key, _by_text(counts)] for key, counts in sorted(self.statements.items())],
            "cards": {name: _card_values(card) for name, card in self.cards.items()},
            **{name: getattr(self, name).pairs() for name in _DRAWS},
            **{name: getattr(self, name) for name in ("goals", "flagged", "left_out", "contradicted")},
            "unread": self.unread,
        }

    def add(self, values: Values) -> None:
        """Add what `as_dict` gave of other rows."""
        for name, kind in _COUNTS.items():
            getattr(self, name).update({kind(key): count for key, count in values[name].items()})
        for name, (outer, inner) in _COUNTS_BY.items():
            for key, counts in values[name].items():
                held = getattr(self, name).setdefault(outer(key), Counter())
                held.update({inner(word): count for word, count in counts.items()})
        for rank, counts in values["scores"].items():
            self.add_scores(int(rank), np.array(counts, np.int64))
        for step, kind, reason, count, examples in values["letters"]:
            letters = self.letters.setdefault((step, kind, reason), Letters())
            letters.count += count
            letters.examples.add(examples)
        for author, kind, counts in values["statements"]:
            self.statements.setdefault((author, kind), Counter()).update(counts)
        for name, card in values["cards"].items():
            _add_card(self.cards.setdefault(name, Card()), card)
        for name in _DRAWS:
            getattr(self, name).add(values[name])
        rest = [goal for _, goal in values["rest"]]
        self.close = heapq.nsmallest(CLOSE, [*self.close, *rest], key=close_order)
        self.goals += values["goals"]
        self.flagged += values["flagged"]
        self.add_left_out(values["left_out"], values["contradicted"])
        self.unread = (self.unread + values["unread"])[:EXAMPLES]

    def add_scores(self, rank: int, counts: NDArray[np.int64]) -> None:
        """Add a histogram of alignment scores."""
        self.scores[rank] = self.scores.get(rank, np.zeros(SCORE_BINS, np.int64)) + counts


def close_order(goal: Goal) -> tuple[int, int, str]:
    """The order in which goals are drawn that are to be of few shards."""
    return seed("browser", goal[1]), seed("browser", goal[0]), goal[0]


# Counters by name and what their keys are; those of counters by their keys and the counters' keys.
_COUNTS = {"lengths": int, "edits": str, "verdicts": str, "actions": str}
_COUNTS_BY = {"origins": (int, str), "words": (str, int), "tasks": (str, str)}
_DRAWS = ("assessments", "contradictions", "wrong", "rest")


def _by_text(counts: Counter[Any]) -> dict[str, int]:
    return {str(key): count for key, count in counts.items()}


def _card_values(card: Card) -> Values:
    return {
        "operations": {name: list(vars(score).values()) for name, score in card.operations.items()},
        "retrieved": list(vars(card.retrieved).values()),
    }


def _add_card(card: Card, values: Values) -> None:
    card.add({name: Score(*counts) for name, counts in values["operations"].items()})
    card.retrieved += Retrieved(*values["retrieved"])
