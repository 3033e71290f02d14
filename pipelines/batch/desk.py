"""Where batches are submitted and their answers fetched; every step can be cut off and is picked up."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.batch.bill import Bill
from pipelines.batch.files import MOST_REQUESTS, Pending, cut, input_line, pending
from pipelines.batch.provider import Provider
from schemas.ahead import ahead
from schemas.crash import reached
from schemas.ledger import Ledger
from schemas.llm_settings import LlmSettings
from transforms.llm.batch_records import FETCHED, INTENDED, SUBMITTED, BatchRecords, Record
from transforms.llm.client import base_url
from transforms.llm.pending import key_of, read_pending

if TYPE_CHECKING:
    from openai.types import Batch


@dataclass(frozen=True)
class Open:
    """The batches that hold requests of a run, and whether the budget kept some from being submitted."""

    names: frozenset[str]  # of records
    short: bool


class Desk:
    """Submits what is missing; under the records' lock, so that no request is in two batches at once."""

    def __init__(
        self,
        settings: LlmSettings,
        ledger: Path,
        provider: Provider,
        bill: Bill,
        wait: Callable[[], None],
    ) -> None:
        self.records = BatchRecords(ledger)
        self.ledger = Ledger(ledger)
        self.provider = provider
        self.bill = bill
        self._base_url = base_url(settings)
        self._wait = wait
        self._keys: dict[str, frozenset[str]] = {}  # of open records
        self._most = MOST_REQUESTS  # of one file, fewer when the provider's queue is too small
        self._alone = False  # one file at a time

    def locked(self) -> AbstractContextManager[None]:
        """Hold the records; waits for other builds that share the ledger."""
        return self.records.locked(self._wait)

    def is_here(self, record: Record) -> bool:
        """Whether a batch was submitted to this run's endpoint."""
        return record.base_url == self._base_url

    def smaller(self, requests: int) -> bool:
        """The provider's queue did not hold so many: submit fewer, one file at a time; False at one."""
        self._most, self._alone = max(1, requests // 2), True
        return requests > 1

    def settle_intended(self) -> None:
        """For who holds the lock: learn what became of batches whose submission was cut off.

        A killed process may have submitted one without remembering its id: it is found by its metadata.
        What was not submitted is forgotten, for the pipeline knows which requests are missing.
        """
        for record in self.records.all():
            if record.state == INTENDED and self.is_here(record):
                batch = self.provider.find(record.name, record.intended)
                if batch is None:
                    self.records.remove(record.name)
                else:
                    self._remember(record, batch)
        self.records.tidy()

    def submit(self, lines: Callable[[], Iterable[bytes]]) -> Open:
        """Submit the requests that have no answer, are in no batch and are not given up.

        `lines` gives all of them from the beginning; they are held a file's worth at a time.
        ValueError for a request that is under way at another endpoint; ProviderError where the endpoint
        refuses.
        """
        with self.locked():
            self.settle_intended()
            under_way = {key: record for record in self._under_way() for key in self._keys_of(record)}
            names = self._awaited(under_way, lines())
            short = False
            for group in cut(self._missing(under_way, lines()), self._most):
                if self._alone and names:
                    break
                kept, reserved = self._affordable(group)
                if kept:
                    names.add(self._submit(kept, reserved))
                short = len(kept) < len(group)
                if short:
                    break
        return Open(frozenset(names), short)

    def _awaited(self, under_way: Mapping[str, Record], lines: Iterable[bytes]) -> set[str]:
        """Names of the records under way that hold some of the requests."""
        found = {under_way[key].name: under_way[key] for key in map(key_of, lines) if key in under_way}
        for record in found.values():
            self.bill.found(self._reachable(record))
        return set(found)

    def _missing(self, under_way: Mapping[str, Record], lines: Iterable[bytes]) -> Iterator[Pending]:
        """The requests that nobody has submitted or answered yet, each once."""
        done = {*under_way, *self.records.given_up()}

        def look(line: bytes) -> tuple[bytes, str, bool]:
            key = key_of(line)
            return line, key, key in done or self.ledger.path(key).is_file()

        for line, key, settled in ahead(look, lines, self.ledger.folder):
            if not settled and key not in done:
                done.add(key)
                yield pending(line, self._base_url)

    def _under_way(self) -> list[Record]:
        return [record for record in self.records.all() if record.state != FETCHED]

    def _keys_of(self, record: Record) -> frozenset[str]:
        if record.name not in self._keys:
            lines = requests_of(self.records.requests_path(record.name))
            self._keys[record.name] = frozenset(map(key_of, lines))
        return self._keys[record.name]

    def _reachable(self, record: Record) -> Record:
        if self.is_here(record):
            return record
        raise ValueError(
            f"{self.records.path(record.name)}: {record.requests} requests are under way in a batch at "
            f"{record.base_url}; give that --base-url to fetch their answers, or "
            "remove the record to have them sent (and paid) again"
        )

    def _affordable(self, group: Sequence[Pending]) -> tuple[list[Pending], float]:
        """The first requests of a group that the budget holds, and what is put aside for them."""
        kept: list[Pending] = []
        total = 0.0
        for request in group:
            reserved = self.bill.reserve(request)
            if reserved is None:
                break
            kept.append(request)
            total += reserved
        return kept, total

    def _submit(self, group: Sequence[Pending], reserved: float) -> str:
        record = Record(
            name=uuid.uuid4().hex,
            state=INTENDED,
            base_url=self._base_url,
            intended=int(time.time()),
            requests=len(group),
            most_input_tokens=sum(request.most_input_tokens for request in group),
            most_output_tokens=sum(request.most_output_tokens for request in group),
        )
        self.records.intend(record, [request.line for request in group])
        self._keys[record.name] = frozenset(request.key for request in group)
        lines = (input_line(read_pending(request.line), self._base_url) for request in group)
        file_id = self.provider.upload(record.name, lines, self.records.scratch)
        batch = self.provider.create(file_id, record.name, record.intended)
        reached("batch_before_id")
        self._remember(record, batch)
        self.bill.submitted(record, reserved)
        return record.name

    def _remember(self, record: Record, batch: Batch) -> None:
        self.records.write(dataclasses.replace(record, state=SUBMITTED, batch_id=batch.id))


def requests_of(path: Path) -> Iterator[bytes]:
    """The request lines of a record, one after the other; ValueError where they are lost."""
    try:
        with path.open("rb") as file:
            yield from file
    except FileNotFoundError:
        raise ValueError(
            f"{path}: the requests of a batch are lost; restore the file, or remove "
            f"{path.with_suffix('.json')} to have them sent (and paid) again"
        ) from None
