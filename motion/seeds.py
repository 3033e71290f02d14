"""Random draws whose seeds come from ids, so that order, time and workers do not matter."""

from __future__ import annotations

import hashlib

import numpy as np


def seed(*parts: object) -> int:
    """A 64-bit seed out of ids and names; the same parts give the same seed anywhere."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def generator(*parts: object) -> np.random.Generator:
    """A random generator seeded by ids and names."""
    return np.random.Generator(np.random.PCG64(seed(*parts)))


def share(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone: for stable splits."""
    return seed(*parts) / 2**64
