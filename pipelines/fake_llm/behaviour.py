"""How the fake endpoint behaves: its speed, its limits, its faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Behaviour:
    """What the command's flags set."""

    latency: float = 0.0  # seconds until an answer
    jitter: float = 0.0  # seconds that the latency varies by, up and down
    capacity: int = 0  # requests in flight, more are rejected; 0: no limit
    rpm: int = 0  # requests a minute; 0: no limit
    faults: Mapping[str, float] = field(default_factory=dict)  # share of requests by kind of fault
    seed: int = 0  # another seed, other requests fail
    batch_seconds: float = 1.0  # from a batch's creation to its end
    batch_expire: float = 0.0  # share of the batches that expire half done
    api_key: str = ""  # empty: any key is good
