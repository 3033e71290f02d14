"""Chat completions of the fake endpoint: a request understood, and the body that answers it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipelines.fake_llm.answers import answer, asked_for
from pipelines.fake_llm.behaviour import Behaviour
from pipelines.fake_llm.books import messages_digest
from pipelines.fake_llm.faults import ANSWER, Said, drawn, spoil

if TYPE_CHECKING:
    from prompts.requests import Message


@dataclass(frozen=True)
class Asked:
    """A chat request as it was understood."""

    body: Mapping[str, Any]
    digest: str  # of its messages
    kind: str  # analysis, motion, ladder or text


@dataclass(frozen=True)
class Completion:
    """What a chat request gets: the body of the response, and what is counted of it."""

    body: dict[str, Any]
    tokens: tuple[int, int]  # of the prompt and of the answer
    fault: str  # in the answer; empty: none
    read: bool  # the prompt was read, and the answer comes from what it shows


def understand(body: Any) -> Asked:
    """A chat request out of its body; ValueError says what OpenAI's interface would not take."""
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        raise ValueError("you must provide a model parameter")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ValueError("'messages' must be a list that is not empty")
    if not all(isinstance(message, dict) and isinstance(message.get("content"), str) for message in messages):
        raise ValueError("each of 'messages' must be an object whose content is a text")
    if body.get("stream"):
        raise ValueError("'stream' is not supported here")
    return Asked(body, messages_digest(messages), asked_for(body))


def complete(asked: Asked, behaviour: Behaviour, number: int, created: int) -> Completion:
    """The answer to a chat request. `number` names it, `created` is its Unix time in seconds."""
    said, read = _said(asked, behaviour)
    prompt = _prompt_tokens(asked.body["messages"])
    said, used = _limited(said, asked.body)
    message: dict[str, Any] = {"role": "assistant", "content": said.text, "refusal": None, "annotations": []}
    if said.refusal:
        message.update(content=None, refusal=said.refusal)
    choice = {"index": 0, "message": message, "finish_reason": said.finish_reason, "logprobs": None}
    usage = {"prompt_tokens": prompt, "completion_tokens": used, "total_tokens": prompt + used}
    body = {
        "id": f"chatcmpl-{number:08d}",
        "object": "chat.completion",
        "created": created,
        "model": asked.body["model"],
        "choices": [choice],
        "usage": usage,
        "system_fingerprint": "fp_irmogen_fake",
    }
    return Completion(body, (prompt, used), said.fault, read)


def _said(asked: Asked, behaviour: Behaviour) -> tuple[Said, bool]:
    """The text that answers, with its fault if it meets one, and whether the prompt was read."""
    found = answer(asked.body["messages"], asked.kind)
    fault = drawn(behaviour.faults, ANSWER, behaviour.seed, "answer", asked.digest)
    if isinstance(found.content, str) or not fault:
        return Said(found.text()), found.read
    return spoil(fault, found.content, found.untrue), found.read


def _prompt_tokens(messages: Sequence[Message]) -> int:
    from prompts.requests import estimate_input

    return _instruction_tokens(messages[0]["content"]) + estimate_input(messages[1:])


@lru_cache(maxsize=64)
def _instruction_tokens(text: str) -> int:
    """Tokens of the first message, which is the same in many requests."""
    from prompts.requests import estimate_input

    return estimate_input([{"role": "system", "content": text}]) - estimate_input([])


def _limited(said: Said, body: Mapping[str, Any]) -> tuple[Said, int]:
    """The answer within the request's limit of tokens, and its tokens."""
    from prompts.requests import estimate_tokens

    used = estimate_tokens(said.text or said.refusal)
    most = body.get("max_completion_tokens") or body.get("max_tokens") or used
    if used <= most:
        return said, used
    return Said(said.text[: len(said.text) * most // used], "length", said.refusal, said.fault), most


def error_body(message: str, kind: str, code: str | None = None) -> dict[str, Any]:
    """An error in OpenAI's form."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def dumped(value: Any) -> bytes:
    """JSON as it goes over the wire."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
