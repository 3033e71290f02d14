"""The gate finds what it claims to find: one fault at a time in a real corpus, with the reason."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import made_once
from fault_list import CORPUS_FAULTS, ROW_FAULTS
from faults import Fault, copied, spoil, thinned

from pipelines import gate
from pipelines.judging import Judge
from pipelines.suites import suites
from pipelines.thresholds import defaults
from pipelines.validate import refresh_profile
from schemas.corpus import open_corpus

CONFIG = {"skeleton": "t2m", "ladder": 4, "wordings": 4}


@cache
def judge() -> Judge:
    return Judge()


@pytest.fixture(scope="session")
def thin(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus with fewer goals, profiled."""

    def make(root: Path) -> None:
        thinned(corpus, root)
        refresh_profile(*open_corpus(root))

    return made_once(tmp_path_factory, "thin", make)


def judged(root: Path, suite: str) -> dict[str, Any]:
    """What the gate says of one suite after the touched shards were profiled again; all take longer."""
    corpus, manifest = open_corpus(root)
    refresh_profile(corpus, manifest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "suites", lambda *given: {suite: suites(*given)[suite]})
        verdict = gate.run_gate(corpus, manifest["config"], manifest["steps"], defaults(), judge())
    found: dict[str, Any] = verdict["suites"][suite]
    assert verdict["passed"] == (not found["failed"])
    return found


_FOUND: dict[tuple[object, ...], dict[str, Any]] = {}


def found_in(fault: Fault, corpus: Path, folder: Path) -> dict[str, Any]:
    """What the gate says of a spoilt copy; what shows in several columns is made once."""
    key = (fault.suite, fault.table, fault.change, fault.everywhere)
    if key not in _FOUND:
        root = copied(corpus, folder / "copy")
        spoil(root, fault)
        _FOUND[key] = judged(root, fault.suite)
    return _FOUND[key]


@pytest.mark.parametrize("fault", ROW_FAULTS, ids=str)
def test_a_row_that_is_wrong_is_refused_by_name(fault: Fault, thin: Path, tmp_path: Path) -> None:
    found = found_in(fault, thin, tmp_path)
    failure = next(failure for failure in found["failed"] if failure["column"] == fault.column)
    assert failure["count"] >= 1
    assert failure["meaning"].endswith(".")
    assert failure["observed"] >= 1 or fault.suite == "tables"
    assert failure["examples"]


@pytest.mark.parametrize("fault", CORPUS_FAULTS, ids=str)
def test_a_corpus_that_is_wrong_as_a_whole_is_refused(fault: Fault, thin: Path, tmp_path: Path) -> None:
    found = found_in(fault, thin, tmp_path)
    failed = found["failed"] if defaults()[fault.column].refuses else found["advice"]
    failure = next(failure for failure in failed if failure["column"] == fault.column)
    threshold = defaults()[fault.column]
    assert failure["meaning"] == threshold.meaning
    assert failure["examples"]
    low, high = threshold.min, threshold.max
    assert (low is not None and failure["observed"] < low) or (
        high is not None and failure["observed"] > high
    )


def test_nothing_is_told_of_a_clean_corpus(corpus: Path, tmp_path: Path) -> None:
    root = copied(corpus, tmp_path / "copy")
    corpus_, manifest = open_corpus(root)
    assert refresh_profile(corpus_, manifest) == 0
    verdict = gate.run_gate(corpus_, manifest["config"], manifest["steps"], defaults(), judge())
    assert verdict == manifest["gate"]
    told = [each for suite in verdict["suites"].values() for each in suite["failed"] + suite["advice"]]
    assert verdict["passed"]
    assert not told


def test_nothing_is_told_of_a_thin_corpus(thin: Path) -> None:
    opened, manifest = open_corpus(thin)
    verdict = gate.run_gate(opened, manifest["config"], manifest["steps"], defaults(), judge())
    assert not [suite for suite in verdict["suites"].values() if suite["failed"] or suite["advice"]]


def test_there_is_a_fault_for_everything_that_the_gate_asks() -> None:
    asked = {
        (name, each.column)
        for name, suite in suites(CONFIG, defaults()).items()
        for each in suite
        if name != "conservation"
    }
    assert {(fault.suite, fault.column) for fault in ROW_FAULTS + CORPUS_FAULTS} == asked
