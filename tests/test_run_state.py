"""A run's state and budget, as its worker processes share them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import places
from schemas.places import StorePath
from transforms.llm.budget import SLICES, Budget
from transforms.llm.run_state import REASONS, RunState, Status, Stop

ROOT = Path(__file__).resolve().parents[1]
NUMBERS = [field.name for field in fields(Status) if field.name != "faults"]
COUNTS = st.builds(
    lambda counts, faults: Status(**dict(zip(NUMBERS, counts, strict=True)), faults=faults),  # type: ignore[arg-type]
    st.lists(st.integers(0, 10**9), min_size=len(NUMBERS), max_size=len(NUMBERS)),
    st.dictionaries(st.sampled_from(["not_json", "contradicted", "empty"]), st.integers(1, 99)),
)

# A process that pays 0.01 at a time until the budget is at its end; prints how often.
PAYER = """
import sys
from pathlib import Path
from transforms.llm.budget import Budget
budget = Budget(Path(sys.argv[1]), 1.0, sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
paid = 0
while budget.reserve(0.01):
    budget.settle(0.01, 0.01)
    paid += 1
print(paid)
"""


@pytest.fixture
def state(tmp_path: Path) -> RunState:
    state = RunState(tmp_path / "corpus")
    state.begin()
    return state


@given(COUNTS, COUNTS)
def test_counts_add_up_one_by_one(one: Status, other: Status) -> None:
    both = one + other
    for name in NUMBERS:
        assert getattr(both, name) == getattr(one, name) + getattr(other, name)
    for reason in {*one.faults, *other.faults, *both.faults}:
        assert both.faults[reason] == one.faults.get(reason, 0) + other.faults.get(reason, 0)
    assert one + Status() == one


def test_the_workers_counts_are_summed_and_each_replaces_its_own(state: RunState) -> None:
    assert state.total() == Status()
    state.write_status("one", Status(sent=1, in_flight=1))
    state.write_status("one", Status(sent=5, answers=4, in_flight=2, limit=8))
    state.write_status("two", Status(sent=7, rejected=1, in_flight=3, limit=8, faults={"empty": 2}))
    total = Status(sent=12, answers=4, rejected=1, in_flight=5, limit=16, faults={"empty": 2})
    assert state.total() == total


def test_of_a_worker_that_is_gone_its_work_counts_and_nothing_is_in_flight(state: RunState) -> None:
    state.write_status("gone", Status(sent=5, in_flight=2, limit=8, batches=1, batch_requests=9))
    path = state.folder / "status" / "gone.json"
    os.utime(path, (time.time() - 60, time.time() - 60))
    state.write_status("here", Status(sent=1, in_flight=1, limit=4))
    assert state.total() == Status(sent=6, in_flight=1, limit=4)


def test_readers_never_see_a_part_of_a_status(state: RunState) -> None:
    def write() -> None:
        for number in range(300):
            state.write_status("one", Status(sent=number, answers=number))

    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(write)
        while not work.done():
            total = state.total()
            assert total.sent == total.answers
        work.result()


def test_the_end_gives_the_sum_and_removes_the_files(state: RunState) -> None:
    state.write_status("one", Status(goals=3))
    state.stop("budget", "spent")
    assert state.end() == Status(goals=3)
    assert not state.folder.exists()
    state.write_status("late", Status(goals=1))
    assert not state.folder.exists()
    assert state.end() == Status()


def test_a_new_run_knows_nothing_of_the_last_one(state: RunState) -> None:
    state.write_status("one", Status(goals=3))
    state.stop("failures", "52 of 100 failed")
    (state.folder / "status" / "old.json").write_text("written by another version")
    state.begin()
    assert state.total() == Status()
    assert state.stopped() is None


@pytest.mark.parametrize("reason", REASONS)
def test_the_first_reason_to_stop_stays(state: RunState, reason: str) -> None:
    assert state.stopped() is None
    first = Stop(reason, "first — with 'signs'")
    assert state.stop(reason, first.detail) == first
    assert state.stop("failures", "second") == first
    assert RunState(state.folder.parent).stopped() == first


def test_of_many_that_stop_at_once_all_learn_the_same_reason(state: RunState) -> None:
    with ThreadPoolExecutor(8) as pool:
        stops = list(pool.map(lambda number: state.stop("failures", str(number)), range(24)))
    assert set(stops) == {state.stopped()}


def test_an_unknown_reason_to_stop_is_refused(state: RunState) -> None:
    with pytest.raises(ValueError, match=r"'mood'.*budget, failures"):
        state.stop("mood", "")


STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["reserve", "settle"]), st.floats(0, 2), st.floats(0, 1)),
    max_size=20,
)


@settings(max_examples=30)
@given(STEPS, st.floats(1e-6, 10))
def test_what_several_workers_pay_never_passes_the_limit(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, float, float]], limit: float
) -> None:
    folder = tmp_path_factory.mktemp("budget")
    workers = [Budget(folder, limit, str(number)) for number in range(3)]
    held: list[list[float]] = [[], [], []]
    paid = 0.0
    for worker, what, money, share in steps:
        if what == "reserve" and workers[worker].reserve(money):
            held[worker].append(money)
        elif what == "settle" and held[worker]:
            reserved = held[worker].pop()
            workers[worker].settle(reserved, reserved * share)
            paid += reserved * share
        assert paid + sum(map(sum, held)) <= limit * (1 + 1e-12)


def test_processes_share_a_budget_and_use_nearly_all_of_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PAYER, str(tmp_path / "budget")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    payers = [
        subprocess.Popen([*command, name], cwd=ROOT, text=True, **pipes)  # type: ignore[call-overload]
        for name in ("one", "two")
    ]
    for payer in payers:
        assert payer.stdout.readline() == "ready\n"
    paid = sum(int(payer.communicate("go\n", timeout=60)[0]) for payer in payers)
    assert 96 <= paid <= 100


def test_money_that_was_put_aside_and_not_spent_serves_again(tmp_path: Path) -> None:
    budget = Budget(tmp_path, 1.0, "one")
    assert budget.reserve(0.9)
    assert not budget.reserve(0.2)
    budget.settle(0.9, 0.1)
    assert budget.reserve(0.85)


def test_what_one_worker_does_not_need_another_one_gets(tmp_path: Path) -> None:
    one, two = Budget(tmp_path, 1.0, "one"), Budget(tmp_path, 1.0, "two")
    assert one.reserve(0.95)
    assert not two.reserve(0.5)
    one.settle(0.95, 0.0)
    assert two.reserve(0.9)


def test_a_worker_that_is_refused_holds_nothing_back(tmp_path: Path) -> None:
    one, two = Budget(tmp_path, 1.0, "one"), Budget(tmp_path, 1.0, "two")
    assert not one.reserve(1.5)
    assert two.reserve(1.0)


def test_an_answer_that_costs_too_much_leaves_less_for_the_next(tmp_path: Path) -> None:
    budget = Budget(tmp_path, 1.0, "one")
    assert budget.reserve(0.1)
    budget.settle(0.1, 0.6)
    assert not budget.reserve(0.45)
    assert budget.reserve(0.35)


def test_claims_say_whose_they_are_and_never_number_more_than_the_slices(tmp_path: Path) -> None:
    budget = Budget(tmp_path, 1.0, "worker-7")
    assert budget.reserve(1.0)
    claims = list(tmp_path.iterdir())
    assert len(claims) == SLICES
    assert {path.read_text() for path in claims} == {"worker-7"}


def test_no_budget_refuses_nothing_and_writes_nothing(tmp_path: Path) -> None:
    budget = Budget(tmp_path, 0.0, "one")
    assert budget.reserve(1e12)
    budget.settle(1e12, 1e12)
    assert not list(tmp_path.iterdir())


def test_a_budget_below_the_least_money_pays_for_nothing(tmp_path: Path) -> None:
    budget = Budget(tmp_path, 1e-9, "one")
    assert not budget.reserve(1e-9)
    assert budget.reserve(0.0)


@pytest.mark.parametrize("limit", [-1.0, float("nan"), float("inf")])
def test_a_budget_that_is_no_amount_is_refused(tmp_path: Path, limit: float) -> None:
    with pytest.raises(ValueError, match="budget"):
        Budget(tmp_path, limit, "one")


def test_threads_of_a_worker_share_its_budget(tmp_path: Path) -> None:
    budget = Budget(tmp_path, 1.0, "one")
    with ThreadPoolExecutor(8) as pool:
        granted = sum(pool.map(lambda _: budget.reserve(0.01), range(200)))
    assert granted == 100


def test_in_a_bucket_one_listing_tells_which_workers_live(
    bucket: StorePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = RunState(bucket / "corpus")
    state.begin()
    assert (state.workers(), state.total()) == (0, Status())
    for number in range(5):
        state.write_status(f"worker-{number}", Status(sent=number, in_flight=1))
    asked: list[StorePath] = []
    stat = StorePath.stat

    def counted(path: StorePath, **flags: bool) -> object:
        asked.append(path)
        return stat(path, **flags)

    monkeypatch.setattr(StorePath, "stat", counted)
    assert state.workers() == 5
    assert state.lives("worker-3")
    assert not state.lives("worker-9")
    assert not asked
    assert state.total() == Status(sent=10, in_flight=5)
    monkeypatch.setattr("transforms.llm.run_state._GONE_IN_STORE_SECONDS", -10.0)  # all are behind the newest
    assert (state.workers(), state.lives("worker-3")) == (0, False)
    assert state.total() == Status(sent=10)


def test_in_a_bucket_requests_that_follow_one_another_need_few_claims(
    bucket: StorePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = places.ask

    def counted(
        bucket: tuple[str, str], name: str, request: Callable[[Any, Any], Any], hurry: bool = False
    ) -> Any:
        asked.append(name)
        return ask(bucket, name, request, hurry)

    monkeypatch.setattr(places, "ask", counted)
    one, two = Budget(bucket / "budget", 1.0, "one"), Budget(bucket / "budget", 1.0, "two")
    assert one.reserve(0.02)
    assert one.reserve(0.02)
    begun = len(asked)
    for _ in range(100):
        one.settle(0.02, 0.002)
        assert one.reserve(0.02)
    assert len(asked) - begun <= 0.2 * SLICES + 2  # what was paid, in slices
    one.settle(0.02, 0.0)
    one.settle(0.02, 0.0)
    assert two.reserve(0.79)
    assert not two.reserve(0.02)
