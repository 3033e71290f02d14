"""Great Expectations, which judges: its suites over small frames of statistics."""

from __future__ import annotations

import os
from typing import Any

from pipelines.gate_frames import Frame
from pipelines.suites import Expectation


class Judge:
    """Great Expectations with a context in memory; `results` are what it found of its `suites`, by name."""

    def __init__(self) -> None:
        # Before the import: nothing about a corpus leaves the machine.
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        self._gx = gx
        self.context = gx.get_context(mode="ephemeral")
        self.context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self._source = self.context.data_sources.add_pandas("corpus")
        self._definitions: dict[str, Any] = {}
        self.suites: dict[str, Any] = {}
        self.results: dict[str, Any] = {}

    def failures(
        self, name: str, expectations: list[Expectation], frame: Frame
    ) -> list[tuple[int, list[int], str]]:
        """What does not hold: the expectation's number, rows of the frame, an error where there was one."""
        import pandas as pd

        if name not in self._definitions:
            asset = self._source.add_dataframe_asset(name)
            self._definitions[name] = asset.add_batch_definition_whole_dataframe("statistics")
        values = pd.DataFrame(frame.values)
        batch = self._definitions[name].get_batch(batch_parameters={"dataframe": values})
        # What could be measured on nothing, such as the edits of a corpus without any, is not judged.
        measured = {column for row in frame.values for column, value in row.items() if value is not None}
        self.suites[name] = self._suite(name, expectations, measured)
        self.results[name] = batch.validate(
            self.suites[name],
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": []},
        )
        found = [_failure(result) for result in self.results[name].results if not result.success]
        return sorted(found, key=lambda failure: failure[0])

    def _suite(self, name: str, expectations: list[Expectation], measured: set[str]) -> Any:
        """The suite as Great Expectations has it."""
        return self._gx.ExpectationSuite(
            name=name,
            expectations=[
                getattr(self._gx.expectations, each.kind)(
                    column=each.column,
                    min_value=each.low,
                    max_value=each.high,
                    description=f"{each.meaning} {each.bounds}",
                    meta={"number": number},
                )
                for number, each in enumerate(expectations)
                if each.column in measured
            ],
        )


def _failure(result: Any) -> tuple[int, list[int], str]:
    error = [info["exception_message"] for info in result.exception_info.values() if isinstance(info, dict)]
    places = result.result.get("unexpected_index_list", [0])
    return result.expectation_config.meta["number"], list(places), error[0] if error else ""
