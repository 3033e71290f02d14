"""How many copies of clips the comparison of shards finds, and what it takes for copies that are none.

Copies of the moving clips of a corpus are injected one kind at a time: exact ones, cut and shifted ones,
noisy ones, mirrored ones. A copy is found when it shares a band with its clip, its sketch lets it pass and
the distance confirms it. Pairs of clips that nobody copied, of different captions, count as false alarms.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from common import report
from numpy.typing import NDArray

from motion.features import features_from_joints, joints_from_features
from motion.mirror import mirror_joints
from motion.seeds import generator
from motion.signature import NEAR, Signature, distance, signature, sketched
from motion.skeleton import Skeleton, skeleton
from schemas.corpus import open_corpus
from schemas.shards import features_of
from transforms.alike import SKETCHED
from transforms.step import base_id

Clip = NDArray[np.float32]


def injected(body: Skeleton) -> dict[str, tuple[bool, Callable[[str, Clip], Clip]]]:
    """Kinds of copies: whether they are mirrored, and how they are made of an id and joints."""

    def noisy(name: str, joints: Clip, size: float) -> Clip:
        noise = generator("noise", name).normal(0, size / body.metres_per_unit, joints.shape)
        return joints + noise.astype(np.float32)

    def mirrored(joints: Clip) -> Clip:
        return mirror_joints(joints, body)

    kinds: dict[str, tuple[bool, Callable[[str, Clip], Clip]]] = {
        "exact": (False, lambda _, joints: joints),
        "mirrored": (True, lambda _, joints: mirrored(joints)),
    }
    for frames in (1, 2, 3, 5, 8, 16):
        kinds[f"begins {frames} frames later"] = (False, lambda _, joints, frames=frames: joints[frames:])
    for centimetres in (0.5, 1, 2, 4):
        kinds[f"noise of {centimetres} cm"] = (
            False,
            lambda name, joints, size=centimetres / 100: noisy(name, joints, size),
        )
    kinds["3 frames later, noise of 1 cm"] = (False, lambda name, joints: noisy(name, joints[3:], 0.01))
    kinds["mirrored, 3 frames later, noise of 1 cm"] = (
        True,
        lambda name, joints: noisy(name, mirrored(joints)[3:], 0.01),
    )
    return kinds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="folder that `irmogen build` wrote")
    args = parser.parse_args()
    corpus, manifest = open_corpus(args.corpus)
    body = skeleton(manifest["config"]["skeleton"])
    clips: dict[str, Clip] = {}
    captions: dict[str, set[str]] = defaultdict(set)
    for index in range(corpus.shards):
        table = corpus.read("motions", index, ["motion_id", "features"])
        ids = table.column("motion_id").to_pylist()
        clips |= {name: features_of(table, row) for row, name in enumerate(ids)}
        for goal in corpus.read("goals", index, ["motion_id", "caption"]).to_pylist():
            captions[goal["motion_id"]].add(goal["caption"])
    shown = {name: signature(clip, body) for name, clip in clips.items()}
    moving = {name: clips[name] for name, seen in shown.items() if not seen.is_still}
    table = [_recall(kind, *how, moving, shown, body) for kind, how in injected(body).items()]
    report("duplicates", table)
    print(f"{len(clips)} clips, {len(clips) - len(moving)} of them too still to be compared")
    _false_alarms(moving, shown, captions)


def _recall(
    kind: str,
    mirrored: bool,
    make: Callable[[str, Clip], Clip],
    moving: dict[str, Clip],
    shown: dict[str, Signature],
    body: Skeleton,
) -> dict[str, object]:
    banded, found, apart = 0, 0, []
    for name, clip in moving.items():
        copy = signature(features_from_joints(make(name, joints_from_features(clip, body)), body), body)
        own = shown[name].mirrored() if mirrored else shown[name]
        apart.append(distance(copy, own))
        shares = any(one == other for one, other in zip(copy.bands(), own.bands(), strict=True))
        banded += shares
        passes = sketched(copy.sketch()[None], own.sketch()[None])[0, 0] <= SKETCHED
        found += bool(shares and passes and apart[-1] <= NEAR)
    return {
        "copy": kind,
        "clips": len(moving),
        "share a band, %": 100 * banded / len(moving),
        "found, %": 100 * found / len(moving),
        "median cm": 100 * float(np.median(apart)),
        "worst cm": 100 * max(apart),
    }


def _false_alarms(
    moving: dict[str, Clip], shown: dict[str, Signature], captions: dict[str, set[str]]
) -> None:
    """Pairs of clips of different origin that are taken for copies, by whether they share a caption."""
    groups: dict[tuple[int, str], set[str]] = defaultdict(set)
    for name in moving:
        for number, band in enumerate(shown[name].bands()):
            groups[number, band].add(name)
    pairs = {
        (one, other)
        for names in groups.values()
        for one in names
        for other in names
        if one < other and base_id(one) != base_id(other)
    }
    near = [
        (one, other)
        for one, other in pairs
        if sketched(shown[one].sketch()[None], shown[other].sketch()[None])[0, 0] <= SKETCHED
        and distance(shown[one], shown[other]) <= NEAR
    ]
    same = sum(bool(captions[one] & captions[other]) for one, other in near)
    count = len(moving) * (len(moving) - 1) // 2
    print(
        f"{count} pairs of clips: {len(pairs)} of different origin share a band, {len(near)} are taken for "
        f"near-duplicates, {same} of those share a caption word for word"
    )
    for one, other in sorted(near)[:: max(1, len(near) // 12)]:
        print(f"  {one}: {min(captions[one])!r}\n  {other}: {min(captions[other])!r}")


if __name__ == "__main__":
    main()
