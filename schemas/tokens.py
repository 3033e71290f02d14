"""Motion tokens of a corpus: what one motion tokenizer makes of every motion that the stages name.

CORPUS/tokens/FINGERPRINT/
  manifest.json                  written last: the tokenizer, what of the corpus was read, shards with digests
  tokens-00000-of-00008.parquet  shard i: the motions that shard i of stage1, stage2 and stage3 name
A motion that several shards name is in each of them: who reads one shard needs no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from schemas.corpus import Output, are_whole
from schemas.fingerprint import fingerprint
from schemas.rows import MotionRef
from schemas.shards import read_checked, shard_name, to_table, write_shard
from schemas.storage import read_json, write_json
from schemas.tables import TOKENS

TOKEN_SET_VERSION = 1
STAGES = ("stage1", "stage2", "stage3")
REFERENCES = {"stage1": ("motion", "goal_motion"), "stage2": ("motion",), "stage3": ("motion",)}
_KIND = "tokens"


def motions_fingerprint(manifest: Mapping[str, Any]) -> str:
    """What of a corpus its tokens depend on: the motions and which of them the stages name."""
    tables = ("motions", "perturbed", *STAGES)
    return fingerprint("tokens", [manifest["tables"][name]["digest"] for name in tables])


def token_folder(root: Path, tokenizer: str) -> Path:
    """Where a corpus keeps the tokens of the motion tokenizer with this fingerprint."""
    return root / "tokens" / tokenizer


def references(stage: str, rows: pa.Table) -> set[MotionRef]:
    """Every motion that rows of a stage name."""
    found: set[MotionRef] = set()
    for column in REFERENCES[stage]:
        found |= {MotionRef(**value) for value in rows.column(column).to_pylist()}
    if stage == "stage2":
        for ladder in rows.column("ladder").to_pylist():
            found |= {MotionRef(**rung["motion"]) for rung in ladder}
    return {reference for reference in found if reference.id}


def write_token_shard(
    folder: Path, index: int, count: int, tokens: Mapping[MotionRef, Iterable[int]]
) -> Output:
    """Write the tokens of one shard; returns what was written, for the manifest."""
    rows = [
        {**reference.as_dict(), "tokens": [int(code) for code in found]}
        for reference, found in tokens.items()
    ]
    file = shard_name("tokens", index, count)
    digest = write_shard(folder / file, to_table(TOKENS, rows, 0))
    return Output("tokens", file, len(rows), (folder / file).stat().st_size, digest)


def write_token_set(
    folder: Path, tokenizer: str, codes: int, manifest: Mapping[str, Any], outputs: Iterable[Output]
) -> None:
    """Write the manifest of a set: the last thing, which makes it one. `manifest` is the corpus'."""
    values = {
        "version": TOKEN_SET_VERSION,
        "kind": _KIND,
        "tokenizer": tokenizer,
        "codes": codes,
        "motions": motions_fingerprint(manifest),
        "schema_versions": {"tokens": TOKENS.version},
        "shards": [output.as_dict() for output in sorted(outputs, key=lambda output: output.file)],
    }
    write_json(folder / "manifest.json", values)


@dataclass(frozen=True)
class TokenSet:
    """The tokens of a corpus by one motion tokenizer."""

    folder: Path
    tokenizer: str  # fingerprint
    codes: int  # the tokenizer has
    shards: tuple[Output, ...]

    def read(self, index: int) -> dict[MotionRef, tuple[int, ...]]:
        """Tokens of every motion that a shard's rows name; ValueError for one that is missing or changed."""
        shard = self.shards[index]
        remedy = f"run `irmogen tokenize {self.folder.parent.parent} --tokenizer FOLDER`"
        table = read_checked(self.folder / shard.file, "tokens", shard.sha256, remedy)
        return {
            MotionRef(row["table"], row["id"], row["start"], row["end"]): tuple(row["tokens"])
            for row in table.to_pylist()
        }


def is_whole(tokens: TokenSet) -> bool:
    """Whether every shard is there and has the bytes that the manifest names."""
    return are_whole(tokens.folder, tokens.shards)


def open_tokens(root: Path, manifest: Mapping[str, Any], tokenizer: str = "") -> TokenSet:
    """The tokens that a corpus holds of a motion tokenizer; of its only one where none is named.

    ValueError says what is missing or out of date, and what to do. Shards are checked when they are read.
    """
    names = sorted(path.parent.name for path in (root / "tokens").glob("*/manifest.json"))
    how = f"run `irmogen tokenize {root} --tokenizer FOLDER`"
    if not tokenizer and len(names) != 1:
        held = f"those of {len(names)} tokenizers: {', '.join(names)}; name one" if names else f"none; {how}"
        raise ValueError(f"{root}: motion tokens are wanted and it holds {held}")
    name = tokenizer or names[0]
    folder = token_folder(root, name)
    values = read_json(folder / "manifest.json")
    if values is None:
        raise ValueError(f"{root}: holds no motion tokens of the tokenizer {name}; {how}")
    if values.get("version") != TOKEN_SET_VERSION or values.get("schema_versions") != {
        "tokens": TOKENS.version
    }:
        raise ValueError(f"{folder}: motion tokens of another version ({values.get('version')}); {how}")
    if values["motions"] != motions_fingerprint(manifest):
        raise ValueError(f"{folder}: the corpus was made anew since these motion tokens were; {how}")
    shards = tuple(Output(**shard) for shard in values["shards"])
    return TokenSet(folder, values["tokenizer"], values["codes"], shards)
