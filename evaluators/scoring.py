"""Scores of an annotator: what its assessments name, against the edits that are known to have been made.

For a perturbed candidate the truth is recorded. A break is told where the assessment names it with the
right aspect, action, side and direction (evaluators.agreement.names). A named difference
is unrecorded where it is no recorded break, and false where besides the measured facts of goal and
candidate do not show it: neither the comparison of both motions nor their events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaluators.agreement import agrees, names
from evaluators.annotation_checks import Subject, said_verdict
from evaluators.said_facts import shown_by_facts
from evaluators.support import CONTRADICTED, SUPPORTED
from motion.compare import differences
from motion.events import Difference
from motion.facts import Facts
from prompts.claims.assessment import Said, read_assessment

OVERALL = "all"


@dataclass(frozen=True)
class Score:
    """Counts over perturbed candidates; scores add up."""

    candidates: int = 0
    breaks: int = 0
    told: int = 0  # breaks that the assessments name
    named: int = 0  # differences that the assessments name
    unrecorded: int = 0  # of these, those that are no recorded break
    false: int = 0  # of these, those that are not measured either

    def __add__(self, other: Score) -> Score:
        """Both together."""
        return Score(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    def as_dict(self) -> dict[str, float | int | None]:
        """Counts and shares, for JSON; a share of nothing is None."""
        shares = {
            "recall": share(self.told, self.breaks),
            "unrecorded_share": share(self.unrecorded, self.named),
            "false_share": share(self.false, self.named),
        }
        return {**vars(self), **shares}


@dataclass(frozen=True)
class Retrieved:
    """Counts over retrieved candidates, for which no truth is recorded; they add up."""

    candidates: int = 0
    named: int = 0
    supported: int = 0
    contradicted: int = 0

    def __add__(self, other: Retrieved) -> Retrieved:
        """Both together."""
        return Retrieved(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    def as_dict(self) -> dict[str, float | int | None]:
        """Counts and shares, for JSON; a share of nothing is None."""
        shares = {
            "supported_share": share(self.supported, self.named),
            "contradicted_share": share(self.contradicted, self.named),
        }
        return {**vars(self), **shares}


@dataclass
class Card:
    """The scores of one annotator, by operation and together."""

    operations: dict[str, Score] = field(default_factory=dict)
    retrieved: Retrieved = Retrieved()

    def add(self, scores: Mapping[str, Score]) -> None:
        """Count one more perturbed candidate."""
        for operation, score in scores.items():
            self.operations[operation] = self.operations.get(operation, Score()) + score


def annotator_name(row: Mapping[str, Any]) -> str:
    """Who wrote an annotation: the annotator, with its model where it has one."""
    return f"{row['annotator']} ({row['model']})" if row["model"] else str(row["annotator"])


def share(part: int, whole: int) -> float | None:
    """A share to four places, None of nothing."""
    return round(part / whole, 4) if whole else None


def named_differences(assessment: str) -> tuple[Said, ...]:
    """The differences that an assessment names."""
    return tuple(said for said in read_assessment(assessment) if said.kind == "difference")


def score_perturbed(
    edits: Iterable[tuple[str, Sequence[Difference]]], assessment: str, goal: Facts, candidate: Facts
) -> dict[str, Score]:
    """Scores of one assessment of a perturbed candidate, by operation and under OVERALL.

    `edits` are the recorded operations with their breaks. What is named counts once under each of
    the operations that were done to the candidate, and once overall.
    """

    def false(unrecorded: list[Said]) -> int:
        return len(invented(unrecorded, goal, candidate))

    return score_named(edits, named_differences(assessment), false)


def score_named(
    edits: Iterable[tuple[str, Sequence[Difference]]],
    named: Sequence[Said],
    false: Callable[[list[Said]], int],
) -> dict[str, Score]:
    """As `score_perturbed`, of differences that are read already.

    `false` counts those of some unrecorded ones that the measured facts do not show.
    """
    done = list(edits)
    breaks = [broken for _, broken_by in done for broken in broken_by]
    unrecorded = [said for said in named if not any(names(said, broken) for broken in breaks)]
    wrong = false(unrecorded)
    told = [any(names(said, broken) for said in named) for broken in breaks]
    scores = {OVERALL: Score(1, len(breaks), sum(told), len(named), len(unrecorded), wrong)}
    for operation in dict.fromkeys(operation for operation, _ in done):
        mine = [broken for other, broken_by in done for broken in broken_by if other == operation]
        hit = sum(any(names(said, broken) for said in named) for broken in mine)
        scores[operation] = Score(1, len(mine), hit, len(named), len(unrecorded), wrong)
    return scores


def invented(named: Sequence[Said], goal: Facts, candidate: Facts) -> list[Said]:
    """The named differences that the measured facts of goal and candidate do not show."""
    if not named:
        return []
    measured = differences(goal, candidate)
    return [
        said
        for said in named
        if not any(agrees(said, item) for item in measured) and shown_by_facts(said, goal, candidate) is None
    ]


def score_retrieved(assessment: str, goal: Facts, candidate: Facts) -> Retrieved:
    """Score of one assessment of a retrieved candidate: what the facts say of what it names."""
    named = named_differences(assessment)
    subject = Subject(goal, candidate)
    measured = differences(goal, candidate)
    verdicts = [said_verdict(said, subject, measured).verdict for said in named]
    return Retrieved(1, len(named), verdicts.count(SUPPORTED), verdicts.count(CONTRADICTED))
