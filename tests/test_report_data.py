"""What the report shows, kept shard by shard: the same as out of all rows together, and bounded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from commands import irmogen
from faults import copied
from report_corpus import FLAGGED, GONE, write_report_corpus

from motion.seeds import seed
from pipelines.report.data_page import Audited, data_page
from pipelines.report.gathering import gather, read_parts, shown
from pipelines.report.goal_choice import Choice, choose
from schemas.corpus import Corpus, open_corpus
from schemas.profile import SHOWN, profile_path
from schemas.storage import read_json, write_json
from transforms.report_data import CLOSE, LEFT_OUT, SAMPLE
from transforms.report_goals import DEAD_LETTERS, Chosen, Parts
from transforms.report_tables import REPORT_COLUMNS, report_data_of

IDS = ("goal_id", "candidate_id", "annotation_id", "input_id")


def all_rows(corpus: Corpus) -> Parts:
    """The tables of all shards, as if they were one."""
    shards = [read_parts(corpus, index, REPORT_COLUMNS) for index in range(corpus.shards)]
    names = dict.fromkeys(name for parts in shards for name in parts)
    return {name: pa.concat_tables(parts[name] for parts in shards if name in parts) for name in names}


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Without what names shards: they are numbered differently."""
    goals = {name: [[key, *goal[2:]] for key, goal in values[name]] for name in ("wrong", "rest")}
    letters = [[*key, count] for *key, count, _ in values["letters"]]
    return json.loads(json.dumps({**values, **goals, "letters": letters}, sort_keys=True))


def test_shards_together_show_what_all_rows_show(corpus: Path, tmp_path: Path) -> None:
    for opened in (open_corpus(corpus)[0], write_report_corpus(tmp_path / "small")[0]):
        found = plain(gather(opened).as_dict())
        assert found == plain(report_data_of(all_rows(opened), 0, 1).as_dict())
        assert found["unread"] == []
        assert found["goals"] > 0


def test_the_engines_file_is_what_the_rows_show(corpus: Path) -> None:
    opened, _ = open_corpus(corpus)
    for index in range(opened.shards):
        held = read_json(profile_path(opened, SHOWN, index))
        parts = read_parts(opened, index, REPORT_COLUMNS)
        assert held == json.loads(json.dumps(report_data_of(parts, index, opened.shards).as_dict()))


def test_goals_are_chosen_as_out_of_all_of_them(corpus: Path) -> None:
    opened, _ = open_corpus(corpus)
    data = gather(opened)
    every = choose(opened, data, None)
    assert (every.of, every.flagged) == (data.goals, data.flagged)
    for count, close in ((1, True), (CLOSE, True), (CLOSE + 1, True), (7, False), (SAMPLE, False)):
        found = choose(opened, data, count, close=close)
        assert found == first(every, count, close), (count, close)


def first(every: Choice, count: int, close: bool) -> Choice:
    """So many goals, chosen with all of them at hand."""

    def drawn(goals: list[Chosen], close: bool = False) -> list[Chosen]:
        hashed = sorted(goals, key=lambda one: seed("browser", one.goal_id))
        return sorted(hashed, key=lambda one: seed("browser", one.shard)) if close else hashed

    wrong = drawn([one for one in every.goals if one.is_flagged])
    rest = drawn([one for one in every.goals if not one.is_flagged], close)
    wrong = wrong[: min(count, max(count // 4, count - len(rest)))]
    rest = rest[: count - len(wrong)]
    shown = [sorted(goals, key=lambda one: one.goal_id) for goals in (wrong, rest)]
    return Choice((*shown[0], *shown[1]), every.of, every.flagged)


def test_what_a_shard_keeps_does_not_grow_with_its_rows(tmp_path: Path) -> None:
    corpus, _ = write_report_corpus(tmp_path / "corpus")
    parts = all_rows(corpus)
    sizes = []
    for times in (110, 220):
        data = report_data_of(repeated(parts, times), 0, 1)
        assert data.unread == []
        assert (data.goals, data.contradicted, len(data.left_out)) == (8 * times, times, LEFT_OUT)
        sizes.append(len(json.dumps(data.as_dict())))
    assert sizes[1] < 1.05 * sizes[0] < 1_000_000
    of_many = report_data_of(repeated(parts, 220), 0, 1000)
    assert len(json.dumps(of_many.as_dict())) < sizes[1] / 2


def repeated(parts: Parts, times: int) -> Parts:
    """Tables with their rows again and again under other ids, every assessment contradicted."""
    found = {}
    for name, table in parts.items():
        rows = [row for number in range(times) for row in (renamed(row, number) for row in table.to_pylist())]
        found[name] = pa.Table.from_pylist(rows, table.schema)
    return found


def renamed(row: dict[str, Any], number: int) -> dict[str, Any]:
    ids = {name: f"{row[name]}~{number}" for name in IDS if row.get(name)}
    return {**row, **ids, **({"text": row["text"] + "x" * 10_000} if "text" in row else {})}


def test_texts_of_any_length_are_kept_in_part(tmp_path: Path) -> None:
    corpus, _ = write_report_corpus(tmp_path / "corpus")
    parts = dict(read_parts(corpus, 0, REPORT_COLUMNS))
    letters = parts[DEAD_LETTERS, "read"].to_pylist()
    long = [{**row, "detail": "y" * 1_000_000} for row in letters]
    parts[DEAD_LETTERS, "read"] = pa.Table.from_pylist(long, parts[DEAD_LETTERS, "read"].schema)
    data = report_data_of(parts, 0, 1)
    assert sum(found.count for found in data.letters.values()) == len(letters) + 1
    assert len(json.dumps(data.as_dict())) < 1_000_000


def test_rows_without_sense_are_named_and_the_others_counted(tmp_path: Path) -> None:
    corpus, _ = write_report_corpus(tmp_path / "corpus")
    parts = dict(read_parts(corpus, 1, REPORT_COLUMNS))
    rows = parts["candidates", ""].to_pylist()
    spoilt = [{**row, "rank": None, "edits": None} for row in rows]
    parts["candidates", ""] = pa.Table.from_pylist(spoilt, parts["candidates", ""].schema)
    del parts["facts", ""]
    data = report_data_of(parts, 1, 2)
    assert [told.split(" of shard 1: ")[0] for told in data.unread][:2] == ["facts", "candidates"]
    assert not data.origins
    assert data.lengths.total() == parts["motions", ""].num_rows
    told = data_page([], data, Audited(), ())
    assert "Not counted on these pages" in told
    assert "facts of shard 1" in told


def test_what_is_stale_is_made_of_the_rows_until_validate_keeps_it_anew(corpus: Path, tmp_path: Path) -> None:
    copy = copied(corpus, tmp_path / "copy")
    opened, _ = open_corpus(copy)
    path = profile_path(opened, SHOWN, 0)
    held, values = path.read_bytes(), shown(opened, 0)
    for spoilt in ({**values, "version": 0, "goals": 0}, None):
        path.unlink()  # the copy is a link
        if spoilt:
            write_json(path, spoilt)
        assert json.loads(json.dumps(shown(opened, 0))) == values
    path.write_bytes(b"{")
    assert json.loads(json.dumps(shown(opened, 0))) == values
    assert "1 shards were profiled again" in irmogen("validate", copy).stdout
    assert path.read_bytes() == held


def test_captions_that_were_left_out_are_counted_and_the_most_certain_shown(tmp_path: Path) -> None:
    corpus, _ = write_report_corpus(tmp_path / "corpus")
    data = gather(corpus)
    assert [row["caption_id"] for row in data.left_out] == [GONE]
    assert [goal[0] for goal in data.wrong.values] == [FLAGGED, GONE]
    page = data_page([], data, Audited(data.left_out * LEFT_OUT, more=1_200), ())
    assert "and 1,200 more" in page
    assert page.count("certainty 0.90") == LEFT_OUT


@pytest.mark.parametrize("shards", [1, 3, 10, 1000])
def test_a_draw_of_many_shards_is_that_of_the_whole(shards: int) -> None:
    from schemas.draw import Draw, share

    size, keys = 150, [f"goal-{number}" for number in range(8_000)]
    whole, parts = Draw(size, "test"), [Draw(share(size, shards), "test") for _ in range(shards)]
    for key in keys:
        whole.offer(key, key)
        parts[seed("shard", key) % shards].offer(key, key)
    together = Draw(size, "test")
    for part in parts:
        together.add(part.pairs())
    assert together.pairs() == whole.pairs()
