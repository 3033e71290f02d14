"""Memory that goes back to the system between shards.

Workers live as long as a build. What allocators keep for themselves after each shard, in pieces too small for
the next one, would let a worker grow with the shards that it has seen, not with what a shard needs.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

import pyarrow as pa


def give_back() -> None:
    """Let allocators return what nobody uses; some milliseconds."""
    pa.default_memory_pool().release_unused()
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    """glibc's malloc_trim; none where the C library is another one."""
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found
