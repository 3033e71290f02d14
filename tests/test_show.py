"""`irmogen show` and the drawing module: pages in a real browser, GIFs, strips, numbers and handedness."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Page, browser
from hypothesis import given
from hypothesis import strategies as st
from one_corpus import CAPTION, write_one_corpus
from PIL import Image, ImageSequence

from motion.demo.dataset import write_demo
from motion.events import Difference, Event
from motion.facts import measure
from motion.features import facing, joints_from_features
from motion.resample import resample
from motion.skeleton import KIT, T2M
from pipelines.cli import main
from pipelines.drawing import figure_data, figure_html, gif_bytes, joints_of, page, script_json, strip_bytes
from pipelines.drawing.body import LEFT, RIGHT
from pipelines.drawing.camera import NEAR, Camera
from pipelines.drawing.gif import MOST_FRAMES, gif_frames
from pipelines.drawing.raster import SIDES, paint
from pipelines.drawing.rows import bars, lanes

BODIES = {"t2m": T2M, "kit": KIT}


@pytest.fixture(scope="module", params=sorted(BODIES))
def data(request, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("show") / request.param
    write_demo(root, motions=4, skeleton=request.param)
    return root


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    return write_one_corpus(tmp_path_factory.mktemp("one") / "corpus")


def name_of(data: Path) -> str:
    """The first clip: 000001, or 00001 in KIT-ML's layout."""
    return sorted(path.stem for path in (data / "new_joint_vecs").glob("0*.npy"))[0]


def clip_of(data: Path):
    body = BODIES[data.name]
    return joints_from_features(np.load(data / "new_joint_vecs" / f"{name_of(data)}.npy"), body), body


def figure_of(data: Path, frames: int | None = None, **values: Any) -> dict[str, Any]:
    clip, body = clip_of(data)
    clip = clip[:frames]
    return figure_data(clip, body, measure([clip], body)[0], grounded=True, **values)


# Numbers


def test_joints_come_back_to_the_millimetre_in_metres(data) -> None:
    clip, body = clip_of(data)
    back = joints_of(json.loads(json.dumps(figure_data(clip, body, grounded=True))))
    metres = clip * body.metres_per_unit
    assert back.shape == clip.shape
    assert np.abs(back + metres[0, 0] * [1, 0, 1] - metres).max() < 0.001
    assert 1.2 < back[..., 1].max() < 3  # of a person, whatever the unit of the data


def test_a_long_way_is_kept_with_a_coarser_step(data) -> None:
    clip, body = clip_of(data)
    away = clip + np.linspace(0, 200, len(clip))[:, None, None] * [1 / body.metres_per_unit, 0, 0]
    figure = figure_data(away, body)
    back = joints_of(figure)
    assert np.abs(back[:, 0, 0] - (away[:, 0, 0] - away[0, 0, 0]) * body.metres_per_unit).max() < 0.01
    assert figure["view"]["follow"]


def test_a_hundred_figures_fit_a_page(data) -> None:
    clip, body = clip_of(data)
    longest = resample(clip, 1, 199 / (len(clip) - 1))[:199]
    assert len(script_json(figure_data(longest, body))) < 45_000


@pytest.mark.parametrize("joints", [np.zeros((0, 22, 3)), np.zeros((5, 21, 3)), np.full((5, 22, 3), np.nan)])
def test_what_is_no_clip_is_refused(joints) -> None:
    with pytest.raises(ValueError, match="joints"):
        figure_data(joints, T2M)


def test_the_floor_of_joints_is_found_and_that_of_features_is_kept(data) -> None:
    clip, body = clip_of(data)
    raised = clip + np.float32([0, 0.5 / body.metres_per_unit, 0])
    assert abs(joints_of(figure_data(raised, body))[..., 1].min()) < 0.05
    assert joints_of(figure_data(raised, body, grounded=True))[..., 1].min() > 0.45


spans = st.tuples(st.integers(0, 40), st.integers(1, 20)).map(lambda pair: (pair[0], sum(pair)))


@given(st.lists(spans, max_size=12))
def test_bars_of_one_lane_do_not_overlap(found) -> None:
    placed = bars([Event("wave", *span, side="left") for span in found], [Difference("side", "wave", end=3)])
    assert len(placed) == len(found) + 1
    for row, count in lanes(placed).items():
        for lane in range(count):
            mine = sorted((bar.start, bar.end) for bar in placed if (bar.row, bar.lane) == (row, lane))
            assert mine
            assert all(end <= start for (_, end), (start, _) in pairwise(mine))


def test_limbs_have_rows_and_colours_by_their_side() -> None:
    events = [
        Event("wave", 0, 9, side="left"),
        Event("kick", 0, 9, side="right"),
        Event("turn", 0, 9, side="left"),
        Event("clap", 0, 9),
    ]
    found = {bar.label.split()[0]: (bar.row, bar.side) for bar in bars(events)}
    assert found == {
        "wave": ("Left arm", "left"),
        "kick": ("Right leg", "right"),
        "turn": ("Body", ""),
        "clap": ("Both arms", ""),
    }


# Handedness and the camera


def mean_x(image: Image.Image, side: int) -> float:
    pixels = np.asarray(image.convert("RGB"), int)
    hit = np.abs(pixels - SIDES[side]).sum(-1) < 40
    assert hit.sum() > 50
    return float(np.argwhere(hit)[:, 1].mean())


def test_the_left_of_a_figure_that_faces_the_camera_is_on_the_right_of_the_picture(data) -> None:
    figure, (clip, body) = figure_of(data), clip_of(data)
    joints = joints_of(figure)
    x, z = facing(clip[0], body)
    for turn, sign in ((0.0, 1), (np.pi, -1)):
        azimuth = float(np.arctan2(x, z) + turn)
        camera = Camera(np.array([0.0, 0.9, 0.0]), azimuth, 0.1, 4.0, 300, 300)
        image = paint(figure, joints, 0, camera)
        assert sign * (mean_x(image, LEFT) - mean_x(image, RIGHT)) > 5


def test_lines_and_shapes_end_where_they_pass_behind_the_eye() -> None:
    camera = Camera(np.zeros(3), 0.0, 0.0, 2.0, 100, 100)  # stands at Z = 2 and looks to Z-
    ahead, behind = np.array([0.0, -1, -5]), np.array([0.0, -1, 9])
    line = camera.line(ahead, behind)
    assert line is not None
    assert line[1, 2] == pytest.approx(NEAR)
    assert camera.line(behind, behind + 1) is None
    floor = np.array([[-9.0, -1, -9], [9, -1, -9], [9, -1, 9], [-9, -1, 9]])
    cut = camera.shape(floor)
    assert len(cut) == 4
    assert cut[:, 2].min() == pytest.approx(NEAR)
    assert len(camera.shape(floor + np.array([0, 0, 50]))) == 0
    assert camera.project(np.zeros(3))[:2] == pytest.approx([50, 50])


# Pictures


def test_a_gif_has_a_frame_for_each_and_moves(data) -> None:
    figure = figure_of(data, frames=40)
    gif = Image.open(io.BytesIO(gif_bytes(figure)))
    frames = [np.asarray(frame.convert("RGB"), int) for frame in ImageSequence.Iterator(gif)]
    assert len(frames) == figure["frames"]
    assert np.abs(frames[0] - frames[len(frames) // 2]).max() > 100
    seconds = sum(frame.info["duration"] for frame in ImageSequence.Iterator(gif)) / 1000
    assert seconds == pytest.approx(figure["frames"] / figure["fps"], abs=0.02)


@given(st.integers(1, 5000))
def test_a_long_gif_is_thinned_out(count) -> None:
    frames = gif_frames({"frames": count})
    assert frames[0] == 0
    assert len(frames) <= MOST_FRAMES
    assert len(frames) == count or len(frames) * (frames.step + 1) > MOST_FRAMES
    assert count - frames[-1] <= frames.step


def test_a_strip_shows_poses_and_bars(data) -> None:
    picture = Image.open(io.BytesIO(strip_bytes(figure_of(data, title="<b>ünï – 走る")))).convert("RGB")
    pixels = np.asarray(picture, int)
    poses = pixels[58:288]
    for side in (LEFT, RIGHT):
        columns = np.flatnonzero((np.abs(poses - SIDES[side]).sum(-1) < 30).any(axis=0))
        assert columns.max() - columns.min() > 900  # poses from end to end
    assert len(np.unique(pixels[300:].reshape(-1, 3), axis=0)) > 20


def test_pictures_are_the_same_each_time(data) -> None:
    figure = figure_of(data)
    assert strip_bytes(figure) == strip_bytes(figure)


# The command


def test_each_form_is_written_where_it_was_asked_for(data, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    name = name_of(data)
    assert main(["show", str(data / "new_joint_vecs" / f"{name}.npy")]) == 0
    assert f"{name}.html" in capsys.readouterr().out
    assert (tmp_path / f"{name}.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    clip, _ = clip_of(data)
    np.save(tmp_path / "short.npy", clip[:30])
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


@given(st.text(alphabet=st.sampled_from(list("</script>!-&\"'\u2028x")), max_size=40))
def test_no_text_leaves_its_script_element(text) -> None:
    written = script_json({"text": text})
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == {"text": text}


def test_pages_name_no_other_place(corpus, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    main(["show", f"{corpus}#k1"])
    text = (tmp_path / "k1.html").read_text(encoding="utf-8")
    assert not re.findall(r"https?://|//cdn|@import|url\(", text)
    assert "<script>window.hacked" not in text
    assert "prefers-reduced-motion" in text
