"""assessment.yaml: its patterns as regular expressions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from prompts.inflect import verb_forms
from prompts.resources import load

_VERB = re.compile(r"(?<!\?P)<\(?(?:\?:)?([a-z|]+)\)?>")
_MACRO = re.compile(r"\{([a-z]+)\}")


@cache
def content() -> Mapping[str, Any]:
    """assessment.yaml."""
    return load("claims", "assessment.yaml")


def expanded(pattern: str) -> str:
    """A pattern of assessment.yaml as a regular expression: macros and verbs written out."""
    macros: Mapping[str, str] = content()["macros"]
    while match := _MACRO.search(pattern):
        pattern = pattern[: match.start()] + macros[match[1]] + pattern[match.end() :]
    return _VERB.sub(lambda match: _forms(match[1]), pattern)


def _forms(verbs: str) -> str:
    forms = sorted({form for verb in verbs.split("|") for form in verb_forms(verb)}, key=len, reverse=True)
    return f"(?:{'|'.join(forms)})"
