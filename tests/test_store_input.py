"""What a build reads may lie in a bucket: no request for each file, and a corpus is taken over from there."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from s3_server import upload
from test_layout import write_dataset

from pipelines.inputs import corpus_input, dataset_input, listing
from schemas.config import BuildConfig
from schemas.places import StorePath
from transforms.read import ShardWork
from transforms.step import corpus_of


def test_listing_a_dataset_in_a_bucket_asks_for_no_file_of_its_own(
    bucket: StorePath, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(demo, bucket / "data")
    asked: list[str] = []
    for name in ("stat", "read_bytes", "read_range"):
        monkeypatch.setattr(StorePath, name, counted(getattr(StorePath, name), asked))
    found = dataset_input(bucket / "data", None)
    listing(found)
    config = BuildConfig(shards=found.shards)
    here = {work.index: work for work in dataset_input(demo, None).source.works(config)}
    for work in found.source.works(config):
        assert replace(work, listing="") == replace(here[work.index], listing="")
    clips = {name for name in asked if "/texts/" in name or "/new_joint_vecs/" in name}
    assert len(clips) <= 5  # of the first clips, for the skeleton


def counted(method: Callable, asked: list[str]) -> Callable:
    def noted(self: StorePath, *given: object, **named: object) -> object:
        asked.append(str(self))
        return method(self, *given, **named)

    return noted


def test_shards_are_taken_over_from_a_bucket(bucket: StorePath, corpus: Path, tmp_path: Path) -> None:
    upload(corpus, bucket / "corpus")
    found = corpus_input(bucket / "corpus", None)
    config = BuildConfig(output=str(tmp_path / "new"), shards=found.shards)
    for index in range(found.shards):
        found.source.read(config, ShardWork(index))
    made = corpus_of(config)
    for table in ("motions", "goals"):
        for index in range(found.shards):
            path = made.shard_path(table, index)
            assert path.read_bytes() == (corpus / path.relative_to(made.root)).read_bytes()


def test_that_a_store_does_not_answer_is_no_fault_of_a_clip(
    bucket: StorePath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = {name: np.zeros((60, 263), np.float32) for name in ("1", "2")}
    upload(write_dataset(tmp_path / "data", clips, {"train": ["1", "2", "gone"]}), bucket / "data")
    source = dataset_input(bucket / "data", None).source
    config = BuildConfig(output=str(tmp_path / "new"))
    (work,) = source.works(config)
    whole = StorePath.read_bytes

    def broken(self: StorePath) -> bytes:
        if self.name == "2.txt":
            raise OSError(errno.EIO, "the store does not answer as it should", str(self))
        return whole(self)

    monkeypatch.setattr(StorePath, "read_bytes", broken)
    with pytest.raises(OSError, match=r"texts/2\.txt"):
        source.read(config, work)
    monkeypatch.setattr(StorePath, "read_bytes", whole)
    assert source.read(config, work).counts["clips"].filtered == {"missing_motion": 1}
