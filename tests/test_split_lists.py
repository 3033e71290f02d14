"""Split lists are read in pieces: each line once, wherever the cuts fall."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motion.split_lists import LayoutError, entries, listed, pieces

NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), blacklist_characters="/."))


@given(
    names=st.lists(NAMES, max_size=12),
    size=st.integers(1, 40),
    end=st.sampled_from(["\n", "\r\n", "\n\n", " \n"]),
    last=st.booleans(),
)
def test_pieces_of_any_size_hold_every_line_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], size: int, end: str, last: bool
) -> None:
    root = tmp_path_factory.mktemp("lists")
    text = end.join(names) + (end if last else "")
    (root / "val.txt").write_bytes(text.encode())
    found = [entry for piece in pieces(root, size) for entry in entries(root, piece)]
    assert [entry.motion_id for entry in found] == [name for name in names if name]
    assert [entry.place for entry in found] == sorted({entry.place for entry in found})
    assert found == list(listed(root))


def test_lists_count_in_their_order(tmp_path: Path) -> None:
    for split in ("test", "train"):
        (tmp_path / f"{split}.txt").write_text("2\n1\n")
    assert [(entry.motion_id, entry.split) for entry in listed(tmp_path)] == [
        ("2", "train"),
        ("1", "train"),
        ("2", "test"),
        ("1", "test"),
    ]


@pytest.mark.parametrize(
    ("line", "told"), [(b"a/b", "'a/b' is no clip id"), (b"..", "is no clip id"), (b"\xff", "is not UTF-8")]
)
def test_what_is_no_id_is_told_with_its_line_wherever_it_lies(tmp_path: Path, line: bytes, told: str) -> None:
    lines = [b"%06d" % number for number in range(1000)]
    lines[700] = line
    (tmp_path / "train.txt").write_bytes(b"\n".join(lines))
    with pytest.raises(LayoutError, match="line 701: ") as error:
        deque(entry for piece in pieces(tmp_path, 100) for entry in entries(tmp_path, piece))
    assert told in str(error.value)
    assert "train.txt" in str(error.value)
