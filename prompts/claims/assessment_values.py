"""What words of an assessment say besides an action: sides, ways, paths, speeds, numbers, amounts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property, lru_cache

from prompts.claims.assessment_patterns import content
from prompts.inflect import NUMBERS

_PARTS = {
    "arm": r"arms?|hands?|elbows?|wrists?|palms?|fists?|forearms?|handed",
    "leg": r"legs?|foot|feet|knees?|thighs?|heels?|footed",
}
_LIMBS = {
    part: re.compile(
        rf"\b(left|right|both|two)(?:[- ](?:and (?:the )?(?:right|left) )?)(?:{names})\b(?! side)"
    )
    for part, names in _PARTS.items()
}
_LIMB_AT_ALL = {part: re.compile(rf"\b(?:{names})\b") for part, names in _PARTS.items()}
# Left and right that are no sides: "is left out", "is right", "in the right order".
_NO_SIDES = re.compile(
    r"\bleft (?:out|over|undone)\b|\b(?:are|is|be) left\b(?!-)|"
    r"\b(?:is|are|be|out|just|all|quite|nearly|almost|something) right\b"
    r"(?!-| (?:arm|hand|leg|foot|knee|fist|elbow|side))|"
    r"\bright (?:order|sequence|place|number|way|direction|size|pace|speed|amount|count)\b|"
    r"\bright (?:away|at|before|after)\b"
)
_NUMBER = "|".join(NUMBERS)
_TIMES = re.compile(
    rf"\b(?:(\d+|{_NUMBER})( more)? (steps?|times?|degrees?|met(?:re|er)s?|centimetres?|cm)|"
    r"(once|twice)(?! more| too))\b"
)
_DECIMAL = re.compile(r"\b(\d+(?:\.\d+)?) ?(degrees?|°|met(?:re|er)s?|m|centimet(?:re|er)s?|cm)\b")
_NOT_NUMBER = (  # "one arm", "one sees": no number of times
    r"arm|hand|leg|foot|knee|fist|side|would|sees|can|could|recogni[sz]es|misses|looks|"
    r"\w*(?:seconds?|metres?|degrees?|centimetres?)"
)
_BARE_NUMBER = re.compile(
    rf"(?<![\d.])(?<!left )(?<!right )\b(\d+|{_NUMBER})\b(?! (?:{_NOT_NUMBER})\b)(?!\.\d)"
)


class Values:
    """The values that lower-case words hold, each kind read when it is asked for, first to last."""

    def __init__(self, words: str) -> None:
        self._words = _NO_SIDES.sub(_blank, words) if "left" in words or "right" in words else words

    @cached_property
    def limb(self) -> tuple[tuple[str, str], ...]:
        """Sides of limbs, each with its part of the body."""
        found: list[tuple[int, str, str]] = []
        if not any(side in self._words for side in ("left", "right", "both", "two")):
            return ()
        for part, pattern in _LIMBS.items():
            for match in pattern.finditer(self._words):
                side = "both" if match[1] in ("both", "two") or " and " in match[0] else match[1]
                found.append((match.start(), side, part))
        return tuple((side, part) for _, side, part in sorted(found))

    @cached_property
    def _rest(self) -> str:
        """The words without limbs and their sides."""
        rest = self._words
        for pattern in _LIMBS.values():
            rest = pattern.sub(_blank, rest)
        return rest

    @cached_property
    def way(self) -> tuple[str, ...]:
        """Directions, and sides that are not those of limbs."""
        return _words("ways", self._rest)

    @cached_property
    def path(self) -> tuple[str, ...]:
        """Shapes of a way."""
        return _words("paths", self._rest)

    @cached_property
    def speed(self) -> tuple[str, ...]:
        """slow, normal or fast."""
        return _words("speeds", self._rest)

    @cached_property
    def times(self) -> tuple[tuple[int, str], ...]:
        """Numbers that have no unit of measure, with "steps", "times" or "" behind them."""
        return tuple(_numbers(_DECIMAL.sub(_blank, self._rest)))

    @cached_property
    def amount(self) -> tuple[tuple[float, str], ...]:
        """Numbers with their unit, "degrees" or "metres"."""
        found = [(float(match[1]), _unit(match[2])) for match in _DECIMAL.finditer(self._rest)]
        return tuple((value / 100, "metres") if unit == "cm" else (value, unit) for value, unit in found)


@lru_cache(maxsize=8192)
def values(text: str) -> Values:
    """The values of lower-case words."""
    return Values(text)


def speaks_of(part: str, words: str) -> bool:
    """Whether lower-case words name a limb of that part, arm or leg."""
    return _LIMB_AT_ALL[part].search(words) is not None


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _unit(word: str) -> str:
    return "degrees" if word[0] in "d°" else "cm" if word[0] == "c" else "metres"


def _numbers(text: str) -> list[tuple[int, str]]:
    found: list[tuple[int, int, str]] = []
    for match in _TIMES.finditer(text):
        if match[4]:
            found.append((match.start(), 1 if match[4] == "once" else 2, "times"))
        elif match[3].startswith(("step", "time")) and not match[2]:
            found.append((match.start(), _value(match[1]), "steps" if match[3][0] == "s" else "times"))
    rest = _TIMES.sub(lambda m: " " * len(m[0]), text)
    found += [(match.start(), _value(match[1]), "") for match in _BARE_NUMBER.finditer(rest)]
    return [(number, kind) for _, number, kind in sorted(found)]


def _value(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS.index(word)


@cache
def _named(kind: str) -> re.Pattern[str]:
    table: Mapping[str, str] = content()[kind]
    names = "|".join(f"(?P<{name}>{pattern})" for name, pattern in table.items())
    return re.compile(rf"(?<![\w-])(?:{names})(?!\w)")


def _words(kind: str, text: str) -> tuple[str, ...]:
    return tuple(str(match.lastgroup) for match in _named(kind).finditer(text))
