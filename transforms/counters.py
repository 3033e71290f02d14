"""What the engine counted: its counters by name, added up over transforms and workers."""

from __future__ import annotations

from collections import Counter
from typing import Any


def totals(result: Any, namespace: str) -> dict[str, int]:
    """Counters of a namespace, of a pipeline that has run; empty where a runner tells none.

    A counter of one name comes once for each transform that counted, so that they are added.
    """
    from apache_beam.metrics import MetricsFilter

    try:
        counters = result.metrics().query(MetricsFilter().with_namespace(namespace))["counters"]
    except (AttributeError, NotImplementedError, ValueError):
        return {}  # a runner without metrics
    found: Counter[str] = Counter()
    for counter in counters:
        # A runner that does not tell what was committed tells what was attempted.
        count = counter.committed if counter.committed is not None else counter.attempted
        found[counter.key.metric.name] += count or 0
    return dict(found)
