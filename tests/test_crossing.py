"""What crosses workers is counted, little, and in groups that no skew makes large."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from schemas.config import config
from schemas.corpus import open_corpus
from schemas.storage import read_json
from transforms.crossing import Crossing, shuffled
from transforms.index import GOALS_A_CLIP, index_entries
from transforms.timing import count, step_seconds

WORKERS = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]


@pytest.mark.parametrize("flags", [[], WORKERS])
def test_bytes_and_records_are_counted_wherever_they_come_from(flags: list[str]) -> None:
    pipeline = beam.Pipeline("FnApiRunner", options=PipelineOptions(flags))
    rows = pipeline | beam.Create([b"a", b"bcd", b""] * 100) | beam.Reshuffle()
    _ = rows | beam.Map(lambda data: (b"key", data)) | Crossing("by name") | beam.GroupByKey()
    _ = (
        rows
        | beam.Map(lambda data: (200 * len(data), data))
        | Crossing("by number")
        | "Group" >> beam.GroupByKey()
    )
    result = pipeline.run()
    result.wait_until_finish()
    assert shuffled(result) == {
        "by name": {"bytes": 300 * 3 + 400, "records": 300},
        "by number": {"bytes": (1 + 2 + 2) * 100 + 400, "records": 300},
    }


def test_seconds_of_two_transforms_of_one_step_are_added() -> None:
    pipeline = beam.Pipeline("FnApiRunner")
    rows = pipeline | beam.Create([b"a", b"b"])

    def spend(milliseconds: int, row: bytes) -> bytes:
        count("compare", (1_000_000 * milliseconds, 2_000_000 * milliseconds))
        return row

    first = rows | "First" >> beam.Map(partial(spend, 250)) | beam.Reshuffle()
    _ = first | "Second" >> beam.Map(partial(spend, 1000))
    result = pipeline.run()
    result.wait_until_finish()
    assert step_seconds(result) == {"compare": {"cpu": 2.5, "elapsed": 5.0}}


def test_a_runner_without_metrics_tells_nothing() -> None:
    class Silent:
        def metrics(self) -> None:
            raise NotImplementedError

    assert shuffled(Silent()) == {}
    assert shuffled(None) == {}
    assert step_seconds(Silent()) == {}


def test_a_build_notes_what_it_shuffled_and_leaves_no_offers(corpus: Path) -> None:
    _, manifest = open_corpus(corpus)
    found = read_json(corpus / "run.json")["shuffled"]
    assert {
        "read: clips by shard",
        "search: entries by bucket",
        "ladder: picks by shard",
        "compare: sketches by band",
    } <= set(found)
    assert sum(shuffle["bytes"] for shuffle in found.values()) < 1000 * manifest["tables"]["goals"]["rows"]
    assert not (corpus / "offers").exists()


def test_a_clip_of_ten_thousand_captions_fills_no_bucket(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, manifest = open_corpus(corpus)
    settings = config({**manifest["config"], "shards": 40, "buckets": [["train", 20]]}, "", str(corpus))
    goal = {**opened.read("goals", 0).to_pylist()[0], "split": "train"}
    fact = opened.read("facts", 0).to_pylist()[0]
    names = [f"t2m-{clip:06d}-{n}" for clip, count in ((1, 10_000), (2, 3)) for n in range(count)]
    tables = {
        "goals": [{**goal, "goal_id": name, "motion_id": name.split("-")[1]} for name in names],
        "facts": [{**fact, "goal_id": name} for name in names],
    }

    class Rows(list):  # what a table is asked for
        def to_pylist(self) -> list:
            return self

    monkeypatch.setattr(type(opened), "read", lambda _, name, *__: Rows(tables[name]))
    goals: Counter[bytes] = Counter()
    offered: Counter[str] = Counter()
    for bucket, entry in index_entries(settings, 0):
        goals[bucket] += len(entry.goals)
        offered[entry.motion_id] += len(entry.goals) * entry.offered
        assert len(entry.goals) <= GOALS_A_CLIP
    assert sum(goals.values()) == len(names)
    assert offered == {"000001": GOALS_A_CLIP, "000002": 3}
    assert len(goals) == 20
    assert max(goals.values()) < 2 * len(names) / 20
