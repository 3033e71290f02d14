"""Grouping on disk gives what grouping in memory gives."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.spill import _AT_ONCE, _number, grouped, parts_for


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


def test_the_order_is_the_same_in_every_process_and_each_pass_parts_what_the_one_before_did_not() -> None:
    told = "print([key for key, _ in grouped([(f'{n:04d}', n) for n in range(300)], 100)])"
    orders = {
        subprocess.run(
            [sys.executable, "-c", f"from schemas.spill import grouped; {told}"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(orders) == 1
    keys = [f"{number:06d}".encode() for number in range(64_000)]
    together = [key for key in keys if _number(key) % _AT_ONCE == 7]  # 1000, in the first pass
    assert max(Counter(_number(key) // _AT_ONCE % _AT_ONCE for key in together).values()) < 64
