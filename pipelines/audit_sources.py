"""What an audit reads: the captions of each piece of motion, with its facts, a few clips at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.motion_input import is_corpus
from pipelines.shard_input import read_table

if TYPE_CHECKING:
    from motion.facts import Facts
    from motion.layout import Dataset
    from motion.skeleton import Skeleton
    from schemas.corpus import Corpus
    from schemas.rows import Segment


_NOWHERE = "is in neither facts nor dead letters; check the corpus with `irmogen validate`"
CLIPS_AT_ONCE = 64  # joints and facts of so many clips take some 100 MB


@dataclass(frozen=True)
class Told:
    """One caption of a piece of motion."""

    id: str  # of the goal in a corpus, MOTION#INDEX in a dataset
    index: int
    text: str
    left_out: bool = False  # of the corpus, for what its motion contradicts


@dataclass
class Piece:
    """Frames [start, end) of one motion, what is measured on them and what is said of them."""

    motion_id: str
    start: int
    end: int
    facts: Facts
    captions: list[Told] = field(default_factory=list)


@dataclass(frozen=True)
class Unusable:
    """Captions that cannot be judged: how many, where and why."""

    where: str
    why: str
    captions: int


@dataclass(frozen=True)
class Source:
    """A dataset or a corpus: how many steps of reading there are, and a reader of one after another."""

    name: str
    steps: int
    unit: str
    read: Iterator[list[Piece | Unusable]]


def source(path: Path) -> Source:
    """The pieces of a dataset, or of a corpus that was built.

    ValueError says what is missing where the folder is neither.
    """
    if is_corpus(path):
        from schemas.corpus import open_corpus

        corpus, manifest = open_corpus(path)
        return Source(
            f"corpus of {corpus.shards} shards", corpus.shards, "shard", _corpus_pieces(corpus, manifest)
        )
    from motion.layout import open_dataset

    dataset = open_dataset(path)
    steps = -(-len(dataset.ids) // CLIPS_AT_ONCE)
    name = f"dataset of {len(dataset.ids)} clips ({dataset.skeleton.name})"
    return Source(name, steps, f"{CLIPS_AT_ONCE} clips", _dataset_pieces(dataset))


def _dataset_pieces(dataset: Dataset) -> Iterator[list[Piece | Unusable]]:
    ids = [motion_id for motion_id, _ in dataset.ids]
    for first in range(0, len(ids), CLIPS_AT_ONCE):
        yield _clips_of(dataset, ids[first : first + CLIPS_AT_ONCE])


def _clips_of(dataset: Dataset, ids: list[str]) -> list[Piece | Unusable]:
    from motion.features import joints_from_features
    from motion.layout import MotionProblem, caption_lines, read_captions, read_features
    from transforms.measure import measure_each

    found: list[Piece | Unusable] = []
    joints: dict[Segment, Any] = {}
    told: dict[Segment, list[Told]] = defaultdict(list)
    for motion_id in ids:
        try:
            features = read_features(dataset, motion_id)
            captions, problems = read_captions(dataset, motion_id, len(features))
        except MotionProblem as problem:
            found.append(Unusable(motion_id, problem.detail, caption_lines(dataset, motion_id)))
            continue
        found += [Unusable(f"{motion_id}#{problem.index}", problem.detail, 1) for problem in problems]
        for caption in captions:
            key = motion_id, caption.start, caption.end
            if key not in joints:
                joints[key] = joints_from_features(features[caption.start : caption.end], dataset.skeleton)
            told[key].append(Told(f"{motion_id}#{caption.index}", caption.index, caption.text))
    for key, facts in measure_each(joints, dataset.skeleton).items():
        if isinstance(facts, Exception):
            found.append(Unusable(key[0], f"cannot be measured ({facts})", len(told[key])))
        else:
            found.append(Piece(*key, facts, told[key]))
    return found


def _corpus_pieces(corpus: Corpus, manifest: dict[str, Any]) -> Iterator[list[Piece | Unusable]]:
    from motion.skeleton import skeleton

    body = skeleton(manifest["config"]["skeleton"])
    for index in range(corpus.shards):
        yield _shard_pieces(corpus, index, body)


def _shard_pieces(corpus: Corpus, index: int, body: Skeleton) -> list[Piece | Unusable]:
    """The goals of one shard by piece of motion: those with facts, and those that were left out."""
    from schemas.rows import facts_of, segment

    goals = read_table(corpus, "goals", index).to_pylist()
    rows = {row["goal_id"]: row for row in read_table(corpus, "facts", index).to_pylist()}
    letters = read_table(corpus, "dead_letters", index, name="measure").to_pylist()
    dead = {row["input_id"]: row for row in letters}
    pieces: dict[Segment, Piece] = {}
    told: dict[Segment, list[Told]] = defaultdict(list)
    found: list[Piece | Unusable] = []
    for goal in goals:
        key = segment(goal)
        goal_id = goal["goal_id"]
        if goal_id in rows and key not in pieces:
            pieces[key] = Piece(*key, facts_of(rows[goal_id], body.fps))
        elif goal_id not in rows and (goal_id not in dead or dead[goal_id]["kind"] == "failed"):
            why = dead[goal_id]["detail"] if goal_id in dead else _NOWHERE
            found.append(Unusable(goal_id, why, 1))
            continue
        gone = goal_id not in rows and dead[goal_id]["reason"] == "caption_contradicted"
        told[key].append(Told(goal_id, goal["caption_index"], goal["caption"], gone))
    pieces |= _measured_again(corpus, index, body, [key for key in told if key not in pieces])
    for key, captions in told.items():
        pieces[key].captions += captions
        found.append(pieces[key])
    return found


def _measured_again(corpus: Corpus, index: int, body: Skeleton, keys: list[Segment]) -> dict[Segment, Piece]:
    """Pieces all of whose captions were left out: their facts are in no table, their motion is."""
    from motion.facts import measure
    from transforms.measure import joints_of_segments

    if not keys:
        return {}
    motions = read_table(corpus, "motions", index, ["motion_id", "features"])
    lacking = sorted({motion_id for motion_id, _, _ in keys} - set(motions.column("motion_id").to_pylist()))
    if lacking:
        raise ValueError(
            f"{corpus.shard_path('motions', index)}: lacks the motion {lacking[0]!r} that goals name; "
            "check the corpus with `irmogen validate`"
        )
    joints = joints_of_segments(motions, keys, body)
    measured = measure(list(joints.values()), body)
    return {key: Piece(*key, facts) for key, facts in zip(joints, measured, strict=True)}
