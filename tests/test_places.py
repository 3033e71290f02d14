"""Folders and buckets behave alike where commands use them; a store's own promises hold on a real server."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import places
from schemas.first_writer import put_new
from schemas.places import StorePath, is_store, place, scan
from schemas.shards import parquet_file
from schemas.storage import check_output, file_digest, read_json, remove_tree, sweep, whole_file, write_json

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\\"), min_size=1).filter(
    lambda name: name not in (".", "..")
)


@pytest.fixture(params=["folder", "bucket"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "folder":
        return tmp_path / "corpus"
    return request.getfixturevalue("bucket") / "some" / "corpus"


def test_a_name_is_a_folder_or_a_uri(tmp_path: Path) -> None:
    assert place(tmp_path) == tmp_path
    assert place("out/demo") == Path("out/demo")
    uri = place("s3://bucket/some/corpus/")
    assert is_store(uri)
    assert str(uri) == "s3://bucket/some/corpus"
    assert place(uri) is uri
    assert place(str(place("gs://bucket"))) == StorePath("gs", "bucket")


@pytest.mark.parametrize("bad", ["s3://", "s3:///key", "http://host/x", "s3://bucket/../other", "az://c/x"])
def test_a_uri_that_cannot_be_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="give"):
        place(bad)


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_names_survive_text_and_pickle(names: list[str]) -> None:
    path = StorePath("s3", "bucket")
    for name in names:
        path = path / name
    assert place(str(path)) == path
    assert pickle.loads(pickle.dumps(path)) == path
    assert path.name == names[-1]
    assert path.parent / path.name == path
    assert (path / "x").relative_to(path).as_posix() == "x"
    assert path.stem + path.suffix == path.name


def test_files_are_written_read_listed_and_removed_alike(root: Path) -> None:
    assert not root.exists()
    assert read_json(root / "a.json") is None
    digest = write_json(root / "a.json", {"b": [1, "ä"]})
    for index in range(3):
        with whole_file(root / "motions" / f"motions-{index}.parquet") as file:
            file.write(b"x" * (index + 1))
    assert read_json(root / "a.json") == {"b": [1, "ä"]}
    assert file_digest(root / "a.json") == digest
    assert root.is_dir()
    assert not root.is_file()
    assert (root / "motions").is_dir()
    assert sorted(path.name for path in root.iterdir()) == ["a.json", "motions"]
    assert {one.name: one.size for one in scan(root / "motions")} == {
        f"motions-{n}.parquet": n + 1 for n in range(3)
    }
    assert [one.name for one in scan(root)] == ["a.json"]
    found = sorted(str(path.relative_to(root)) for path in root.glob("*/motions-[01].parquet"))
    assert found == ["motions/motions-0.parquet", "motions/motions-1.parquet"]
    assert len(list(root.rglob("*.parquet"))) == 3
    with (root / "a.json").open(encoding="utf-8") as file:
        assert "ä" in file.read()
    (root / "a.json").rename(root / "c.json")
    assert not (root / "a.json").exists()
    (root / "c.json").unlink()
    (root / "c.json").unlink(missing_ok=True)
    with pytest.raises(FileNotFoundError):
        (root / "c.json").unlink()
    with pytest.raises(FileNotFoundError):
        list(scan(root / "none"))
    remove_tree(root)
    assert not root.exists()
    remove_tree(root)


def test_a_body_that_fails_writes_nothing(root: Path) -> None:
    def fail() -> None:
        with whole_file(root / "a") as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not (root / "a").exists()
    assert sweep(root) == 0


def test_columns_of_a_shard_are_read_by_parts(bucket: StorePath, monkeypatch: pytest.MonkeyPatch) -> None:
    table = pa.table({"id": [1, 2], "big": ["x" * 3_000_000, "y" * 3_000_000]})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="none", use_dictionary=False)
    (bucket / "t.parquet").write_bytes(sink.getvalue().to_pybytes())
    read = []
    honest = StorePath.read_range

    def counted(self: StorePath, start: int, end: int) -> bytes:
        read.append(end - start)
        return honest(self, start, end)

    monkeypatch.setattr(StorePath, "read_range", counted)
    with parquet_file(bucket / "t.parquet") as file:
        assert file.read(columns=["id"]).column("id").to_pylist() == [1, 2]
    assert 0 < sum(read) < 2_500_000
    with parquet_file(bucket / "t.parquet", whole=True) as file:
        assert file.read() == table


def test_of_many_that_create_one_object_one_wins(bucket: StorePath) -> None:
    won: list[bool] = []

    def create(number: int) -> None:
        won.extend(put_new([(bucket / "one", str(number).encode())]))

    threads = [threading.Thread(target=create, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won.count(True) == 1
    held = (bucket / "one").read_bytes()
    assert put_new([(bucket / "one", held), (bucket / "two", b"2")]) == [True, True]
    assert put_new([(bucket / "one", b"other")]) == [False]


def test_a_version_is_replaced_once(bucket: StorePath) -> None:
    path = bucket / "lock"
    path.create(b"a")
    held, tag = path.version()
    assert held == b"a"
    second = path.replace_version(tag, b"b")
    assert second
    assert path.replace_version(tag, b"c") is None
    assert path.replace_version(second, b"d")
    assert path.read_bytes() == b"d"
    path.unlink()
    assert path.replace_version(second, b"e") is None


def test_errors_name_the_object_and_what_is_wrong(bucket: StorePath) -> None:
    with pytest.raises(FileNotFoundError, match=f"{bucket}/none"):
        (bucket / "none").read_bytes()
    nowhere = StorePath("s3", "no-such-bucket-here")
    with pytest.raises(FileNotFoundError, match="no such bucket"):
        (nowhere / "a").write_bytes(b"")
    assert not nowhere.is_dir()
    assert bucket.is_dir()
    with pytest.raises(ValueError, match="whole"):
        (bucket / "a").open("wb")
    with pytest.raises(ValueError, match="no such bucket"):
        check_output(nowhere / "a")
    check_output(bucket / "a")
    assert list(bucket.iterdir()) == []


def test_google_is_told_the_version_that_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its store has no tags for conditions but numbers; no server for it is needed to see what is asked."""
    asked = []

    class Store:
        @staticmethod
        def put(_: object, key: str, data: bytes, *, mode: object, use_multipart: bool) -> dict[str, str]:
            asked.append((key, mode, use_multipart))
            return {"e_tag": "b", "version": "8"}

    monkeypatch.setattr(places, "ask", lambda bucket, name, request, hurry=False: request(Store, None))
    made = StorePath("gs", "bucket", ("lock",)).replace_version({"e_tag": "a", "version": "7"}, b"")
    assert asked == [("lock", {"e_tag": "a", "version": "7"}, False)]
    assert made == {"e_tag": "b", "version": "8"}
