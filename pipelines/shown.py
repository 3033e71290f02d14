"""What `irmogen show` is asked for: one motion of a file, a dataset or a corpus, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.motion_input import (
    Clip,
    Problem,
    check_fps,
    features_clip,
    is_corpus,
    is_dataset,
    read_clip,
)
from pipelines.shard_input import read_table
from pipelines.streams import printable
from schemas.places import place

if TYPE_CHECKING:
    from motion.events import Difference
    from schemas.corpus import Corpus

Row = dict[str, Any]
# Tables that hold motions or name them, in the order in which an id is looked up.
_LOOKED_UP = ("candidates", "goals", "perturbed", "motions")


@dataclass(frozen=True)
class Shown:
    """One motion to draw. `goal` is the motion that a candidate departs from, where it is one."""

    clip: Clip
    kind: str  # motion, goal, retrieved candidate, perturbed candidate, perturbed motion
    captions: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    goal: Clip | None = None


def find(target: str, skeleton: str | None = None, fps: float | None = None) -> Shown:
    """The motion of FILE.npy, DATASET#clip or CORPUS#id (of a motion, goal, candidate or perturbed motion).

    FileNotFoundError or ValueError says what is wrong and what to do.
    """
    check_fps(fps)
    path = place(target)
    if path.is_file():
        return Shown(_good(read_clip(path, printable(path.stem), skeleton, fps)), "motion")
    if path.is_dir():
        what = "CORPUS#id" if is_corpus(path) else "DATASET#id" if is_dataset(path) else "FILE.npy"
        raise ValueError(f"{path}: is a folder; name one motion: {what}")
    root, name = _split(target)
    if not name:
        raise FileNotFoundError(f"{target}: no such file; give FILE.npy, DATASET#id or CORPUS#id")
    if is_corpus(root):
        if fps is not None:
            raise ValueError(f"{root}: is a corpus, which knows its frames per second; leave --fps out")
        return _of_corpus(root, name)
    if is_dataset(root):
        return _of_dataset(root, name, skeleton, fps)
    if not root.exists():
        raise FileNotFoundError(f"{root}: no such folder; give DATASET#id or CORPUS#id")
    raise ValueError(f"{root}: is neither a dataset nor a corpus; give FILE.npy, DATASET#id or CORPUS#id")


def _split(target: str) -> tuple[Path, str]:
    """Folder and id of FOLDER#id: a folder's own name may hold the sign, and so may an id."""
    ends = [end for end, letter in enumerate(target) if letter == "#"]
    parts = [(place(target[:end]), target[end + 1 :]) for end in ends]
    known = [part for part in parts if is_corpus(part[0]) or is_dataset(part[0])]
    return next(iter(known or parts), (place(target), ""))


def _good(found: Clip | Problem) -> Clip:
    if isinstance(found, Problem):
        raise ValueError(f"{found.source}: {found.detail}")
    return found


def _of_dataset(root: Path, name: str, skeleton: str | None, fps: float | None) -> Shown:
    from motion.layout import MotionProblem, open_dataset, read_captions

    dataset = open_dataset(root, skeleton)
    if name not in {motion_id for motion_id, _ in dataset.ids}:
        raise ValueError(f"{root}: no split list names a clip {name!r}; its ids are in train.txt and so on")
    clip = _good(read_clip(dataset.motion_path(name), name, skeleton, fps))
    try:
        captions, _ = read_captions(dataset, name, len(clip.joints))
    except MotionProblem:
        captions = []  # a clip without captions can be drawn all the same
    return Shown(clip, "motion", tuple(dict.fromkeys(_timed(caption) for caption in captions)))


def _timed(caption: Any) -> str:
    if caption.to_seconds == 0:
        return str(caption.text)
    return f"{caption.text} ({caption.from_seconds:g}-{caption.to_seconds:g} s)"


def _of_corpus(root: Path, name: str) -> Shown:
    from schemas.corpus import open_corpus

    corpus, _ = open_corpus(root)
    for table in _LOOKED_UP:
        row = _row(corpus, table, name)
        if row is not None:
            return _READERS[table](corpus, row)
    raise ValueError(
        f"{root}: holds no motion, goal, candidate or perturbed motion of id {name!r}; "
        "ids are in its tables, as in goals/*.parquet"
    )


def _row(corpus: Corpus, table: str, name: str) -> Row | None:
    """The row of a key, without motion features; only the shard that holds it is read whole."""
    import pyarrow.compute as pc

    from schemas.tables import TABLES

    key = TABLES[table].key[0]
    for index in range(corpus.shards):
        if pc.index(read_table(corpus, table, index, [key])[key], name).as_py() >= 0:
            rows = read_table(corpus, table, index, TABLES[table].light_columns)
            found: Row = rows.filter(pc.field(key) == name).to_pylist()[0]
            return {**found, "shard": index}
    return None


def _clip(corpus: Corpus, motion: Mapping[str, Any], name: str) -> Clip:
    """The clip of a motion reference; the key's row is looked up for its shard and frame rate."""
    import pyarrow.compute as pc

    from motion.skeleton import skeleton
    from schemas.shards import features_of
    from schemas.tables import TABLES

    table = str(motion["table"])
    row = _row(corpus, table, motion["id"])
    if row is None:
        raise ValueError(
            f"{corpus.root}: {name} names the motion {motion['id']!r}, which {table} does not hold"
        )
    key = TABLES[table].key[0]
    rows = read_table(corpus, table, row["shard"], [key, "features"]).filter(pc.field(key) == motion["id"])
    features = features_of(rows, 0)[motion["start"] : motion["end"]]
    rate = row.get("fps") or skeleton(row["skeleton"]).fps
    return _good(features_clip(features, name, f"{corpus.root}#{name}", rate))


def _motion(corpus: Corpus, row: Row) -> Shown:
    import pyarrow.compute as pc

    name = row["motion_id"]
    goals = read_table(corpus, "goals", row["shard"], ["motion_id", "caption"])
    goals = goals.filter(pc.field("motion_id") == name)
    clip = _clip(corpus, {"table": "motions", "id": name, "start": 0, "end": row["frames"]}, name)
    return Shown(clip, "motion", tuple(dict.fromkeys(goals["caption"].to_pylist())))


def _goal_clip(corpus: Corpus, row: Row) -> Clip:
    from schemas.rows import goal_motion

    return _clip(corpus, goal_motion(row).as_dict(), row["goal_id"])


def _goal(corpus: Corpus, row: Row) -> Shown:
    return Shown(_goal_clip(corpus, row), "goal", (row["caption"],))


def _candidate(corpus: Corpus, row: Row) -> Shown:
    from motion.events import difference

    goal = _row(corpus, "goals", row["goal_id"])
    return Shown(
        _clip(corpus, row["motion"], row["candidate_id"]),
        f"{row['origin']} candidate",
        (goal["caption"],) if goal else (),
        _edits(row),
        tuple(difference(item) for item in row["differences"]),
        _goal_clip(corpus, goal) if goal else None,
    )


def _perturbed(corpus: Corpus, row: Row) -> Shown:
    from motion.events import difference

    goal = _row(corpus, "goals", row["goal_id"])
    name = row["perturbed_id"]
    return Shown(
        _clip(corpus, {"table": "perturbed", "id": name, "start": 0, "end": row["frames"]}, name),
        "perturbed motion",
        (goal["caption"],) if goal else (),
        _edits(row),
        tuple(difference(item) for edit in row["edits"] for item in edit["breaks"]),
        _goal_clip(corpus, goal) if goal else None,
    )


def _edits(row: Row) -> tuple[str, ...]:
    from prompts.sentences import edit_text

    return tuple(edit_text(edit) for edit in row["edits"])


_READERS = {"candidates": _candidate, "goals": _goal, "perturbed": _perturbed, "motions": _motion}
