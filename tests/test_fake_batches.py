"""Files and batches of the fake endpoint, through the openai client."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import openai
import pytest
from fake_requests import REQUESTS, body_of, client_of
from fake_server import FakeServer, fake_server

from pipelines.fake_llm.batch_lines import validated
from pipelines.fake_llm.faults import TRANSPORT, drawn, parse_faults
from prompts.requests import Request


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeServer]:
    flags = ("--batch-seconds", 0.2, "--prices", "")
    with fake_server(tmp_path_factory.mktemp("batches"), *flags) as running:
        yield running


@pytest.fixture
def endpoint(server: FakeServer) -> FakeServer:
    server.reset()
    return server


def batch_line(name: str, request: Request) -> dict[str, Any]:
    return {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body_of(request)}


def submit(client: openai.OpenAI, lines: list[dict[str, Any]], **more: Any) -> Any:
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    file = client.files.create(file=("requests.jsonl", io.BytesIO(data)), purpose="batch")
    assert (file.bytes, file.purpose, file.filename) == (len(data), "batch", "requests.jsonl")
    return client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", **more
    )


def ended(client: openai.OpenAI, batch_id: str, every: float = 0.01) -> tuple[Any, list[str]]:
    """The batch at its end, and the statuses that it was seen in."""
    seen: list[str] = []
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        batch = client.batches.retrieve(batch_id)
        if batch.status not in seen:
            seen.append(batch.status)
        if batch.status in ("completed", "failed", "expired"):
            return batch, seen
        time.sleep(every)
    raise AssertionError(f"{batch_id} never ended: {seen}")


def file_lines(client: openai.OpenAI, file_id: str | None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in client.files.content(file_id).text.splitlines()] if file_id else []


def test_a_batch_goes_from_validating_to_completed_and_answers_as_the_chat_does(endpoint: FakeServer) -> None:
    client = client_of(endpoint)
    made = submit(
        client, [batch_line(kind, request) for kind, request in REQUESTS.items()], metadata={"irmogen": "d"}
    )
    batch, seen = ended(client, made.id)
    assert seen == sorted(seen, key=["validating", "in_progress", "finalizing", "completed"].index)
    assert len(seen) >= 3
    assert (batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed) == (
        4,
        4,
        0,
    )
    assert batch.metadata == {"irmogen": "d"}
    assert batch.error_file_id is None
    texts = {}
    for line in file_lines(client, batch.output_file_id):
        assert line["error"] is None
        assert line["response"]["status_code"] == 200
        got = openai.types.chat.ChatCompletion.model_validate(line["response"]["body"])
        texts[line["custom_id"]] = got.choices[0].message.content
    counted = endpoint.stats()
    assert (counted["batch_requests"], counted["batch_answered"], counted["answered"]) == (4, 4, 0)
    whole = {kind: client.chat.completions.create(**body_of(request)) for kind, request in REQUESTS.items()}
    assert texts == {kind: got.choices[0].message.content for kind, got in whole.items()}
    both = endpoint.stats()
    assert both["batch_input_tokens"] == both["input_tokens"]
    assert both["money"] == pytest.approx(3 * counted["money"])  # a batch is half as dear


def test_batches_are_listed_from_the_newest_in_pages(endpoint: FakeServer) -> None:
    client = client_of(endpoint)
    made = [submit(client, [batch_line("x", REQUESTS["goal"])], metadata={"n": str(n)}).id for n in range(3)]
    assert [batch.id for batch in client.batches.list(limit=2)][:3] == made[::-1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": "/v1/embeddings"}, "invalid_url"),
        ({"custom_id": "good"}, "duplicate_custom_id"),
        ({"custom_id": 7}, "missing_required_parameter"),
        ({"body": {}}, "missing_required_parameter"),
        ({"body": body_of(REQUESTS["goal"], "another")}, "mismatched_model"),
    ],
)
def test_an_input_file_that_breaks_the_rules_fails_its_batch(change: dict[str, Any], code: str) -> None:
    lines = [batch_line("good", REQUESTS["goal"]), batch_line("other", REQUESTS["goal"]) | change]
    errors = validated("\n".join(map(json.dumps, lines)).encode())[1]
    assert [error["code"] for error in errors] == [code]


def test_a_batch_of_a_broken_file_fails_with_the_line(endpoint: FakeServer) -> None:
    client = client_of(endpoint)
    file = client.files.create(file=("x.jsonl", b'{"custom_id": "a"\n'), purpose="batch")
    made = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    batch, _ = ended(client, made.id)
    assert (batch.status, batch.output_file_id) == ("failed", None)
    assert [(error.code, error.line) for error in batch.errors.data] == [("invalid_json_line", 1)]
    with pytest.raises(openai.BadRequestError, match="no file"):
        client.batches.create(input_file_id="x", endpoint="/v1/chat/completions", completion_window="24h")


def test_an_expired_batch_keeps_what_was_done_and_names_what_was_not(tmp_path: Path) -> None:
    with fake_server(tmp_path, "--batch-seconds", 0, "--batch-expire", 1) as server:
        client = client_of(server)
        batch, _ = ended(client, submit(client, [batch_line(str(n), REQUESTS["goal"]) for n in range(5)]).id)
        assert batch.status == "expired"
        done = {line["custom_id"] for line in file_lines(client, batch.output_file_id)}
        left = file_lines(client, batch.error_file_id)
        assert {line["error"]["code"] for line in left} == {"batch_expired"}
        assert all(line["response"] is None for line in left)
        assert done | {line["custom_id"] for line in left} == {"0", "1", "2", "3", "4"}
        assert 1 <= len(done) <= 4
        alone = [ended(client, submit(client, [batch_line("a", REQUESTS["goal"])]).id)[0] for _ in range(2)]
        assert {one.request_counts.completed for one in alone} == {0, 1}  # sent again, it is done


def test_lines_of_a_batch_fail_one_by_one_and_some_are_answered_twice(tmp_path: Path) -> None:
    text = "duplicate=0.3,500=0.2"
    shares = parse_faults(text)
    calls = range(1, 30)  # that pass with this seed, so that only lines fail
    seed = next(n for n in count() if not any(drawn(shares, TRANSPORT, n, "call", call) for call in calls))
    with fake_server(tmp_path, "--batch-seconds", 0.1, "--faults", text, "--seed", seed) as server:
        client = client_of(server)
        made = submit(client, [batch_line(str(n), REQUESTS["goal"]) for n in range(40)])
        time.sleep(0.4)
        batch, _ = ended(client, made.id, every=0.1)
        good = [line["custom_id"] for line in file_lines(client, batch.output_file_id)]
        bad = file_lines(client, batch.error_file_id)
        counted = server.stats()
    assert len(good) > len(set(good))
    assert {line["response"]["status_code"] for line in bad} == {500}
    assert {*good, *(line["custom_id"] for line in bad)} == {str(n) for n in range(40)}
    assert counted["batch_answered"] == len(set(good)) == batch.request_counts.completed
    assert counted["batch_failed"] == len(bad) == batch.request_counts.failed
