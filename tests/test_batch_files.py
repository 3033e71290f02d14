"""The files of batches: cutting, reading, and what each kind of line means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.batch.files import Pending, cut, input_line, pending, read_results
from pipelines.batch.outcomes import NoAnswer, failures, of_rejected, outcome, reason_to_stop
from prompts.requests import Request
from schemas.ledger import Entry
from schemas.llm_settings import LlmSettings
from transforms.llm.material import Asked, asked
from transforms.llm.pending import key_of, pending_line, read_pending

URL = "https://api.openai.com/v1"
SETTINGS = LlmSettings("a-model", temperature=0.5)
BODY = {
    "id": "chatcmpl-1",
    "model": "a-model-2026",
    "choices": [{"message": {"content": "{}", "refusal": None}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 3},
}


def request(text: str = "walk") -> Asked:
    return asked(SETTINGS, Request("goal", (("system", "s"), ("user", text)), "t", 1, 1))


@given(st.lists(st.integers(1, 60)), st.integers(1, 5), st.integers(1, 100))
def test_files_keep_the_order_and_the_limits(sizes: list[int], most_requests: int, most_bytes: int) -> None:
    requests = [Pending(str(number), b"", size, 1) for number, size in enumerate(sizes)]
    groups = list(cut(requests, most_requests, most_bytes))
    assert [each for group in groups for each in group] == requests
    assert all(1 <= len(group) <= most_requests for group in groups)
    assert all(len(group) == 1 or sum(each.size for each in group) <= most_bytes for group in groups)


@given(st.text(st.characters()))
def test_a_pending_line_gives_the_request_back(text: str) -> None:
    line = pending_line(request(text))
    assert line.count(b"\n") == 1
    assert read_pending(line) == request(text)
    assert key_of(line) == request(text).key
    found = pending(line, URL)
    assert (found.key, found.most_output_tokens) == (request(text).key, 1024)
    sent = json.loads(input_line(request(text), URL))
    assert sent["custom_id"] == found.key
    assert sent["body"]["messages"][1]["content"] == text
    assert found.size == len(input_line(request(text), URL))


def test_the_first_of_two_lines_counts_and_damaged_lines_are_counted() -> None:
    lines = [{"custom_id": "a", "n": 1}, {"custom_id": "b", "n": 2}, {"custom_id": "a", "n": 3}]
    content = "\n".join([*map(json.dumps, lines), '{"custom_id": "c', "[]", ""]).encode()
    found, damaged = read_results(content)
    assert {key: line["n"] for key, line in found.items()} == {"a": 1, "b": 2}
    assert damaged == 2


def answered(status: int, body: Any) -> dict[str, Any]:
    return {"response": {"status_code": status, "body": body}, "error": None}


def error(code: str, message: str = "no") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("line", "status", "reason", "expired"),
    [
        (answered(200, {"choices": []}), "completed", "request_failed", False),
        (answered(200, None), "completed", "request_failed", False),
        (answered(500, error("server_error")), "completed", "request_failed", False),
        (answered(429, error("rate_limit_exceeded")), "completed", "request_failed", False),
        (answered(429, error("insufficient_quota")), "completed", "endpoint", False),
        (answered(400, error("invalid_value")), "completed", "request_refused", False),
        (answered(401, error("invalid_api_key")), "completed", "endpoint", False),
        (answered(404, error("model_not_found")), "completed", "endpoint", False),
        (answered(0, None), "completed", "request_failed", False),
        ({"response": None, **error("batch_expired")}, "expired", "request_failed", True),
        ({"response": None, **error("batch_cancelled")}, "cancelled", "uncounted", False),
        ({"response": None, **error("batch_cancelled")}, "completed", "request_failed", False),
        ({"response": None, **error("request_timeout")}, "completed", "request_failed", False),
        ({}, "completed", "request_failed", False),
        (None, "completed", "request_failed", False),
        (None, "expired", "request_failed", True),
        (None, "cancelled", "uncounted", False),
    ],
)
def test_a_line_without_an_answer_means(
    line: dict[str, Any] | None, status: str, reason: str, expired: bool
) -> None:
    found = outcome(request(), line, status)
    assert isinstance(found, NoAnswer)
    assert (found.reason, found.expired) == (reason, expired)
    assert found.detail


def test_a_line_with_an_answer_is_an_entry_at_the_price_of_batches() -> None:
    found = outcome(request(), answered(200, BODY), "completed")
    assert isinstance(found, Entry)
    assert (found.key, found.batch) == (request().key, True)
    assert (found.provider_id, found.input_tokens, found.output_tokens) == ("chatcmpl-1", 7, 3)


def test_what_counts_against_requests_is_kept_by_cause() -> None:
    same, other = NoAnswer("request_failed", "status 500"), NoAnswer("request_refused", "status 400")
    found = failures({"a": same, "b": NoAnswer("uncounted", "cancelled"), "c": other, "d": same})
    assert [(failure.reason, failure.keys) for failure in found] == [
        ("request_failed", ("a", "d")),
        ("request_refused", ("c",)),
    ]


def test_a_failed_validation_refuses_the_lines_that_it_names() -> None:
    found = of_rejected(["a", "b", "c"], [("invalid_url", "wrong", 2)])
    assert found is not None
    assert [no.reason for no in found.values()] == ["uncounted", "request_refused", "uncounted"]
    assert of_rejected(["a"], [("mismatched_model", "wrong", None), ("x", "wrong", 9)]) is None


@pytest.mark.parametrize(
    ("failed", "expired", "requests", "stops"),
    [(12, 0, 20, True), (10, 0, 20, False), (12, 0, 19, False), (0, 20, 20, False)],
)
def test_a_run_stops_when_most_of_a_batch_failed(
    failed: int, expired: int, requests: int, stops: bool
) -> None:
    outcomes = {str(number): NoAnswer("request_failed", "status 500") for number in range(failed)}
    outcomes |= {f"e{number}": NoAnswer("request_failed", "late", True) for number in range(expired)}
    found = reason_to_stop(outcomes, requests, 0.5)
    assert (found is not None and found[0] == "failures") == stops


def test_a_refused_key_stops_the_run_at_once() -> None:
    found = reason_to_stop({"a": NoAnswer("endpoint", "status 401: no")}, 3, 0.5)
    assert found == ("endpoint", "status 401: no")
