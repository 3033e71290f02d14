"""Writing the demo dataset in the layout of HumanML3D or KIT-ML."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motion.demo.captions import caption
from motion.demo.defects import add_defects
from motion.demo.rig import body_of
from motion.demo.script import LONGEST, act, draw
from motion.demo.stage import Done, Stage, perform
from motion.events import Event
from motion.features import canonical, features_from_joints, joints_from_features
from motion.mirror import mirror_event, mirror_id, mirror_joints
from motion.mirror_text import mirror_text
from motion.seeds import generator, share
from motion.skeleton import Skeleton
from motion.skeleton import skeleton as skeleton_named
from motion.tagging import tag

Float = NDArray[np.float32]
SPLITS = ("train", "val", "test")
_SHARES = (0.8, 0.05)  # train, val; the rest is test
_SMALLEST_SPLIT = 30  # originals from which on every split gets at least one


@dataclass(frozen=True)
class Line:
    """One caption line: text and seconds; 0 and 0 for the whole clip."""

    text: str
    start: float = 0.0
    end: float = 0.0

    def written(self) -> str:
        """The line as it stands in a text file, without the line break."""
        return f"{self.text}#{tag(self.text)}#{self.start:.1f}#{self.end:.1f}"


@dataclass(frozen=True)
class Clip:
    """One clip: features (T, F) and joints (T, J, 3) as they are written, captions and what it does."""

    id: str
    source: Float  # (T + 1, J, 3), what the features were made from
    features: Float
    joints: Float
    lines: tuple[Line, ...]
    events: tuple[Event, ...]


def write_demo(
    output: Path,
    motions: int = 600,
    skeleton: str = "t2m",
    seed: int = 0,
    defects: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a dataset of `motions` clips, half of them mirrored twins, into a new or empty folder.

    A clip depends on the seed and its own number alone. `progress` is called with clips done and in
    all. ValueError for fewer than two motions, an unknown skeleton or a folder that holds files.
    """
    body = skeleton_named(skeleton)
    if motions < 2:
        raise ValueError(f"motions is {motions}: at least 2 are needed, a clip and its mirrored twin")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ValueError(f"{output}: is not empty; give a new folder for the demo dataset")
    for name in ("new_joints", "new_joint_vecs", "texts"):
        (output / name).mkdir(parents=True, exist_ok=True)
    originals = (motions + 1) // 2
    splits = split_ids([base_id(body, number) for number in range(originals)], seed)
    statistics = Statistics(body)
    truth: list[dict[str, object]] = []
    placed: dict[str, str] = {}
    for number in range(originals):
        clip = make_clip(body, number, seed)
        pair = (clip, mirrored(clip, body))[: motions - 2 * number]
        for each in pair:
            _write_clip(output, each)
            statistics.add(each.features)
            truth.append(_truth(each, body, splits[clip.id]))
            placed[each.id] = splits[clip.id]
        if progress:
            progress(min(2 * number + 2, motions), motions)
    _write_lists(output, placed)
    statistics.write(output)
    write_json_lines(output / "truth.jsonl", truth)
    if defects:
        add_defects(output, body, list(placed), seed)


def base_id(body: Skeleton, number: int) -> str:
    """000001 for HumanML3D's first clip, 00001 for KIT-ML's."""
    return f"{number + 1:0{6 if body.name == 't2m' else 5}d}"


def make_clip(body: Skeleton, number: int, seed: int) -> Clip:
    """The clip of that number, original side."""
    stage, duration = _staged(body, number, seed)
    metres = perform(stage, duration, body.fps)
    source = canonical(metres / body.metres_per_unit, body)
    features = features_from_joints(source, body)
    joints = joints_from_features(features, body)
    frames = len(features)
    events = tuple(_event(done, body.fps, frames) for done in stage.done)
    lines = _captions(stage.done, events, number, seed, body)
    return Clip(base_id(body, number), source, features, joints, lines, events)


def mirrored(clip: Clip, body: Skeleton) -> Clip:
    """The mirrored twin."""
    source = mirror_joints(clip.source, body)
    features = features_from_joints(source, body)
    lines = tuple(Line(mirror_text(line.text), line.start, line.end) for line in clip.lines)
    events = tuple(mirror_event(event) for event in clip.events)
    return Clip(mirror_id(clip.id), source, features, joints_from_features(features, body), lines, events)


def split_ids(ids: list[str], seed: int) -> dict[str, str]:
    """train, val or test for each id by its hash; with enough ids every split has one."""
    places = {motion_id: share("demo split", seed, motion_id) for motion_id in ids}
    splits = {}
    for motion_id, place in places.items():
        splits[motion_id] = SPLITS[int(np.searchsorted(np.cumsum(_SHARES), place, side="right"))]
    if len(ids) >= _SMALLEST_SPLIT:
        ordered = sorted(ids, key=places.__getitem__)
        for split, candidate in (("test", ordered[-1]), ("val", ordered[-2])):
            if split not in splits.values():
                splits[candidate] = split
    return splits


class Statistics:
    """Mean and standard deviation over all frames; the deviation averaged within each block of features,
    as published."""

    def __init__(self, body: Skeleton) -> None:
        self._body = body
        self._count = 0
        self._sum = np.zeros(body.feature_size)
        self._squares = np.zeros(body.feature_size)

    def add(self, features: Float) -> None:
        """Take in one clip's features (T, F)."""
        values = features.astype(np.float64)
        self._count += len(values)
        self._sum += values.sum(axis=0)
        self._squares += np.square(values).sum(axis=0)

    def write(self, output: Path) -> None:
        """Write Mean.npy and Std.npy, float32 (F,)."""
        mean = self._sum / self._count
        std = np.sqrt(np.maximum(self._squares / self._count - mean**2, 0))
        bones = self._body.joint_count - 1
        sizes = (1, 2, 1, 3 * bones, 6 * bones, 3 * bones + 3, 4)
        blocks = np.split(std, np.cumsum(sizes)[:-1])
        # A block that never varies would otherwise divide by zero.
        level = np.concatenate([np.full(len(block), max(float(block.mean()), 1e-6)) for block in blocks])
        np.save(output / "Mean.npy", mean.astype(np.float32))
        np.save(output / "Std.npy", level.astype(np.float32))


def write_json_lines(path: Path, rows: Iterable[dict[str, object]]) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _staged(body: Skeleton, number: int, seed: int) -> tuple[Stage, float]:
    """The first plan that is short enough, with fewer actions each time."""
    for most in (3, 2, 1):
        rng = generator("demo motion", seed, number, most)
        stage, duration = act(draw(rng, number, most), body_of(body), rng)
        if duration <= LONGEST:
            return stage, duration
    raise ValueError(f"demo clip {number}: {duration:.1f} s even with one action, at most {LONGEST} s")


def _event(done: Done, fps: float, frames: int) -> Event:
    start, end = round(done.start * fps), min(round(done.end * fps), frames)
    return Event(
        action=done.action,
        start=start,
        end=end,
        side=done.side,
        direction=done.direction,
        path=done.path,
        count=done.count,
        amount=float(done.amount),
        speed=done.speed,
    )


def _captions(
    done: list[Done], events: tuple[Event, ...], number: int, seed: int, body: Skeleton
) -> tuple[Line, ...]:
    rng = generator("demo captions", seed, number)
    details = [2, 1, int(rng.integers(0, 3)), 0][: int(rng.integers(3, 5))]
    texts: list[str] = []
    for detail in details:
        text = caption(rng, done, detail)
        for _ in range(8):
            if text not in texts:
                break
            text = caption(rng, done, detail)
        texts.append(text)
    lines = [Line(text) for text in texts]
    spans = [(index, _span(event, body)) for index, event in enumerate(events)]
    fitting = [(index, span) for index, span in spans if span is not None]
    if len(events) > 1 and fitting and rng.random() < 0.6:
        index, span = fitting[int(rng.integers(len(fitting)))]
        lines[-1] = Line(caption(rng, [done[index]], int(rng.integers(1, 3))), *span)
    return tuple(lines)


def _span(event: Event, body: Skeleton) -> tuple[float, float] | None:
    """Seconds with one decimal whose frames cover the event; None when they are too few for a clip."""
    since = int(event.start / body.fps * 10) / 10
    until = int(np.ceil(event.end / body.fps * 10)) / 10
    while int(until * body.fps) < event.end:
        until = round(until + 0.1, 1)
    if since <= 0 or int(until * body.fps) - int(since * body.fps) < body.min_frames:
        return None
    return since, until


def _write_clip(output: Path, clip: Clip) -> None:
    np.save(output / "new_joints" / f"{clip.id}.npy", clip.joints)
    np.save(output / "new_joint_vecs" / f"{clip.id}.npy", clip.features)
    text = "".join(line.written() + "\n" for line in clip.lines)
    (output / "texts" / f"{clip.id}.txt").write_text(text, encoding="utf-8")


def _truth(clip: Clip, body: Skeleton, split: str) -> dict[str, object]:
    return {
        "id": clip.id,
        "split": split,
        "frames": len(clip.features),
        "fps": body.fps,
        "events": [event.as_dict() for event in clip.events],
    }


def _write_lists(output: Path, splits: dict[str, str]) -> None:
    for name in (*SPLITS, "all"):
        ids = [motion_id for motion_id, split in splits.items() if name in (split, "all")]
        (output / f"{name}.txt").write_text("".join(f"{i}\n" for i in sorted(ids)), encoding="utf-8")
