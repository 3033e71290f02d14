"""Requests of every kind, about motions made by hand, and the client that asks them."""

from __future__ import annotations

from typing import Any

import openai
from facts_builder import some_facts
from fake_server import FakeServer

from motion.compare import differences
from motion.events import Event
from prompts.requests import Request, Shown, analysis_request, candidate_request, goal_request, ladder_request
from schemas.answers import json_schema

CAPTION = "a person walks forward and then waves with the right hand"
GOAL = some_facts(
    [
        Event("walk", 0, 40, direction="forward", count=4, amount=2.0, speed="normal"),
        Event("wave", 50, 80, side="right", count=2, amount=0.3),
    ],
    hand_up_right=0.3,
)
OTHER = some_facts([Event("walk", 0, 60, direction="backward", count=6, amount=2.0, speed="normal")])
SHOWN = Shown(OTHER, "someone walks back", tuple(differences(GOAL, OTHER)))
REQUESTS = {
    "analysis": analysis_request(CAPTION, GOAL, 3),
    "goal": goal_request(CAPTION, GOAL),
    "candidate": candidate_request(CAPTION, GOAL, SHOWN),
    "ladder": ladder_request(CAPTION, GOAL, [SHOWN, SHOWN]),
}


def client_of(server: FakeServer, key: str = "none") -> openai.OpenAI:
    return openai.OpenAI(base_url=server.base_url, api_key=key, max_retries=0, timeout=10)


def body_of(request: Request, model: str = "gpt-4o-mini") -> dict[str, Any]:
    schema = {"name": request.kind, "strict": True, "schema": json_schema(request.kind)}
    return {
        "model": model,
        "messages": request.as_messages(),
        "response_format": {"type": "json_schema", "json_schema": schema},
    }
