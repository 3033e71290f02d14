"""Captions that are untrue in one word: a side, a direction, a number or an action, each listed.

At most one caption of a clip is corrupted, and its other captions stay. What is drawn depends on the seed
and the clip's id alone, so a clip and its mirrored twin are corrupted independently.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from motion.demo.arguments import arguments
from motion.demo.clips import Clip, Wording
from motion.demo.defects import respell
from motion.demo.likeness import REPLACING, seen_in
from motion.demo.rig import body_of
from motion.demo.script import act
from motion.demo.stage import Done
from motion.events import ACTIONS, LOCOMOTION, opposite
from motion.mirror import mirror_id
from motion.mirror_text import mirror_text
from motion.seeds import generator
from motion.skeleton import Skeleton

SHARE = 0.2  # of all captions
KINDS = {  # with the aspect in which the caption departs from the motion
    "side_swapped": "side",
    "direction_swapped": "direction",
    "count_changed": "count",
    "action_replaced": "action",
}
# Draws of a kind among those that a clip's captions allow. Any caption names an action, few a direction:
# with these weights all kinds are about equally frequent.
_WEIGHTS = {"side_swapped": 0.24, "direction_swapped": 1.0, "count_changed": 0.44, "action_replaced": 0.09}
_MOST = 10  # captions know the words up to ten


@dataclass(frozen=True)
class Corruption:
    """One untrue caption: which it is, what it was and became, and in what it departs from the motion."""

    id: str
    caption: int  # line of the text file, from 0
    kind: str
    before: str
    after: str
    aspect: str  # side, direction, count or action
    action: str  # what the motion does
    expected: str  # the motion's value of the aspect
    found: str  # what the caption now claims


@dataclass(frozen=True)
class _Change:
    """A wording with one of its events changed."""

    caption: int
    place: int  # of the event in the wording
    event: Done
    changed: Done


def corrupt(clip: Clip, body: Skeleton, seed: int) -> list[Corruption]:
    """One corruption of one of a clip's captions, or none: together `SHARE` of all captions."""
    rng = generator("demo corruption", seed, clip.id)
    if rng.random() >= SHARE * len(clip.lines):
        return []
    said = list(_said(clip))
    for kind in _order(rng):
        for index in rng.permutation(len(said)):
            caption, place, event = said[int(index)]
            changed = _CHANGES[kind](event, clip, rng, body)
            found = _corruption(clip, kind, _Change(caption, place, event, changed)) if changed else None
            if found is not None:
                return [found]
    return []


def add_corruptions(output: Path, corruptions: Sequence[Corruption]) -> None:
    """Write the corrupted captions into a dataset's text files and list them in corruptions.jsonl."""
    for each in corruptions:
        respell(output / "texts" / f"{each.id}.txt", each.caption, each.after)
    rows = "".join(json.dumps(vars(each)) + "\n" for each in corruptions)
    (output / "corruptions.jsonl").write_text(rows, encoding="utf-8")


def _order(rng: np.random.Generator) -> list[str]:
    """The kinds in the order in which they are tried; heavy ones tend to come first."""
    draws = {kind: rng.random() ** (1 / _WEIGHTS[kind]) for kind in KINDS}
    return sorted(KINDS, key=lambda kind: -draws[kind])


def _corruption(clip: Clip, kind: str, change: _Change) -> Corruption | None:
    """The corruption that a change makes of a caption; None where the caption does not tell what changes."""
    line, aspect = clip.lines[change.caption], KINDS[kind]
    wording = _wording(clip, change.caption)
    events = list(wording.events)
    events[change.place] = change.changed
    before, after = wording.spoken(), wording.said_of(tuple(events))
    old, new = before.phrases[change.place], after.phrases[change.place]
    if aspect != "action" and old.template != new.template:
        return None
    if aspect == "count" and not (old.counted and new.counted):
        return None
    twin = clip.id == mirror_id(clip.id.lstrip("M"))
    text = mirror_text(after.text) if twin else after.text
    if old.text == new.text or text in [each.text for each in clip.lines]:
        return None
    expected, found = (str(getattr(event, aspect)) for event in (change.event, change.changed))
    if twin and aspect in ("side", "direction"):
        expected, found = (opposite(v) if v in ("left", "right") else v for v in (expected, found))
    return Corruption(
        clip.id, change.caption, kind, line.text, text, aspect, change.event.action, expected, found
    )


def _wording(clip: Clip, index: int) -> Wording:
    wording = clip.lines[index].wording
    if wording is None:
        raise ValueError(f"{clip.id}: caption {index} does not say what it was made from")
    return wording


def _said(clip: Clip) -> Iterator[tuple[int, int, Done]]:
    """Caption, place in it, and event, of all events in all captions."""
    for index in range(len(clip.lines)):
        for place, event in enumerate(_wording(clip, index).events):
            yield index, place, event


def _other_side(event: Done, clip: Clip, rng: np.random.Generator, body: Skeleton) -> Done | None:
    return replace(event, side=opposite(event.side)) if event.side in ("left", "right") else None


def _other_direction(event: Done, clip: Clip, rng: np.random.Generator, body: Skeleton) -> Done | None:
    if event.direction not in ("left", "right", "forward", "backward"):
        return None
    return replace(event, direction=opposite(event.direction))


def _other_count(event: Done, clip: Clip, rng: np.random.Generator, body: Skeleton) -> Done | None:
    wrong = _wrong_counts(event, clip.done)
    return replace(event, count=wrong[int(rng.integers(len(wrong)))]) if wrong else None


def _wrong_counts(event: Done, done: Sequence[Done]) -> list[int]:
    """Numbers that are wrong even if a measure misses a little or counts all ways of a clip together."""
    counted = ACTIONS[event.action].counted
    if not counted:
        return []
    true = [event.count]
    if counted == "steps":
        true.append(sum(each.count for each in done if each.action in LOCOMOTION))
    return [
        count
        for count in range(1, _MOST + 1)
        if all(_least(counted, value, count) <= abs(count - value) for value in true)
        and abs(count - event.count) <= 4
    ]


def _least(counted: str, *counts: int) -> int:
    """By how many two numbers must differ for one to be wrong."""
    return 3 if counted == "steps" else 1 if max(counts) <= 5 else 2


def _other_action(event: Done, clip: Clip, rng: np.random.Generator, body: Skeleton) -> Done:
    seen = seen_in(done.action for done in clip.done)
    absent = [action for action in REPLACING if action not in seen]
    action = absent[int(rng.integers(len(absent)))]
    stage, _ = act([arguments(rng, action, [])], body_of(body), rng)
    return stage.done[-1]


_CHANGES: dict[str, Callable[[Done, Clip, np.random.Generator, Skeleton], Done | None]] = {
    "side_swapped": _other_side,
    "direction_swapped": _other_direction,
    "count_changed": _other_count,
    "action_replaced": _other_action,
}
