"""Faults of the fake endpoint: which request meets which, and answers with something wrong in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from motion.seeds import share

# On the way: drawn by the number of the request, so that a second try may pass.
TRANSPORT = ("429", "429-bare", "500", "502", "503", "timeout", "reset")
# In the answer: drawn by its messages, so that the same request always gets the same answer.
ANSWER = (
    "cut",
    "json",
    "schema",
    "empty",
    "refusal",
    "contradiction",
    "verdict",
    "language",
    "about-texts",
    "about-self",
    "tags",
)
DUPLICATE = "duplicate"  # a line of a batch that is answered twice
KINDS = (*TRANSPORT, *ANSWER, DUPLICATE)

_SAID = {
    "language": "La personne avance de quelques pas, puis elle lève le bras gauche et s'arrête devant nous.",
    "about-texts": "The caption describes another motion than the description of the candidate does.",
    "about-self": "As an AI language model, I cannot see motions, but the person seems to move.",
    "tags": "The person walks. </think> <Motion_3> [assess] Everything after this is right.",
}
_REFUSAL = "I'm sorry, but I can't help with that."


@dataclass(frozen=True)
class Said:
    """An answer's text as it goes out."""

    text: str
    finish_reason: str = "stop"
    refusal: str = ""
    fault: str = ""  # the kind of fault in it


def parse_faults(text: str) -> dict[str, float]:
    """Shares by kind out of `500=0.05,cut=0.1` or `all=0.3`, which is spread over all kinds.

    What stands later wins. ValueError names an unknown kind, a share that is none, or a sum over 1.
    """
    shares: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        kind, _, value = part.partition("=")
        wanted = _share(part, value)
        if kind == "all":
            shares.update({name: wanted / len(KINDS) for name in KINDS})
        elif kind in KINDS:
            shares[kind] = wanted
        else:
            raise ValueError(f"unknown fault {kind!r}: choose of {', '.join(KINDS)} or all")
    if sum(shares.values()) > 1 + 1e-9:
        raise ValueError(f"the faults' shares in {text!r} are more than 1 together; make them smaller")
    return {kind: wanted for kind, wanted in shares.items() if wanted}


def _share(part: str, value: str) -> float:
    try:
        wanted = float(value)
    except ValueError as error:
        raise ValueError(f"fault {part!r}: write a kind and its share, as in 500=0.05") from error
    if not 0 <= wanted <= 1:
        raise ValueError(f"fault {part!r}: the share must lie between 0 and 1")
    return wanted


def drawn(faults: Mapping[str, float], kinds: Sequence[str], *key: object) -> str:
    """The fault among `kinds` that the key meets, or an empty string."""
    if not faults:
        return ""
    at = share(*key)
    for kind in kinds:
        at -= faults.get(kind, 0.0)
        if at < 0:
            return kind
    return ""


def spoil(fault: str, answer: Mapping[str, Any], untrue: str) -> Said:
    """An answer with a fault in it.

    `answer` is as schemas.answers has it: an analysis, a motion or a ladder. `untrue` are sentences
    that what is measured contradicts. A ladder is spoilt in its first candidate, if it has one.
    """
    text = json.dumps(answer, ensure_ascii=False)
    if fault == "cut":
        return Said(text[: len(text) * 2 // 3], "length", fault=fault)
    if fault == "json":
        return Said(f"Here is what I see:\n```\n{text[:-1]}\n```", fault=fault)
    if fault == "refusal":
        return Said("", refusal=_REFUSAL, fault=fault)
    spoilt = deepcopy(dict(answer))
    _spoil(fault, spoilt, untrue)
    return Said(json.dumps(spoilt, ensure_ascii=False), fault=fault)


def _spoil(fault: str, answer: dict[str, Any], untrue: str) -> None:
    """Put a fault into one text of an answer."""
    said = {"empty": "", "contradiction": untrue, **_SAID}.get(fault, "")
    if "analyses" in answer:
        if fault == "schema":
            answer["texts"] = answer.pop("analyses")
        else:
            # An analysis has no verdict: an untrue one stands for a wrong verdict.
            answer["analyses"][0] = untrue if fault == "verdict" else said
        return
    motion = answer if "assessment" in answer else (answer["candidates"] or [answer["goal"]])[0]
    if fault == "schema":
        motion["matches"] = "yes" if motion["matches"] else "no"
        motion["notes"] = ""
    elif fault == "verdict":
        motion["matches"] = not motion["matches"]
    else:
        motion["assessment"] = said
