"""The texts of a language model's answer by themselves: plain English prose, or what is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluators.annotation_checks import about_texts
from evaluators.answer_form import Fault
from evaluators.english import is_english
from prompts.neutral import neutral


@dataclass(frozen=True)
class Limit:
    """How many words a text may have."""

    least: int
    most: int


# Wide: the prompts ask for 1 to 4 sentences, and many differences need many words.
LIMITS = {"analysis": Limit(3, 150), "assessment": Limit(3, 240), "refinement": Limit(2, 200)}

_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")  # control, format, half of a character, without a meaning
_MARKUP = re.compile(r"[<>\[\]{}`]|\*\*|://|^\s*(?:[-*•]|\d+\.(?!\d))", re.MULTILINE)
_ABOUT_SELF = re.compile(
    r"\b(?:as an? (?:ai|assistant)|(?:ai|language) (?:model|assistant)|chat ?(?:bot|gpt)|openai|my training"
    r"|i(?:['’]m| am)|i(?:['’]ll|['’]d|['’]ve)? (?:can|could|can ?not|can['’]t|do|don['’]t|will|would|must"
    r"|have|see|think|apologi[sz]e|assume|understand)|we (?:can['’]t|can ?not))(?!\w)"
    r"|(?:\A|[.!?:]\s+)[\"'“‘]?sorry,",
    re.IGNORECASE,
)
_ABOUT_DATA = re.compile(
    r"\b(?:(?:the|given|provided|listed|input) (?:data|json|facts|measurements?|annotations?)|json|datasets?"
    r"|measured (?:facts|data|differences?|events?|values?)"
    r"|according to the (?:list|facts|data|measures?)|ground[ -]truth"
    r"|as (?:it )?(?:is |was )?(?:described|stated|listed|requested|given)"
    r"|the (?:user|assistant|requests?|instructions?)|attempt \d+)\b",
    re.IGNORECASE,
)
# The prompts' own labels. In small letters they are words as any other.
_LABEL = re.compile(r"\b(?:WANTED|ATTEMPT|CALLED|DEPARTURES|RIGHT MOTION|MOTION(?=\s*[,:]))(?!\w)")


def text_faults(name: str, text: str) -> list[Fault]:
    """What is wrong with a text by itself; `name` is analysis, assessment or refinement.

    Codes: empty, control_characters, control_tags, markup, too_short, too_long, language, about_texts,
    about_self. Lines count: a list is known by how its lines begin.
    """
    if not text.strip():
        return [Fault("empty", f"The {name} is empty.")]
    plain = tidy(text)
    unseen = _unseen(plain)
    if unseen:
        return [Fault("control_characters", f"The {name} holds the character U+{ord(unseen):04X}.")]
    faults = list(_marks(name, text, plain))
    words, limit = len(plain.split()), LIMITS[name]
    if words < limit.least:
        faults.append(Fault("too_short", f"The {name} has {words} words; write a whole sentence."))
    if words > limit.most:
        faults.append(Fault("too_long", f"The {name} has {words} words; at most {limit.most} are allowed."))
    if not is_english(plain):
        faults.append(Fault("language", f"The {name} is not in English."))
    return [*faults, *_talk(name, plain)]


def tidy(text: str) -> str:
    """On one line. Where that has no fault, `neutral` changes nothing any more."""
    return " ".join(text.split())


def _marks(name: str, text: str, plain: str) -> Iterator[Fault]:
    if neutral(plain) != plain:
        yield Fault("control_tags", f"The {name} holds a tag in brackets: write plain sentences.")
        return
    mark = _MARKUP.search(text)
    if mark:
        yield Fault("markup", f'The {name} holds "{mark[0].strip()}": write plain sentences.')


def _talk(name: str, text: str) -> Iterator[Fault]:
    data = _ABOUT_DATA.search(text) or _LABEL.search(text)
    word = about_texts(text) or (data[0] if data else "")
    if word:
        yield Fault("about_texts", f'The {name} speaks of "{word}"; speak of the motion only.')
    myself = _ABOUT_SELF.search(text)
    if myself:
        said = myself[0].lstrip(".!?: ")
        yield Fault("about_self", f'The {name} speaks of its writer ("{said}"); speak of the motion only.')


def _unseen(text: str) -> str:
    """The first character of a text that nobody sees, or that is none."""
    if text.isprintable():
        return ""
    return next((sign for sign in text if unicodedata.category(sign) in _UNSEEN), "")


def wordings_alike(analyses: Sequence[str]) -> list[Fault]:
    """Analyses that say the same in the same words, whatever their case and punctuation."""
    seen: dict[tuple[str, ...], int] = {}
    faults = []
    for number, text in enumerate(analyses, 1):
        words = tuple(re.findall(r"\w+", text.lower()))
        first = seen.setdefault(words, number)
        if first != number:
            detail = f"Analyses {first} and {number} are the same: word each of them differently."
            faults.append(Fault("wordings_alike", detail))
    return faults
