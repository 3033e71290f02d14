"""What the gate looks at: each table as a flat frame, with what it takes to judge a row beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from evaluators.chain_checks import chain_fault
from schemas.corpus import Corpus
from schemas.rows import goal_motion
from schemas.tables import TABLES
from transforms.step import STEPS, shard_of

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

# Rows a frame: bounded memory, however large the corpus.
_ROWS_A_FRAME = 12_000

DEAD_LETTERS = "dead_letters"
CONSERVATION = "conservation"
TABLES_HELD = "tables"
_NEVER_EMPTY = ("motions", "goals", "facts", "candidates", "annotations", "stage1", "stage2", "stage3")


class Resolver:
    """Looks ids up in the shards that must hold them; keeps a few shards at a time."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._ids = lru_cache(maxsize=12)(self._read_ids)
        self._frames = lru_cache(maxsize=256)(self._read_frames)

    def _read_ids(self, table: str, index: int) -> frozenset[str]:
        key = TABLES[table].key[0]
        return frozenset(self._corpus.read(table, index, [key]).column(key).to_pylist())

    def _read_frames(self, table: str, index: int) -> dict[str, int]:
        key = TABLES[table].key[0]
        rows = self._corpus.read(table, index, [key, "frames"])
        return dict(zip(rows.column(key).to_pylist(), rows.column("frames").to_pylist(), strict=True))

    def has(self, table: str, index: int, row_id: str) -> bool:
        """Whether a shard of a table holds a row of this id."""
        return row_id in self._ids(table, index)

    def motion(self, index: int, ref: Mapping[str, Any]) -> bool:
        """Whether a motion reference made in this shard names frames that there are."""
        if ref["table"] not in ("motions", "perturbed"):
            return False
        home = shard_of(ref["id"], self._corpus.shards) if ref["table"] == "motions" else index
        frames = self._frames(ref["table"], home).get(ref["id"], 0)
        return bool(0 <= ref["start"] < ref["end"] <= frames)


def frames(corpus: Corpus, table: str, config: Mapping[str, Any]) -> Iterator[pd.DataFrame]:
    """A table's rows as frames of whole shards, in order; none for an empty table."""
    import pandas as pd

    resolver = Resolver(corpus)
    held: list[Row] = []
    for index in range(corpus.shards):
        held += _rows(corpus, resolver, table, index, config)
        if len(held) >= _ROWS_A_FRAME:
            frame = pd.DataFrame(held)
            held = []  # not beside the frame made of it
            yield frame
    if held:
        yield pd.DataFrame(held)


def conservation_frame(steps: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> pd.DataFrame:
    """One row a step and unit: what went in, what came out, what nobody can account for."""
    import pandas as pd

    rows = []
    for step, units in steps.items():
        for unit, counts in units.items():
            failed, filtered = sum(counts["failed"].values()), sum(counts["filtered"].values())
            left = counts["rows_in"] - counts["rows_out"] - filtered - failed
            share = failed / counts["rows_in"] if counts["rows_in"] else 0.0
            kept = counts["rows_out"] / counts["rows_in"] if counts["rows_in"] else 0.0
            rows.append(
                {"step": f"{step}/{unit}", "unaccounted": left, "failed_share": share, "kept_share": kept}
            )
    return pd.DataFrame(rows)


def tables_frame(corpus: Corpus) -> pd.DataFrame:
    """One row a table that no good corpus has empty: how many rows it holds."""
    import pandas as pd
    import pyarrow.parquet as pq

    shards = range(corpus.shards)
    return pd.DataFrame(
        [
            {
                "table": table,
                "rows": sum(pq.read_metadata(corpus.shard_path(table, index)).num_rows for index in shards),
            }
            for table in _NEVER_EMPTY
        ]
    )


def _rows(corpus: Corpus, resolver: Resolver, table: str, index: int, config: Mapping[str, Any]) -> list[Row]:
    if table == DEAD_LETTERS:
        from schemas.shards import read_shard

        paths = [corpus.shard_path(DEAD_LETTERS, index, step) for step in STEPS]
        return [row for path in paths for row in read_shard(path, DEAD_LETTERS).to_pylist()]
    rows = corpus.read(table, index, TABLES[table].light_columns).to_pylist()
    return [
        _FLATTEN[table](row, corpus, resolver, index, config)
        for row in _with_verdicts(corpus, table, index, rows)
    ]


def _with_verdicts(corpus: Corpus, table: str, index: int, rows: list[Row]) -> list[Row]:
    """Stage 2 rows with what their annotations' rows say of them."""
    if table != "stage2":
        return rows
    names = ["annotation_id", "contradicted", "perfect"]
    annotations = corpus.read("annotations", index, names).to_pylist()
    contradicted = {row["annotation_id"]: row["contradicted"] for row in annotations}
    perfect = {row["annotation_id"]: row["perfect"] for row in annotations}
    return [
        {**row, "contradicted": contradicted, "perfect": perfect.get(row["annotation_id"], False)}
        for row in rows
    ]


def _home(motion_id: str, corpus: Corpus, index: int) -> bool:
    """Whether a clip's rows lie in the shard that its id belongs to: ids are unique in it alone."""
    return shard_of(motion_id, corpus.shards) == index


def _motions(row: Row, corpus: Corpus, resolver: Resolver, index: int, config: Mapping[str, Any]) -> Row:
    return {**row, "in_its_shard": _home(row["motion_id"], corpus, index)}


def _goals(row: Row, corpus: Corpus, resolver: Resolver, index: int, config: Mapping[str, Any]) -> Row:
    ref = goal_motion(row).as_dict()
    return {
        **row,
        "frames": row["end"] - row["start"],
        "caption_length": len(row["caption"]),
        "in_its_shard": _home(row["motion_id"], corpus, index),
        "motion_resolves": resolver.motion(index, ref),
    }


def _facts(row: Row, corpus: Corpus, resolver: Resolver, index: int, config: Mapping[str, Any]) -> Row:
    ends = [event["end"] for event in row["events"]]
    return {
        "goal_id": row["goal_id"],
        "frames": row["frames"],
        "goal_resolves": resolver.has("goals", index, row["goal_id"]),
        "motion_resolves": resolver.motion(index, row["motion"]),
        "events_inside": all(end <= row["frames"] for end in ends),
    }


def _candidates(row: Row, corpus: Corpus, resolver: Resolver, index: int, config: Mapping[str, Any]) -> Row:
    frames = row["motion"]["end"] - row["motion"]["start"]
    return {
        "candidate_id": row["candidate_id"],
        "goal_id": row["goal_id"],
        "rank": row["rank"],
        "origin": row["origin"],
        "alignment": row["alignment"],
        "differences": len(row["differences"]),
        "edits_as_origin": bool(row["edits"]) == (row["origin"] == "perturbed"),
        "inside": all(part["end"] <= frames for part in (*row["events"], *row["differences"])),
        "goal_resolves": resolver.has("goals", index, row["goal_id"]),
        "motion_resolves": resolver.motion(index, row["motion"]),
    }


def _perturbed(row: Row, corpus: Corpus, resolver: Resolver, index: int, config: Mapping[str, Any]) -> Row:
    return {
        "perturbed_id": row["perturbed_id"],
        "goal_id": row["goal_id"],
        "frames": row["frames"],
        "edits": len(row["edits"]),
        "goal_resolves": resolver.has("goals", index, row["goal_id"]),
    }


def _annotations(row: Row, corpus: Corpus, resolver: Resolver, index: int, config: Mapping[str, Any]) -> Row:
    candidate = row["candidate_id"]
    return {
        "annotation_id": row["annotation_id"],
        "kind": row["kind"],
        "text_length": len(row["text"].strip()),
        "has_refinement": bool(row["refinement"].strip()) == (row["kind"] == "assessment"),
        "annotator": row["annotator"],
        "prompt_hash": row["prompt_hash"],
        "goal_resolves": resolver.has("goals", index, row["goal_id"]),
        "candidate_resolves": not candidate or resolver.has("candidates", index, candidate),
    }


def _stage1(row: Row, corpus: Corpus, resolver: Resolver, index: int, config: Mapping[str, Any]) -> Row:
    names = row["annotation_ids"]
    return {
        "example_id": row["example_id"],
        "task": row["task"],
        "split": row["split"],
        "caption_length": len(row["caption"]),
        "motion_resolves": resolver.motion(index, row["motion"]),
        "goal_motion_resolves": resolver.motion(index, row["goal_motion"]),
        "annotations_resolve": all(resolver.has("annotations", index, name) for name in names),
    }


def _stage2(row: Row, corpus: Corpus, resolver: Resolver, index: int, config: Mapping[str, Any]) -> Row:
    refs = [row["motion"], *(rung["motion"] for rung in row["ladder"])]
    return {
        "goal_id": row["goal_id"],
        "split": row["split"],
        "fault": chain_fault(row, config["ladder"], row["contradicted"])[0],
        "analyses": len(row["analyses"]),
        "motions_resolve": all(resolver.motion(index, ref) for ref in refs),
    }


def _stage3(row: Row, corpus: Corpus, resolver: Resolver, index: int, config: Mapping[str, Any]) -> Row:
    return {
        "goal_id": row["goal_id"],
        "split": row["split"],
        "frames": row["frames"],
        "caption_length": len(row["caption"]),
        "motion_resolves": resolver.motion(index, row["motion"]),
    }


_FLATTEN = {
    "motions": _motions,
    "goals": _goals,
    "facts": _facts,
    "candidates": _candidates,
    "perturbed": _perturbed,
    "annotations": _annotations,
    "stage1": _stage1,
    "stage2": _stage2,
    "stage3": _stage3,
}
