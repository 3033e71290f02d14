"""What the report shows of one shard, out of its tables: a function for each part of it.

The step `profile` makes it where the shard is made, so that nobody reads the rows of all shards one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluators.scoring import annotator_name
from motion.seeds import seed
from schemas.shards import shard_name
from transforms.report_data import SCORE_BINS, VERDICTS, Letters, ReportData
from transforms.report_goals import DEAD_LETTERS, Parts, add_goals, add_left_out
from transforms.report_scores import add_scores

Row = dict[str, Any]

# The columns that are looked at.
REPORT_COLUMNS: Mapping[str, list[str]] = {
    "motions": ["frames"],
    "goals": ["goal_id", "caption"],
    "facts": ["events"],
    "candidates": ["candidate_id", "rank", "origin", "alignment", "edits"],
    "annotations": [
        *("annotation_id", "goal_id", "candidate_id", "kind", "perfect", "text", "refinement", "annotator"),
        *("model", *VERDICTS, "statements"),
    ],
    "stage1": ["task", "split"],
    DEAD_LETTERS: ["step", "kind", "reason", "input_id", "detail", "payload"],
}
# Of what a shard keeps, so that its size is bounded whatever its rows hold.
_LONGEST = 4000  # characters of a text
_STATEMENTS = 40  # of an annotation
_NAMED = ("annotation_id", "goal_id", "candidate_id", "kind", "text", "refinement", "annotator", "model")
_EVIDENCE = ("verdict", "field", "evidence", "start", "end", "span_start", "span_end")
_MISSHAPEN = (
    *(TypeError, KeyError, AttributeError, ValueError, IndexError, OverflowError),
    pa.ArrowException,
)


def report_data_of(parts: Parts, index: int, shards: int) -> ReportData:
    """What the report shows of a shard of so many.

    A part that cannot be made of rows without sense is left out and named in `unread`; the gate refuses
    such rows.
    """
    data = ReportData(shards)
    for name, add in _PARTS.items():
        found = ReportData(shards)
        try:
            add(found, parts, index)
            data.add(found.as_dict())
        except _MISSHAPEN as error:
            data.unread.append(f"{name} of shard {index}: {type(error).__name__}: {error}"[:200])
    return data


def word_counts(texts: Any) -> list[int]:
    """Words of each text of a column."""
    return pc.count_substring_regex(texts, r"\S+").to_pylist()


def _add_lengths(data: ReportData, parts: Parts, index: int) -> None:
    data.lengths.update(parts["motions", ""]["frames"].to_pylist())


def _add_facts(data: ReportData, parts: Parts, index: int) -> None:
    for events in parts["facts", ""]["events"].to_pylist():
        data.actions.update({event["action"] for event in events})


def _add_candidates(data: ReportData, parts: Parts, index: int) -> None:
    rows = parts["candidates", ""]
    ranks = rows["rank"].to_numpy()
    scores = np.clip(rows["alignment"].to_numpy(), 0, 1)
    for rank in np.unique(ranks).tolist():
        counts, _ = np.histogram(scores[ranks == rank], SCORE_BINS, (0, 1))
        data.add_scores(rank, counts)
    for rank, origin in zip(ranks.tolist(), rows["origin"].to_pylist(), strict=True):
        data.origins.setdefault(rank, Counter())[origin] += 1
    operations = pc.struct_field(pc.list_flatten(rows["edits"]), "operation")
    data.edits.update(operations.to_pylist())


def _add_texts(data: ReportData, parts: Parts, index: int) -> None:
    """Verdicts, lengths of texts, and assessments of different goals."""
    rows = parts["annotations", ""]
    for verdict in VERDICTS:
        data.verdicts[verdict] += int(pc.sum(rows[verdict]).as_py() or 0)
    for kind, words in zip(rows["kind"].to_pylist(), word_counts(rows["text"]), strict=True):
        data.words.setdefault(kind, Counter())[words] += 1
    for words in word_counts(rows["refinement"]):
        if words:
            data.words.setdefault("refinement", Counter())[words] += 1
    wanted = rows.filter((pc.field("kind") == "assessment") & ~pc.field("perfect"))
    texts = wanted.select(["goal_id", "annotation_id", "text"]).to_pylist()
    for goal_id, group in groupby(sorted(texts, key=lambda row: row["goal_id"]), lambda row: row["goal_id"]):
        if data.assessments.takes(goal_id):
            drawn = min(group, key=lambda row: seed("assessment", row["annotation_id"]))
            data.assessments.offer(goal_id, drawn["text"][:_LONGEST])


def _add_statements(data: ReportData, parts: Parts, index: int) -> None:
    """Statements by author and kind, and the annotations in which one is contradicted."""
    rows = parts["annotations", ""]
    authors = [annotator_name(row) for row in rows.select(["annotator", "model"]).to_pylist()]
    listed = rows["statements"].combine_chunks()
    statements, parents = pc.list_flatten(listed), pc.list_parent_indices(listed)
    flat = pa.table(
        {
            "author": pa.array(authors, pa.string()).dictionary_encode().take(parents),
            "kind": pc.struct_field(statements, "kind"),
            "verdict": pc.struct_field(statements, "verdict"),
        }
    )
    for row in flat.group_by(["author", "kind", "verdict"]).aggregate([([], "count_all")]).to_pylist():
        counts = data.statements.setdefault((row["author"], row["kind"]), Counter())
        counts[row["verdict"]] += row["count_all"]
    wanted = rows.filter(pc.field("contradicted") > 0).select([*_NAMED, "statements"])
    for row in wanted.to_pylist():
        data.contradictions.offer(row["annotation_id"], _contradicted(row))


def _contradicted(row: Row) -> Row:
    """An annotation with those of its statements that are contradicted."""
    against = [one for one in row["statements"] if one["verdict"] == "contradicted"][:_STATEMENTS]
    return {
        **{name: row[name][:_LONGEST] for name in _NAMED},
        "statements": [
            {**{name: one[name] for name in _EVIDENCE}, "evidence": one["evidence"][:_LONGEST]}
            for one in against
        ],
    }


def _add_scores(data: ReportData, parts: Parts, index: int) -> None:
    add_scores(data.cards, parts["candidates", ""], parts["annotations", ""])


def _add_tasks(data: ReportData, parts: Parts, index: int) -> None:
    rows = parts["stage1", ""]
    for row in rows.group_by(["task", "split"]).aggregate([([], "count_all")]).to_pylist():
        data.tasks.setdefault(row["task"], Counter())[row["split"]] += row["count_all"]


def _add_letters(data: ReportData, parts: Parts, index: int) -> None:
    for (table, step), rows in parts.items():
        if table != DEAD_LETTERS:
            continue
        names = ["step", "kind", "reason", "input_id", "detail"]
        file = shard_name(step, index, data.shards)
        for number, row in enumerate(rows.select(names).to_pylist()):
            letters = data.letters.setdefault((row["step"], row["kind"], row["reason"]), Letters())
            letters.count += 1
            shown = {name: row[name][:_LONGEST] for name in names}
            letters.examples.offer(f"{shown['input_id']} {shown['detail']} {file} {number}", shown)


_PARTS: Mapping[str, Callable[[ReportData, Parts, int], None]] = {
    "clips": _add_lengths,
    "facts": _add_facts,
    "candidates": _add_candidates,
    "texts": _add_texts,
    "statements": _add_statements,
    "scores": _add_scores,
    "tasks": _add_tasks,
    "letters": _add_letters,
    "goals": add_goals,
    "captions": add_left_out,
}
