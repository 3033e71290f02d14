"""How much of what a caption claims the measured facts of the generated motion bear out.

A claim is supported, contradicted or unverifiable (evaluators/support.py): silence of the facts is no
contradiction, so that the shares of supported and of contradicted claims leave a rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluators.metrics.values import mean
from evaluators.support import CONTRADICTED, SUPPORTED, UNVERIFIABLE, claim_verdict
from motion.facts import Facts
from prompts.claims import parse_claims


@dataclass(frozen=True)
class ClaimCounts:
    """Claims of one caption by what the facts of one motion say of them."""

    supported: int
    contradicted: int
    unverifiable: int
    checkable: int  # claims that some motion could bear out; the others are always unverifiable
    measured: bool = True  # False: there are no facts, every claim is unverifiable

    @property
    def claims(self) -> int:
        """All claims of the caption."""
        return self.supported + self.contradicted + self.unverifiable


@dataclass(frozen=True)
class FactSupport:
    """Shares (0..1) over a set of generations; None where there is nothing to take a share of."""

    generations: int
    unmeasured: int  # generations without facts: none of their claims is supported
    claims: int
    supported: float | None  # of all claims
    contradicted: float | None
    unverifiable: float | None
    without_checkable: float  # of captions: that have no checkable claim
    uncontradicted: float | None  # of generations with a checkable claim: measured, and none contradicted


def claim_counts(caption: str, facts: Facts | None) -> ClaimCounts:
    """The claims of a caption against a motion's facts; None: no motion, or none that can be measured."""
    claims = parse_claims(caption)
    checkable = sum(claim.is_checkable for claim in claims)
    if facts is None:
        return ClaimCounts(0, 0, len(claims), checkable, measured=False)
    verdicts = [claim_verdict(claim, facts).verdict for claim in claims]
    return ClaimCounts(
        verdicts.count(SUPPORTED), verdicts.count(CONTRADICTED), verdicts.count(UNVERIFIABLE), checkable
    )


def fact_support(captions: Sequence[str], facts: Sequence[Facts | None]) -> FactSupport:
    """Support of captions (N,) by the facts of the motions generated for them (N,).

    ValueError for no generation or lists of different lengths.
    """
    if len(captions) != len(facts):
        raise ValueError(f"{len(captions)} captions and facts of {len(facts)} motions: give one for each")
    return summarise([claim_counts(caption, found) for caption, found in zip(captions, facts)])


def summarise(counts: Sequence[ClaimCounts]) -> FactSupport:
    """Shares over the counted claims of a set of generations; ValueError for no generation."""
    if not counts:
        raise ValueError("no generation is given: fact support needs at least one")
    claims = sum(count.claims for count in counts)
    told = [count for count in counts if count.checkable]

    def share(name: str) -> float | None:
        return sum(getattr(count, name) for count in counts) / claims if claims else None

    return FactSupport(
        generations=len(counts),
        unmeasured=sum(not count.measured for count in counts),
        claims=claims,
        supported=share("supported"),
        contradicted=share("contradicted"),
        unverifiable=share("unverifiable"),
        without_checkable=1 - len(told) / len(counts),
        uncontradicted=mean(count.measured and not count.contradicted for count in told) if told else None,
    )
