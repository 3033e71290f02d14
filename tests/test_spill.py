"""Grouping on disk gives what grouping in memory gives."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.spill import grouped, parts_for


@settings(max_examples=30)
@given(
    pairs=st.lists(st.tuples(st.text(max_size=2), st.integers()), max_size=200),
    parts=st.sampled_from([2, 5, 200]),
)
def test_every_key_comes_once_with_its_values_in_order(pairs: list[tuple[str, int]], parts: int) -> None:
    found = list(grouped(iter(pairs), parts))
    assert len(found) == len(dict(found))
    assert dict(found) == dict(grouped(pairs, 1))


def test_many_parts_are_told_apart_in_several_passes_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pairs = [(number % 7001, number) for number in range(30_000)]
    opened = grouped(pairs, parts_for(30_000, 100))
    first = next(opened)
    assert any(tmp_path.iterdir())
    found = dict([first, *opened])
    assert found == {key: list(range(key, 30_000, 7001)) for key in range(7001)}
    assert not any(tmp_path.iterdir())
