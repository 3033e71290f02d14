"""Whether a motion's measured facts support what a caption claims."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

from motion.events import ACTIONS, LOCOMOTION, Event, opposite
from motion.facts import Facts
from prompts.claims import Claim, parse_claims

CHECKS_VERSION = 1  # raised when the same words may be judged otherwise

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
    motion does only on the other side or the other way; a number that neither one event nor all of
    them together come near to; an order of two actions, each done once, that is the reverse.
    """
    claims = _claims(caption)
    return _other_way(claims, facts) or _other_count(claims, facts) or _other_order(caption, claims, facts)


def _other_way(claims: Sequence[Claim], facts: Facts) -> str:
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


def _other_count(claims: Sequence[Claim], facts: Facts) -> str:
    """The claimed number of an action that is claimed once and measured with other numbers only."""
    for claim in claims:
        alone = sum(other.action == claim.action for other in claims) == 1
        if not alone or claim.negated or not claim.action or not claim.count:
            continue
        found = [event for event in facts.events if event.action == claim.action]
        counts = {event.count for event in found} | {sum(event.count for event in found)}
        if ACTIONS[claim.action].counted == "steps":  # one way may be measured as walk and side step
            counts.add(sum(event.count for event in facts.events if event.action in LOCOMOTION))
        if found and min(abs(count - claim.count) for count in counts) > _tolerance(claim):
            number = f"{claim.count} {ACTIONS[claim.action].counted}"
            return f"the caption claims {claim.action} {number}, measured is {_shown(found[0])}"
    return ""


def _tolerance(claim: Claim) -> int:
    """By how many a measured number may differ: steps are easily missed, so are many repetitions."""
    if ACTIONS[claim.action].counted == "steps":
        return 2 if (claim.count or 0) >= 8 else 1
    return 1 if (claim.count or 0) > 5 else 0


def _other_order(caption: str, claims: Sequence[Claim], facts: Facts) -> str:
    """Two actions, each claimed and measured once, that a word of time puts the other way round."""
    for first, second in permutations(claims, 2):
        if first.order >= second.order or not (_is_single(first, claims) and _is_single(second, claims)):
            continue
        earlier = [event for event in facts.events if event.action == first.action]
        later = [event for event in facts.events if event.action == second.action]
        if len(earlier) != 1 or len(later) != 1 or later[0].end > earlier[0].start:
            continue
        if _is_put_in_order(caption, first, second, len(claims)):
            return (
                f"the caption claims {first.action} before {second.action}, measured are "
                f"{_shown(later[0])} and {_shown(earlier[0])}"
            )
    return ""


_TIME_WORDS = re.compile(
    r"\b(?:then|before|after|afterwards?|next|finally|later|subsequently|followed by|first)\b"
)


def _is_single(claim: Claim, claims: Sequence[Claim]) -> bool:
    return bool(claim.action) and not claim.negated and sum(c.action == claim.action for c in claims) == 1


def _is_put_in_order(caption: str, first: Claim, second: Claim, claims: int) -> bool:
    """Whether a word of time stands between two claims, or before them where there are no others."""
    start, end = min(first.span[0], second.span[0]), max(first.span[0], second.span[0])
    return bool(_TIME_WORDS.search(caption.lower(), 0 if claims == 2 else start, end))


def _claimed(claim: Claim) -> str:
    return " ".join(word for word in (claim.action, claim.side, claim.direction) if word)
