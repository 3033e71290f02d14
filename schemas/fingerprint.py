"""Identities: hashes of what matters, with a version beside the hash."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def fingerprint(*parts: Any) -> str:
    """SHA-256, 16 hex digits, of values that JSON can hold; keys are sorted, order in lists counts."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def changed(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What differs between two flat configurations: name, old and new value, as they are shown."""
    return [
        (name, _shown(old.get(name)), _shown(new.get(name)))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What differs between two flat configurations, a line each: `name: old -> new`."""
    return [f"{name}: {before} -> {after}" for name, before, after in changed(old, new)]


def _shown(value: Any) -> str:
    return "(none)" if value is None else json.dumps(value, ensure_ascii=False)
