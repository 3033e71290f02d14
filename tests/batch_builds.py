"""Builds that ask through batches, for tests: what they ask, and one run of the driver."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fake_server import FakeServer

from pipelines.batch.driver import run_batches
from prompts.requests import Request
from schemas.config import BuildConfig
from schemas.llm_settings import LlmSettings
from transforms.llm.asking import AskError, PendingError
from transforms.llm.batch_records import BatchRecords, Record
from transforms.llm.pending import PendingAsker
from transforms.llm.run_state import RunState, Status, Stop
from transforms.llm.wire import llm_settings


def requests(count: int, about: str) -> list[Request]:
    """So many different requests for an assessment of a motion."""
    return [
        Request("goal", (("system", "judge motions"), ("user", f"{about} {number}")), "t", 1, 1)
        for number in range(count)
    ]


def config(folder: Path, server: FakeServer, name: str = "corpus", **settings: Any) -> BuildConfig:
    """A build that shares its ledger with the other builds of a test."""
    defaults = {"model": "gpt-4o-mini", "batch_poll": 0.05, "ledger": str(folder / "ledger"), "tries": 2}
    llm = LlmSettings(**{**defaults, "base_url": server.base_url, **settings})
    return BuildConfig(output=str(folder / name), annotator="openai-batch", llm=llm)


class Pipeline:
    """Asks the requests of its shards, each with a second one that hangs on its answer."""

    def __init__(self, build: BuildConfig, shards: Sequence[Sequence[Request]], follow: bool = False) -> None:
        self.build, self.shards, self.follow = build, shards, follow
        self.passes = 0
        self.texts: dict[int, list[str]] = {}
        self.lost: list[AskError] = []

    def __call__(self) -> None:
        self.passes += 1
        for index, shard in enumerate(self.shards):
            asker = PendingAsker(self.build, index)
            try:
                self.texts[index] = asker.run(self._shard(asker, shard))
            except PendingError:
                continue

    async def _shard(self, asker: PendingAsker, shard: Sequence[Request]) -> list[str]:
        found = await asyncio.gather(*(self._one(asker, each) for each in shard), return_exceptions=True)
        for error in found:
            if isinstance(error, BaseException) and not isinstance(error, AskError):
                raise error
        self.lost += [error for error in found if isinstance(error, AskError)]
        return [text for text in found if isinstance(text, str)]

    async def _one(self, asker: PendingAsker, request: Request) -> str:
        reply = await asker.ask(request)
        if self.follow:
            messages = (*request.messages, ("assistant", reply.text), ("user", "again"))
            reply = await asker.ask(replace(request, messages=messages))
        return reply.text


def run(pipeline: Pipeline) -> tuple[Stop | None, Status]:
    """One run of a build: why it stopped, and its counts."""
    state = RunState(Path(pipeline.build.output))
    state.begin()
    run_batches(pipeline.build, pipeline)
    return state.stopped(), state.end()


def records(build: BuildConfig) -> list[Record]:
    return BatchRecords(Path(llm_settings(build).ledger)).all()
