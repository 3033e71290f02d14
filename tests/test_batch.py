"""Batches against the fake endpoint: every request paid once, whatever is killed, expires or fails."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from batch_builds import Pipeline, config, records, requests, run
from fake_server import FakeServer, fake_server

import schemas.crash
from pipelines.batch.bill import Bill
from pipelines.batch.desk import Desk
from pipelines.batch.driver import run_batches
from pipelines.batch.fetching import fetch
from pipelines.batch.provider import Provider, ProviderError
from prompts.requests import Request
from schemas.config import BuildConfig
from schemas.ledger import Ledger
from transforms.llm.batch_records import FETCHED, SUBMITTED, BatchRecords, Record
from transforms.llm.material import asked
from transforms.llm.pending import pending_folder, pending_line
from transforms.llm.run_state import RunState, Status
from transforms.llm.wire import llm_settings

KEY = "sk-test-batches-and-nothing-else"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeServer]:
    with fake_server(tmp_path_factory.mktemp("server"), "--batch-seconds", 0.2) as running:
        yield running


def test_all_requests_are_answered_by_batches_and_counted_as_the_endpoint_counts(
    tmp_path: Path, server: FakeServer
) -> None:
    server.reset()
    shards = [requests(7, "walk"), requests(5, "jump")]
    pipeline = Pipeline(config(tmp_path, server), shards, follow=True)
    stop, status = run(pipeline)
    stats = server.stats()
    assert stop is None
    assert [len(pipeline.texts[index]) for index in (0, 1)] == [7, 5]
    assert pipeline.passes == 3  # the first requests, those that hang on their answers, the end
    assert (stats["batches"], stats["batch_requests"], stats["asked_after_answer"]) == (2, 24, 0)
    assert (status.sent, status.answers, status.from_ledger, status.in_flight) == (24, 24, 0, 0)
    assert (status.asked_again, status.batches, status.batch_requests) == (12, 0, 0)
    assert status.batch_input_tokens == stats["batch_input_tokens"] > 0
    assert status.batch_output_tokens == stats["batch_output_tokens"] > 0
    assert [entry.batch for entry in Ledger(tmp_path / "ledger").entries()] == [True] * 24
    assert {record.state for record in records(pipeline.build)} == {FETCHED}
    assert not list((tmp_path / "ledger" / "batches").glob("*.jsonl"))

    again = Pipeline(config(tmp_path, server, "another"), shards, follow=True)
    stop, status = run(again)
    assert (stop, again.passes, again.texts) == (None, 1, pipeline.texts)
    assert (status.sent, status.from_ledger) == (0, 24)
    assert server.stats()["batches"] == 2


def _killed_at(point: str, build: BuildConfig, shards: Sequence[Sequence[Request]]) -> None:
    os.environ["IRMOGEN_CRASH"] = point
    importlib.reload(schemas.crash)
    run(Pipeline(build, shards))


@pytest.mark.parametrize("point", ["batch_before_id", "polling_batch", "answer_before_ledger"])
def test_a_killed_process_picks_up_its_batches_wherever_it_was(
    tmp_path: Path, server: FakeServer, point: str
) -> None:
    server.reset()
    build, shards = config(tmp_path, server), [requests(6, point)]
    process = multiprocessing.get_context("fork").Process(target=_killed_at, args=(point, build, shards))
    process.start()
    process.join(60)
    assert process.exitcode == -9
    pipeline = Pipeline(build, shards)
    assert run(pipeline)[0] is None
    stats = server.stats()
    assert len(pipeline.texts[0]) == 6
    assert (stats["batches"], stats["batch_requests"], stats["asked_after_answer"]) == (1, 6, 0)


def test_an_intent_that_was_never_submitted_is_forgotten_and_its_requests_are_sent(
    tmp_path: Path, server: FakeServer
) -> None:
    build, wanted = config(tmp_path, server), requests(3, "intent")
    lines = [pending_line(asked(llm_settings(build), request)) for request in wanted]
    kept = BatchRecords(tmp_path / "ledger")
    kept.intend(Record("f" * 32, "intended", server.base_url, int(time.time()), 3, 10, 10), lines)
    (kept.folder / "lost.jsonl").write_bytes(b"of a process killed before its record was written\n")
    pipeline = Pipeline(build, [wanted])
    assert run(pipeline)[0] is None
    assert len(pipeline.texts[0]) == 3
    assert [record.state for record in kept.all()] == [FETCHED]
    assert not list(kept.folder.glob("*.jsonl"))


def test_two_builds_that_share_a_ledger_pay_once(tmp_path: Path, server: FakeServer) -> None:
    server.reset()
    shards = [requests(4, "shared"), requests(4, "also shared")]
    pipelines = [Pipeline(config(tmp_path, server, name), shards) for name in ("one", "two")]
    statuses: list[Status] = []
    threads = [threading.Thread(target=lambda each=each: statuses.append(run(each)[1])) for each in pipelines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert pipelines[0].texts == pipelines[1].texts
    assert [len(texts) for texts in pipelines[0].texts.values()] == [4, 4]
    stats = server.stats()
    assert (stats["batch_requests"], stats["asked_after_answer"]) == (8, 0)
    total = statuses[0] + statuses[1]
    assert (total.sent, total.answers) == (8, 8)
    assert total.batch_output_tokens == stats["batch_output_tokens"]


def _stop_when_submitted(build: BuildConfig) -> None:
    while not any(record.state == SUBMITTED for record in records(build)):
        time.sleep(0.02)
    RunState(Path(build.output)).stop("interrupted", "Ctrl-C")


def test_a_stop_ends_the_waiting_and_the_next_run_fetches_the_batch(tmp_path: Path) -> None:
    with fake_server(tmp_path / "server", "--batch-seconds", 1.5) as slow:
        build, shards = config(tmp_path, slow), [requests(3, "interrupted")]
        threading.Thread(target=_stop_when_submitted, args=(build,)).start()
        stop, status = run(Pipeline(build, shards))
        assert stop is not None
        assert (stop.reason, status.sent, status.answers) == ("interrupted", 3, 0)
        assert (status.batches, status.batch_requests, status.in_flight) == (1, 3, 3)
        assert [record.state for record in records(build)] == [SUBMITTED]
        pipeline = Pipeline(build, shards)
        stop, status = run(pipeline)
        assert (stop, status.sent, status.answers) == (None, 0, 3)
        assert slow.stats()["batches"] == 1


def test_what_expires_is_sent_again_until_it_is_answered_or_given_up(tmp_path: Path) -> None:
    flags = ("--batch-seconds", 0.1, "--batch-expire", 1.0, "--api-key", KEY)
    with fake_server(tmp_path / "server", *flags) as hasty, pytest.MonkeyPatch.context() as patch:
        build, shards = config(tmp_path, hasty), [requests(13, "expires")]
        patch.setenv("OPENAI_API_KEY", "sk-another-key")
        stop, _ = run(Pipeline(build, shards))
        assert stop is not None
        assert stop.reason == "endpoint"
        assert "sk-another-key" not in stop.detail

        patch.setenv("OPENAI_API_KEY", KEY)
        pipeline = Pipeline(build, shards)
        stop, status = run(pipeline)
        stats = hasty.stats()
        assert stop is None
        assert len(pipeline.texts[0]) + len(pipeline.lost) == 13
        assert (stats["batches"], status.answers) == (3, len(pipeline.texts[0]))
        assert pipeline.lost
        assert {(error.reason, "expired" in str(error)) for error in pipeline.lost} == {
            ("request_failed", True)
        }
        assert stats["asked_after_answer"] == 0
        lost = [key for record in records(build) for each in record.failures for key in each.keys]
        assert BatchRecords(tmp_path / "ledger").forget_failures(lost) == len(set(lost))
        again = Pipeline(build, shards)
        assert run(again)[0] is None
        assert len(again.texts[0]) > len(pipeline.texts[0])
        assert not [path for path in tmp_path.rglob("*.json*") if KEY in path.read_text()]


def test_a_budget_is_not_passed_and_the_next_run_goes_on(tmp_path: Path, server: FakeServer) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text(
        "version: 1\ncurrency: USD\nas_of: 2026-01-01\n"
        "models: {gpt-4o-mini: {input: 1.0, output: 10.0, batch: 0.5}}\n"
    )
    shards = [requests(12, "costs")]
    small = config(tmp_path, server, prices=str(prices), budget=0.006)  # one may cost 0.0055
    first = Pipeline(small, shards)
    stop, status = run(first)
    assert stop is not None
    assert stop.reason == "budget"
    assert 0 < status.answers < 12
    assert (status.batch_input_tokens * 1.0 + status.batch_output_tokens * 10.0) / 2e6 <= 0.006
    large = Pipeline(config(tmp_path, server, prices=str(prices), budget=1.0), shards)
    stop, more = run(large)
    assert (stop, len(large.texts[0])) == (None, 12)
    assert status.sent + more.sent == 12


def test_a_budget_without_a_price_is_refused(tmp_path: Path, server: FakeServer) -> None:
    build = config(tmp_path, server, model="nobody-knows-it", budget=1.0)
    with pytest.raises(ValueError, match="no price for nobody-knows-it"):
        run(Pipeline(build, [requests(1, "priceless")]))


def test_a_request_that_fails_validation_is_given_up_and_the_others_are_answered(
    tmp_path: Path, server: FakeServer
) -> None:
    build, shards = config(tmp_path, server), [requests(3, "valid")]
    pipeline = Pipeline(build, shards)
    bad = asked(llm_settings(build), requests(1, "bad")[0])
    line = pending_line(replace(bad, material={**bad.material, "model": None}))

    def with_a_bad_line() -> None:
        pipeline()
        for path in pending_folder(Path(build.output)).glob("*.jsonl"):
            path.write_bytes(line + path.read_bytes())

    state = RunState(Path(build.output))
    state.begin()
    run_batches(build, with_a_bad_line)
    assert state.stopped() is None
    assert len(pipeline.texts[0]) == 3
    failure = BatchRecords(tmp_path / "ledger").given_up()[bad.key]
    assert failure.reason == "request_refused"
    assert "body.model" in failure.detail


def test_a_file_that_is_rejected_as_a_whole_stops_the_run(tmp_path: Path, server: FakeServer) -> None:
    build = config(tmp_path, server)
    pipeline = Pipeline(build, [requests(2, "whole")])
    other = asked(replace(llm_settings(build), model="another"), requests(1, "whole")[0])

    def with_another_model() -> None:
        pipeline()
        folder = pending_folder(Path(build.output))
        (folder / "shard-00009.jsonl").write_bytes(pending_line(other))

    state = RunState(Path(build.output))
    state.begin()
    run_batches(build, with_another_model)
    stop = state.stopped()
    assert stop is not None
    assert (stop.reason, "mismatched_model" in stop.detail) == ("endpoint", True)
    assert BatchRecords(tmp_path / "ledger").given_up() == {}


def test_an_endpoint_without_an_answer_stops_the_run(tmp_path: Path, server: FakeServer) -> None:
    nowhere = config(tmp_path, server, base_url="http://127.0.0.1:9/v1")
    stop, status = run(Pipeline(nowhere, [requests(2, "nowhere")]))
    assert stop is not None
    assert (stop.reason, status.sent) == ("failures", 0)
    assert "2 tries" in stop.detail


def submitted(folder: Path, build: BuildConfig, wanted: Sequence[Request], base_url: str) -> Record:
    """A record of a batch that is under way, as another process left it."""
    lines = [pending_line(asked(llm_settings(build), request)) for request in wanted]
    record = Record("a" * 32, SUBMITTED, base_url, int(time.time()), len(lines), 10, 10, "batch_unknown")
    BatchRecords(folder / "ledger").intend(record, lines)
    return record


@pytest.mark.parametrize(
    ("base_url", "says"), [("http://elsewhere/v1", "give that --base-url"), ("", "does not know this batch")]
)
def test_requests_under_way_that_cannot_be_reached_are_not_paid_again(
    tmp_path: Path, server: FakeServer, base_url: str, says: str
) -> None:
    build, wanted = config(tmp_path, server), requests(2, "under way")
    record = submitted(tmp_path, build, wanted, base_url or server.base_url)
    batches = server.stats()["batches"]
    with pytest.raises(ValueError, match=says) as error:
        run(Pipeline(build, [wanted]))
    assert f"{record.name}.json" in str(error.value)
    assert server.stats()["batches"] == batches
    os.remove(tmp_path / "ledger" / "batches" / f"{record.name}.json")
    assert run(Pipeline(build, [wanted]))[0] is None


def ended(status: str, **fields: Any) -> Any:
    """A batch as the interface shows it."""
    from openai.types import Batch

    return Batch(
        id="batch_unknown",
        completion_window="24h",
        created_at=0,
        endpoint="/v1/chat/completions",
        input_file_id="file",
        object="batch",
        status=status,  # type: ignore[arg-type]
        **fields,
    )


@pytest.fixture
def desk(tmp_path: Path, server: FakeServer) -> Desk:
    settings = llm_settings(config(tmp_path, server))
    state = RunState(tmp_path / "corpus")
    state.begin()
    return Desk(
        settings,
        tmp_path / "ledger",
        Provider(settings, lambda seconds: None),
        Bill(settings, state),
        lambda: None,
    )


def test_a_batch_that_somebody_cancelled_stops_the_run_and_counts_against_no_request(
    tmp_path: Path, server: FakeServer, desk: Desk
) -> None:
    build = config(tmp_path, server)
    record = submitted(tmp_path, build, requests(2, "cancelled"), server.base_url)
    stop = fetch(desk, record, ended("cancelled"), 0.5)
    assert stop is not None
    assert stop[0] == "endpoint"
    [now] = desk.records.all()
    assert (now.state, now.failures) == (FETCHED, ())


def test_a_full_queue_makes_batches_smaller_until_there_is_nothing_to_cut(
    tmp_path: Path, server: FakeServer, desk: Desk
) -> None:
    build = config(tmp_path, server)
    errors = {"data": [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached"}]}
    record = submitted(tmp_path, build, requests(4, "queue"), server.base_url)
    assert fetch(desk, record, ended("failed", errors=errors), 0.5) is None
    lines = [pending_line(asked(llm_settings(build), request)) for request in requests(4, "queue")]
    [name] = desk.submit(lambda: lines).names
    submitted_now = desk.records.read(name)
    assert submitted_now is not None
    assert submitted_now.requests == 2
    single = submitted(tmp_path, build, requests(1, "alone"), server.base_url)
    stop = fetch(desk, single, ended("failed", errors=errors), 0.5)
    assert stop is not None
    assert "Enqueued token limit" in stop[1]


def test_another_build_that_fetched_first_leaves_nothing_to_do(
    tmp_path: Path, server: FakeServer, desk: Desk
) -> None:
    record = submitted(tmp_path, config(tmp_path, server), requests(1, "first"), server.base_url)
    desk.records.write(replace(record, state=FETCHED))
    assert fetch(desk, record, ended("completed", output_file_id="gone"), 0.5) is None


def test_an_endpoint_without_a_batch_interface_is_named(tmp_path: Path, server: FakeServer) -> None:
    settings = llm_settings(config(tmp_path, server, base_url=f"{server.root}/nothing"))
    with pytest.raises(ProviderError, match="is there a batch interface") as error:
        Provider(settings, lambda seconds: None).upload("x", [b"{}\n"], tmp_path)
    assert error.value.reason == "endpoint"
