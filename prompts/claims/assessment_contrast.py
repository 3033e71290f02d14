"""Contrasts: "the left hand instead of the right", and in what the two sides of one differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from motion.events import ACTIONS, LOCOMOTION
from prompts.claims.assessment_patterns import content
from prompts.claims.assessment_phrases import Mention, acting, limb_part, mentions
from prompts.claims.assessment_scope import without_place
from prompts.claims.assessment_values import Values, speaks_of, values
from prompts.claims.claim import Claim

Fault = tuple[str, Claim, str, str]  # aspect, action, expected, found

_ORDER = {"slow": 0, "normal": 1, "fast": 2}
_BENDS = re.compile(r"\b(?:bend(?:s|ing)?|curv(?:es?|ing)|veer(?:s|ing)?)\b")
_SIDES = frozenset({"left", "right"})
_DEMAND = re.compile(r"\b(?:should|must|needs? to|ought to|has to)\b")


@dataclass(frozen=True)
class Pair:
    """Words about what was found and what was expected, out of `words`."""

    found: str
    expected: str
    words: str
    found_first: bool = True
    lopsided: bool = False  # one of both is empty, and no value is there
    asked: bool = False  # in an instruction


@cache
def _patterns(name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in content()[name])


_AS_IT_SHOULD = re.compile(r",? (?:just )?as (?:it|they|he|she) should(?: be| do)?\b(?! \w)")
_NEXT = re.compile(r",? (?:followed by|after which|and then)\b|, (?:then|and|with|which)\b")


def contrasted(words: str, asks: bool) -> Pair | None:
    """The contrast in a segment, None for none; with `asks` it is an instruction."""
    words = _AS_IT_SHOULD.sub("", words)
    patterns = _patterns("asked" if asks else "contrasts")
    for pattern in patterns:
        match = pattern.search(words)
        if not match:
            continue
        found, expected = match["f"], match["e"]
        if pattern is patterns[-1]:  # what comes next is no part of what is opposed
            found, expected = (_NEXT.split(found)[0], expected) if asks else (found, _NEXT.split(expected)[0])
        first = match.start("f") < match.start("e")
        # "should involve the left hand, not the right": the demand comes first.
        if not asks and pattern is patterns[-1] and _DEMAND.search(found):
            found, expected = expected, found
            first = not first
        return Pair(found, expected, words, first, asked=asks)
    return None


def faulty(pair: Pair, last: Mention | None) -> Iterator[Fault]:
    """In what the sides of a contrast differ; `last` is the action spoken of before."""
    both = pair.words.startswith("where ")  # "where the figure should wave, it goes ahead"
    found, expected = _done(pair.found, both), _done(pair.expected, both, pair.asked)
    if found and expected and not _share(found, expected):
        for mention in _moves(expected, pair.expected):
            yield "missing", mention.claim, mention.claim.action, "none"
        for mention in _moves(found, pair.found):
            yield "extra", mention.claim, "none", mention.claim.action
        return
    named = mentions(pair.words)
    about = _STEPS.search(pair.words) if not named else None
    claim = named[0].claim if named else last.claim if last and not about else Claim("", "body")
    if about and (last is None or last.claim.action not in LOCOMOTION):
        claim = Claim("walk", "body")
    elif about and last is not None:
        claim = last.claim
    yield from _values(pair, claim, [mention.claim for mention in _nearest(pair, named)])


# "takes three steps, but forward instead of sideways": a way on foot, though no gait is named.
_STEPS = re.compile(r"\bsteps\b")


def _nearest(pair: Pair, named: Sequence[Mention]) -> list[Mention]:
    """The actions of a contrast, those next to it first."""
    inside = mentions(pair.found if pair.found_first else pair.expected)
    return [*reversed(inside), *(mention for mention in named if mention not in inside)]


def _pointing(claim: Claim, near: Sequence[Claim]) -> Claim | None:
    """The action next to the contrast; None where it has no way."""
    one = near[0] if near else claim
    return one if not one.action or ACTIONS[one.action].directed or one.action == "turn" else None


_COMMAND = re.compile(r"^(?:go|move|step|pace|turn|bend)\b")


def _done(words: str, it_acts: bool, asked: bool = False) -> list[Mention]:
    """The actions of one side; "it goes" is one where it stands for somebody, "go" where it is asked."""
    sure = (it_acts and words.startswith("it ")) or (asked and _COMMAND.match(words) is not None)
    return acting(without_place(words, gerunds=True), imperative=sure)


_STAYING = re.compile(r"\b(?:stay|stays|staying|remain|remains|remaining|keep|just|still|only)\b")


def _moves(named: Sequence[Mention], words: str) -> list[Mention]:
    """The actions named; to stay as one is, is none that could be missing or too much."""
    staying = _STAYING.search(words) is not None
    return [one for one in named if one.claim.action != "stand" or not staying]


def _share(one: Sequence[Mention], other: Sequence[Mention]) -> bool:
    return bool({mention.claim.action for mention in one} & {mention.claim.action for mention in other})


T = TypeVar("T")


def _near(pair: Pair, found: Sequence[T], expected: Sequence[T]) -> tuple[T, T] | None:
    """The values next to the contrast, where both sides have one and they differ."""
    if not found or not expected:
        return None
    f, e = (found[-1], expected[0]) if pair.found_first else (found[0], expected[-1])
    return (e, f) if e != f else None


def _values(pair: Pair, claim: Claim, near: Sequence[Claim]) -> Iterator[Fault]:
    f, e = values(pair.found), values(pair.expected)
    if pair.lopsided:
        yield from _one_value(pair, claim)
        return
    named = _speaks_of_limb(pair)
    if sides := _near(pair, _limb_sides(pair.found, f, e, named), _limb_sides(pair.expected, e, f, named)):
        part = _limb_named(pair, f, e)
        whose = next((one for one in near if one.action and limb_part(one.action) == part), claim)
        yield "side", replace(_of_part(whose, part), side=sides[0]), sides[0], sides[1]
        claim = replace(claim, side=sides[0] if claim.side == sides[1] else claim.side)
    if ways := _near(pair, *_ways(pair, f, e, sides)):
        yield from _way(pair, claim, near, ways, sides)
        claim = replace(claim, direction=ways[0] if claim.direction == ways[1] else claim.direction)
    if paths := _near(pair, f.path, e.path):
        yield "path", claim, paths[0], paths[1]
    if amounts := _near(pair, [value for value, _ in f.amount], [value for value, _ in e.amount]):
        yield "amplitude", claim, f"{amounts[0]:g}", f"{amounts[1]:g}"
    elif numbers := _near(pair, [number for number, _ in f.times], [number for number, _ in e.times]):
        yield "count", claim, str(numbers[0]), str(numbers[1])
    if paces := _near(pair, f.speed, e.speed):
        yield "speed", claim, paces[0], "faster" if _ORDER[paces[1]] > _ORDER[paces[0]] else "slower"


def _way(
    pair: Pair, claim: Claim, near: Sequence[Claim], ways: tuple[str, str], sides: tuple[str, str] | None
) -> Iterator[Fault]:
    """Two ways that differ; the side of the limb is the goal's where it differs as well."""
    whose = _pointing(claim, near)
    if whose is None:
        return
    aspect = _way_aspect(whose, pair.words, ways)
    if aspect == "side":
        yield aspect, replace(whose, side=ways[0]), *ways
    else:
        yield aspect, replace(whose, direction=ways[0], side=sides[0] if sides else whose.side), *ways


_ELLIPSIS = re.compile(r"^(?:(?:with|of|on|using) )?(?:the|his|her|their|its) (left|right)(?: one\b.*)?$")
_THE_ONE = re.compile(
    r"\b(?:is|was|with|of|using|on|but|only) (?:the|his|her|their|its) (left|right)(?: one\b|$)"
)


def _limb_sides(words: str, these: Values, those: Values, named: bool) -> list[str]:
    """The sides of limbs on one side of a contrast.

    "the right" is a limb's where the other side has one; with `named`, where a limb is spoken of at all:
    "an arm is raised, but it is the left one instead of the right".
    """
    alone = _ELLIPSIS.match(words.split(",")[0]) if those.limb or named else None
    if alone is None and named and not these.limb:
        alone = _THE_ONE.search(words)
    return [alone[1]] if alone else [side for side, _ in these.limb]


def _speaks_of_limb(pair: Pair) -> bool:
    """Whether "the left one" must be a limb: one is named, and on each side a side stands alone."""
    named = speaks_of("arm", pair.words) or speaks_of("leg", pair.words)
    alone = _THE_ONE.search(pair.found) or _ELLIPSIS.match(pair.found.split(",")[0])
    return named and alone is not None


def _limb_named(pair: Pair, f: Values, e: Values) -> str:
    limb = f.limb or e.limb
    return limb[0][1] if limb else "arm" if speaks_of("arm", pair.words) else "leg"


def _ways(
    pair: Pair, f: Values, e: Values, sides: tuple[str, str] | None
) -> tuple[Sequence[str], Sequence[str]]:
    """The ways on both sides; those that stand for a limb's side are none."""
    alone = sides and any(_ELLIPSIS.match(words.split(",")[0]) for words in (pair.expected, pair.found))
    if alone:
        return (), ()
    bends = f.path and f.path[-1] in ("curve", "circle") and not _SIDES & set(e.way)
    return [way for way in f.way if not (bends and way in _SIDES)], e.way


def _one_value(pair: Pair, claim: Claim) -> Iterator[Fault]:
    """A value that the other side has not."""
    said = values(pair.expected or pair.found)
    kinds: list[tuple[str, Sequence[str]]] = [
        ("side", [side for side, _ in said.limb]),
        (_way_aspect(claim, pair.words, said.way[:1]), said.way),
        ("path", said.path),
        ("count", [str(number) for number, _ in said.times]),
        ("speed", said.speed),
    ]
    for aspect, found in kinds:
        if not found:
            continue
        expected = found[0] if pair.expected else ""
        if aspect in ("side", "direction"):  # of the goal's action
            claim = replace(claim, side=expected) if aspect == "side" else replace(claim, direction=expected)
        yield aspect, claim, expected or "none", "none" if expected else found[0]
        return


def _way_aspect(claim: Claim, words: str, ways: Sequence[str]) -> str:
    """Left and right are the side of a turn and of a bend, otherwise directions."""
    bends = claim.action in LOCOMOTION and _BENDS.search(words) and set(ways) <= _SIDES
    return "side" if claim.action == "turn" or bends else "direction"


def _of_part(claim: Claim, part: str) -> Claim:
    """The claim, of no action where the limb is not that of the action."""
    whole = claim.action not in ("", "turn", *LOCOMOTION) and ACTIONS[claim.action].part == "body"
    if claim.action and (limb_part(claim.action) == part or whole):
        return claim
    return Claim("", part) if claim.action else replace(claim, part=part)
