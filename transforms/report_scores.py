"""Scores of annotators out of what the annotations table holds: no text is read again.

The statements of an annotation were read and judged when it was written, by the code that
`irmogen score-annotations` uses; so the scores are the same and no clip is compared again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evaluators.annotation_checks import LIST_ONLY
from evaluators.scoring import Card, Retrieved, annotator_name, score_named
from evaluators.support import CONTRADICTED, SUPPORTED
from motion.events import difference
from prompts.claims.assessment import Said

Row = dict[str, Any]

_SAID = ("kind", "field", "action", "part", "aspect", "side", "direction", "expected", "found")


def add_scores(cards: dict[str, Card], candidates: pa.Table, annotations: pa.Table) -> None:
    """Add the assessments of one shard to the scores of their authors."""
    rungs = {
        row["candidate_id"]: row for row in candidates.select(["candidate_id", "origin", "edits"]).to_pylist()
    }
    wanted = annotations.filter((pc.field("kind") == "assessment") & (pc.field("candidate_id") != ""))
    named = _named(wanted)
    for number, row in enumerate(wanted.select(["candidate_id", "annotator", "model"]).to_pylist()):
        card = cards.setdefault(annotator_name(row), Card())
        rung, verdicts = rungs[row["candidate_id"]], named.get(number, {})
        if rung["origin"] == "perturbed":
            edits = [(e["operation"], [difference(b) for b in e["breaks"]]) for e in rung["edits"]]

            def false(said: list[Said], verdicts: dict[Said, str] = verdicts) -> int:
                return sum(verdicts[one] != SUPPORTED for one in said)

            card.add(score_named(edits, list(verdicts), false))
        else:
            told = list(verdicts.values())
            card.retrieved += Retrieved(1, len(told), told.count(SUPPORTED), told.count(CONTRADICTED))


def _named(assessments: pa.Table) -> dict[int, dict[Said, str]]:
    """By row of the table, the differences that the assessment's own text names, with their verdicts."""
    listed = assessments["statements"].combine_chunks()  # rows are counted over all of them
    statements = pc.list_flatten(listed)
    columns = {name: pc.struct_field(statements, name) for name in (*_SAID, "source", "verdict")}
    rows = pa.table({"row": pc.list_parent_indices(listed), **columns})
    in_text = (pc.field("field") == "assessment") & (pc.field("source") != LIST_ONLY)
    found: dict[int, dict[Said, str]] = {}
    for one in rows.filter((pc.field("kind") == "difference") & in_text).to_pylist():
        found.setdefault(one["row"], {})[said_of(one)] = one["verdict"]
    return found


def said_of(statement: Mapping[str, Any]) -> Said:
    """A statement of the table as what was read from its text."""
    return Said(*(statement[name] for name in _SAID))
