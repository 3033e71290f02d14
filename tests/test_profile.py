"""Profiles of shards: bounded, added up in any grouping, and complete in what the gate asks of them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipelines.suites import checks
from schemas.corpus import open_corpus
from schemas.profile import (
    EXAMPLES,
    MAX_VALUES,
    OTHERS,
    PROFILE,
    SKETCH,
    distinct,
    mean,
    merged,
    profile_path,
)
from schemas.shards import to_table
from schemas.storage import read_json
from schemas.tables import TABLES
from transforms.profile_tables import TEXT_KINDS
from transforms.profile_tally import Tally, null_counts
from transforms.profile_texts import Texts, hash48, known

CONFIG = {"skeleton": "t2m", "ladder": 4, "wordings": 4}
ROOT = Path(__file__).resolve().parents[1]


def profile(values: list[float], first: int = 0) -> dict[str, Any]:
    """A profile of rows that hold a number, a word and a text each."""
    tally, texts = Tally(), Texts()
    for place, value in enumerate(values, first):
        tally.rows += 1
        tally.number("size", value, place, width=0.1)
        tally.check("small", value < 0.9, place, value)
        tally.count("word", round(value, 1))
        texts.add(f"row {place}", f"word{round(value * 50)} walks {place}")
    return json.loads(
        json.dumps({"tables": {"rows": tally.as_dict()}, "texts": {"caption": texts.as_dict()}})
    )


@given(st.lists(st.floats(0, 1), max_size=40), st.integers(0, 40))
def test_two_profiles_together_are_the_profile_of_all_rows(values: list[float], cut: int) -> None:
    parts = merged([profile(values[:cut]), profile(values[cut:], len(values[:cut]))])
    assert parts == merged([profile(values)])
    numbers = parts["tables"]["rows"].get("numbers", {}).get("size")
    if values:
        assert numbers["low"][0][0] == min(values)
        assert numbers["high"][0][0] == max(values)
        found = mean(numbers)
        assert found is not None
        assert abs(found - sum(values) / len(values)) < 1e-5


def test_a_profile_does_not_grow_with_its_rows() -> None:
    sizes = []
    for rows in (2_000, 20_000):
        tally, texts = Tally(), Texts()
        for place in range(rows):
            tally.number("size", place / rows, place, width=0.01)
            tally.check("small", False, place, "x" * 10_000)
            tally.count("word", place)
            texts.add(str(place), f"word{place} and so on")
        values = tally.as_dict()
        assert len(values["counts"]["word"]) == MAX_VALUES + 1
        assert values["counts"]["word"][OTHERS] == rows - MAX_VALUES
        assert len(values["checks"]["small"]["examples"]) == EXAMPLES
        sizes.append(len(json.dumps([values, texts.as_dict()])))
    assert sizes[1] < 1.05 * sizes[0]


def test_every_check_of_the_profile_has_a_meaning_and_every_meaning_a_check() -> None:
    code = (ROOT / "transforms" / "profile_tables.py").read_text()
    code += (ROOT / "transforms" / "profile_keys.py").read_text()
    named = set(re.findall(r'tally\.check\(\s*"(\w+)"', code)) - {"readable"}
    named |= {"motion_sha256", "text_sha256", "annotator", "prompt_hash"}  # of loops over names
    named |= {"motion_resolves", "goal_motion_resolves"}
    assert named == {column for meanings in checks(CONFIG).values() for column in meanings}


def test_the_profile_counts_what_the_shards_hold(corpus: Path) -> None:
    opened, manifest = open_corpus(corpus)
    found = merged(read_json(profile_path(opened, PROFILE, index)) for index in range(opened.shards))
    assert {name: table["rows"] for name, table in found["tables"].items()} == {
        name: table["rows"] for name, table in manifest["tables"].items()
    }
    assert set(found["texts"]) == set(TEXT_KINDS)
    rows = [row for index in range(opened.shards) for row in opened.read("candidates", index).to_pylist()]
    counts = found["tables"]["candidates"]["counts"]
    for name in ("rank", "origin"):
        assert counts[name] == {str(v): sum(r[name] == v for r in rows) for v in {r[name] for r in rows}}
    assert sum(counts["operation"].values()) == sum(len(row["edits"]) for row in rows)
    annotations = [opened.read("annotations", index).to_pylist() for index in range(opened.shards)]
    said = found["tables"]["annotations"]["counts"]["statements"]
    assert said["supported"] == sum(row["supported"] for rows in annotations for row in rows)


def test_nulls_are_found_inside_structures() -> None:
    row = {"goal_id": "g", "split": None, "caption": "walk", "frames": 3}
    row["motion"] = {"table": "motions", "id": None, "start": 0, "end": 3}
    assert null_counts(to_table(TABLES["stage3"], [row], 263)) == {"split": 1, "motion.id": 1}


@given(st.integers(0, 3000), st.integers(0, 1000))
def test_a_sketch_tells_how_many_things_there_are(count: int, start: int) -> None:
    sketch = sorted(hash48(f"{start} {place}") for place in range(count))[:SKETCH]
    assert abs(distinct(sketch) - count) <= (0.3 * count if count >= SKETCH else 0)


def test_words_of_captions_and_annotations_are_known() -> None:
    for word in "person walks slowly clockwise kneeling hands feet doesn't a jumped twice".split():
        assert known(word), word
    for word in ("blorp", "zark", "frume"):
        assert not known(word), word
