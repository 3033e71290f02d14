"""`irmogen show`: the command, and its pages in a real browser."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from browser import Page, browser
from one_corpus import CAPTION, write_one_corpus
from shown_clips import BODIES, clip_of, name_of, write_clips

from motion.demo.dataset import write_demo
from motion.events import Event
from motion.facts import measure
from pipelines.cli import main
from pipelines.drawing import figure_data, figure_html, page


@pytest.fixture(scope="module", params=sorted(BODIES))
def data(request, tmp_path_factory) -> Path:
    return write_clips(tmp_path_factory.mktemp("show"), request.param)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    return write_one_corpus(tmp_path_factory.mktemp("one") / "corpus")


# The command


def test_each_form_is_written_where_it_was_asked_for(data, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    name = name_of(data)
    assert main(["show", str(data / "new_joint_vecs" / f"{name}.npy")]) == 0
    assert f"{name}.html" in capsys.readouterr().out
    assert (tmp_path / f"{name}.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    clip, _ = clip_of(data)
    np.save(tmp_path / "short.npy", clip[:30])
    (tmp_path / "new").mkdir()
    for file, start in (("a.png", b"\x89PNG"), ("b.gif", b"GIF8")):
        assert main(["show", "short.npy", "--output", f"new/{file}"]) == 0
        assert (tmp_path / "new" / file).read_bytes().startswith(start)
    caption = (data / "texts" / f"{name}.txt").read_text().split("#")[0]
    main(["show", f"{data}#{name}"])
    assert html.escape(caption) in (tmp_path / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("000001", "motion", [html.escape(CAPTION)]),
        ("one-000001-0@4-40", "goal", [html.escape(CAPTION), "36 frames"]),
        ("k0", "retrieved candidate", ["side of stomp: left expected, right found"]),
        ("k1", "perturbed candidate", ["mirror leg (side left)", "Goal: one-000001-0@4-40"]),
        ("one-000001-0@4-40-p0", "perturbed motion", ["mirror leg (side left)", "side of stomp"]),
    ],
)
def test_every_motion_of_a_corpus_can_be_shown(name, kind, words, corpus, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["show", f"{corpus}#{name}"]) == 0
    text = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
    assert kind in text
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nowhere.npy", "no such file"),
        ("{data}#zzz", "names a clip 'zzz'"),
        ("{corpus}#zzz", "holds no motion"),
        ("{corpus}", "CORPUS#id"),
        ("{data}", "DATASET#id"),
        ("{data}/train.txt", "no .npy file"),
        ("nowhere#a", "no such folder"),
    ],
)
def test_what_cannot_be_shown_is_told(target, words, data, corpus, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["show", target.format(data=data, corpus=corpus)]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fps", ["1e-9", "0.5", "nan", "inf", "-20", "1e6"])
def test_a_frame_rate_that_no_recording_has_is_refused(fps, data, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["show", f"{data}#{name_of(data)}", f"--fps={fps}"]) == 2
    assert "from 1 to 1000" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("folder", ["a#b", "a#b#", "#"])
def test_a_folder_whose_name_holds_the_sign_can_be_named(folder, data, tmp_path, monkeypatch) -> None:
    (tmp_path / folder).symlink_to(data)
    monkeypatch.chdir(tmp_path)
    assert main(["show", f"{tmp_path / folder}#{name_of(data)}", "--output", "clip.png"]) == 0
    assert (tmp_path / "clip.png").is_file()


def test_an_output_in_no_folder_is_refused_before_any_work(tmp_path, capsys) -> None:
    assert main(["show", "nowhere.npy", "--output", str(tmp_path / "none" / "clip.gif")]) == 2
    assert "does not exist; make it" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_output_of_unknown_form_is_refused_before_any_work(data, capsys) -> None:
    assert main(["show", f"{data}#any", "--output", "clip.mp4"]) == 2
    assert ".html, .gif, .png" in capsys.readouterr().err


# The page, in a browser

_HELP = """
globalThis.painted = () => new Promise((done) => requestAnimationFrame(done));
globalThis.until = async (holds) => {
  for (let i = 0; i < 600 && !holds(); i += 1) await painted();
  return holds();
};
globalThis.figures = [...document.querySelectorAll("motion-figure")];
globalThis.pixels = (figure) => {
  figure.draw();
  const { width, height } = figure.canvas;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(figure.canvas, 0, 0);
  return copy.getImageData(0, 0, width, height);
};
const mixed = (total, value, i) => (total * 31 + value * (i % 7)) % 1e9;
globalThis.sum = (figure) => pixels(figure).data.reduce(mixed, 0);
globalThis.shown = (figure) => { figure.draw(); return Number(figure.dataset.frame); };
globalThis.meanX = (figure, colour) => {
  const want = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const { data, width } = pixels(figure);
  let [x, count] = [0, 0];
  for (let i = 0; i < data.length; i += 4) {
    if (want.every((value, k) => Math.abs(value - data[i + k]) < 12)) { x += (i / 4) % width; count += 1; }
  }
  return x / count;
};
globalThis.press = (key, shiftKey = false) => {
  const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, key, shiftKey });
  figures[0].canvas.dispatchEvent(event);
};
globalThis.look = (view) => {
  figures[0].viewSelect.value = view;
  figures[0].viewSelect.dispatchEvent(new Event("change"));
};
globalThis.leftMinusRight = () =>
  meanX(figures[0], figures[0].colours.left) - meanX(figures[0], figures[0].colours.right);
globalThis.isNamed = (node) =>
  node.textContent.trim() || node.getAttribute("aria-label") || node.closest("label");
until(() => figures[0].joints).then(() => figures.length);
"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def pair(tab, tmp_path) -> tuple[Page, Path]:
    """A page of two figures that play together and a third far below, with a hostile title."""
    write_demo(tmp_path / "t2m", motions=4)
    clip, body = clip_of(tmp_path / "t2m")
    events = (Event("wave", 30, 39, side="left"),)
    facts = replace(measure([clip], body)[0], events=events)
    data = figure_data(clip, body, facts, title=CAPTION, grounded=True)
    together = figure_html(data, clock="pair", heading=True) + figure_html(data, clock="pair", events=False)
    text = page(CAPTION, f'<main>{together}<div style="height: 6000px"></div>{figure_html(data)}</main>')
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    tab.told.clear()
    tab.asked.clear()
    return tab, path


def test_figures_in_sight_play_together_and_the_page_asks_nobody_for_anything(pair) -> None:
    tab, path = pair
    tab.open(path)
    assert tab.run(_HELP) == 3
    assert tab.run("globalThis.first = sum(figures[0]); until(() => figures[0].clock.time > 0.3)")
    assert tab.run("shown(figures[0])") > 0
    assert tab.run("sum(figures[0]) !== first")
    assert tab.run("figures[0].clock === figures[1].clock && shown(figures[1]) === shown(figures[0])")
    assert tab.run("!figures[2].joints && !figures[2].visible")  # far below: not even unpacked
    assert tab.run("figures[2].scrollIntoView(); until(() => figures[2].joints && !figures[0].visible)")
    assert tab.run("until(() => figures[2].clock.time > 0)")
    assert (tab.told, tab.asked) == ([], [path.as_uri()])


def test_buttons_bars_and_keys_move_the_figure(pair) -> None:
    tab, path = pair
    tab.open(path)
    tab.run(_HELP)
    tab.run("figures[0].playButton.click()")
    assert tab.run("!figures[0].clock.playing")
    tab.run("figures[0].scrub.value = '1'; figures[0].scrub.dispatchEvent(new Event('input'))")
    assert tab.run("shown(figures[0])") == 20
    assert tab.run("press('ArrowRight'); shown(figures[0])") == 21
    assert tab.run("press('Home'); shown(figures[0])") == 0
    assert tab.run("figures[0].querySelector('.mf-bar').click(); shown(figures[0])") == 30
    assert tab.run("figures[0].querySelector('.mf-bar').classList.contains('mf-on')")
    assert tab.run("figures[0].querySelector('.mf-event').classList.contains('mf-on')")
    now = "Number(figures[0].querySelector('.mf-timeline').style.getPropertyValue('--now'))"
    assert tab.run(f"{now} * figures[0].data.frames") == pytest.approx(30)
    tab.run("globalThis.before = sum(figures[0]); press('ArrowLeft', true)")
    assert tab.run("sum(figures[0]) !== before")
    tab.run("globalThis.before = sum(figures[0]); press('+')")
    assert tab.run("sum(figures[0]) !== before")
    assert tab.run("press(' '); figures[0].clock.playing")
    assert tab.told == []


def test_from_the_front_its_left_is_on_the_right_in_the_page_too(pair) -> None:
    tab, path = pair
    tab.open(path)
    tab.run(_HELP)
    for view, sign in (("1", 1), ("3", -1)):
        tab.run(f"look('{view}')")
        assert sign * tab.run("leftMinusRight()") > 5


def test_every_control_has_a_name_and_hostile_text_stays_text(pair) -> None:
    tab, path = pair
    tab.open(path)
    tab.run(_HELP)
    controls = "document.querySelectorAll('motion-figure :is(button, input, select, canvas)')"
    assert tab.run(f"{controls}.length") > 20
    assert tab.run(f"[...{controls}].filter((node) => !isNamed(node)).length") == 0
    assert tab.run("figures[0].querySelector('h3').textContent") == CAPTION
    assert tab.run("document.title") == CAPTION
    assert tab.run("[window.hacked ?? null, document.images.length]") == [None, 0]


def test_less_motion_and_dark_colours_are_respected(pair) -> None:
    tab, path = pair
    tab.open(path, prefers_reduced_motion="reduce", prefers_color_scheme="dark")
    tab.run(_HELP)
    assert tab.run("!figures[0].clock.playing && figures[0].clock.time === 0")
    dark = tab.run("figures[0].colours.left")
    tab.open(path, prefers_color_scheme="light")
    tab.run(_HELP)
    assert tab.run("figures[0].clock.playing")
    assert tab.run("figures[0].colours.left") != dark


def test_pages_name_no_other_place(corpus, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    main(["show", f"{corpus}#k1"])
    text = (tmp_path / "k1.html").read_text(encoding="utf-8")
    assert not re.findall(r"https?://|//cdn|@import|url\(", text)
    assert "<script>window.hacked" not in text
    assert "prefers-reduced-motion" in text
