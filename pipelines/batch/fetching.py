"""Fetches what came of a batch: answers go into the ledger first, then the record says that it is done."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any

from pipelines.batch.desk import Desk, requests_of
from pipelines.batch.files import read_results
from pipelines.batch.outcomes import (
    ENDPOINT,
    FAILED,
    REFUSED,
    NoAnswer,
    failures,
    of_rejected,
    outcome,
    reason_to_stop,
)
from pipelines.batch.provider import UnknownError, errors_of
from schemas.ahead import ahead
from schemas.crash import reached
from schemas.ledger import Entry
from transforms.llm.batch_records import FETCHED, SUBMITTED, Record
from transforms.llm.pending import key_of, read_pending

if TYPE_CHECKING:
    from openai.types import Batch

_ENDS = ("completed", "failed", "expired", "cancelled")
_AT_ONCE = 500  # answers that are kept together
_QUEUE_FULL = "token_limit_exceeded"

StopReason = tuple[str, str]  # reason and detail of a stop


def has_ended(batch: Batch) -> bool:
    """Whether nothing more comes of a batch."""
    return batch.status in _ENDS


def hides_answers(batch: Batch) -> bool:
    """Whether a batch that has ended counts answers, but names no file of them (yet)."""
    answers = batch.request_counts.completed if batch.request_counts else 0
    return batch.status != "failed" and answers > 0 and not batch.output_file_id


def fetch(desk: Desk, record: Record, batch: Batch, stop_share: float) -> StopReason | None:
    """Keep the answers of a batch that has ended and close its record; says why the run should stop, if so.

    Killed in between, it is fetched again, and the ledger takes no answer twice. Where another build was
    faster, nothing is done.
    """
    with desk.locked():
        now = desk.records.read(record.name)
        if now is None or now.state != SUBMITTED:
            desk.bill.closed(record.name)
            return None
        if batch.status == "failed":
            lost, stop = _rejected(desk, record, batch)
            paid = (0, 0)
        else:
            lost, paid = _keep_answers(desk, record, batch)
            stop = reason_to_stop(lost, record.requests, stop_share)
            if batch.status == "cancelled" and stop is None:
                stop = ENDPOINT, f"batch {batch.id} was cancelled at the provider; what it answered is kept"
        done = dataclasses.replace(record, state=FETCHED, status=batch.status, failures=failures(lost))
        desk.records.write(done)
        failed = sum(no.reason in (REFUSED, FAILED) for no in lost.values())
        desk.bill.closed(record.name, paid, failed)
    return stop


def _keep_answers(desk: Desk, record: Record, batch: Batch) -> tuple[dict[str, NoAnswer], tuple[int, int]]:
    """Put a batch's answers into the ledger; returns what got none, and the tokens that were paid."""
    results = _results(desk, record, batch.error_file_id) | _results(desk, record, batch.output_file_id)
    lost: dict[str, NoAnswer] = {}
    paid: Counter[str] = Counter()
    entries: list[Entry] = []
    for line in requests_of(desk.records.requests_path(record.name)):
        request = read_pending(line)
        found = outcome(request, results.pop(request.key, None), batch.status)
        if isinstance(found, NoAnswer):
            lost[request.key] = dataclasses.replace(found, detail=desk.provider.clean(found.detail))
            continue
        entries.append(found)
        if len(entries) == _AT_ONCE:
            _keep(desk, entries, paid)
            entries = []
    _keep(desk, entries, paid)
    return lost, (paid["input"], paid["output"])


def _keep(desk: Desk, entries: list[Entry], paid: Counter[str]) -> None:
    """Keep answers; those that a killed process has kept before were counted by it."""
    held = list(ahead(desk.ledger.get, [entry.key for entry in entries], desk.ledger.folder))
    new = [
        entry
        for entry, there in zip(entries, held)
        if there is None or there.provider_id != entry.provider_id
    ]
    if entries:
        reached("answer_before_ledger")
    desk.ledger.keep(entries)
    desk.bill.answered(new)
    paid["input"] += sum(entry.input_tokens for entry in new)
    paid["output"] += sum(entry.output_tokens for entry in new)


def _results(desk: Desk, record: Record, file_id: str | None) -> dict[str, dict[str, Any]]:
    """The lines of an output or error file; a file with damaged lines is fetched once more."""
    if not file_id:
        return {}
    try:
        found, damaged = read_results(desk.provider.content(file_id))
        return read_results(desk.provider.content(file_id))[0] if damaged else found
    except UnknownError as error:
        raise ValueError(
            f"{desk.records.path(record.name)}: the answers of this batch are gone ({error}); "
            "remove the record to have its requests sent (and paid) again"
        ) from None


def _rejected(desk: Desk, record: Record, batch: Batch) -> tuple[dict[str, NoAnswer], StopReason | None]:
    """What it means that a batch failed validation: nothing in it was worked on or paid."""
    errors = [(code, desk.provider.clean(text), line) for code, text, line in errors_of(batch)]
    said = "; ".join(text for _, text, _ in errors[:3]) or "it gave no reason"
    if any(code == _QUEUE_FULL for code, _, _ in errors):
        fits = desk.smaller(record.requests)
        return {}, None if fits else (
            ENDPOINT,
            f"the provider's queue does not take even one request: {said}",
        )
    keys = [key_of(line) for line in requests_of(desk.records.requests_path(record.name))]
    refused = of_rejected(keys, errors)
    if refused is None:
        return {}, (ENDPOINT, f"the provider rejected batch {batch.id}: {said}")
    return refused, None
