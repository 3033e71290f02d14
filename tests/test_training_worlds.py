"""Trainings whose processes change in number: the same rows in the same steps. Over gloo, on the CPU."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from part_of_training import train
from small_training import goals_of, losses, write_ground
from test_grpo import Place, numbers, place  # noqa: F401

from trainer.goals import Prompts
from trainer.grpo import train_grpo
from trainer.sft import train_sft

COUNTED = ("rows", "examples", "tasks", "tokens", "learned_tokens", "too_long", "steps")


@pytest.mark.slow
def test_one_process_then_two_then_four_then_one_learn_what_one_does(tmp_path: Path) -> None:
    ground = write_ground(tmp_path / "ground")
    changes = ("train.rows=4", "train.steps=8")
    whole = train_sft(ground.job(tmp_path / "whole", "stage2", *changes))
    job = ground.job(tmp_path / "run", "stage2", *changes)
    shutil.copytree(tmp_path / "whole", job.output)

    def left(step: int, world: int) -> None:
        """Only the checkpoint of a step, which is of so many processes."""
        for path in job.checkpoints.glob("checkpoint-*"):
            if path.name != f"checkpoint-{step}":
                shutil.rmtree(path)
        assert len(list((job.checkpoints / f"checkpoint-{step}").glob("state-*.json"))) == world

    left(2, 1)
    for world, step in ((2, 4), (4, 6)):
        train(tmp_path / "launched", job, world)
        figures = json.loads((tmp_path / "launched/figures.json").read_text())
        assert {name: figures[name] for name in COUNTED} == {name: whole.figures[name] for name in COUNTED}
        left(step, world)
    outcome = train_sft(job)
    assert {name: outcome.figures[name] for name in COUNTED} == {
        name: whole.figures[name] for name in COUNTED
    }
    wanted, found = losses(tmp_path / "whole"), losses(job.output)
    assert [step for step, _, _ in found] == [step for step, _, _ in wanted] == list(range(1, 9))
    assert found[:2] == wanted[:2]
    for (_, loss, norm), (_, other, its) in zip(found, wanted, strict=True):
        assert (loss, norm) == pytest.approx((other, its), rel=1e-4)


@pytest.mark.slow
def test_stage_3_goes_on_with_two_processes_each_of_its_own_goals(place: Place) -> None:  # noqa: F811
    """The goals that would have come; twice the same draws; then one process again."""
    train_grpo(place.job("first"))
    logs = []
    for name in ("two", "again"):
        job = place.job(name)
        shutil.copytree(place.root / "first", job.output)
        shutil.rmtree(job.checkpoints / "checkpoint-4")
        given = train(place.root / f"launched-{name}", job, 2)
        prompts = Prompts(goals_of(place.corpus), 0, 2)
        assert given == [[prompts.at(2)[0].goal_id], [prompts.at(3)[0].goal_id]]
        logs.append(numbers(job.output))
    assert logs[0] == logs[1]
    assert [row["step"] for row in logs[0]] == [1, 2, 3, 4]
    assert logs[0][:2] == numbers(place.root / "first")[:2]
    shutil.rmtree(job.checkpoints / "checkpoint-2")
    longer = place.job("again", "train.steps=6")
    train_grpo(longer)
    assert [row["step"] for row in numbers(longer.output)] == [1, 2, 3, 4, 5, 6]
