"""Stage 3 by the real trainer: the same numbers from the same seed, also after a break."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from reward_files import write_embedder
from small_corpus import write_corpus
from small_training import every_goal, goals_of
from tiny_model import CHAIN, teach, tiny_llama, tiny_motion_tokenizer, tiny_tokenizer, write_run

from prompts.chain import render
from schemas.corpus import Corpus
from schemas.tokens import TokenSet
from trainer.callbacks import read_log
from trainer.estimate import estimate
from trainer.examples import Examples, chain_instruction, encode_prompt
from trainer.goals import Prompts, steps_of
from trainer.grpo import places, train_grpo
from trainer.job import Job
from trainer.recipe import Recipe, load_recipe
from trainer.run_folder import save_model

FEW = [
    "train.steps=4",
    "train.rows=6",
    "train.rows_at_once=3",
    "train.save_every=2",
    "train.rate=1e-3",
    "grpo.group=3",
    "grpo.iterations=2",
    "grpo.new_tokens=64",
    "grpo.rewards.not_worse=0.5",
]


@dataclass(frozen=True)
class Place:
    """A corpus, a model that says chains now and then, an embedder."""

    root: Path
    corpus: Corpus
    manifest: dict[str, Any]

    def job(self, output: str, *changes: str) -> Job:
        tokenizer = tiny_motion_tokenizer()
        return Job(
            recipe=load_recipe("demo", "stage3", [*FEW, *changes]),
            corpus=self.corpus,
            manifest=self.manifest,
            tokens=TokenSet(self.root / "tokens", tokenizer.fingerprint, tokenizer.codes, ()),
            motion_tokenizer=tokenizer,
            source=str(self.root / "model"),
            output=self.root / output,
            record={},
            embedder=str(self.root / "embedder"),
            report_to=(),
        )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("grpo")
    corpus, manifest = write_corpus(root / "corpus")
    write_embedder(root / "embedder")
    tokenizer = tiny_tokenizer()
    model = tiny_llama(tokenizer, spread=0.05)
    prompts = Prompts(goals_of(corpus), 0, 2)
    asked = [encode_prompt(tokenizer, prompts.at(number)[1]) for number in range(4)]
    teach(model, tokenizer, [(prompt, render(CHAIN)) for prompt in asked])
    write_run(root / "model", model, tokenizer)
    return Place(root, corpus, manifest)


@pytest.fixture(scope="module")
def trained(place: Place) -> Any:
    return train_grpo(place.job("first"))


def numbers(folder: Path) -> list[dict[str, Any]]:
    """The log without what differs from run to run."""
    timed = ("seconds", "step_time", "runtime", "per_second")
    return [
        {name: value for name, value in row.items() if not name.endswith(timed)}
        for row in read_log(folder / "log.jsonl")
        if "loss" in row
    ]


def weights(outcome: Any) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = outcome.trainer.model.state_dict()
    return found


def test_the_log_tells_of_rewards_rounds_and_distances(place: Place, trained: Any) -> None:
    rows = numbers(place.root / "first")
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    first = rows[0]
    assert first["rewards/strict_format/mean"] == pytest.approx(first["completions/strict"])
    assert 0 < first["completions/strict"] <= 1
    assert first["completions/rounds"] > 0
    assert first["distance/text"] > 0
    assert first["distance/motion"] > 0
    assert {"kl", "reward", "completions/bad_motions", "completions/best_round_gain"} <= set(first)
    assert trained.figures["completions"] == 12
    assert trained.figures["goals"] == 6


def test_the_same_seed_gives_the_same_numbers_and_weights(place: Place, trained: Any) -> None:
    again = train_grpo(place.job("again"))
    assert numbers(place.root / "again") == numbers(place.root / "first")
    assert all(torch.equal(value, weights(again)[name]) for name, value in weights(trained).items())


def test_a_training_that_was_killed_ends_as_one_that_was_not(place: Place, trained: Any) -> None:
    job = place.job("killed")
    shutil.copytree(place.root / "first", job.output)
    (job.checkpoints / "checkpoint-4" / "whole.json").unlink()  # killed while it was written
    resumed = train_grpo(job)
    assert numbers(job.output) == numbers(place.root / "first")
    logs = [read_log(folder / "log.jsonl")[:2] for folder in (place.root / "first", job.output)]
    assert logs[0] == logs[1]  # to the second: these steps were not done again
    assert all(torch.equal(value, weights(resumed)[name]) for name, value in weights(trained).items())


def test_prompts_are_those_of_the_stages_before(place: Place, trained: Any) -> None:
    tokenizer = trained.tokenizer
    goal = every_goal(place.corpus)[0]
    learned = Examples(tokenizer).of_chain(goal.goal_id, goal.caption, CHAIN, "a draw")
    asked = chain_instruction(goal.goal_id, goal.caption, "a draw")
    (ids,), images, fields = trained.trainer._tokenize_prompts([asked])
    assert learned.ids[: len(ids)] == ids
    assert ids.count(tokenizer.bos_token_id) == 1
    assert (images, fields) == (None, {})


def test_adapters_are_trained_alone(place: Place) -> None:
    changes = ("train.steps=1", "model.lora.rank=2", "train.rate=0.1", "grpo.temperature=1")
    job = place.job("lora", *changes)
    outcome = train_grpo(job)
    before = tiny_weights(place.root / "model")
    model = outcome.trainer.model
    assert torch.equal(model.get_input_embeddings().weight, before["model.embed_tokens.weight"])
    save_model(outcome.trainer, outcome.tokenizer, job.output)
    merged = tiny_weights(job.output)
    changed = {name for name in before if not torch.equal(before[name], merged[name])}
    assert changed
    assert all(name.endswith("proj.weight") for name in changed)


def tiny_weights(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


@pytest.mark.parametrize("together", [1, 2, 4, 5, 9])
def test_every_goal_comes_once_an_epoch_in_an_order_of_its_own(place: Place, together: int) -> None:
    goals = goals_of(place.corpus)
    changes = [f"train.rows={3 * together}", "train.steps=0", "train.epochs=3", "grpo.iterations=1"]
    recipe = load_recipe("demo", "stage3", [*FEW, *changes])
    asked = list(places(recipe, recipe.grpo, steps_of(recipe, len(goals))))
    prompts = Prompts(goals, 0, together)
    rows = prompts.rows(asked)
    order = [row["goal_id"] for row in rows]
    epochs = [tuple(order[start : start + 6]) for start in (0, 6, 12)]
    assert len(rows) >= 18
    wanted = [goal.goal_id for goal in every_goal(place.corpus)]
    assert all(sorted(epoch) == wanted for epoch in epochs)
    assert sorted(prompts.given) == wanted
    assert len(set(epochs)) > 1
    assert len({(row["goal_id"], row["prompt"]) for row in rows}) > len(goals)  # wordings are drawn anew
    some = [17, 3, 6, 5]
    assert Prompts(goals, 0, together).rows([asked[n] for n in some]) == [rows[n] for n in some]
    assert Prompts(goals, 1, together).rows(asked) != rows


@pytest.mark.parametrize(("goals", "iterations", "steps"), [(6, 1, 9), (6, 2, 18), (7, 1, 11), (1, 1, 2)])
def test_steps_are_as_many_as_the_epochs_take(goals: int, iterations: int, steps: int) -> None:
    changes = [*FEW, "train.steps=0", "train.epochs=3", f"grpo.iterations={iterations}"]
    assert steps_of(load_recipe("demo", "stage3", changes), goals) == steps


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("train.save_every=3", "learned from in grpo.iterations 2 steps"),
        ("grpo.rollouts=vllm-server", "pip install vllm"),
        ("data.split=nowhere", "no goal of the split 'nowhere'"),
    ],
)
def test_what_cannot_be_is_told_before_any_work(place: Place, change: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        train_grpo(place.job("refused", change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("grpo.rewards.niceness=1", "unknown grpo.rewards.niceness; known are best_round, facts"),
        ("grpo.rewards={text: 0}", "gives no reward a weight"),
        ("grpo.loss=ppo", "choose one of grpo"),
        ("model.attention=by_example", "stage3 has none: set sdpa"),
        ("grpo.group=1", "the least is 2"),
        ("grpo.temperature=0", "above 0"),
        ("train.rows=31", "not a multiple of the 8 of a group"),
    ],
)
def test_recipes_that_cannot_be_are_refused(change: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        load_recipe("demo", "stage3", [change])


def test_an_estimate_is_of_the_tokens_that_completions_may_have() -> None:
    recipe = load_recipe("demo", "stage3")
    model = tiny_llama(tiny_tokenizer())
    assert estimate(recipe, model, 5, 1).tokens == 5 * recipe.train.rows * 640


@pytest.mark.parametrize("name", ["gemma2-2b", "smollm2"])
def test_published_settings_stand_in_the_recipes(name: str) -> None:
    recipe: Recipe = load_recipe(name, "stage3")
    train, grpo = recipe.train, recipe.grpo
    assert (train.epochs, train.rate, train.schedule, train.rows // train.rows_at_once) == (
        4,
        1e-6,
        "cosine",
        32,
    )
    assert grpo
    assert (grpo.group, grpo.beta, grpo.new_tokens, grpo.temperature, grpo.iterations) == (
        4,
        0.01,
        1024,
        1,
        1,
    )
    assert grpo.rewards == {"strict_format": 1, "text": 1, "motion": 1}
    assert json.dumps(recipe.as_dict())
