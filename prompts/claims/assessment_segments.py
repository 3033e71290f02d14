"""Texts of assessments cut into segments: one thing that is said, in lower case, at its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from prompts.claims.assessment_patterns import content, expanded
from prompts.claims.assessment_phrases import acting
from prompts.claims.assessment_scope import without_idle


@dataclass(frozen=True)
class Segment:
    """Lower-case words without what tells only the time, and text[start:end] where they stand."""

    text: str
    start: int
    end: int


_SENTENCE = re.compile(r"[.!?]+(?=\s|$|[\"'”’)])|\n+")
_GLUE = re.compile(
    r";|, (?:and|while)(?= (?!(?:then|after that|finally|not(?! once))\b))|"
    r", but(?= )|(?:, |\s)(?:however|instead),|\s(?=but (?:fails|does not|lacks|omits|misses|it)\b)"
)
_CONTINUES = re.compile(
    r"^,?\s*but .*\bshould\b|"
    r"^,?\s*(?:and |while |but )?(?:it|he|she|they|this|that|only|"
    r"the (?:goal|prompt|text|request|caption))\b.*"
    r"\b(?:should|must|asks|wants|calls|requires|specif(?:ies|ied)|has|bends|describes)\b"
)
_LINK = re.compile(
    r"^[\s,;:]*(?:(?:and|while|but|however|yet|still|moreover|also|furthermore|besides|likewise|further|"
    r"nevertheless|unfortunately|added to this|at the same time|in addition|instead(?! of)|then|next|"
    r"all the same|for all that|on top of that|what is more|apart from that|beyond that|another point|"
    r"as another fault|the trouble|additionally|similarly|specifically|overall)\b[\s,:]*)+"
)
_MARKS = re.compile(r"[\"“”()*_\[\]]|(?<!\w)'|'(?!\w)|’(?!\w)")


@cache
def _times() -> re.Pattern[str]:
    return re.compile("|".join(content()["times"]))


@cache
def _alone() -> re.Pattern[str]:
    """What stands for itself although it names no action: faults of quality and of order."""
    patterns = [*content()["quality"].values(), content()["orders"][-1], content()["asked_orders"][-1]]
    return re.compile(expanded("|".join(patterns)))


def segments(text: str, asks: bool) -> list[Segment]:
    """The segments of a text in text order; with `asks` it is an instruction."""
    plain = _MARKS.sub(" ", text.lower()) if len(text.lower()) == len(text) else _MARKS.sub(" ", text)
    plain = without_idle(plain.replace("’", "'"))
    plain = _times().sub(lambda match: " " * len(match[0]), plain)
    found: list[Segment] = []
    begin = 0
    for stop in [*_SENTENCE.finditer(plain), None]:
        end = stop.start() if stop else len(plain)
        found += _of_sentence(plain, begin, end, asks)
        begin = stop.end() if stop else end
    return found


def _of_sentence(text: str, begin: int, end: int, asks: bool) -> list[Segment]:
    cuts = [begin, *(match.start() for match in _GLUE.finditer(text, begin, end)), end]
    pieces = [(a, b) for a, b in pairwise(cuts) if text[a:b].strip(" ,;")]
    joined: list[tuple[int, int]] = []
    for a, b in pieces:
        if joined and _continues(text[a:b]):
            joined[-1] = (joined[-1][0], b)
        else:
            joined.append((a, b))
    return [segment for a, b in joined if (segment := _segment(text, a, b)).text]


def _continues(words: str) -> bool:
    """Whether words go on with what was said before them."""
    if _CONTINUES.match(words):
        return True
    link = _LINK.match(words)
    said = _plain(words[link.end() :] if link else words)
    return not acting(said) and not _alone().search(words)


def _segment(text: str, start: int, end: int) -> Segment:
    link = _LINK.match(text[start:end])
    start += link.end() if link else 0
    while start < end and text[start] in " ,;:\n":
        start += 1
    while end > start and text[end - 1] in " ,;:\n":
        end -= 1
    return Segment(_plain(text[start:end]), start, end)


def _plain(words: str) -> str:
    """Single spaces, none before stops, none at the ends."""
    return re.sub(r" +([,;:])", r"\1", " ".join(words.split())).strip(" ,;:")
