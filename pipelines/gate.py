"""The gate: a corpus is good only when every required expectation about it holds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.evaluate_rows import plain
from pipelines.gate_frames import Frame, frames
from pipelines.judging import Judge
from pipelines.suites import CORPUS, Expectation, digest, suites
from pipelines.thresholds import Thresholds
from schemas.ahead import ahead
from schemas.corpus import Corpus
from schemas.crash import reached
from schemas.profile import EXAMPLES, PROFILE, across_path, merged, profile_path
from schemas.storage import read_json, write_json

Values = Mapping[str, Any]


def run_gate(
    corpus: Corpus,
    config: Values,
    steps: Values,
    thresholds: Thresholds,
    judge: Judge | None = None,
) -> dict[str, Any]:
    """Judge a corpus by its profile; returns the verdict. No row is read."""
    wanted = suites(config, thresholds)
    profile = merged(ahead(partial(_profile, corpus), range(corpus.shards), corpus.root))
    held = frames(profile, read_json(across_path(corpus)), config, steps, wanted)
    judge = judge or Judge()
    results = {name: _suite(judge, name, suite, held[name]) for name, suite in wanted.items()}
    return {
        "passed": all(result["passed"] for result in results.values()),
        "digest": digest(config, thresholds),
        "thresholds": {name: threshold.as_dict() for name, threshold in thresholds.items()},
        "suites": results,
    }


def _profile(corpus: Corpus, index: int) -> Any:
    return read_json(profile_path(corpus, PROFILE, index))


def _suite(judge: Judge, name: str, expectations: list[Expectation], frame: Frame) -> dict[str, Any]:
    failed: list[dict[str, Any]] = []
    advice: list[dict[str, Any]] = []
    for number, places, error in judge.failures(name, expectations, frame):
        expectation = expectations[number]
        told = _failure(name, expectation, frame, places, error)
        (failed if expectation.refuses or error else advice).append(told)
    return {
        "passed": not failed,
        "rows": frame.rows,
        "expectations": len(expectations),
        "failed": failed,
        "advice": advice,
    }


def _failure(
    name: str, expectation: Expectation, frame: Frame, places: list[int], error: str
) -> dict[str, Any]:
    """What failed, where, and what it means."""
    column = expectation.column
    observed = [frame.values[place][column] for place in places]
    examples = [example for place in places for example in frame.shown(column, place)][:EXAMPLES]
    if error:
        examples = [f"could not be checked: {error}"]
    one = _rounded(observed[0]) if len(observed) == 1 else [_rounded(value) for value in observed]
    if not examples:
        examples = [f"{column} = {one}"]
    counts_rows = name != CORPUS and not frame.key
    return {
        "expectation": expectation.kind,
        "column": column,
        "count": int(observed[0]) if counts_rows and observed else max(1, len(places)),
        "examples": examples,
        "meaning": expectation.meaning,
        "observed": one,
        "bounds": expectation.bounds,
    }


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def keep_verdict(corpus: Corpus, manifest: dict[str, Any]) -> Path:
    """Write a manifest's verdict, the report that shows it, and last the manifest; returns the report."""
    from pipelines.report import write_report

    write_json(corpus.root / "quality" / "gate.json", manifest["gate"])
    report = write_report(corpus.root, manifest)
    reached("before_manifest")
    write_json(corpus.manifest_path, manifest)  # last: what a reader may trust
    return report


def describe(verdict: Mapping[str, Any]) -> list[str]:
    """The verdict in lines for a terminal, which nothing from data can steer: what failed, for which rows."""
    return [plain(line) for line in _lines(verdict)]


def _lines(verdict: Mapping[str, Any]) -> list[str]:
    suite_count = len(verdict["suites"])
    total = sum(result["expectations"] for result in verdict["suites"].values())
    advice = [
        line
        for name, result in verdict["suites"].items()
        for told in result.get("advice", ())
        for line in (
            f"  {name}: {told['column']} is {told['observed']} {told['bounds']}: {told['meaning']}",
            *(f"    {example}" for example in told["examples"][:3]),
        )
    ]
    told_too = ["advice, which refuses nothing:", *advice] if advice else []
    if verdict["passed"]:
        return [f"gate passed: {total} expectations in {suite_count} suites", *told_too]
    lines = ["gate FAILED:"]
    for name, result in verdict["suites"].items():
        for failure in result["failed"]:
            rows = "" if name == CORPUS else f"{failure['count']} rows, "
            what = f"{failure['expectation']} of {failure['column']}"
            lines.append(f"  {name}: {what}: {rows}observed {failure['observed']} {failure['bounds']}")
            lines.append(f"    {failure['meaning']}")
            lines += [f"    {example}" for example in failure["examples"][:5]]
    return lines + told_too
