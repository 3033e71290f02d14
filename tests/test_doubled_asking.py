"""Bundles that ask a language model, broken, doubled and killed: only what was in flight is paid twice."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bundles import FAILING, Job, asking, breaking, ended, job_of, process, run_asking, worker
from conftest import corpus_bytes
from fake_server import FakeServer, fake_server
from scripted_endpoint import Response, error, scripted
from test_runtime import ask_all, begun

from pipelines.fake_llm.books import messages_digest
from schemas.ledger import Ledger
from schemas.storage import sweep
from transforms.llm.asking import StoppedError
from transforms.llm.client import KEY
from transforms.llm.run_state import RunState, Status
from transforms.llm.runtime import end_runtime
from transforms.llm.turns import Turns

IN_FLIGHT = 8


@pytest.fixture(autouse=True)
def _one_runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(KEY, "sk-test-bundles-and-nothing-else")
    yield
    end_runtime()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeServer]:
    with fake_server(tmp_path_factory.mktemp("server"), "--latency", 0.05) as running:
        yield running


@pytest.fixture(scope="module")
def laddered(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A build whose ladders are made, without a language model."""
    folder = tmp_path_factory.mktemp("asking")
    made = job_of(folder / "data", clips=9).to(folder / "laddered")
    made.run()
    return made


@pytest.fixture(scope="module")
def clean(laddered: Job, server: FakeServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, Status]:
    """The same with a language model, when nothing happens."""
    made = copied(laddered, server, tmp_path_factory.mktemp("clean"))
    return made, run_asking(made, Job.run)


def copied(laddered: Job, server: FakeServer, folder: Path) -> Job:
    """A job that goes on behind the ladders, with a ledger of its own; the server begins to count anew."""
    shutil.copytree(laddered.root, folder / "corpus")
    server.reset()
    return asking(laddered.to(folder / "corpus"), server.base_url, folder / "ledger")


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def rows(job: Job) -> dict[str, bytes]:
    """A corpus without its run's files."""
    sweep(job.root)
    return {name: data for name, data in corpus_bytes(job.root).items() if not name.startswith("run/")}


def test_bundles_that_break_and_are_run_again_ask_nothing_again(
    laddered: Job,
    server: FakeServer,
    clean: tuple[Job, Status],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = copied(laddered, server, tmp_path)
    with breaking(monkeypatch, 3) as faults:
        status = run_asking(mine, lambda job: job.run(runner=FAILING))
    stats = server.stats()
    assert faults.made > 2
    assert rows(mine) == rows(clean[0])
    assert stats["requests"] == clean[1].sent == status.sent > 30
    assert stats["asked_after_answer"] == 0


def test_two_processes_with_the_same_shards_pay_once(
    laddered: Job, server: FakeServer, clean: tuple[Job, Status], tmp_path: Path
) -> None:
    mine = copied(laddered, server, tmp_path)

    def both(job: Job) -> None:
        with process(worker, job) as one, process(worker, job) as two:
            assert [ended(one), ended(two)] == [0, 0]

    status = run_asking(mine, both)
    assert rows(mine) == rows(clean[0])
    assert server.stats()["requests"] == clean[1].sent == status.sent
    assert set(map(tuple, server.requests().values())) == {(1, 1)}


def test_a_worker_that_is_killed_costs_what_it_had_in_flight_and_another_goes_on(
    laddered: Job, server: FakeServer, clean: tuple[Job, Status], tmp_path: Path
) -> None:
    """The other waits for it meanwhile, and takes its turn when it is silent."""
    mine = copied(laddered, server, tmp_path)
    known: dict[str, int] = {}

    def one_dies(job: Job) -> None:
        with process(worker, job, "answer_before_ledger:12") as one:
            wait_for(lambda: list(job.root.glob("run/turns/*")))
            with process(worker, job, "", 4.0) as two:
                assert ended(one) == -signal.SIGKILL
                known.update(asked(server, mine))
                assert ended(two) == 0

    run_asking(mine, one_dies)
    needed = clean[1].sent
    assert rows(mine) == rows(clean[0])
    assert known
    assert {digest: asked(server, mine)[digest] for digest in known} == known
    assert needed <= server.stats()["requests"] <= needed + IN_FLIGHT


def asked(server: FakeServer, job: Job) -> dict[str, int]:
    """How often the requests were sent whose answers are in the ledger."""
    assert job.config.llm is not None
    held = Ledger(Path(job.config.llm.ledger)).entries()
    sent = server.requests()
    return {
        digest: sent[digest][0] for digest in (messages_digest(entry.asked["messages"]) for entry in held)
    }


def test_a_turn_is_had_by_one_worker_until_it_ends_or_is_dead(tmp_path: Path) -> None:
    state = RunState(tmp_path)
    state.begin()
    first, second = (Turns(state, name, lambda: True) for name in ("first", "second"))
    state.write_status("first", Status())
    order: list[str] = []

    def wait() -> None:
        with second.hold(3):
            order.append("second")

    with first.hold(3), first.hold(3), second.hold(4):
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.7)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]
    assert not list((state.folder / "turns").iterdir())
    (state.folder / "turns" / "shard-00003.0").write_text("dead")
    with second.hold(3):
        assert (state.folder / "turns" / "shard-00003.1").read_text().split()[0] == "second"
    with first.hold(3):  # the dead one's file stays for ever, and holds nobody up
        state.stop("interrupted", "Ctrl-C")
        with pytest.raises(StoppedError), second.hold(3):
            pass


def test_what_is_left_of_an_earlier_run_does_not_stop_the_next_one(tmp_path: Path) -> None:
    refused = Response(401, error("no such key"), seconds=0.6)
    with scripted(lambda number, body: refused) as endpoint:
        old = begun(tmp_path, endpoint)
        late = threading.Thread(target=ask_all, args=(old, range(1)))
        late.start()
        wait_for(lambda: endpoint.bodies)
        RunState(tmp_path).begin()
        late.join(10)
        assert endpoint.bodies
        assert RunState(tmp_path).stopped() is None
