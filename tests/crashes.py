"""Builds with a language model that are killed and gone on with: what the crash matrix is made of."""

from __future__ import annotations

import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from commands import killed_irmogen
from fake_server import FakeServer

from pipelines.fake_llm.books import messages_digest
from schemas.ledger import Ledger

CONCURRENCY = 8
# Who annotates, and at which passing of the point the first and the second run are killed.
NAMED = {
    "before_send": ("openai", 30, 30),
    "answer_before_ledger": ("openai", 30, 30),
    "ledger_before_parse": ("openai", 30, 30),
    # Annotations: after eight shards of the plan's sample and eight of the build; the second run's first.
    "during_shard_write": ("openai", 17, 1),
    "before_manifest": ("openai", 1, 1),
    "polling_batch": ("openai-batch", 1, 1),
    "batch_before_id": ("openai-batch", 1, 1),
}


@dataclass(frozen=True)
class Road:
    """What is built, and who answers."""

    data: Path
    server: FakeServer

    def command(self, annotator: str, output: Path) -> list[str]:
        """What follows `irmogen`; the ledger lies beside the corpus."""
        flags = ["--annotator", annotator, "--model", "fake-1", "--base-url", self.server.base_url]
        flags += ["--ledger", str(output.parent / f"{output.name}-ledger")]
        flags += (
            ["--batch-poll", "0.2"] if annotator == "openai-batch" else ["--concurrency", str(CONCURRENCY)]
        )
        paths = ["--input", str(self.data), "--output", str(output)]
        return ["build", *paths, *flags]


@dataclass(frozen=True)
class Row:
    """One line of the matrix: sums over all kills of a case."""

    where: str
    kills: int
    kept: int  # answers in the ledger at the last kill
    lost: int  # requests sent before a kill, whose answers are not in the ledger
    sent: int  # requests in all
    needed: int  # requests of an undisturbed run
    asked_again: int  # requests whose answers were in the ledger and that were sent once more
    same_bytes: bool

    @property
    def holds(self) -> bool:
        """Whether nothing was paid twice and nothing changed."""
        bounded = self.sent <= self.needed + self.kills * CONCURRENCY
        return self.same_bytes and not self.asked_again and bounded and self.sent == self.needed + self.lost


def content(output: Path) -> dict[str, bytes]:
    """The shards and the manifest of a corpus, by relative path."""
    paths = [*output.rglob("*.parquet"), output / "manifest.json"]
    return {str(path.relative_to(output)): path.read_bytes() for path in paths}


def undisturbed(road: Road, annotator: str, output: Path) -> tuple[dict[str, bytes], int]:
    """What a build gives that nobody disturbs, and how many requests it takes."""
    road.server.reset()
    _run(road.command(annotator, output))
    return content(output), _sent(road.server)


def _sent(server: FakeServer) -> int:
    stats = server.stats()
    return int(stats["requests"] + stats["batch_requests"])


def named_case(road: Road, point: str, output: Path, wanted: tuple[dict[str, bytes], int]) -> Row:
    """Killed at a named point, gone on with and killed there again, gone on with to the end."""
    annotator, *times = NAMED[point]
    watch = _Watch(road, output)
    for passing in times:
        killed = _run(road.command(annotator, output), crash=f"{point}:{passing}")
        if killed == -signal.SIGKILL:
            watch.killed()
    return watch.finish(point.replace("_", " "), annotator, wanted)


def random_case(
    road: Road, seed: int, output: Path, wanted: tuple[dict[str, bytes], int], longest: float
) -> Row:
    """Killed at a random moment, twice, each time gone on with."""
    draw = random.Random(seed)
    watch = _Watch(road, output)
    for _ in range(2):
        if _run(road.command("openai", output), seconds=draw.uniform(0.5, longest)) == -signal.SIGKILL:
            watch.killed()
    return watch.finish(f"random moment {seed}", "openai", wanted)


class _Watch:
    """Counts what is known at every kill."""

    def __init__(self, road: Road, output: Path) -> None:
        road.server.reset()
        self.road, self.output = road, output
        self.ledger = Ledger(output.parent / f"{output.name}-ledger")
        self.kills = self.kept = self.asked_again = 0
        self.known: dict[str, int] = {}  # times asked at the kill, of the answers in the ledger

    def killed(self) -> None:
        """A run was killed: what was in the ledger by now must not be asked again."""
        time.sleep(0.3)  # what was under way reaches the endpoint
        self.kills += 1
        self._compare()
        asked = self.road.server.requests()
        digests = [messages_digest(entry.asked["messages"]) for entry in self.ledger.entries()]
        self.known = {digest: asked[digest][0] for digest in digests}
        self.kept = len(digests)

    def _compare(self) -> None:
        asked = self.road.server.requests()
        self.asked_again += sum(asked[digest][0] - times for digest, times in self.known.items())

    def finish(self, where: str, annotator: str, wanted: tuple[dict[str, bytes], int]) -> Row:
        """Go on to the end, then once more with nothing to do."""
        command = self.road.command(annotator, self.output)
        _run(command)
        _run(command)
        self._compare()
        shards, needed = wanted
        sent = _sent(self.road.server)
        lost = sum(times - 1 for times, _ in self.road.server.requests().values())
        same = content(self.output) == shards
        return Row(where, self.kills, self.kept, lost, sent, needed, self.asked_again, same)


def _run(command: list[str], crash: str = "", seconds: float = 300.0) -> int:
    """Run a build in a process group of its own; returns its exit code, -9 where it was killed.

    `crash` names the point at which it kills itself, `seconds` the moment at which the group is killed.
    AssertionError with what it said where it ends otherwise.
    """
    until = time.monotonic() + seconds
    done = killed_irmogen(*command, moment=lambda: time.monotonic() > until, environ={"IRMOGEN_CRASH": crash})
    if done.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.returncode
