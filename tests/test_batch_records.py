"""The provider's side of batches and their records: nothing made twice, nothing damaged taken for good."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipelines.batch.files import clear, waiting
from pipelines.batch.provider import Provider
from schemas.llm_settings import LlmSettings
from schemas.storage import temporary
from transforms.llm.batch_records import FETCHED, SUBMITTED, BatchRecords, Failure, Record


class _Forgetful(BaseHTTPRequestHandler):
    """Makes a batch, and breaks the connection instead of saying so."""

    made: list[dict[str, Any]] = []  # noqa: RUF012 - one server, one list

    def do_POST(self) -> None:
        asked_for = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.made.append(
            {"object": "batch", "status": "validating", **asked_for, "id": f"batch_{len(self.made)}"}
        )
        self.made[-1]["created_at"] = int(time.time())
        self.close_connection = True

    def do_GET(self) -> None:
        body = json.dumps({"object": "list", "data": self.made[::-1], "has_more": False}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


def test_a_batch_whose_submission_was_not_confirmed_is_found_and_not_made_twice() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Forgetful) as endpoint:
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        settings = LlmSettings("m", base_url=f"http://127.0.0.1:{endpoint.server_port}/v1", tries=3)
        provider = Provider(settings, lambda seconds: None)
        batch = provider.create("file-1", "the name", int(time.time()))
        assert (batch.id, len(_Forgetful.made)) == ("batch_0", 1)
        assert provider.find("another name", int(time.time())) is None
        provider.close()
        endpoint.shutdown()


def test_a_request_is_given_up_when_it_is_refused_or_has_failed_often_enough(tmp_path: Path) -> None:
    kept = BatchRecords(tmp_path)
    kept.folder.mkdir()
    failed = Failure("request_failed", "status 500", ("often", "seldom"))
    refused = Failure("request_refused", "status 400", ("wrong",))
    often = replace(failed, keys=("often",))
    for number, failures in enumerate([(failed, refused), (often,), (often,)]):
        kept.write(Record(str(number), FETCHED, "", number, 3, 1, 1, failures=failures))
    assert kept.given_up() == {"often": often, "wrong": refused}
    assert kept.forget_failures(["often"]) == 1
    assert kept.given_up() == {"wrong": refused}


def test_what_others_are_writing_or_were_killed_writing_is_no_record_and_no_request(tmp_path: Path) -> None:
    kept = BatchRecords(tmp_path)
    record = Record("b", SUBMITTED, "", 1, 1, 1, 1, "id")
    kept.intend(record, [b"{}\n"])
    parts = [temporary(path) for path in (kept.path("b"), kept.requests_path("b"))]
    for part in parts:
        part.write_bytes(b'{"version": 1, "na')
    assert kept.all() == [record]
    assert kept.given_up() == {}
    kept.tidy()
    assert list(waiting(kept.folder)) == [b"{}\n"]
    clear(kept.folder)
    assert sorted(kept.folder.iterdir()) == sorted([kept.path("b"), *parts])


def test_records_are_read_while_another_build_writes_and_removes_them(tmp_path: Path) -> None:
    kept, record = BatchRecords(tmp_path), Record("b", SUBMITTED, "", 1, 1, 1, 1, "id")
    seen: set[int] = set()
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(lambda: [(kept.intend(record, [b"{}\n"]), kept.remove("b")) for _ in range(100)])
        while not work.done():
            assert kept.given_up() == {}
            seen.add(len(kept.all()))
        work.result()
    assert seen <= {0, 1}


@pytest.mark.parametrize("content", ["{}", '{"version": 99}', "[]", '{"version": 1, "name": "b"}'])
def test_a_damaged_record_is_named_with_its_remedy(tmp_path: Path, content: str) -> None:
    kept = BatchRecords(tmp_path)
    kept.folder.mkdir()
    kept.path("b").write_text(content)
    with pytest.raises(ValueError, match=r"b\.json: .*remove it to have its requests sent"):
        kept.all()
