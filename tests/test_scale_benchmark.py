"""The benchmark of growth: its fit finds what rows were made from, and peaks are seen of every process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.inputs import CLIPS_A_SHARD
from pipelines.scale_model import Constants, Wanted, constants, constants_of, estimate

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def row(known: Constants, clips: int, slower: float = 1.0) -> dict[str, Any]:
    """What would be measured of a corpus that takes exactly what the constants say."""
    goals = round(clips * known.goals_a_clip)
    wanted = Wanted(goals, 2, goals / clips, known.frames_a_clip, CLIPS_A_SHARD)
    found = estimate(known, wanted)
    phases = {
        "prepare": known.main_a_clip * clips,
        "pipeline": known.pipeline_fixed + found.pipeline_seconds * slower,
        "receipts": known.main_a_shard * wanted.shards,
        "gate": 2.0,
    }
    steps = {step: {"elapsed": spent * slower, "cpu": spent} for step, spent in found.step_seconds.items()}
    return {
        "measured": {**known.measured, "workers": 2},
        "goals": goals,
        "clips": clips,
        "frames": clips * known.frames_a_clip,
        "goal_frames": goals * known.frames_a_goal,
        "shards": wanted.shards,
        "workers": 2,
        "seconds": sum(phases.values()) + known.main_fixed - 2.0,
        "phases": phases,
        "steps": steps,
        "shuffled": {name: {"bytes": held, "records": 1} for name, held in found.shuffle_bytes.items()},
        "main_memory": found.main_memory + found.engine_memory,
        "worker_memory": [known.worker_memory, known.worker_memory / 2],
        "objects_a_shard": known.main_memory_a_shard,
        "bytes": {**found.table_bytes, **found.shard_bytes, "others": found.fixed_bytes},
        "files_a_shard": known.files_a_shard,
        "llm": known.llm,
    }


def test_constants_are_found_again_in_what_they_foretell() -> None:
    from scale_fit import constants_from, errors_of

    known = constants()
    rows = [row(known, clips) for clips in (256, 2560, 14080)]
    found = constants_of(constants_from(rows[:2], known, (0.0, 0.0)), "rows")
    for name in ("efficiency", "pipeline_fixed", "main_a_shard", "main_a_clip", "engine_memory_a_goal"):
        assert getattr(found, name) == pytest.approx(getattr(known, name), rel=0.02), name
    assert found.main_fixed == pytest.approx(known.main_fixed, rel=0.02)
    for name in ("seconds_a_goal", "bytes_a_frame", "bytes_a_goal", "bytes_a_shard", "shuffle_a_goal"):
        assert getattr(found, name) == pytest.approx(getattr(known, name), rel=0.01), name
    for error in errors_of(found, rows[2]).values():
        assert abs(error) < 0.02


def hand_made(clips: int) -> dict[str, Any]:
    """Ten goals a clip and 20 clips a shard; 0.5 s a clip and 4 s of one worker, and figures easy to tell."""
    shards, goals = clips // 20, 10 * clips
    phases = {"prepare": clips * 0.01, "pipeline": 4 + 0.5 * clips, "receipts": 0.2 * shards, "gate": 3.0}
    return {
        **row(constants(), clips),
        "goals": goals,
        "shards": shards,
        "workers": 1,
        "phases": phases,
        "seconds": sum(phases.values()) + 5.0 + 0.1 * shards,
        "steps": {"read": {"elapsed": 0.1 * clips}, "ladder": {"elapsed": 0.3 * clips}},
        "shuffled": {"pairs": {"bytes": goals * clips, "records": 1}},
    }


def test_constants_are_what_simple_figures_say() -> None:
    from scale_fit import constants_from

    found = constants_from([hand_made(clips) for clips in (40, 400)], constants(), (0.0, 0.0))
    assert found["seconds_a_goal"] == pytest.approx({"read": 0.01, "ladder": 0.03})
    assert found["efficiency"] == pytest.approx(0.8)
    assert found["pipeline_fixed"] == pytest.approx(4)
    assert found["main_fixed"] == pytest.approx(8)
    assert found["main_a_shard"] == pytest.approx(0.3)
    assert found["main_a_clip"] == pytest.approx(0.01)
    assert found["shuffle_a_goal"] == pytest.approx({"pairs": 400})  # of the largest: it grew tenfold


def test_what_is_not_in_proportion_to_the_goals_shows_in_the_targets() -> None:
    from scale_fit import validated
    from scale_page import targets

    known = constants()
    rows = [row(known, clips) for clips in (256, 2560, 14080)]
    rows[2]["steps"]["compare"]["elapsed"] *= 4
    for shuffle in rows[2]["shuffled"].values():
        shuffle["bytes"] *= 2
    _, errors = validated(rows, known)
    assert errors["shuffled"] == pytest.approx(-0.5, abs=0.01)
    assert errors["step compare"] == pytest.approx(-0.75, abs=0.01)
    assert errors["step ladder"] == pytest.approx(0, abs=0.01)
    told = dict(targets(rows, errors, known))
    assert any("compare -7" in text and "ladder +0" in text.replace("-0", "+0") for text in told.values())
    assert "pairs of alike clips grow" in told["its shuffle"]


def test_a_largest_size_that_takes_longer_than_foretold_widens_the_band() -> None:
    from scale_fit import LEAST_ERROR, final, validated

    known = constants()
    rows = [row(known, 256), row(known, 2560), row(known, 14080, slower=1.4)]
    _, errors = validated(rows, known)
    assert -0.30 < errors["seconds"] < -0.20  # 1 / 1.4, but for what is fixed
    assert final(rows, known)["error"] == pytest.approx(-errors["seconds"], rel=0.01)
    usual = [row(known, 256), row(known, 2560), row(known, 14080)]
    assert final(usual, known)["error"] == LEAST_ERROR


def test_without_counted_shuffles_the_ones_known_before_are_kept() -> None:
    from scale_fit import constants_from

    known = constants()
    rows = [{**row(known, clips), "shuffled": None} for clips in (256, 2560)]
    assert constants_from(rows, known, (0.0, 0.0))["shuffle_a_goal"] == dict(known.shuffle_a_goal)


def test_the_peak_of_every_process_is_seen_and_the_workers_are_told_from_the_rest(tmp_path: Path) -> None:
    from scale_watch import watched

    child = "import time; held = bytearray({}); held[::4096] = b'x' * len(held[::4096]); time.sleep(1.5)"
    work = child.format(200_000_000)
    other = child.format(20_000_000)
    main = (
        "import subprocess, sys\n"
        f"one = subprocess.Popen([sys.executable, '-c', {work!r}, 'sdk_worker_main'])\n"
        f"two = subprocess.Popen([sys.executable, '-c', {other!r}])\n"
        "sys.exit(one.wait() + two.wait() + 3)\n"
    )
    found = watched([sys.executable, "-c", main], tmp_path / "log")
    assert found.code == 3
    assert len(found.workers) == 1
    assert 200e6 < found.workers[0] < 260e6
    assert found.main < 100e6
    assert len(found.peaks) == 3


def test_the_page_has_a_place_for_every_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import scale_page

    known = constants()
    rows = [{**row(known, clips), "gate": True, "refused": []} for clips in (256, 2560, 14080)]
    for one in rows:
        one["measured"] = {**one["measured"], "python": "3", "packages": {}}
    page = tmp_path / "scale.md"
    page.write_text((ROOT / "docs" / "scale.md").read_text())
    monkeypatch.setattr(scale_page, "PAGE", page)
    monkeypatch.setattr(scale_page, "PICTURE", tmp_path / "images" / "scale.svg")
    scale_page.write_page(rows, known, known)
    text = page.read_text()
    assert all(f"| {one['goals']:,} |" in text for one in rows)
    assert "first bottleneck" in text
    assert (tmp_path / "images" / "scale.svg").read_text().startswith("<?xml")
    scale_page.write_page(rows, known, known)
    assert page.read_text() == text  # written again, not once more


def test_a_benchmark_that_was_killed_goes_on_with_the_size_that_is_missing(tmp_path: Path) -> None:
    from scale import measured

    file, done = tmp_path / "results" / "scale.json", []

    def measure(size: int) -> dict[str, Any]:
        if size == 300 and done.count(300) < 1:
            done.append(300)
            raise KeyboardInterrupt
        done.append(size)
        return {"wanted": size, "run": len(done)}

    with pytest.raises(KeyboardInterrupt):
        measured([100, 200, 300], measure, file, "one")
    assert [row["run"] for row in measured([100, 200, 300], measure, file, "one")] == [1, 2, 4]
    assert done == [100, 200, 300, 300]
    assert [row["run"] for row in measured([300, 100, 200], measure, file, "one")] == [1, 2, 4]
    assert [row["wanted"] for row in measured([100, 200, 300], measure, file, "other")] == [100, 200, 300]
    assert len(done) == 7


def test_a_command_ends_with_the_benchmark_that_runs_it(tmp_path: Path) -> None:
    child = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from scale_watch import watched\n"
        f"watched([sys.executable, '-c', {child!r}, sys.argv[2]], Path(sys.argv[3]))"
    )
    told = tmp_path / "process"
    words = [sys.executable, "-c", code, str(ROOT / "benchmarks"), str(told), str(tmp_path / "log")]
    benchmark = subprocess.Popen(words)
    try:
        process = _until(lambda: told.is_file() and told.read_text())
        benchmark.kill()
        benchmark.wait()
        assert _until(lambda: not Path(f"/proc/{process}").exists())
    finally:
        benchmark.kill()


def _until(found: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What `found` returns as soon as that is true; false after so many seconds."""
    end = time.monotonic() + seconds
    while not (value := found()) and time.monotonic() < end:
        time.sleep(0.05)
    return value
