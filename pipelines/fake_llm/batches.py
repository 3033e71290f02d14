"""Files and batches of the fake endpoint, in OpenAI's forms."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.fake_llm.batch_lines import validated

WINDOW_SECONDS = 24 * 3600

# What becomes of a line: status code and body of its response, and how many times it comes.
Outcome = tuple[int, dict[str, Any], int]


@dataclass
class Batch:
    """One batch; times are Unix times, 0 for what has not happened."""

    id: str
    number: int
    input_file_id: str
    metadata: Mapping[str, str] | None
    created_at: int
    status: str = "validating"
    total: int = 0
    completed: int = 0
    failed: int = 0
    output_file_id: str | None = None
    error_file_id: str | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    times: dict[str, int] = field(default_factory=dict)  # by the field's name, as completed_at

    def form(self) -> dict[str, Any]:
        """The batch as the interface shows it."""
        names = ("in_progress_at", "finalizing_at", "completed_at", "failed_at", "expired_at")
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "errors": {"object": "list", "data": self.errors} if self.errors else None,
            "input_file_id": self.input_file_id,
            "completion_window": "24h",
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self.created_at,
            "expires_at": self.created_at + WINDOW_SECONDS,
            **{name: self.times.get(name) for name in names},
            "cancelling_at": None,
            "cancelled_at": None,
            "request_counts": {"total": self.total, "completed": self.completed, "failed": self.failed},
            "metadata": self.metadata,
        }


class Files:
    """Uploaded and made files, in memory."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[dict[str, Any], bytes]] = {}

    def add(self, name: str, purpose: str, content: bytes) -> dict[str, Any]:
        """Keep a file; returns the file object."""
        made = {
            "id": f"file-{len(self._held) + 1:08d}",
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "filename": name,
            "purpose": purpose,
            "status": "processed",
        }
        self._held[str(made["id"])] = (made, content)
        return made

    def get(self, file_id: str) -> tuple[dict[str, Any], bytes] | None:
        """File object and content, None for an unknown id."""
        return self._held.get(file_id)


class Batches:
    """Batches that are worked on and done.

    `answer(body)` gives a line's outcome; `seconds` is the time from a batch's creation to its end;
    `expires(number)` says whether the batch of that number expires with its lines half done.
    """

    def __init__(
        self,
        files: Files,
        answer: Callable[[dict[str, Any]], Outcome],
        seconds: float,
        expires: Callable[[int], bool],
    ) -> None:
        self._files, self._answer = files, answer
        self._seconds, self._expires = seconds, expires
        self._held: dict[str, Batch] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def create(self, asked: Any) -> Batch:
        """Take a batch in and begin to work on it; ValueError says what is wrong with the request."""
        if not isinstance(asked, dict) or asked.get("endpoint") != "/v1/chat/completions":
            raise ValueError("'endpoint' must be /v1/chat/completions")
        if asked.get("completion_window") != "24h":
            raise ValueError("'completion_window' must be 24h")
        file_id = asked.get("input_file_id")
        file = self._files.get(str(file_id))
        if file is None or file[0]["purpose"] != "batch":
            raise ValueError(f"no file {file_id!r} with the purpose 'batch'")
        _check_metadata(asked.get("metadata"))
        number = len(self._held) + 1
        batch = Batch(f"batch_{number:08d}", number, str(file_id), asked.get("metadata"), int(time.time()))
        self._held[batch.id] = batch
        task = asyncio.get_running_loop().create_task(self._work(batch, file[1]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return batch

    def get(self, batch_id: str) -> Batch | None:
        """The batch of an id."""
        return self._held.get(batch_id)

    def page(self, after: str, limit: int) -> dict[str, Any]:
        """The batches after one, the newest first, as a page of a list."""
        newest = list(reversed(self._held.values()))
        begin = next((at + 1 for at, batch in enumerate(newest) if batch.id == after), 0) if after else 0
        shown = newest[begin : begin + limit]
        return {
            "object": "list",
            "data": [batch.form() for batch in shown],
            "first_id": shown[0].id if shown else None,
            "last_id": shown[-1].id if shown else None,
            "has_more": begin + limit < len(newest),
        }

    async def _work(self, batch: Batch, content: bytes) -> None:
        """From validating to the end, a tenth of the time each for the first and the last part."""
        await asyncio.sleep(self._seconds * 0.1)
        lines, batch.errors = validated(content)
        if batch.errors:
            self._enter(batch, "failed")
            return
        batch.total = len(lines)
        self._enter(batch, "in_progress")
        expires = self._expires(batch.number)
        done, late = _halves(lines, batch.number) if expires else (lines, [])
        begun = time.monotonic()
        outcomes = []
        for line in done:
            outcomes.append((line["custom_id"], *self._answer(line["body"])))
            batch.failed += outcomes[-1][1] != 200
            batch.completed += outcomes[-1][1] == 200
            await asyncio.sleep(0)  # chats are answered meanwhile
        await asyncio.sleep(max(0.0, self._seconds * 0.8 - (time.monotonic() - begun)))
        self._enter(batch, "finalizing")
        await asyncio.sleep(self._seconds * 0.1)
        self._finish(batch, outcomes, [line["custom_id"] for line in late])
        self._enter(batch, "expired" if expires else "completed")

    def _finish(
        self, batch: Batch, outcomes: list[tuple[str, int, dict[str, Any], int]], late: list[str]
    ) -> None:
        """Write the output and the error file; lines come in another order than they were given."""
        good: list[str] = []
        bad: list[str] = []
        for at, (custom_id, status, body, times) in enumerate(reversed(outcomes)):
            line = _line(batch, at, custom_id, (status, body), None)
            (good if status == 200 else bad).extend([line] * times)
        expired = "This request could not be executed before the completion window expired."
        for at, custom_id in enumerate(late, start=len(outcomes)):
            error = {"code": "batch_expired", "message": expired}
            bad.append(_line(batch, at, custom_id, None, error))
        batch.failed += len(late)
        if good:
            batch.output_file_id = self._file(f"{batch.id}_output.jsonl", good)
        if bad:
            batch.error_file_id = self._file(f"{batch.id}_error.jsonl", bad)

    def _file(self, name: str, lines: list[str]) -> str:
        return str(self._files.add(name, "batch_output", "".join(lines).encode())["id"])

    @staticmethod
    def _enter(batch: Batch, status: str) -> None:
        batch.status = status
        batch.times[f"{status}_at"] = int(time.time())


def _halves(lines: list[dict[str, Any]], number: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every second line, and the others; a line that is alone is done by every second batch."""
    return lines[number % 2 :: 2], lines[1 - number % 2 :: 2]


def _line(
    batch: Batch,
    at: int,
    custom_id: str,
    response: tuple[int, dict[str, Any]] | None,
    error: dict[str, str] | None,
) -> str:
    """One line of an output or error file."""
    shown = None
    if response is not None:
        shown = {"status_code": response[0], "request_id": f"req-{batch.number}-{at}", "body": response[1]}
    made = {"id": f"batch_req_{batch.number}_{at}", "custom_id": custom_id, "response": shown, "error": error}
    return json.dumps(made, ensure_ascii=False) + "\n"


def _check_metadata(metadata: Any) -> None:
    if metadata is None:
        return
    fits = isinstance(metadata, dict) and len(metadata) <= 16
    if not fits or not all(len(name) <= 64 and len(str(text)) <= 512 for name, text in metadata.items()):
        raise ValueError("'metadata' takes 16 pairs of at most 64 and 512 characters")
