"""What the clips and goals of a shard are compared by with those of all other shards: hashes, signatures."""

from __future__ import annotations

from base64 import b64encode
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motion.signature import signature
from motion.skeleton import skeleton
from schemas.rows import Segment
from schemas.shards import features_of
from transforms.profile_shard import Shard

FRAMES_A_SIGNATURE = 8


def profile_keys(shard: Shard) -> dict[str, Any]:
    """Clips with content and signature, goals with a hash of caption and motion, references elsewhere.

    Notes what only the motion features tell: whether they are finite and as many as the row says.
    """
    clips: list[list[Any]] = []
    features: dict[str, NDArray[np.float32]] = {}
    tally, body = shard.tallies["motions"], skeleton(shard.config["skeleton"])
    for motion_id, clip in _features(shard).items():
        frames, split = shard.motions[motion_id]
        tally.check("frames_as_features", len(clip) == frames, motion_id, len(clip))
        finite = bool(np.isfinite(clip).all())
        tally.check("finite", finite, motion_id, False)
        features[motion_id] = clip
        shown = signature(clip, body) if finite and len(clip) >= FRAMES_A_SIGNATURE else None
        packed = "" if shown is None or shown.is_still else b64encode(shown.samples.tobytes()).decode()
        clips.append([motion_id, split, frames, _hash(clip.tobytes()), packed])
    return {
        "clips": sorted(clips),
        "pairs": _pairs(shard, features),
        "references": sorted([*key, *value] for key, value in shard.foreign.items()),
    }


def _features(shard: Shard) -> dict[str, NDArray[np.float32]]:
    if not shard.motions:
        return {}
    table = shard.corpus.read("motions", shard.index, ["motion_id", "features"])
    ids = table.column("motion_id").to_pylist()
    # A clip whose row could not be read is counted there.
    return {name: features_of(table, row) for row, name in enumerate(ids) if name in shard.motions}


def _pairs(shard: Shard, features: dict[str, NDArray[np.float32]]) -> list[list[str]]:
    """Hash of caption and frames, id and split of every goal."""
    found = []
    seen: dict[Segment, str] = {}
    for goal_id, (split, motion_id, start, end, caption) in shard.goals.items():
        clip = features.get(motion_id)
        if clip is not None:
            part = (motion_id, start, end)
            if part not in seen:
                seen[part] = _hash(clip[start:end].tobytes())
            content = f"{seen[part]} {' '.join(caption.lower().split())}"
            found.append([_hash(content.encode("utf-8", "surrogatepass")), goal_id, split])
    return sorted(found)


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=12).hexdigest()
