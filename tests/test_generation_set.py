"""Sets of generations on disk, and motions gathered out of a corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_corpus import write_corpus

from motion.seeds import generator
from motion.skeleton import KIT, T2M, Skeleton
from schemas.corpus import Corpus, Output, open_corpus
from schemas.gathering import gather
from schemas.generation_set import (
    GenerationSet,
    SetInfo,
    content_fingerprint,
    open_set,
    write_generation_shard,
    write_set,
)
from schemas.generations import GENERATION_TABLES, MODES
from schemas.rows import MotionRef
from schemas.shards import features_of
from schemas.storage import read_json, write_json
from transforms.homes import home_of
from transforms.step import shard_of

Row = dict[str, Any]
INFO = SetInfo("a model", "chain", "t2m", "test", "out/corpus", "0123", {"temperature": 0.7})
LENGTHS = ((40, 44), (60,), (), (199, 40, 52), (8,))  # frames of each completion's motions


def generation_rows(body: Skeleton = T2M) -> tuple[list[Row], list[Row]]:
    """Completions with no motion, one or several."""
    generations, rounds = [], []
    for number, lengths in enumerate(LENGTHS):
        name = f"g-{number}|0"
        generations.append(
            {
                "generation_id": name,
                "model": "a model",
                "mode": "chain",
                "goal_id": f"g-{number}",
                "split": "test",
                "caption": "a person „walks“ – twice",
                "sample": 0,
                "shown_id": "",
                "shown": {"table": "", "id": "", "start": 0, "end": 0},
                "text": f"<think>{number}</think>\n",
                "answer": "",
                "verdict": float("nan"),
                "rounds": len(lengths),
            }
        )
        for place, frames in enumerate(lengths):
            rounds.append(
                {
                    "generation_id": name,
                    "round": place,
                    "injected": place == 1,
                    "tokens": list(range(frames // 4)),
                    "assessment": "no wave",
                    "refinement": "wave",
                    "frames": frames,
                    "features": generator(name, place).normal(size=(frames, body.feature_size)),
                }
            )
    return generations, rounds


def write(
    root: Path, body: Skeleton = T2M, shards: int = 2, order: Callable[[list[Row]], Any] = list
) -> Path:
    generations, rounds = generation_rows(body)
    outputs: list[Output] = []
    for index in range(shards):
        mine = [row for place, row in enumerate(generations) if place % shards == index]
        names = {row["generation_id"] for row in mine}
        outputs += write_generation_shard(
            root,
            index,
            shards,
            order(mine),
            order([row for row in rounds if row["generation_id"] in names]),
            body.feature_size,
        )
    write_set(root, INFO, order(outputs))  # type: ignore[arg-type]
    return root


def contents(found: GenerationSet) -> tuple[dict[str, Row], dict[tuple[str, int], np.ndarray]]:
    generations, motions = {}, {}
    for completions, rounds in found.tables():
        generations |= {row["generation_id"]: row for row in completions.to_pylist()}
        names = zip(rounds.column("generation_id").to_pylist(), rounds.column("round").to_pylist())
        motions |= {name: features_of(rounds, row) for row, name in enumerate(names)}
    return generations, motions


@pytest.mark.parametrize("shards", [1, 2, 7])
@pytest.mark.parametrize("body", [T2M, KIT], ids=lambda body: body.name)
def test_a_set_comes_back_as_it_was_written(tmp_path: Path, body: Skeleton, shards: int) -> None:
    """Also where a shard holds no row."""
    found = open_set(write(tmp_path, body, shards))
    generations, rounds = generation_rows(body)
    assert found.info == INFO
    assert found.count == len(generations)
    read, motions = contents(found)
    assert {name: row | {"verdict": 0} for name, row in read.items()} == {
        row["generation_id"]: row | {"verdict": 0} for row in generations
    }
    assert all(np.isnan(row["verdict"]) for row in read.values())
    assert set(motions) == {(row["generation_id"], row["round"]) for row in rounds}
    for row in rounds:
        features = motions[row["generation_id"], row["round"]]
        np.testing.assert_array_equal(features, row["features"].astype(np.float32))
        assert features.shape == (row["frames"], body.feature_size)


def test_a_completion_and_its_motions_are_in_one_shard(tmp_path: Path) -> None:
    for completions, rounds in open_set(write(tmp_path, shards=3)).tables():
        counts = dict(
            zip(completions.column("generation_id").to_pylist(), completions.column("rounds").to_pylist())
        )
        names = rounds.column("generation_id").to_pylist()
        assert {name: names.count(name) for name in counts} == counts


@settings(max_examples=10)
@given(draw=st.randoms())
def test_rows_in_any_order_give_the_same_bytes(tmp_path_factory: pytest.TempPathFactory, draw: Any) -> None:
    def shuffled(rows: list[Row]) -> list[Row]:
        return draw.sample(rows, len(rows))

    roots = [tmp_path_factory.mktemp("set") for _ in range(2)]
    write(roots[0])
    write(roots[1], order=shuffled)
    files = [sorted(path.relative_to(root) for path in root.rglob("*.*")) for root in roots]
    assert files[0] == files[1]
    assert len(files[0]) == 5
    for file in files[0]:
        assert (roots[0] / file).read_bytes() == (roots[1] / file).read_bytes(), file


def in_manifest(**changed: Any) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        write_json(root / "manifest.json", read_json(root / "manifest.json") | changed)

    return damage


def without(name: str) -> Callable[[Path], None]:
    def damage(root: Path) -> None:
        values = read_json(root / "manifest.json")
        del values[name]
        write_json(root / "manifest.json", values)

    return damage


def no_manifest(root: Path) -> None:
    (root / "manifest.json").unlink()


def half_a_manifest(root: Path) -> None:
    (root / "manifest.json").write_text('{"version": 1,')


VERSIONS = {name: table.version for name, table in GENERATION_TABLES.items()}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (no_manifest, "holds no generations; give a folder with their manifest.json"),
        (in_manifest(kind="corpus"), "holds no generations"),
        (half_a_manifest, r"manifest\.json: is no JSON"),
        (in_manifest(version=2), r"manifest\.json: version 2 .*generate again"),
        (in_manifest(schema_versions=VERSIONS | {"rounds": 0}), r"'rounds': 0.*generate again"),
        (in_manifest(schema_versions={"rounds": 1}), "generate again"),
        (in_manifest(mode="guess"), r"manifest\.json: is damaged \(unknown mode 'guess'\); generate again"),
        (without("content"), r"manifest\.json: is damaged \('content'\); generate again"),
        (without("shards"), r"manifest\.json: is damaged .*; generate again"),
        (in_manifest(shards=[{"file": "x"}]), r"manifest\.json: is damaged .*; generate again"),
        (in_manifest(shards=None), r"manifest\.json: is damaged .*; generate again"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_refused(
    tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    damage(write(tmp_path))
    with pytest.raises(ValueError, match=message) as error:
        open_set(tmp_path)
    assert str(error.value).startswith(str(tmp_path))


@pytest.mark.parametrize("table", list(GENERATION_TABLES))
@pytest.mark.parametrize("gone", [True, False])
def test_a_missing_or_changed_shard_is_refused(tmp_path: Path, table: str, gone: bool) -> None:
    path = write(tmp_path) / table / f"{table}-00001-of-00002.parquet"
    if gone:
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with pytest.raises(ValueError, match=r"missing or changed since it was written; generate again") as error:
        open_set(tmp_path)
    assert str(error.value).startswith(str(path))


def test_a_shard_of_another_schema_version_is_refused(tmp_path: Path) -> None:
    """Where the manifest does not say so, the shard itself does."""
    found = open_set(write(tmp_path, shards=1))
    path = tmp_path / "rounds" / "rounds-00000-of-00001.parquet"
    old = pq.read_table(path).replace_schema_metadata({"table": "rounds", "schema_version": "0"})
    pq.write_table(old, path)
    with pytest.raises(ValueError, match=r"schema version 0, expected rounds of version 1; generate again"):
        list(found.tables())


def test_an_unknown_mode_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"unknown mode 'guess': choose one of {', '.join(MODES)}"):
        write_set(tmp_path, SetInfo("m", "guess", "t2m", "test", "", "", {}), [])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", MODES)
def test_a_set_of_every_mode_may_be_empty(tmp_path: Path, mode: str) -> None:
    write_set(tmp_path, SetInfo("m", mode, "kit", "val", "", "", {}), [])
    found = open_set(tmp_path)
    assert (found.count, list(found.tables()), found.info.mode) == (0, [], mode)


def test_a_completion_twice_is_refused(tmp_path: Path) -> None:
    generations, rounds = generation_rows()
    with pytest.raises(ValueError, match=r"generations: two rows with key \['g-0\|0'\]"):
        write_generation_shard(tmp_path, 0, 1, [*generations, generations[0]], rounds, 263)


def test_the_content_of_a_corpus_is_its_goals_and_motions(tmp_path: Path) -> None:
    _, manifest = write_corpus(tmp_path / "one")
    found = content_fingerprint(manifest)
    for table in manifest["tables"]:
        changed = manifest | {"tables": manifest["tables"] | {table: {"digest": "other"}}}
        assert (content_fingerprint(changed) != found) == (table in ("motions", "goals")), table
    assert content_fingerprint(write_corpus(tmp_path / "two")[1]) == found
    assert content_fingerprint(write_corpus(tmp_path / "kit", "kit")[1]) != found


def test_motions_are_gathered_over_shards_and_tables(tmp_path: Path) -> None:
    corpus, _ = write_corpus(tmp_path)
    references = [
        MotionRef("motions", "000001", 0, 60),
        MotionRef("motions", "000004", 7, 53),
        MotionRef("perturbed", "small-000003-0-p1", 0, 48),
        MotionRef("motions", "000004", 0, 60),
        MotionRef("motions", "000001", 59, 60),
    ]
    found = gather(corpus, iter([*references, references[0]]))
    assert set(found) == set(references)
    for reference, features in found.items():
        frames = 60 if reference.table == "motions" else 48
        whole = generator("small", reference.id).standard_normal((frames, 263)).astype(np.float32)
        np.testing.assert_array_equal(features, whole[reference.start : reference.end])
        features[:] = 0  # their own memory: what one reader changes, no other sees
    assert (gather(corpus, references)[references[0]] != 0).all()
    assert gather(corpus, []) == {}


@pytest.mark.parametrize(
    ("table", "name", "start", "end"),
    [
        ("motions", "000009", 0, 60),
        ("perturbed", "000001", 0, 48),
        ("motions", "000001", 0, 61),
        ("motions", "000001", -1, 60),
        ("motions", "000001", 30, 30),
    ],
)
def test_motions_that_are_not_there_are_named(
    tmp_path: Path, table: str, name: str, start: int, end: int
) -> None:
    """Also frames that a motion does not have."""
    corpus, _ = write_corpus(tmp_path)
    good = MotionRef("motions", "000001", 0, 60)
    message = f"{tmp_path}: has no motion '{name}' in {table} with frames {start} to {end}; build it again"
    with pytest.raises(ValueError, match=message):
        gather(corpus, [good, MotionRef(table, name, start, end)])


def test_only_the_shards_that_hold_them_are_read(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, _ = open_corpus(corpus)
    held = {
        MotionRef(table, row[key], 0, row["frames"]): index
        for table, key in (("motions", "motion_id"), ("perturbed", "perturbed_id"))
        for index in range(opened.shards)
        for row in opened.read(table, index, [key, "frames"]).to_pylist()
    }
    assert {reference: home_of(reference, opened.shards) for reference in held} == held
    # A part of a clip, and ids with the signs that part ids.
    odd = MotionRef("perturbed", "t2m-a-1@2-0@20-60-p3", 0, 9)
    assert home_of(odd, 99) == shard_of("a-1@2", 99)
    read: set[int] = set()
    whole = type(opened).read

    def noted(self: Corpus, table: str, index: int, *rest: Any) -> Any:
        read.add(index)
        return whole(self, table, index, *rest)

    monkeypatch.setattr(type(opened), "read", noted)
    some = [reference for reference, index in held.items() if index == 1]
    assert set(gather(opened, some, home_of)) == set(some)
    assert read == {1}
    # Elsewhere than where it should be it is found all the same.
    assert set(gather(opened, some, lambda *_: 0)) == set(some)
