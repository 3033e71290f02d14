"""Assessments and refinement instructions out of measured events and differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from motion.events import Difference, Event
from motion.seeds import generator
from prompts.claims import parse_claims
from prompts.grammar import Expander, listing, tidy
from prompts.kinematic.concept import Concept, of_claim, of_event
from prompts.kinematic.faults import Fault, Faults, chosen
from prompts.kinematic.fulfil import Demand, fulfilled, is_ruled_out
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
    frames: int = 0,
) -> Assessment:
    """The assessment of a candidate against its goal; without differences it is perfect.

    `similarity` (0..1) only colours the verdict. With `fps` seconds may be told. `frames` is the
    candidate's length; 0 takes it to end where its last event or difference does.
    """
    expander = _expander("candidate", goal_id, candidate_id)
    if not differences:
        return _perfect_candidate(expander, caption, goal_events, candidate_events)
    matched = _matched(goal_events, candidate_events, differences)
    named = chosen(differences)
    told_time = clock(candidate_events, differences, fps, frames)
    faults = Faults(expander, goal_events, candidate_events, named, told_time).all()
    text, said = _assessment(expander, caption, goal_events, matched, faults, similarity)
    refinement = _refinement(expander, faults, [concept for _, concept in matched[:1]])
    return Assessment(text, refinement, False, named, said)


def _expander(*key: str) -> Expander:
    return Expander(load("kinematic", "assessment.yaml")["rules"], generator("kinematic", *key))


def _perfect(expander: Expander, caption: str, events: Sequence[Event]) -> Assessment:
    """What a matching motion shows of the caption's demands; the measured actions where it shows none."""
    claims = parse_claims(caption)
    demands = fulfilled(of_claims(claims, caption), events)
    shown = [demand for demand in demands if demand.events]
    excluded = [of_claim(claim, caption) for claim in claims if claim.negated]
    ruled_out = all(concept is not None and is_ruled_out(concept, events) for concept in excluded)
    complete = bool(shown) and ruled_out and all(demand.exact for demand in demands)
    told_of = shown[:_MOST_TOLD]
    moving = [event for event in events if event.action != "stand"]
    main = [] if shown else main_events(moving, _MOST_TOLD)
    moments = [demand.told for demand in told_of] or of_events(main)
    matched = tuple(event for demand in told_of for event in demand.events) or tuple(main)
    rule = "perfect" if complete else "perfect_part" if shown else "perfect_measured"
    sentences = [expander.say(rule if moments else "perfect_bare", **_values(expander, moments))]
    if expander.chance(0.6) or not moments:
        details = _details(told_of, events) if complete else []
        sentences.append(expander.say(expander.pick(["perfect_detail", *details])))
    text = tidy(". ".join(_capital(sentence) for sentence in sentences))
    return Assessment(text, tidy(expander.say("perfect_fix")), True, (), matched)


def _values(expander: Expander, moments: Sequence[Moment]) -> dict[str, str]:
    if not moments:
        return {}
    phrases = Phrases(expander)
    forms = {"list": "gerund", "gerunds": "gerund", "thirds": "third"}
    return {name: told(moments, form, phrases, expander) for name, form in forms.items()}


def _details(demands: Sequence[Demand], events: Sequence[Event]) -> list[str]:
    """The rules of what may be said besides, where every demand is shown."""
    asked = [demand.asked.concept for demand in demands]
    found: list[str] = []
    if any(concept.side or concept.direction for concept in asked):
        found.append("perfect_sides")
    if any(concept.speed for concept in asked):
        found.append("perfect_pace")
    if any(concept.count for concept in asked):
        found.append("perfect_counts")
    used = {event for demand in demands for event in demand.events}
    if all(event in used or event.action == "stand" for event in events):
        found.append("perfect_whole")
    if len(demands) > 1 and not any(demand.told.together for demand in demands):
        found.append("perfect_order")
    return found


def _perfect_candidate(
    expander: Expander, caption: str, goal: Sequence[Event], candidate: Sequence[Event]
) -> Assessment:
    pairs = _agreed(goal, candidate)
    found = _perfect(expander, caption, [agreed for _, agreed in pairs])
    said = tuple(event for event, agreed in pairs if agreed in found.matched)
    return replace(found, matched=said)


def _agreed(goal: Sequence[Event], candidate: Sequence[Event]) -> list[tuple[Event, Event]]:
    """The goal's events that the candidate shows alike, one for one, each also as both have it."""
    free = list(candidate)
    found: list[tuple[Event, Event]] = []
    for event in goal:
        alike = next((other for other in free if _is_alike(event, other, exactly=True)), None)
        if alike is not None:
            free.remove(alike)
            agreed = event if event.speed == alike.speed else replace(event, speed="")
            found.append((event, agreed))
    return found


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


def _is_alike(event: Event, other: Event, exactly: bool = False) -> bool:
    if (event.action, event.side, event.direction) != (other.action, other.side, other.direction):
        return False
    return not exactly or (event.path, event.count) == (other.path, other.count)


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
    demands = [d for d in fulfilled(of_claims(parse_claims(caption), caption), goal) if d.events][:2]
    moments = [replace(d.told, together=d.asked.together) for d in demands] or of_events(main_events(goal, 2))
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
