"""The files of batches: requests that wait, cut into the provider's input files, and its output files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from schemas.storage import is_whole
from transforms.llm.material import Asked
from transforms.llm.pending import read_pending

MOST_REQUESTS = 50_000  # of one input file, by the provider's rules
MOST_BYTES = 200_000_000
ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"


@dataclass(frozen=True)
class Pending:
    """A request that waits for a batch, as its line has it."""

    key: str
    line: bytes  # of `transforms.llm.pending.pending_line`
    size: int  # bytes in an input file
    most_output_tokens: int

    @property
    def most_input_tokens(self) -> int:
        """What it may be charged for at most: no token is shorter than a byte, and the form adds some."""
        return self.size


def pending(line: bytes, base_url: str) -> Pending:
    """A request out of its line; its size is that for the endpoint at `base_url`."""
    request = read_pending(line)
    return Pending(request.key, line, len(input_line(request, base_url)), request.max_tokens)


def input_line(request: Asked, base_url: str) -> bytes:
    """A request as a line of the input file for the provider at `base_url`."""
    line = {"custom_id": request.key, "method": "POST", "url": ENDPOINT, "body": request.body(base_url)}
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def waiting(folder: Path) -> Iterator[bytes]:
    """The lines of all shards' pending requests, in the shards' order."""
    for path in sorted(filter(is_whole, folder.glob("*.jsonl"))):
        yield from path.read_bytes().splitlines(keepends=True)


def clear(folder: Path) -> None:
    """Remove the shards' pending requests, which are dealt with."""
    for path in filter(is_whole, folder.glob("*.jsonl")):
        path.unlink(missing_ok=True)


def cut(
    requests: Iterable[Pending], most_requests: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES
) -> Iterator[list[Pending]]:
    """Groups in order, each within the limits of one input file; one that is too large is alone."""
    group: list[Pending] = []
    size = 0
    for request in requests:
        if group and (len(group) == most_requests or size + request.size > most_bytes):
            yield group
            group, size = [], 0
        group.append(request)
        size += request.size
    if group:
        yield group


def read_results(content: bytes) -> tuple[dict[str, dict[str, Any]], int]:
    """The lines of an output or error file by custom_id, and how many were none.

    Of a line that comes more than once, the first counts.
    """
    found: dict[str, dict[str, Any]] = {}
    damaged = 0
    for text in content.split(b"\n"):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
            found.setdefault(str(line["custom_id"]), line)
        except (ValueError, TypeError, KeyError):
            damaged += 1
    return found, damaged
