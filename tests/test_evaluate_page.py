"""The page of an evaluation: what it says, that it says it safely, and the page in a real browser."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest
from browser import Page, browser
from evaluation_results import (
    CAPTION,
    GOALS,
    HOSTILE,
    SETS,
    embedder,
    evaluation,
    figures,
    shown_numbers,
    single,
)
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluate_charts import Point, Scale, Series, Span, curves, scale_of, spans
from pipelines.evaluate_page import evaluation_page
from pipelines.evaluate_plots import robustness
from pipelines.evaluate_tables import latex_tables, markdown_tables, text_tables


class Read(HTMLParser):
    """Elements and texts of a page; an element that is closed wrongly is an error."""

    VOID = frozenset(("meta", "link", "br", "img", "hr", "input"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "script" not in self.open and "style" not in self.open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return figures(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def html(drawn) -> str:
    return evaluation_page(evaluation(partial={"goals": 100, "of": 342}), drawn)


def heads(html: str) -> list[str]:
    return re.findall(r'<h2 id="(.*?)"', html)


def test_every_number_is_on_the_page(html, drawn) -> None:
    for results, page in ((evaluation(), html), (single(), evaluation_page(single(), drawn))):
        text = Read(page).text.replace("−", "-")
        assert [one for one in shown_numbers(results) if one not in text] == []
    for one in evaluation()["embedders"]:
        for scores in one["sets"].values():
            for point in scores.get("rounds", []):
                assert all(f"{score['mean']:.3f}" in html for score in point["metrics"].values())


def test_the_page_is_well_formed_and_needs_nothing_else(html) -> None:
    page = Read(html)
    assert Counter(one.get("type") for one in page.all("script")) == {
        "application/json": len(page.all("motion-figure")),
        None: 1,
    }
    ids = Counter(one["id"] for _, one in page.tags if "id" in one)
    assert set(ids.values()) == {1}
    assert {one["href"] for one in page.all("a")} == {f"#{name}" for name in heads(html)}
    assert not [name for _, one in page.tags for name in one if name.startswith("on") or name == "src"]
    assert not re.findall(r"https?://|//cdn|@import|url\(", html)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_tables_and_charts_tell_readers_what_they_are(html) -> None:
    page = Read(html)
    assert len(page.all("table")) == len(page.all("caption"))
    assert all("scope" in one for one in page.all("th"))
    outer = [one for one in page.all("svg") if one["class"].split()[0] != "mark"]
    assert all("aria-label" in one or one.get("aria-hidden") == "true" for one in outer)
    charts = [one["aria-label"] for one in outer if one["class"] == "chart"]
    assert len(charts) == 6
    assert all(re.search(r"by round\. ladder \(chain\): [\d., ]+;.*Ground truth", label) for label in charts)


def test_texts_from_data_are_escaped(html) -> None:
    text = Read(html).text
    assert HOSTILE in text
    assert CAPTION in text
    assert "<img" not in html
    assert "<script>window" not in html


def test_only_sections_with_something_to_say_are_there_in_their_order(html) -> None:
    whole = "results rounds robustness comparisons captioning judging body examples measured".split()
    assert heads(html) == whole
    assert heads(evaluation_page(single(), {})) == ["results", "body", "examples", "measured"]
    assert heads(evaluation_page({"sets": [], "embedders": []}, {})) == ["measured"]


@pytest.mark.parametrize(
    ("status", "partial", "wanted"),
    [
        ("within", None, ["notice within"]),
        ("outside", None, ["card notice outside"]),
        ("unknown", None, ["card notice unknown"]),
        ("within", {"goals": 1, "of": 2}, ["card notice partial", "notice within"]),
    ],
)
def test_what_is_wrong_stands_first_in_a_box(status, partial, wanted) -> None:
    results = evaluation(embedders=[embedder("e", 0.0, status)], partial=partial)
    page = evaluation_page(results, {})
    assert re.findall(r'<div class="((?:card )?notice .*?)"', page) == wanted
    assert page.index("notice") < page.index('id="results"')
    assert "recorded 0.5920 +- 0.0150" in page


def test_both_modes_are_put_in_words() -> None:
    assert "Nothing is dropped" in evaluation_page(evaluation(), {})
    assert "one caption for each motion" in evaluation_page(evaluation(mode="published"), {})
    assert "<h3>Protocol</h3>" in evaluation_page(evaluation(mode="another"), {})


def test_examples_stand_beside_their_goals_on_one_clock(html, drawn) -> None:
    data = re.findall(r'<motion-figure><script type="application/json">(.*?)</script>', html)
    # Two goals of each set, by one embedder: the other chose the same. Goals first, then every round.
    assert len(data) == sum(2 * (1 + rounds) for _, _, rounds in SETS.values())
    chain = [one for one in data if f'"clock":"chain/{GOALS[0]}"' in one]
    assert [re.search(r'"title":"(.*?)"', one)[1] for one in chain] == [
        "Goal",
        *(f"Round {number}" for number in range(1, 5)),
    ]
    assert html.count('"title":"Round 1 (given)"') == 2
    assert html.count("Its motions are drawn above.") == 2 * len(SETS)
    # Without figures, or for the goal that has none, the words are there.
    assert f"Goal {GOALS[2]}, distance to the caption 9.500</p></article>" in html
    assert f"Goal {GOALS[0]}, distance" in evaluation_page(evaluation(), {})
    assert "<motion-figure>" not in evaluation_page(evaluation(), {}).partition("</main>")[0]


@pytest.mark.parametrize(
    "name",
    "plausibility fact_support format captions judging notes rounds round_scores robust best worst check "
    "metrics comparisons ground_truth corpus partial recovery floor found low cider interval value".split(),
)
@pytest.mark.parametrize("as_null", [False, True])
def test_what_is_missing_leaves_a_gap_and_no_error(name: str, as_null: bool, drawn) -> None:
    def without(value):
        if isinstance(value, list):
            return [without(one) for one in value]
        if not isinstance(value, dict):
            return value
        kept = {key: without(one) for key, one in value.items() if key != name}
        return kept | ({name: None} if as_null and name in value else {})

    results = without(evaluation())
    Read(evaluation_page(results, drawn))
    for form in (text_tables, markdown_tables, latex_tables):
        assert "None" not in form(results)
        assert "nan" not in form(results)


def test_two_pages_of_the_same_results_have_the_same_bytes(drawn) -> None:
    assert evaluation_page(single(), drawn) == evaluation_page(single(), drawn)


# Charts


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_a_scale_holds_its_values_and_a_few_round_ticks(values: list[float]) -> None:
    scale = scale_of(values)
    assert all(0 <= scale.share(value) <= 1 for value in values)
    assert 2 <= len(scale.ticks) <= 7
    assert all(scale.low - 1e-6 <= tick <= scale.high + 1e-6 for tick in scale.ticks)
    shown = [scale.text(tick) for tick in scale.ticks]
    assert len(set(shown)) == len(shown)
    assert "−0" not in {text.rstrip("0").rstrip(".") for text in shown}


def test_a_scale_of_shares_stays_within_0_and_1() -> None:
    scale = scale_of([0.01, 1.0], least=0, most=1)
    assert (scale.low, scale.high) == (0, 1)


def test_curves_go_up_where_values_do_and_stand_on_the_truth() -> None:
    scale = Scale(0, 1, (0, 0.5, 1), 1)
    points = tuple(Point(n, 0.25 * n, 0.1, 100 - 10 * n) for n in (1, 2, 3))
    chart = curves("R", [Series("a", 0, points)], 0.75, scale)
    heights = [float(y) for y in re.findall(r'class="mark s1" x="[\d.]+" y="([\d.]+)"><title>', chart)]
    assert len(heights) == 3
    assert heights == sorted(heights, reverse=True)
    truth = re.search(r'class="truth" .*?y1="([\d.]+)"', chart)
    assert float(truth[1]) == heights[2]
    assert sorted(re.findall(r'class="count" .*?>(\w+)<', chart)) == ["70", "80", "90", "n"]
    assert "band" in chart
    assert "band" not in curves(
        "R", [Series("a", 0, (Point(1, 0.5, 0, 1), Point(2, 0.6, 0, 1)))], None, scale
    )


def test_plots_in_cells_stand_where_their_values_are() -> None:
    scale = Scale(-1, 1, (-1, 0, 1), 0)
    plot = spans(scale, [Span(0, 0.5, 0.25, 0.75, hollow=True)], 0.0)
    assert re.search(r'class="zero" x1="50.00%" x2="50.00%"', plot)
    assert re.search(r'class="line s1" x1="62.50%" x2="87.50%"', plot)
    assert re.search(r'class="mark s1 hollow" x="75.00%"', plot)


def test_robustness_goes_from_the_floor_to_the_end() -> None:
    results = evaluation()
    drawn = robustness(results, results["embedders"][0], 0)
    start, end = map(float, re.search(r'class="line s5" x1="([\d.]+)%" x2="([\d.]+)%"', drawn).groups())
    truth = float(re.search(r'class="truth" x1="([\d.]+)%"', drawn)[1])
    assert truth < end < start
    del results["embedders"][0]["sets"]["put-in"]["robust"]["final"]
    assert "<table>" in robustness(results, results["embedders"][0], 0)


# Colours


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_from_what_they_stand_on(scheme) -> None:
    found: dict[str, str] = {}
    for package, name in (("pipelines.drawing", "page.css"), ("pipelines", "evaluate_page.css")):
        css = resources.files(package).joinpath(name).read_text("utf-8")
        block = re.findall(r":root \{(.*?)\}", css, re.S)[scheme]
        found |= dict(re.findall(r"--([\w-]+): (#\w{6})", block))
    for ground in ("card", "page", "soft"):
        assert contrast(found["ink"], found[ground]) > 7
        assert contrast(found["muted"], found[ground]) > 4.5
        assert contrast(found["good"], found[ground]) > 4.5
    for kind in ("good", "bad", "warn"):
        assert contrast(found[kind], found[f"{kind}-soft"]) > 4.5
    for number in range(1, 7):
        assert contrast(found[f"series-{number}"], found["card"]) > 3


# In a browser


@pytest.fixture(scope="module")
def tab(tmp_path_factory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def opened(tab, html, tmp_path) -> tuple[Page, Path]:
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    tab.told.clear()
    tab.asked.clear()
    tab.open(path)
    return tab, path


UNTIL = """
globalThis.until = async (holds) => {
  for (let i = 0; i < 600 && !holds(); i += 1) await new Promise((done) => requestAnimationFrame(done));
  return Boolean(holds());
};
globalThis.figures = [...document.querySelectorAll("motion-figure")];
figures.length
"""


def test_the_page_opens_quietly_and_its_figures_play_together(opened) -> None:
    tab, path = opened
    assert tab.run(UNTIL) > 30
    assert tab.run("figures.every((figure) => figure.canvas)")
    tab.run("document.querySelectorAll('details').forEach((node) => { node.open = true; })")
    # A chain of four rounds beside its goal; only the first has controls.
    tab.run("globalThis.row = [...document.querySelectorAll('.many')][0].querySelectorAll('motion-figure')")
    assert tab.run("row.length") == 5
    tab.run("row[0].scrollIntoView()")
    assert tab.run("until(() => [...row].every((figure) => figure.joints))")
    assert tab.run("[...row].every((figure) => figure.clock === row[0].clock)")
    assert tab.run("row[0].clock !== figures[0].clock")
    assert tab.run("[...row].map((figure) => Boolean(figure.playButton))") == [True, *[False] * 4]
    assert (tab.told, tab.asked) == ([], [path.as_uri()])


def test_hostile_text_stays_text_in_the_browser(opened) -> None:
    tab, _ = opened
    tab.run(UNTIL)
    assert tab.run("[window.hacked ?? null, document.images.length]") == [None, 0]
    names = tab.run("[...document.querySelectorAll('tbody th')].map((node) => node.textContent)")
    assert HOSTILE in names
    said = tab.run("[...document.querySelectorAll('.said')].map((node) => node.textContent)")
    assert set(said) == {CAPTION, HOSTILE}


def test_a_narrow_page_scrolls_its_tables_and_not_itself(opened) -> None:
    tab, _ = opened
    tab.call("Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=False)
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    wide = "[...document.querySelectorAll('.scroll')].filter((node) => node.scrollWidth > node.clientWidth)"
    assert tab.run(f"{wide}.length") > 0
    tab.call("Emulation.clearDeviceMetricsOverride")


def test_tables_and_charts_show_without_javascript(tab, html, tmp_path) -> None:
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    tab.call("Page.navigate", url=path.as_uri())
    deadline = time.monotonic() + 20
    while not tab.run(f"document.URL === {path.as_uri()!r} && document.readyState === 'complete'"):
        assert time.monotonic() < deadline
    assert tab.run("document.querySelectorAll('motion-figure canvas').length") == 0
    assert tab.run("document.querySelectorAll('table').length") > 15
    assert tab.run("document.querySelector('.chart').getBoundingClientRect().height") > 100
    assert "needs JavaScript" in tab.run("document.querySelector('motion-figure').innerText")
    tab.call("Emulation.setScriptExecutionDisabled", value=False)


def test_dark_and_light_are_the_readers_choice(opened) -> None:
    tab, path = opened
    colour = "getComputedStyle(document.querySelector('.chart .line')).stroke"
    light = tab.run(colour)
    tab.open(path, prefers_color_scheme="dark")
    assert tab.run(colour) != light
    tab.open(path)
