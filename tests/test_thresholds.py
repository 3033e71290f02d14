"""Thresholds may be tightened and never loosened; what is wrong in a file is named with its remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.suites import digest
from pipelines.thresholds import Threshold, defaults, read_thresholds, thresholds_path, write_thresholds
from schemas.corpus import Corpus

CONFIG = {"skeleton": "t2m", "ladder": 4, "wordings": 4}


def written(folder: Path, text: str) -> Path:
    path = folder / "thresholds.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("failed_share: {max: 0.02}", "max 0.02 is looser than the default 0.01"),
        ("kept_share: {min: 0.4}", "min 0.4 is looser than the default 0.5"),
        ("failed_share: {level: advisory}", "level advisory is looser"),
        ("failed_share: {level: sometimes}", "give required or advisory"),
        ("failed_share: 0.001", "give min, max or level"),
        ("failed_share: {most: 1}", "give min, max or level"),
        ("failed_share: {max: many}", "give a number"),
        ("failed_share: {max: .nan}", "give a number"),
        ("failed_share: {max: true}", "give a number"),
        ("failed_share: {max: null}", "give a number"),
        ("failed_share: {min: 0.009, max: 0.001}", "no corpus can hold that"),
        ("fail_share: {max: 0}", "no threshold is called 'fail_share'"),
    ],
)
def test_a_wrong_line_is_told(tmp_path: Path, line: str, told: str) -> None:
    path = written(tmp_path, f"version: 1\nthresholds:\n  {line}\n")
    with pytest.raises(ValueError, match=r"thresholds\.yaml") as raised:
        read_thresholds(path)
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "version None"),
        ("version: 2\n", "version 2"),
        ("[1, 2]", "version None"),
        ("version: 1\nlimits: {}\n", "docs/quality.md"),
        ("version: 1\nthresholds: [1]\n", "docs/quality.md"),
        ("version: {", "is no YAML"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"thresholds\.yaml") as raised:
        read_thresholds(written(tmp_path, text))
    assert told in str(raised.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no such file"):
        read_thresholds(tmp_path / "none.yaml")


def test_what_a_file_does_not_name_is_as_the_package_has_it(tmp_path: Path) -> None:
    path = written(tmp_path, "version: 1\nthresholds: {train_share: {min: 0.7, level: required}}\n")
    found = read_thresholds(path)
    assert found["train_share"] == Threshold(
        "train_share", 0.7, None, "required", defaults()["train_share"].meaning
    )
    assert {name: one for name, one in found.items() if name != "train_share"} == {
        name: one for name, one in defaults().items() if name != "train_share"
    }
    assert digest(CONFIG, found) != digest(CONFIG, defaults())


def test_the_file_of_a_corpus_says_what_was_written(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path, 1)
    write_thresholds(corpus, defaults())
    path = thresholds_path(corpus)
    assert read_thresholds(path) == defaults()
    assert all(threshold.meaning in path.read_text() for threshold in defaults().values())


@given(
    st.sampled_from(sorted(defaults())), st.floats(-1, 2, allow_nan=False), st.sampled_from(["min", "max"])
)
def test_no_file_makes_a_bound_looser(tmp_path_factory, name: str, value: float, bound: str) -> None:
    path = written(
        tmp_path_factory.mktemp("t"), f"version: 1\nthresholds: {{{name}: {{{bound}: {value}}}}}\n"
    )
    default = defaults()[name]
    try:
        found = read_thresholds(path)[name]
    except ValueError:
        return
    assert default.max is None or (found.max is not None and found.max <= default.max)
    assert default.min is None or (found.min is not None and found.min >= default.min)
    assert getattr(found, bound) == value
