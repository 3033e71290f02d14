"""A small corpus with everything that a report must show: hostile words, every verdict, what was left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from small_corpus import CLIPS, write_corpus

from motion.skeleton import skeleton
from schemas.corpus import Corpus
from schemas.shards import to_table, write_shard
from schemas.tables import TABLES

Row = dict[str, Any]

HOSTILE = (
    'a man </script><script>window.hacked = 1</script><img src=x onerror="window.hacked=2"> '
    "walks & waves – 走る"
)
FLAGGED = "small-000002-0"  # one of its assessments has a word of each verdict, one of them contradicted
GONE = "small-000003-0"  # its caption was left out
EVIDENCE = '<b>measured</b>: the "walk" is there'
SPANS = (("supported", 0, 10, 6, 18), ("contradicted", 11, 12, 12, 30), ("unverifiable", 16, 18, 0, 9))


def write_report_corpus(root: Path, **changed: Any) -> tuple[Corpus, Row]:
    """Write it; returns the corpus and its manifest, in which `changed` is put."""
    clips = [(*CLIPS[0][:3], ("a man walks", HOSTILE), (None, None)), *CLIPS[1:]]
    corpus, manifest = write_corpus(root, clips=clips, **changed)
    for index in range(corpus.shards):
        _rewrite(corpus, "annotations", index, _with_statements)
        for table in ("facts", "candidates", "annotations", "stage1", "stage2", "stage3"):
            _rewrite(corpus, table, index, lambda row: None if row["goal_id"] == GONE else row)
    letter = {
        "step": "measure",
        "kind": "filtered",
        "reason": "caption_contradicted",
        "input_id": GONE,
        "detail": f"the caption claims kneel; {EVIDENCE}",
        "payload": json.dumps(
            {"claim": "kneel", "evidence": EVIDENCE, "certainty": 0.9, "start": 5, "end": 21}
        ),
    }
    table = to_table(TABLES["dead_letters"], [letter], 0)
    write_shard(corpus.shard_path("dead_letters", 0, "measure"), table)
    return corpus, manifest


def _rewrite(corpus: Corpus, table: str, index: int, change: Callable[[Row], Row | None]) -> None:
    rows = [change(row) for row in corpus.read(table, index).to_pylist()]
    made = to_table(TABLES[table], [row for row in rows if row], skeleton("t2m").feature_size)
    write_shard(corpus.shard_path(table, index), made)


def _with_statements(row: Row) -> Row:
    if row["candidate_id"] != f"{FLAGGED}-k1":
        return row
    statements = [_statement(*span) for span in SPANS]
    statements.append({**_statement("contradicted", 0, 0, 3, 9), "source": "list only", "action": "jump"})
    counts = {verdict: 1 for verdict, *_ in SPANS} | {"contradicted": 2}
    return {**row, **counts, "statements": statements}


def _statement(verdict: str, start: int, end: int, frame: int, last: int) -> Row:
    return {
        "kind": "difference",
        "field": "assessment",
        "source": "text",
        "aspect": "side",
        "action": "walk",
        "part": "body",
        "side": "",
        "direction": "",
        "expected": "left",
        "found": "right",
        "verdict": verdict,
        "evidence": EVIDENCE,
        "start": frame,
        "end": last,
        "span_start": start,
        "span_end": end,
    }
