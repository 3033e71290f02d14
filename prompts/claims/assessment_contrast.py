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
from prompts.claims.assessment_values import Values, values
from prompts.claims.claim import Claim

Fault = tuple[str, Claim, str, str]  # aspect, action, expected, found

_ORDER = {"slow": 0, "normal": 1, "fast": 2}
_BENDS = re.compile(r"\b(?:bends?|curves?|veers?)\b")
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


def contrasted(words: str, asks: bool) -> Pair | None:
    """The contrast in a segment, None for none; with `asks` it is an instruction."""
    patterns = _patterns("asked" if asks else "contrasts")
    for pattern in patterns:
        match = pattern.search(words)
        if not match:
            continue
        found, expected = match["f"], match["e"]
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
        for mention in expected:
            yield "missing", mention.claim, mention.claim.action, "none"
        for mention in found:
            yield "extra", mention.claim, "none", mention.claim.action
        return
    named = mentions(pair.words)
    claim = named[0].claim if named else last.claim if last else Claim("", "body")
    yield from _values(pair, claim)


_COMMAND = re.compile(r"^(?:go|move|step|pace|turn|bend)\b")


def _done(words: str, it_acts: bool, asked: bool = False) -> list[Mention]:
    """The actions of one side; "it goes" is one where it stands for somebody, "go" where it is asked."""
    sure = (it_acts and words.startswith("it ")) or (asked and _COMMAND.match(words) is not None)
    return acting(words, imperative=sure)


def _share(one: Sequence[Mention], other: Sequence[Mention]) -> bool:
    return bool({mention.claim.action for mention in one} & {mention.claim.action for mention in other})


T = TypeVar("T")


def _near(pair: Pair, found: Sequence[T], expected: Sequence[T]) -> tuple[T, T] | None:
    """The values next to the contrast, where both sides have one and they differ."""
    if not found or not expected:
        return None
    f, e = (found[-1], expected[0]) if pair.found_first else (found[0], expected[-1])
    return (e, f) if e != f else None


def _values(pair: Pair, claim: Claim) -> Iterator[Fault]:
    f, e = values(pair.found), values(pair.expected)
    if pair.lopsided:
        yield from _one_value(pair, claim)
        return
    if sides := _near(pair, _limb_sides(pair.found, f, e), _limb_sides(pair.expected, e, f)):
        part = (f.limb or e.limb)[0][1]
        yield "side", replace(_of_part(claim, part), side=sides[0]), sides[0], sides[1]
    if ways := _near(pair, f.way, e.way):
        aspect = _way_aspect(claim, pair.words, ways)
        changed = replace(claim, side=ways[0]) if aspect == "side" else replace(claim, direction=ways[0])
        yield aspect, changed, ways[0], ways[1]
    if paths := _near(pair, f.path, e.path):
        yield "path", claim, paths[0], paths[1]
    if amounts := _near(pair, [value for value, _ in f.amount], [value for value, _ in e.amount]):
        yield "amplitude", claim, f"{amounts[0]:g}", f"{amounts[1]:g}"
    elif numbers := _near(pair, [number for number, _ in f.times], [number for number, _ in e.times]):
        yield "count", claim, str(numbers[0]), str(numbers[1])
    if paces := _near(pair, f.speed, e.speed):
        yield "speed", claim, paces[0], "faster" if _ORDER[paces[1]] > _ORDER[paces[0]] else "slower"


_ELLIPSIS = re.compile(r"^(?:(?:with|of|using) )?(?:the|his|her|their) (left|right)(?: one)?$")


def _limb_sides(words: str, these: Values, those: Values) -> list[str]:
    """The sides of limbs on one side of a contrast; "the right" is a limb's where the other side has one."""
    alone = _ELLIPSIS.match(words) if those.limb else None
    return [alone[1]] if alone else [side for side, _ in these.limb]


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
    if claim.action and (limb_part(claim.action) == part or ACTIONS[claim.action].part == "body"):
        return claim
    return Claim("", part) if claim.action else replace(claim, part=part)
