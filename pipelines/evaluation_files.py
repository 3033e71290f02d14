"""The files of an evaluation: results as JSON and Parquet, tables, the frozen protocol, the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evaluators.protocol import Protocol
from motion.features import joints_from_features
from pipelines.drawing import figure_data
from pipelines.evaluate_page import evaluation_page
from pipelines.evaluate_tables import latex_tables, markdown_tables
from pipelines.evaluation_input import Asked, NamedSet
from pipelines.evaluation_results import MOST_ROUNDS
from schemas.gathering import gather
from schemas.rows import goal_motion
from schemas.shards import features_of
from schemas.storage import check_output, check_own_folder, write_json, write_whole
from transforms.homes import home_of

Row = dict[str, Any]

FILES = (
    "results.json",
    "index.html",
    "table.md",
    "table.tex",
    "metrics.parquet",
    "goals.parquet",
    "protocol.json",
)
_METRIC_COLUMNS = pa.schema(
    [
        ("embedder", pa.string()),
        ("set", pa.string()),  # empty: the ground truth
        ("model", pa.string()),
        ("mode", pa.string()),
        ("metric", pa.string()),
        ("mean", pa.float64()),
        ("interval", pa.float64()),  # half width of 95%
        ("repeats", pa.list_(pa.float64())),
    ]
)
_GOAL_COLUMNS = pa.schema(
    [
        ("embedder", pa.string()),
        ("set", pa.string()),
        ("goal_id", pa.string()),
        ("top_1", pa.float64()),
        ("top_2", pa.float64()),
        ("top_3", pa.float64()),
        ("distance", pa.float64()),
        ("motion_distance", pa.float64()),
    ]
)


def check_folder(root: Path) -> None:
    """Stop before any work where results cannot be written or would lie among somebody else's files."""
    check_own_folder(root, FILES, "evaluation results")
    root.mkdir(parents=True, exist_ok=True)
    check_output(root / FILES[0])


def write_files(root: Path, question: Asked, results: Row, goals: list[Row], used: Protocol) -> list[Path]:
    """Write everything into a folder, results.json last; returns what was written."""
    for name in FILES:
        (root / name).unlink(missing_ok=True)  # files of two runs never stand together
    write_whole(root / "protocol.json", (json.dumps(used.as_dict(), separators=(",", ":")) + "\n").encode())
    _write_parquet(root / "metrics.parquet", _metric_rows(results), _METRIC_COLUMNS)
    _write_parquet(root / "goals.parquet", goals, _GOAL_COLUMNS)
    write_whole(root / "table.md", markdown_tables(results).encode())
    write_whole(root / "table.tex", latex_tables(results).encode())
    write_whole(root / "index.html", evaluation_page(results, figures(question, results)).encode())
    write_json(root / "results.json", results)
    return [root / name for name in FILES]


def _write_parquet(path: Path, rows: list[Row], schema: pa.Schema) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema), sink, compression="zstd")
    write_whole(path, sink.getvalue().to_pybytes())


def _metric_rows(results: Row) -> list[Row]:
    """A row for each embedder, set and metric."""
    models = {one["id"]: one for one in results["sets"]}
    rows = []
    for embedder in results["embedders"]:
        scored = {"": embedder["ground_truth"]["metrics"]} | {
            name: found["metrics"] for name, found in embedder["sets"].items()
        }
        for name, metrics in scored.items():
            about = models.get(name, {"model": "ground truth", "mode": ""})
            head = {"embedder": embedder["name"], "set": name, "model": about["model"], "mode": about["mode"]}
            rows += [{**head, "metric": metric, **score} for metric, score in metrics.items()]
    return rows


def figures(question: Asked, results: Row) -> dict[str, Row]:
    """Figures of the examples: of the goals' motions, and of every round of the sets' answers."""
    shown: dict[str, set[str]] = {}
    for embedder in results["embedders"][:1]:
        for name, found in embedder["sets"].items():
            shown[name] = {e["goal_id"] for e in (*found.get("best", ()), *found.get("worst", ()))}
    goals = sorted(set().union(*shown.values())) if shown else []
    references = {goal_id: goal_motion(question.goals[goal_id]) for goal_id in goals}
    motions = gather(question.corpus, references.values(), home_of)
    made = {
        f"goal/{goal_id}": _figure(question, motions[reference], f"Goal: {goal_id}")
        for goal_id, reference in references.items()
    }
    for named in question.sets:
        if shown.get(named.id):
            made.update(_set_figures(question, named, shown[named.id]))
    return made


def _set_figures(question: Asked, named: NamedSet, goals: set[str]) -> Iterator[tuple[str, Row]]:
    for generations, rounds in named.generations.tables():
        of = {
            row["generation_id"]: row["goal_id"]
            for row in generations.select(["generation_id", "goal_id", "sample"]).to_pylist()
            if row["goal_id"] in goals and row["sample"] == 0
        }
        names = zip(
            rounds.column("generation_id").to_pylist(), rounds.column("round").to_pylist(), strict=True
        )
        for row, (generation_id, number) in enumerate(names):
            if generation_id in of and number < MOST_ROUNDS:
                title = (
                    named.id
                    if number == 0 and rounds.num_rows == generations.num_rows
                    else f"Round {number + 1}"
                )
                key = f"{named.id}/{of[generation_id]}/{number}"
                yield key, _figure(question, features_of(rounds, row), title)


def _figure(question: Asked, features: Any, title: str) -> Row:
    return figure_data(joints_from_features(features, question.body), question.body, title=title)
