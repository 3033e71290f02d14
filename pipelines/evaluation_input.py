"""What an evaluation is asked about: sets of generations, the corpus of their goals, the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from evaluators.embedders.base import Text
from evaluators.protocol import POOL, REPEATS, EvalGoal, Protocol, draw_protocol, protocol
from motion.skeleton import Skeleton, skeleton
from pipelines.shard_input import read_table
from schemas.corpus import Corpus, open_corpus
from schemas.generation_set import GenerationSet, content_fingerprint, open_set
from schemas.places import place
from schemas.rows import Segment, segment
from schemas.storage import read_json

MOVING = ("direct", "refine", "chain", "chain-first", "robust")  # modes whose completions are motions
_COLUMNS = ["goal_id", "motion_id", "split", "caption", "tags", "start", "end"]


@dataclass(frozen=True)
class NamedSet:
    """A set of generations with the name that it has in tables."""

    id: str
    generations: GenerationSet

    @property
    def goal_ids(self) -> set[str]:
        """The goals that it has completions of."""
        tables = self.generations.completions()
        return {name for table in tables for name in table.column("goal_id").to_pylist()}

    @property
    def mode(self) -> str:
        """What its completions were asked for."""
        return self.generations.info.mode

    @property
    def moving(self) -> bool:
        """Whether its completions are motions."""
        return self.mode in MOVING


@dataclass(frozen=True)
class Asked:
    """Everything that is evaluated, and against what."""

    sets: tuple[NamedSet, ...]
    corpus: Corpus
    content: str  # fingerprint of the corpus' goals and motions
    dataset: str
    body: Skeleton
    split: str
    goals: dict[str, dict[str, Any]]  # rows of the split's goals, by id

    @property
    def motions(self) -> set[Segment]:
        """The goals' motions."""
        return set(map(segment, self.goals.values()))

    @property
    def texts(self) -> dict[str, Text]:
        """The goals' captions."""
        return {goal_id: Text(row["caption"], row["tags"]) for goal_id, row in self.goals.items()}

    def motion_tables(self) -> Iterator[pa.Table]:
        """The corpus' motions, shard by shard."""
        for index in range(self.corpus.shards):
            yield read_table(self.corpus, "motions", index, ["motion_id", "features"])


def read_asked(folders: Sequence[Path], corpus: Path | None) -> Asked:
    """Open the sets and their corpus; ValueError when they do not belong together."""
    sets = _named([open_set(folder) for folder in folders])
    first, own = sets[0].generations.info, sets[0].generations.root
    for other in (named.generations for named in sets[1:]):
        for name in ("skeleton", "split", "content"):
            if getattr(other.info, name) != getattr(first, name):
                raise ValueError(
                    f"{other.root}: its {name} is {getattr(other.info, name)!r}, that of {own} is "
                    f"{getattr(first, name)!r}; evaluate them apart"
                )
    root = corpus or place(first.corpus)
    if corpus is None and not (root / "manifest.json").is_file():
        raise ValueError(f"the corpus of these generations was {root}, which is not there; give --corpus")
    opened, manifest = open_corpus(root)
    if content_fingerprint(manifest) != first.content:
        raise ValueError(
            f"{root}: its goals or motions are not those that {own} was made for; give the "
            f"--corpus that was used, or generate again"
        )
    return asked(opened, manifest, first.split, tuple(sets))


def asked(corpus: Corpus, manifest: dict[str, Any], split: str, sets: tuple[NamedSet, ...] = ()) -> Asked:
    """The goals of a corpus' split, with sets that belong to it."""
    goals = {
        row["goal_id"]: row
        for index in range(corpus.shards)
        for row in read_table(corpus, "goals", index, _COLUMNS).to_pylist()
        if row["split"] == split
    }
    config = manifest["config"]
    body = skeleton(config["skeleton"])
    return Asked(sets, corpus, content_fingerprint(manifest), config["dataset"], body, split, goals)


def _named(sets: Sequence[GenerationSet]) -> list[NamedSet]:
    """Names by model; where that is not enough by model and mode, then by folder."""
    for name in (
        lambda s: s.info.model,
        lambda s: f"{s.info.model} ({s.info.mode})",
        lambda s: str(s.root),
    ):
        names = [name(one) for one in sets]
        if len(set(names)) == len(names):
            return [NamedSet(name, one) for name, one in zip(names, sets, strict=True)]
    raise ValueError(f"{sets[0].root}: is given twice; give each set of generations once")


def read_protocol(question: Asked, mode: str, seed: int, file: Path | None) -> Protocol:
    """The protocol of the split, or the frozen one of a file; ValueError where that is of other goals."""
    if file is None:
        return _drawn(question, question.goals, mode, seed)
    values = read_json(file)
    if not isinstance(values, dict):
        raise ValueError(f"{file}: holds no protocol; give the protocol.json of an evaluation")
    try:
        found = protocol(values)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
    own = question.dataset, question.body.name, question.split
    if (found.dataset, found.skeleton, found.split) != own:
        raise ValueError(
            f"{file}: is of {found.dataset} {found.skeleton} {found.split}, the generations are of "
            f"{' '.join(own)}; give the protocol of the same split"
        )
    for entry in (entry for repeat in found.repeats for entry in repeat.entries):
        goal = question.goals.get(entry.goal_id)
        if goal is None or not goal["start"] <= entry.start < entry.end <= goal["end"]:
            raise ValueError(
                f"{file}: goal {entry.goal_id!r} is not in the split {question.split!r} of "
                f"{question.corpus.root}, or is shorter there; give the protocol's own corpus"
            )
    return found


def restricted(question: Asked, whole: Protocol, goal_ids: set[str]) -> Protocol:
    """The protocol drawn again for some of its goals."""
    return _drawn(question, goal_ids, whole.mode, whole.seed, len(whole.repeats))


def _drawn(
    question: Asked, goal_ids: Iterable[str], mode: str, seed: int, repeats: int = REPEATS
) -> Protocol:
    goals = [EvalGoal(goal_id, *segment(question.goals[goal_id])) for goal_id in goal_ids]
    return draw_protocol(
        goals,
        dataset=question.dataset,
        skeleton=question.body.name,
        split=question.split,
        mode=mode,
        seed=seed,
        repeats=repeats,
    )


def is_whole(question: Asked, used: Protocol) -> bool:
    """Whether a protocol asks for as much as its mode would of the whole split."""
    if used.mode == "full":
        return set(used.goal_ids) == set(question.goals)
    return all(len(repeat.entries) == len(question.motions) // POOL * POOL for repeat in used.repeats)
