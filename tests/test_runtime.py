"""The runtime against real servers: what is sent, kept, tried again, and how it stops and ends."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_endpoint import Endpoint, Response, completion, error, scripted

from prompts.requests import Request
from schemas.config import BuildConfig
from schemas.ledger import Ledger
from schemas.llm_settings import LlmSettings
from schemas.prices import Price
from transforms.llm.asking import AskError, Reply, StoppedError
from transforms.llm.client import KEY, check_endpoint
from transforms.llm.material import asked
from transforms.llm.run_state import RunState, Stop
from transforms.llm.runtime import Runtime, end_runtime, runtime

SECRET = "sk-very-secret-0123456789"


@pytest.fixture(autouse=True)
def _one_runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(KEY, SECRET)
    yield
    end_runtime()


def request_of(number: int) -> Request:
    return Request("goal", (("system", "Judge."), ("user", f"motion {number}")), "template", 1, 1)


def begun(output: Path, endpoint: Endpoint, **settings: Any) -> Runtime:
    """A runtime of a run that begins now."""
    RunState(output).begin()
    values = {"model": "model", "base_url": endpoint.base_url, **settings}
    return runtime(BuildConfig(output=str(output), llm=LlmSettings(**values)))


def ask_all(asker: Runtime, numbers: range) -> list[Reply | BaseException]:
    async def together() -> list[Reply | BaseException]:
        return await asyncio.gather(*(asker.ask(request_of(n)) for n in numbers), return_exceptions=True)

    replies: list[Reply | BaseException] = asker.run(together())
    return replies


def stopped(output: Path) -> Stop:
    stop = RunState(output).stopped()
    assert stop is not None
    return stop


def test_an_answer_is_in_the_ledger_when_it_is_returned_and_not_asked_for_again(tmp_path: Path) -> None:
    with scripted() as endpoint:
        asker = begun(tmp_path, endpoint)
        [reply] = ask_all(asker, range(1))
        assert isinstance(reply, Reply)
        held = Ledger(tmp_path / "ledger").get(reply.key)
        assert held is not None
        assert (held.text, held.model, held.input_tokens) == ("a text", "model-2025-01-01", 100)
        assert ask_all(asker, range(1)) == [reply]
        assert len(endpoint.bodies) == 1
        total = RunState(tmp_path).total()
    assert (total.sent, total.answers, total.from_ledger) == (1, 1, 1)
    assert (total.input_tokens, total.output_tokens) == (100, 20)


def test_what_is_sent_is_what_the_key_is_made_of(tmp_path: Path) -> None:
    with scripted() as endpoint:
        asker = begun(tmp_path, endpoint, temperature=0.5, max_tokens=77)
        ask_all(asker, range(1))
        material = asked(asker.settings, request_of(0)).material
        [body] = endpoint.bodies
    assert body["messages"] == material["messages"]
    assert (body["temperature"], body["max_tokens"], body["model"]) == (0.5, 77, "model")
    assert body["response_format"]["json_schema"]["strict"] is True
    assert body["response_format"]["json_schema"]["schema"] == material["schema"]


def test_equal_requests_at_the_same_time_are_sent_once(tmp_path: Path) -> None:
    with scripted(lambda number, body: Response(seconds=0.1)) as endpoint:
        asker = begun(tmp_path, endpoint)

        async def three() -> list[Reply]:
            return list(await asyncio.gather(*(asker.ask(request_of(1)) for _ in range(3))))

        first, second, third = asker.run(three())
        assert first == second == third
        assert len(endpoint.bodies) == 1


def test_many_are_in_flight_but_never_more_than_allowed(tmp_path: Path) -> None:
    with scripted(lambda number, body: Response(seconds=0.05)) as endpoint:
        asker = begun(tmp_path, endpoint, concurrency=12)
        assert all(isinstance(reply, Reply) for reply in ask_all(asker, range(150)))
        assert 8 < endpoint.most_in_flight <= 12
    assert len(list((tmp_path / "ledger").rglob("*.json"))) == 150


def test_a_rejection_waits_as_told_and_is_no_failed_try(tmp_path: Path) -> None:
    def script(number: int, body: dict[str, Any]) -> Response:
        busy = Response(429, error("slow down"), {"Retry-After": "0.2"})
        return busy if number < 3 else Response()

    with scripted(script) as endpoint:
        asker = begun(tmp_path, endpoint, tries=1)
        began = time.monotonic()
        [reply] = ask_all(asker, range(1))
        assert isinstance(reply, Reply)
        assert time.monotonic() - began >= 0.6
    total = RunState(tmp_path).total()
    assert (total.sent, total.rejected, total.failed_tries) == (4, 3, 0)


@pytest.mark.parametrize(
    "bad",
    [
        Response(500, error("sorry")),
        Response(503, "<html>busy</html>"),
        Response(breaks=True),
        Response(seconds=5),
        Response(body='{"choices": [{"mess'),
        Response(body={"choices": []}),
        Response(408, error("late")),
    ],
)
def test_what_may_go_well_the_next_time_is_tried_again(tmp_path: Path, bad: Response) -> None:
    with scripted(lambda number, body: bad if number == 0 else Response()) as endpoint:
        [reply] = ask_all(begun(tmp_path, endpoint, timeout=0.3), range(1))
        assert isinstance(reply, Reply), reply
        assert len(endpoint.bodies) == 2


def test_tries_end_and_the_run_goes_on(tmp_path: Path) -> None:
    with scripted(lambda number, body: Response(502, error("no backend"))) as endpoint:
        [gone] = ask_all(begun(tmp_path, endpoint, tries=2), range(1))
        assert len(endpoint.bodies) == 2
    assert isinstance(gone, AskError)
    assert gone.reason == "request_failed"
    assert "no backend" in str(gone)
    assert RunState(tmp_path).stopped() is None


def test_a_request_that_is_refused_is_not_tried_again(tmp_path: Path) -> None:
    with scripted(lambda number, body: Response(400, error("too long \ud83d"))) as endpoint:
        [gone] = ask_all(begun(tmp_path, endpoint), range(1))
        assert len(endpoint.bodies) == 1
    assert isinstance(gone, AskError)
    assert (gone.reason, str(gone)) == ("request_refused", "HTTP 400: too long ?")


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "invalid_api_key"), (404, "model_not_found"), (429, "insufficient_quota"), (403, None)],
)
def test_an_endpoint_that_takes_no_request_stops_the_run_and_the_key_is_told_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, status: int, code: str | None
) -> None:
    caplog.set_level(logging.DEBUG)
    said = error(f"Incorrect key {SECRET}, sent as Authorization: Bearer {SECRET}, like sk-very***", code)
    with scripted(lambda number, body: Response(status, said)) as endpoint:
        gone = ask_all(begun(tmp_path, endpoint, concurrency=1), range(5))
        assert endpoint.authorization == {f"Bearer {SECRET}"}
        assert len(endpoint.bodies) == 1
    assert all(isinstance(one, StoppedError) for one in gone)
    stop = stopped(tmp_path)
    assert stop.reason == "endpoint"
    assert f"HTTP {status}" in stop.detail
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    told = "\n".join([*map(repr, gone), *map(str, gone), *written, caplog.text])
    assert "sk-very" not in told


def test_too_many_failures_stop_the_run(tmp_path: Path) -> None:
    with scripted(lambda number, body: Response(500, error("sorry"))) as endpoint:
        gone = ask_all(begun(tmp_path, endpoint, concurrency=4), range(60))
        assert len(endpoint.bodies) < 40
    assert {type(one) for one in gone} == {StoppedError}
    assert stopped(tmp_path).reason == "failures"
    assert "sorry" in stopped(tmp_path).detail


PRICES = """
version: 1
currency: USD
as_of: 2025-01-01
models:
  model: {input: 1000.0, output: 1000.0, batch: 0.5}
"""


def test_a_budget_is_never_passed_and_the_next_run_goes_on(tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text(PRICES)
    settings = {"prices": str(prices), "max_tokens": 100, "concurrency": 8}
    output = tmp_path / "out"
    # An answer costs 0.1 and at most 0.16: 40 answers need 4.
    answer = completion(input_tokens=20, output_tokens=80)
    with scripted(lambda number, body: Response(body=answer, seconds=0.02)) as endpoint:
        replies = ask_all(begun(output, endpoint, budget=2.0, **settings), range(40))
        paid = [one for one in replies if isinstance(one, Reply)]
        assert stopped(output).reason == "budget"
        assert 15 <= len(paid) == endpoint.answered <= 20
        replies = ask_all(begun(output, endpoint, budget=5.0, **settings), range(40))
        assert all(isinstance(one, Reply) for one in replies)
        assert endpoint.answered == 40
    total = RunState(output).total()
    assert (total.from_ledger, total.answers) == (len(paid), 40 - len(paid))


def test_the_price_of_the_settings_needs_no_table(tmp_path: Path) -> None:
    with scripted() as endpoint:
        price = Price(input=1.0, output=1.0, batch=1.0)
        made = begun(tmp_path, endpoint, budget=1.0, prices=str(tmp_path / "elsewhere.yaml"), price=price)
        assert all(isinstance(one, Reply) for one in ask_all(made, range(2)))


def test_a_budget_needs_a_price(tmp_path: Path) -> None:
    with scripted() as endpoint, pytest.raises(ValueError, match="no price of unheard-of"):
        begun(tmp_path, endpoint, model="unheard-of", budget=1.0)


def test_a_stop_from_outside_finishes_and_keeps_what_is_in_flight(tmp_path: Path) -> None:
    def script(number: int, body: dict[str, Any]) -> Response:
        if number == 3:
            RunState(tmp_path).stop("interrupted", "by the user")
        return Response(seconds=1.0)

    with scripted(script) as endpoint:
        replies = ask_all(begun(tmp_path, endpoint, concurrency=8), range(50))
        sent = len(endpoint.bodies)
    answered = [one for one in replies if isinstance(one, Reply)]
    assert sent == len(answered) == len(list((tmp_path / "ledger").rglob("*.json"))) < 20
    assert all(isinstance(one, StoppedError) for one in replies if not isinstance(one, Reply))
    total = RunState(tmp_path).total()
    assert (total.answers, total.in_flight) == (sent, 0)


def test_a_process_makes_two_builds_one_after_the_other(tmp_path: Path) -> None:
    with scripted() as endpoint:
        first = begun(tmp_path / "a", endpoint)
        ask_all(first, range(2))
        second = begun(tmp_path / "b", endpoint, temperature=0.1)
        ask_all(second, range(2))
        assert second is runtime(BuildConfig(output=str(tmp_path / "b"), llm=second.settings))
        assert second is not first
        assert [body.get("temperature") for body in endpoint.bodies] == [None, None, 0.1, 0.1]
        assert {type(one) for one in (_error(first), _error(first))} == {StoppedError}


def _error(asker: Runtime) -> BaseException | None:
    try:
        ask_all(asker, range(1))
    except StoppedError as error:
        return error
    return None


def test_the_same_build_goes_on_in_the_same_process_after_a_stop(tmp_path: Path) -> None:
    with scripted() as endpoint:
        RunState(tmp_path).begin()
        first = begun(tmp_path, endpoint)
        ask_all(first, range(1))
        RunState(tmp_path).stop("interrupted", "by the user")
        time.sleep(0.8)
        assert isinstance(ask_all(first, range(3))[2], StoppedError)
        second = begun(tmp_path, endpoint)
        assert all(isinstance(one, Reply) for one in ask_all(second, range(3)))


def test_a_damaged_answer_costs_its_request_and_is_named(tmp_path: Path) -> None:
    with scripted() as endpoint:
        asker = begun(tmp_path, endpoint)
        key = asked(asker.settings, request_of(0)).key
        path = Ledger(tmp_path / "ledger").path(key)
        path.parent.mkdir(parents=True)
        path.write_text('{"version": 1, "te')
        damaged, fine = ask_all(asker, range(2))
    assert isinstance(damaged, AskError)
    assert (damaged.reason, str(path) in str(damaged)) == ("ledger_damaged", True)
    assert isinstance(fine, Reply)


def test_a_ledger_that_cannot_be_written_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with scripted() as endpoint:
        [gone] = ask_all(begun(tmp_path / "out", endpoint, ledger=str(tmp_path / "file" / "led")), range(1))
    assert isinstance(gone, StoppedError)
    assert "ledger" in stopped(tmp_path / "out").detail


def test_counts_of_others_are_told_with_the_runtimes_own(tmp_path: Path) -> None:
    with scripted() as endpoint:
        begun(tmp_path, endpoint).count(goals=2, asked_again=1)
        assert RunState(tmp_path).total().goals == 2


def test_without_a_run_nothing_is_asked(tmp_path: Path) -> None:
    settings = LlmSettings(model="model", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(RuntimeError, match="no run has begun"):
        runtime(BuildConfig(output=str(tmp_path), llm=settings))


def _ends(script: str, tmp_path: Path, endpoint: Endpoint) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own that shows resources left open."""
    head = f"""
        import asyncio, json, os, sys
        from pathlib import Path
        sys.path.insert(0, "tests")
        from test_runtime import ask_all, begun
        from transforms.llm.runtime import runtime, end_runtime
        class Endpoint: base_url = {endpoint.base_url!r}
        output = Path({str(tmp_path)!r})
        """
    code = textwrap.dedent(head) + textwrap.dedent(script)
    command = [sys.executable, "-W", "always::ResourceWarning", "-c", code]
    root = Path(__file__).resolve().parents[1]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=root, check=False)


def test_a_process_ends_without_noise(tmp_path: Path) -> None:
    script = """
        replies = ask_all(begun(output, Endpoint, concurrency=4), range(9))
        print(len(replies))
        raise SystemExit(3)
        """
    with scripted() as endpoint:
        done = _ends(script, tmp_path, endpoint)
    assert done.stdout == "9\n"
    assert done.stderr == ""
    assert done.returncode == 3


def test_a_forked_process_makes_its_own_runtime(tmp_path: Path) -> None:
    script = """
        mine = begun(output, Endpoint)
        ask_all(mine, range(2))
        child = os.fork()
        if child == 0:
            from schemas.config import BuildConfig
            other = runtime(BuildConfig(output=str(output), llm=mine.settings))
            assert other is not mine
            ask_all(other, range(4))
            end_runtime()
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(len(ask_all(mine, range(6))))
        """
    with scripted() as endpoint:
        done = _ends(script, tmp_path, endpoint)
        assert len(endpoint.bodies) == 6
    assert done.stderr == ""
    assert done.stdout == "6\n"
    assert RunState(tmp_path).total().from_ledger == 2 + 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": ""}, "--model"),
        ({"base_url": "localhost:80"}, "--base-url"),
        ({"base_url": "http://me:word@host/v1"}, KEY),
        ({"base_url": ""}, f"set {KEY}"),
        ({"base_url": "https://api.openai.com/v1"}, f"set {KEY}"),
    ],
)
def test_an_endpoint_that_cannot_be_asked_is_told_before_any_work(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], message: str
) -> None:
    monkeypatch.delenv(KEY)
    good = {"model": "model", "base_url": "http://127.0.0.1:1/v1"}
    check_endpoint(LlmSettings(**good))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message) as told:
        check_endpoint(LlmSettings(**{**good, **settings}))  # type: ignore[arg-type]
    assert "word" not in str(told.value).replace("password", "")


def test_a_broken_key_is_refused_without_being_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-one sk-two")
    with pytest.raises(ValueError, match=f"{KEY}: holds characters") as told:
        check_endpoint(LlmSettings(model="model"))
    assert "sk-" not in str(told.value)


def test_the_ledger_holds_what_was_asked_and_no_key(tmp_path: Path) -> None:
    with scripted() as endpoint:
        ask_all(begun(tmp_path, endpoint), range(1))
    [path] = (tmp_path / "ledger").rglob("*.json")
    assert json.loads(path.read_text())["asked"]["messages"][1]["content"] == "motion 0"
    assert SECRET not in path.read_text()
