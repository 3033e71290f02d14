"""Text of others made harmless: control tags lose their brackets, white space is single."""

from __future__ import annotations

import re
import unicodedata

CONTROL_WORDS = (
    "think",
    "answer",
    "plan",
    "analyze",
    "generate",
    "assess",
    "motion",
    "bos",
    "eos",
    "pad",
    "unk",
    "mask",
    "s",
    "start_of_turn",
    "end_of_turn",
)

_WORDS = "|".join(CONTROL_WORDS)
# Spaces inside count as well: a reader's or a tokenizer's normalisation may drop them.
_TAG = re.compile(rf"[<\[]\s*/?\s*((?:{_WORDS})(?:_\d+)?)\s*/?\s*[>\]]", re.IGNORECASE)
_SPECIAL = re.compile(r"<\s*\|([^<>|]*)\|\s*>")


def encodable(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair, which no file or request can hold.

    JSON can spell such halves, so they come out of answers and messages of errors.
    """
    return text.encode(errors="replace").decode()


def neutral(text: str) -> str:
    """The text on one line, stripped, without control tags; readable and idempotent.

    `</think>` becomes `think`, `<Motion_3>` becomes `Motion_3`, `<|im_end|>` becomes `im_end`. Where a tag
    is hidden, by other forms of its letters or by characters that nobody sees, the text becomes its NFKC
    form without such characters first; any other text keeps its characters.
    """
    text = _without_tags(text)
    while not text.isascii():
        shown = _shown(text)
        plain = _without_tags(shown)
        if plain == " ".join(shown.split()):
            break
        text = plain
    return text


def _shown(text: str) -> str:
    """What a reader or a tokenizer may make of a text: NFKC without format characters."""
    normal = unicodedata.normalize("NFKC", text)
    return "".join(character for character in normal if unicodedata.category(character) != "Cf")


def _without_tags(text: str) -> str:
    text = " ".join(text.split())
    while True:  # a tag inside a tag shows when the inner one is gone
        plain = " ".join(_SPECIAL.sub(r"\1", _TAG.sub(r"\1", text)).split())
        if plain == text:
            return text
        text = plain
