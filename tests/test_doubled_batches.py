"""Batches that several submit and fetch at once, or an earlier pass that lives on: one is made and paid."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from batch_builds import Pipeline, config, records, requests, run
from fake_server import FakeServer, fake_server

from pipelines.batch.bill import Bill
from pipelines.batch.desk import Desk
from pipelines.batch.fetching import fetch, has_ended
from pipelines.batch.provider import Provider
from schemas.config import BuildConfig
from schemas.ledger import Ledger
from schemas.storage import write_whole
from transforms.llm.batch_records import FETCHED
from transforms.llm.material import asked
from transforms.llm.pending import pending_folder, pending_line
from transforms.llm.run_state import RunState
from transforms.llm.wire import ledger_folder, llm_settings


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeServer]:
    with fake_server(tmp_path_factory.mktemp("server"), "--batch-seconds", 0.2) as running:
        yield running


def desk_of(build: BuildConfig) -> Desk:
    """Where a main process submits; two of one build stand for two of its processes."""
    settings, state = llm_settings(build), RunState(Path(build.output))
    provider = Provider(settings, time.sleep)
    return Desk(settings, ledger_folder(build), provider, Bill(settings, state), lambda: time.sleep(0.02))


def test_what_three_submit_and_fetch_at_once_is_one_batch(tmp_path: Path, server: FakeServer) -> None:
    server.reset()
    build = config(tmp_path, server)
    RunState(Path(build.output)).begin()
    lines = [pending_line(asked(llm_settings(build), request)) for request in requests(5, "at once")]
    desks = [desk_of(build) for _ in range(3)]
    names = [found.names for found in at_once([partial(desk.submit, lambda: lines) for desk in desks])]
    [record] = records(build)
    assert names == [frozenset({record.name})] * 3
    assert desks[0].submit(lambda: reversed(lines)).names == names[0]  # again, and in another order
    while not has_ended(batch := desks[0].provider.look(record.batch_id)):
        time.sleep(0.05)
    at_once([partial(fetch, desk, record, batch, 0.5) for desk in desks])
    assert [one.state for one in records(build)] == [FETCHED]
    assert len(list(Ledger(ledger_folder(build)).entries())) == 5
    assert not desks[1].submit(lambda: lines).names
    for desk in desks:
        desk.provider.close()
    stats = server.stats()
    assert (stats["batches"], stats["batch_requests"], stats["asked_after_answer"]) == (1, 5, 0)


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(works)) as threads:
        return [begun.result() for begun in [threads.submit(work) for work in works]]


class Haunted(Pipeline):
    """A shard's first pass goes on somewhere, and says in each later one what it missed at first."""

    first: bytes = b""

    def __call__(self) -> None:
        super().__call__()
        path = pending_folder(Path(self.build.output)) / "shard-00000.jsonl"
        if self.passes == 1:
            self.first = path.read_bytes()
        elif self.passes == 2:
            write_whole(path, self.first)


def test_a_shard_whose_first_pass_lives_on_is_not_submitted_again(tmp_path: Path, server: FakeServer) -> None:
    server.reset()
    pipeline = Haunted(config(tmp_path, server), [requests(4, "haunted")])
    assert run(pipeline)[0] is None
    stats = server.stats()
    assert (stats["batches"], stats["batch_requests"], stats["asked_after_answer"]) == (1, 4, 0)
    assert pipeline.passes == 3
    assert len(pipeline.texts[0]) == 4
