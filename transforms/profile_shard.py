"""What one shard holds, by id: what its rows' references are looked up in, and what points elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from motion.skeleton import skeleton
from schemas.corpus import Corpus
from schemas.shards import parquet_file
from schemas.tables import TABLES
from transforms.profile_tally import Tally, null_counts
from transforms.report_tables import REPORT_COLUMNS
from transforms.step import STEPS, shard_of

Row = dict[str, Any]
DEAD_LETTERS = "dead_letters"


@dataclass
class Shard:
    """A shard's tables; one whose schema is not the known one counts as empty."""

    corpus: Corpus
    index: int
    config: Mapping[str, Any]
    tallies: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in TABLES})
    parts: dict[tuple[str, str], pa.Table] = field(default_factory=dict)  # by name and step
    foreign: dict[tuple[int, str, str], tuple[int, str]] = field(default_factory=dict)
    motions: dict[str, tuple[int, str]] = field(default_factory=dict)  # frames, split
    perturbed: dict[str, tuple[int, str]] = field(default_factory=dict)  # frames, split of the goal
    # Split, clip, first frame, frame after the last, caption
    goals: dict[str, tuple[str, str, int, int, str]] = field(default_factory=dict)
    candidates: set[str] = field(default_factory=set)
    contradicted: dict[str, int] = field(default_factory=dict)  # statements, by annotation
    perfect: dict[str, bool] = field(default_factory=dict)  # by annotation
    _homes: dict[str, int] = field(default_factory=dict)  # shards of clips

    def table(self, name: str) -> pa.Table | None:
        """A table without its motion features, its nulls and rows noted; None where it cannot be read."""
        names = STEPS if name == DEAD_LETTERS else ("",)
        parts = [part for step in names if (part := self._part(name, step)) is not None]
        if not parts:
            return None
        table = pa.concat_tables(parts)
        self.tallies[name].rows = table.num_rows
        self.tallies[name].nulls = null_counts(table)
        return table

    def _part(self, name: str, step: str) -> pa.Table | None:
        path = self.corpus.shard_path(name, self.index, step)
        file = parquet_file(path)
        wrong = _schema_faults(file.schema_arrow, name, skeleton(self.config["skeleton"]).feature_size)
        self.tallies[name].check("schema", not wrong, path.name, "; ".join(wrong))
        if wrong:
            self.tallies[name].rows += file.metadata.num_rows
            return None
        part = file.read(columns=TABLES[name].light_columns).replace_schema_metadata(None)
        if name in REPORT_COLUMNS:
            self.parts[name, step] = part.select(REPORT_COLUMNS[name])
        return part

    def split_of(self, goal_id: str, unknown: str = "") -> str:
        """The split of a goal of this shard."""
        return self.goals[goal_id][0] if goal_id in self.goals else unknown

    def is_home(self, motion_id: str) -> bool:
        """Whether a clip's rows belong into this shard: ids are unique in it alone."""
        return self._home(motion_id) == self.index

    def _home(self, motion_id: str) -> int:
        if motion_id not in self._homes:
            self._homes[motion_id] = shard_of(motion_id, self.corpus.shards)
        return self._homes[motion_id]

    def resolves(self, ref: Mapping[str, Any], split: str, row_id: str) -> bool:
        """Whether a motion reference names frames that there are; of other shards' clips see across.py."""
        if not 0 <= ref["start"] < ref["end"] or ref["table"] not in ("motions", "perturbed"):
            return False
        if ref["table"] == "perturbed":
            return bool(ref["end"] <= self.perturbed.get(ref["id"], (0, ""))[0])
        home = self._home(ref["id"])
        if home == self.index:
            return bool(ref["end"] <= self.motions.get(ref["id"], (0, ""))[0])
        key = (home, ref["id"], split or "")
        if ref["end"] > self.foreign.get(key, (0, ""))[0]:
            self.foreign[key] = (ref["end"], row_id)
        return True

    def same_split(self, ref: Mapping[str, Any], split: str) -> bool:
        """Whether the motion of a reference is of this split; true where that is asked later."""
        held = self.motions if ref["table"] == "motions" else self.perturbed
        return held.get(ref["id"], (0, split))[1] == split


def _schema_faults(found: pa.Schema, name: str, feature_size: int) -> list[str]:
    """How a file's schema differs from the table's."""
    wanted = TABLES[name].schema(feature_size)
    metadata = found.metadata or {}
    wrong = [
        f"{key}: {metadata.get(key.encode(), b'?').decode()}, expected {value.decode()}"
        for key, value in ((key.decode(), value) for key, value in wanted.metadata.items())
        if metadata.get(key.encode()) != value
    ]
    kinds = {field.name: field.type for field in found}
    for field_ in wanted:
        kind = kinds.pop(field_.name, None)
        if kind is None:
            wrong.append(f"column {field_.name} is missing")
        elif kind != field_.type:
            wrong.append(f"column {field_.name} is {kind}, expected {field_.type}")
    return wrong + [f"column {name} is unknown" for name in kinds]
