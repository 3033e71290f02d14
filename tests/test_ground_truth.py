"""The check of an evaluator against what it is known to measure on the ground truth."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

import pytest
import yaml

from evaluators.evaluation import METRICS, Score, score_of
from evaluators.ground_truth import CHECKED, Band, check, published_bands, record, recorded_bands
from evaluators.protocol import EvalGoal, Protocol, draw_protocol

CLIPS = {"t2m": 4384, "kit": 830}
VALUES = dict(zip(CHECKED, (0.5, 0.7, 0.8, 3.0, 0.01, 9.5), strict=True))


@cache
def protocol_of(seed: int = 0, mode: str = "full", split: str = "test") -> Protocol:
    goals = [EvalGoal(f"g-{n}", f"{n}", 0, 60) for n in range(40)]
    return draw_protocol(goals, dataset="t2m", skeleton="t2m", split=split, mode=mode, seed=seed, repeats=2)


def scores(**changed: float) -> dict[str, Score]:
    return {name: score_of([value]) for name, value in (VALUES | changed).items()}


def records(*, seed: int = 0, content: str = "c", **changed: float) -> list[dict[str, Any]]:
    """What an embedder's folder holds, as it comes back from JSON."""
    written = record(protocol_of(seed), content, scores(**changed))
    return [json.loads(json.dumps(written))]


def test_the_same_protocol_must_give_the_same_values() -> None:
    bands = recorded_bands(records(), protocol_of(), "c")
    assert bands == {name: Band(value, 1e-6) for name, value in VALUES.items()}
    assert check(scores(), bands).status == "within"
    for name in CHECKED:
        moved = check(scores(**{name: VALUES[name] + 2e-6}), bands)
        assert moved.status == "outside"
        assert [line for line in moved.lines if "OUTSIDE" in line] == [
            line for line in moved.lines if line.startswith(name + " ")
        ]
    assert check(scores(mm_distance=3.0 + 5e-7), bands).status == "within"


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("mm_distance", 3.0 * 1.029, "within"),
        ("mm_distance", 3.0 * 1.031, "outside"),
        ("mm_distance", 3.0 * 0.969, "outside"),
        ("r_precision_3", 0.8 * 1.029, "within"),
        ("r_precision_3", 0.8 * 0.96, "outside"),
        ("fid", 0.059, "within"),
        ("fid", 0.061, "outside"),
        ("diversity", 9.7, "within"),
        ("diversity", float("nan"), "outside"),
    ],
)
def test_another_draw_must_give_similar_values(name: str, value: float, status: str) -> None:
    bands = recorded_bands(records(seed=1), protocol_of(), "c")
    assert check(scores(**{name: value}), bands).status == status


def test_small_values_have_room_too() -> None:
    """A precision near 0 may differ by as much as one of a half."""
    bands = recorded_bands(records(seed=1, r_precision_1=0.01), protocol_of(), "c")
    assert bands["r_precision_1"].tolerance == pytest.approx(0.015)


def test_the_same_protocol_is_preferred_wherever_it_stands() -> None:
    exact, similar = records(fid=0.02), records(seed=1, fid=0.03)
    for listed in ([*exact, *similar], [*similar, *exact]):
        assert recorded_bands(listed, protocol_of(), "c")["fid"] == Band(0.02, 1e-6)


@pytest.mark.parametrize(
    ("protocol", "content"),
    [
        (protocol_of(), "other motions"),
        (protocol_of(mode="published"), "c"),
        (protocol_of(split="val"), "c"),
    ],
)
def test_what_was_measured_on_something_else_tells_nothing(protocol: Protocol, content: str) -> None:
    assert recorded_bands(records(), protocol, content) == {}
    assert recorded_bands([], protocol, content) == {}
    found = check(scores(), {})
    assert found.status == "unknown"
    assert found.as_dict() == {"status": "unknown", "lines": list(found.lines)}
    assert found.lines[0] == "nothing is recorded for this embedder on these motions"
    assert any(line.startswith("mm_distance 3.0000") for line in found.lines)


def test_lines_tell_every_value_in_the_order_of_the_tables() -> None:
    found = check(scores(fid=0.5), dict(reversed(recorded_bands(records(), protocol_of(), "c").items())))
    assert [line.split()[0] for line in found.lines] == [name for name in METRICS if name in CHECKED]
    assert "fid 0.5000, recorded 0.0100 +- 1e-06: OUTSIDE" in found.lines


def test_a_band_of_some_metrics_checks_those() -> None:
    found = check(scores(fid=99.0), {"r_precision_1": Band(0.51, 0.015)})
    assert found.status == "within"
    assert len(found.lines) == 1


def test_every_published_figure_is_of_a_known_metric_and_in_reach() -> None:
    text = resources.files("evaluators").joinpath("ground_truth.yaml").read_text(encoding="utf-8")
    published = yaml.safe_load(text)
    assert {"guo", "tmr", "motionpatches"} == set(published)
    for embedder, datasets in published.items():
        assert set(datasets) <= {"t2m", "kit"}
        for dataset, metrics in datasets.items():
            assert set(metrics) <= set(CHECKED)
            bands = published_bands(embedder, dataset, "test", CLIPS[dataset])
            assert set(bands) == set(metrics)
            for name, band in bands.items():
                assert metrics[name] == {"value": band.value, "tolerance": band.tolerance}
                assert band.value >= 0
                assert band.tolerance > 0
                assert not name.startswith("r_precision") or band.value + band.tolerance < 1
            tops = [bands[name].value for name in CHECKED[:3] if name in bands]
            assert tops == sorted(tops)


def test_published_figures_of_the_usual_evaluator() -> None:
    bands = published_bands("guo", "t2m", "test", 4300)
    assert [round(bands[name].value, 2) for name in CHECKED] == [0.51, 0.70, 0.80, 2.97, 0.00, 9.50]
    expected = {name: score_of([band.value]) for name, band in bands.items()}
    assert check(expected, bands).status == "within"
    assert check(expected | {"mm_distance": score_of([3.5])}, bands).status == "outside"


@pytest.mark.parametrize(("embedder", "dataset"), [("builtin", "t2m"), ("guo", "small"), ("", "")])
def test_without_published_figures_nothing_is_checked(embedder: str, dataset: str) -> None:
    assert published_bands(embedder, dataset, "test", 4300) == {}


@pytest.mark.parametrize(("split", "clips"), [("val", 4300), ("test", 98), ("test", 9000)])
def test_published_figures_are_of_the_official_test_split_alone(split: str, clips: int) -> None:
    assert published_bands("guo", "t2m", split, clips) == {}


def test_a_record_says_what_it_is_of() -> None:
    (written,) = records()
    assert written["protocol"] == protocol_of().fingerprint
    assert (written["content"], written["split"], written["mode"]) == ("c", "test", "full")
    assert written["metrics"] == VALUES
    other = replace(protocol_of(), seed=5)
    assert other.fingerprint != written["protocol"]
