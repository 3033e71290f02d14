"""docs/scale.md: the tables between its markers, and the picture of measurements beside the prediction."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
from scale_fit import OF_STEP, errors_of, foretold, measured

from pipelines import plan_scale
from pipelines.amounts import duration, size
from pipelines.inputs import CLIPS_A_SHARD
from pipelines.inputs import add_arguments as build_arguments
from pipelines.scale_limits import serial_store_seconds, store_requests
from pipelines.scale_model import Constants, Wanted, band, estimate
from schemas.llm_settings import LlmSettings
from schemas.prices import load_prices

Row = Mapping[str, Any]
DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE, PICTURE = DOCS / "scale.md", DOCS / "images" / "scale.svg"
SCALES = (10**6, 10**8, 10**9)
WORKERS = 200
SHUFFLE_TARGET = 4000  # bytes a goal
# List prices of a core, of standard storage and of its requests, in USD: assumptions, told as such.
WORKER_PRICE, STORAGE_PRICE, WRITE_PRICE, READ_PRICE = 0.05, 0.023, 0.005 / 1000, 0.0004 / 1000
MODEL = "gpt-4.1-mini"
_PAIRS = (
    "pairs of alike clips grow with the corpus until each clip has as many as a band's bound lets it have; "
    "the constants take the bytes a goal of the largest size"
)
BLUE, ORANGE, GREY = "#2563eb", "#d9480f", "#868e96"


def targets(rows: Sequence[Row], errors: Mapping[str, float], known: Constants) -> list[tuple[str, str]]:
    """What was asked of growth, and what was found."""
    a_goal = [1000 * row["seconds"] / row["goals"] for row in rows]
    fixed = known.pipeline_fixed + known.main_fixed
    beside = [1000 * (row["seconds"] - fixed) / row["goals"] for row in rows]
    work, cpu = (
        [1000 * sum(step[kind] for step in row["steps"].values()) / row["goals"] for row in rows]
        for kind in ("elapsed", "cpu")
    )
    found = [
        ("time a goal, all of it (1.15 times at most)", _spread(a_goal, "ms")),
        ("what a build takes whatever its size", f"{fixed:.1f} s"),
        ("time a goal beside that (1.15 times at most)", _spread(beside, "ms")),
        ("time a goal in the steps, of all workers", _spread(work, "ms")),
        ("of it CPU", _spread(cpu, "ms")),
        (
            "peak of the main process (1.3 times at most)",
            _spread([r["main_memory"] / 1e6 for r in rows], "MB"),
        ),
        (
            "peak of a worker (1.3 times at most)",
            _spread([max(row["worker_memory"]) / 1e6 for row in rows], "MB"),
        ),
        ("manifest, for each further shard (the same everywhere)", _spread(_further(rows), "bytes")),
        ("time of the largest, foretold by the smaller (15% at most)", f"{100 * errors['seconds']:+.1f}%"),
        ("its storage", f"{100 * errors['bytes']:+.1f}%"),
        ("its main process' memory", f"{100 * errors['main_memory']:+.1f}%"),
        ("its seconds of each step: what is not in proportion to the goals shows here", _step_errors(errors)),
    ]
    if "shuffled" in errors:
        found.append(("its shuffle", f"{100 * errors['shuffled']:+.1f}%: {_PAIRS}"))
    if all(row.get("shuffled") for row in rows):
        shuffled = [sum(s["bytes"] for s in row["shuffled"].values()) / row["goals"] for row in rows]
        verdict = "under" if max(shuffled) < SHUFFLE_TARGET else "OVER"
        told = f"{_spread(shuffled, 'bytes')}, {verdict} the target"
    else:
        told = "not counted by this version"
    return [*found, (f"shuffled a goal ({SHUFFLE_TARGET} bytes at most)", told)]


def _step_errors(errors: Mapping[str, float]) -> str:
    steps = {name.removeprefix(OF_STEP): error for name, error in errors.items() if name.startswith(OF_STEP)}
    return ", ".join(f"{step} {100 * error:+.1f}%" for step, error in steps.items())


def _further(rows: Sequence[Row]) -> list[float]:
    """Bytes by which the manifest grows with a shard, from each size to the next."""
    return [
        (after["bytes"]["manifest"] - before["bytes"]["manifest"]) / (after["shards"] - before["shards"])
        for before, after in pairwise(rows)
    ]


def _spread(values: Sequence[float], unit: str) -> str:
    listed = ", ".join(f"{value:,.4g}" for value in values)
    return f"{listed} {unit}: {max(values) / min(values):.2f} times"


def write_page(rows: Sequence[Row], smaller: Constants, known: Constants) -> None:
    """Rewrite what stands between the markers of docs/scale.md, and the picture; ValueError without them."""
    errors = errors_of(smaller, rows[-1])
    text = PAGE.read_text(encoding="utf-8")
    parts = {
        "measured": _measured_table(rows),
        "steps": _steps_table(rows),
        "targets": _table(("", "found"), targets(rows, errors, known)),
        "prediction": _prediction_table(rows[-1], smaller),
        "plans": _plans(known),
        "costs": _costs(known),
    }
    for name, part in parts.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
        if not pattern.search(text):
            raise ValueError(f"{PAGE}: has no markers <!-- {name} --> and <!-- /{name} -->; put them in")
        text = pattern.sub(lambda found, part=part: f"{found[1]}{part}\n{found[2]}", text)
    PAGE.write_text(text, encoding="utf-8")
    draw(rows, smaller, PICTURE)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(map(str, line)) + " |" for line in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)


def _measured_table(rows: Sequence[Row]) -> str:
    about = rows[-1]["measured"]
    packages = ", ".join(f"{name} {number}" for name, number in about["packages"].items())
    head = ("goals", "clips", "shards", "seconds", "ms a goal", "peak MB: main, workers", "MB", "gate")
    body = [
        (
            f"{row['goals']:,}",
            f"{row['clips']:,}",
            row["shards"],
            f"{row['seconds']:.1f}",
            f"{1000 * row['seconds'] / row['goals']:.1f}",
            ", ".join(f"{peak / 1e6:.0f}" for peak in (row["main_memory"], *row["worker_memory"])),
            f"{sum(row['bytes'].values()) / 1e6:,.0f}",
            "passed" if row["gate"] else f"refused: {', '.join(row['refused'])}",
        )
        for row in rows
    ]
    where = f"{about['date']}, {about['machine']}, {about['workers']} workers"
    return f"{where}, Python {about['python']}, {packages}.\n\n{_table(head, body)}"


def _steps_table(rows: Sequence[Row]) -> str:
    head = ("", *(f"{row['goals']:,} goals" for row in rows))
    phases = [(f"{name}, s", *(f"{row['phases'][name]:.1f}" for row in rows)) for name in rows[-1]["phases"]]
    rest = ("imports and report, s", *(f"{r['seconds'] - sum(r['phases'].values()):.1f}" for r in rows))
    steps = [
        (
            f"{step}, ms a goal",
            *(f"{1000 * row['steps'][step]['elapsed'] / row['goals']:.2f}" for row in rows),
        )
        for step in rows[-1]["steps"]
    ]
    return _table(head, [*phases, rest, *steps])


def _prediction_table(row: Row, smaller: Constants) -> str:
    true, told, errors = measured(row), foretold(smaller, row), errors_of(smaller, row)
    shown: dict[str, Callable[[float], str]] = {
        "seconds": duration,
        "bytes": size,
        "main_memory": size,
        "worker_memory": size,
    }
    body = [
        (name.replace("_", " "), show(told[name]), show(true[name]), f"{100 * errors[name]:+.1f}%")
        for name, show in shown.items()
    ]
    return _table((f"{row['goals']:,} goals", "foretold", "measured", "error"), body)


def _arguments(goals: int, *flags: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    build_arguments(parser, paths_required=False)
    plan_scale.add_arguments(parser)
    return parser.parse_args(["--scale", str(goals), "--workers", str(WORKERS), *flags])


def _costs(known: Constants) -> str:
    """Money by scale; unit prices are assumptions, told in the table's head."""
    model = load_prices("").of(MODEL)
    assert model is not None
    body = []
    for goals in SCALES:
        args = _arguments(goals, "--annotator", "openai-batch", "--model", MODEL, "--requests", "ladder")
        wanted = plan_scale.wanted_of(args, known)
        found = estimate(known, wanted)
        writes, reads = store_requests(wanted, found.files)
        asked = plan_scale.asked_a_goal(args, LlmSettings(MODEL, requests="ladder"), known)
        money = model.cost(
            round(goals * asked["input_tokens"]), round(goals * asked["output_tokens"]), batch=True
        )
        seconds = found.seconds + serial_store_seconds(wanted)
        hours = seconds * WORKERS / 3600
        body.append(
            (
                f"{goals:.0e}",
                duration(seconds),
                f"{hours * WORKER_PRICE:,.0f}",
                f"{size(found.bytes)}: {found.bytes / 1e9 * STORAGE_PRICE:,.0f}",
                f"{(writes * WRITE_PRICE + reads * READ_PRICE):,.0f}",
                f"{money:,.0f}",
            )
        )
    head = (
        "goals",
        f"time, {WORKERS} workers",
        f"workers, {WORKER_PRICE} USD an hour",
        f"storage a month, {STORAGE_PRICE} USD a GB",
        "requests to the store, USD",
        f"instead of the kinematic annotator: {MODEL}, a ladder a request, in batches, USD",
    )
    return _table(head, body)


def _plans(known: Constants) -> str:
    parts = []
    for goals in SCALES:
        args = _arguments(goals)
        wanted = plan_scale.wanted_of(args, known)
        text = "\n".join(plan_scale.lines(args, None, known, wanted))
        parts.append(f"`irmogen plan --scale {goals:.0e} --workers {WORKERS}`:\n\n```\n{text}\n```")
    return "\n\n".join(parts)


def draw(rows: Sequence[Row], smaller: Constants, path: Path) -> None:
    """Time, storage and memory against goals: what was measured, and what the smaller sizes foretell."""
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "scale"  # the same picture, the same bytes
    from matplotlib import pyplot

    sizes = [rows[0]["goals"] * (10 * rows[-1]["goals"] / rows[0]["goals"]) ** (n / 60) for n in range(61)]
    wanted = [
        Wanted(round(n), rows[-1]["workers"], smaller.goals_a_clip, smaller.frames_a_clip, CLIPS_A_SHARD)
        for n in sizes
    ]
    found = [estimate(smaller, one) for one in wanted]
    wide = [band(smaller, one, smaller.error) for one in wanted]
    panels: list[tuple[str, str, list[float], list[float], list[float]]] = [
        ("time", "minutes", [f.seconds / 60 for f in found], wide, [r["seconds"] / 60 for r in rows]),
        (
            "storage",
            "GB",
            [f.bytes / 1e9 for f in found],
            [band(smaller, one, smaller.bytes_error) for one in wanted],
            [sum(r["bytes"].values()) / 1e9 for r in rows],
        ),
        (
            "peak memory",
            "MB",
            [(f.main_memory + f.engine_memory) / 1e6 for f in found],
            wide,
            [r["main_memory"] / 1e6 for r in rows],
        ),
    ]
    figure, axes = pyplot.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
    for axis, (title, unit, line, factors, points) in zip(axes, panels):
        low = [value / factor for value, factor in zip(line, factors)]
        high = [value * factor for value, factor in zip(line, factors)]
        axis.fill_between(sizes, low, high, color=BLUE, alpha=0.15, linewidth=0)
        axis.plot(sizes, line, color=BLUE, label="foretold by the smaller sizes")
        axis.plot([row["goals"] for row in rows], points, "o", color=ORANGE, label="measured")
        axis.set(xscale="log", yscale="log", title=title, xlabel="goals", ylabel=unit)
        axis.grid(True, color=GREY, alpha=0.25)
    workers = [max(row["worker_memory"]) / 1e6 for row in rows]
    axes[2].plot([row["goals"] for row in rows], workers, "s", color=GREY, label="measured, a worker")
    axes[0].legend(frameon=False)
    axes[2].legend(frameon=False)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
