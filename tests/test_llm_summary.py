"""What a run with a language model says of itself: money, progress, estimate against truth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.llm_progress import LlmProgress
from pipelines.llm_summary import Asking, run_notes, summary_lines, truth_of
from pipelines.plan_requests import Estimate, Forecast, Truth
from schemas.llm_settings import LlmSettings
from schemas.prices import Price
from transforms.llm.run_state import Status, Stop

RAW = Estimate(goals=10, requests=60, in_ledger=4, input_tokens=60_000, output_tokens=6_000)
ASKING = Asking(LlmSettings("m"), Price(2.0, 10.0, 0.5), "USD", RAW, RAW, batch=False)
STATUS = Status(sent=70, answers=66, from_ledger=4, input_tokens=90_000, output_tokens=5_000)
STATUS = replace(STATUS, asked_again=6, faults={"not_json": 2, "contradicted": 5}, rejected=3)
STATUS = replace(STATUS, refused=2, failed_tries=1, estimated_input_tokens=85_500)


def test_money_follows_from_the_tokens_and_batches_have_their_price() -> None:
    assert ASKING.money(STATUS) == pytest.approx(0.18 + 0.05)
    halved = replace(STATUS, batch_input_tokens=90_000, batch_output_tokens=5_000)
    assert ASKING.money(halved) == pytest.approx(0.23 + 0.115)
    assert replace(ASKING, price=None).money(STATUS) is None
    assert replace(ASKING, batch=True).expected() == pytest.approx(0.09)


def test_the_summary_sets_the_plan_beside_the_truth() -> None:
    lines = summary_lines(ASKING, STATUS, {"contradicted": 2, "request_failed": 1})
    text = "\n".join(lines)
    assert "requests                    60            66" in text
    assert "85,500 (-5%)" in text
    assert "0.1800 USD    0.2300 USD" in text
    assert "3 tries were rejected (429), 2 refused (other 4xx), 1 failed otherwise" in text
    assert "answers that failed the checks: 7 (contradicted 5, not_json 2); 6 answers came to" in text
    assert "goals without annotations: 3 (contradicted 2, request_failed 1)" in text
    assert "answers that failed the checks: 0;" in "\n".join(summary_lines(ASKING, Status(), {}))
    assert "money                not known     not known" in "\n".join(
        summary_lines(replace(ASKING, price=None), STATUS, {})
    )


def test_a_run_corrects_the_next_plan_and_few_answers_do_not() -> None:
    truth = truth_of(ASKING, STATUS)
    assert truth == Truth("m", "each", 66, 1.1, 1.5, pytest.approx(5000 / 6000, abs=1e-4))
    assert truth is not None
    again = Forecast(RAW, "a sample").corrected(truth.of(ASKING.settings))
    assert (again.estimate.requests, again.estimate.input_tokens) == (66, 90_000)
    assert again.method == "a sample; corrected by 66 answers of an earlier run"
    assert Forecast(RAW, "x").corrected(truth.of(LlmSettings("another"))) == Forecast(RAW, "x")
    assert Forecast(RAW, "x").corrected(truth.of(LlmSettings("m", requests="ladder"))) == Forecast(RAW, "x")
    assert truth_of(ASKING, Status(answers=19, input_tokens=5)) is None


def test_what_a_run_that_goes_on_asks_again_for_the_last_one_is_no_surplus() -> None:
    goes_on = replace(ASKING, raw=replace(RAW, again=40))
    whole = replace(STATUS, answers=66, asked_again=46)  # 60 as planned, 6 for its own faulty answers
    truth = truth_of(goes_on, whole)
    assert truth is not None
    assert truth.requests == 1.1
    cut_off = truth_of(goes_on, replace(STATUS, answers=30, asked_again=25))
    assert cut_off is not None
    assert cut_off.requests == 1.0


def test_notes_of_a_run_are_plain_values() -> None:
    notes = run_notes(ASKING, STATUS, Stop("budget", "0.23 of 0.23"), 6.0)
    assert notes["counts"]["answers"] == 66
    assert notes["counts"]["faults"] == {"not_json": 2, "contradicted": 5}
    assert not {"in_flight", "limit", "batches", "batch_requests"} & set(notes["counts"])
    assert notes["answers_per_second"] == 11.0
    assert notes["stopped"] == {"reason": "budget", "detail": "0.23 of 0.23"}


def test_progress_tells_requests_tokens_money_errors_and_the_time_left() -> None:
    now, status = [0.0], [Status()]
    says = LlmProgress(ASKING, lambda: status[0], lambda: now[0])
    assert says() == "0 of about 60 requests, 0 + 0 tokens, 0.00 USD, 0.0% failed"
    status[0] = Status(sent=10, answers=10, input_tokens=10_000, output_tokens=1_000)
    says()
    now[0] = 10.0
    status[0] = Status(
        sent=40,
        answers=30,
        from_ledger=2,
        input_tokens=30_000,
        output_tokens=3_000,
        rejected=4,
        failed_tries=5,
        refused=1,
    )
    assert says() == (
        "30 of about 60 requests, 30.0 k + 3.0 k tokens, 2 from the ledger, 0.0900 USD of about 0.1800 USD, "
        "15.0% failed, 10.0% rejected (429), about 15 s left"
    )
    assert "USD" not in LlmProgress(replace(ASKING, price=None), lambda: status[0])()


def test_progress_tells_the_batches_under_way_and_how_much_of_them_is_answered() -> None:
    waits = Status(sent=1200, in_flight=900, batches=2, batch_requests=1200)
    told = "under way (300 of 1,200 requests answered)"
    assert f", 2 batches {told}, " in LlmProgress(ASKING, lambda: waits)()
    assert f", 1 batch {told}, " in LlmProgress(ASKING, lambda: replace(waits, batches=1))()
    assert "under way" not in LlmProgress(ASKING, lambda: STATUS)()
