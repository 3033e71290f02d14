"""Scores of annotators out of what the annotations table holds: no text is read again.

The statements of an annotation were read and judged when it was written, by the code that
`irmogen score-annotations` uses; so the scores are the same and no clip is compared again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evaluators.scoring import Card, Retrieved, score_named
from evaluators.support import CONTRADICTED, SUPPORTED
from motion.events import difference
from pipelines.score_annotations import annotator_name
from prompts.claims.assessment import Said

Row = dict[str, Any]

author = annotator_name


def add_scores(cards: dict[str, Card], candidates: pa.Table, annotations: pa.Table) -> None:
    """Add the assessments of one shard to the scores of their authors."""
    rungs = {
        row["candidate_id"]: row for row in candidates.select(["candidate_id", "origin", "edits"]).to_pylist()
    }
    wanted = annotations.filter((pc.field("kind") == "assessment") & (pc.field("candidate_id") != ""))
    for row in wanted.select(["candidate_id", "annotator", "model", "statements"]).to_pylist():
        card = cards.setdefault(author(row), Card())
        rung = rungs[row["candidate_id"]]
        named = [one for one in row["statements"] if _names_a_difference(one)]
        verdicts = {said_of(one): one["verdict"] for one in named}
        if rung["origin"] == "perturbed":
            edits = [(e["operation"], [difference(b) for b in e["breaks"]]) for e in rung["edits"]]

            def false(said: list[Said], verdicts: dict[Said, str] = verdicts) -> int:
                return sum(verdicts[one] != SUPPORTED for one in said)

            card.add(score_named(edits, list(verdicts), false))
        else:
            told = list(verdicts.values())
            card.retrieved += Retrieved(1, len(told), told.count(SUPPORTED), told.count(CONTRADICTED))


def _names_a_difference(statement: Row) -> bool:
    """Whether it is a difference that the assessment itself names, not only its author's list."""
    in_text = statement["field"] == "assessment" and statement["source"] != "list only"
    return in_text and bool(statement["kind"] == "difference")


def said_of(statement: Mapping[str, Any]) -> Said:
    """A statement of the table as what was read from its text."""
    names = ("kind", "field", "action", "part", "aspect", "side", "direction", "expected", "found")
    return Said(*(statement[name] for name in names))
