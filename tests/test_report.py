"""What the report's pages say, and that they say it safely and the same each time."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import irmogen
from hypothesis import given
from hypothesis import strategies as st
from report_corpus import EVIDENCE, FLAGGED, GONE, HOSTILE, write_report_corpus
from small_corpus import CLIPS, write_corpus

from evaluators.diversity import distinct_n
from motion.features import joints_from_features
from motion.skeleton import skeleton
from pipelines.cli import main
from pipelines.drawing import joints_of
from pipelines.report.gathering import gather
from pipelines.report.goal_choice import choose
from pipelines.report.marks import Span, marked, pieces
from pipelines.report.markup import percent
from pipelines.report.pictures import median_of, quantiles
from pipelines.report.shell import standalone
from pipelines.report.site import write_site
from pipelines.score_annotations import as_json, scored
from schemas.corpus import open_corpus
from schemas.draw import Draw
from schemas.shards import features_of

PAGES = ("index", "data", "annotations", "goals")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    corpus, manifest = write_report_corpus(tmp_path_factory.mktemp("report") / "corpus")
    folder = corpus.root / "report"
    write_site(corpus.root, manifest, folder, goals=None)
    return corpus, manifest, folder


class Page(HTMLParser):
    """Elements, ids and texts of a page; an element that is closed wrongly is an error."""

    VOID = frozenset(("meta", "link", "br", "img", "hr", "input"))

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.html = path.read_text("utf-8")
        self.feed(self.html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids[value] += 1
            if name in ("href", "src", "xlink:href"):
                self.links.append(value)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def page(folder: Path, name: str) -> Page:
    return Page(folder / f"{name}.html")


def handed_over(path: Path) -> Any:
    """The values of a script of data."""
    return json.loads(re.fullmatch(r"irmogen\.\w+\((?:\d+, )?(.*)\);\n", path.read_text("utf-8"))[1])


def chunks(folder: Path) -> list[Any]:
    return [handed_over(path) for path in sorted((folder / "goals").glob("0*.js"))]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_well_formed_and_needs_only_the_files_beside_it(made, name) -> None:
    shown = page(made[2], name)
    assert [key for key, count in shown.ids.items() if count > 1] == []
    for link in shown.links:
        file, _, place = link.partition("#")
        assert (made[2] / file).is_file() if file else place in shown.ids, link
    assert not re.search(r"https?://(?!www\.w3\.org/1999/xlink)|@import|url\((?!#)", shown.html)
    assert not [value for _, key, value in shown.attributes if key.startswith("on")]
    levels = [int(level) for level in re.findall(r"<h([1-6])", shown.html)]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_two_reports_of_a_corpus_have_the_same_bytes(made, tmp_path) -> None:
    corpus, manifest, folder = made
    write_site(corpus.root, manifest, tmp_path / "again", goals=None)
    assert bytes_of(tmp_path / "again") == bytes_of(folder)


def test_texts_from_data_are_escaped(made) -> None:
    for name in PAGES:
        html = page(made[2], name).html
        assert set(re.findall(r"<script.*?>", html)) <= set(
            re.findall(r'<script defer src="[\w/.-]+">', html)
        )
        assert "<img" not in html
    assert EVIDENCE in page(made[2], "annotations").text
    assert EVIDENCE in page(made[2], "data").text
    for path in (made[2] / "goals").glob("*.js"):
        assert not set("<>&") & set(path.read_text("utf-8"))
    assert HOSTILE in {row[1] for row in handed_over(made[2] / "goals" / "index.js")["goals"]}


def test_every_picture_says_in_words_what_it_shows(made) -> None:
    for name, count in (("index", 1), ("data", 8)):
        shown = page(made[2], name)
        labels = [value for tag, key, value in shown.attributes if (tag, key) == ("svg", "aria-label")]
        assert len(labels) == shown.tags["svg"] == count
    assert any("6 clips, 3.0 to 3.0 s long" in label for label in labels)
    assert "Flow of captions and goals. read: 8 in, 8 out; measure" in page(made[2], "index").html


def test_a_good_corpus_is_called_good_and_its_steps_add_up(made) -> None:
    shown = page(made[2], "index")
    assert "This corpus is good" in shown.text
    assert shown.text.count("adds up") == 6
    assert "too_short 28" in shown.text


def test_left_out_rows_are_counted_and_twenty_shown(made) -> None:
    shown = page(made[2], "annotations")
    assert "28, 20 shown" in shown.text
    assert len(re.findall(r"bad-\d{3}", shown.text)) == 20


def test_a_failed_gate_is_shown_first_with_meaning_and_examples(tmp_path) -> None:
    plain = {"expectation": "expect_it", "column": "rank", "count": 2, "examples": ["g<1>: rank = 9"]}
    told = {**plain, "meaning": "every <rank> is known", "observed": {"share": 0.5}}
    advice = {**told, "meaning": "few <words>", "observed": 0.25}
    suites = {
        "goals": {"passed": True, "rows": 8, "expectations": 3, "failed": [], "advice": [advice]},
        "stage2": {"passed": False, "rows": 8, "expectations": 3, "failed": [plain, told]},
    }
    corpus, manifest = write_corpus(tmp_path / "c", gate={"passed": False, "suites": suites})
    write_site(corpus.root, manifest, tmp_path / "site", goals=1)
    shown = page(tmp_path / "site", "index")
    for words in (
        "must not be used",
        "g<1>: rank = 9",
        "expect it",
        "every <rank> is known",
        '{"share": 0.5}',
    ):
        assert words in shown.text
    assert re.search(r"refuses nothing.*few <words>.*0\.25.*g<1>: rank = 9", shown.text, re.S)
    assert shown.text.index("every <rank> is known") < shown.text.index("What is promised")
    assert re.search(r"About.*?stage2.*?goals", shown.text, re.S)


def test_rows_that_disappeared_are_told(tmp_path) -> None:
    corpus, manifest = write_corpus(tmp_path / "c")
    manifest["steps"]["ladder"]["goals"]["rows_out"] -= 3
    write_site(corpus.root, manifest, tmp_path / "site", goals=0)
    shown = page(tmp_path / "site", "index")
    assert "not accounted for: 3" in shown.text
    assert "3 unaccounted for" in shown.text
    assert handed_over(tmp_path / "site" / "goals" / "index.js")["goals"] == []


@pytest.mark.parametrize(("body", "clips"), [("kit", CLIPS), ("t2m", ())], ids=["kit", "nothing"])
def test_other_skeletons_and_an_empty_corpus_have_a_report(tmp_path, body, clips) -> None:
    corpus, manifest = write_corpus(tmp_path / "c", body=body, clips=clips)
    write_site(corpus.root, manifest, tmp_path / "site", goals=None)
    for name in PAGES:
        page(tmp_path / "site", name)
    figures = [figure for chunk in chunks(tmp_path / "site") for figure in chunk["figures"]]
    assert {figure["joints"] for figure in figures} == ({21} if clips else set())


def test_contradictions_stand_with_their_evidence_and_a_link_to_their_goal(made) -> None:
    shown = page(made[2], "annotations")
    assert f"goals.html#goal={FLAGGED}" in shown.links
    assert "(frames 12 to 30)" in shown.text
    assert f"goals.html#goal={GONE}" in page(made[2], "data").links
    assert "certainty 0.90" in page(made[2], "data").text


def test_counts_are_those_of_the_tables(tmp_path) -> None:
    corpus, manifest = write_corpus(tmp_path / "c")
    data = gather(corpus)
    tables = manifest["tables"]
    assert data.lengths.total() == tables["motions"]["rows"]
    assert sum(counts.total() for counts in data.tasks.values()) == tables["stage1"]["rows"]
    assert sum(counts.total() for counts in data.origins.values()) == tables["candidates"]["rows"]
    assert sum(int(counts.sum()) for counts in data.scores.values()) == tables["candidates"]["rows"]
    assert sum(letters.count for letters in data.letters.values()) == tables["dead_letters"]["rows"]
    assert data.edits == {"mirror": tables["perturbed"]["rows"]}
    texts = data.words["analysis"].total() + data.words["assessment"].total()
    assert texts == tables["annotations"]["rows"]


def test_scores_are_those_of_score_annotations(corpus) -> None:
    opened, manifest = open_corpus(corpus)
    cards = gather(opened).cards
    assert as_json(cards) == as_json(scored(opened, manifest["config"]["skeleton"]))
    assert cards["kinematic"].operations


# The browser's data


def test_what_is_wrong_comes_first_and_a_sample_does_not_move(made) -> None:
    corpus = made[0]
    data = gather(corpus)
    every = choose(corpus, data, None)
    assert [one.goal_id for one in every.goals[:2]] == [FLAGGED, GONE]
    assert [one.verdict for one in every.goals[:2]] == ["contradicted", "contradicted"]
    assert (every.of, every.flagged, len(every.goals)) == (8, 2, 8)
    some = choose(corpus, data, 4)
    assert {one.goal_id for one in some.goals} < {one.goal_id for one in choose(corpus, data, 6).goals}
    assert sum(one.is_flagged for one in some.goals) == 1
    close = [one for one in choose(corpus, data, 4, close=True).goals if not one.is_flagged]
    assert len({one.shard for one in close}) == 1
    assert choose(corpus, data, 0).goals == ()
    assert "8 goals" in page(made[2], "goals").text


def test_goals_are_whole_and_their_motions_are_there(made) -> None:
    corpus, _, folder = made
    goals = {goal["id"]: (goal, chunk) for chunk in chunks(folder) for goal in chunk["goals"]}
    assert len(goals) == 8
    goal, chunk = goals[FLAGGED]
    assert len(goal["rungs"]) == 4
    assert [piece[1] for piece in goal["rungs"][1]["assessment"] if not isinstance(piece, str)] == [
        "supported",
        "contradicted",
        "unverifiable",
    ]
    assert goal["rungs"][1]["edits"] == [["mirror (axis x)", ["side of walk: left expected, right found"]]]
    assert goals[GONE][0]["left_out"][0] == "caption_contradicted"
    assert goals[GONE][0]["rungs"] == []
    body = skeleton("t2m")
    row = next(
        corpus.read("motions", index).filter(_is("motion_id", "000002"))
        for index in range(2)
        if "000002" in corpus.read("motions", index, ["motion_id"])["motion_id"].to_pylist()
    )
    joints = joints_from_features(features_of(row, 0)[:60], body)
    figure = chunk["figures"][goal["goal"]["figure"]]
    drawn = joints_of(figure)
    assert np.abs(np.diff(drawn, axis=0) - np.diff(joints, axis=0)).max() <= 0.0041


def _is(column: str, value: str) -> Any:
    import pyarrow.compute as pc

    return pc.field(column) == value


def test_chunks_stay_small_and_old_ones_go(corpus, tmp_path) -> None:
    _, manifest = open_corpus(corpus)
    write_site(corpus, manifest, tmp_path, goals=40)
    sizes = [path.stat().st_size for path in (tmp_path / "goals").glob("0*.js")]
    assert len(sizes) > 2
    assert max(sizes) < 1_000_000
    (tmp_path / "goals" / "mine.txt").touch()
    (tmp_path / "training.html").touch()
    write_site(corpus, manifest, tmp_path, goals=2)
    assert not (tmp_path / "training.html").exists()
    assert [path.name for path in sorted((tmp_path / "goals").iterdir())] == [
        "0000.js",
        "index.js",
        "mine.txt",
    ]
    held = {goal["id"] for chunk in chunks(tmp_path) for goal in chunk["goals"]}
    assert held == {row[0] for row in handed_over(tmp_path / "goals" / "index.js")["goals"]}


SPANS = st.lists(
    st.tuples(
        st.integers(-3, 30),
        st.integers(-3, 30),
        st.sampled_from(["supported", "contradicted", "unverifiable"]),
    )
)


@given(st.text(max_size=20), SPANS)
def test_a_text_in_pieces_is_the_text_and_the_gravest_verdict_shows(told, spans) -> None:
    listed = [Span(start, end, n, verdict) for n, (start, end, verdict) in enumerate(spans)]
    found = pieces(told, listed)
    assert "".join(piece.words for piece in found) == told
    for piece in found:
        verdicts = {listed[n].verdict for n in piece.numbers}
        wanted = [v for v in ("contradicted", "unverifiable", "supported") if v in verdicts]
        assert piece.verdict == next(iter(wanted), "")
    assert {n for piece in found for n in piece.numbers} == {
        span.number for span in listed if max(0, span.start) < min(len(told), span.end)
    }
    assert "<img" not in marked(f"<img>{told}", listed)


# The command


def test_the_command_writes_a_site(corpus, tmp_path) -> None:
    site = tmp_path / "site"
    said = irmogen("report", corpus, "--output", site, "--goals", 3).stdout
    assert said.strip() == f"report: {site / 'index.html'}"
    assert len(handed_over(site / "goals" / "index.js")["goals"]) == 3
    assert "claims of" in page(site, "data").text
    assert not (site / "training.html").exists()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--goals", "-1"), "less than 0"),
        (("--goals", "few"), "no whole number"),
        (("--output", "mine"), "no part of a report"),
        (("--training", "none"), "no such folder"),
        (("--evaluation", "mine"), "holds no evaluation that names this corpus"),
    ],
)
def test_the_command_refuses_what_it_cannot_use(made, tmp_path, monkeypatch, capsys, flags, words) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    try:
        code = main(["report", str(made[0].root), *flags])
    except SystemExit as end:
        code = end.code
    assert code == 2
    assert words in capsys.readouterr().err


def test_a_build_ends_with_the_same_kind_of_site(corpus) -> None:
    index = handed_over(corpus / "report" / "goals" / "index.js")
    assert len(index["goals"]) == 24
    assert "seconds" in handed_over(corpus / "report" / "run.js")
    for name in PAGES:
        page(corpus / "report", name)


def test_a_page_that_stands_alone_carries_its_style() -> None:
    html = standalone("A & B", "<h1>A</h1>", name="two <corpora>")
    assert "two &lt;corpora&gt;" in html
    assert "--card" in html
    assert "<script" not in html


# --- the pieces


@pytest.mark.parametrize(
    ("part", "shown"),
    [(None, "–"), (0.0, "0.0%"), (1.0, "100.0%"), (0.9999, "> 99.9%"), (0.0001, "< 0.1%"), (0.5, "50.0%")],
)
def test_only_all_is_a_hundred_per_cent(part, shown) -> None:
    assert percent(part) == shown


@given(st.sets(st.text(max_size=6), max_size=40), st.integers(1, 10), st.randoms())
def test_a_draw_does_not_depend_on_order(keys, size, random):
    orders = [sorted(keys), random.sample(sorted(keys), len(keys))]
    draws = [Draw(size, "test") for _ in orders]
    for draw, order in zip(draws, orders, strict=True):
        for key in order:
            draw.offer(key, key)
    assert draws[0].values == draws[1].values
    assert len(draws[0].values) == min(size, len(keys))


@given(st.lists(st.integers(0, 49), min_size=1, max_size=200))
def test_quantiles_of_a_histogram_are_those_of_its_values_to_a_bin(bins):
    counts = np.bincount(bins, minlength=50)
    found = quantiles(counts, (0.0, 0.5, 1.0))
    exact = np.quantile(bins, (0.0, 0.5, 1.0), method="inverted_cdf")
    assert np.all(np.abs(np.array(found) * 50 - (exact + 0.5)) <= 0.5 + 1e-9)


@given(st.lists(st.integers(0, 30), min_size=1))
def test_the_median_is_one_of_the_middle_values(values):
    assert median_of(Counter(values)) == sorted(values)[(len(values) - 1) // 2]


def test_distinct_n_is_the_share_of_unique_n_grams():
    assert distinct_n(["a man walks", "A man runs"], 1) == pytest.approx(4 / 6)
    assert distinct_n(["a man walks", "A man runs"], 2) == pytest.approx(3 / 4)
    assert distinct_n(["hi"], 2) == 0.0
    assert distinct_n([], 1) == 0.0
    with pytest.raises(ValueError, match="at least one word"):
        distinct_n(["a"], 0)


@given(st.lists(st.text(max_size=40)), st.integers(1, 4))
def test_distinct_n_is_a_share_that_repetition_lowers(texts, n):
    share = distinct_n(texts, n)
    assert 0 <= share <= 1
    assert distinct_n([*texts, *texts], n) == pytest.approx(share / 2)
