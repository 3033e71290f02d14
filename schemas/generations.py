"""The tables of generations: what a model made of the goals of a corpus, and every motion on the way.

`generations` has a row for each completion, `rounds` a row for each motion in it. Readers and writers of
whole sets of generations are in schemas/generation_set.py.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.tables import FEATURES, INT, REAL, REF, TEXT, TRUTH, Table

# What a completion was asked for.
MODES = ("direct", "refine", "chain", "chain-first", "robust", "caption", "judge")

GENERATIONS = Table(
    "generations",
    1,
    ("generation_id",),
    (
        ("generation_id", TEXT),  # goal, what was shown, sample
        ("model", TEXT),
        ("mode", TEXT),  # one of MODES
        ("goal_id", TEXT),
        ("split", TEXT),
        ("caption", TEXT),
        ("sample", INT),  # number of the completion among those of the same goal, from 0
        ("shown_id", TEXT),  # motion that the model was shown: a goal's or candidate's id; empty: none
        ("shown", REF),  # and where its frames are; table, id empty where none was shown
        ("text", TEXT),  # the completion, as it came
        ("answer", TEXT),  # mode caption: the caption that it gives
        ("verdict", REAL),  # mode judge: how well text and motion match, larger is better; else NaN
        ("rounds", INT),  # motions in it
    ),
)
ROUNDS = Table(
    "rounds",
    1,
    ("generation_id", "round"),
    (
        ("generation_id", TEXT),
        ("round", INT),  # from 0
        ("injected", TRUTH),  # put in the model's mouth (mode robust), not made by it
        ("tokens", pa.list_(INT)),
        ("assessment", TEXT),
        ("refinement", TEXT),
        ("frames", INT),
        ("features", FEATURES),  # decoded, not normalised
    ),
    features="features",
)
GENERATION_TABLES = {table.name: table for table in (GENERATIONS, ROUNDS)}
