"""Writing the demo dataset in the layout of HumanML3D or KIT-ML."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from motion.demo.clips import Clip, Float, base_id, make_clip, mirrored
from motion.demo.corruption import Corruption, add_corruptions, corrupt
from motion.demo.defects import add_defects
from motion.seeds import share
from motion.skeleton import Skeleton
from motion.skeleton import skeleton as skeleton_named

SPLITS = ("train", "val", "test")
_SHARES = (0.8, 0.05)  # train, val; the rest is test
_SMALLEST_SPLIT = 30  # originals from which on every split gets at least one


def write_demo(
    output: Path,
    motions: int = 600,
    skeleton: str = "t2m",
    seed: int = 0,
    defects: bool = False,
    corrupt_captions: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a dataset of `motions` clips, half of them mirrored twins, into a new or empty folder.

    A clip depends on the seed and its own number alone, what is wrong with its captions on its id too.
    `defects` spoils single clips and lists them in defects.jsonl; `corrupt_captions` makes a fifth of the
    captions untrue, but none of a clip with a defect, and lists them in corruptions.jsonl. `progress` is
    called with clips done and in all. ValueError for fewer than two motions, an unknown skeleton or a folder
    that holds files.
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
    corruptions: list[Corruption] = []
    for number in range(originals):
        clip = make_clip(body, number, seed)
        pair = (clip, mirrored(clip, body))[: motions - 2 * number]
        for each in pair:
            _write_clip(output, each)
            statistics.add(each.features)
            truth.append(_truth(each, body, splits[clip.id]))
            placed[each.id] = splits[clip.id]
            if corrupt_captions:
                corruptions += corrupt(each, body, seed)
        if progress:
            progress(min(2 * number + 2, motions), motions)
    _write_lists(output, placed)
    statistics.write(output)
    write_json_lines(output / "truth.jsonl", truth)
    spoiled = add_defects(output, body, list(placed), seed) if defects else set()
    if corrupt_captions:
        add_corruptions(output, [each for each in corruptions if each.id not in spoiled])


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
