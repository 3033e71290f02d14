"""When the endpoint or the model cannot do what is asked, the run stops; and how a limit is called where."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_endpoint import Response, completion, error, scripted
from test_runtime import SECRET, ask_all, begun, stopped

from prompts.requests import Request
from schemas.llm_settings import LlmSettings, limit_name
from transforms.llm.asking import Reply, StoppedError
from transforms.llm.breaker import Refusals, Thinking
from transforms.llm.client import KEY
from transforms.llm.material import asked
from transforms.llm.run_state import RunState
from transforms.llm.runtime import end_runtime


@pytest.fixture(autouse=True)
def _one_runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(KEY, SECRET)
    yield
    end_runtime()


def test_requests_that_are_all_refused_from_the_start_stop_the_run(tmp_path: Path) -> None:
    said = error(f"no json_schema here, {SECRET}")
    with scripted(lambda number, body: Response(400, said)) as endpoint:
        gone = ask_all(begun(tmp_path, endpoint, concurrency=2, stop_share=1.0), range(60))
        assert 20 <= len(endpoint.bodies) <= 22
    assert isinstance(gone[-1], StoppedError)
    stop = stopped(tmp_path)
    assert stop.reason == "endpoint"
    assert "the first 20 requests" in stop.detail
    assert "no json_schema here, ***" in stop.detail


def test_a_kind_of_request_that_was_answered_once_may_be_refused(tmp_path: Path) -> None:
    refusals = Refusals()
    assert not any(refusals.ended("goal", refused) for refused in (True, False, *[True] * 100))
    assert not any(refusals.ended("ladder", True) for _ in range(19))
    assert refusals.ended("ladder", True)
    with scripted(lambda number, body: Response() if number == 5 else Response(400, error("no"))) as endpoint:
        ask_all(begun(tmp_path, endpoint, concurrency=1, stop_share=1.0), range(30))
        assert len(endpoint.bodies) == 30
    assert RunState(tmp_path).stopped() is None


def thinking(number: int, body: dict[str, Any]) -> Response:
    answer = completion(text="")
    answer["choices"][0]["finish_reason"] = "length"
    return Response(body=answer)


def test_a_model_that_only_thinks_stops_the_run_and_its_answers_are_kept(tmp_path: Path) -> None:
    with scripted(thinking) as endpoint:
        replies = ask_all(begun(tmp_path, endpoint, concurrency=1), range(20))
        assert len(endpoint.bodies) == 5
    assert [isinstance(one, Reply) for one in replies] == [True] * 5 + [False] * 15
    stop = stopped(tmp_path)
    assert stop.reason == "endpoint"
    assert "spends --max-tokens 1024 on thinking; raise it" in stop.detail


def test_an_answer_between_them_lets_thinking_go_on() -> None:
    watched = Thinking()
    assert not any(watched.ended(number % 5 != 4) for number in range(50))
    assert [bool(watched.ended(True)) for _ in range(5)] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("", "max_completion_tokens"),
        ("https://api.openai.com/v1", "max_completion_tokens"),
        ("https://eu.api.openai.com/v1", "max_completion_tokens"),
        ("http://127.0.0.1:8000/v1", "max_tokens"),
        ("https://api.openai.com.example.org/v1", "max_tokens"),
    ],
)
def test_the_limit_has_the_endpoints_name_and_the_key_is_the_same(url: str, name: str) -> None:
    settings = LlmSettings("model", max_tokens=77, base_url=url)
    request = asked(settings, request_of())
    assert limit_name(url) == name
    assert {key: value for key, value in request.body(url).items() if key.startswith("max")} == {name: 77}
    assert request.key == asked(LlmSettings("model", max_tokens=77), request_of()).key


def request_of() -> Request:
    return Request("goal", (("system", "s"), ("user", "u")), "t", 1, 1)
