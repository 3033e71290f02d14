"""The tables of a corpus: their columns, their versions, their order.

A changed column means a higher version; readers refuse versions that they do not know.
Every row carries the ids that it was made from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from motion.events import Difference, Event
from motion.facts import Extremes, Summary
from schemas.rows import MotionRef, struct_of

TEXT, INT, REAL, TRUTH = pa.string(), pa.int32(), pa.float64(), pa.bool_()
TEXTS = pa.list_(TEXT)
REF = struct_of(MotionRef)
EVENTS = pa.list_(struct_of(Event))
DIFFERENCES = pa.list_(struct_of(Difference))
SUMMARY = struct_of(Summary)
EXTREMES = struct_of(Extremes)

# An edit's parameters differ by operation: JSON, for there are no map columns.
EDITS = pa.list_(pa.struct([("operation", TEXT), ("parameters", TEXT), ("breaks", DIFFERENCES)]))
# What the measured facts say of one statement of an annotation, and where its text makes it.
STATEMENTS = pa.list_(
    pa.struct(
        [
            ("kind", TEXT),  # difference, match, shown (of the candidate), wanted (of the goal)
            ("field", TEXT),  # assessment, refinement, analysis
            ("source", TEXT),  # text, or against the author's own list: both, text only, list only
            ("aspect", TEXT),
            ("action", TEXT),
            ("part", TEXT),
            ("side", TEXT),
            ("direction", TEXT),
            ("expected", TEXT),
            ("found", TEXT),
            ("verdict", TEXT),  # supported, contradicted, unverifiable
            ("evidence", TEXT),
            ("start", INT),  # frames of the evidence
            ("end", INT),
            ("span_start", INT),  # characters of the field
            ("span_end", INT),
        ]
    )
)
RUNG = pa.struct(
    [
        ("candidate_id", TEXT),
        ("annotation_id", TEXT),
        ("rank", INT),
        ("origin", TEXT),
        ("alignment", REAL),
        ("motion", REF),
        ("assessment", TEXT),
        ("refinement", TEXT),
        ("perfect", TRUTH),
    ]
)
ANALYSIS = pa.struct([("annotation_id", TEXT), ("text", TEXT)])


@dataclass(frozen=True)
class Table:
    """One table: name, version of its schema, key (unique, and the order of its rows), columns."""

    name: str
    version: int
    key: tuple[str, ...]
    columns: tuple[tuple[str, pa.DataType], ...]
    features: str = ""  # the column that holds motion features, whose size depends on the skeleton

    def schema(self, feature_size: int) -> pa.Schema:
        """Arrow schema for a skeleton's feature size; the version is in its metadata."""
        return _schema(self, feature_size)

    @property
    def light_columns(self) -> list[str]:
        """Every column but the motion features."""
        return [name for name, _ in self.columns if name != self.features]


@cache
def _schema(table: Table, feature_size: int) -> pa.Schema:
    fields = [
        pa.field(name, pa.list_(pa.list_(pa.float32(), feature_size)) if name == table.features else kind)
        for name, kind in table.columns
    ]
    return pa.schema(fields, metadata={"table": table.name, "schema_version": str(table.version)})


FEATURES = pa.null()  # stands for list<fixed_size_list<float32>[feature size]>

MOTIONS = Table(
    "motions",
    1,
    ("motion_id",),
    (
        ("motion_id", TEXT),
        ("dataset", TEXT),
        ("skeleton", TEXT),
        ("split", TEXT),
        ("fps", REAL),
        ("frames", INT),
        ("mirror_of", TEXT),  # id of the clip that this one mirrors, or empty
        ("motion_sha256", TEXT),  # of the source file
        ("text_sha256", TEXT),
        ("features", FEATURES),
    ),
    features="features",
)
GOALS = Table(
    "goals",
    1,
    ("goal_id",),
    (
        ("goal_id", TEXT),
        ("dataset", TEXT),
        ("motion_id", TEXT),
        ("split", TEXT),
        ("caption_index", INT),
        ("caption", TEXT),
        ("tags", TEXT),  # word/POS, as the dataset gives them
        ("from_seconds", REAL),
        ("to_seconds", REAL),
        ("start", INT),
        ("end", INT),
    ),
)
FACTS = Table(
    "facts",
    2,
    ("goal_id",),
    (
        ("goal_id", TEXT),
        ("motion", REF),
        ("frames", INT),
        ("summary", SUMMARY),
        ("extremes", EXTREMES),
        ("events", EVENTS),
    ),
)
CANDIDATES = Table(
    "candidates",
    2,
    ("candidate_id",),
    (
        ("candidate_id", TEXT),
        ("goal_id", TEXT),
        ("split", TEXT),
        ("rank", INT),  # 0 is farthest from the goal
        ("origin", TEXT),  # retrieved or perturbed
        ("motion", REF),
        ("source_goal_id", TEXT),  # retrieved: the goal whose motion it is
        ("source_caption", TEXT),
        ("alignment", REAL),
        ("alignment_kind", TEXT),
        ("edits", EDITS),
        ("summary", SUMMARY),
        ("extremes", EXTREMES),
        ("events", EVENTS),
        ("differences", DIFFERENCES),  # from the goal: known edits first, then what is measured
    ),
)
PERTURBED = Table(
    "perturbed",
    1,
    ("perturbed_id",),
    (
        ("perturbed_id", TEXT),
        ("goal_id", TEXT),
        ("motion_id", TEXT),
        ("skeleton", TEXT),
        ("frames", INT),
        ("edits", EDITS),
        ("features", FEATURES),
    ),
    features="features",
)
ANNOTATIONS = Table(
    "annotations",
    2,
    ("annotation_id",),
    (
        ("annotation_id", TEXT),
        ("goal_id", TEXT),
        ("candidate_id", TEXT),  # empty: about the goal motion
        ("split", TEXT),
        ("kind", TEXT),  # analysis or assessment
        ("wording", INT),
        ("text", TEXT),
        ("refinement", TEXT),
        ("perfect", TRUTH),
        ("annotator", TEXT),
        ("model", TEXT),
        ("prompt_hash", TEXT),
        ("request_id", TEXT),
        ("supported", INT),
        ("contradicted", INT),
        ("unverifiable", INT),
        ("statements", STATEMENTS),
    ),
)
STAGE1 = Table(
    "stage1",
    1,
    ("example_id",),
    (
        ("example_id", TEXT),
        ("task", TEXT),
        ("goal_id", TEXT),
        ("candidate_id", TEXT),
        ("annotation_ids", TEXTS),
        ("split", TEXT),
        ("caption", TEXT),
        ("analyses", TEXTS),
        ("assessment", TEXT),
        ("refinement", TEXT),
        ("motion", REF),  # the motion that the task shows or is answered with
        ("goal_motion", REF),
    ),
)
STAGE2 = Table(
    "stage2",
    1,
    ("goal_id",),
    (
        ("goal_id", TEXT),
        ("split", TEXT),
        ("caption", TEXT),
        ("motion", REF),
        ("annotation_id", TEXT),
        ("assessment", TEXT),
        ("refinement", TEXT),
        ("analyses", pa.list_(ANALYSIS)),
        ("ladder", pa.list_(RUNG)),
    ),
)
STAGE3 = Table(
    "stage3",
    1,
    ("goal_id",),
    (("goal_id", TEXT), ("split", TEXT), ("caption", TEXT), ("motion", REF), ("frames", INT)),
)
DEAD_LETTERS = Table(
    "dead_letters",
    1,
    ("step", "input_id", "reason", "detail"),
    (
        ("step", TEXT),
        ("kind", TEXT),  # filtered: refused by a rule; failed: an error
        ("reason", TEXT),
        ("input_id", TEXT),
        ("detail", TEXT),
        ("payload", TEXT),  # what is needed to try again, as JSON
    ),
)

# Beside a corpus' own tables, a set for each motion tokenizer: schemas/tokens.py.
TOKENS = Table(
    "tokens",
    1,
    ("table", "id", "start", "end"),
    (("table", TEXT), ("id", TEXT), ("start", INT), ("end", INT), ("tokens", pa.list_(INT))),
)

TABLES = {
    table.name: table
    for table in (
        MOTIONS,
        GOALS,
        FACTS,
        CANDIDATES,
        PERTURBED,
        ANNOTATIONS,
        STAGE1,
        STAGE2,
        STAGE3,
        DEAD_LETTERS,
    )
}
SCHEMA_VERSIONS = {table.name: table.version for table in TABLES.values()}
