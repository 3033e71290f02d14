"""A real HTTP server in a thread whose responses a test decides, one by one."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Response:
    """What comes back for a request."""

    status: int = 200
    body: Any = None  # JSON or text; None: a chat completion
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0  # until it comes
    breaks: bool = False  # the connection breaks instead


Script = Callable[[int, dict[str, Any]], Response]  # (number of the request, its body)


@dataclass
class Endpoint:
    """A running endpoint, and what it saw."""

    script: Script
    base_url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    authorization: set[str] = field(default_factory=set)
    in_flight: int = 0
    most_in_flight: int = 0
    answered: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer as the script says."""
        body = await request.json()
        self.bodies.append(body)
        self.authorization.add(request.headers.get("Authorization", ""))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            response = self.script(len(self.bodies) - 1, body)
            await asyncio.sleep(response.seconds)
            if response.breaks and request.transport is not None:
                request.transport.abort()
            self.answered += response.status == 200
            content = completion() if response.body is None else response.body
            text = content if isinstance(content, str) else json.dumps(content)
            return web.Response(
                status=response.status,
                text=text,
                headers=response.headers,
                content_type="application/json",
            )
        finally:
            self.in_flight -= 1


def completion(text: str = "a text", input_tokens: int = 100, output_tokens: int = 20) -> dict[str, Any]:
    """The body of an answer."""
    return {
        "id": "one",
        "object": "chat.completion",
        "created": 1,
        "model": "model-2025-01-01",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": input_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": input_tokens + output_tokens,
        },
    }


def error(message: str, code: str | None = None) -> dict[str, Any]:
    """The body of an error."""
    return {"error": {"message": message, "type": "some_error", "param": None, "code": code}}


@contextmanager
def scripted(script: Script | None = None) -> Iterator[Endpoint]:
    """Serve on a free port; without a script every request is answered at once."""
    endpoint = Endpoint(script or (lambda number, body: Response()))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", endpoint.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        endpoint.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield endpoint
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
