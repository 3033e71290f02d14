"""The evaluation protocol: which caption, which frames, which pool for every repeat, drawn once and frozen.

A protocol is a pure function of the goals of a split, the mode and the seed. It is written down beside the
results and can be given again, so that two models, years apart, are asked the same questions.

- `published`: as the field's loaders do it, but seeded: in each repeat one caption for each motion, frames
  cut at random to whole units of four, pools of 32, what is left over is dropped.
- `full`: nothing is dropped: in each repeat every goal, its whole motion, in pools of 32 different clips;
  where goals run out, a pool is filled up with others that only distract.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from motion.seeds import generator
from schemas.fingerprint import fingerprint

PROTOCOL_VERSION = 1
MODES = ("full", "published")
POOL = 32
REPEATS = 20
UNIT = 4  # frames a motion token


@dataclass(frozen=True)
class EvalGoal:
    """A goal as the protocol needs it: rows [start, end) of a clip, with a caption of its own."""

    goal_id: str
    motion_id: str
    start: int
    end: int

    @property
    def motion(self) -> tuple[str, int, int]:
        """The motion that captions may share."""
        return self.motion_id, self.start, self.end


@dataclass(frozen=True)
class Entry:
    """A goal in a repeat, with rows [start, end) of the clip that stand for its motion."""

    goal_id: str
    start: int
    end: int


@dataclass(frozen=True)
class Pool:
    """Rows of a repeat's entries; the first `counted` are scored, the others only distract."""

    rows: tuple[int, ...]
    counted: int


@dataclass(frozen=True)
class Repeat:
    """One repeat: its entries, and the pools that they are compared in."""

    entries: tuple[Entry, ...]
    pools: tuple[Pool, ...]


@dataclass(frozen=True)
class Protocol:
    """A frozen evaluation of one split of one dataset."""

    dataset: str
    skeleton: str
    split: str
    mode: str
    seed: int
    repeats: tuple[Repeat, ...]

    @cached_property
    def goal_ids(self) -> tuple[str, ...]:
        """Every goal that occurs, sorted."""
        return tuple(sorted({entry.goal_id for repeat in self.repeats for entry in repeat.entries}))

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything in it."""
        return fingerprint("protocol", self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; entries as columns, goals by number."""
        number = {goal_id: index for index, goal_id in enumerate(self.goal_ids)}
        return {
            "version": PROTOCOL_VERSION,
            "dataset": self.dataset,
            "skeleton": self.skeleton,
            "split": self.split,
            "mode": self.mode,
            "seed": self.seed,
            "goals": list(self.goal_ids),
            "repeats": [
                {
                    "goal": [number[entry.goal_id] for entry in repeat.entries],
                    "start": [entry.start for entry in repeat.entries],
                    "end": [entry.end for entry in repeat.entries],
                    "pools": [list(pool.rows) for pool in repeat.pools],
                    "counted": [pool.counted for pool in repeat.pools],
                }
                for repeat in self.repeats
            ],
        }


def protocol(values: Mapping[str, Any]) -> Protocol:
    """The Protocol that `as_dict` wrote; ValueError for another version or a damaged one."""
    if values.get("version") != PROTOCOL_VERSION:
        raise ValueError(
            f"the protocol has version {values.get('version')}, this irmogen knows {PROTOCOL_VERSION}; "
            f"draw it again"
        )
    try:
        repeats = tuple(_repeat(one, values["goals"]) for one in values["repeats"])
        if not repeats:
            raise ValueError("it has no repeats")
        dataset, body, split, mode, seed = (
            values[name] for name in ("dataset", "skeleton", "split", "mode", "seed")
        )
        return Protocol(dataset, body, split, mode, seed, repeats)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"the protocol is damaged ({error!r}); draw it again") from error


def _repeat(values: Mapping[str, Any], goals: Sequence[str]) -> Repeat:
    """A repeat as `as_dict` wrote it; ValueError where its numbers point at nothing."""
    columns = zip(values["goal"], values["start"], values["end"], strict=True)
    if not all(0 <= goal < len(goals) for goal in values["goal"]):
        raise ValueError("an entry is of no goal")
    entries = tuple(Entry(goals[goal], start, end) for goal, start, end in columns)
    pools = tuple(Pool(tuple(rows), n) for rows, n in zip(values["pools"], values["counted"], strict=True))
    for pool in pools:
        if not (0 < pool.counted <= len(pool.rows) and all(0 <= row < len(entries) for row in pool.rows)):
            raise ValueError("a pool has rows that are not there")
    if not pools:
        raise ValueError("a repeat has no pools")
    return Repeat(entries, pools)


def draw_protocol(
    goals: Sequence[EvalGoal],
    *,
    dataset: str,
    skeleton: str,
    split: str,
    mode: str = "full",
    seed: int = 0,
    repeats: int = REPEATS,
    pool: int = POOL,
) -> Protocol:
    """The protocol of a split's goals, by their ids alone: their order does not count.

    ValueError for an unknown mode, no goals, or in mode `published` fewer motions than a pool has.
    """
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r}: choose one of {', '.join(MODES)}")
    if not goals:
        raise ValueError(f"the split {split!r} has no goals to evaluate; give another split or corpus")
    ordered = sorted(goals, key=lambda goal: goal.goal_id)
    draw = _published if mode == "published" else _full
    drawn = tuple(
        draw(ordered, pool, generator("protocol", mode, split, seed, number)) for number in range(repeats)
    )
    return Protocol(dataset, skeleton, split, mode, seed, drawn)


def _published(goals: Sequence[EvalGoal], pool: int, rng: np.random.Generator) -> Repeat:
    captions: dict[tuple[str, int, int], list[EvalGoal]] = {}
    for goal in goals:
        captions.setdefault(goal.motion, []).append(goal)
    motions = sorted(captions)
    kept = len(motions) // pool * pool
    if not kept:
        raise ValueError(
            f"{len(motions)} motions do not fill a pool of {pool}, and mode 'published' drops what is left "
            f"over: use mode 'full'"
        )
    entries = []
    for place in rng.permutation(len(motions))[:kept]:
        offered = captions[motions[place]]
        entries.append(_cut(offered[int(rng.integers(len(offered)))], rng))
    pools = tuple(Pool(tuple(range(start, start + pool)), pool) for start in range(0, kept, pool))
    return Repeat(tuple(entries), pools)


def _cut(goal: EvalGoal, rng: np.random.Generator) -> Entry:
    """Whole units of four frames from a drawn place on; once in three times a unit less than there are."""
    frames = goal.end - goal.start
    units = frames // UNIT - int(rng.integers(3) == 2)
    length = max(units, 1) * UNIT
    start = goal.start + int(rng.integers(max(frames - length, 0) + 1))
    return Entry(goal.goal_id, start, min(start + length, goal.end))


def _full(goals: Sequence[EvalGoal], pool: int, rng: np.random.Generator) -> Repeat:
    clips: dict[str, list[int]] = {}
    for row, goal in enumerate(goals):
        clips.setdefault(goal.motion_id, []).append(row)
    names = sorted(clips)
    # Dealt out in turn, a clip's goals fall into different pools.
    count = max(-(-len(goals) // pool), max(len(rows) for rows in clips.values()))
    dealt: list[list[int]] = [[] for _ in range(count)]
    turn = 0
    for place in rng.permutation(len(names)):
        rows = clips[names[place]]
        for number in rng.permutation(len(rows)):
            dealt[turn % count].append(rows[number])
            turn += 1
    pools = tuple(_filled(rows, goals, pool, rng) for rows in dealt if rows)
    whole = (Entry(g.goal_id, g.start, g.start + max((g.end - g.start) // UNIT, 1) * UNIT) for g in goals)
    return Repeat(tuple(whole), pools)


def _filled(rows: list[int], goals: Sequence[EvalGoal], pool: int, rng: np.random.Generator) -> Pool:
    """A pool with goals of further clips behind its own, as far as there are any."""
    filled = list(rows)
    clips = {goals[row].motion_id for row in rows}
    # Mostly one or two are lacking, which a few draws find; a small corpus is searched through.
    draws = (lambda: rng.integers(len(goals), size=2 * pool), lambda: rng.permutation(len(goals)))
    for row in itertools.chain.from_iterable(draw() for draw in draws):
        if len(filled) >= pool:
            break
        if goals[row].motion_id not in clips:
            clips.add(goals[row].motion_id)
            filled.append(int(row))
    return Pool(tuple(filled), len(rows))
