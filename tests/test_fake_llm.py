"""The fake endpoint: a real process, asked with the client that real endpoints are asked with."""

from __future__ import annotations

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import openai
import pytest
from fake_requests import GOAL, OTHER, REQUESTS, body_of, client_of
from fake_server import FakeServer, fake_server
from hypothesis import given
from hypothesis import strategies as st

from evaluators.annotation_checks import Subject
from evaluators.answer_checks import analysis_faults, assessment_faults, parse_answer
from pipelines.fake_llm.answers import answer
from pipelines.fake_llm.books import messages_digest
from pipelines.fake_llm.faults import ANSWER, KINDS, TRANSPORT, Said, drawn, parse_faults, spoil
from pipelines.fake_llm.limits import Bucket, duration
from pipelines.fake_llm.transport import retry_headers
from prompts.requests import (
    again,
)
from schemas.answers import AnalysisAnswer, AssessmentAnswer, LadderAnswer

# What the checks of answers call each fault.
CODES = {
    "cut": "cut_off",
    "json": "not_json",
    "schema": "schema",
    "empty": "empty",
    "refusal": "refusal",
    "contradiction": "contradicted",
    "language": "language",
    "about-texts": "about_texts",
    "about-self": "about_self",
    "tags": "control_tags",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeServer]:
    with fake_server(tmp_path_factory.mktemp("fake"), "--prices", "") as running:
        yield running


@pytest.fixture
def endpoint(server: FakeServer) -> FakeServer:
    server.reset()
    return server


def faults_of(kind: str, said: Said) -> list[str]:
    """Codes of what the checks find in an answer to the request of that kind."""
    request = REQUESTS[kind]
    read = parse_answer(kind, request.items, said.text, said.finish_reason, said.refusal)
    if isinstance(read, list):
        return [fault.code for fault in read]
    if isinstance(read, AnalysisAnswer):
        return [fault.code for fault in analysis_faults(read.analyses, GOAL)[0]]
    motions = [read] if isinstance(read, AssessmentAnswer) else [*read.candidates, read.goal]
    own = [kind == "goal"] if isinstance(read, AssessmentAnswer) else [False] * len(read.candidates) + [True]
    found = []
    for motion, right in zip(motions, own):
        subject = Subject(GOAL, GOAL if right else OTHER)
        found += assessment_faults(motion, subject, None if right else True)[0]
    return [fault.code for fault in found]


@pytest.mark.parametrize("kind", list(REQUESTS))
def test_the_kinematic_annotator_answers_what_a_prompt_shows(endpoint: FakeServer, kind: str) -> None:
    got = client_of(endpoint).chat.completions.create(**body_of(REQUESTS[kind]))
    choice = got.choices[0]
    assert (choice.finish_reason, choice.message.refusal) == ("stop", None)
    assert faults_of(kind, Said(str(choice.message.content))) == []
    assert got.usage is not None
    counted = endpoint.stats()
    assert (counted["requests"], counted["answered"], counted["unread"]) == (1, 1, 0)
    assert counted["input_tokens"] == got.usage.prompt_tokens > 100
    assert counted["output_tokens"] == got.usage.completion_tokens > 10
    assert counted["money"] > 0


@pytest.mark.parametrize("kind", list(REQUESTS))
def test_a_prompt_of_somebody_else_gets_an_answer_of_the_form_that_is_asked_for(
    endpoint: FakeServer, kind: str
) -> None:
    body = body_of(REQUESTS[kind]) | {"messages": [{"role": "user", "content": "What moves?"}]}
    text = client_of(endpoint).chat.completions.create(**body).choices[0].message.content
    assert not isinstance(parse_answer(kind, 1, str(text), "stop", ""), list)
    assert endpoint.stats()["unread"] == 1


def test_a_request_that_is_asked_again_is_answered_anew(endpoint: FakeServer) -> None:
    first = REQUESTS["goal"]
    second = again(first, "nonsense", ["The answer is not one JSON object."])
    client = client_of(endpoint)
    texts = [
        client.chat.completions.create(**body_of(each)).choices[0].message.content for each in (first, second)
    ]
    assert texts[0] == texts[1]
    asked = endpoint.requests()
    assert asked == {messages_digest(each.as_messages()): [1, 1] for each in (first, second)}
    client.chat.completions.create(**body_of(first))
    counted = endpoint.stats()
    assert (counted["distinct_requests"], counted["repeated_requests"], counted["asked_after_answer"]) == (
        2,
        1,
        1,
    )


@pytest.mark.parametrize("name", ["max_completion_tokens", "max_tokens"])
def test_an_answer_longer_than_the_request_allows_is_cut_off(endpoint: FakeServer, name: str) -> None:
    got = client_of(endpoint).chat.completions.create(**body_of(REQUESTS["goal"]), **{name: 9})
    assert got.choices[0].finish_reason == "length"
    assert got.usage is not None
    assert got.usage.completion_tokens == 9


def test_what_is_no_chat_request_is_refused_with_the_reason(endpoint: FakeServer) -> None:
    client = client_of(endpoint)
    with pytest.raises(openai.BadRequestError, match="messages"):
        client.chat.completions.create(model="m", messages=[])
    with pytest.raises(openai.BadRequestError, match="stream"):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}], stream=True)
    with pytest.raises(openai.NotFoundError):
        client.batches.retrieve("batch_none")
    assert [model.id for model in client.models.list()] == ["fake"]


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeServer]:
    flags = (
        "--latency",
        0.4,
        "--capacity",
        3,
        "--api-key",
        "sk-right",
        "--batch-seconds",
        0,
        "--batch-expire",
        1,
    )
    with fake_server(tmp_path_factory.mktemp("narrow"), *flags) as running:
        yield running


def test_only_the_right_key_is_let_in(narrow: FakeServer) -> None:
    narrow.reset()
    client = client_of(narrow, "sk-wrong")
    for call in (
        client.models.list,
        client.batches.list,
        lambda: client.chat.completions.create(**body_of(REQUESTS["goal"])),
    ):
        # The refusal repeats the key, as careless servers do: clients must not let it through.
        with pytest.raises(openai.AuthenticationError, match="sk-wrong"):
            call()
    assert narrow.stats()["requests"] == 0


def test_only_so_many_requests_are_in_flight(narrow: FakeServer) -> None:
    narrow.reset()
    assert sorted(asyncio.run(_at_once(narrow, "sk-right", 8))) == [200] * 3 + [429] * 5
    counted = narrow.stats()
    assert (counted["max_in_flight"], counted["rejected"], counted["answered"]) == (3, 5, 3)
    assert counted["in_flight"] == 0


def test_a_client_that_goes_before_its_answer_is_not_billed(narrow: FakeServer) -> None:
    narrow.reset()
    assert asyncio.run(_at_once(narrow, "sk-right", 2, timeout=0.2)) == [0, 0]
    deadline = time.monotonic() + 5
    while narrow.stats()["in_flight"] and time.monotonic() < deadline:
        time.sleep(0.02)
    counted = narrow.stats()
    assert (counted["requests"], counted["answered"], counted["in_flight"]) == (2, 0, 0)


async def _at_once(server: FakeServer, key: str, count: int, timeout: float = 10) -> list[int]:
    """Statuses of so many requests at once; 0 for a time-out, -1 for a broken connection."""
    client = openai.AsyncOpenAI(base_url=server.base_url, api_key=key, max_retries=0, timeout=timeout)

    async def ask(number: int) -> int:
        message = {"role": "user", "content": f"Request {number}"}
        try:
            await client.chat.completions.create(**body_of(REQUESTS["goal"]) | {"messages": [message]})
        except openai.APIStatusError as error:
            return error.status_code
        except openai.APITimeoutError:
            return 0
        except openai.APIConnectionError:
            return -1
        return 200

    try:
        return list(await asyncio.gather(*map(ask, range(count))))
    finally:
        await client.close()


def test_requests_over_the_rate_are_told_when_to_come_back(tmp_path: Path) -> None:
    with fake_server(tmp_path, "--rpm", 20) as server:
        client = client_of(server)
        good = [
            client.chat.completions.with_raw_response.create(**body_of(REQUESTS["goal"])) for _ in range(2)
        ]
        left = [int(got.headers["x-ratelimit-remaining-requests"]) for got in good]
        assert left == [1, 0]
        with pytest.raises(openai.RateLimitError) as refused:
            client.chat.completions.create(**body_of(REQUESTS["goal"]))
        headers = refused.value.response.headers
        assert 1 <= int(headers["retry-after"]) <= 3
        assert headers["x-ratelimit-limit-requests"] == "20"


def test_faults_on_the_way_come_in_their_shares_and_are_billed_to_nobody(tmp_path: Path) -> None:
    shares = "429=0.15,429-bare=0.1,500=0.1,502=0.1,503=0.1,timeout=0.1,reset=0.1"
    with fake_server(tmp_path, "--faults", shares, "--prices", "") as server:
        outcomes = asyncio.run(_at_once(server, "k", 60, timeout=1))
        counted = server.stats()
    assert {200, 429, 500, 502, 503, 0, -1} == set(outcomes)
    assert set(counted["faults"]) == set(TRANSPORT)
    assert counted["answered"] == outcomes.count(200)
    assert (
        counted["rejected"] == outcomes.count(429) == counted["faults"]["429"] + counted["faults"]["429-bare"]
    )
    assert counted["faults"]["timeout"] == outcomes.count(0)
    assert counted["faults"]["reset"] == outcomes.count(-1)
    assert counted["requests"] == 60
    assert counted["in_flight"] == 0


def test_a_rejection_says_in_each_known_way_when_to_come_back() -> None:
    seconds, date, limits = (retry_headers(number) for number in range(3))
    assert seconds == {"retry-after": "1"}
    assert -0.5 < parsedate_to_datetime(date["retry-after"]).timestamp() - time.time() <= 1
    assert limits["x-ratelimit-reset-requests"] == "250ms"


@pytest.mark.parametrize("kind", list(REQUESTS))
@pytest.mark.parametrize("fault", ANSWER)
def test_each_fault_in_an_answer_is_what_the_checks_call_it(fault: str, kind: str) -> None:
    found = answer(REQUESTS[kind].as_messages(), "motion")
    assert isinstance(found.content, dict)
    verdict = {"analysis": "contradicted", "goal": "goal_not_matching"}.get(kind, "says_matching")
    assert (CODES | {"verdict": verdict})[fault] in faults_of(kind, spoil(fault, found.content, found.untrue))


def test_a_fault_in_an_answer_goes_with_the_request_and_not_with_its_place_in_the_row() -> None:
    faults = parse_faults("all=0.6")
    met = [drawn(faults, ANSWER, 0, "answer", f"digest {number}") for number in range(200)]
    assert met == [drawn(faults, ANSWER, 0, "answer", f"digest {number}") for number in range(200)]
    assert 0.2 < sum(map(bool, met)) / 200 < 0.5
    assert met != [drawn(faults, ANSWER, 1, "answer", f"digest {number}") for number in range(200)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("4040=0.1", "unknown fault '4040'"),
        ("500", "500=0.05"),
        ("500=2", "between 0 and 1"),
        ("500=.6,cut=.6", "more than 1"),
    ],
)
def test_faults_that_cannot_be_meant_are_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parse_faults(text)


def test_all_faults_share_one_share_and_what_is_named_later_wins() -> None:
    shares = parse_faults("all=0.18, timeout=0")
    assert set(shares) == set(KINDS) - {"timeout"}
    assert sum(shares.values()) == pytest.approx(0.18 * (1 - 1 / len(KINDS)))


@given(st.integers(1, 5000), st.lists(st.floats(0, 2), max_size=20))
def test_a_bucket_never_admits_more_than_its_rate(rpm: int, waits: list[float]) -> None:
    bucket = Bucket(rpm, 0.0)
    now, admitted = 0.0, 0
    for wait in waits:
        now += wait
        while admitted < 500 and bucket.take(now):
            admitted += 1
        assert admitted <= bucket.room + now * rpm / 60 + 1e-6


def test_durations_have_the_forms_of_the_headers() -> None:
    assert [duration(value) for value in (0, 0.12, 7.5, 90, 60.0)] == [
        "0ms",
        "120ms",
        "7.5s",
        "1m30s",
        "1m0s",
    ]


def test_flags_that_cannot_be_meant_end_the_command(tmp_path: Path) -> None:
    flags = ("--faults", "nonsense=1")
    with pytest.raises(AssertionError, match="unknown fault"), fake_server(tmp_path, *flags):
        pass


def test_a_ladder_is_answered_for_every_candidate() -> None:
    found = answer(REQUESTS["ladder"].as_messages(), "ladder")
    read = LadderAnswer.model_validate(found.content)
    assert (read.goal.matches, [one.matches for one in read.candidates]) == (True, [False, False])


def test_what_no_route_takes_is_not_found(endpoint: FakeServer) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{endpoint.root}/v1/nothing", timeout=10)
