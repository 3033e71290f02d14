"""What a motion tokenizer loses of motions, and how it uses its codes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from motion.compare import differences
from motion.facts import measure
from motion.features import joints_from_features
from motion.skeleton import Skeleton, skeleton
from motion.tokenizer import MotionTokenizer
from trainer.motion_clips import Array32, Clips, feature_groups

_AT_ONCE = 64  # motions


@dataclass(frozen=True)
class Reconstruction:
    """Means over all frames of the motions of a split, after a way through the tokens and back."""

    motions: int
    tokens: int
    position_mm: float  # distance of joints, each motion from its own start
    root_aligned_mm: float  # distance of joints from the root, in the axes of the scene
    pose_mm: float  # distance of joints from the root, in the figure's own heading
    velocity_mm: float  # distance of joints' displacements from frame to frame
    differences: float  # of what is measured to be done, a motion
    codes: int  # the tokenizer has
    codes_used: int
    perplexity: float  # of the codes' shares: so many evenly used ones they equal

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"{self.motions} motions, {self.tokens} tokens",
            f"joints off by {self.position_mm:.0f} mm, from the root {self.root_aligned_mm:.0f} mm, "
            f"in the figure's heading {self.pose_mm:.0f} mm",
            f"displacement a frame off by {self.velocity_mm:.1f} mm",
            f"{self.differences:.1f} differences a motion in what is measured to be done",
            f"codes used: {self.codes_used} of {self.codes}, perplexity {self.perplexity:.0f}",
        ]


def reconstruction(tokenizer: MotionTokenizer, clips: Clips) -> Reconstruction:
    """Encode and decode motions, and compare; frames behind the last whole token are left out."""
    body = skeleton(tokenizer.skeleton)
    sums, frames, steps, differing = np.zeros(4), 0, 0, 0
    counts = np.zeros(tokenizer.codes, np.int64)
    for start in range(0, len(clips), _AT_ONCE):
        places = range(start, min(start + _AT_ONCE, len(clips)))
        tokens = tokenizer.encode([clips.clip(place) for place in places])
        made = tokenizer.decode(tokens)
        true = [clips.clip(place)[: len(one)] for place, one in zip(places, made, strict=True)]
        counts += np.bincount(np.concatenate(tokens), minlength=tokenizer.codes)
        sums += sum(_distances(*pair, body) for pair in zip(true, made, strict=True))
        frames, steps = frames + sum(map(len, made)), steps + sum(len(one) - 1 for one in made)
        differing += _differences(true, made, body)
    sums *= body.metres_per_unit * 1000
    shares = counts[counts > 0] / counts.sum()
    return Reconstruction(
        motions=len(clips),
        tokens=int(counts.sum()),
        position_mm=float(sums[0] / frames),
        root_aligned_mm=float(sums[1] / frames),
        pose_mm=float(sums[2] / frames),
        velocity_mm=float(sums[3] / steps),
        differences=differing / len(clips),
        codes=tokenizer.codes,
        codes_used=int((counts > 0).sum()),
        perplexity=float(np.exp(-(shares * np.log(shares)).sum())),
    )


def _differences(true: list[Array32], made: list[Array32], body: Skeleton) -> int:
    """In how much the measured facts of motions differ, all together."""
    one, other = (measure([joints_from_features(f, body) for f in clips], body) for clips in (true, made))
    return sum(len(differences(*pair)) for pair in zip(one, other, strict=True))


def _distances(true: Array32, made: Array32, body: Skeleton) -> np.ndarray:
    """Sums over frames of the joints' mean distance: position, root aligned, pose, displacement."""
    one, other = (joints_from_features(features, body).astype(np.float64) for features in (true, made))
    positions = feature_groups(body.feature_size)["positions"]
    poses = [f[:, positions].reshape(len(f), -1, 3) for f in (true, made)]
    differences = (
        one - other,
        (one - one[:, :1]) - (other - other[:, :1]),
        poses[0] - poses[1],
        np.diff(one, axis=0) - np.diff(other, axis=0),
    )
    return np.array([np.linalg.norm(d, axis=-1).mean(axis=-1).sum() for d in differences])
