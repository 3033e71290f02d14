"""The lines of a batch's input file, judged as the provider's validation does."""

from __future__ import annotations

import json
from typing import Any

MOST_LINES = 50_000
MOST_BYTES = 200_000_000


def validated(content: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The requests of an input file, and what is wrong with it as the batch's errors."""
    if len(content) > MOST_BYTES:
        return [], [_error("file_too_large", f"{len(content)} bytes are more than {MOST_BYTES}", None)]
    texts = [text for text in content.split(b"\n") if text.strip()]
    if not texts or len(texts) > MOST_LINES:
        code = "too_many_requests" if texts else "empty_file"
        return [], [_error(code, f"{len(texts)} requests: there must be 1 to {MOST_LINES}", None)]
    lines: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    seen: set[str] = set()
    models: set[str] = set()
    for number, text in enumerate(texts, start=1):
        line, wrong = _understood(text)
        if not wrong and line["custom_id"] in seen:
            wrong = ("duplicate_custom_id", f"custom_id {line['custom_id']!r} comes twice")
        if wrong:
            errors.append(_error(*wrong, number))
            continue
        seen.add(line["custom_id"])
        models.add(line["body"]["model"])
        lines.append(line)
    if len(models) > 1:
        errors.append(_error("mismatched_model", f"one batch, one model: {', '.join(sorted(models))}", None))
    return lines, errors


def _understood(text: bytes) -> tuple[dict[str, Any], tuple[str, str] | None]:
    """One line of an input file; code and message of what is wrong with it."""
    try:
        line = json.loads(text)
    except ValueError:
        return {}, ("invalid_json_line", "this line is not JSON")
    if not isinstance(line, dict) or not isinstance(line.get("custom_id"), str):
        return {}, ("missing_required_parameter", "custom_id is missing")
    if (line.get("method"), line.get("url")) != ("POST", "/v1/chat/completions"):
        return {}, ("invalid_url", "method and url must be POST and /v1/chat/completions")
    body = line.get("body")
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        return {}, ("missing_required_parameter", "body.model is missing")
    return line, None


def _error(code: str, message: str, line: int | None) -> dict[str, Any]:
    return {"code": code, "message": message, "param": None, "line": line}
