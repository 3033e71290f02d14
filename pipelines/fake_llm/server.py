"""The fake endpoint's server: routes, admission, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from motion.seeds import share
from pipelines.fake_llm.batch_routes import BatchRoutes
from pipelines.fake_llm.behaviour import Behaviour
from pipelines.fake_llm.books import Books
from pipelines.fake_llm.chat import complete, dumped, error_body, understand
from pipelines.fake_llm.faults import TRANSPORT, drawn
from pipelines.fake_llm.limits import Bucket
from pipelines.fake_llm.transport import fail, reply

if TYPE_CHECKING:
    from aiohttp import web

    from schemas.prices import Prices

MOST_BYTES = 210_000_000  # of a request's body: a batch file has at most 200 MB
REJECTED = ("429", "429-bare")
Handler = Callable[["web.Request"], Awaitable["web.StreamResponse"]]


class Server:
    """State and handlers of one endpoint."""

    def __init__(self, behaviour: Behaviour, prices: Prices | None = None) -> None:
        self.behaviour = behaviour
        self.books = Books(prices)
        self.bucket = Bucket(behaviour.rpm, time.monotonic())
        self.batches = BatchRoutes(behaviour, self.books)
        self._number = 0  # of chat requests
        self._calls = 0  # of requests to files and batches

    def application(self) -> web.Application:
        """The routes, under /v1 as a client's base URL has it."""
        from aiohttp import web

        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_post("/v1/chat/completions", self._keyed(self.chat))
        app.router.add_get("/v1/models", self._keyed(self.models))
        for method, path, handler in self.batches.routes():
            app.router.add_route(method, path, self._keyed(self._faulty(handler)))
        app.router.add_get("/stats", self.stats)
        app.router.add_get("/requests", self.requests)
        app.router.add_post("/reset", self.reset)
        return app

    def _keyed(self, handler: Handler) -> Handler:
        """A handler behind the key. Like some proxies, a refusal repeats the header it refuses."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            given = request.headers.get("Authorization", "")
            if self.behaviour.api_key and given != f"Bearer {self.behaviour.api_key}":
                text = f"Incorrect API key provided: {given}"
                return reply(401, dumped(error_body(text, "invalid_request_error", "invalid_api_key")))
            return await handler(request)

        return guarded

    def _faulty(self, handler: Handler) -> Handler:
        """A handler of files or batches whose requests fail on the way as chats do."""

        async def faulty(request: web.Request) -> web.StreamResponse:
            self._calls += 1
            fault = drawn(self.behaviour.faults, TRANSPORT, self.behaviour.seed, "call", self._calls)
            if fault:
                self.books.faults[fault] += 1
                return await fail(request, fault, self._calls)
            return await handler(request)

        return faulty

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions."""
        try:
            asked = understand(json.loads(await request.read()))
        except ValueError as error:
            return reply(400, dumped(error_body(str(error), "invalid_request_error")))
        self.books.arrived(asked.digest, asked.kind)
        self._number += 1
        number = self._number
        fault = drawn(self.behaviour.faults, TRANSPORT, self.behaviour.seed, "chat", number)
        rejected = self._rejected()
        if rejected is not None:
            return rejected
        if fault:
            self.books.faults[fault] += 1
            self.books.counts["rejected" if fault in REJECTED else "failed"] += 1
        if fault in REJECTED:
            return await fail(request, fault, number)
        self.books.began()
        due = time.monotonic() + self._latency(number)
        try:
            completion = None if fault else complete(asked, self.behaviour, number, int(time.time()))
            await asyncio.sleep(due - time.monotonic())
            if completion is None:
                return await fail(request, fault, number)
            # A client that has gone ends this handler in its sleep: what is counted here goes out.
            self.books.sent(asked.digest, asked.body["model"], completion)
            return reply(200, dumped(completion.body), self.bucket.headers(time.monotonic()))
        finally:
            self.books.ended()

    def _latency(self, number: int) -> float:
        """Seconds until the answer to the request of that number."""
        spread = (2 * share(self.behaviour.seed, "latency", number) - 1) * self.behaviour.jitter
        return self.behaviour.latency + spread

    def _rejected(self) -> web.Response | None:
        """The answer to a request for which there is no room."""
        now = time.monotonic()
        if self.behaviour.capacity and self.books.in_flight >= self.behaviour.capacity:
            text, headers = "The engine is overloaded, try again later", {}
        elif not self.bucket.take(now):
            wait = max(1, round(self.bucket.wait(now)))
            text = "Rate limit reached for requests"
            headers = {**self.bucket.headers(now), "retry-after": str(wait)}
        else:
            return None
        self.books.counts["rejected"] += 1
        return reply(429, dumped(error_body(text, "requests", "rate_limit_exceeded")), headers)

    async def models(self, request: web.Request) -> web.Response:
        """GET /v1/models: one name; every other is answered too."""
        model = {"id": "fake", "object": "model", "created": 0, "owned_by": "irmogen"}
        return reply(200, dumped({"object": "list", "data": [model]}))

    async def stats(self, request: web.Request) -> web.Response:
        """GET /stats: what was counted."""
        return reply(200, dumped(self.books.stats()))

    async def requests(self, request: web.Request) -> web.Response:
        """GET /requests: times asked and answered by digest of the messages."""
        return reply(200, dumped(self.books.requests()))

    async def reset(self, request: web.Request) -> web.Response:
        """POST /reset: counts begin at nothing; files and batches stay."""
        self.books.clear()
        return reply(200, b"{}")


async def serve(server: Server, host: str, port: int, ready: Callable[[str, int], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; `ready` is told host and port once the socket listens."""
    import signal

    from aiohttp import web

    runner: Any = web.AppRunner(
        server.application(), access_log=None, handler_cancellation=True, shutdown_timeout=1.0
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
        ready(*runner.addresses[0][:2])
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await stopped.wait()
    finally:
        await runner.cleanup()
