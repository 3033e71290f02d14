"""Which shard of a corpus holds a motion: what its id tells."""

from __future__ import annotations

import re

from schemas.rows import MotionRef
from transforms.step import shard_of

# DATASET-MOTION-CAPTION, @FIRST-END of a part of the motion, and the number of the version.
_PERTURBED = re.compile(r"[^-]+-(.+?)-\d+(?:@\d+-\d+)?-p\d+", re.DOTALL)


def home_of(motion: MotionRef, shards: int) -> int:
    """The shard of a motion; a perturbed version lies in that of the motion that it was made from."""
    made = _PERTURBED.fullmatch(motion.id) if motion.table == "perturbed" else None
    return shard_of(made[1] if made else motion.id, shards)
