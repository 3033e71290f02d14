"""Text of others made harmless: control tags lose their brackets, white space is single."""

from __future__ import annotations

import re

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


def neutral(text: str) -> str:
    """The text on one line, stripped, without control tags; readable and idempotent.

    `</think>` becomes `think`, `<Motion_3>` becomes `Motion_3`, `<|im_end|>` becomes `im_end`.
    """
    text = " ".join(text.split())
    while True:  # a tag inside a tag shows when the inner one is gone
        plain = " ".join(_SPECIAL.sub(r"\1", _TAG.sub(r"\1", text)).split())
        if plain == text:
            return text
        text = plain
