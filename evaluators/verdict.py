"""What can be said of a statement about a motion: supported, contradicted, or neither, and why."""

from __future__ import annotations

from dataclasses import dataclass

SUPPORTED, CONTRADICTED, UNVERIFIABLE = "supported", "contradicted", "unverifiable"
VERDICTS = (SUPPORTED, CONTRADICTED, UNVERIFIABLE)

# From this certainty on a contradiction has consequences: a caption leaves the corpus, an annotation reaches
# no chain. Below it lie what is a matter of words (slow or fast, one wave more or less).
CERTAIN = 0.6


@dataclass(frozen=True)
class Verdict:
    """What the measured facts say of one statement, and why."""

    verdict: str
    evidence: str  # in words: what is measured, with values and frames
    certainty: float = 1.0  # 0..1 that the verdict is right; 0 where nothing speaks for either side
    start: int = 0  # frames [start, end) that the evidence is about
    end: int = 0


def shortfall_certainty(misses: float) -> float:
    """How certain a value makes it that a need was not met, from how many margins it falls short.

    0.6 at one margin, 0.8 at two, 0.9 at four: the margin is what the measure and people's use of a
    word stray by, so one margin is little and several are much. 0 for less than one margin.
    """
    return 0.0 if misses < 1 else round(1 - 0.4 / misses, 3)
