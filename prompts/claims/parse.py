"""Captions and assessments read as claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from motion.events import ACTIONS, LOCOMOTION, opposite
from prompts.claims import attributes as of
from prompts.claims.claim import Claim
from prompts.claims.clauses import Clause, clauses
from prompts.claims.heads import DETERMINERS, ENDING, PRONOUNS, Head
from prompts.claims.lexicon import Trigger, lexicon, tokens
from prompts.claims.order import places


@lru_cache(maxsize=1024)
def parse_claims(text: str) -> tuple[Claim, ...]:
    """What the text says of a movement, in text order; empty where nothing was understood."""
    found: list[Claim] = []
    read: list[Clause] = []
    for clause in clauses(tokens(text)):
        claim = _claim(clause, found)
        if claim is None:
            continue
        if found and _crouches(claim, found[-1], clause.joint):
            found[-1] = _crouched(found[-1], claim)
        elif not _ends_the_one_before(claim, clause, found):
            if (told_before := _told_in_general(claim, clause, found)) is not None:
                del found[told_before], read[told_before]
            for one, joint in _told(claim, clause, found):
                found.append(one)
                read.append(replace(clause, joint=joint))
    orders = places(read)
    return tuple(replace(claim, order=order) for claim, order in zip(found, orders, strict=True))


def _claim(clause: Clause, before: Sequence[Claim]) -> Claim | None:
    head = clause.head or _continued(clause, before)
    if head is None:
        return None
    words = of.start_removed(" ".join(token.word for token in clause.words))
    trigger = _as_meant(head.trigger, words, clause)
    action = ACTIONS.get(trigger.action)
    path = of.path(words) if trigger.action in LOCOMOTION else ""
    bends = path in ("curve", "circle")
    after_turn = any(claim.action == "turn" for claim in before)
    pointing = of.without_sides(words) if bends else words  # the side is the bend's
    direction = of.direction(pointing, trigger, after_turn) if action is None or action.directed else ""
    if clause.head is None and trigger.action == "side_step" and "back" in words.split():
        direction = opposite(before[-1].direction)
    side = _side(words, trigger, bends, clause, before)
    if trigger.action == "reach" and not direction and "across" in words.split():
        direction = opposite(side) if side in ("left", "right") else ""
    speed = of.speed(words) or (before[-1].speed if clause.head is None else "")
    return Claim(
        action=trigger.action,
        part=trigger.part,
        verb=head.verb,
        side=side,
        direction=direction,
        path=path,
        count=_count(words, clause.words[head.index].word if clause.head else head.verb, trigger),
        speed=speed,
        amount=of.amount(words, of.unit_of(trigger.action)),
        negated=clause.negated,
        span=(clause.words[0].start, clause.words[-1].end),
    )


def _told_in_general(claim: Claim, clause: Clause, before: Sequence[Claim]) -> int | None:
    """Which claim before says the same without any details: "plays it and holds it, playing it with ..."."""
    if claim.action or claim.negated or not claim.side or "it" not in {token.word for token in clause.words}:
        return None
    for index, earlier in enumerate(before[:-1]):
        plain = replace(earlier, order=0, span=(0, 0)) == Claim("", claim.part, claim.verb)
        if plain:
            return index
    return None


def _told(claim: Claim, clause: Clause, before: Sequence[Claim]) -> list[tuple[Claim, str]]:
    """The claim, and what the same words say besides, each with the joint that leads to it.

    A jump may be a turn at the same time ("jumps 180 degrees"); who goes back and forth on the way
    goes backward, then forward.
    """
    words = " ".join(token.word for token in clause.words)
    if claim.action == "jump" and not claim.negated and of.rotates(words):
        way = "" if claim.direction in ("left", "right") else claim.direction
        turn = replace(claim, action="turn", verb="turn", direction="", count=None)
        turn = replace(turn, side=of.turning_side(words), amount=of.degrees(words))
        return [(replace(claim, direction=way, amount=None), clause.joint), (turn, "while")]
    on_the_way = bool(before) and claim.action == before[-1].action and claim.action in LOCOMOTION
    if on_the_way and not claim.direction and "backandforth" in words.split():
        ways = ("backward", clause.joint), ("forward", "then")
        return [(replace(claim, direction=way), joint) for way, joint in ways]
    return [(claim, clause.joint)]


def _crouches(claim: Claim, before: Claim, joint: str) -> bool:
    """Whether two claims are one crouched walk: "crouching down and walking forward"."""
    crouch, walk = (before, claim) if claim.action in ("walk", "crouch_walk") else (claim, before)
    if walk.action not in ("walk", "crouch_walk") or (crouch.action, crouch.verb) != ("squat", "crouch"):
        return False
    return joint == "while" or (joint == "and" and claim is walk)


def _crouched(before: Claim, claim: Claim) -> Claim:
    walk = claim if claim.action in ("walk", "crouch_walk") else before
    span = (min(before.span[0], claim.span[0]), max(before.span[1], claim.span[1]))
    speed = walk.speed or before.speed or claim.speed
    return replace(walk, action="crouch_walk", speed=speed, span=span)


def _ends_the_one_before(claim: Claim, clause: Clause, before: Sequence[Claim]) -> bool:
    """Whether nothing new is said: coming up again from a squat or bow, ceasing to do what was done."""
    if not before:
        return False
    if claim.action == "stand_up":
        return before[-1].action in ("squat", "bow", "bend")
    place = clause.head.index if clause.head else 0
    lead = [token.word for token in clause.words[max(0, place - 2) : place]]
    ceases = bool(lead) and (
        lead[-1] in ENDING or (lead[-1] in DETERMINERS - {"a", "an"} and lead[0] in ENDING)
    )
    return ceases and any(earlier.action == claim.action for earlier in before)


def _count(words: str, head: str, trigger: Trigger) -> int | None:
    counted = ACTIONS[trigger.action].counted if trigger.action else "times"
    return of.count(words, head, counted) if counted else None


def _continued(clause: Clause, before: Sequence[Claim]) -> Head | None:
    """The head of an elliptical clause: what was being done ("one back", "then with the right hand")."""
    if not before:
        return None
    part = before[-1].part
    limbs = [name for name in ("arm", "leg") if lexicon().groups[name] & {t.word for t in clause.words}]
    if (limbs and part not in limbs) or (not before[-1].action and part == "body"):
        return None
    action = before[-1].action
    if action in LOCOMOTION and {"sideways", "sidewards"} & {t.word for t in clause.words}:
        action = "side_step"
    return Head(0, Trigger(action=action, part=part), before[-1].verb)


def _as_meant(trigger: Trigger, words: str, clause: Clause) -> Trigger:
    """Crouched walking is an action of its own; feet that are not moved are no missing walk."""
    if trigger.action == "walk" and {"crouched", "crouching", "crouch", "ducked"} & set(words.split()):
        return Trigger(action="crouch_walk", part="body")
    if (trigger.action, trigger.part) == ("", "body") and "upper body" in words:
        return Trigger(action="", part="torso")
    if trigger.light and clause.negated and trigger.verbs == ("move",) and trigger.needs == ("leg",):
        return Trigger(action="", part="leg")
    if (
        trigger.action == "side_step"
        and "lateral" in trigger.needs
        and not lexicon().groups["lateral"] & set(words.split())
    ):
        return Trigger(action="walk", part="body")  # "turns right in three steps"
    if trigger.action == "place" and clause.carried == "leg" and PRONOUNS & set(words.split()):
        return Trigger(action="", part="leg")  # "lifts a foot and puts it down"
    return trigger


def _side(words: str, trigger: Trigger, bends: bool, clause: Clause, before: Sequence[Claim]) -> str:
    if trigger.action == "turn" or bends:
        return of.turning_side(words)
    if trigger.action == "jump":  # one leg: both is how one jumps
        side = of.limb_side(words, "leg")
        return "" if side == "both" else side
    if trigger.action and not ACTIONS[trigger.action].sided:
        return ""
    if trigger.part not in ("arm", "leg"):
        return of.limb_side(words, "leg") if trigger.action == "kneel" else ""
    side = of.limb_side(words, trigger.part)
    if not side and trigger.action in ("punch", "kick", "throw"):
        side = of.blow_side(words)
    pronouns = {"it", "them"} & set(words.split())
    if not side and clause.carried == trigger.part and before and pronouns:
        return before[-1].side or ("both" if "them" in pronouns else "")
    return side
