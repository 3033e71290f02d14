"""The report in a real browser: pages open quietly, figures move, words lead to their evidence.

With IRMOGEN_PICTURES=FOLDER the pictures of docs/report.md are taken there, of the corpus that
IRMOGEN_PICTURES_OF names (make report-pictures).
"""

from __future__ import annotations

import base64
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Page, browser
from report_corpus import EVIDENCE, FLAGGED, GONE, HOSTILE, write_report_corpus

from pipelines.report.site import write_site
from schemas.corpus import open_corpus

PAGES = ("index", "data", "annotations", "goals")

# Contrast of every element with text of its own against what is painted under it.
CONTRAST = """(() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const part = (value) => ((value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const node of document.body.querySelectorAll("*")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    const passed = "svg, .unseen, .skip, [aria-disabled], :disabled";
    if (!own || !node.checkVisibility() || node.closest(passed)) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast >= 4.5) continue;
    low.push(`${node.tagName}.${node.className} ${contrast.toFixed(2)} ${node.textContent.slice(0, 30)}`);
  }
  return low;
})()"""
HELPERS = """
globalThis.until = async (holds) => {
  for (let i = 0; i < 600; i += 1) {
    if (holds()) return true;
    await new Promise((done) => setTimeout(done, 10));
  }
  return false;
};
globalThis.all = (selector) => [...document.querySelectorAll(selector)];
globalThis.press = (key, on = document.body) =>
  on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
true
"""


@pytest.fixture(scope="module")
def site(corpus, tmp_path_factory) -> Path:
    """The report of a corpus of real motions."""
    opened, manifest = open_corpus(corpus)
    folder = tmp_path_factory.mktemp("site")
    write_site(opened.root, manifest, folder, goals=45)
    return folder


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """The report of a corpus whose words try to break out, with every verdict."""
    corpus, manifest = write_report_corpus(tmp_path_factory.mktemp("hostile") / "corpus")
    write_site(corpus.root, manifest, corpus.root / "report", goals=None)
    return corpus.root / "report"


@pytest.fixture(scope="module")
def tab(tmp_path_factory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def load(tab: Page, path: Path, goal: str = "", **media: str) -> None:
    tab.told.clear()
    tab.asked.clear()
    tab.open(path, **media)
    tab.run(HELPERS)
    if goal:
        tab.run(f"location.hash = goalLink({goal!r})")
        assert tab.run(f"until(() => view.goal?.id === {goal!r})")


def assert_quiet(tab: Page, folder: Path) -> None:
    assert tab.told == []
    assert [url for url in tab.asked if not url.startswith(folder.as_uri())] == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_opens_quietly_with_good_contrast_and_no_overflow(tab, site, hostile, name, scheme) -> None:
    for folder in (site, hostile):
        load(tab, folder / f"{name}.html", prefers_color_scheme=scheme)
        tab.run("all('details').forEach((node) => { node.open = true; })")
        assert tab.run(CONTRAST) == []
        assert tab.run("getComputedStyle(document.body).backgroundColor !== 'rgb(255, 255, 255)'")
        assert tab.run("window.hacked ?? null") is None
        assert_quiet(tab, folder)
    for width in (1280, 390):
        tab.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False
        )
        assert tab.run("document.documentElement.scrollWidth <= innerWidth"), width
    tab.call("Emulation.clearDeviceMetricsOverride")


def test_the_cost_of_the_last_run_is_filled_in(tab, site, corpus) -> None:
    load(tab, corpus / "report" / "index.html")
    told = tab.run("document.getElementById('run').innerText")
    assert "goals a second" in told
    assert "none was asked" in told


def test_search_and_filters_narrow_the_list(tab, site) -> None:
    load(tab, site / "goals.html")
    assert tab.run("document.getElementById('found').textContent") == "1 to 40 of 45 goals"
    assert tab.run("all('#goals li').length") == 40
    tab.run("all('#more button')[1].click()")
    assert tab.run("all('#goals li').length") == 5
    assert tab.run("document.activeElement.id") == "list-title"
    word = tab.run("store.index.goals[7].caption.split(' ').sort((a, b) => b.length - a.length)[0]")
    tab.run(
        f"byWords = document.getElementById('by-words'); byWords.value = {word!r}; "
        "byWords.dispatchEvent(new Event('input'))"
    )
    found = tab.run("all('.goal-caption').map((node) => node.textContent)")
    assert 0 < len(found) < 45
    assert all(word.lower() in caption.lower() for caption in found)
    tab.run("byWords.value = ''; byWords.dispatchEvent(new Event('input'))")
    # The rarest value of each, so that a filter that does nothing shows.
    number = "Number(option.text.match(/\\d+/g).at(-1))"
    rarest = (
        f"[...by.options].slice(1).sort((option, other) => {number} - {number.replace('option', 'other')})[0]"
    )
    changed = "by.dispatchEvent(new Event('change'))"
    for name, holds in (
        ("operation", "goal.operations.includes(value)"),
        ("task", "goal.tasks.includes(value)"),
        ("split", "goal.split === value"),
        ("verdict", "hasVerdict(goal, value)"),
    ):
        tab.run(
            f"by = document.getElementById('by-{name}'); value = {rarest}.value; by.value = value; {changed}"
        )
        found = tab.run("list.found.map((goal) => goal.id)")
        assert found == tab.run(f"store.index.goals.filter((goal) => {holds}).map((goal) => goal.id)")
        assert 0 < len(found) < 45 or name in ("task", "verdict")
        tab.run(f"by.value = ''; {changed}")
    tab.run("store.index.goals[3].tasks = []; filterList()")
    tab.run(f"by = document.getElementById('by-task'); by.selectedIndex = 1; {changed}")
    assert tab.run("list.found.length") == 44
    tab.run(f"by.value = ''; {changed}")
    tab.run("byWords.value = 'nobody-says-this'; byWords.dispatchEvent(new Event('input'))")
    assert "Take a word or a filter away" in tab.run("document.getElementById('found').textContent")
    assert_quiet(tab, site)


def test_a_ladder_plays_together(tab, site) -> None:
    load(tab, site / "goals.html")
    goal = tab.run("store.index.goals.find((goal) => !goal.reason).id")
    load(tab, site / "goals.html", goal)
    assert tab.run("all('.column motion-figure').length") == 5
    assert tab.run("all('.column motion-figure').every((figure) => figure.clock === view.figures[0].clock)")
    assert tab.run("until(() => view.figures.every((figure) => Number(figure.dataset.frame) > 3))")
    assert (
        tab.run(
            "new Set(view.figures.map((figure) => Math.min(figure.clock.shown * 20, "
            "figure.data.frames - 1) - figure.moment)).size"
        )
        == 1
    )
    before = tab.run("view.figures[4].canvas.toDataURL()")
    assert tab.run("until(() => Number(view.figures[4].dataset.frame) > 12)")
    assert tab.run("view.figures[4].canvas.toDataURL()") != before
    tab.run("document.querySelector('.play').click()")
    assert tab.run("until(() => document.querySelector('.play').textContent.includes('Play'))")
    assert not tab.run("view.figures[0].clock.playing")
    assert_quiet(tab, site)


def test_less_motion_is_respected(tab, site) -> None:
    load(tab, site / "goals.html", prefers_reduced_motion="reduce")
    goal = tab.run("store.index.goals[5].id")
    tab.run(f"location.hash = goalLink({goal!r})")
    assert tab.run("until(() => view.figures.length && view.figures[0].joints)")
    assert not tab.run("view.figures[0].clock.playing")


def test_words_open_their_evidence_at_its_frame(tab, hostile) -> None:
    load(tab, hostile / "goals.html", FLAGGED)
    marks = "all('.column')[1].querySelectorAll('.said')"
    assert tab.run(f"[...{marks}].map((mark) => mark.className)") == [
        "said supported",
        "said contradicted",
        "said unverifiable",
        "said contradicted",
    ]
    assert "Listed, not in the text: side of jump" in tab.run("all('.column')[1].innerText")
    styles = tab.run(f"[...{marks}].map((mark) => getComputedStyle(mark).textDecorationStyle)")
    assert styles == ["solid", "wavy", "dotted", "wavy"]
    for place, (verdict, frame, last) in enumerate((("supported", 6, 18), ("contradicted", 12, 30))):
        tab.run(f"mark = {marks}[{place}]; mark.focus(); press('Enter', mark)")
        box = "document.querySelector('.evidence').innerText"
        assert verdict in tab.run(box)
        assert tab.run("document.activeElement === document.querySelector('.evidence')")
        assert EVIDENCE in tab.run(box)
        assert f"frames {frame} to {last} of this motion" in tab.run(box)
        assert "known edit: mirror (axis x)" in tab.run(box)
        assert tab.run(f"until(() => Number(view.figures[1].dataset.frame) === {frame})")
        assert not tab.run("view.figures[1].clock.playing")
        assert tab.run("view.columns[1].node.classList.contains('shown') && !view.player.band.hidden")
        press = "document.querySelector('.evidence-frames .button').click()"
        tab.run(press)
        assert tab.run(
            f"until(() => !view.figures[1].clock.playing && Number(view.figures[1].dataset.frame) === {last})"
        )
        tab.run("press('Escape')")
        assert tab.run("document.querySelector('.evidence') === null && document.activeElement === mark")
    assert tab.run("view.player.band.hidden")
    assert_quiet(tab, hostile)


def test_hostile_words_stay_words(tab, hostile) -> None:
    load(tab, hostile / "goals.html")
    goal = tab.run("store.index.goals.find((goal) => goal.caption.includes('hacked')).id")
    assert HOSTILE in tab.run("all('.goal-caption').map((node) => node.textContent)")
    load(tab, hostile / "goals.html", goal)
    tab.run("caption = document.querySelector('.caption').cloneNode(true)")
    tab.run("caption.querySelectorAll('.unseen').forEach((node) => node.remove())")
    assert tab.run("caption.textContent") == HOSTILE
    assert tab.run("[document.images.length, window.hacked ?? null, all('.told b').length]") == [0, None, 0]
    assert "<script>alert(1)</script>" in tab.run("document.querySelector('.told').innerText")
    assert_quiet(tab, hostile)


def test_what_was_left_out_is_shown_with_its_reason(tab, hostile) -> None:
    load(tab, hostile / "goals.html", GONE)
    assert "Left out: caption contradicted" in tab.run("document.querySelector('.left-out').innerText")
    assert tab.run("all('motion-figure').length") == 1


def test_every_goal_has_a_link_and_keys_go_from_one_to_the_next(tab, hostile) -> None:
    load(tab, hostile / "goals.html")
    ids = tab.run("list.found.map((goal) => goal.id)")
    tab.run("all('.goal-link')[0].click()")
    assert tab.run(f"until(() => view.goal?.id === {ids[0]!r})")
    assert tab.run("document.activeElement.className") == "caption"
    tab.run("press('n')")
    assert tab.run(f"until(() => view.goal?.id === {ids[1]!r})")
    tab.run("press('n')")
    assert tab.run(f"until(() => view.goal?.id === {ids[2]!r})")
    tab.run("press('p')")
    assert tab.run(f"until(() => view.goal?.id === {ids[1]!r})")
    assert tab.run("location.hash") == f"#goal={ids[1]}"
    tab.run("press('Escape')")
    assert tab.run("until(() => !document.getElementById('list').hidden)")
    tab.run("location.hash = '#goal=no-such-goal'")
    assert tab.run(
        "until(() => document.getElementById('goal').innerText.includes('does not show the goal "
        "no-such-goal'))"
    )


def test_everything_can_be_reached_by_keyboard_and_shows_its_focus(tab, hostile) -> None:
    load(tab, hostile / "goals.html", FLAGGED)
    seen = []
    for _ in range(60):
        for kind in ("keyDown", "keyUp"):
            tab.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        found = tab.run(
            "(() => { const at = document.activeElement, style = getComputedStyle(at); "
            "return [at === document.body ? 'BODY' : at.className || at.tagName, style.outlineStyle "
            "!== 'none' && parseFloat(style.outlineWidth) >= 1]; })()"
        )
        seen.append(found)
    names = {name for name, _ in seen}
    assert {"button play", "track", "said contradicted", "mf-canvas"} <= names
    assert [name for name, shown in seen if not shown and name != "BODY"] == []


def test_nothing_jumps_when_a_goal_is_drawn(tab, site) -> None:
    load(tab, site / "goals.html")
    goal = tab.run("store.index.goals[6].id")
    load(tab, site / "goals.html", goal)
    tab.run(
        "moved = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) moved "
        "+= one.value; })"
        ".observe({ type: 'layout-shift' })"
    )
    assert tab.run("until(() => view.figures.every((figure) => Number(figure.dataset.frame) > 8))")
    tab.run("all('.column .said')[0].click()")
    assert tab.run("until(() => document.querySelector('.evidence'))")
    assert tab.run("moved") < 0.02


@pytest.mark.skipif(
    "IRMOGEN_PICTURES" not in os.environ, reason="takes pictures of IRMOGEN_PICTURES_OF for the documents"
)
def test_pictures_of_the_documents(tab, tmp_path) -> None:
    opened, manifest = open_corpus(Path(os.environ["IRMOGEN_PICTURES_OF"]))
    write_site(opened.root, manifest, tmp_path, goals=60)
    folder = Path(os.environ["IRMOGEN_PICTURES"])

    def take(name: str, height: int = 800) -> None:
        tab.call(
            "Emulation.setDeviceMetricsOverride", width=1280, height=height, deviceScaleFactor=1, mobile=False
        )
        time.sleep(0.5)  # until canvases of another size are drawn
        taken = tab.call("Page.captureScreenshot", format="png")["data"]
        picture = base64.b64decode(taken)
        assert struct.unpack(">8s8xII", picture[:24]) == (b"\x89PNG\r\n\x1a\n", 1280, height)
        (folder / f"{name}.png").write_bytes(picture)

    load(tab, tmp_path / "index.html")
    take("report-summary", 1000)
    load(tab, tmp_path / "annotations.html", prefers_color_scheme="dark")
    take("report-annotations", 900)
    load(tab, tmp_path / "goals.html")
    take("report-goals", 700)
    goal = tab.run("store.index.goals[14].id")
    load(tab, tmp_path / "goals.html", goal)
    tab.call("Emulation.setDeviceMetricsOverride", width=1280, height=1080, deviceScaleFactor=1, mobile=False)
    tab.run("all('.column .said')[1].click()")
    take("report-goal", 1080)
    tab.call("Emulation.clearDeviceMetricsOverride")
