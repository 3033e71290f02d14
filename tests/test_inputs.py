"""What a build reads is looked through in bounded memory, and grouped by shard as the engine does."""

from __future__ import annotations

import os
import shutil
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from apache_beam import Pipeline
from apache_beam.testing.util import assert_that, equal_to
from test_layout import write_dataset

from motion import layout
from motion.layout import open_dataset
from motion.split_lists import pieces
from pipelines import inputs
from pipelines.identity import begin, compare
from pipelines.inputs import dataset_input, listing
from pipelines.plan import outlook
from schemas import spill
from schemas.config import BuildConfig
from transforms import dataset_source
from transforms.dataset_source import DatasetSource, file_records, line_records, record_bytes, record_of
from transforms.step import corpus_of, shard_of

CLIP = np.zeros((60, 263), np.float32)


def write_lists(root: Path, lines: int) -> Path:
    """A dataset of one clip whose lists name so many, some of them twice."""
    write_dataset(root, {"000000": CLIP}, {})
    for split, share in (("train", 8), ("val", 1), ("test", 1)):
        with (root / f"{split}.txt").open("w") as file:
            file.writelines(f"{number:06d}\n" for number in range(lines * share // 10))
    return root


def peak(root: Path) -> tuple[int, int]:
    """Clips of a dataset, and bytes in memory at the most while it is looked through and grouped."""
    tracemalloc.start()
    found = dataset_input(root, None)
    config = BuildConfig(input=str(root), shards=found.shards)
    clips = sum(len(work.ids) for work in found.source.works(config))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert clips == found.clips
    return clips, most


def test_memory_does_not_grow_with_the_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (inputs, dataset_source):
        monkeypatch.setattr(module, "_TOGETHER", 1 << 14)
    monkeypatch.setattr(spill, "_WAITING", 1024)
    # Looking for files that are not there makes Python's own table of names grow, once.
    monkeypatch.setattr(DatasetSource, "_looked_up", lambda *_: None)
    few, many = write_lists(tmp_path / "few", 6000), write_lists(tmp_path / "many", 48_000)
    (clips, little), (more_clips, much) = peak(few), peak(many)
    assert (clips, more_clips) == (4800, 38_400)
    assert much < 1.5 * little  # eight times as many lines


@pytest.fixture
def repeated(tmp_path: Path) -> Path:
    """A dataset with ids that are named again, in their own list and in others."""
    clips = {f"{number:04d}": CLIP for number in range(150)} | {"M0003": CLIP}
    names = list(clips)
    splits = {
        "val": [*names[100:], "0003"],
        "train": [*names[100::-1], "0003", "0007"],
        "test": ["0140", "new"],
    }
    return write_dataset(tmp_path / "data", clips, splits)


def test_which_name_counts_is_the_same_in_one_process_and_in_the_engine(repeated: Path) -> None:
    whole, found = open_dataset(repeated), dataset_input(repeated, None)
    assert found.splits == {"train": 101, "val": 50, "test": 1}
    assert (found.clips, found.shards) == (152, 3)
    assert found.buckets == (("test", 1), ("train", 1), ("val", 1))
    config = BuildConfig(input=str(repeated), shards=5)
    works = sorted(found.source.works(config), key=lambda work: work.index)
    assert [work.index for work in works] == list(range(5))
    for work in works:
        mine = {number for number in range(5) if number == work.index}
        assert work.ids == tuple(pair for pair in whole.ids if shard_of(pair[0], 5) in mine)
        assert work.repeated == tuple(pair for pair in whole.repeated if shard_of(pair[0], 5) in mine)
    assert sum(len(work.repeated) for work in works) == 5
    with Pipeline("FnApiRunner") as pipeline:
        assert_that(pipeline | found.source.list_shards(config), equal_to(works))


def test_records_that_come_twice_and_out_of_order_count_once(repeated: Path) -> None:
    source, config = DatasetSource(repeated), BuildConfig(input=str(repeated), shards=1)
    records = [record for piece in pieces(repeated) for _, record in line_records(repeated, piece, 1)]
    records += [record for folder in (0, 1) for _, record in file_records(repeated, folder, 1)]
    (work,) = source.works(config)
    assert len(work.repeated) == 5
    assert source.work(config, 0, [*reversed(records), *records]) == work
    assert [record_of(record_bytes(record)) for record in [*records, ()]] == [*records, ()]


def test_shards_without_clips_come_out(tmp_path: Path) -> None:
    root = write_dataset(tmp_path / "data", {"1": CLIP}, {"train": ["1"]})
    source = DatasetSource(root)
    assert sorted(len(work.ids) for work in source.works(BuildConfig(shards=40))) == [0] * 39 + [1]


def test_the_listing_is_of_what_is_there_in_whatever_order(repeated: Path) -> None:
    before = listing(dataset_input(repeated, None))
    lines = (repeated / "val.txt").read_text().split()
    (repeated / "val.txt").write_text("\n".join(reversed(lines)))
    assert listing(dataset_input(repeated, None)) == before
    (repeated / "val.txt").write_text("\n".join(lines[1:]))
    assert listing(dataset_input(repeated, None)) != before
    (repeated / "val.txt").write_text("\n".join(lines))
    os.utime(repeated / "texts" / "0100.txt", ns=(0, 0))
    assert listing(dataset_input(repeated, None)) != before


def test_a_stray_file_whose_name_is_not_utf8_is_of_no_clip(repeated: Path) -> None:
    config = BuildConfig(input=str(repeated), shards=5)
    found = dataset_input(repeated, None)
    before = listing(found), list(found.source.works(config))
    (repeated / "texts" / os.fsdecode(b"caf\xe9.txt")).write_text("")
    found = dataset_input(repeated, None)
    assert list(found.source.works(config)) == before[1]
    assert listing(found) != before[0]
    with Pipeline("FnApiRunner") as pipeline:
        assert_that(pipeline | found.source.list_shards(config), equal_to(before[1]))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the clips' files that are read, in their order."""
    names: list[str] = []
    read = layout.file_bytes

    def noted(path: Path) -> bytes | OSError:
        names.append(f"{path.parent.name}/{path.name}")
        return read(path)

    monkeypatch.setattr(layout, "file_bytes", noted)
    return names


@pytest.fixture
def few(tmp_path: Path) -> BuildConfig:
    clips = {f"{number}": CLIP for number in range(6)}
    root = write_dataset(tmp_path / "data", clips, {"train": [*clips, "gone"]})
    return BuildConfig(input=str(root), output=str(tmp_path / "corpus"), dataset="few", shards=1)


def read(config: BuildConfig) -> str:
    source = DatasetSource(Path(config.input))
    (work,) = source.works(config)
    return source.read(config, work).fingerprint


def test_each_file_is_read_once_and_not_again_while_its_listing_is_the_same(
    few: BuildConfig, opened: list[str]
) -> None:
    first = read(few)
    assert len(opened) == len(set(opened)) == 14
    opened.clear()
    assert read(few) == first
    assert opened == []


def test_a_file_that_was_touched_is_read_and_a_shard_that_is_the_same_is_kept(
    few: BuildConfig, opened: list[str]
) -> None:
    first = read(few)
    made = corpus_of(few).receipt_path("read", 0).stat().st_mtime_ns
    os.utime(Path(few.input) / "texts" / "3.txt", ns=(0, 0))
    opened.clear()
    assert read(few) == first
    assert len(opened) == 14
    assert corpus_of(few).receipt_path("read", 0).stat().st_mtime_ns == made
    opened.clear()
    assert read(few) == first
    assert opened == []


@pytest.mark.parametrize("change", ["content", "split", "settings", "place", "record", "shard"])
def test_what_makes_a_shard_another_one_is_seen(few: BuildConfig, change: str, opened: list[str]) -> None:
    first, root = read(few), Path(few.input)
    opened.clear()
    config = few
    if change == "content":
        (root / "texts" / "2.txt").write_text("a person jumps#a/DET person/NOUN#0.0#0.0\n")
    elif change == "split":
        (root / "train.txt").rename(root / "val.txt")
    elif change == "settings":
        config = replace(few, dataset="other")
    elif change == "place":  # times may be the same in another folder, where contents are not
        shutil.copytree(root, root.parent / "copied")
        config = replace(few, input=str(root.parent / "copied"))
    elif change == "record":
        next((corpus_of(few).root / dataset_source.LISTINGS).iterdir()).write_text("{")
    else:
        corpus_of(few).shard_path("goals", 0).unlink()
    assert (read(config) == first) == (change in ("place", "record", "shard"))
    assert len(opened) == 14
    assert corpus_of(few).shard_path("goals", 0).is_file()


def test_changed_clips_are_counted_and_the_first_are_named(tmp_path: Path) -> None:
    clips = {f"{number:03d}": CLIP for number in range(30)}
    root = write_dataset(tmp_path / "data", clips, {"train": list(clips)})
    config = BuildConfig(input=str(root), output=str(tmp_path / "corpus"), dataset="few", shards=4)
    source = DatasetSource(root)
    begin(config, "a listing", [])
    for work in source.works(config):
        source.read(config, work)
    found = compare(config, source, "another listing")
    assert found is not None
    assert not found
    for number in range(5, 25):
        (root / "texts" / f"{number:03d}.txt").write_text("a person jumps#a/DET person/NOUN#0.0#0.0\n")
    found = compare(config, source, "another listing")
    assert found is not None
    assert found.clips == 20
    assert found.examples == tuple(f"{number:03d}" for number in range(5, 13))


def test_contents_that_turned_out_equal_are_read_once(few: BuildConfig, opened: list[str]) -> None:
    source = DatasetSource(Path(few.input))
    begin(few, "a listing", [])
    read(few)
    os.utime(Path(few.input) / "texts" / "3.txt", ns=(0, 0))
    opened.clear()
    for read_again in (14, 14):  # a plan writes nothing
        assert not compare(few, source, "another listing")
        assert len(opened) == read_again
        opened.clear()
    for read_again in (14, 0):
        assert not compare(few, source, "another listing", keep_listings=True)
        assert len(opened) == read_again
        opened.clear()
    (Path(few.input) / "texts" / "3.txt").write_text("a person jumps#a/DET person/NOUN#0.0#0.0\n")
    found = compare(few, source, "another listing", keep_listings=True)
    assert found is not None
    assert found.examples == ("3",)


def test_plan_names_a_shard_that_has_far_more_captions_than_others(tmp_path: Path) -> None:
    clips = {f"{number:03d}": CLIP for number in range(40)}
    root = write_dataset(tmp_path / "data", clips, {"train": list(clips)})
    config = BuildConfig(input=str(root), output=str(tmp_path / "corpus"), shards=40)
    assert outlook(config, DatasetSource(root), trusted=False).uneven() == []
    line = (root / "texts" / "007.txt").read_text()
    (root / "texts" / "007.txt").write_text(line * 1000)
    ahead = outlook(config, DatasetSource(root), trusted=False)
    assert ahead.captions == 1039
    (told,) = ahead.uneven()
    assert f"shard {shard_of('007', 40)} has " in told
    assert "(clip 007: 1000)" in told
