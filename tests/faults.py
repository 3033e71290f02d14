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
from schemas.shards import features_of, read_shard, to_table, write_shard
from schemas.storage import write_json
from schemas.tables import TABLES
from transforms.step import base_id, shard_of

Row = dict[str, Any]
Change = Callable[[Any], Any]  # of a list of rows, or from a table to another
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


def thinned(corpus: Path, root: Path) -> None:
    """A copy with the goals of a third of the clips, and all clips: faults show in it as well, and sooner."""
    copied(corpus, root)
    opened, manifest = open_corpus(root)
    for index in range(opened.shards):
        goals = opened.read("goals", index).to_pylist()
        clips = sorted({base_id(goal["motion_id"]) for goal in goals})[::3]
        kept = {goal["goal_id"] for goal in goals if base_id(goal["motion_id"]) in clips}
        for table in TABLES:
            if table not in ("motions", "dead_letters"):
                spoil_shard(opened, manifest, Fault("", "", table, _only(kept)), index)
    write_json(opened.manifest_path, manifest)


def _only(goals: set[str]) -> Change:
    def change(rows: list[Row]) -> None:
        rows[:] = [row for row in rows if row["goal_id"] in goals]

    return change


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
        table: pa.Table = fault.change(read_shard(path, fault.table))
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


def replaced(pairs: Iterable[tuple[Row, Row]], made: Callable[[np.ndarray], np.ndarray]) -> None:
    for source, target in pairs:
        target["features"] = made(source["features"])
        target["frames"] = len(target["features"])


def copies_across(rows: list[Row]) -> None:
    train, others = in_two_splits(rows)
    replaced([(train[0], others[0])], np.copy)


def copies_within(rows: list[Row]) -> None:
    train, _ = in_two_splits(rows)
    replaced([(train[0], row) for row in train[1:6]], np.copy)


def near_across(rows: list[Row]) -> None:
    """Copies that begin three frames later and whose joints are off by a centimetre."""
    train, others = in_two_splits(rows)

    def noisy(clip: np.ndarray) -> np.ndarray:
        joints = joints_from_features(clip, BODY)[3:]
        noise = generator("noise", len(clip)).normal(0, 0.01, joints.shape).astype(np.float32)
        return features_from_joints(joints + noise, BODY)

    replaced(_pairs(train, others), noisy)


def near_within(rows: list[Row]) -> None:
    """All clips of a shard are one, moved by less than a millimetre each."""
    for number, row in enumerate(rows):
        replaced([(rows[3], row)], lambda clip, number=number: clip + np.float32(1e-5 * number))


def mirrored_across(rows: list[Row]) -> None:
    train, others = in_two_splits(rows)

    def mirrored(clip: np.ndarray) -> np.ndarray:
        return features_from_joints(mirror_joints(joints_from_features(clip, BODY), BODY), BODY)

    replaced(_pairs(train, others), mirrored)


def _pairs(train: Sequence[Row], others: Sequence[Row]) -> list[tuple[Row, Row]]:
    """A source for each of the others; few enough in a small corpus to be more than the threshold."""
    return [(train[place % len(train)], row) for place, row in enumerate(others)]


def same_captions(rows: list[Row]) -> None:
    """Every goal of the same frames has the first one's caption."""
    first: dict[tuple[str, int, int], str] = {}
    for row in rows:
        row["caption"] = first.setdefault((row["motion_id"], row["start"], row["end"]), row["caption"])


def foreign(change: Change) -> Change:
    """Change a candidate for training whose motion is a clip of the other shard."""

    def spoil_one(rows: list[Row]) -> None:
        shown = [row for row in rows if row["motion"]["table"] == "motions" and row["split"] == "train"]
        change(next(row for row in shown if shard_of(row["motion"]["id"], 2) != 0))

    return spoil_one


def local_of_the_other_split(rows: list[Row]) -> None:
    shown = [row for row in rows if row["motion"]["table"] == "motions"]
    here = [row for row in shown if shard_of(row["motion"]["id"], 2) == 0]
    train = next(row for row in here if row["split"] == "train")
    train["motion"] = dict(next(row for row in here if row["split"] != "train")["motion"])


def edited_of_the_other_split(rows: list[Row]) -> None:
    """A ladder for training shows an edited motion that was made for another split's goal."""
    edited = [row for row in rows if row["motion"]["table"] == "perturbed"]
    train = next(row for row in edited if row["split"] == "train")
    train["motion"] = dict(next(row for row in edited if row["split"] != "train")["motion"])


def shows_the_other_split(shown: Callable[[Row], Row]) -> Change:
    """What training reads shows a motion of another split; `shown` finds the reference in a row."""

    def change(rows: list[Row]) -> None:
        train = next(row for row in rows if row["split"] == "train")
        other = next(row for row in rows if row["split"] != "train")
        shown(train).update(other.get("goal_motion") or other["motion"])

    return change


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
