"""Captions and assessments read as claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from motion.events import ACTIONS, LOCOMOTION
from prompts.claims import attributes as of
from prompts.claims.claim import Claim
from prompts.claims.clauses import Clause, Head, clauses
from prompts.claims.lexicon import Trigger, tokens


@lru_cache(maxsize=1024)
def parse_claims(text: str) -> tuple[Claim, ...]:
    """What the text says of a movement, in text order; empty where nothing was understood."""
    found: list[Claim] = []
    joints: list[str] = []
    for clause in clauses(tokens(text)):
        claim = _claim(clause, found)
        if claim is not None and found and _crouches(claim, found[-1], clause.joint):
            found[-1] = _crouched(found[-1], claim)
        elif claim is not None and not _ends_the_one_before(claim, found):
            found.append(claim)
            joints.append(clause.joint)
    orders = _orders(joints)
    return tuple(replace(claim, order=order) for claim, order in zip(found, orders, strict=True))


def _claim(clause: Clause, before: Sequence[Claim]) -> Claim | None:
    head = clause.head or _continued(clause, before)
    if head is None:
        return None
    words = of.start_removed(" ".join(token.word for token in clause.words))
    trigger = _as_meant(head.trigger, words)
    action = ACTIONS.get(trigger.action)
    path = of.path(words) if trigger.action in LOCOMOTION else ""
    bends = path in ("curve", "circle")
    after_turn = any(claim.action == "turn" for claim in before)
    pointing = of.without_sides(words) if bends else words  # the side is the bend's
    direction = of.direction(pointing, trigger, after_turn) if action is None or action.directed else ""
    head_word = clause.words[head.index].word if clause.head else ""
    return Claim(
        action=trigger.action,
        part=trigger.part,
        verb=head.verb,
        side=_side(words, trigger, bends, clause, before),
        direction=direction,
        path=path,
        count=_count(words, head_word, trigger),
        speed=of.speed(words),
        amount=of.amount(words, of.unit_of(trigger.action)),
        negated=clause.negated,
        span=(clause.words[0].start, clause.words[-1].end),
    )


def _crouches(claim: Claim, before: Claim, joint: str) -> bool:
    """Whether two claims are one crouched walk: "crouching down and walking forward"."""
    crouch, walk = (before, claim) if claim.action == "walk" else (claim, before)
    if (walk.action, crouch.action, crouch.verb) != ("walk", "squat", "crouch"):
        return False
    return joint == "while" or (joint == "and" and claim is walk)


def _crouched(before: Claim, claim: Claim) -> Claim:
    walk = claim if claim.action == "walk" else before
    span = (min(before.span[0], claim.span[0]), max(before.span[1], claim.span[1]))
    speed = walk.speed or before.speed or claim.speed
    return replace(walk, action="crouch_walk", speed=speed, span=span)


def _ends_the_one_before(claim: Claim, before: Sequence[Claim]) -> bool:
    """Coming up again belongs to the squat, bow or bend that was done."""
    return claim.action == "stand_up" and bool(before) and before[-1].action in ("squat", "bow", "bend")


def _count(words: str, head: str, trigger: Trigger) -> int | None:
    counted = ACTIONS[trigger.action].counted if trigger.action else "times"
    return of.count(words, head, counted) if counted else None


def _continued(clause: Clause, before: Sequence[Claim]) -> Head | None:
    """The head of an elliptical clause: the way that was being gone ("one back")."""
    if not before or before[-1].action not in LOCOMOTION:
        return None
    return Head(0, Trigger(action=before[-1].action, part="body"), before[-1].verb)


def _as_meant(trigger: Trigger, words: str) -> Trigger:
    """Crouched walking is an action of its own."""
    if trigger.action == "walk" and {"crouched", "crouching", "crouch", "ducked"} & set(words.split()):
        return Trigger(action="crouch_walk", part="body")
    return trigger


def _side(words: str, trigger: Trigger, bends: bool, clause: Clause, before: Sequence[Claim]) -> str:
    if trigger.action == "turn" or bends:
        return of.turning_side(words)
    if trigger.action == "jump":
        return of.limb_side(words, "leg")
    if trigger.action and not ACTIONS[trigger.action].sided:
        return ""
    if trigger.part not in ("arm", "leg"):
        return of.limb_side(words, "leg") if trigger.action == "kneel" else ""
    side = of.limb_side(words, trigger.part)
    pronouns = {"it", "them"} & set(words.split())
    if not side and clause.carried == trigger.part and before and pronouns:
        return before[-1].side or ("both" if "them" in pronouns else "")
    return side


def _orders(joints: Sequence[str]) -> list[int]:
    """Place in time of each claim, from what leads over to it."""
    groups: list[list[int]] = []
    place = -1  # the group of the claim before
    waits = bool(joints) and joints[0] == "before"  # "before X, Y": Y comes first
    for index, joint in enumerate(joints):
        if joint in ("while", "as", "without") and index:
            groups[place].append(index)
        elif (joint == "after" and index) or (waits and index == 1):
            groups.insert(place, [index])
        else:
            groups.append([index])
            place = len(groups) - 1
    orders = [0] * len(joints)
    for order, members in enumerate(groups):
        for index in members:
            orders[index] = order
    return orders
