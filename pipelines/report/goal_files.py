"""The browser's data as script files: a light index, and goals with their motions in chunks.

A page that was opened from disk may not fetch files, but it may run them: a chunk is a script that hands
its values over. Every chunk stays under a megabyte, so that one goal is never far.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from motion.facts import Facts, measure
from motion.features import joints_from_features
from motion.skeleton import Skeleton
from pipelines.drawing import figure_data, script_json
from pipelines.report.goal_choice import Choice
from pipelines.report.goal_rows import GoalRows, as_json, read_goals
from schemas.corpus import Corpus
from schemas.gathering import gather_by_shard
from schemas.rows import MotionRef
from transforms.homes import home_of

Row = dict[str, Any]

_CHUNK = 700_000  # letters, from which on a chunk is full
_AT_ONCE = 1000  # goals whose figures are in memory: some 50 MB
_KEPT = (
    "fps",
    "frames",
    "joints",
    "step",
    "coding",
    "positions",
    "view",
)  # of a figure; the rest is the same


@dataclass
class _Chunk:
    """Goals that share a file, with the figures that they show."""

    number: int
    goals: list[Row] = field(default_factory=list)
    figures: list[Row] = field(default_factory=list)
    places: dict[MotionRef, int] = field(default_factory=dict)
    size: int = 0

    def figure(self, reference: MotionRef, made: Row | None) -> int | None:
        """The number of a motion's figure in this chunk; None for a motion that cannot be drawn."""
        if made is None:
            return None
        if reference not in self.places:
            self.places[reference] = len(self.figures)
            self.figures.append(made)
            self.size += len(made["positions"]) + 300
        return self.places[reference]

    def add(self, goal: Row) -> None:
        self.goals.append(goal)
        self.size += len(json.dumps(goal))


def write_goals(corpus: Corpus, choice: Choice, body: Skeleton, write: Callable[[str, str], None]) -> Row:
    """Write the chunks through `write(name, text)`; returns the values of the index.

    Goals of a corpus of millions may be asked for: figures of a thousand are in memory at once.
    """
    listed: list[list[Any]] = []
    chunk = _Chunk(0)
    look: Row = {}
    for first in range(0, len(choice.goals), _AT_ONCE):
        group = choice.goals[first : first + _AT_ONCE]
        rows = read_goals(corpus, group, body.fps)
        drawn = _drawn(corpus, rows, body)
        for one in rows:
            if chunk.size > _CHUNK:
                write(chunk_name(chunk.number), _chunk_script(chunk))
                chunk = _Chunk(chunk.number + 1)
            figures = [chunk.figure(ref, drawn.figures.get(ref)) for ref in one.references]
            chunk.add(as_json(one, one.facts or drawn.facts.get(one.motion), figures))
            listed.append(_listed(one, chunk.number))
        look = look or drawn.look
    if chunk.goals:
        write(chunk_name(chunk.number), _chunk_script(chunk))
    return _index(choice, listed, look)


def chunk_name(number: int) -> str:
    """The file of a chunk, in the site."""
    return f"goals/{number:04d}.js"


@dataclass
class _Drawn:
    """Figures of motions, the look that they share, and facts of motions of which no table holds any."""

    figures: dict[MotionRef, Row] = field(default_factory=dict)
    facts: dict[MotionRef, Facts] = field(default_factory=dict)
    look: Row = field(default_factory=dict)


def _drawn(corpus: Corpus, rows: Sequence[GoalRows], body: Skeleton) -> _Drawn:
    found = _Drawn()
    unmeasured = {one.motion for one in rows if one.facts is None}
    wanted = {ref for one in rows for ref in one.references}
    for part in gather_by_shard(
        corpus, sorted(wanted, key=lambda ref: (ref.table, ref.id, ref.start, ref.end)), home_of
    ):
        for reference, features in part.items():
            joints = joints_from_features(features, body)
            # A clip may have left the corpus for what is wrong with it; its dead letter says why.
            with suppress(ValueError):
                made = figure_data(joints, body, grounded=True, coarse=True)
                found.look = found.look or made["look"]
                found.figures[reference] = {name: made[name] for name in _KEPT}
            if reference in unmeasured:
                with suppress(ValueError):
                    found.facts[reference] = measure([joints], body)[0]
    return found


def _chunk_script(chunk: _Chunk) -> str:
    values = script_json({"goals": chunk.goals, "figures": chunk.figures})
    return f"irmogen.chunk({chunk.number}, {values});\n"


def _listed(one: GoalRows, chunk: int) -> list[Any]:
    """What the list of goals shows and finds a goal by."""
    operations = {edit["operation"] for row in one.candidates for edit in row["edits"]}
    operations |= {"retrieved" for row in one.candidates if row["origin"] == "retrieved"}
    return [
        one.goal["goal_id"],
        one.goal["caption"],
        f"{one.goal['dataset']} / {one.goal['split']}",
        one.chosen.verdict,
        one.chosen.left_out,
        sorted(operations),
        one.tasks,
        chunk,
    ]


def _index(choice: Choice, listed: Sequence[list[Any]], look: Row) -> Row:
    """The index: words that many goals share stand in it once, goals name them by number."""
    names: dict[str, list[str]] = {
        "splits": sorted({row[2] for row in listed}),
        "operations": sorted(
            {name for row in listed for name in row[5]}, key=lambda n: (n == "retrieved", n)
        ),
        "tasks": sorted({name for row in listed for name in row[6]}),
        "reasons": sorted({row[4] for row in listed if row[4]}),
    }
    number = {key: {name: place for place, name in enumerate(values)} for key, values in names.items()}
    goals = [
        [
            row[0],
            row[1],
            number["splits"][row[2]],
            row[3][0],
            number["reasons"].get(row[4], -1),
            [number["operations"][name] for name in row[5]],
            sum(1 << number["tasks"][name] for name in row[6]),
            row[7],
        ]
        for row in listed
    ]
    return {**names, "of": choice.of, "flagged": choice.flagged, "look": look, "goals": goals}


def index_script(index: Row) -> str:
    """The index as a script."""
    return f"irmogen.index({script_json(index)});\n"
