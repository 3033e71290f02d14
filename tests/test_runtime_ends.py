"""How asking ends: main processes that die, full disks, broken pipelines; what was paid for is kept."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_server import FakeServer, fake_server
from scripted_endpoint import Response, completion, error, scripted
from test_runtime import PRICES, SECRET, ask_all, begun, request_of, stopped

from motion.demo.dataset import write_demo
from pipelines.build import EXIT_GATE
from pipelines.llm_run import LlmRun
from schemas.config import BuildConfig
from schemas.ledger import Ledger
from schemas.llm_settings import LlmSettings
from transforms.llm import sender
from transforms.llm.asking import AskError, Reply, StoppedError
from transforms.llm.client import KEY
from transforms.llm.material import asked
from transforms.llm.run_state import RunState
from transforms.llm.runtime import Runtime, end_runtime, runtime

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _one_runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(KEY, SECRET)
    yield
    end_runtime()


def kept(ledger: Path) -> int:
    return len(list(ledger.glob("??/*.json")))


def wait_for(condition: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


WORKER = """
    import asyncio, json, os, sys, threading
    from collections import Counter
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path
    sys.path.insert(0, "tests")
    from test_runtime import ask_all
    from schemas.config import BuildConfig
    from schemas.llm_settings import LlmSettings
    from transforms.llm.runtime import runtime
    output, base_url, ending = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    settings = LlmSettings(model="model", base_url=base_url, concurrency=8)
    def shard():
        asker = runtime(BuildConfig(output=str(output), llm=settings))
        ended = Counter(type(reply).__name__ for reply in ask_all(asker, range(400)))
        (output / "ended.json").write_text(json.dumps(ended))
    ThreadPoolExecutor(1).submit(shard)
    if ending == "lives":
        threading.Event().wait(20)
    sys.stdin.read()  # until the main process is gone
    """
MAIN = """
    import subprocess, sys
    from pathlib import Path
    from transforms.llm.run_state import RunState
    RunState(Path(sys.argv[2])).begin()
    worker = subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], stdin=subprocess.PIPE)
    worker.wait()
    """


@pytest.mark.parametrize("ending", ["ends", "lives"])
def test_a_worker_whose_main_process_is_killed_stops_and_keeps_all_answers(
    tmp_path: Path, ending: str
) -> None:
    """Its own main thread ends, which closes Python's pools of threads, or notices nothing."""
    with scripted(lambda number, body: Response(seconds=0.2)) as endpoint:
        words = [textwrap.dedent(WORKER), str(tmp_path), endpoint.base_url, ending]
        main = subprocess.Popen([sys.executable, "-c", textwrap.dedent(MAIN), *words], cwd=ROOT)
        wait_for(lambda: len(endpoint.bodies) > 20)
        main.kill()
        main.wait()
        at_kill = len(endpoint.bodies)
        wait_for((tmp_path / "ended.json").exists)
        sent = len(endpoint.bodies)
    ended = json.loads((tmp_path / "ended.json").read_text())
    assert ended == {"Reply": sent, "StoppedError": 400 - sent}
    assert kept(tmp_path / "ledger") == endpoint.answered == sent
    assert sent <= at_kill + 8 * 5  # half a second to notice it


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("a disk of 1.5 MB can be mounted by root only")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=1536k", "tmpfs", str(disk)]
    if subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield disk
    end_runtime()
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("same", [True, False], ids=["with the run's state on it", "with the ledger only"])
def test_a_full_disk_stops_the_run_at_the_first_answer_that_it_cannot_keep(
    small_disk: Path, tmp_path: Path, same: bool
) -> None:
    output = small_disk / "corpus" if same else tmp_path / "corpus"
    answer = completion("x" * 20_000)
    with scripted(lambda number, body: Response(body=answer, seconds=0.02)) as endpoint:
        asker = begun(output, endpoint, ledger=str(small_disk / "ledger"), concurrency=8)
        gone = ask_all(asker, range(300))
        assert Counter(map(type, gone)).keys() == {Reply, StoppedError}
        held = kept(small_disk / "ledger")
        assert held >= sum(isinstance(one, Reply) for one in gone)
        assert endpoint.answered - held <= 8
        assert same or stopped(output).reason == "failures"


def test_a_budget_whose_books_cannot_be_written_stops_the_run(tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text(PRICES)
    with scripted() as endpoint:
        asker = begun(tmp_path, endpoint, budget=5.0, prices=str(prices))
        RunState(tmp_path).budget_folder.write_text("in the way")
        gone = ask_all(asker, range(3))
        assert endpoint.bodies == []
    assert {type(one) for one in gone} == {StoppedError}
    assert "the budget's books cannot be written" in stopped(tmp_path).detail


def test_an_answer_of_another_process_that_is_damaged_costs_its_own_request_only(tmp_path: Path) -> None:
    def script(number: int, body: dict[str, Any]) -> Response:
        if body["messages"][1]["content"] == "motion 3":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('{"version": 1, "te')
        return Response(seconds=0.3)

    with scripted(script) as endpoint:
        asker = begun(tmp_path, endpoint)
        path = Ledger(tmp_path / "ledger").path(asked(asker.settings, request_of(3)).key)
        replies = ask_all(asker, range(6))
    damaged = replies.pop(3)
    assert isinstance(damaged, AskError)
    assert (damaged.reason, str(path) in str(damaged)) == ("ledger_damaged", True)
    assert all(isinstance(one, Reply) for one in replies)
    assert RunState(tmp_path).stopped() is None


@pytest.mark.parametrize("answers", [False, True])
def test_an_endpoint_that_does_nothing_but_reject_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    """Where another request was answered meanwhile, only the one that was not is given up."""
    monkeypatch.setattr(sender, "_REJECTED_SECONDS", 0.5)
    busy = Response(429, error("slow down"), {"Retry-After": "0.05"})

    def script(number: int, body: dict[str, Any]) -> Response:
        return Response() if answers and body["messages"][1]["content"] != "motion 0" else busy

    with scripted(script) as endpoint:
        asker = begun(tmp_path, endpoint, concurrency=2)
        if not answers:
            assert {type(one) for one in ask_all(asker, range(9))} == {StoppedError}
            assert stopped(tmp_path).reason == "endpoint"
            assert "rejected (HTTP 429) for" in stopped(tmp_path).detail
            return
        done = threading.Event()

        def others() -> None:
            for number in itertools.count(1):
                if done.is_set():
                    return
                ask_all(asker, range(number, number + 1))
                time.sleep(0.01)

        thread = threading.Thread(target=others)
        thread.start()
        [gone] = ask_all(asker, range(1))
        done.set()
        thread.join()
    assert isinstance(gone, AskError)
    assert gone.reason == "request_failed"
    assert RunState(tmp_path).stopped() is None


def test_every_request_that_was_sent_is_counted_once_by_how_it_ended(tmp_path: Path) -> None:
    def script(number: int, body: dict[str, Any]) -> Response:
        status = 401 if number == 30 else (200, 429, 400, 500)[number % 4]
        return Response(status, None if status == 200 else error("no"), {"Retry-After": "0.01"}, 0.02)

    with scripted(script) as endpoint:
        ask_all(begun(tmp_path, endpoint, concurrency=4, stop_share=1.0), range(60))
        total = RunState(tmp_path).total()
        assert total.sent == len(endpoint.bodies)
    assert stopped(tmp_path).reason == "endpoint"
    ends = (total.answers, total.rejected, total.failed_tries, total.refused)
    assert sum(ends) == total.sent
    assert all(ends)


def test_the_last_counts_are_those_that_stay(tmp_path: Path) -> None:
    with scripted() as endpoint:
        asker = begun(tmp_path, endpoint)
        threads = [
            threading.Thread(target=lambda: [asker.count(goals=1) for _ in range(100)]) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert RunState(tmp_path).total().goals == 800


def test_a_pipeline_that_fails_leaves_no_answer_in_flight(tmp_path: Path) -> None:
    with scripted(lambda number, body: Response(seconds=0.3)) as endpoint:
        settings = LlmSettings(model="model", base_url=endpoint.base_url, concurrency=8)
        config = BuildConfig(output=str(tmp_path), annotator="openai", llm=settings)
        shard: list[threading.Thread] = []

        def pipeline() -> None:
            asker = runtime(config)
            shard.append(threading.Thread(target=annotate, args=(asker,)))
            shard[0].start()
            wait_for(lambda: endpoint.in_flight)
            raise RuntimeError("a step is broken")

        def annotate(asker: Runtime) -> None:
            with pytest.raises(StoppedError):
                ask_all(asker, range(50))

        with pytest.raises(RuntimeError, match="a step is broken"):
            LlmRun(config).ask(pipeline)
        shard[0].join()
        assert kept(tmp_path / "ledger") == endpoint.answered == len(endpoint.bodies) > 0


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "data"
    write_demo(folder, motions=16)
    return folder


@pytest.mark.slow  # three builds, two of them with two workers: a minute
def test_a_build_whose_main_process_alone_is_killed_loses_no_answer_and_goes_on(
    data: Path, tmp_path: Path
) -> None:
    workers = ["--runner=FnApiRunner", "--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    with fake_server(tmp_path / "server", "--latency", 0.3) as server:
        command = [*build_command(data, tmp_path / "killed", server, 4), *workers]
        build = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        wait_for(lambda: kept(tmp_path / "killed" / "ledger") > 30, 120)
        assert build.poll() is None
        done = receipts(tmp_path / "killed")
        build.kill()
        build.wait()
        wait_for(lambda: not alive(build.pid))
        assert receipts(tmp_path / "killed") == done
        assert kept(tmp_path / "killed" / "ledger") == server.stats()["answered"]
        finish(build_command(data, tmp_path / "killed", server, 32))
        assert server.stats()["repeated_requests"] == 0
        finish(build_command(data, tmp_path / "undisturbed", server, 32))
    assert content(tmp_path / "killed") == content(tmp_path / "undisturbed")


def build_command(data: Path, output: Path, server: FakeServer, concurrency: int) -> list[str]:
    words = ["build", "--input", data, "--output", output, "--annotator", "openai", "--model", "fake-1"]
    words += ["--base-url", server.base_url, "--concurrency", concurrency, "--ladder", 2]
    return [sys.executable, "-m", "pipelines.cli", *map(str, words)]


def finish(command: list[str]) -> None:
    """Build to the end; what the gate says of so few goals does not matter here."""
    assert subprocess.run(command, timeout=300, check=False).returncode in (0, EXIT_GATE)


def receipts(corpus: Path) -> set[str]:
    return {path.name for path in (corpus / "receipts").glob("annotate*.json")}


def content(corpus: Path) -> dict[str, bytes]:
    paths = [*corpus.rglob("*.parquet"), corpus / "manifest.json"]
    return {str(path.relative_to(corpus)): path.read_bytes() for path in paths}


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
