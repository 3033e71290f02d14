"""What is sent for a request, and the key that its answer lies under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from prompts.requests import Request, estimate_input, key_material, max_tokens
from schemas.answers import json_schema
from schemas.ledger import request_key
from schemas.llm_settings import LIMIT, LlmSettings, limit_name


@dataclass(frozen=True)
class Asked:
    """A request to a certain model, in the form that determines its answer."""

    key: str  # of the ledger
    material: Mapping[str, Any]  # that the key is the hash of
    max_tokens: int  # of the answer

    def body(self, base_url: str) -> dict[str, Any]:
        """The body of the chat request; all of it follows from the material, but for the limit's name.

        That is the endpoint's, so that answers count wherever they were given.
        """
        sampling = self.material["sampling"]
        schema = {"name": "answer", "strict": True, "schema": self.material["schema"]}
        return {
            "model": self.material["model"],
            "messages": self.material["messages"],
            "response_format": {"type": "json_schema", "json_schema": schema},
            **{limit_name(base_url) if name == LIMIT else name: value for name, value in sampling.items()},
        }

    def input_tokens(self) -> int:
        """About how many tokens the messages have, by the plan's method."""
        system = [message["content"] for message in self.material["messages"] if message["role"] == "system"]
        others = [message for message in self.material["messages"] if message["role"] != "system"]
        return estimate_input(others) + sum(_system_tokens(text) for text in system)


def asked(settings: LlmSettings, request: Request) -> Asked:
    """A request as it is asked with some settings."""
    most = max_tokens(request, settings.max_tokens)
    schema = json_schema(request.kind)
    material = key_material(request, settings.model, settings.sampling(most), schema)
    return Asked(request_key(material), material, most)


def asks_again(material: Mapping[str, Any]) -> bool:
    """Whether a request holds an answer that failed, and names its faults."""
    return any(message["role"] == "assistant" for message in material["messages"])


@lru_cache(maxsize=64)
def _system_tokens(text: str) -> int:
    """Of the few texts that most of the requests begin with."""
    return estimate_input([{"role": "system", "content": text}]) - estimate_input([])
