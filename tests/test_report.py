"""What the report page says, and that it says it safely and the same each time."""

import re
import shutil
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_corpus import write_corpus

from evaluators.diversity import distinct_n
from pipelines.report import write_report
from pipelines.report_data import Draw, gather
from pipelines.report_figures import median_of, quantiles


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    corpus, manifest = write_corpus(tmp_path_factory.mktemp("report") / "corpus")
    return corpus, manifest, write_report(corpus.root, manifest).read_text()


class Page(HTMLParser):
    """Elements, ids and texts of a page; an element that is closed wrongly is an error."""

    VOID = frozenset(("meta", "link", "br", "img", "hr", "input"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(html)
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


def test_the_page_is_well_formed_and_needs_nothing_else(made):
    page = Page(made[2])
    assert page.tags["script"] == 0
    assert page.tags["link"] == 0
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert [name for name, count in page.ids.items() if count > 1] == []
    assert "@import" not in made[2]
    assert not [value for _, name, value in page.attributes if name.startswith("on")]


def test_texts_from_data_are_escaped(made):
    page = Page(made[2])
    assert "<script>alert(1)</script>" in page.text
    assert "<script" not in made[2]
    assert 'she says "<b>&" and waves' in page.text or page.tags["b"] == 0


def test_every_picture_says_in_words_what_it_shows(made):
    page = Page(made[2])
    labels = [value for tag, name, value in page.attributes if (tag, name) == ("svg", "aria-label")]
    assert len(labels) == page.tags["svg"] == 8
    assert any("6 clips, 3.0 to 3.0 s long" in label for label in labels)


def test_two_reports_of_a_corpus_have_the_same_bytes(made, tmp_path):
    corpus, manifest, text = made
    shutil.copytree(corpus.root, tmp_path / "copy", ignore=shutil.ignore_patterns("report"))
    assert write_report(tmp_path / "copy", manifest).read_text() == text


def test_headings_go_down_by_one_level_at_a_time(made):
    levels = [int(level) for level in re.findall(r"<h([1-6])", made[2])]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels[1:]))


def test_a_good_corpus_is_called_good_and_its_steps_add_up(made):
    page = Page(made[2])
    assert "This corpus is good" in page.text
    assert page.text.count("adds up") == 6
    assert "too_short 28" in page.text


def test_left_out_rows_are_counted_and_twenty_shown(made):
    page = Page(made[2])
    assert "28, 20 shown" in page.text
    assert len(re.findall(r"bad-\d{3}", page.text)) == 20


def test_a_failed_gate_and_its_examples_are_shown(tmp_path):
    failed = {"expectation": "expect_it", "column": "rank", "count": 2, "examples": ["g<1>: rank = 9"]}
    suite = {"passed": False, "rows": 8, "expectations": 3, "failed": [failed]}
    corpus, manifest = write_corpus(tmp_path / "c", gate={"passed": False, "suites": {"stage2": suite}})
    page = Page(write_report(corpus.root, manifest).read_text())
    assert "must not be used" in page.text
    assert "g<1>: rank = 9" in page.text
    assert "expect_it" in page.text


def test_sample_goals_are_shown_whole(made):
    page = Page(made[2])
    assert "walk forward × 3 (0 to 20)" in page.text
    assert "mirror" in page.text
    assert "breaks side" in page.text
    assert "with the other arm" in page.text


def test_rows_that_disappeared_are_told(tmp_path):
    corpus, manifest = write_corpus(tmp_path / "c")
    manifest["steps"]["ladder"]["goals"]["rows_out"] -= 3
    page = Page(write_report(corpus.root, manifest).read_text())
    assert "not accounted for: 3" in page.text
    assert "3 missing" in page.text


def test_counts_are_those_of_the_tables(made):
    corpus, manifest, _ = made
    data = gather(corpus, manifest)
    tables = manifest["tables"]
    assert data.lengths.total() == tables["motions"]["rows"]
    assert sum(counts.total() for counts in data.tasks.values()) == tables["stage1"]["rows"]
    assert sum(counts.total() for counts in data.origins.values()) == tables["candidates"]["rows"]
    assert sum(int(counts.sum()) for counts in data.scores.values()) == tables["candidates"]["rows"]
    assert sum(letters.count for letters in data.letters.values()) == tables["dead_letters"]["rows"]
    assert data.edits == {"mirror": tables["perturbed"]["rows"]}
    texts = data.words["analysis"].total() + data.words["assessment"].total()
    assert texts == tables["annotations"]["rows"]
    assert len(data.goals.values) == 6


# --- the pieces


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
