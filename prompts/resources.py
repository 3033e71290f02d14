"""Template files of this package: read when first asked for, kept, and hashed."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import Any

import yaml

VERSION = 1
_READER = "assessment.yaml"


@cache
def load(*path: str) -> dict[str, Any]:
    """The YAML mapping in a file under prompts/, for instance load("templates", "chain.yaml").

    ValueError when the file is no mapping or not of the version that this code reads.
    """
    name = "/".join(path)
    content = yaml.load(file_bytes(*path), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if not isinstance(content, dict):
        raise ValueError(f"prompts/{name}: a mapping is expected, this is {type(content).__name__}")
    if content.get("version") != VERSION:
        raise ValueError(f"prompts/{name}: version {content.get('version')!r}, this code reads {VERSION}")
    return content


@cache
def digest() -> str:
    """SHA-256 over names and bytes of every template and lexicon file: the prompt hash of a row.

    What only reads annotations is left out: a better reader asks for no new ones.
    """
    total = hashlib.sha256()
    for path in sorted((("templates", name) for name in _names("templates")), key="/".join) + [
        (room, name) for room in ("claims", "kinematic") for name in _names(room) if name != _READER
    ]:
        data = file_bytes(*path)
        total.update(f"{'/'.join(path)}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()


def _names(folder: str) -> list[str]:
    entries = resources.files("prompts").joinpath(folder).iterdir()
    return sorted(entry.name for entry in entries if entry.name.endswith((".yaml", ".txt")))


def file_bytes(*path: str) -> bytes:
    """The bytes of a file under prompts/, for instance file_bytes("claims", "lexicon.yaml")."""
    return resources.files("prompts").joinpath(*path).read_bytes()
