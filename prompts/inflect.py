"""English verb forms and number words, as far as talk about movement needs them."""

from __future__ import annotations

import re
from functools import lru_cache

FORMS = ("base", "third", "gerund")

_DOUBLED = {
    "bob", "chop", "clap", "dip", "drop", "flap", "flip", "get", "grab", "hop", "hug", "hit", "jab", "jog",
    "lap", "nod", "pat", "pin", "put", "rub", "run", "set", "sit", "skip", "slap", "slip", "snap", "spin",
    "step", "stir", "stop", "strum", "swim", "tap", "tip", "trip", "trot", "wag", "cut", "let", "begin",
    "swap", "squat",
}  # fmt: skip
_THIRD = {"be": "is", "have": "has", "do": "does", "go": "goes"}
_GERUND = {"be": "being", "lie": "lying", "tie": "tying", "die": "dying", "tiptoe": "tiptoeing"}
_PAST = {
    "bend": ("bent",), "catch": ("caught",), "do": ("did", "done"), "draw": ("drew", "drawn"),
    "drink": ("drank",), "eat": ("ate", "eaten"), "fall": ("fell", "fallen"), "get": ("got", "gotten"),
    "go": ("went", "gone"), "hit": ("hit",), "hold": ("held",), "keep": ("kept",), "kneel": ("knelt",),
    "lean": ("leant",), "leap": ("leapt",), "lie": ("lay",), "make": ("made",), "put": ("put",),
    "rise": ("rose", "risen"), "run": ("ran",), "set": ("set",), "sit": ("sat",), "spin": ("spun",),
    "stand": ("stood",), "swim": ("swam",), "swing": ("swung",), "take": ("took", "taken"),
    "throw": ("threw", "thrown"), "strike": ("struck",), "creep": ("crept",), "sneak": ("snuck",),
    "bring": ("brought",),
}  # fmt: skip

NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip


@lru_cache(maxsize=4096)
def inflect(verb: str, form: str) -> str:
    """A verb's base, third person or gerund; particles stay: "stand up" -> "standing up"."""
    head, _, rest = verb.partition(" ")
    if form == "third":
        head = _THIRD.get(head) or _third(head)
    elif form == "gerund":
        head = _GERUND.get(head) or _stem(head) + "ing"
    elif form != "base":
        raise ValueError(f"unknown verb form {form!r}: choose one of {', '.join(FORMS)}")
    return f"{head} {rest}" if rest else head


def verb_forms(verb: str) -> frozenset[str]:
    """Every form of a verb of one word that a text may hold, past forms included."""
    stem = _stem(verb)
    regular = stem[:-1] + "ied" if re.search(r"[^aeiou]y$", stem) else stem + "ed"
    past = _PAST.get(verb) or (regular,)
    return frozenset((verb, inflect(verb, "third"), inflect(verb, "gerund"), verb + "s", *past))


def _third(verb: str) -> str:
    if re.search(r"(?:s|sh|ch|x|z|o)$", verb):
        return verb + "es"
    if re.search(r"[^aeiou]y$", verb):
        return verb[:-1] + "ies"
    return verb + "s"


def _stem(verb: str) -> str:
    """What -ing and -ed are put to."""
    if verb.rpartition("-")[2] in _DOUBLED:
        return verb + verb[-1]
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return verb[:-1]
    return verb


def number_word(value: int) -> str:
    """Small numbers as words, others as digits."""
    return NUMBERS[value] if 0 <= value < len(NUMBERS) else str(value)


def plural(noun: str, count: int) -> str:
    """The noun for that many: one step, two steps; irregular only for foot."""
    if count == 1:
        return noun
    return {"foot": "feet"}.get(noun, noun + "s")
