"""How existing training code finds a motion: new_joint_vecs/NAME.npy and a time span in seconds.

Its loader splits a name at underscores and takes the piece of six or seven characters; 0 to 0 is the
whole clip, any other span becomes the frames int(from * fps):int(to * fps).
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from motion.skeleton import skeleton
from schemas.corpus import Corpus

SPLIT = "train"  # the one that is exported

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# HumanML3D's ids have six characters, KIT-ML's five, mirrored ones one more.
_READABLE = {"t2m": re.compile(r"[^_]{6,7}"), "kit": re.compile(r"[^_]{5,7}")}


@dataclass(frozen=True)
class Names:
    """What the motions of a corpus are called in an export."""

    fps: float
    frames: dict[str, int]  # of every clip, by its id
    perturbed: dict[str, str]  # perturbed id -> name, in the order of the ids
    renamed: dict[str, str]  # id of a clip that existing code would not find -> name

    def reference(self, motion: dict[str, Any]) -> dict[str, Any]:
        """A MotionRef's frames as the authors' code reads them."""
        start, end = motion["start"], motion["end"]
        if motion["table"] == "perturbed" or (start, end) == (0, self.frames[motion["id"]]):
            start, end = 0, 0
        return {
            "motion_name": self.name(motion),
            "f_tag": seconds(start, self.fps),
            "to_tag": seconds(end, self.fps),
        }

    def name(self, motion: dict[str, Any]) -> str:
        """The name of a MotionRef's file, without its ending."""
        if motion["table"] == "perturbed":
            return self.perturbed[motion["id"]]
        return self.renamed.get(motion["id"], motion["id"])


def motion_names(corpus: Corpus, skeleton_name: str) -> Names:
    """Names of all motions that the exported split refers to; holds the ids of all clips."""
    frames: dict[str, int] = {}
    used: dict[str, set[str]] = {"motions": set(), "perturbed": set()}
    for index in range(corpus.shards):
        clips = corpus.read("motions", index, ["motion_id", "frames"])
        frames.update(zip(*(clips[name].to_pylist() for name in ("motion_id", "frames")), strict=True))
        for row in split_rows(corpus, index, "stage2", ["motion", "ladder"]):
            for motion in (row["motion"], *(rung["motion"] for rung in row["ladder"])):
                used[motion["table"]].add(motion["id"])
    readable = _READABLE[skeleton_name]
    unreadable = [motion_id for motion_id in used["motions"] if not readable.fullmatch(motion_id)]
    return Names(
        skeleton(skeleton_name).fps,
        frames,
        short_names("P", used["perturbed"], frames),
        short_names("C", unreadable, frames),
    )


def split_rows(
    corpus: Corpus, index: int, table: str, columns: list[str], task: str = ""
) -> list[dict[str, Any]]:
    """Rows of one shard that are in the exported split and, where one is given, about the task."""
    wanted = pc.field("split") == SPLIT
    if task:
        wanted &= pc.field("task") == task
    names = {*columns, "split", *(["task"] if task else [])}
    return corpus.read(table, index, sorted(names)).filter(wanted).select(columns).to_pylist()


def seconds(frame: int, fps: float) -> float:
    """A time t with int(t * fps) == frame."""
    time = frame / fps
    while int(time * fps) < frame:
        time = math.nextafter(time, math.inf)
    return time


def short_names(letter: str, ids: Collection[str], taken: Collection[str]) -> dict[str, str]:
    """Names of seven characters, numbered in the order of the ids, none of them taken.

    In base 36 where six decimal digits are too few; ValueError where those are too few as well.
    """
    base = 10 if len(ids) + len(taken) < 10**6 else 36
    names: dict[str, str] = {}
    number = 0
    for key in sorted(ids):
        number += 1
        while (name := letter + _padded(number, base)) in taken:
            number += 1
        names[key] = name
    if number >= base**6:
        raise ValueError(f"{len(ids)} motions are more than names of seven characters tell apart")
    return names


def _padded(number: int, base: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, base)
        digits = _DIGITS[digit] + digits
    return digits.rjust(6, "0")
