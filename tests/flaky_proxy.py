"""A proxy before an S3 server that fails as stores do: refusals, broken uploads, lost answers."""

from __future__ import annotations

import http.client
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


class FlakyProxy(ThreadingHTTPServer):
    """Counts what it did to requests in `done`; each fate has a share of them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, upstream: str, slow_down: float, cut_upload: float, lose_answer: float, seed: int
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.host = urlsplit(upstream).netloc
        self.shares = {"slow_down": slow_down, "cut_upload": cut_upload, "lose_answer": lose_answer}
        self.done: Counter[str] = Counter()
        self._random, self._lock = random.Random(seed), threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def fate(self, uploads: bool) -> str:
        """What becomes of the next request."""
        with self._lock:
            drawn = self._random.random()
            for name, share in self.shares.items():
                if name == "cut_upload" and not uploads:
                    continue
                if drawn < share:
                    break
                drawn -= share
            else:
                name = "passed"
            self.done[name] += 1
            self.done["requests"] += 1
            return name

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that were cut off are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FlakyProxy

    def _any(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        fate = self.server.fate(uploads=size > 0)
        if fate == "cut_upload":
            self.rfile.read(size // 2)
            self._hang_up()
            return
        body = self.rfile.read(size)
        if fate == "slow_down":
            self.send_response(503, "Slow Down")
            self.send_header("Content-Length", str(len(_SLOW_DOWN)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else _SLOW_DOWN)
            return
        upstream = http.client.HTTPConnection(self.server.host, timeout=60)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers.items()))
            answer = upstream.getresponse()
            content = answer.read()
        finally:
            upstream.close()
        self.send_response(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        length = answer.headers.get("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        if fate == "lose_answer":
            self.wfile.write(content[: len(content) // 2])
            self._hang_up()
            return
        self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _any  # noqa: N815 (http.server's names)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: counts tell enough."""


@contextmanager
def flaky_proxy(
    upstream: str, slow_down: float = 0.1, cut_upload: float = 0.1, lose_answer: float = 0.05, seed: int = 0
) -> Iterator[FlakyProxy]:
    """A proxy to the server at `upstream` while the body runs."""
    proxy = FlakyProxy(upstream, slow_down, cut_upload, lose_answer, seed)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
