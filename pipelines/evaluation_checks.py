"""What a set of generations must be, before anything is scored: told with the set, the id and the remedy."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from motion.skeleton import Skeleton
from pipelines.evaluation_input import NamedSet
from schemas.shards import features_of


def check_set(named: NamedSet, body: Skeleton) -> None:
    """ValueError where completions are there twice, lack rounds, or hold motions that cannot be used."""
    seen: dict[tuple[str, int], str] = {}
    for generations, rounds in named.generations.tables():
        columns = ["generation_id", "goal_id", "sample", "rounds"]
        rows = generations.select(columns).to_pylist()
        if named.mode != "judge":  # which judges several motions of a goal
            for row in rows:
                key = row["goal_id"], row["sample"]
                if key in seen:
                    raise _fault(
                        named,
                        row["generation_id"],
                        f"is sample {key[1]} of goal {key[0]}, and so is {seen[key]}; number the samples",
                    )
                seen[key] = row["generation_id"]
        _check_rounds(named, rounds, {row["generation_id"]: row["rounds"] for row in rows})
        _check_motions(named, rounds, body)


def _check_rounds(named: NamedSet, rounds: pa.Table, told: dict[str, int]) -> None:
    """Rows of `rounds` are sorted by generation and round."""
    held: dict[str, list[tuple[int, bool]]] = {name: [] for name in told}
    for row in rounds.select(["generation_id", "round", "injected"]).to_pylist():
        if row["generation_id"] not in held:
            raise _fault(named, row["generation_id"], "has rounds in a shard without its completion")
        held[row["generation_id"]].append((row["round"], row["injected"]))
    robust = named.mode == "robust"
    for name, count in told.items():
        found = held[name]
        if [number for number, _ in found] != list(range(count)):
            raise _fault(named, name, f"tells of {count} rounds, and has {[number for number, _ in found]}")
        if [injected for _, injected in found] != [robust and number == 0 for number in range(count)] or (
            robust and not count
        ):
            where = "its first round, and no other," if robust else "none of its rounds"
            raise _fault(named, name, f"must have {where} injected (mode {named.mode})")


def _check_motions(named: NamedSet, rounds: pa.Table, body: Skeleton) -> None:
    names = rounds.column("generation_id")
    for row in range(rounds.num_rows):
        clip = features_of(rounds, row)
        if not len(clip) or clip.shape[1] != body.feature_size or not np.isfinite(clip).all():
            what = "no frames" if not len(clip) else "NaN, infinity or another size"
            number = rounds.column("round")[row].as_py()
            raise _fault(
                named,
                names[row].as_py(),
                f"round {number} holds {what}; write a completion without that motion instead",
            )


def _fault(named: NamedSet, generation_id: str, what: str) -> ValueError:
    return ValueError(f"{named.generations.root}: generation {generation_id!r} {what}; generate it again")
