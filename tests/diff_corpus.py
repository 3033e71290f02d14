"""Corpora that differ from another one in what a test wants, written by the project's own shard writer."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from motion.skeleton import skeleton
from schemas.corpus import open_corpus
from schemas.shards import features_of, read_shard, shard_name, to_table, write_shard
from schemas.storage import file_digest, read_json, write_json
from schemas.tables import TABLES
from transforms.step import shard_of

Row = dict[str, Any]


def changed_corpus(root: Path, to: Path, changes: dict[str, Callable[[list[Row]], list[Row]]]) -> Path:
    """A copy of a corpus in which a function changed the rows of some tables, shard by shard."""
    shutil.copytree(root, to, ignore=shutil.ignore_patterns("report", "ledger"))
    corpus, manifest = open_corpus(to)
    size = skeleton(manifest["config"]["skeleton"]).feature_size
    for table, change in changes.items():
        listed = manifest["tables"][table]["shards"]
        for shard in listed:
            kept = to_table(TABLES[table], change(rows_of(corpus.root / shard["file"], table)), size)
            shard |= {"rows": len(kept), "sha256": write_shard(corpus.root / shard["file"], kept)}
        manifest["tables"][table]["rows"] = sum(shard["rows"] for shard in listed)
    write_json(corpus.manifest_path, manifest)
    return to


def rows_of(path: Path, table: str) -> list[Row]:
    """The rows of a shard, features as arrays."""
    held = read_shard(path, table)
    features = TABLES[table].features
    rows = held.select(TABLES[table].light_columns).to_pylist()
    if features:
        for number, row in enumerate(rows):
            row[features] = features_of(held, number)
    return rows


def dealt_corpus(root: Path, to: Path, shards: int) -> Path:
    """The rows of a corpus in another number of shards, each where its clip's id says."""
    corpus, manifest = open_corpus(root)
    size = skeleton(manifest["config"]["skeleton"]).feature_size
    clips = {
        row["goal_id"]: row["motion_id"]
        for shard in manifest["tables"]["goals"]["shards"]
        for row in rows_of(corpus.root / shard["file"], "goals")
    }
    for table, listed in manifest["tables"].items():
        dealt: dict[tuple[str, int], list[Row]] = {}
        for shard in listed["shards"]:
            name = shard["file"].split("/")[1].rsplit("-", 3)[0]
            for row in rows_of(corpus.root / shard["file"], table):
                clip = row.get("motion_id") or clips.get(row.get("goal_id", ""), "")
                dealt.setdefault((name, shard_of(clip, shards)), []).append(row)
        names = sorted({shard["file"].split("/")[1].rsplit("-", 3)[0] for shard in listed["shards"]})
        listed["shards"] = []
        for name in names:
            for index in range(shards):
                rows = dealt.get((name, index), [])
                file = f"{table}/{shard_name(name, index, shards)}"
                digest = write_shard(to / file, to_table(TABLES[table], rows, size))
                listed["shards"].append({"file": file, "rows": len(rows), "sha256": digest})
    write_json(to / "manifest.json", {**manifest, "shards": shards})
    return to


def with_manifest(root: Path, **changed: Any) -> Path:
    """Put values into a corpus' manifest."""
    path = root / "manifest.json"
    write_json(path, {**read_json(path), **changed})
    return root


def renamed(root: Path) -> Path:
    """Let a corpus' manifest name the bytes and rows that its shards have now."""
    manifest = read_json(root / "manifest.json")
    for table, listed in manifest["tables"].items():
        for shard in listed["shards"]:
            path = root / shard["file"]
            shard |= {"rows": len(read_shard(path, table)), "sha256": file_digest(path)}
    return with_manifest(root, tables=manifest["tables"])
