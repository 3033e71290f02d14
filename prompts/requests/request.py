"""A request to a language model: everything that determines its answer, but the model and the sampling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from motion.events import Difference

if TYPE_CHECKING:
    from motion.facts import Facts

Message = dict[str, str]  # role (system, user, assistant), content


@dataclass(frozen=True)
class Shown:
    """A candidate as a request shows it."""

    facts: Facts
    caption: str  # of the motion that was retrieved, or empty
    differences: tuple[Difference, ...]  # from the goal


@dataclass(frozen=True)
class Request:
    """One request: its kind is a key of schemas.answers.ANSWERS."""

    kind: str
    messages: tuple[tuple[str, str], ...]  # (role, content)
    template: str  # digest of the kind's template
    items: int  # analyses or candidates that the answer must hold; 1 for one motion
    answers: int  # motions or analyses that the answer speaks of: what its length grows with

    def as_messages(self) -> list[Message]:
        """The messages in the form of the chat interface."""
        return [{"role": role, "content": content} for role, content in self.messages]


def key_material(
    request: Request, model: str, sampling: dict[str, Any], schema: dict[str, Any]
) -> dict[str, Any]:
    """Everything that determines an answer, for the ledger's key."""
    return {
        "template": request.template,
        "model": model,
        "sampling": sampling,
        "schema": schema,
        "messages": request.as_messages(),
    }


def texts(messages: Sequence[Message]) -> str:
    """All that the model reads, in one text."""
    return "\n".join(message["content"] for message in messages)
