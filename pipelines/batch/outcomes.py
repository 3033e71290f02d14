"""What became of a batch's requests: answers for the ledger, and failures by what they mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prompts.neutral import encodable
from schemas.ledger import Entry
from transforms.llm.batch_records import Failure
from transforms.llm.client import read_answer
from transforms.llm.material import Asked

REFUSED, FAILED = "request_refused", "request_failed"
ENOUGH = 20  # requests of a batch, from which on the share that failed is judged
UNCOUNTED = "uncounted"  # no fault of the request: it is sent again without counting as a try
ENDPOINT = "endpoint"  # key, model or account: no request would fare better
_ACCOUNT_STATUS = {401, 403, 404}
_ACCOUNT_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "model_not_found"}
_TRY_AGAIN_STATUS = {408, 409, 425, 429}
_LONGEST = 300  # characters of a message that are kept


@dataclass(frozen=True)
class NoAnswer:
    """Why one request of a batch has no answer."""

    reason: str  # REFUSED, FAILED, UNCOUNTED or ENDPOINT
    detail: str
    expired: bool = False


def outcome(request: Asked, line: Mapping[str, Any] | None, status: str) -> Entry | NoAnswer:
    """What became of a request, by its line in the output or error file of a batch that ended in `status`."""
    if line is None:
        return _without_line(status)
    response = line.get("response")
    if not isinstance(response, dict):
        return _by_code(line.get("error"), status)
    code = response.get("status_code")
    if code == 200:
        try:
            return read_answer(request, response.get("body") or {}, batch=True)
        except ValueError as error:
            return NoAnswer(FAILED, str(error))
    return _by_status(code, response.get("body"))


def _without_line(status: str) -> NoAnswer:
    if status == "expired":
        return NoAnswer(FAILED, "the batch expired before this request was worked on", expired=True)
    if status == "cancelled":
        return NoAnswer(UNCOUNTED, "the batch was cancelled")
    return NoAnswer(FAILED, f"the {status} batch has neither an answer nor an error for this request")


def _by_code(error: Any, status: str) -> NoAnswer:
    code, message = said(error)
    if code == "batch_expired" or (code == "batch_cancelled" and status == "cancelled"):
        return _without_line(code.removeprefix("batch_"))
    return NoAnswer(ENDPOINT if code in _ACCOUNT_CODES else FAILED, message)


def _by_status(status: Any, body: Any) -> NoAnswer:
    code, message = said(body.get("error", body) if isinstance(body, dict) else body)
    detail = f"status {status}: {message}"
    if code in _ACCOUNT_CODES or status in _ACCOUNT_STATUS:
        return NoAnswer(ENDPOINT, detail)
    if isinstance(status, int) and 400 <= status < 500 and status not in _TRY_AGAIN_STATUS:
        return NoAnswer(REFUSED, detail)
    return NoAnswer(FAILED, detail)


def said(error: Any) -> tuple[str, str]:
    """Code and message of the provider's error object, short and fit for a file."""
    code = str(error.get("code") or "") if isinstance(error, dict) else ""
    message = str(error.get("message") or "") if isinstance(error, dict) else str(error or "")
    text = " ".join(f"{code}: {message}".strip(": ").split()) or "no message"
    return code, encodable(text)[:_LONGEST]


def failures(outcomes: Mapping[str, NoAnswer]) -> tuple[Failure, ...]:
    """The failures that count against their requests, those of one cause together."""
    keys: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, found in outcomes.items():
        if found.reason in (REFUSED, FAILED):
            keys[found.reason, found.detail].append(key)
    return tuple(Failure(*cause, tuple(group)) for cause, group in keys.items())


def of_rejected(
    keys: Sequence[str], errors: Sequence[tuple[str, str, int | None]]
) -> dict[str, NoAnswer] | None:
    """What a failed validation means: the requests whose lines it names are refused, the others uncounted.

    `errors` are code, message and line, the first line is 1. None where no line is to blame.
    """
    named = {keys[line - 1]: text for _, text, line in errors if line and 1 <= line <= len(keys)}
    if not named:
        return None
    others = NoAnswer(UNCOUNTED, "another request kept the batch from being accepted")
    return {key: NoAnswer(REFUSED, named[key]) if key in named else others for key in keys}


def reason_to_stop(
    outcomes: Mapping[str, NoAnswer], requests: int, stop_share: float
) -> tuple[str, str] | None:
    """Reason and detail to stop the run after a batch of so many requests, or None."""
    for found in outcomes.values():
        if found.reason == ENDPOINT:
            return ENDPOINT, found.detail
    failed = [found for found in outcomes.values() if found.reason == FAILED and not found.expired]
    if requests < ENOUGH or len(failed) <= stop_share * requests:
        return None
    return "failures", f"{len(failed)} of the {requests} requests of a batch failed, as: {failed[0].detail}"
