"""The gate: a corpus is good only when every expectation about it holds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pipelines.gate_frames import CONSERVATION, TABLES_HELD, conservation_frame, frames, tables_frame
from pipelines.suites import KEYS, Expectation, suites
from schemas.corpus import Corpus
from schemas.fingerprint import fingerprint

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = 20  # rows that a failed expectation names


def run_gate(
    corpus: Corpus, config: Mapping[str, Any], steps: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> dict[str, Any]:
    """Validate every table and the counts; returns the verdict."""
    wanted = suites(config)
    validate = _validator()
    results = {}
    for name, expectations in wanted.items():
        batches: Iterable[pd.DataFrame]
        if name == CONSERVATION:
            batches = [conservation_frame(steps)]
        elif name == TABLES_HELD:
            batches = [tables_frame(corpus)]
        else:
            batches = frames(corpus, name, config)
        results[name] = _suite(validate, name, expectations, batches)
    return {
        "passed": all(result["passed"] for result in results.values()),
        "digest": fingerprint({name: list(suite) for name, suite in wanted.items()}),
        "suites": results,
    }


def _suite(
    validate: Any, name: str, expectations: list[Expectation], batches: Iterable[pd.DataFrame]
) -> dict[str, Any]:
    rows = 0
    failures: dict[int, dict[str, Any]] = {}
    for frame in batches:
        rows += len(frame)
        for number, count, examples in validate(name, expectations, frame):
            kind, arguments = expectations[number]
            failure = failures.setdefault(
                number,
                {"expectation": kind, "column": arguments["column"], "count": 0, "examples": []},
            )
            failure["count"] += count
            failure["examples"] = (failure["examples"] + examples)[:EXAMPLES]
    return {
        "passed": not failures,
        "rows": rows,
        "expectations": len(expectations),
        "failed": [failures[number] for number in sorted(failures)],
    }


def _validator() -> Any:
    """A function that validates one frame; it yields what failed: number, count, example rows."""
    # Before the import: nothing about a corpus leaves the machine.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("corpus")
    definitions: dict[str, Any] = {}

    def validate(
        name: str, expectations: list[Expectation], frame: pd.DataFrame
    ) -> list[tuple[int, int, list[str]]]:
        if name not in definitions:
            asset = source.add_dataframe_asset(name)
            definitions[name] = asset.add_batch_definition_whole_dataframe("shards")
        suite = gx.ExpectationSuite(
            name=name,
            expectations=[
                getattr(gx.expectations, kind)(**arguments, meta={"number": number})
                for number, (kind, arguments) in enumerate(expectations)
            ],
        )
        batch = definitions[name].get_batch(batch_parameters={"dataframe": frame})
        found = batch.validate(
            suite,
            result_format={
                "result_format": "SUMMARY",
                "unexpected_index_column_names": [KEYS[name]],
                "partial_unexpected_count": EXAMPLES,
            },
        )
        return [_failure(name, result) for result in found.results if not result.success]

    return validate


def _failure(name: str, result: Any) -> tuple[int, int, list[str]]:
    error = [info["exception_message"] for info in result.exception_info.values() if isinstance(info, dict)]
    number = result.expectation_config.meta["number"]
    if error:
        return number, 1, [f"could not be checked: {error[0]}"]
    column = result.expectation_config.kwargs["column"]
    rows = result.result.get("partial_unexpected_index_list") or []
    examples = [f"{row[KEYS[name]]}: {column} = {row[column]}" for row in rows]
    return number, int(result.result.get("unexpected_count", 1)), examples


def describe(verdict: Mapping[str, Any]) -> list[str]:
    """The verdict in lines for a terminal: what failed, how often, for which rows."""
    suite_count = len(verdict["suites"])
    total = sum(result["expectations"] for result in verdict["suites"].values())
    if verdict["passed"]:
        return [f"gate passed: {total} expectations about {suite_count} tables"]
    lines = ["gate FAILED:"]
    for name, result in verdict["suites"].items():
        for failure in result["failed"]:
            lines.append(
                f"  {name}: {failure['expectation']} of {failure['column']}: {failure['count']} rows"
            )
            lines += [f"    {example}" for example in failure["examples"][:5]]
    return lines
