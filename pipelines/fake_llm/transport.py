"""Responses that go out, and the ways in which none does."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

from pipelines.fake_llm.chat import dumped, error_body

if TYPE_CHECKING:
    from aiohttp import web

HELD_SECONDS = 3600.0  # a request that times out is held until its client goes, at most so long
_PROXY = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


def reply(status: int, body: bytes, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON response."""
    from aiohttp import web

    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


async def fail(request: web.Request, fault: str, number: int) -> web.StreamResponse:
    """What a transport fault (pipelines.fake_llm.faults.TRANSPORT) does to the request of that number."""
    from aiohttp import web

    if fault in ("429", "429-bare"):
        headers = retry_headers(number) if fault == "429" else {}
        text = error_body("Rate limit reached", "requests", "rate_limit_exceeded")
        return reply(429, dumped(text), headers)
    if fault == "500":
        # What some servers do when they fail: show what they got, the key too.
        text = error_body(f"Internal error; headers: {dict(request.headers)}", "server_error")
        return reply(500, dumped(text))
    if fault in ("502", "503"):
        title = "502 Bad Gateway" if fault == "502" else "503 Service Unavailable"
        return web.Response(status=int(fault), text=_PROXY.format(title), content_type="text/html")
    if fault == "timeout":
        await asyncio.sleep(HELD_SECONDS)
        return reply(504, dumped(error_body("Gateway timeout", "server_error")))
    return await _reset(request, in_the_body=number % 2 == 0)


def retry_headers(number: int) -> dict[str, str]:
    """The ways in which a 429 says when to come back: seconds, a date, or the limit's own headers."""
    limits = {"x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": "0"}
    return (
        {"retry-after": "1"},
        {"retry-after": formatdate(time.time() + 1, usegmt=True)},
        {**limits, "x-ratelimit-reset-requests": "250ms"},
    )[number % 3]


async def _reset(request: web.Request, in_the_body: bool) -> web.StreamResponse:
    """Reset the connection, before anything is sent or within the body."""
    from aiohttp import web

    response = web.StreamResponse(status=200, headers={"content-type": "application/json"})
    response.content_length = 1000
    if in_the_body:
        await response.prepare(request)
        await response.write(b'{"id": "chatcmpl-')
    if request.transport is not None:
        linger = struct.pack("ii", 1, 0)  # closing sends a reset
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        request.transport.abort()
    return response
