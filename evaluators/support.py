"""Whether a motion's measured facts support what a caption claims."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from motion.events import LOCOMOTION, Event, opposite
from motion.facts import Facts
from prompts.claims import Claim, parse_claims

SUPPORTED, CONTRADICTED, UNVERIFIABLE = "supported", "contradicted", "unverifiable"


# A caption is judged against its own motion and against each candidate.
_claims = lru_cache(maxsize=1024)(parse_claims)


@dataclass(frozen=True)
class Verdict:
    """What the measured facts say of one statement, and why."""

    verdict: str
    evidence: str


def claim_verdict(claim: Claim, facts: Facts) -> Verdict:
    """Judge one claim of a text against a motion's facts.

    A motion that has the claimed action only with the opposite side or direction contradicts the
    claim; one in which the action is not found does not support it, but the measure may have
    missed it: unverifiable.
    """
    if not claim.action:
        return Verdict(UNVERIFIABLE, "names no action that is measured")
    found = [event for event in facts.events if event.action == claim.action]
    if claim.negated:
        if found:
            return Verdict(CONTRADICTED, f"{_shown(found[0])} is measured")
        return Verdict(UNVERIFIABLE, f"no {claim.action} is measured")
    if not found:
        return Verdict(UNVERIFIABLE, f"no {claim.action} is measured")
    for name in ("side", "direction"):
        claimed = getattr(claim, name)
        values = {getattr(event, name) for event in found}
        if claimed in ("left", "right", "forward", "backward") and values == {opposite(claimed)}:
            return Verdict(CONTRADICTED, f"{_shown(found[0])}, not {claimed}")
        if claimed and claimed not in values:
            return Verdict(UNVERIFIABLE, f"{claim.action} {claimed} is not what is measured")
    if claim.count and claim.count not in {event.count for event in found}:
        return Verdict(UNVERIFIABLE, f"{_shown(found[0])}, not {claim.count}")
    return Verdict(SUPPORTED, _shown(found[0]))


def _shown(event: Event) -> str:
    words = [event.action, event.side, event.direction, f"x{event.count}" if event.count > 1 else ""]
    return f"{' '.join(word for word in words if word)} in frames {event.start} to {event.end}"


def support(text: str, facts: Facts) -> float | None:
    """Share of a text's claims that a motion supports; None where no claim names an action."""
    verdicts = [claim_verdict(claim, facts) for claim in _claims(text) if claim.action]
    if not verdicts:
        return None
    return sum(verdict.verdict == SUPPORTED for verdict in verdicts) / len(verdicts)


def contradiction(caption: str, facts: Facts) -> str:
    """Why a motion contradicts its caption, or an empty string.

    Only what is certain counts: the one claimed side, or direction of travel, of an action that the
    motion does only on the other side or the other way.
    """
    claims = _claims(caption)
    for claim in claims:
        if claim.negated or not claim.action:
            continue
        if claim.direction and claim.action not in LOCOMOTION:
            continue
        other = [c for c in claims if c is not claim and c.action == claim.action]
        if any(c.side != claim.side or c.direction != claim.direction for c in other):
            continue
        verdict = claim_verdict(claim, facts)
        if verdict.verdict == CONTRADICTED:
            return f"the caption claims {_claimed(claim)}, measured is {verdict.evidence}"
    return ""


def _claimed(claim: Claim) -> str:
    return " ".join(word for word in (claim.action, claim.side, claim.direction) if word)
