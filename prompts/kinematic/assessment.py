"""Assessments and refinement instructions out of measured events and differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from motion.events import Difference, Event
from motion.seeds import generator
from prompts.claims import parse_claims
from prompts.grammar import Expander, listing, tidy
from prompts.kinematic.concept import Concept, filled, of_event
from prompts.kinematic.faults import Fault, Faults, chosen
from prompts.kinematic.phrasing import Phrases
from prompts.kinematic.sequence import Moment, main_events, of_claims, of_events, told
from prompts.kinematic.when import clock
from prompts.resources import load

_MOST_MATCHES = 3
_MOST_TOLD = 4
_OPENED = (1.0, 1.0, 0.7, 0.4, 0.25)  # share of verdicts at the head of texts with that many points
_FAR, _NEAR = 0.4, 0.75  # similarity below which a motion is far from its goal, above which near


@dataclass(frozen=True)
class Assessment:
    """What is said of a motion against its goal.

    `named` are the differences that the text names, `matched` the goal's events that it calls
    right; both are exactly those of the text.
    """

    assessment: str
    refinement: str
    perfect: bool
    named: tuple[Difference, ...] = ()
    matched: tuple[Event, ...] = ()


def assess_goal(goal_id: str, caption: str, events: Sequence[Event]) -> Assessment:
    """The assessment of a goal's own motion: it matches, and no refinement is needed."""
    return _perfect(_expander("goal", goal_id), caption, events)


def assess_candidate(
    goal_id: str,
    candidate_id: str,
    caption: str,
    goal_events: Sequence[Event],
    candidate_events: Sequence[Event],
    differences: Sequence[Difference],
    similarity: float,
    fps: float = 0.0,
) -> Assessment:
    """The assessment of a candidate against its goal; without differences it is perfect.

    `similarity` (0..1) only colours the verdict. With `fps` seconds may be told.
    """
    expander = _expander("candidate", goal_id, candidate_id)
    matched = _matched(goal_events, candidate_events, differences)
    if not differences:
        return _perfect(expander, caption, [event for event, _ in matched])
    named = chosen(differences)
    told_time = clock(candidate_events, differences, fps)
    faults = Faults(expander, goal_events, candidate_events, named, told_time).all()
    text, said = _assessment(expander, caption, goal_events, matched, faults, similarity)
    refinement = _refinement(expander, faults, [concept for _, concept in matched[:1]])
    return Assessment(text, refinement, False, named, said)


def _expander(*key: str) -> Expander:
    return Expander(load("kinematic", "assessment.yaml")["rules"], generator("kinematic", *key))


def _perfect(expander: Expander, caption: str, events: Sequence[Event]) -> Assessment:
    phrases = Phrases(expander)
    moments, matched = _fulfilled(caption, events)
    if moments:
        values = {
            "list": told(moments, "gerund", phrases, expander),
            "gerunds": told(moments, "gerund", phrases, expander),
            "thirds": told(moments, "third", phrases, expander),
        }
        sentences = [expander.say("perfect", **values)]
    else:
        sentences = [expander.say("perfect_bare")]
    if expander.chance(0.6) or not moments:
        in_order = len(moments) > 1 and not any(moment.together for moment in moments)
        sentences.append(
            expander.say("perfect_order" if in_order and expander.chance(0.4) else "perfect_detail")
        )
    text = tidy(". ".join(_capital(sentence) for sentence in sentences))
    return Assessment(text, tidy(expander.say("perfect_fix")), True, (), matched)


def _fulfilled(caption: str, events: Sequence[Event]) -> tuple[list[Moment], tuple[Event, ...]]:
    """What a matching motion shows: the caption's demands where all are measured or beyond measure."""
    asked = of_claims(parse_claims(caption), caption)[:_MOST_TOLD]
    used: list[Event] = []
    shown: list[Moment] = []
    for moment in asked:
        event = _shows(moment.concept, events) if moment.concept.action else None
        if moment.concept.action and event is None:
            break
        if event is not None:
            used.append(event)
        shown.append(replace(moment, concept=filled(moment.concept, [event] if event else [])))
    if asked and len(shown) == len(asked):
        return shown, tuple(dict.fromkeys(used))
    main = main_events(events, _MOST_TOLD)
    return of_events(main), tuple(main)


def _shows(concept: Concept, events: Sequence[Event]) -> Event | None:
    """The first event that has all that a concept asks for."""
    for event in events:
        measured = of_event(event)
        if event.action == concept.action and all(
            not said or said == has
            for said, has in (
                (concept.side, measured.side),
                (concept.direction, measured.direction),
                (concept.path, event.path),
                (concept.speed, measured.speed),
                (concept.count, measured.count),
            )
        ):
            amounts = concept.amount, measured.amount
            if not all(amounts) or abs((amounts[0] or 0) - (amounts[1] or 0)) <= 0.25 * (amounts[0] or 0):
                return event
    return None


def _matched(
    goal: Sequence[Event], candidate: Sequence[Event], differences: Sequence[Difference]
) -> list[tuple[Event, Concept]]:
    """Goal events that the candidate shows alike, with what both agree on."""
    disputed = {difference.action for difference in differences}
    found: list[tuple[Event, Concept]] = []
    for event in goal:
        if event.action in disputed:
            continue
        alike = next((other for other in candidate if _is_alike(event, other)), None)
        concept = of_event(event)
        if alike is None or any(concept == known for _, known in found):
            continue
        agreed = replace(
            concept,
            path=concept.path if alike.path == event.path else "",
            count=concept.count if alike.count == event.count else None,
            amount=None,
            speed=concept.speed if alike.speed == event.speed else "",
        )
        found.append((event, agreed))
    moving = [pair for pair in found if pair[0].action != "stand"]
    return (moving or found)[:_MOST_MATCHES]


def _is_alike(event: Event, other: Event) -> bool:
    return (event.action, event.side, event.direction) == (other.action, other.side, other.direction)


def _assessment(
    expander: Expander,
    caption: str,
    goal: Sequence[Event],
    matched: Sequence[tuple[Event, Concept]],
    faults: Sequence[Fault],
    similarity: float,
) -> tuple[str, tuple[Event, ...]]:
    """The text, and the events that it calls right."""
    phrases = Phrases(expander)
    concepts = [concept for _, concept in matched]
    late = bool(concepts) and expander.chance(0.3)
    opening: list[str] = []
    if expander.chance(_OPENED[min(len(concepts) + len(faults), len(_OPENED) - 1)]):
        opening.append(_verdict(expander, phrases, caption, goal, similarity))
    if concepts and not late:
        opening.append(_match(expander, phrases, concepts))
    sentences = _fault_sentences(expander, faults, bool(opening) and similarity >= _FAR)
    closing = [_match_late(expander, phrases, concepts)] if late else []
    text = tidy(". ".join(_capital(sentence) for sentence in [*opening, *sentences, *closing]))
    return text, tuple(event for event, _ in matched)


def _verdict(
    expander: Expander, phrases: Phrases, caption: str, goal: Sequence[Event], similarity: float
) -> str:
    rule = "far" if similarity < _FAR else "near" if similarity > _NEAR else "middle"
    asked = of_claims(parse_claims(caption), caption)[:2]
    asked = [replace(moment, concept=filled(moment.concept, goal)) for moment in asked]
    moments = asked or of_events(main_events(goal, 2))
    if not moments:
        return expander.say(f"{rule}_bare")
    return expander.say(rule, goal=told(moments, "gerund", phrases, expander))


def _match(expander: Expander, phrases: Phrases, concepts: Sequence[Concept]) -> str:
    if len(concepts) == 1:
        only = concepts[0]
        return expander.say(
            "match",
            np=phrases.noun(only),
            third=phrases.clause(only, "third"),
            gerund=phrases.clause(only, "gerund", False),
        )
    nouns = [f"the {phrases.noun(concept)}" for concept in concepts]
    thirds = [phrases.clause(concept, "third") for concept in concepts]
    return expander.say("match_many", list=listing(nouns), thirds=listing(thirds))


def _match_late(expander: Expander, phrases: Phrases, concepts: Sequence[Concept]) -> str:
    nouns = [f"the {phrases.noun(concept)}" for concept in concepts]
    return expander.say("match_late" if len(nouns) == 1 else "match_late_many", list=listing(nouns))


def _fault_sentences(expander: Expander, faults: Sequence[Fault], contrast: bool) -> list[str]:
    """Fault clauses in sentences of one or two, linked to what came before."""
    sentences: list[str] = []
    index = 0
    while index < len(faults):
        pair = index + 1 < len(faults) and expander.chance(0.5)
        clauses = [fault.said for fault in faults[index : index + 1 + pair]]
        link = ""
        if sentences:
            link = expander.say("next_link")
        elif contrast:
            link = expander.say("first_link")
        body = expander.say("glue").strip() if pair else ""
        joined = (
            f"{clauses[0]}{body if body[:1] in ';,' else ' ' + body} {clauses[1]}" if pair else clauses[0]
        )
        sentences.append(f"{link} {joined}".strip())
        index += 1 + pair
    return sentences


def _refinement(expander: Expander, faults: Sequence[Fault], matched: Sequence[Concept]) -> str:
    sentences: list[str] = []
    for index, fault in enumerate(faults):
        link = expander.say("fix_link") if index else ""
        sentences.append(f"{link} {fault.fix}".strip())
    if matched and expander.chance(0.3):
        sentences.append(expander.say("keep", np=Phrases(expander).noun(matched[0])))
    return tidy(". ".join(_capital(sentence) for sentence in sentences))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
