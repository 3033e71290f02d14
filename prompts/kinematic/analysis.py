"""Goal analyses: what a caption asks for, in several wordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from motion.events import ACTIONS, LOCOMOTION, Event
from motion.seeds import generator
from prompts.claims import parse_claims
from prompts.grammar import Expander, tidy
from prompts.inflect import number_word
from prompts.kinematic.concept import Concept, of_claim
from prompts.kinematic.fulfil import fulfilled
from prompts.kinematic.phrasing import Phrases, measure, times
from prompts.kinematic.sequence import Moment, main_events, of_claims, of_events, told
from prompts.neutral import neutral
from prompts.resources import load

_OPENINGS = 4  # rules whole_1 .. whole_4: one a wording, then again
_MOST_POINTS = 3
_MOST_DEMANDS = 6


def analyse_goal(goal_id: str, caption: str, events: Sequence[Event], wordings: int = 4) -> tuple[str, ...]:
    """What the caption asks for, in that many different wordings.

    Measured events make the caption's claims concrete where it is silent; where nothing of the
    caption was understood they stand in for it. ValueError for an empty caption.
    """
    if not neutral(caption):
        raise ValueError(f"goal {goal_id}: the caption is empty, there is nothing to analyse")
    rng = generator("kinematic", "analysis", goal_id)
    openings = rng.permutation(_OPENINGS) + 1
    found: list[str] = []
    for number in range(wordings):
        opening = int(openings[number % _OPENINGS])
        for attempt in range(8):
            key = generator("kinematic", "analysis", goal_id, number, attempt)
            text = _analysis(
                Expander(load("kinematic", "analysis.yaml")["rules"], key), caption, events, opening
            )
            if text not in found:
                break
        found.append(text)
    return tuple(found)


def _analysis(expander: Expander, caption: str, events: Sequence[Event], opening: int) -> str:
    phrases = Phrases(expander)
    claims = parse_claims(caption)
    shown = fulfilled(of_claims(claims, caption), events)[:_MOST_DEMANDS]
    moments = [demand.asked for demand in shown] or of_events(main_events(events, 3))
    if not moments:
        text = neutral(caption).rstrip(".!? ")
        return tidy(expander.say("bare", text=f'"{text}"'))
    demands = [replace(d.told, together=d.asked.together) for d in shown] or moments
    sentences = [
        expander.say(
            f"whole_{opening}",
            thirds=told(moments, "third", phrases, expander),
            gerunds=told(moments, "gerund", phrases, expander),
        )
    ]
    points = _points(expander, phrases, demands)
    for claim in claims:
        concept = of_claim(claim, caption) if claim.negated else None
        if concept is not None:
            ruled_out = phrases.clause(concept, "gerund", False)
            points.insert(0, expander.say("negated", gerunds=ruled_out))
    sentences += points[:_MOST_POINTS]
    return tidy(". ".join(sentence[:1].upper() + sentence[1:] for sentence in sentences))


def _points(expander: Expander, phrases: Phrases, demands: Sequence[Moment]) -> list[str]:
    """Single remarks on limbs, directions, counts, manner and order, shuffled; parts last."""
    points: list[str] = []
    for moment in demands:
        points += _details(expander, phrases, moment.concept)
    points += _order(expander, phrases, demands)
    speeds = list(dict.fromkeys(m.concept.speed for m in demands if m.concept.speed in ("slow", "fast")))
    if len(speeds) == 1:
        points.append(expander.say(speeds[0]))
    shuffled = [points[index] for index in expander.permutation(len(points))]
    parts = list(dict.fromkeys(ACTIONS[m.concept.action].part for m in demands if m.concept.action))
    if len(shuffled) < 2 and parts:
        shuffled.append(expander.say(parts[0]))
    return shuffled


def _details(expander: Expander, phrases: Phrases, concept: Concept) -> list[str]:
    if not concept.action:
        return []
    action = ACTIONS[concept.action]
    found: list[str] = []
    noun = phrases.noun(Concept(concept.action, concept.side if action.part != "body" else ""))
    if concept.side and action.part in ("arm", "leg"):
        plain = phrases.noun(Concept(concept.action), sided=False)
        rule = "limb_both" if concept.side == "both" else "limb"
        found.append(expander.say(rule, limb=phrases.limb(concept), np=plain))
    if concept.action == "turn" and concept.side in ("left", "right"):
        found.append(expander.say("turn", side=concept.side, np=phrases.noun(Concept("turn"))))
    if concept.direction and concept.path not in ("circle", "curve"):
        towards = phrases.towards(concept.action, concept.direction, concept.side)
        found.append(expander.say("direction", direction=towards, np=noun))
    if concept.path and concept.action in LOCOMOTION:
        found.append(expander.say("path", path=phrases.along(concept.path)))
    if concept.count and action.counted == "steps":
        one = concept.count == 1
        found.append(expander.say("step" if one else "steps", count=f"{number_word(concept.count)} steps"))
    elif concept.count and concept.count > 1 and action.counted:
        found.append(expander.say("times", count=times(concept.count), np=noun))
    if concept.amount and action.unit == "degrees":
        found.append(expander.say("amount", amount=measure(concept.amount, action.unit)))
    return found


def _order(expander: Expander, phrases: Phrases, demands: Sequence[Moment]) -> list[str]:
    if len(demands) < 2:
        return []
    first, second = demands[0].concept, demands[1].concept
    if not first.action or not second.action or first.action == second.action:
        return []
    rule = "together" if demands[1].together else "order"
    return [expander.say(rule, first=phrases.noun(first), second=phrases.noun(second))]
