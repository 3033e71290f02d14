"""Builds that ask a language model, with the real command against the fake endpoint's real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_server import FakeServer, fake_server

from motion.demo.dataset import write_demo
from pipelines.cli import main
from pipelines.fake_llm.books import messages_digest
from schemas.corpus import read_manifest
from schemas.ledger import Ledger
from schemas.storage import read_json
from transforms.llm.material import asks_again

PRICES = """
version: 1
currency: USD
as_of: "2026-03"
models:
  fake: {input: 1.0, output: 4.0, batch: 0.5}
"""
BUDGET = 0.012
SMALL = ("--ladder", 1, "--perturbed", 1, "--wordings", 1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("llm")
    write_demo(folder / "data", motions=3)
    (folder / "prices.yaml").write_text(PRICES)
    return folder / "data"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeServer]:
    with fake_server(tmp_path_factory.mktemp("server"), "--latency", 0.01) as running:
        yield running


def flags(data: Path, output: Path, server: FakeServer, *more: object) -> list[str]:
    prices = data.parent / "prices.yaml"
    model = ("--annotator", "openai", "--base-url", server.base_url, "--model", "fake", "--prices", prices)
    return [*map(str, ("--input", data, "--output", output, *SMALL, *model, *more))]


def failed_goals(corpus: Path) -> dict[str, int]:
    return dict(read_manifest(corpus)["steps"]["annotate"]["goals"]["failed"])


def test_a_stopped_run_goes_on_and_replay_asks_again_for_what_failed(
    data: Path, server: FakeServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    corpus = tmp_path / "corpus"
    with fake_server(tmp_path / "faulty", "--faults", "refusal=0.1,cut=0.1") as faulty:
        stop_at_the_budget(data, corpus, faulty, capfd)
        go_on_without_paying_twice(data, corpus, faulty, capfd)
    failed = failed_goals(corpus)
    assert set(failed) == {"refusal", "cut_off"}
    answers = len(list((corpus / "ledger").glob("??/*.json")))
    assert main(["replay", str(corpus), "--base-url", server.base_url]) == 0
    assert f"tried again: annotate, refusal: {failed['refusal']}" in capfd.readouterr().out
    assert failed_goals(corpus) == {}
    void = len(list((corpus / "ledger").glob("??/*.void-*.json")))
    assert server.stats()["requests"] == void < answers
    assert main(["replay", str(corpus)]) == 0
    assert "nothing failed" in capfd.readouterr().out


def stop_at_the_budget(
    data: Path, corpus: Path, server: FakeServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """The run ends before its budget is passed, and says how to go on."""
    limited = flags(data, corpus, server, "--asks", 1, "--budget", BUDGET, "--concurrency", 2)
    assert main(["build", *limited]) == 4
    told = capfd.readouterr()
    assert f"budget {BUDGET:.4f} USD: will stop the run before its end" in told.out
    assert "stopped: the budget is used up" in told.err
    assert f"irmogen build {' '.join(limited)}" in told.err
    assert not (corpus / "run").exists()
    assert 0 < money(server) <= BUDGET


def go_on_without_paying_twice(
    data: Path, corpus: Path, server: FakeServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """The plan knows what is paid, the build asks for the rest, and all books agree."""
    paid, spent = server.stats(), money(server)
    assert main(["plan", *flags(data, corpus, server, "--asks", 1)]) == 0
    plan = capfd.readouterr().out
    assert f"({paid['distinct_requests']} answers are in the ledger)" in plan
    planned = int(plan.split("requests ")[1].split()[0])

    assert main(["build", *flags(data, corpus, server, "--asks", 1)]) in (0, 3)
    done = server.stats()
    assert done["repeated_requests"] == 0
    assert done["requests"] == paid["requests"] + planned
    books = Ledger(corpus / "ledger").spent()
    assert (books.input_tokens, books.output_tokens) == (done["input_tokens"], done["output_tokens"])
    notes = read_json(corpus / "run.json")["llm"]
    assert notes["counts"]["answers"] == planned
    assert notes["money"] == pytest.approx(money(server) - spent)


def money(server: FakeServer) -> float:
    """What an endpoint's answers cost by its own count."""
    counted = server.stats()
    return (counted["input_tokens"] + 4 * counted["output_tokens"]) / 1e6


def test_a_refused_key_stops_the_run_and_is_told_nowhere(
    data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-and-secret")
    corpus = tmp_path / "corpus"
    with fake_server(tmp_path / "server", "--api-key", "sk-right") as locked:
        assert main(["build", *flags(data, corpus, locked)]) == 5
    told = capfd.readouterr()
    assert "stopped: the endpoint refuses to answer (HTTP 401" in told.err
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"secret" not in written + told.out.encode() + told.err.encode()


def batch_flags(data: Path, output: Path, server: FakeServer) -> list[str]:
    found = flags(data, output, server, "--asks", 2, "--batch-poll", 0.1)
    return ["openai-batch" if flag == "openai" else flag for flag in found]


@pytest.mark.slow  # two builds: 12 s
def test_replay_sends_what_failed_in_batches_again_and_nothing_else(
    data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    corpus, batches = tmp_path / "corpus", ("--batch-seconds", 0.1)
    with fake_server(tmp_path / "faulty", "--faults", "contradiction=0.3", *batches) as faulty:
        assert main(["build", *batch_flags(data, corpus, faulty)]) in (0, 3)
        sent = set(faulty.requests())
    failed = failed_goals(corpus)
    assert set(failed) == {"contradicted"}
    with fake_server(tmp_path / "sound", *batches) as sound:
        assert main(["replay", str(corpus), "--base-url", sound.base_url]) == 0
        stats, again = sound.stats(), set(sound.requests())
    assert failed_goals(corpus) == {}
    assert f"tried again: annotate, contradicted: {failed['contradicted']}" in capfd.readouterr().out
    books = list(Ledger(corpus / "ledger").entries())
    void = {messages_digest(entry.asked["messages"]) for entry in books if entry.void}
    assert again <= void < sent  # a first answer that passes makes the second request superfluous
    assert stats["batch_requests"] == len(again) > 0


@pytest.mark.slow  # two builds: 8 s
def test_a_run_that_goes_on_counts_what_it_asks_again_itself_and_learns_from_it(
    data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    corpus = tmp_path / "corpus"
    with fake_server(tmp_path / "server", "--faults", "contradiction=0.4") as faulty:
        asked = flags(data, corpus, faulty, "--concurrency", 4)
        assert main(["build", *asked, "--budget", str(BUDGET)]) == 4
        first, kept = counts_of(corpus), repeats(corpus)
        assert first["asked_again"] == kept
        assert main(["build", *asked]) in (0, 3)
    counts = counts_of(corpus)
    assert counts["asked_again"] == repeats(corpus) - kept > 0
    failed = counts["faults"]["contradicted"]
    assert f"answers that failed the checks: {failed} (contradicted {failed})" in capfd.readouterr().out
    notes = read_json(corpus / "run.json")
    # The plan knew all but what this run's own faulty answers added.
    added = counts["answers"] - notes["llm"]["planned"]["requests"]
    assert 0 < added == counts["asked_again"] - notes["llm"]["planned"]["again"]
    expected = counts["answers"] / notes["llm"]["planned"]["requests"]
    assert notes["llm_truth"]["requests"] == pytest.approx(expected, abs=1e-3)


def counts_of(corpus: Path) -> dict[str, Any]:
    return dict(read_json(corpus / "run.json")["llm"]["counts"])


def repeats(corpus: Path) -> int:
    """Answers in the ledger to requests that name the faults of another one."""
    return sum(asks_again(entry.asked) for entry in Ledger(corpus / "ledger").entries())


@pytest.mark.slow  # two builds: 8 s
def test_too_many_failures_stop_a_run_and_the_next_one_goes_on(
    data: Path, server: FakeServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    corpus = tmp_path / "corpus"
    with fake_server(tmp_path / "failing", "--faults", "500=0.9") as failing:
        asked = flags(data, corpus, failing)
        assert main(["build", *asked]) == 5
        paid = failing.stats()["answered"]
    told = capfd.readouterr().err
    assert "stopped: too many requests failed (" in told
    assert "more than the share of 0.5; the last one: HTTP 500: Internal error" in told
    assert f"Go on with:\n  irmogen build {' '.join(asked)}" in told
    assert not (corpus / "manifest.json").exists()
    server.reset()
    assert main(["build", *flags(data, corpus, server)]) == 0
    assert failed_goals(corpus) == {}
    answers = len(list(Ledger(corpus / "ledger").entries()))
    assert server.stats()["requests"] == answers - paid


@pytest.mark.slow  # three processes each: 20 s
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_two_workers_cleanly_and_twice_at_once(data: Path, tmp_path: Path, times: int) -> None:
    workers = ("--direct_num_workers", 2, "--direct_running_mode", "multi_processing")
    corpus = tmp_path / "corpus"
    with fake_server(tmp_path / "server", "--latency", 1) as slow:
        asked = flags(data, corpus, slow, "--concurrency", 2, *workers)
        command = [sys.executable, "-m", "pipelines.cli", "build", *asked]
        log = tmp_path / "stderr"
        with log.open("w") as file:
            build = subprocess.Popen(command, stderr=file, start_new_session=True)
        comes_true(lambda: slow.stats()["requests"] >= 4, build, log)
        for _ in range(times):
            os.killpg(build.pid, signal.SIGINT)  # as a terminal does: to the workers, too
            comes_true(lambda: "interrupted: finishing" in log.read_text(), build, log)
        assert build.wait(timeout=60) == 130
        if times == 1:
            assert "irmogen build --input" in log.read_text()
            answered = slow.stats()["answered"]
            assert len(list((corpus / "ledger").glob("??/*.json"))) == answered == slow.stats()["requests"]
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and group_alive(build.pid):
            time.sleep(0.2)
        assert not group_alive(build.pid)


def comes_true(true: Callable[[], bool], build: subprocess.Popen[bytes], log: Path) -> None:
    """Wait while a build works; AssertionError with what it told if it ends before, or takes a minute."""
    deadline = time.monotonic() + 60
    while not true():
        assert build.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def group_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
