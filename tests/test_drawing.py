"""The drawing module: numbers, handedness, the camera, GIFs and strips."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence
from shown_clips import BODIES, clip_of, write_clips

from motion.events import Difference, Event
from motion.facts import measure
from motion.features import facing
from motion.resample import resample
from motion.skeleton import T2M
from pipelines.drawing import figure_data, gif_bytes, joints_of, script_json, strip_bytes
from pipelines.drawing.body import LEFT, RIGHT
from pipelines.drawing.camera import NEAR, Camera
from pipelines.drawing.gif import MOST_FRAMES, gif_frames
from pipelines.drawing.raster import SIDES, paint
from pipelines.drawing.rows import bars, lanes


@pytest.fixture(scope="module", params=sorted(BODIES))
def data(request, tmp_path_factory) -> Path:
    return write_clips(tmp_path_factory.mktemp("show"), request.param)


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


def test_coarse_joints_take_half_the_room_and_come_back_to_four_millimetres(data) -> None:
    clip, body = clip_of(data)
    fine, coarse = (figure_data(clip, body, grounded=True, coarse=coarse) for coarse in (False, True))
    assert coarse["coding"] == "changes"
    assert np.abs(joints_of(fine) - joints_of(coarse)).max() <= 0.0026
    assert len(coarse["positions"]) < 0.52 * len(fine["positions"])
    still = figure_data(clip[:1], body, grounded=True, coarse=True)
    assert joints_of(still).shape == clip[:1].shape
    leap = clip.copy()
    leap[len(leap) // 2 :] += 1 / body.metres_per_unit  # a metre between two frames
    assert figure_data(leap, body, coarse=True)["coding"] == "places"


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


@given(st.text(alphabet=st.sampled_from(list("</script>!-&\"'\u2028x")), max_size=40))
def test_no_text_leaves_its_script_element(text) -> None:
    written = script_json({"text": text})
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == {"text": text}
