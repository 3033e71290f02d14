"""The ledger: every answer that was paid for, one file each.

An answer lies in `LEDGER/ab/<key>.json`, where `ab` are the first digits of its key, the hash of all that
determines it. It is durable before anything is made of it, and no file is ever written over: of several
workers that bring an answer to one request, the first wins, and all use that one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import re
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.first_writer import put_new
from schemas.places import is_store
from schemas.storage import TEMPORARY, check_writable, sync_folder

LEDGER_VERSION = 1  # of the files
_KEY_VERSION = 1  # of the keys: another one finds no answer that was paid for before
_NAME = re.compile(r"([0-9a-f]{64})(\.void-\d+)?\.json")
_STALE_SECONDS = 24 * 3600.0
_AT_ONCE = 256  # answers of a batch are many: so many are written together, and held as bytes


@dataclass(frozen=True)
class Entry:
    """One answer, and what was asked."""

    key: str  # request_key(asked)
    text: str
    finish_reason: str  # stop, length, content_filter, ...
    refusal: str
    model: str  # as the endpoint names it
    provider_id: str  # of the answer, as the endpoint names it
    input_tokens: int
    output_tokens: int
    batch: bool  # came through the batch interface, at its price
    asked: Mapping[str, Any]  # the key's material: template, model, sampling, schema, messages
    void: bool = False  # asked again by a replay: counted, but not used any more


@dataclass(frozen=True)
class Spent:
    """What the answers of a ledger took; those of batches apart, for their price differs."""

    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    batch_answers: int = 0
    batch_input_tokens: int = 0
    batch_output_tokens: int = 0


def request_key(material: Mapping[str, Any]) -> str:
    """SHA-256, 64 hex digits, of all that determines an answer.

    The order of mappings does not count, that of lists does. ValueError or TypeError for what JSON
    cannot hold.
    """
    return hashlib.sha256(f"irmogen request {_KEY_VERSION}\n{_canonical(material)}".encode()).hexdigest()


class Ledger:
    """The answers in a folder, for any number of threads, processes and machines at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self) -> None:
        """Make the folder and clear what writers left that were killed more than a day ago.

        A younger temporary file may belong to a worker of another build that shares the ledger.
        PermissionError where nothing can be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            check_writable(self.folder)
            sync_folder(self.folder.parent)
        except OSError as error:
            raise PermissionError(
                f"{self.folder}: cannot be written ({error.strerror}); give another --ledger"
            ) from error
        if is_store(self.folder):
            return  # which holds whole objects only
        before = time.time() - _STALE_SECONDS
        for part in self.folder.rglob(f"{TEMPORARY}*"):
            with contextlib.suppress(FileNotFoundError):  # its writer was faster
                if part.stat().st_mtime < before:
                    part.unlink()

    def path(self, key: str) -> Path:
        """Where the answer of a key lies, if there is one."""
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> Entry | None:
        """The answer of a key, None where there is none; ValueError names a file that cannot be used."""
        return _read(self.path(key))

    def keep(self, entries: Sequence[Entry]) -> list[Entry]:
        """Keep answers; durable on return. Says for each what the ledger holds now: the first of its key.

        ValueError where a key is not that of what was asked.
        """
        for entry in entries:
            if request_key(entry.asked) != entry.key:
                raise ValueError(f"answer {entry.key}: its key is not that of what it says was asked")
        held: list[Entry] = []
        for start in range(0, len(entries), _AT_ONCE):
            held += self._keep(entries[start : start + _AT_ONCE])
        return held

    def _keep(self, entries: Sequence[Entry]) -> list[Entry]:
        won = put_new([(self.path(entry.key), _bytes(entry)) for entry in entries])
        # Nothing lies there where the answer that was first became void at this moment.
        return [entry if ours else self.get(entry.key) or entry for entry, ours in zip(entries, won)]

    def void(self, key: str) -> bool:
        """Let an answer not be found any more, so that it is asked for anew; False where there is none.

        It stays in the books as `<key>.void-N.json`, where N is drawn: two that do this at once must not
        take one name, for one would write over what the other has put there.
        """
        path = self.path(key)
        try:
            path.rename(path.with_name(f"{key}.void-{uuid.uuid4().int}.json"))
        except FileNotFoundError:
            return False
        sync_folder(path.parent)
        return True

    def entries(self) -> Iterator[Entry]:
        """Every answer in the order of the keys, void ones too; ValueError names a file that is damaged."""
        for path in sorted(self.folder.glob("??/*.json")):
            if _NAME.fullmatch(path.name) and (entry := _read(path)):
                yield entry

    def spent(self) -> Spent:
        """What all answers took together, void ones too."""
        total: dict[str, int] = dict.fromkeys(vars(Spent()), 0)
        for entry in self.entries():
            kind = "batch_" if entry.batch else ""
            total[f"{kind}answers"] += 1
            total[f"{kind}input_tokens"] += entry.input_tokens
            total[f"{kind}output_tokens"] += entry.output_tokens
        return Spent(**total)


def _canonical(value: Mapping[str, Any]) -> str:
    # ASCII: a text may hold half a surrogate pair, which no encoding takes.
    return json.dumps(dict(value), sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def _sum(fields: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(fields).encode()).hexdigest()


def _bytes(entry: Entry) -> bytes:
    fields = {name: value for name, value in vars(entry).items() if name != "void"}
    fields["asked"] = dict(entry.asked)
    content = {"version": LEDGER_VERSION, **fields, "sha256": _sum(fields)}
    # A line a field: json's own indenting takes five times as long.
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in content.items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _read(path: Path) -> Entry | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        content = json.loads(data)
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(content, dict):
        raise _damaged(path, f"holds {type(content).__name__}, not a mapping")
    if content.get("version") != LEDGER_VERSION:
        raise ValueError(
            f"{path}: an answer of version {content.get('version')!r}, this code reads {LEDGER_VERSION}; "
            "use the irmogen that wrote it, or another --ledger"
        )
    return _entry(path, content)


def _entry(path: Path, content: dict[str, Any]) -> Entry:
    names = {field.name for field in dataclasses.fields(Entry)} - {"void"}
    fields = {name: value for name, value in content.items() if name in names}
    if set(content) != names | {"version", "sha256"} or content["sha256"] != _sum(fields):
        raise _damaged(path, "its checksum does not hold")
    name = _NAME.fullmatch(path.name)
    if name is None or name[1] != fields["key"]:
        raise _damaged(path, f"it is the answer of key {fields['key']}")
    return Entry(**fields, void=name[2] is not None)


def _damaged(path: Path, what: str) -> ValueError:
    return ValueError(
        f"{path}: this answer is damaged ({what}); restore the file, or remove it to have it asked again"
    )
