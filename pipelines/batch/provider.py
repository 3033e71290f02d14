"""The provider's files and batches over the `openai` client; its own retries are off, they are owned here."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.batch.files import ENDPOINT
from pipelines.batch.outcomes import said
from schemas.llm_settings import LlmSettings
from transforms.llm.client import KEY, api_key, base_url

if TYPE_CHECKING:
    import openai
    from openai.types import Batch

METADATA = "irmogen"  # key of a batch's metadata whose value is the name of its record
_PAGE = 100
_CLOCKS_APART = 24 * 3600  # seconds by which the provider's clock and ours may differ at most
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
_TRY_AGAIN = {408, 409, 425, 429}
_NO_MONEY = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
_Value = TypeVar("_Value")


class ProviderError(RuntimeError):
    """The run cannot go on: the endpoint refuses, or does not answer however often it is asked."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason  # as a run stops: endpoint, failures


class UnreachedError(RuntimeError):
    """One try has failed in a way that another may not."""


class UnknownError(LookupError):
    """The endpoint knows no such batch or file."""


class Provider:
    """Files and batches of one endpoint. `wait(seconds)` may raise to end the waiting between tries."""

    def __init__(self, settings: LlmSettings, wait: Callable[[float], None]) -> None:
        from openai import OpenAI

        self._tries = settings.tries
        self._wait = wait
        self._client: openai.OpenAI = OpenAI(
            api_key=api_key(settings), base_url=base_url(settings), max_retries=0, timeout=settings.timeout
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def upload(self, name: str, lines: Iterable[bytes], scratch: Path) -> str:
        """Upload an input file; returns its id. `scratch` is a folder for a file without a name."""
        with tempfile.TemporaryFile(dir=scratch) as file:
            file.writelines(lines)

            def once() -> str:
                file.seek(0)
                made = self._client.files.create(file=(f"irmogen-{name}.jsonl", file), purpose="batch")
                return str(made.id)

            return self._sent("upload a file of requests", once)

    def create(self, file_id: str, name: str, since: int) -> Batch:
        """Submit a batch, once: after a try whose end is not known, it is looked for before the next."""
        tried = False

        def once() -> Batch:
            nonlocal tried
            if tried and (found := self._find(name, since)):
                return found
            tried = True
            return self._client.batches.create(
                input_file_id=file_id,
                endpoint=ENDPOINT,
                completion_window="24h",
                metadata={METADATA: name},
            )

        return self._sent("submit a batch", once)

    def find(self, name: str, since: int) -> Batch | None:
        """The batch of a record's name, submitted at Unix time `since` or later; None where none was."""
        return self._sent("list the batches", lambda: self._find(name, since))

    def look(self, batch_id: str) -> Batch:
        """How a batch is, in one try; UnreachedError where it fails, UnknownError for an unknown id."""
        return self._once(f"look at batch {batch_id}", lambda: self._client.batches.retrieve(batch_id))

    def content(self, file_id: str) -> bytes:
        """A file's bytes, whole; UnknownError for an unknown id."""
        return self._retried(f"fetch file {file_id}", lambda: self._client.files.content(file_id).content)

    def _find(self, name: str, since: int) -> Batch | None:
        found = []
        for batch in self._client.batches.list(limit=_PAGE):
            if batch.created_at < since - _CLOCKS_APART:
                break  # the newest come first
            if (batch.metadata or {}).get(METADATA) == name:
                found.append(batch)
        return min(found, key=lambda batch: batch.created_at, default=None)

    def _sent(self, what: str, once: Callable[[], _Value]) -> _Value:
        """As `_retried`, for what every endpoint with a batch interface knows."""
        try:
            return self._retried(what, once)
        except UnknownError as error:
            raise ProviderError(
                "endpoint", f"{error}; is there a batch interface at this --base-url?"
            ) from None

    def _retried(self, what: str, once: Callable[[], _Value]) -> _Value:
        """Try, and wait longer after each try that failed; ProviderError when the tries are used up."""
        for number in range(self._tries):
            try:
                return self._once(what, once)
            except UnreachedError as error:
                last = error
            if number + 1 < self._tries:
                longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2**number)
                self._wait(longest * random.uniform(0.5, 1.0))
        raise ProviderError("failures", f"{last}; {self._tries} tries")

    def _once(self, what: str, once: Callable[[], _Value]) -> _Value:
        import openai

        try:
            return once()
        except openai.APIStatusError as error:
            raise self._meaning(what, error) from None
        except openai.APIError as error:
            raise UnreachedError(f"cannot {what}: {self.clean(str(error))}") from None

    def _meaning(self, what: str, error: openai.APIStatusError) -> Exception:
        code, message = said(error.body)
        detail = f"cannot {what}: status {error.status_code}, {self.clean(message)}"
        if error.status_code == 404:
            return UnknownError(detail)
        if code in _NO_MONEY or (400 <= error.status_code < 500 and error.status_code not in _TRY_AGAIN):
            return ProviderError("endpoint", detail)
        return UnreachedError(detail)

    def clean(self, text: str) -> str:
        """A message of the endpoint without the key, which some repeat."""
        key = os.environ.get(KEY, "").strip()
        return text.replace(key, "***") if key else text


def errors_of(batch: Any) -> list[tuple[str, str, int | None]]:
    """Why a batch failed validation: code, message and line of the input file, if one line is meant."""
    found = (batch.errors.data or []) if batch.errors else []
    return [(str(error.code or ""), said(error.model_dump())[1], error.line) for error in found]
