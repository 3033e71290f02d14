"""kill -9, anywhere: nothing is paid for twice, nothing is lost, the bytes are the same.

The point here is the one at which an answer is easiest lost; `make crash-matrix` runs all of them and fifty
random moments, and writes docs/crash-matrix.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from crashes import CONCURRENCY, NAMED, Road, Row, named_case, random_case, undisturbed
from fake_server import fake_server

from motion.demo.dataset import write_demo

MOMENTS = 50
HEAD = """\
# Crash matrix

Made by `make crash-matrix` on {day}: {cases} cases, {kills} kills. A build that asks the fake
endpoint, with at most {concurrency} requests in flight, is killed with SIGKILL, gone on with,
killed again, gone on with to its end, and started once more with nothing to do. *Lost*: sent before
a kill and not yet in the ledger; these alone are sent twice. *Asked again*: sent although the
answer was in the ledger; must be 0. *Same bytes*: shards and manifest are those of an undisturbed
build.

| killed | kills | kept at the last | sent | needed | lost | asked again | same bytes |
|---|---|---|---|---|---|---|---|"""
MATRIX = Path(__file__).parents[1] / "docs" / "crash-matrix.md"


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    folder = tmp_path_factory.mktemp("crashes")
    write_demo(folder / "data", motions=5)
    with fake_server(folder / "server", "--latency", 0.1, "--batch-seconds", 0.5) as server:
        yield Road(folder / "data", server)


@pytest.fixture(scope="module")
def wanted(road: Road, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], int]:
    return undisturbed(road, "openai", tmp_path_factory.mktemp("undisturbed") / "corpus")


def test_an_answer_that_was_kept_is_not_paid_for_again(
    road: Road, wanted: tuple[dict[str, bytes], int], tmp_path: Path
) -> None:
    row = named_case(road, "answer_before_ledger", tmp_path / "corpus", wanted)
    assert row.kills == 2
    assert row.kept
    assert row.holds, row


@pytest.mark.slow
def test_the_crash_matrix(road: Road, wanted: tuple[dict[str, bytes], int], tmp_path: Path) -> None:
    rows: list[Row] = []
    for point in NAMED:
        rows.append(named_case(road, point, tmp_path / point, wanted))
    for seed in range(MOMENTS):
        rows.append(random_case(road, seed, tmp_path / f"random{seed}", wanted, 9.0))
        MATRIX.write_text(table(rows), encoding="utf-8")  # also of what a stopped run has seen
    assert all(row.holds for row in rows), [row for row in rows if not row.holds]
    assert all(row.kills for row in rows[: len(NAMED)])


def table(rows: list[Row]) -> str:
    """The matrix as a page of the documents."""
    kills = sum(row.kills for row in rows)
    lines = [HEAD.format(day=date.today(), cases=len(rows), kills=kills, concurrency=CONCURRENCY)]
    for row in rows:
        counts = [row.kills, row.kept, row.sent, row.needed, row.lost, row.asked_again]
        verdict = "yes" if row.same_bytes else "NO"
        lines.append(f"| {row.where} | {' | '.join(map(str, counts))} | {verdict} |")
    return "\n".join([*lines, ""])
