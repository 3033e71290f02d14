"""Asking a language model: requests a second, and rejections under limits, against the fake endpoint.

The endpoint is a process of its own that answers after 0.2 s. `client` asks and keeps answers in a ledger;
`annotate` is the whole step: prompts, answers, every check, on goals of the demo dataset. `--requests` takes
another number.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from common import report

from schemas.config import BuildConfig
from schemas.llm_settings import LlmSettings
from transforms.annotate import goal_views
from transforms.annotators import GoalView
from transforms.llm.annotator import OpenAIAnnotator
from transforms.llm.judging import questions
from transforms.llm.run_state import RunState
from transforms.llm.runtime import Runtime
from transforms.step import corpus_of

CONCURRENCY = 64
LATENCY = 0.2
WORDINGS = 4
REQUESTS_A_GOAL = 6  # analyses, the goal's motion, four candidates
SETTLING = 10.0  # seconds

Row = dict[str, object]
Work = Callable[[Runtime, list[GoalView]], None]


@contextmanager
def endpoint(folder: Path, *flags: object) -> Iterator[str]:
    """The fake endpoint on a free port; yields its address."""
    folder.mkdir(parents=True)
    port = folder / "port"
    words = [sys.executable, "-m", "pipelines.cli", "fake-llm", "--port-file", port, "--latency", LATENCY]
    process = subprocess.Popen([*map(str, [*words, *flags])], stdout=subprocess.DEVNULL)
    try:
        while not port.exists():
            if process.poll() is not None:
                raise RuntimeError(f"the fake endpoint ended with {process.returncode}")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port.read_text().strip()}"
    finally:
        process.terminate()
        process.wait()


def stats(address: str) -> dict[str, Any]:
    """What the endpoint counted."""
    with urllib.request.urlopen(f"{address}/stats", timeout=30) as response:
        return dict(json.load(response))


def corpus(folder: Path, goals: int) -> BuildConfig:
    """A corpus of the demo dataset with at least so many goals."""
    data, output = folder / "data", folder / "corpus"
    motions = goals // 3
    for words in (
        ["demo-data", "--output", data, "--motions", motions],
        ["build", "--input", data, "--output", output],
    ):
        command = [sys.executable, "-m", "pipelines.cli", *map(str, words)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shards = json.loads((output / "manifest.json").read_text())["shards"]
    return BuildConfig(input=str(data), output=str(output), shards=shards)


def views(config: BuildConfig, goals: int) -> list[GoalView]:
    """The first goals of a corpus, each with its ladder."""
    opened = corpus_of(config)
    found = [view for index in range(config.shards) for view in goal_views(config, opened, index)]
    if len(found) < goals:
        raise RuntimeError(f"{config.output}: {len(found)} goals with a ladder, {goals} are needed")
    return found[:goals]


@contextmanager
def asker(folder: Path, address: str, **changed: Any) -> Iterator[Runtime]:
    """A runtime with an empty ledger."""
    RunState(folder).begin()
    settings = LlmSettings("fake-1", base_url=f"{address}/v1", concurrency=CONCURRENCY)
    runtime = Runtime(replace(settings, **changed), folder)
    try:
        yield runtime
    finally:
        runtime.close()


def only_ask(runtime: Runtime, goals: list[GoalView]) -> None:
    """Ask everything about the goals, and look at no answer."""
    asked = [question.request for view in goals for question in questions(view, WORDINGS, "each")]

    async def all_of_them() -> None:
        await asyncio.gather(*(runtime.ask(request) for request in asked))

    runtime.run(all_of_them())


def annotate(runtime: Runtime, goals: list[GoalView]) -> None:
    """Ask, check every answer, ask again where one is faulty."""
    OpenAIAnnotator(runtime.settings, lambda: runtime).annotate(goals, WORDINGS)


def speed(name: str, folder: Path, goals: list[GoalView], work: Work) -> Row:
    """Requests a second from the first to the last answer, with room for all at the endpoint."""
    with endpoint(folder / "server", "--capacity", CONCURRENCY) as address, asker(folder, address) as runtime:
        started, cpu = time.monotonic(), time.process_time()
        work(runtime, goals)
        seconds = time.monotonic() - started
        used = time.process_time() - cpu
        found = stats(address)
    return {
        "what": name,
        "requests": found["requests"],
        "a second": found["requests"] / seconds,
        "CPU ms each": 1000 * used / found["requests"],
        "429 %": 100 * found["rejected"] / found["requests"],
        "429 % settled": 0.0,
        "capacity used %": 100 * found["requests"] / seconds / (CONCURRENCY / LATENCY),
    }


def under_limit(name: str, folder: Path, goals: list[GoalView], flags: Sequence[object], most: float) -> Row:
    """Rejections and use of an endpoint that takes fewer requests than we have room for.

    `most` is what it could answer a second; the first ten seconds are the settling.
    """
    with endpoint(folder / "server", *flags) as address, asker(folder, address) as runtime:
        thread = threading.Thread(target=only_ask, args=(runtime, goals))
        started = time.monotonic()
        thread.start()
        time.sleep(SETTLING)
        before, since = stats(address), time.monotonic()
        thread.join()
        ended, after = time.monotonic(), stats(address)
    sent = after["requests"] - before["requests"]
    rate = (after["answered"] - before["answered"]) / (ended - since)
    return {
        "what": name,
        "requests": after["requests"],
        "a second": after["answered"] / (ended - started),
        "CPU ms each": 0.0,
        "429 %": 100 * after["rejected"] / after["requests"],
        "429 % settled": 100 * (after["rejected"] - before["rejected"]) / max(sent, 1),
        "capacity used %": 100 * rate / most,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=5000)
    args = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = -(-args.requests // REQUESTS_A_GOAL)
        goals = views(corpus(folder, wanted), wanted)
        rows = [
            speed("client", folder / "client", goals, only_ask),
            speed("annotate", folder / "annotate", goals, annotate),
            under_limit("room for 32", folder / "room", goals, ["--capacity", 32], 32 / LATENCY),
            under_limit("6,000 a minute", folder / "rate", goals, ["--rpm", 6000], 100.0),
        ]
    report("llm", rows)


if __name__ == "__main__":
    main()
