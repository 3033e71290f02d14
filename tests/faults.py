"""Faults that a faulty engine might write, one at a time: in which table, and what the gate calls it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from motion.features import features_from_joints, joints_from_features
from motion.mirror import mirror_joints
from motion.seeds import generator
from motion.skeleton import skeleton
from schemas.corpus import Corpus, open_corpus
from schemas.shards import features_of, to_table, write_shard
from schemas.storage import write_json
from schemas.tables import TABLES

Row = dict[str, Any]
Change = Callable[[list[Row]], object]
BODY = skeleton("t2m")


@dataclass(frozen=True)
class Fault:
    """A fault: the suite and column that must refuse it, the table that holds it, the change of its rows."""

    suite: str
    column: str
    table: str
    change: Change
    everywhere: bool = False  # in all shards, not in the first one only
    arrow: bool = False  # the change takes the table and returns another

    def __str__(self) -> str:
        return f"{self.suite}-{self.column}-{self.table}"


def copied(corpus: Path, folder: Path) -> Path:
    """A corpus to spoil: files are links to the original's, for they are replaced, never written into."""
    return Path(shutil.copytree(corpus, folder, copy_function=os.link))


def spoil(root: Path, fault: Fault) -> None:
    """Change shards as a faulty step would have written them, with digests and manifest as it would have."""
    corpus, manifest = open_corpus(root)
    for index in range(corpus.shards if fault.everywhere else 1):
        spoil_shard(corpus, manifest, fault, index)
    write_json(corpus.manifest_path, manifest)


def spoil_shard(corpus: Corpus, manifest: Row, fault: Fault, index: int) -> None:
    step = "read" if fault.table == "dead_letters" else ""
    path = corpus.shard_path(fault.table, index, step)
    if fault.arrow:
        from schemas.shards import read_shard

        table: pa.Table = fault.change(read_shard(path, fault.table))  # type: ignore[arg-type, assignment]
    else:
        rows = rows_of(corpus, fault.table, index, step)
        fault.change(rows)
        table = to_table(TABLES[fault.table], rows, BODY.feature_size)
    digest = write_shard(path, table)
    listed = manifest["tables"][fault.table]["shards"]
    shard = next(shard for shard in listed if corpus.root / shard["file"] == path)
    shard["sha256"] = digest


def rows_of(corpus: Corpus, table: str, index: int, step: str = "") -> list[Row]:
    """Rows of a shard, features as arrays."""
    from schemas.shards import read_shard

    found = read_shard(corpus.shard_path(table, index, step), table)
    rows = found.select(TABLES[table].light_columns).to_pylist()
    if TABLES[table].features:
        for place, row in enumerate(rows):
            row["features"] = features_of(found, place)
    return rows


def set_to(column: str, value: object, row: int = 1) -> Change:
    return lambda rows: rows[row].update({column: value})


def all_set_to(column: str, value: object) -> Change:
    return lambda rows: [row.update({column: value}) for row in rows]


def deep(column: str, key: str, value: object) -> Change:
    return lambda rows: rows[1][column].update({key: value})


def rung(key: str, value: object) -> Change:
    return lambda rows: rows[1]["ladder"][2].update({key: value})


def other_split(rows: list[Row]) -> None:
    rows[1]["split"] = "test" if rows[1]["split"] == "train" else "train"


def twin_split(rows: list[Row]) -> None:
    other_split([rows[0], next(row for row in rows if row["motion_id"].startswith("M"))])


def in_two_splits(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Moving clips for training, and others, with their twins left out."""
    own = [row for row in rows if not row["motion_id"].startswith("M")]
    train = [row for row in own if row["split"] == "train" and row["frames"] > 60]
    return train, [row for row in own if row["split"] != "train"]


def _replaced(pairs: Iterable[tuple[Row, Row]], made: Callable[[np.ndarray], np.ndarray]) -> None:
    for source, target in pairs:
        target["features"] = made(source["features"])
        target["frames"] = len(target["features"])


def copies_across(rows: list[Row]) -> None:
    train, others = in_two_splits(rows)
    _replaced([(train[0], others[0])], np.copy)


def copies_within(rows: list[Row]) -> None:
    train, _ = in_two_splits(rows)
    _replaced([(train[0], row) for row in train[1:6]], np.copy)


def near_across(rows: list[Row]) -> None:
    """Copies that begin three frames later and whose joints are off by a centimetre."""
    train, others = in_two_splits(rows)

    def noisy(clip: np.ndarray) -> np.ndarray:
        joints = joints_from_features(clip, BODY)[3:]
        noise = generator("noise", len(clip)).normal(0, 0.01, joints.shape).astype(np.float32)
        return features_from_joints(joints + noise, BODY)

    _replaced(_pairs(train, others), noisy)


def mirrored_across(rows: list[Row]) -> None:
    train, others = in_two_splits(rows)

    def mirrored(clip: np.ndarray) -> np.ndarray:
        return features_from_joints(mirror_joints(joints_from_features(clip, BODY), BODY), BODY)

    _replaced(_pairs(train, others), mirrored)


def _pairs(train: Sequence[Row], others: Sequence[Row]) -> list[tuple[Row, Row]]:
    """A source for each of the others; few enough in a small corpus to be more than the threshold."""
    return [(train[place % len(train)], row) for place, row in enumerate(others)]


def same_captions(rows: list[Row]) -> None:
    """Every goal of the same frames has the first one's caption."""
    first: dict[tuple[str, int, int], str] = {}
    for row in rows:
        row["caption"] = first.setdefault((row["motion_id"], row["start"], row["end"]), row["caption"])


def foreign(change: Callable[[Row, Row], object]) -> Change:
    """Change a candidate whose motion is a clip of the other shard; takes one of another split, too."""
    from transforms.step import shard_of

    def spoil_one(rows: list[Row]) -> None:
        shown = [row for row in rows if row["motion"]["table"] == "motions"]
        away = [row for row in shown if shard_of(row["motion"]["id"], 2) != 0]
        mine = next(row for row in away if row["split"] == "train")
        change(mine, next(row for row in away if row["split"] != "train"))

    return spoil_one


def longer_than_there_is(row: Row, _: Row) -> None:
    row["motion"]["end"] = 9999


def of_the_other_split(row: Row, other: Row) -> None:
    row["motion"] = dict(other["motion"])


def local_of_the_other_split(rows: list[Row]) -> None:
    from transforms.step import shard_of

    shown = [row for row in rows if row["motion"]["table"] == "motions"]
    here = [row for row in shown if shard_of(row["motion"]["id"], 2) == 0]
    train = next(row for row in here if row["split"] == "train")
    train["motion"] = dict(next(row for row in here if row["split"] != "train")["motion"])


def without_task(rows: list[Row]) -> None:
    rows[:] = [row for row in rows if row["task"] != "m2t_motion_caption"]


def without_many_of_rank_0(rows: list[Row]) -> None:
    kept = [row for row in rows if row["rank"]]
    rows[:] = kept + [row for row in rows if not row["rank"]][::2]


def one_operation(rows: list[Row]) -> None:
    for row in rows:
        for edit in row["edits"]:
            edit["operation"] = "splice"


def many_letters(rows: list[Row]) -> None:
    for number in range(400):
        letter(input_id=f"lost-{number}")(rows)


def letter(**changed: object) -> Change:
    """One dead letter more, with something wrong."""
    right = {"step": "read", "kind": "filtered", "reason": "short", "detail": "is short", "payload": "{}"}
    return lambda rows: rows.append({"input_id": "lost", **right, **changed})


def on_a_training_clip(rows: list[Row]) -> None:
    """A goal for testing is about the frames of a goal for training, in the same words."""
    train = next(row for row in rows if row["split"] == "train")
    test = next(row for row in rows if row["split"] != "train")
    test.update({name: train[name] for name in ("motion_id", "start", "end", "caption")})


def doubled(table: pa.Table) -> pa.Table:
    """The first row twice, which the shard writer itself would refuse."""
    return pa.concat_tables([table.slice(0, 1), table])


def with_null(column: str) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        kind = table.schema.field(column).type
        values = pa.array([None, *table.column(column).to_pylist()[1:]], kind)
        return table.set_column(table.schema.get_field_index(column), table.schema.field(column), values)

    return change


def without_column(column: str) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.drop_columns([column])


def another_type(column: str) -> Callable[[pa.Table], pa.Table]:
    def change(table: pa.Table) -> pa.Table:
        place = table.schema.get_field_index(column)
        return table.set_column(place, column, table.column(column).cast(pa.int64()))

    return change


def another_version(table: pa.Table) -> pa.Table:
    return table.replace_schema_metadata({"table": "goals", "schema_version": "9"})


# Of each table a column that takes a null and then cannot be judged by, too.
_NULLED = {
    "motions": "motion_sha256",
    "goals": "caption",
    "facts": "motion",
    "candidates": "motion",
    "perturbed": "frames",
    "annotations": "text",
    "stage1": "caption",
    "stage2": "assessment",
    "stage3": "motion",
}


def _generic() -> list[Fault]:
    """What every table must have: its schema, no nulls, rows that can be judged, keys that are there once."""
    found = []
    for name, table in TABLES.items():
        if name == "dead_letters":
            continue
        key = table.key[0]
        null = with_null(_NULLED[name])
        found += [
            Fault(name, "schema", name, without_column(table.light_columns[-1]), arrow=True),  # type: ignore[arg-type]
            Fault(name, "nulls", name, null, arrow=True),  # type: ignore[arg-type]
            Fault(name, "readable", name, null, arrow=True),  # type: ignore[arg-type]
            Fault(name, key, name, set_to(key, "", row=0)),
        ]
        found.append(Fault(name, f"{key}_unique", name, doubled, arrow=True))  # type: ignore[arg-type]
    return found


def _of_goal(name: str, split: bool = True) -> list[Fault]:
    """What rows about a goal must have: one in their shard, its split, its id in their own."""
    found = [Fault(name, "goal_resolves", name, set_to("goal_id", "nobody-0"))]
    if TABLES[name].key[0] != "goal_id":
        found.append(Fault(name, "id_names_goal", name, set_to(TABLES[name].key[0], "nobody-0")))
    return [*found, Fault(name, "split_of_goal", name, other_split)] if split else found


ROW_FAULTS = [
    *_generic(),
    Fault("motions", "schema", "motions", another_type("frames"), arrow=True),  # type: ignore[arg-type]
    Fault("goals", "schema", "goals", another_version, arrow=True),  # type: ignore[arg-type]
    Fault("motions", "split", "motions", set_to("split", "holdout")),
    Fault("motions", "frames", "motions", set_to("frames", 7)),
    Fault("motions", "motion_sha256", "motions", set_to("motion_sha256", "0")),
    Fault("motions", "text_sha256", "motions", set_to("text_sha256", "")),
    Fault("motions", "in_its_shard", "motions", set_to("motion_id", "999983")),
    Fault("motions", "skeleton", "motions", set_to("skeleton", "kit")),
    Fault("motions", "twin_split", "motions", twin_split),
    Fault("motions", "mirror_of", "motions", set_to("mirror_of", "000001x")),
    Fault(
        "motions",
        "frames_as_features",
        "motions",
        lambda rows: rows[1].update(frames=len(rows[1]["features"]) - 1),
    ),
    Fault("motions", "finite", "motions", lambda rows: rows[1].update(features=rows[1]["features"] * np.nan)),
    Fault("goals", "split", "goals", set_to("split", "holdout")),
    Fault("goals", "caption_length", "goals", set_to("caption", "")),
    Fault("goals", "frames", "goals", set_to("end", 3)),
    Fault(
        "goals",
        "in_its_shard",
        "goals",
        lambda rows: rows[1].update(motion_id="999983", goal_id="t2m-999983-0"),
    ),
    Fault("goals", "motion_resolves", "goals", set_to("motion_id", "999999")),
    Fault("goals", "motion_resolves", "goals", set_to("end", 100_000)),
    Fault("goals", "split_of_clip", "goals", other_split),
    Fault("goals", "id_names_motion", "goals", set_to("caption_index", 77)),
    Fault("facts", "frames", "facts", set_to("frames", 2)),
    Fault("facts", "events_inside", "facts", lambda rows: rows[1]["events"][0].update(end=9999)),
    Fault("facts", "motion_resolves", "facts", deep("motion", "end", 9999)),
    *_of_goal("facts", split=False),
    Fault("candidates", "rank", "candidates", set_to("rank", 9)),
    Fault("candidates", "origin", "candidates", set_to("origin", "dreamt")),
    Fault("candidates", "alignment", "candidates", set_to("alignment", 1.5)),
    Fault("candidates", "differences", "candidates", set_to("differences", [])),
    Fault(
        "candidates",
        "edits_as_origin",
        "candidates",
        lambda rows: next(r for r in rows if r["edits"]).update(edits=[]),
    ),
    Fault("candidates", "inside", "candidates", lambda rows: rows[1]["differences"][0].update(end=9999)),
    Fault("candidates", "motion_resolves", "candidates", deep("motion", "table", "dreams")),
    Fault("candidates", "motion_split", "candidates", local_of_the_other_split),
    *_of_goal("candidates"),
    Fault("perturbed", "frames", "perturbed", set_to("frames", 3)),
    Fault("perturbed", "edits", "perturbed", set_to("edits", [])),
    Fault("perturbed", "motion_resolves", "perturbed", set_to("motion_id", "nobody")),
    *_of_goal("perturbed", split=False),
    Fault("annotations", "kind", "annotations", set_to("kind", "poem")),
    Fault("annotations", "text_length", "annotations", set_to("text", "")),
    Fault(
        "annotations",
        "has_refinement",
        "annotations",
        lambda rows: next(r for r in rows if r["kind"] == "assessment").update(refinement=" "),
    ),
    Fault("annotations", "annotator", "annotations", set_to("annotator", "")),
    Fault("annotations", "prompt_hash", "annotations", set_to("prompt_hash", "")),
    Fault("annotations", "candidate_resolves", "annotations", set_to("candidate_id", "nobody")),
    *_of_goal("annotations"),
    Fault("stage1", "task", "stage1", set_to("task", "dance")),
    Fault("stage1", "split", "stage1", set_to("split", "holdout")),
    Fault("stage1", "caption_length", "stage1", set_to("caption", "")),
    Fault("stage1", "motion_resolves", "stage1", deep("motion", "table", "dreams")),
    Fault("stage1", "goal_motion_resolves", "stage1", deep("goal_motion", "start", -1)),
    Fault("stage1", "annotations_resolve", "stage1", set_to("annotation_ids", ["nobody"])),
    *_of_goal("stage1"),
    Fault("stage2", "fault", "stage2", lambda rows: rows[1]["ladder"].reverse()),
    Fault("stage2", "fault", "stage2", lambda rows: rows[1]["ladder"].pop()),
    Fault("stage2", "fault", "stage2", rung("perfect", True)),
    Fault("stage2", "fault", "stage2", rung("assessment", "")),
    Fault(
        "stage2",
        "fault",
        "stage2",
        rung("assessment", "The two descriptions are identical to the last word."),
    ),
    Fault("stage2", "fault", "stage2", set_to("assessment", "This is what the caption says.")),
    Fault(
        "stage2",
        "fault",
        "annotations",
        lambda rows: next(r for r in rows if r["kind"] == "assessment").update(contradicted=1),
    ),
    Fault("stage2", "split", "stage2", set_to("split", "holdout")),
    Fault("stage2", "analyses", "stage2", lambda rows: rows[1]["analyses"].pop()),
    Fault(
        "stage2",
        "motions_resolve",
        "stage2",
        lambda rows: rows[1]["ladder"][0]["motion"].update(end=9999, table="perturbed"),
    ),
    Fault("stage2", "annotations_resolve", "stage2", rung("annotation_id", "nobody")),
    *_of_goal("stage2"),
    Fault("stage3", "split", "stage3", set_to("split", "holdout")),
    Fault("stage3", "frames", "stage3", set_to("frames", 2)),
    Fault("stage3", "caption_length", "stage3", set_to("caption", "")),
    Fault("stage3", "motion_resolves", "stage3", deep("motion", "table", "dreams")),
    *_of_goal("stage3"),
    Fault("dead_letters", "schema", "dead_letters", without_column("payload"), arrow=True),  # type: ignore[arg-type]
    Fault("dead_letters", "nulls", "dead_letters", letter(payload=None)),
    Fault("dead_letters", "readable", "dead_letters", letter(reason=None)),
    Fault("dead_letters", "input_id", "dead_letters", letter(input_id="")),
    Fault("dead_letters", "kind", "dead_letters", letter(kind="odd")),
    Fault("dead_letters", "reason", "dead_letters", letter(reason="two words")),
    Fault("dead_letters", "detail", "dead_letters", letter(detail="")),
    Fault("dead_letters", "step", "dead_letters", letter(step="dream")),
    Fault("tables", "rows", "stage3", lambda rows: rows.clear(), everywhere=True),
]

SAME = "The person walks forward and then stops."
CORPUS_FAULTS = [
    Fault("corpus", "dead_letter_share", "dead_letters", many_letters),
    Fault("corpus", "contradicted_statements", "annotations", all_set_to("contradicted", 1)),
    Fault(
        "corpus", "unverifiable_statements", "annotations", all_set_to("unverifiable", 50), everywhere=True
    ),
    Fault("corpus", "copies_across_splits", "motions", copies_across),
    Fault("corpus", "copies_share", "motions", copies_within),
    Fault("corpus", "near_across_splits", "motions", near_across),
    Fault("corpus", "mirrored_across_splits", "motions", mirrored_across),
    Fault(
        "corpus",
        "near_share",
        "motions",
        lambda rows: _replaced([(rows[3], row) for row in rows], np.copy),
        everywhere=True,
    ),
    Fault("corpus", "pairs_across_splits", "goals", on_a_training_clip),
    Fault("corpus", "pairs_share", "goals", same_captions),
    Fault("corpus", "unresolved", "candidates", foreign(longer_than_there_is)),
    Fault("corpus", "other_split", "candidates", foreign(of_the_other_split)),
    *(
        Fault("corpus", f"{kind}_{what}", "annotations", all_set_to(column, SAME), everywhere=True)
        for kind, column in (("analysis", "text"), ("assessment", "text"), ("refinement", "refinement"))
        for what in ("distinct_2", "repeated")
    ),
    Fault(
        "corpus",
        "unknown_words",
        "annotations",
        all_set_to("text", "Blorp zark frume quix vanto."),
        everywhere=True,
    ),
    Fault(
        "corpus",
        "unknown_caption_words",
        "goals",
        all_set_to("caption", "blorp zark frume quix"),
        everywhere=True,
    ),
    Fault(
        "corpus",
        "vocabulary",
        "annotations",
        lambda rows: [row.update(text=SAME, refinement=SAME) for row in rows],
        everywhere=True,
    ),
    Fault("corpus", "caption_words_max", "goals", set_to("caption", "a " * 201)),
    Fault("corpus", "caption_words_mean", "goals", all_set_to("caption", "walk"), everywhere=True),
    *(
        Fault("corpus", f"{kind}_words_mean", "annotations", all_set_to(column, "Walks"), everywhere=True)
        for kind, column in (("analysis", "text"), ("assessment", "text"), ("refinement", "refinement"))
    ),
    Fault("corpus", "smallest_task_share", "stage1", without_task, everywhere=True),
    Fault("corpus", "level_balance", "candidates", without_many_of_rank_0),
    Fault("corpus", "alignment_gain", "candidates", all_set_to("alignment", 0.5), everywhere=True),
    Fault("corpus", "largest_operation_share", "candidates", one_operation, everywhere=True),
    Fault("corpus", "operations", "candidates", one_operation, everywhere=True),
    Fault("corpus", "perturbed_share", "candidates", all_set_to("origin", "retrieved"), everywhere=True),
    Fault(
        "corpus",
        "largest_action_share",
        "facts",
        lambda rows: [event.update(action="stand") for row in rows for event in row["events"]],
        everywhere=True,
    ),
    Fault("corpus", "train_share", "goals", all_set_to("split", "test"), everywhere=True),
]
