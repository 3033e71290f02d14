"""Whether a motion's measured facts support what a text claims: one claim at a time.

A claim is supported where an event has what it says, contradicted where the motion shows the opposite
or lacks what the claim needs at the least (evaluators/requirements.py), and unverifiable otherwise: both
the reading of language and the measure miss things, so that silence alone proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from evaluators.claim_values import values_verdict
from evaluators.requirements import KIN, Miss, is_sided, missed, way_missed
from evaluators.unnamed import unnamed_verdict
from evaluators.verdict import CONTRADICTED, SUPPORTED, UNVERIFIABLE, VERDICTS, Verdict
from evaluators.words import claim_words, event_words
from motion.events import LOCOMOTION, Event, opposite
from motion.facts import Facts
from prompts.claims import Claim, parse_claims

__all__ = [
    "CHECKS_VERSION",
    "CONTRADICTED",
    "SUPPORTED",
    "UNVERIFIABLE",
    "VERDICTS",
    "Verdict",
    "claim_verdict",
    "support",
]

CHECKS_VERSION = 2  # raised when the same words may be judged otherwise

FOUND = 0.9  # certainty of what an event shows
OTHER_WAY = 0.6  # only the opposite is measured, but what is claimed may have happened beside it
OTHER_WAY_SURELY = 0.9  # ... and what is claimed lacks what it needs
OTHER_GAIT = 0.55  # a run called a walk, steps on the spot called a way forward, a run where no walk is
SMALL_TURN = 45.0  # degrees: a change of heading that may be called a turn
AROUND = 120.0  # degrees: who has turned round may be said to go back, whichever way the body faces

# Actions whose direction the words tell as plainly as the measure.
_PLAIN_DIRECTIONS = (*LOCOMOTION, "jump", "bend", "kick", "reach", "pick_up", "place")

# A caption is judged against its own motion and against each candidate.
_claims = lru_cache(maxsize=1024)(parse_claims)


def claim_verdict(claim: Claim, facts: Facts) -> Verdict:
    """Judge one claim of a text against a motion's facts.

    The certainty of a contradiction grows with the distance between what is claimed and what is
    measured; that of an unverifiable claim is 0.
    """
    if claim.negated:
        return _negated(claim, facts)
    if not claim.action:
        return unnamed_verdict(claim, facts)
    named = [event for event in facts.events if event.action == claim.action]
    fits = fitting(claim, named)
    if fits:
        return values_verdict(claim, fits, facts) or _found(fits[0])
    if claim.action == "turn" and _turned_as_claimed(claim, facts):
        return Verdict(UNVERIFIABLE, "the heading changes so, but not as a turn", 0.0, 0, facts.frames)
    return _not_found(claim, named, facts)


def _found(event: Event) -> Verdict:
    return Verdict(SUPPORTED, f"{event_words(event)} is measured", FOUND, event.start, event.end)


def _negated(claim: Claim, facts: Facts) -> Verdict:
    if not claim.action:
        return unnamed_verdict(claim, facts)
    if claim.count or claim.speed or claim.path or claim.direction:
        # "without walking fast" denies the manner, and a denial is easily read into the next clause.
        return Verdict(UNVERIFIABLE, "denies a manner only", 0.0, 0, facts.frames)
    fits = fitting(claim, [event for event in facts.events if event.action == claim.action])
    certainty = OTHER_WAY
    if claim.action == "walk" and not fits:
        # Whoever does not walk may go no way at all, or go it in another gait: "does not walk but runs".
        fits = [event for event in facts.events if event.action in LOCOMOTION]
        certainty = OTHER_GAIT
    if fits:
        shown = fits[0]
        return Verdict(CONTRADICTED, f"{event_words(shown)} is measured", certainty, shown.start, shown.end)
    miss = missed(claim, facts.extremes)
    if miss:
        return Verdict(SUPPORTED, f"nothing of it: {miss.words}", miss.certainty, 0, facts.frames)
    return Verdict(UNVERIFIABLE, f"no {claim.action} is measured", 0.0, 0, facts.frames)


def _not_found(claim: Claim, named: Sequence[Event], facts: Facts) -> Verdict:
    """No event has what is claimed: is that because it did not happen?"""
    named = named or opposite_ways(claim, facts)
    against = [event for event in named if _is_opposite(claim, event)]
    only_against = bool(named) and len(against) == len(named)
    kin = near(claim, facts, strictly=only_against)
    if kin is not None:
        words = f"{event_words(kin)} is measured, which is near it"
        lacking = way_missed(claim, facts.extremes) if claim.action in LOCOMOTION else None
        if lacking:  # on the spot, or to the side
            return Verdict(CONTRADICTED, f"{words}: {lacking.words}", OTHER_GAIT, kin.start, kin.end)
        return Verdict(UNVERIFIABLE, words, 0.0, kin.start, kin.end)
    miss = missed(claim, facts.extremes)
    if only_against:
        return _other_way(claim, against[0], miss, facts)
    if named and not is_sided(claim.action):
        shown = named[0]
        return Verdict(UNVERIFIABLE, f"{event_words(shown)} is measured", 0.0, shown.start, shown.end)
    if miss:
        words = f"no {claim_words(claim)} is measured: {miss.words}"
        return Verdict(CONTRADICTED, words, miss.certainty, 0, facts.frames)
    if claim.action == "walk" and not named:
        return _runs_instead(facts)
    return Verdict(UNVERIFIABLE, f"no {claim_words(claim)} is measured", 0.0, 0, facts.frames)


def _other_way(claim: Claim, event: Event, miss: Miss | None, facts: Facts) -> Verdict:
    """The action is measured, but only with the opposite side or direction."""
    words = f"{event_words(event)} is measured, not {claim_words(claim)}"
    turned = max(facts.extremes.turned_left, facts.extremes.turned_right)
    directed = claim.direction and claim.direction == opposite(event.direction)
    if directed and claim.action in LOCOMOTION:
        if turned >= AROUND:
            why = f"{words}, but the body turns round"
            return Verdict(UNVERIFIABLE, why, 0.0, event.start, event.end)
        lacking = way_missed(claim, facts.extremes)
        if event.action != claim.action and miss and not lacking:
            # What is missed is the gait's; it says nothing of the way.
            why = f"{words}: {miss.words}"
            return Verdict(CONTRADICTED, why, max(OTHER_WAY, miss.certainty), event.start, event.end)
        miss = lacking or miss
    certainty = max(OTHER_WAY_SURELY, miss.certainty) if miss else OTHER_WAY
    return Verdict(
        CONTRADICTED, f"{words}: {miss.words}" if miss else words, certainty, event.start, event.end
    )


def _runs_instead(facts: Facts) -> Verdict:
    """Whether all of the way is run: a fast walk may be measured so in part."""
    moves = [event for event in facts.events if event.action in LOCOMOTION]
    if moves and all(event.action == "run" for event in moves):
        return Verdict(
            CONTRADICTED, f"{event_words(moves[0])} is measured", OTHER_GAIT, moves[0].start, moves[0].end
        )
    return Verdict(UNVERIFIABLE, "no walk is measured", 0.0, 0, facts.frames)


def _turned_as_claimed(claim: Claim, facts: Facts) -> bool:
    """Whether the heading changes to the claimed side by as much as a small turn.

    A turn to the other side beside it proves nothing: who walks round to the left and turns right at the
    end has turned to the left, too.
    """
    values = {"left": facts.extremes.turned_left, "right": facts.extremes.turned_right}
    return values.get(claim.side, 0.0) >= SMALL_TURN


def fitting(claim: Claim, events: Sequence[Event]) -> list[Event]:
    """The events of the action with the claimed side and direction; both sides may be two events."""
    fits = [event for event in events if _side_fits(claim, event) and _direction_fits(claim, event)]
    if claim.side == "both" and not fits:
        sides = {event.side for event in events if _direction_fits(claim, event)}
        return list(events) if {"left", "right"} <= sides else []
    return fits


def _side_fits(claim: Claim, event: Event) -> bool:
    if not claim.side or claim.action in LOCOMOTION:  # a walk's side is that of its bend
        return True
    return event.side == claim.side


def _direction_fits(claim: Claim, event: Event) -> bool:
    if claim.action == "jump" and claim.direction == "up":
        return True  # every jump goes up, wherever it lands
    return not claim.direction or event.direction == claim.direction


def _is_opposite(claim: Claim, event: Event) -> bool:
    sided = claim.side in ("left", "right") and claim.action not in LOCOMOTION
    if sided and event.side == opposite(claim.side):
        return True
    if claim.action not in _PLAIN_DIRECTIONS or claim.direction not in (
        "left",
        "right",
        "forward",
        "backward",
    ):
        return False
    return event.direction == opposite(claim.direction) and (not sided or event.side == claim.side)


def opposite_ways(claim: Claim, facts: Facts) -> list[Event]:
    """All ways of a motion where each goes opposite to the claimed one, in another gait; else none.

    People call a side step a walk and a walk a run; but whoever only goes forward, in whatever gait, does
    not go back.
    """
    if claim.action not in LOCOMOTION or not claim.direction:
        return []
    moves = [event for event in facts.events if event.action in LOCOMOTION]
    fits = all(event.action != claim.action and _is_opposite(claim, event) for event in moves)
    return moves if fits else []


def near(claim: Claim, facts: Facts, strictly: bool = False) -> Event | None:
    """An event of a kindred action that the claim may mean; None where there is none.

    One of the other side, or the other way, is none; strictly, neither is one that has no side or no
    direction where the claim names one.
    """
    for event in facts.events:
        kin = event.action in KIN.get(claim.action, ())
        jog = (claim.action, event.action, event.speed) == ("run", "walk", "fast")
        if (kin or jog) and _may_be(claim, event, strictly):
            return event
    return None


def _may_be(claim: Claim, event: Event, strictly: bool) -> bool:
    if claim.side and event.side not in (claim.side, "both") and (event.side or strictly):
        return False
    if claim.direction and strictly:
        return event.direction == claim.direction
    return not claim.direction or event.direction != opposite(claim.direction)


def support(text: str, facts: Facts) -> float | None:
    """Share of a text's claims that a motion supports; None where no claim names an action.

    A claim that a kindred event is near to counts half.
    """
    claims = [claim for claim in _claims(text) if claim.action]
    if not claims:
        return None
    return sum(_supported(claim, facts) for claim in claims) / len(claims)


def _supported(claim: Claim, facts: Facts) -> float:
    verdict = claim_verdict(claim, facts).verdict
    if verdict == SUPPORTED:
        return 1.0
    return 0.5 if verdict == UNVERIFIABLE and not claim.negated and near(claim, facts) else 0.0
