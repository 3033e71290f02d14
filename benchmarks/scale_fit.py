"""From measured builds to the constants of `irmogen plan --scale`, and how well they foretell another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.scale_model import CONSTANTS_VERSION, Constants, Wanted, constants_of, estimate

Row = Mapping[str, Any]
OF_STEP = "step "  # before a step's name, among what is foretold
LEAST_ERROR, LEAST_BYTES_ERROR = 0.10, 0.03  # of a band: one benchmark does not prove more
MOTIONS = ("motions", "perturbed")


def line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Least squares of relative errors: what a measure is at 0 and what it grows by, neither below 0."""
    weights = [1 / max(y, 1e-9) ** 2 for _, y in points]
    total = sum(weights)
    x0 = sum(w * x for w, (x, _) in zip(weights, points)) / total
    y0 = sum(w * y for w, (_, y) in zip(weights, points)) / total
    spread = sum(w * (x - x0) ** 2 for w, (x, _) in zip(weights, points))
    slope = sum(w * (x - x0) * (y - y0) for w, (x, y) in zip(weights, points)) / spread if spread else 0.0
    if slope <= 0:
        return y0, 0.0
    if y0 - slope * x0 < 0:
        xx = sum(w * x * x for w, (x, _) in zip(weights, points))
        return 0.0, sum(w * x * y for w, (x, y) in zip(weights, points)) / xx
    return y0 - slope * x0, slope


def busiest(row: Row) -> float:
    """Goals of the worker that does most shards."""
    return math.ceil(row["shards"] / row["workers"]) / row["shards"] * row["goals"]


def rest(row: Row) -> float:
    """Seconds that no phase names: the interpreter, imports, the report."""
    return row["seconds"] - sum(row["phases"].values())


def constants_from(rows: Sequence[Row], before: Constants, errors: tuple[float, float]) -> dict[str, Any]:
    """Constants as their file holds them; what the rows do not tell is kept. ValueError without a slope."""
    goals, clips = sum(row["goals"] for row in rows), sum(row["clips"] for row in rows)
    shards = sum(row["shards"] for row in rows)
    steps = {step: sum(row["steps"][step]["elapsed"] for row in rows) / goals for step in rows[-1]["steps"]}
    pipeline_fixed, slope = line([(busiest(row), row["phases"]["pipeline"]) for row in rows])
    if not slope:
        raise ValueError("larger corpora took no longer: measure again on a machine that does nothing else")
    gate_fixed, gate = line([(row["shards"], row["phases"]["gate"]) for row in rows])
    rest_fixed, more = line([(row["shards"], rest(row)) for row in rows])
    memory_fixed, memory = line([(row["goals"], row["main_memory"]) for row in rows])
    frames = {"motions": sum(r["frames"] for r in rows), "perturbed": sum(r["goal_frames"] for r in rows)}
    bytes_of = {name: sum(row["bytes"][name] for row in rows) for name in rows[-1]["bytes"]}
    a_shard = {name: bytes_of.pop(name) / shards for name in ("receipts", "profile")}
    # Settings and verdict stand in it once, whatever its shards.
    manifest_fixed, a_shard["manifest"] = line([(row["shards"], row["bytes"]["manifest"]) for row in rows])
    del bytes_of["manifest"]
    fixed = bytes_of.pop("others") / len(rows) + manifest_fixed
    objects = rows[-1]["objects_a_shard"]
    shuffled = rows[-1].get("shuffled")
    values = {
        "version": CONSTANTS_VERSION,
        "measured": {**rows[-1]["measured"], "goals": [row["goals"] for row in rows]},
        "goals_a_clip": goals / clips,
        "frames_a_clip": frames["motions"] / clips,
        "frames_a_goal": frames["perturbed"] / goals,
        "seconds_a_goal": steps,
        "efficiency": sum(steps.values()) / slope,
        "pipeline_fixed": pipeline_fixed,
        "main_fixed": gate_fixed + rest_fixed,
        "main_a_shard": gate + more + sum(row["phases"]["receipts"] for row in rows) / shards,
        "main_a_clip": sum(row["phases"]["prepare"] for row in rows) / clips,
        "bytes_a_frame": {name: bytes_of[name] / frames[name] for name in MOTIONS},
        "bytes_a_goal": {name: held / goals for name, held in bytes_of.items() if name not in MOTIONS},
        "bytes_a_shard": a_shard,
        "bytes_fixed": fixed,
        # Pairs of alike clips grow with the corpus, so that the largest size tells more than all together.
        "shuffle_a_goal": {name: one["bytes"] / rows[-1]["goals"] for name, one in shuffled.items()}
        if shuffled
        else dict(before.shuffle_a_goal),
        "files_a_shard": rows[-1]["files_a_shard"],
        "worker_memory": max(peak for row in rows for peak in row["worker_memory"]),
        "main_memory": memory_fixed,
        "main_memory_a_shard": objects,
        "engine_memory_a_goal": max(0.0, memory - objects * shards / goals),
        "llm": rows[0]["llm"],
        "error": max(LEAST_ERROR, errors[0]),
        "bytes_error": max(LEAST_BYTES_ERROR, errors[1]),
    }
    return _rounded(values)


def _rounded(values: Any) -> Any:
    if isinstance(values, dict):
        return {name: _rounded(value) for name, value in values.items()}
    return float(f"{values:.5g}") if isinstance(values, float) else values


def foretold(known: Constants, row: Row) -> dict[str, float]:
    """What the constants say of a build that was measured: seconds, bytes stored, shuffled and of memory.

    Seconds of a step are named by it; they are of all workers together.
    """
    found = estimate(
        known,
        Wanted(row["goals"], row["workers"], row["goals"] / row["clips"], row["frames"] / row["clips"], 64),
    )
    return {
        "seconds": found.seconds,
        "bytes": found.bytes,
        "main_memory": found.main_memory + found.engine_memory,
        "worker_memory": found.worker_memory,
        "shuffled": sum(found.shuffle_bytes.values()),
        **{OF_STEP + step: seconds for step, seconds in found.step_seconds.items()},
    }


def measured(row: Row) -> dict[str, float]:
    """The same of the build itself; nothing shuffled where it was not counted."""
    shuffled = row.get("shuffled")
    return {
        "seconds": row["seconds"],
        "bytes": sum(row["bytes"].values()),
        "main_memory": row["main_memory"],
        "worker_memory": max(row["worker_memory"]),
        **({"shuffled": sum(one["bytes"] for one in shuffled.values())} if shuffled else {}),
        **{OF_STEP + step: spent["elapsed"] for step, spent in row["steps"].items()},
    }


def errors_of(known: Constants, row: Row) -> dict[str, float]:
    """How far off, as shares; above 0 where more was foretold than there was."""
    told = foretold(known, row)
    return {name: told[name] / value - 1 for name, value in measured(row).items() if value and name in told}


def validated(rows: Sequence[Row], before: Constants) -> tuple[dict[str, Any], dict[str, float]]:
    """Constants of all rows but the last, and how far off they are about the last."""
    values = constants_from(rows[:-1], before, (0.0, 0.0))
    return values, errors_of(constants_of(values, "the smaller sizes"), rows[-1])


def final(rows: Sequence[Row], before: Constants) -> dict[str, Any]:
    """Constants of all rows, whose band is as wide as the smaller sizes were wrong about the largest."""
    _, errors = validated(rows, before)
    return constants_from(rows, before, (abs(errors["seconds"]), abs(errors["bytes"])))
