"""A goal as plain values for the browser: texts in pieces, their statements with evidence, rungs, events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow.compute as pc

from evaluators.agreement import names
from evaluators.annotation_checks import LIST_ONLY
from evaluators.caption_audit import judge
from evaluators.scoring import annotator_name
from motion.events import difference, event
from motion.facts import Facts
from pipelines.report.goal_choice import letters, tasks_of
from pipelines.report.marks import Span, pieces
from pipelines.shard_input import read_table
from prompts.sentences import clause, difference_text, edit_text
from schemas.corpus import Corpus
from schemas.rows import MotionRef, facts_of, goal_motion
from transforms.report_goals import Chosen
from transforms.report_scores import said_of

Row = dict[str, Any]

GOAL, OWN = "goal", "own"  # whose frames an evidence is about


@dataclass
class GoalRows:
    """Everything that the tables hold of one goal."""

    chosen: Chosen
    goal: Row
    facts: Facts | None = None  # None: it was left out before they were kept
    candidates: list[Row] = field(default_factory=list)
    annotations: list[Row] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    letter: Row | None = None

    @property
    def motion(self) -> MotionRef:
        """Where the goal's own motion is."""
        return goal_motion(self.goal)

    @property
    def references(self) -> list[MotionRef]:
        """The motions of the rungs from far to near, then the goal's own."""
        return [*(MotionRef(**row["motion"]) for row in self.candidates), self.motion]


def read_goals(corpus: Corpus, chosen: Sequence[Chosen], fps: float) -> list[GoalRows]:
    """The rows of some goals, in their order; each shard that holds one is read once."""
    found: dict[str, GoalRows] = {}
    for index in sorted({one.shard for one in chosen}):
        mine = {one.goal_id: one for one in chosen if one.shard == index}
        found |= _of_shard(corpus, index, mine, fps)
    return [found[one.goal_id] for one in chosen]


def _of_shard(corpus: Corpus, index: int, mine: Mapping[str, Chosen], fps: float) -> dict[str, GoalRows]:
    def rows(table: str) -> list[Row]:
        from schemas.tables import TABLES

        held = read_table(corpus, table, index, TABLES[table].light_columns)
        listed: list[Row] = held.filter(pc.field("goal_id").isin(list(mine))).to_pylist()
        return listed

    found = {row["goal_id"]: GoalRows(mine[row["goal_id"]], row) for row in rows("goals")}
    for row in rows("facts"):
        found[row["goal_id"]].facts = facts_of(row, fps)
    for row in sorted(rows("candidates"), key=lambda row: row["rank"]):
        found[row["goal_id"]].candidates.append(row)
    for row in rows("annotations"):
        found[row["goal_id"]].annotations.append(row)
    for name, tasks in tasks_of(corpus, index, mine).items():
        found[name].tasks = tasks
    for row in letters(corpus, index):
        if row["input_id"] in found:
            found[row["input_id"]].letter = row
    return found


class Told:
    """Texts in pieces, and the statements that they make, numbered over all texts of a goal."""

    def __init__(self) -> None:
        self.statements: list[Row] = []

    def caption(self, caption: str, facts: Facts | None) -> list[Any]:
        """The caption, its claims judged by the goal's facts."""
        spans = []
        for found in judge(caption, facts) if facts else ():
            verdict = found.verdict
            said = {"says": found.claim, "verdict": verdict.verdict, "evidence": verdict.evidence}
            spans.append(self._span(found.span, said, verdict.start, verdict.end, GOAL))
        return _plain(caption, spans)

    def text(
        self, told: str, statements: Iterable[Mapping[str, Any]], edits: Sequence[Row] = ()
    ) -> list[Any]:
        """A field of an annotation with the statements about it; `edits` were made to the motion."""
        spans = []
        for one in statements:
            said = {"says": _says(one), "verdict": one["verdict"], "evidence": one["evidence"]}
            made = _edit_that(one, edits)
            if made:
                said["edit"] = made
            span = (one["span_start"], one["span_end"])
            spans.append(self._span(span, said, one["start"], one["end"], _whose(one)))
        return _plain(told, spans)

    def listed(self, statements: Iterable[Mapping[str, Any]], edits: Sequence[Row] = ()) -> list[Any]:
        """Statements that stand in no text but in their author's own list, each as a piece."""
        found = []
        for one in statements:
            says = _says(one)
            alone = {**one, "span_start": 0, "span_end": len(says)}
            found += self.text(says, [alone], edits)
        return found

    def _span(self, span: tuple[int, int], said: Row, start: int, end: int, of: str) -> Span:
        self.statements.append({**said, "start": start, "end": end, "of": of})
        return Span(*span, len(self.statements) - 1, said["verdict"])


def _plain(told: str, spans: Sequence[Span]) -> list[Any]:
    """Pieces as JSON: words alone, or words with their verdict and statements."""
    return [
        [piece.words, piece.verdict, list(piece.numbers)] if piece.verdict else piece.words
        for piece in pieces(told, spans)
    ]


def _says(statement: Mapping[str, Any]) -> str:
    """What a statement claims, in a few words."""
    what = (statement["action"] or statement["part"] or "motion").replace("_", " ")
    limb = " ".join(word for word in (statement["side"], what, statement["direction"]) if word)
    if statement["kind"] != "difference":
        head = {"wanted": "the goal asks for", "match": "as it should be", "shown": "the attempt shows"}
        return f"{head[statement['kind']]}: {limb}"
    aspect = statement["aspect"]
    if aspect in ("missing", "extra"):
        return f"{aspect}: {limb}"
    values = " instead of ".join(
        value.replace("_", " ") for value in (statement["found"], statement["expected"]) if value
    )
    return f"{aspect} of {limb}" + (f": {values}" if values else "")


def _edit_that(statement: Mapping[str, Any], edits: Sequence[Row]) -> str:
    """The known edit that a statement tells of, in words; empty where there is none."""
    if statement["kind"] != "difference":
        return ""
    said = said_of(statement)
    made = (edit for edit in edits if any(names(said, difference(broken)) for broken in edit["breaks"]))
    return next((edit_text(edit) for edit in made), "")


def _whose(statement: Mapping[str, Any]) -> str:
    """Whose frames the evidence of a statement is about.

    A difference's frames are the candidate's; but what the events alone show to be missing is an event of
    the goal.
    """
    in_goal = statement["aspect"] == "missing" and statement["evidence"].endswith("shows it")
    return GOAL if statement["kind"] == "wanted" or in_goal else OWN


def as_json(rows: GoalRows, facts: Facts | None, figures: Sequence[int | None]) -> Row:
    """A goal as the browser reads it; `figures` are numbers of the rungs' figures, the goal's last."""
    told = Told()
    by_candidate: dict[str, list[Row]] = {}
    for row in sorted(rows.annotations, key=lambda row: (row["kind"], row["wording"])):
        by_candidate.setdefault(row["candidate_id"], []).append(row)
    own = by_candidate.get("", [])
    goal = rows.goal
    rungs = [
        {
            **_rung(row),
            **_assessed(told, by_candidate.get(row["candidate_id"], []), row["edits"]),
            "figure": figure,
        }
        for row, figure in zip(rows.candidates, figures[:-1], strict=True)
    ]
    return {
        "id": goal["goal_id"],
        "caption": told.caption(goal["caption"], facts),
        "where": f"{goal['dataset']} · {goal['split']}",
        "clip": f"clip {goal['motion_id']}, frames {goal['start']} to {goal['end']}",
        "verdict": rows.chosen.verdict,
        "left_out": [rows.chosen.left_out, rows.letter["detail"]] if rows.letter else None,
        "tasks": rows.tasks,
        "authors": sorted({annotator_name(row) for row in rows.annotations}),
        "analyses": [told.text(row["text"], row["statements"]) for row in own if row["kind"] == "analysis"],
        "rungs": rungs,
        "goal": {
            **_assessed(told, own),
            "figure": figures[-1],
            "events": _events(facts.events if facts else ()),
        },
        "statements": told.statements,
    }


def _events(found: Iterable[Any]) -> list[list[Any]]:
    return [[one.start, one.end, clause(one)] for one in found]


def _rung(row: Row) -> Row:
    return {
        "id": row["candidate_id"],
        "rank": row["rank"],
        "origin": row["origin"],
        "alignment": round(row["alignment"], 3),
        "source": row["source_caption"],
        "motion": f"{row['motion']['id']}, frames {row['motion']['start']} to {row['motion']['end']}",
        "edits": [
            [edit_text(edit), [difference_text(difference(broken)) for broken in edit["breaks"]]]
            for edit in row["edits"]
        ],
        "events": _events(event(one) for one in row["events"]),
    }


def _assessed(told: Told, annotations: Sequence[Row], edits: Sequence[Row] = ()) -> Row:
    """Assessment and refinement of one motion, both empty where there are none."""
    found = next((row for row in annotations if row["kind"] == "assessment"), None)
    if found is None:
        return {"assessment": [], "refinement": [], "listed": []}
    listed = [one for one in found["statements"] if one["source"] == LIST_ONLY]
    told_in = [one for one in found["statements"] if one["source"] != LIST_ONLY]
    refining = [one for one in told_in if one["field"] == "refinement"]
    assessing = [one for one in told_in if one["field"] != "refinement"]
    return {
        "assessment": told.text(found["text"], assessing, edits),
        "refinement": told.text(found["refinement"], refining, edits),
        "listed": told.listed(listed, edits),
    }
