"""A caption against its motion, claim by claim, and captions of one motion against each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import Any

from evaluators.claim_values import count_tolerance, told_count
from evaluators.requirements import KIN
from evaluators.support import claim_verdict, fitting, near, opposite_ways
from evaluators.verdict import CONTRADICTED, SUPPORTED, UNVERIFIABLE, Verdict
from evaluators.words import claim_words, event_words
from motion.events import ACTIONS, LOCOMOTION, Event, opposite
from motion.facts import Facts
from prompts.claims import Claim, parse_claims

ORDER_CERTAINTY = 0.75
# A claim beside another one of the same action: the words of the two are easily mixed up in reading, so
# only what lacks the action's needs altogether speaks against it.
BESIDE_ITS_LIKE = 0.8
# What is claimed is not found, and something is measured that no claim speaks of: it took its place.
INSTEAD = 0.5
# Postures, and what is small or a word for many things: their absence cannot be told, and they go on
# beside other actions, so that they take the place of none.
_QUIET = frozenset(
    "stand stand_up lower_arm hold_arm stretch hand_on_hip hand_on_head hand_on_knee hands_together".split()
)
# Whoever does it moves the feet.
_MOVES_FEET = frozenset((*LOCOMOTION, "turn", "jump"))


@dataclass(frozen=True)
class Finding:
    """One claim of a caption with the verdict on it."""

    claim: str
    verdict: Verdict
    span: tuple[int, int] = (0, 0)  # of the caption's characters

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"claim": self.claim, **vars(self.verdict)}


@dataclass(frozen=True)
class Dispute:
    """Two captions of one motion that cannot both be true."""

    first: int  # index of the caption among those that were given
    second: int
    claims: tuple[str, str]
    verdicts: tuple[Verdict, Verdict]

    @property
    def supported(self) -> str:
        """Which of them the motion supports: "first", "second", "both", "neither"."""
        held = [verdict.verdict == SUPPORTED for verdict in self.verdicts]
        against = [verdict.verdict == CONTRADICTED for verdict in self.verdicts]
        if held == [True, True]:
            return "both"
        if held[0] or (against[1] and not against[0]):
            return "first"
        return "second" if held[1] or (against[0] and not against[1]) else "neither"


def judge(caption: str, facts: Facts) -> tuple[Finding, ...]:
    """Every claim of a caption with its verdict, in text order; order in time as a claim of its own."""
    claims = parse_claims(caption)
    found = [
        Finding(claim_words(claim), _in_context(caption, claim, claims, facts), claim.span)
        for claim in claims
    ]
    return (*found, *_reversed_order(caption, claims, facts))


def contradictions(caption: str, facts: Facts) -> tuple[Finding, ...]:
    """What a motion contradicts in its caption, the most certain first."""
    against = [finding for finding in judge(caption, facts) if finding.verdict.verdict == CONTRADICTED]
    return tuple(sorted(against, key=lambda finding: -finding.verdict.certainty))


def leaves_corpus(caption: str, facts: Facts) -> Finding | None:
    """The most certain of the claims for which a caption leaves the corpus, None where there is none."""
    return next(iter(contradictions(caption, facts)), None)


def described(finding: Finding) -> str:
    """A finding in one line: what the caption claims, what is measured, how certain that is."""
    return (
        f"the caption claims {finding.claim}; {finding.verdict.evidence} "
        f"(certainty {finding.verdict.certainty:.2f})"
    )


def _in_context(caption: str, claim: Claim, claims: Sequence[Claim], facts: Facts) -> Verdict:
    """A claim's verdict where the caption's other claims are known, too."""
    verdict = claim_verdict(claim, facts)
    against = verdict.verdict == CONTRADICTED
    if against and claim.negated and (_is_excepted(claim, claims, facts) or _is_of_a_part(claim, caption)):
        return replace(verdict, verdict=UNVERIFIABLE, certainty=0.0)
    if not claim.action:
        return verdict
    if verdict.verdict == UNVERIFIABLE:
        return _instead(claim, claims, facts) or verdict
    if verdict.verdict != CONTRADICTED:
        return verdict
    like = LOCOMOTION if opposite_ways(claim, facts) else (claim.action,)
    siblings = [other for other in claims if other is not claim and other.action in like]
    if siblings and verdict.certainty < BESIDE_ITS_LIKE:
        return replace(verdict, verdict=UNVERIFIABLE, certainty=0.0)
    turned = claim.action in LOCOMOTION and any(c.action == "turn" and c.order < claim.order for c in claims)
    if turned and claim.direction in ("backward", "left", "right"):
        # "turns and walks back", "turns and walks to the left": where the body then faces
        return replace(verdict, verdict=UNVERIFIABLE, certainty=0.0)
    return verdict


def _is_excepted(claim: Claim, claims: Sequence[Claim], facts: Facts) -> bool:
    """Whether the caption itself tells the movement that speaks against what it denies.

    "Does not walk but runs"; "does not move, then walks away": the denial is of another gait, or time.
    """
    told = [other for other in claims if not other.negated and other.action]
    if claim.action == "walk":
        walks = any(event.action == "walk" for event in facts.events)
        return not walks and any(other.action in LOCOMOTION for other in told)
    if claim.action:
        return False
    if claim.part == "arm":
        return any(ACTIONS[c.action].part == "arm" and _may_be_one(c.side, claim.side) for c in told)
    return any(c.action in _MOVES_FEET or ACTIONS[c.action].part == "leg" for c in told)


_OF_A_PART = re.compile(
    r"\b(?:mov|us)\w+\s+(?:his|her|hers|its|their|the|any|a|an)\b|\b(?:head|neck|face|eyes)\b"
)


def _is_of_a_part(claim: Claim, caption: str) -> bool:
    """Whether a body "that does not move" may be a part of it without a measure: "does not move his head"."""
    if not claim.is_stillness or claim.part != "body":
        return False
    return bool(_OF_A_PART.search(caption.lower(), claim.span[0]))


def _may_be_one(one: str, other: str) -> bool:
    """Whether two sides may be the same limb."""
    return one == other or not {one, other} <= {"left", "right"}


def _instead(claim: Claim, claims: Sequence[Claim], facts: Facts) -> Verdict | None:
    """Whether something is measured in the place of an action of which nothing is found."""
    if claim.negated or claim.action in _QUIET or near(claim, facts):
        return None
    if any(event.action == claim.action for event in facts.events):
        return None
    spoken_of = {other.action for other in claims}
    kindred = spoken_of.union(*(KIN[name] for name in spoken_of if name))
    for event in facts.events:
        unsaid = event.action not in _QUIET and event.action not in kindred
        if unsaid and not KIN[event.action] & (spoken_of - {""}):
            words = f"no {claim_words(claim)} is measured, but {event_words(event)}"
            return Verdict(CONTRADICTED, words, INSTEAD, event.start, event.end)
    return None


_TIME_WORDS = re.compile(
    r"\b(?:then|before|after|afterwards?|next|finally|lastly|later|subsequently|followed by|first)\b"
)


def _reversed_order(caption: str, claims: Sequence[Claim], facts: Facts) -> list[Finding]:
    """Two actions, each claimed and measured once, that a word of time puts the other way round."""
    for first, second in permutations(claims, 2):
        if first.order >= second.order or not (
            _is_told_once(first, claims) and _is_told_once(second, claims)
        ):
            continue
        earlier, later = _meant(first, facts), _meant(second, facts)
        if len(earlier) != 1 or len(later) != 1 or later[0].end > earlier[0].start:
            continue
        if not fitting(first, earlier) or not fitting(second, later):
            continue  # it is another one that is claimed
        if _is_put_in_order(caption, first, second, len(claims)):
            return [_order_finding(first, second, earlier[0], later[0])]
    return []


def _order_finding(first: Claim, second: Claim, earlier: Event, later: Event) -> Finding:
    words = f"{event_words(later)} is measured before {event_words(earlier)}"
    verdict = Verdict(CONTRADICTED, words, ORDER_CERTAINTY, later.start, earlier.end)
    span = (min(first.span[0], second.span[0]), max(first.span[1], second.span[1]))
    return Finding(f"{claim_words(first)} before {claim_words(second)}", verdict, span)


def _is_single(claim: Claim, claims: Sequence[Claim]) -> bool:
    return bool(claim.action) and not claim.negated and sum(c.action == claim.action for c in claims) == 1


def _is_told_once(claim: Claim, claims: Sequence[Claim]) -> bool:
    """Whether no other claim may speak of the same action of the same limb."""
    like = [c for c in claims if c.action == claim.action]
    if claim.negated or claim.action in ("", "stand"):  # everybody stands before and after, too
        return False
    if not ACTIONS[claim.action].sided:
        return len(like) == 1
    return sum(_may_be_one(c.side, claim.side) for c in like) == 1


def _meant(claim: Claim, facts: Facts) -> list[Event]:
    """The events that a claim may speak of: those of its action, and of its side where it has one."""
    events = [event for event in facts.events if event.action == claim.action]
    if not ACTIONS[claim.action].sided:
        return events
    return [event for event in events if _may_be_one(claim.side, event.side)]


def _is_put_in_order(caption: str, first: Claim, second: Claim, claims: int) -> bool:
    """Whether a word of time stands between two claims, or before them where there are no others."""
    start, end = min(first.span[0], second.span[0]), max(first.span[0], second.span[0])
    return bool(_TIME_WORDS.search(caption.lower(), 0 if claims == 2 else start, end))


def disputes(captions: Sequence[str], facts: Facts) -> list[Dispute]:
    """Pairs of captions of one motion that claim opposite sides, directions or different numbers.

    Only of actions that each of the two claims once: otherwise one does not know which is meant.
    """
    read = [{c.action: c for c in claims if _is_single(c, claims)} for claims in map(parse_claims, captions)]
    found = []
    for (i, one), (j, other) in combinations(enumerate(read), 2):
        for action in sorted(one.keys() & other.keys()):
            if _disagree(one[action], other[action]):
                pair = (one[action], other[action])
                verdicts = (claim_verdict(pair[0], facts), claim_verdict(pair[1], facts))
                if all(v.verdict == SUPPORTED for v in verdicts) and not _counts_differ(*pair):
                    continue  # each tells a part of the motion
                if any(
                    v.verdict == UNVERIFIABLE and near(c, facts) for c, v in zip(pair, verdicts, strict=True)
                ):
                    continue  # "raises the right hand and waves" speaks of the wave alone
                found.append(Dispute(i, j, (claim_words(pair[0]), claim_words(pair[1])), verdicts))
    return found


def _disagree(one: Claim, other: Claim) -> bool:
    if one.side in ("left", "right") and other.side == opposite(one.side):
        return True
    if one.direction in ("left", "right", "forward", "backward") and other.direction == opposite(
        one.direction
    ):
        return True
    return _counts_differ(one, other)


def _counts_differ(one: Claim, other: Claim) -> bool:
    counts = told_count(one), told_count(other)
    if counts[0] is None or counts[1] is None:
        return False
    return abs(counts[0] - counts[1]) > count_tolerance(one.action, max(counts[0], counts[1]))


def tally(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of the findings have which verdict."""
    counts = {SUPPORTED: 0, CONTRADICTED: 0, UNVERIFIABLE: 0}
    for finding in findings:
        counts[finding.verdict.verdict] += 1
    return counts
