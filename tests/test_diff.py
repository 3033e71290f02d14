"""What `irmogen diff` says of two corpora."""

from __future__ import annotations

import math
import re
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from commands import irmogen
from diff_corpus import changed_corpus, dealt_corpus, with_manifest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_corpus import CLIPS, write_corpus

from evaluators.shift import js_distance, ks_distance, weighted_mean, weighted_quantiles
from pipelines.cli import main
from pipelines.diff import values
from pipelines.diff.comparison import Comparison, compare
from pipelines.diff.page import page
from pipelines.diff.row_digests import cell_digests
from pipelines.diff.text import lines
from schemas.corpus import open_corpus
from schemas.storage import read_json, write_json
from schemas.tables import TABLES

HOSTILE = 'a man </td><script>window.hacked = 1</script><img src=x onerror="hacked=2"> \x1b[31mwalks twice'


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("diff") / "small")[0].root


def tables(found: Comparison) -> dict[str, tuple[int, int, int, int]]:
    """Rows by table: added, gone, changed, the same."""
    return {t.table: (t.added, t.gone, t.changed, t.same) for t in found.tables}


def told(found: Comparison) -> str:
    return "\n".join(lines(found))


def test_the_same_corpus_in_another_folder_differs_in_nothing(corpus, tmp_path, capsys, monkeypatch) -> None:
    copy = shutil.copytree(corpus, tmp_path / "copy")
    monkeypatch.setattr("pipelines.diff.shards.read_table", None)  # no shard is read
    assert main(["diff", str(corpus), str(copy)]) == 0
    out = capsys.readouterr().out
    assert "Both hold the same rows." in out
    assert re.findall(r"^(\w.*)\n  the same$", out, re.M) == [
        "settings",
        "versions",
        "counts of the steps",
        "distributions",
    ]
    manifest = read_json(corpus / "manifest.json")
    for name, table in manifest["tables"].items():
        assert re.search(
            rf"^  {name} +{table['rows']:,} +{table['rows']:,} +0 +0 +0 +{table['rows']:,}$", out, re.M
        )


def test_another_number_of_shards_does_not_matter(corpus, tmp_path) -> None:
    for shards in (3, 4):  # without and with a common divisor
        found = compare(corpus, dealt_corpus(corpus, tmp_path / str(shards), shards), 3)
        assert not found.differs
        assert all(same == t.before == t.after for t in found.tables for *_, same in [tables(found)[t.table]])
        assert "distributions\n  the same" in told(found)


def test_rows_that_lie_in_another_shard_than_their_clip_says_are_found(small, tmp_path) -> None:
    assert not compare(small, dealt_corpus(small, tmp_path / "dealt", 2), 3).differs


def test_one_row_changed_one_gone_and_one_added(corpus, tmp_path) -> None:
    def change(rows):
        kept = sorted(rows, key=lambda row: row["goal_id"])
        if "t2m-000001-0" in {row["goal_id"] for row in rows}:
            kept[0] = {**kept[0], "caption": "a person does something else now"}
            kept[1] = {**kept[1], "goal_id": "t2m-new-0"}
        return kept

    found = compare(corpus, changed_corpus(corpus, tmp_path / "b", {"goals": change}), 3)
    goals = next(table for table in found.tables if table.table == "goals")
    assert (goals.added, goals.gone, goals.changed) == (1, 1, 1)
    assert goals.columns == {"caption": 1}
    assert [example.key for example in goals.examples["added"]] == ["t2m-new-0"]
    (changed,) = goals.examples["changed"]
    assert changed.after["caption"] == "a person does something else now" != changed.before["caption"]
    assert {name for name, counts in tables(found).items() if counts[:3] != (0, 0, 0)} == {"goals"}
    assert changed.key in told(found)


def test_a_motion_is_compared_by_its_digest(small, tmp_path) -> None:
    def bend(rows):
        for row in rows:
            if row["motion_id"] == "000003":
                row["features"] = np.array(row["features"])
                row["features"][7, 100] += 1e-3
        return rows

    found = compare(small, changed_corpus(small, tmp_path / "b", {"motions": bend}), 3)
    (motions,) = (table for table in found.tables if table.table == "motions")
    assert motions.columns == {"features": 1}
    was, now = (
        side["features"] for side in vars(motions.examples["changed"][0]).values() if isinstance(side, dict)
    )
    assert was != now
    assert re.fullmatch(r"digest [0-9a-f]{16}", now)


def test_equal_dead_letters_are_counted_one_by_one(small, tmp_path) -> None:
    def doubled(rows):
        return rows + [row for row in rows if row["input_id"] in ("bad-001", "bad-002")]

    found = compare(small, changed_corpus(small, tmp_path / "b", {"dead_letters": doubled}), 3)
    assert tables(found)["dead_letters"] == (4, 0, 0, 28)
    back = compare(tmp_path / "b", small, 3)
    assert tables(back)["dead_letters"] == (0, 4, 0, 28)


def test_another_ladder_and_seed(corpus, build, tmp_path) -> None:
    other = build("--ladder", 3, "--wordings", 2, "--seed", 5)
    done = irmogen("diff", corpus, other, "--examples", 2, "--html", tmp_path / "page", check=False)
    assert (done.returncode, done.stderr) == (1, "")
    for line in ("ladder: 4 -> 3", "wordings: 4 -> 2", "seed: 0 -> 5"):
        assert f"\n  {line}\n" in done.stdout
    found = compare(corpus, other, 2)
    rows = tables(found)
    assert rows["motions"][:3] == rows["goals"][:3] == rows["facts"][:3] == (0, 0, 0)
    held = {
        name: [m["tables"][name]["rows"] for m in (read_json(r / "manifest.json") for r in (corpus, other))]
        for name in rows
    }
    for name, (added, gone, changed, same) in rows.items():
        assert [gone + changed + same, added + changed + same] == held[name], name
    assert rows["candidates"][1] == held["candidates"][0] - held["candidates"][1] > 0
    shifted = {shift.title: shift for shift in found.shifts if shift.differs}
    texts = shifted["Length of texts, analysis"]
    assert (texts.before.total(), texts.after.total()) == (4 * texts.after.total() // 2, texts.after.total())
    assert "Length of clips" not in {shift.title for shift in found.shifts}
    assert all(len(examples) <= 2 for table in found.tables for examples in table.examples.values())
    html = (tmp_path / "page" / "index.html").read_text("utf-8")
    assert "<ins>" in html
    assert "<del>" in html


def test_examples_are_the_same_in_every_run_and_the_first_of_more(corpus, tmp_path) -> None:
    other = changed_corpus(
        corpus, tmp_path / "b", {"stage3": lambda rows: [{**r, "frames": 1} for r in rows]}
    )
    keys = [
        [example.key for example in compare(corpus, other, number).tables[-2].examples["changed"]]
        for number in (0, 2, 2, 5)
    ]
    assert keys[0] == []
    assert keys[1] == keys[2]
    assert set(keys[1]) < set(keys[3])
    assert len(keys[3]) == 5


def test_another_dataset_is_told_first_and_still_compared(small, tmp_path) -> None:
    other = write_corpus(tmp_path / "kit", body="kit")[0].root
    found = compare(small, other, 1)
    assert told(found).startswith('Corpora of another skeleton: "t2m" and "kit".')
    assert tables(found)["motions"] == (0, 0, 6, 0)
    assert tables(found)["goals"] == (0, 0, 0, 8)
    config = {**read_json(small / "manifest.json")["config"], "dataset": "mine"}
    mine = with_manifest(shutil.copytree(small, tmp_path / "mine"), config=config)
    assert told(compare(small, mine, 1)).startswith('Corpora of another dataset: "small" and "mine".')


def test_counts_and_verdicts(small, tmp_path) -> None:
    manifest = read_json(small / "manifest.json")
    manifest["steps"]["read"]["clips"]["filtered"] = {"too_short": 20, "nan": 8}
    failure = {"expectation": "expect_x", "column": "text", "count": 2, "examples": []}
    suites = {"stage2": {"passed": False, "rows": 8, "expectations": 5, "failed": [failure]}}
    gate = {"passed": False, "suites": suites}
    other = with_manifest(
        shutil.copytree(small, tmp_path / "b"), steps=manifest["steps"], gate=gate, code_version="9"
    )
    shown = told(compare(small, other, 1))
    assert re.search(r"read clips +filtered: nan +0 +8 +\+8\n", shown)
    assert re.search(r"read clips +filtered: too_short +28 +20 +-8\n", shown)
    assert "passed -> refused\n  fails in B only: stage2: expect_x of text (2 rows)" in shown
    assert "fails in A only: stage2: expect_x of text (2 rows)" in told(compare(other, small, 1))
    assert "fails in both: stage2: expect_x" in told(compare(other, other, 1))
    assert 'code: "0.1.0" -> "9"' in shown
    assert "Both hold the same rows." in shown


@pytest.mark.parametrize(
    "command", ["no_manifest", "version", "missing", "damaged", "no_shards", "no_folder"]
)
def test_a_corpus_that_cannot_be_read_is_refused_with_the_remedy(small, tmp_path, capsys, command) -> None:
    other = shutil.copytree(small, tmp_path / "b")
    manifest = read_json(other / "manifest.json")
    shard = manifest["tables"]["goals"]["shards"][0]
    if command == "no_manifest":
        (other / "manifest.json").unlink()
    elif command == "version":
        with_manifest(other, version=99)
    elif command == "missing":
        (other / shard["file"]).unlink()
    elif command == "damaged":
        shard["sha256"] = "0" * 64
        write_json(other / "manifest.json", manifest)
    elif command == "no_shards":
        del manifest["tables"]["goals"]["shards"]
        write_json(other / "manifest.json", manifest)
    else:
        shutil.rmtree(other)
    for sides in ((small, other), (other, small)):
        assert main(["diff", *map(str, sides)]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert str(other) in said.err
        assert re.search("build|give", said.err)


def test_the_page_goes_only_where_nothing_else_is(small, tmp_path, capsys) -> None:
    assert main(["diff", str(small), str(small), "--html", str(small)]) == 2
    assert "give another --html" in capsys.readouterr().err
    assert main(["diff", str(small), str(small), "--html", str(tmp_path / "none" / "a.html")]) == 2
    for target in (tmp_path / "a.html", tmp_path / "site"):
        assert main(["diff", str(small), str(small), "--html", str(target)]) == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "site" / "index.html").read_bytes()


def test_html_of_a_caption_stays_text_on_the_page_and_cannot_steer_a_terminal(small, tmp_path) -> None:
    clips = [(*CLIPS[0][:3], ("a man walks", HOSTILE), (None, None)), *CLIPS[1:]]
    found = compare(small, write_corpus(tmp_path / "b", clips=clips)[0].root, 20)
    html = page(found)
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html
    assert "\x1b" not in told(found) + html
    assert "\\u001b[31mwalks" in told(found)


TEXT = st.text("ab .,", max_size=30)


@settings(max_examples=50)
@given(TEXT, TEXT)
def test_what_is_same_and_gone_is_the_first_text_and_same_and_added_the_second(one, other) -> None:
    pieces = values.words(one, other)
    assert "".join(text for kind, text in pieces if kind != values.ADDED) == one
    assert "".join(text for kind, text in pieces if kind != values.GONE) == other
    assert all(kind == values.SAME for kind, _ in pieces) == (one == other)


def test_words_that_changed_are_marked_and_no_others() -> None:
    pieces = values.words("lift the left arm high, then walk", "lift the right leg high, then walk")
    assert pieces == [
        ("same", "lift the "),
        ("gone", "left arm"),
        ("added", "right leg"),
        ("same", " high, then walk"),
    ]


def test_the_place_of_a_change_in_a_nested_value_is_found() -> None:
    before = {"a": [{"x": 1}, {"x": 2}, {"x": 3}], "parameters": '{"rate": 1}', "b": "same"}
    after = {"a": [{"x": 1}, {"x": 9}, {"x": 7}, {"x": 3}], "parameters": '{"rate": 2}', "b": "same"}
    assert list(values.changes({"parameters": "{"}, {"parameters": "{}"})) == [
        values.Change("parameters", "{", "{}")
    ]
    assert list(values.changes(before, after)) == [
        values.Change("a[1].x", 2, 9),
        values.Change("a[2]", None, {"x": 7}),
        values.Change("parameters.rate", 1, 2),
    ]


def test_cells_have_one_digest_wherever_they_lie_and_another_for_another_value(small) -> None:
    corpus, _ = open_corpus(small)
    for name in TABLES:
        if name == "dead_letters":
            continue
        table = corpus.read(name, 1)
        whole = cell_digests(table)
        parts = [cell_digests(table.slice(start, 2)) for start in range(0, len(table), 2)]
        assert np.array_equal(whole, np.concatenate(parts)), name
        chunks = pa.concat_tables([table.slice(0, 1), table.slice(1)])
        assert np.array_equal(whole, cell_digests(chunks)), name
    lists = pa.table({"x": [[1, 2], [2, 1], [], [0], [0, 0], None, [[1, 2][0], 2]]})
    digests = cell_digests(lists)[:, 0].tolist()
    assert digests[0] == digests[-1]
    assert len(set(digests)) == 6
    texts = pa.table({"x": ["None", None, "", "a", "A"]})
    assert len(set(cell_digests(texts)[:, 0].tolist())) == 5


def test_distances_agree_with_scipy() -> None:
    from scipy.spatial.distance import jensenshannon
    from scipy.stats import ks_2samp

    one, other = {1: 3, 4: 2, 9: 5}, {1: 1, 5: 6, 9: 2, 12: 1}
    spread = [[value for value, count in counts.items() for _ in range(count)] for counts in (one, other)]
    assert ks_distance(one, other) == pytest.approx(ks_2samp(*spread).statistic)
    assert weighted_mean(one) == pytest.approx(np.mean(spread[0]))
    assert weighted_quantiles(one, (0.05, 0.5, 0.95)) == [
        np.quantile(spread[0], share, method="inverted_cdf") for share in (0.05, 0.5, 0.95)
    ]
    names = sorted({*one, *other})
    shares = [[counts.get(name, 0) for name in names] for counts in (one, other)]
    assert js_distance(one, other) == pytest.approx(jensenshannon(*shares, base=2))
    assert js_distance({"a": 1}, {"b": 7}) == pytest.approx(1)
    assert (ks_distance(one, one), js_distance(one, one)) == (0, 0)
    assert math.isnan(ks_distance(one, {}))
    assert math.isnan(js_distance({}, one))
    assert math.isnan(weighted_mean({}))
