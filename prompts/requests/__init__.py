"""Requests to language models: prompts out of template files, with captions and measured facts."""

from __future__ import annotations

from prompts.requests.estimate import estimate_input, estimate_output, estimate_tokens
from prompts.requests.reading import ReadCandidate, ReadRequest, read_request
from prompts.requests.render import (
    REQUESTS_VERSION,
    again,
    analysis_request,
    candidate_request,
    goal_request,
    ladder_request,
    max_tokens,
    requests_digest,
)
from prompts.requests.request import Message, Request, Shown, key_material

__all__ = [
    "REQUESTS_VERSION",
    "Message",
    "ReadCandidate",
    "ReadRequest",
    "Request",
    "Shown",
    "again",
    "analysis_request",
    "candidate_request",
    "estimate_input",
    "estimate_output",
    "estimate_tokens",
    "goal_request",
    "key_material",
    "ladder_request",
    "max_tokens",
    "read_request",
    "requests_digest",
]
