"""The fake endpoint's routes for files and batches."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from motion.seeds import share
from pipelines.fake_llm.batches import Batches, Files, Outcome
from pipelines.fake_llm.behaviour import Behaviour
from pipelines.fake_llm.books import Books
from pipelines.fake_llm.chat import complete, dumped, error_body, understand
from pipelines.fake_llm.faults import DUPLICATE, TRANSPORT, drawn
from pipelines.fake_llm.transport import reply

if TYPE_CHECKING:
    from aiohttp import web

MOST_ON_A_PAGE = 100


class BatchRoutes:
    """Files and batches over HTTP."""

    def __init__(self, behaviour: Behaviour, books: Books) -> None:
        self._behaviour, self._books = behaviour, books
        self._files = Files()
        self._batches = Batches(self._files, self._line, behaviour.batch_seconds, self._expires)
        self._lines = 0

    def routes(self) -> list[tuple[str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]]]:
        """Method, path and handler of each route."""
        return [
            ("POST", "/v1/files", self.upload),
            ("GET", "/v1/files/{id}", self.file),
            ("GET", "/v1/files/{id}/content", self.content),
            ("POST", "/v1/batches", self.create),
            ("GET", "/v1/batches", self.page),
            ("GET", "/v1/batches/{id}", self.batch),
        ]

    async def upload(self, request: web.Request) -> web.Response:
        """POST /v1/files: a multipart form with purpose and file."""
        from aiohttp import web

        try:
            form = await request.post()
        except ValueError as error:
            return _refused(str(error))
        file, purpose = form.get("file"), form.get("purpose")
        if not isinstance(file, web.FileField) or not isinstance(purpose, str):
            return _refused("the form must have a 'file' and a 'purpose'")
        return reply(200, dumped(self._files.add(file.filename, purpose, file.file.read())))

    async def file(self, request: web.Request) -> web.Response:
        """GET /v1/files/ID."""
        held = self._files.get(request.match_info["id"])
        return reply(200, dumped(held[0])) if held else _unknown("file", request.match_info["id"])

    async def content(self, request: web.Request) -> web.Response:
        """GET /v1/files/ID/content."""
        from aiohttp import web

        held = self._files.get(request.match_info["id"])
        if held is None:
            return _unknown("file", request.match_info["id"])
        return web.Response(body=held[1], content_type="application/octet-stream")

    async def create(self, request: web.Request) -> web.Response:
        """POST /v1/batches."""
        try:
            batch = self._batches.create(json.loads(await request.read()))
        except ValueError as error:
            return _refused(str(error))
        self._books.counts["batches"] += 1
        return reply(200, dumped(batch.form()))

    async def page(self, request: web.Request) -> web.Response:
        """GET /v1/batches: the newest first."""
        limit = request.query.get("limit", "20")
        if not limit.isdecimal() or not 1 <= int(limit) <= MOST_ON_A_PAGE:
            return _refused(f"'limit' must be 1 to {MOST_ON_A_PAGE}, not {limit!r}")
        return reply(200, dumped(self._batches.page(request.query.get("after", ""), int(limit))))

    async def batch(self, request: web.Request) -> web.Response:
        """GET /v1/batches/ID."""
        batch = self._batches.get(request.match_info["id"])
        return reply(200, dumped(batch.form())) if batch else _unknown("batch", request.match_info["id"])

    def _line(self, body: dict[str, Any]) -> Outcome:
        """What becomes of one line: a completion, or the error that a fault on the way leaves."""
        behaviour, books = self._behaviour, self._books
        try:
            asked = understand(body)
        except ValueError as error:
            return 400, error_body(str(error), "invalid_request_error"), 1
        books.arrived(asked.digest, asked.kind, batch=True)
        self._lines += 1
        fault = drawn(behaviour.faults, (*TRANSPORT, DUPLICATE), behaviour.seed, "line", self._lines)
        if fault:
            books.faults[fault] += 1
        if fault in TRANSPORT:
            books.counts["batch_failed"] += 1
            status = int(fault[:3]) if fault[:3].isdecimal() else 500
            return status, error_body("The request could not be processed", "server_error"), 1
        completion = complete(asked, behaviour, self._lines, int(time.time()))
        books.sent(asked.digest, body["model"], completion, batch=True)
        return 200, completion.body, 2 if fault == DUPLICATE else 1

    def _expires(self, number: int) -> bool:
        expires = share(self._behaviour.seed, "expire", number) < self._behaviour.batch_expire
        self._books.counts["batch_expired"] += expires
        return expires


def _refused(message: str) -> web.Response:
    return reply(400, dumped(error_body(message, "invalid_request_error")))


def _unknown(what: str, name: str) -> web.Response:
    return reply(404, dumped(error_body(f"No such {what}: {name}", "invalid_request_error")))
