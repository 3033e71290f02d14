"""`irmogen plan --scale` as a command: what it says, what it refuses, what a dataset changes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from motion import split_lists
from pipelines.cli import main
from pipelines.plan_scale import like_input, sample_of
from pipelines.scale_model import constants


def told(capsys: pytest.CaptureFixture[str], *flags: object) -> str:
    assert main(["plan", *map(str, flags)]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *flags: object) -> str:
    """What is said of flags that are refused."""
    try:
        code = main(["plan", *map(str, flags)])
    except SystemExit as error:
        code = error.code
    assert code == 2
    return capsys.readouterr().err


def figure(text: str, pattern: str) -> float:
    found = re.search(pattern, text)
    assert found, (pattern, text)
    return float(found[1].replace(",", ""))


def test_a_scale_needs_no_dataset_and_says_time_storage_shuffle_requests_and_the_bottleneck(capsys) -> None:
    text = told(capsys, "--scale", "1e6", "--workers", 200)
    assert "1,000,000 goals" in text
    assert "200 workers" in text
    for part in ("time: about", "storage:", "shuffle:", "files:", "memory:", "requests 0", "bottleneck"):
        assert part in text
    known = constants()
    assert known.measured["date"] in text
    assert f"the band is {known.error:.0%} of time" in text


@pytest.mark.parametrize("value", ["0", "-5", "nan", "inf", "1e30", "many", "0.2"])
def test_a_scale_that_cannot_be_is_refused_with_what_can(capsys, value: str) -> None:
    assert f"{value}: give a number of goals from 1 to 1e+12, such as 1e6" in refused(
        capsys, f"--scale={value}"
    )


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--scale", "1e6", "--workers", "0"], "0 is less than 1"),
        (["--scale", "1e6", "--workers", "10000000"], "10000000 is more than 1000000"),
        (["--scale", "1e6", "--workers", "1e30"], "invalid number value: '1e30'"),
        (["--scale", "1e6", "--worker-price", "-1"], "give a number, 0 or more"),
        (["--scale", "1e6", "--perturbed", "9"], "--perturbed 9 is more than --ladder 4"),
        (["--scale", "1e6", "--annotator", "openai"], "needs --model"),
        (["--scale", "1e6", "--input", "/nowhere/at/all"], "no such folder"),
        ([], "the plan of a build needs --input and --output"),
        (["--output", "corpus"], "the plan of a build needs --input; without a dataset, give --scale"),
        (["--input", "a", "--output", "b", "--workers", "2"], "--workers: goes with --scale only"),
        (["--input", "a", "--output", "b", "--worker-price", "2"], "--worker-price: goes with --scale only"),
    ],
)
def test_flags_that_cannot_be_are_refused_with_their_reason(capsys, flags: list[str], why: str) -> None:
    assert why in refused(capsys, *flags)


def test_a_dataset_gives_its_captions_and_frames_a_clip(capsys, demo: Path) -> None:
    import numpy as np

    ids = [line for split in ("train", "val", "test") for line in (demo / f"{split}.txt").read_text().split()]
    captions = [len((demo / "texts" / f"{one}.txt").read_text().splitlines()) for one in ids]
    frames = [len(np.load(demo / "new_joint_vecs" / f"{one}.npy")) for one in ids]
    found = like_input(demo, None)
    assert found == pytest.approx((sum(captions) / len(ids), sum(frames) / len(ids)))
    text = told(capsys, "--scale", 1000, "--input", demo)
    assert f"({found[0]:.2f} captions and {found[1]:.0f} frames a clip)" in text


def test_a_dataset_of_many_pieces_and_repeated_ids_is_sampled_as_one(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [line for split in ("train", "val", "test") for line in (demo / f"{split}.txt").read_text().split()]
    monkeypatch.setattr("pipelines.plan_scale.SAMPLE_CLIPS", 7)
    whole = sample_of(demo)
    assert len(set(whole)) == 7
    (tmp_path / "train.txt").write_text("\n".join(ids[::-1]))
    (tmp_path / "val.txt").write_text("\n".join(3 * ids))
    monkeypatch.setattr(split_lists.pieces, "__defaults__", (50,))
    assert sample_of(tmp_path) == whole


def test_a_corpus_gives_its_goals_and_frames_a_clip(corpus: Path) -> None:
    tables = json.loads((corpus / "manifest.json").read_text())["tables"]
    frames = [
        count
        for shard in tables["motions"]["shards"]
        for count in pq.read_table(corpus / shard["file"], columns=["frames"])["frames"].to_pylist()
    ]
    assert like_input(corpus, None) == pytest.approx(
        (tables["goals"]["rows"] / tables["motions"]["rows"], sum(frames) / len(frames))
    )


def test_a_bucket_is_waited_for_where_it_is_a_limit(capsys, demo: Path) -> None:
    flags = ["--scale", "1e7", "--workers", 5000, "--worker-price", 1]

    def plan(*more: object) -> tuple[bool, bool, float]:
        text = told(capsys, *flags, *more)
        hours = figure(text, r"workers: ([\d.,]+) hours")
        return "waiting for the bucket" in text, "main process and bucket" in text, hours

    nowhere, bucket = plan(), plan("--output", "s3://bucket/corpus")
    local = plan("--output", "corpus")
    assert nowhere == bucket
    assert nowhere[:2] == (True, True)
    assert local[:2] == (False, False)
    assert nowhere[2] > local[2]  # they are paid meanwhile


def test_a_model_is_counted_priced_and_held_against_budget_and_rate(capsys) -> None:
    flags = ["--scale", 1000, "--annotator", "openai", "--model", "gpt-4.1-mini"]
    each = told(capsys, *flags, "--requests-per-minute", 60, "--budget", 0.01)
    requests = round(1000 * constants().llm["each"]["requests"])
    assert figure(each, r"requests ([\d,]+) \(") == requests
    assert 5000 < requests <= 6000  # analysis, goal, four rungs; equal ones are asked once
    assert "budget 0.0100 USD: will stop the run" in each
    assert figure(each, r"([\d.]+) min of the language model") == pytest.approx(requests / 60, abs=0.1)
    assert f"ledger: {requests:,} files" in each
    ladder = told(capsys, *flags, "--requests", "ladder")
    assert 1500 < figure(ladder, r"requests ([\d,]+) \(") <= 2000
    assert figure(ladder, r"money ([\d.,]+) USD") < figure(each, r"money ([\d.,]+) USD")


def test_a_batch_is_half_the_price_and_a_day(capsys) -> None:
    flags = ["--scale", 10_000, "--model", "gpt-4.1-mini"]
    online = told(capsys, *flags, "--annotator", "openai")
    batch = told(capsys, *flags, "--annotator", "openai-batch")
    money = [figure(text, r"money ([\d.,]+) USD") for text in (online, batch)]
    assert money[1] == pytest.approx(money[0] / 2, rel=0.01)
    batches = -(-round(10_000 * constants().llm["each"]["requests"]) // 50_000)
    assert f"batches: {batches}, within 24 h" in batch


def test_workers_cost_what_their_price_says(capsys) -> None:
    text = told(capsys, "--scale", "1e6", "--workers", 10, "--worker-price", 2)
    hours, money = re.search(r"workers: ([\d.,]+) hours at 2: ([\d.,]+)", text).groups()
    assert float(money.replace(",", "")) == pytest.approx(2 * float(hours.replace(",", "")), rel=0.02)


def test_a_larger_recipe_takes_more(capsys) -> None:
    def perturbed(*flags: object) -> float:
        return figure(told(capsys, "--scale", "1e6", *flags), r"perturbed ([\d.]+) GB")

    def ladder(*flags: object) -> float:
        return figure(told(capsys, "--scale", "1e6", *flags), r"ladder ([\d.]+) \(")

    assert perturbed("--perturbed", 4) == pytest.approx(2 * perturbed(), rel=0.01)
    assert ladder("--perturbed", 0) < ladder() / 4  # of the time too: making versions is most of it
    assert ladder("--perturbed", 4) > 1.5 * ladder()
    assert "perturbed 0 bytes" in told(capsys, "--scale", "1e6", "--perturbed", 0)


def test_a_run_tells_its_steps_and_phases_in_run_json(corpus: Path) -> None:
    notes = json.loads((corpus / "run.json").read_text())
    steps = notes["step_seconds"]
    assert set(constants().seconds_a_goal) == set(steps)
    assert all(spent["elapsed"] > 0 and spent["cpu"] >= 0 for spent in steps.values())
    assert set(notes["phase_seconds"]) == {"prepare", "pipeline", "receipts", "gate"}
