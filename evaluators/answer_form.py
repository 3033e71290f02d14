"""The form of a language model's answer: the one JSON object that it must hold, or what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from prompts.neutral import encodable, neutral
from schemas.answers import ANSWERS, AnalysisAnswer, Answer, LadderAnswer


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an answer."""

    code: str
    detail: str  # a sentence that the model can be told


_BYTE_ORDER_MARK = "\ufeff"
_THINKS, _THOUGHT = "<think>", "</think>"
_FENCE = re.compile(r"```(?:json)?\s*(\{.*\})\s*```", re.DOTALL | re.IGNORECASE)
_LEAD = re.compile(r"[^{}\[\]]{1,200}?(?=\{|```)")  # such as "Here is the JSON:"
_NO_JSON = ("json_invalid", "string_unicode")  # the second: half of a character
_SHOWN = 3  # places that one fault names


def parse_answer(kind: str, items: int, text: str, finish_reason: str, refusal: str) -> Answer | list[Fault]:
    """An answer's content, or the fault of its form: refusal, cut_off, not_json or schema.

    `kind` is a key of schemas.answers.ANSWERS; `items` is how many analyses or candidates it must hold.
    What a model thinks aloud before its JSON, a line that leads to it and a fence around it are left out;
    nothing may follow.
    """
    if refusal or finish_reason == "content_filter":
        said = f": {short(refusal)}" if refusal else ""
        return [Fault("refusal", f"The request was declined{said}. It is about a body's motion only.")]
    if thought_only(text, finish_reason, refusal):
        return [Fault("cut_off", "There was no room for an answer: answer at once, without thinking.")]
    first: ValidationError | None = None
    for body in _bodies(text):
        try:
            answer = ANSWERS[kind].model_validate_json(body)
        except ValidationError as error:
            if first is None or (_is_no_json(first) and not _is_no_json(error)):
                first = error
            continue
        wrong = _count_fault(answer, items)
        return [wrong] if wrong else answer
    assert first is not None  # there is at least one body
    return [_form_fault(first, finish_reason)]


def thought_only(text: str, finish_reason: str, refusal: str) -> bool:
    """Whether an answer was cut off before it began: all its tokens went into thinking."""
    if refusal or finish_reason != "length":
        return False
    said = _stripped(text)
    if said.startswith(_THINKS) and _THOUGHT not in said:
        return True
    return not said.startswith("{") and not said.rpartition(_THOUGHT)[2].strip()


def short(text: str) -> str:
    """At most 160 characters on one line, without brackets of tags and halves of characters."""
    line = encodable(neutral(text)).rstrip(".")
    return line if len(line) <= 160 else f"{line[:157]}..."


def _stripped(text: str) -> str:
    return text.strip().removeprefix(_BYTE_ORDER_MARK).strip()


def _bodies(text: str) -> Iterator[str]:
    """The text, and what of it may be the JSON object, from the whole to the inner."""
    whole = _stripped(text)
    yield whole
    for said in (whole, _stripped(whole.partition(_THOUGHT)[2])):
        lead = _LEAD.match(said)
        for body in (said, said[lead.end() :] if lead else ""):
            fence = _FENCE.fullmatch(body)
            if fence:
                yield fence[1]
            elif body.startswith("{"):
                yield body


def _is_no_json(error: ValidationError) -> bool:
    return error.errors(include_url=False, include_input=False, include_context=False)[0]["type"] in _NO_JSON


def _form_fault(error: ValidationError, finish_reason: str) -> Fault:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    if finish_reason == "length":
        return Fault("cut_off", "The answer was too long and was cut off: say the same in fewer words.")
    if found[0]["type"] in _NO_JSON:
        return Fault("not_json", f"The answer is not one JSON object: {short(found[0]['msg'])}.")
    places = [
        f"{short('.'.join(map(str, item['loc']))) or 'answer'}: {short(item['msg'])}"
        for item in found[:_SHOWN]
    ]
    return Fault("schema", f"The answer has not the form that is asked for: {'; '.join(places)}.")


def _count_fault(answer: Answer, items: int) -> Fault | None:
    if isinstance(answer, AnalysisAnswer):
        name, count = "analyses", len(answer.analyses)
    elif isinstance(answer, LadderAnswer):
        name, count = "candidates", len(answer.candidates)
    else:
        return None
    if count == items:
        return None
    return Fault("schema", f"{name} must hold exactly {items} items, not {count}.")
