"""Recipes: what is shipped, what may be changed, what is refused and how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from prompts.tasks import SLOTS
from trainer.recipe import CHAINS, STAGES, Lora, Recipe, load_recipe

SHIPPED = sorted(Path(__file__).parents[1].joinpath("trainer/recipes").glob("*.yaml"))
STAGED = [path for path in SHIPPED if path.stem.rpartition("-")[2] in STAGES]


def flat(values: dict[str, Any], where: str = "") -> dict[str, Any]:
    """Values of sections by their dotted names."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        inner = flat(value, f"{where}{name}.") if isinstance(value, dict) and value else {where + name: value}
        found |= inner
    return found


def written(path: Path, **sections: Any) -> str:
    """A recipe file of one's own."""
    path.write_text(yaml.safe_dump({"version": 1, **sections}))
    return str(path)


@pytest.mark.parametrize("path", STAGED, ids=lambda path: path.stem)
def test_every_shipped_recipe_says_what_it_holds(path: Path) -> None:
    name, _, stage = path.stem.rpartition("-")
    recipe = load_recipe(name, stage)
    assert (recipe.name, recipe.stage) == (name, stage)
    held = yaml.safe_load(path.read_text())
    del held["version"]
    resolved = flat(recipe.as_dict())
    for where, value in flat(held).items():
        assert resolved[where] == (float(value) if isinstance(value, str) and value[0].isdigit() else value)
    assert json.loads(json.dumps(recipe.as_dict()))
    assert (recipe.grpo is None) == (stage != "stage3")


def test_the_four_stages_have_a_demo_recipe() -> None:
    assert {stage for stage in STAGES if load_recipe("demo", stage)} == set(STAGES)
    assert set(load_recipe("demo", "stage1").data.tasks) == set(SLOTS) - {CHAINS}


def test_a_recipe_of_ones_own_has_defaults_for_what_it_does_not_name(tmp_path: Path) -> None:
    own = load_recipe(written(tmp_path / "mine.yaml", train={"steps": 3}), "stage2")
    assert own.name == "mine"
    assert own.train.steps == 3
    assert own.train.rate == load_recipe("demo", "stage2", ["train.rate=1e-4"]).train.rate
    assert own.model.lora is None


@pytest.mark.parametrize(
    ("change", "where", "value"),
    [
        ("train.rate=1e-4", "train.rate", 1e-4),
        ("train.rate=3", "train.rate", 3.0),
        ("train.steps=7", "train.steps", 7),
        ("model.bf16=true", "model.bf16", True),
        ("model.source=smollm2", "model.source", "smollm2"),
        ("data.tasks.t2t_prompt_analysis=0.5", "data.tasks.t2t_prompt_analysis", 0.5),
        ("data.tasks={m2t_motion_caption: 3}", "data.tasks", {"m2t_motion_caption": 3.0}),
        ("model.lora.rank=8", "model.lora", Lora(rank=8)),
        ("model.lora.modules=[q_proj]", "model.lora", Lora(modules=("q_proj",))),
    ],
)
def test_one_value_is_changed_and_no_other(change: str, where: str, value: Any) -> None:
    def at(recipe: Recipe) -> Any:
        found: Any = recipe
        for part in where.split("."):
            found = found[part] if isinstance(found, dict) else getattr(found, part)
        return found

    before, after = load_recipe("demo", "base"), load_recipe("demo", "base", [change])
    assert at(after) == value
    touched = {name for name, one in flat(after.as_dict()).items() if flat(before.as_dict()).get(name) != one}
    assert touched
    assert all(name.startswith(where) for name in touched)


@settings(max_examples=20)
@given(st.floats(min_value=1e-12, max_value=1e3, allow_nan=False), st.integers(0, 2**31))
def test_numbers_come_through_a_flag_as_they_were(rate: float, seed: int) -> None:
    recipe = load_recipe("demo", "base", [f"train.rate={rate!r}", f"train.seed={seed}"])
    assert (recipe.train.rate, recipe.train.seed) == (rate, seed)


def test_the_last_of_two_changes_counts() -> None:
    assert load_recipe("demo", "base", ["train.rows=2", "train.rows=3"]).train.rows == 3


@pytest.mark.parametrize(
    "change", ["train.save_every=7", "train.keep=5", "train.log_every=3", "train.rows_at_once=2"]
)
def test_what_changes_nothing_that_is_learned_keeps_the_fingerprint(change: str) -> None:
    assert load_recipe("demo", "stage2", [change]).fingerprint == load_recipe("demo", "stage2").fingerprint


@pytest.mark.parametrize(
    "change",
    [
        "train.rows=2",
        "train.seed=1",
        "train.rate=2e-3",
        "data.row=600",
        "data.intermediate=2",
        "model.bf16=true",
    ],
)
def test_what_changes_what_is_learned_changes_the_fingerprint(change: str) -> None:
    assert load_recipe("demo", "stage2", [change]).fingerprint != load_recipe("demo", "stage2").fingerprint


def test_the_fingerprint_is_of_the_stage_and_not_of_the_name(tmp_path: Path) -> None:
    held = yaml.safe_load(SHIPPED[0].with_name("demo-stage2.yaml").read_text())
    del held["version"]
    own = load_recipe(written(tmp_path / "other.yaml", **held), "stage2")
    assert own.fingerprint == load_recipe("demo", "stage2").fingerprint
    tasks = "data.tasks={m2t_motion_caption: 1}"
    base, first = (load_recipe(written(tmp_path / "x.yaml"), stage, [tasks]) for stage in ("base", "stage1"))
    assert base.fingerprint != first.fingerprint


FILE = r"trainer/recipes/demo-base\.yaml"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("train.rat=1", rf"{FILE}: unknown train\.rat; known are beta2"),
        ("trainer.rate=1", rf"{FILE}: unknown trainer; known are data, model, train"),
        ("grpo.group=4", rf"{FILE}: unknown grpo; known are data, model, train"),
        ("model.lora.ranks=1", rf"{FILE}: unknown model\.lora\.ranks"),
        ("data.tasks.dancing=1", rf"{FILE}: unknown data\.tasks\.dancing; known are m2t_motion_caption"),
        ("data.tasks.unified_mogen_cot=1", r"unknown data\.tasks\.unified_mogen_cot"),
        ("train.rate=quick", rf"{FILE}: train\.rate is 'quick', wanted is a number"),
        ("train.rate=true", r"train\.rate is True, wanted is a number"),
        ("train.steps=1.5", rf"{FILE}: train\.steps is 1\.5, wanted is int"),
        ("model.bf16=1", r"model\.bf16 is 1, wanted is bool"),
        ("model.source=3", r"model\.source is 3, wanted is str"),
        ("model.lora.modules=[1]", r"model\.lora\.modules is \[1\]"),
        ("train=5", r"--set train=5: give section\.name=value"),
        ("train.rate", r"--set train\.rate: give section\.name=value, such as train\.rate=1e-4"),
        ("train.rate.max=5", r"has a value and no section at 'rate'"),
        ("train.rate=[", r"--set train\.rate=\[: the value is no YAML"),
        ("model.attention=fast", r"model\.attention is 'fast', choose one of eager, sdpa, flash_attention_2"),
        ("model.dtype=float16", r"model\.dtype is 'float16', choose one of float32, bfloat16"),
        ("train.schedule=step", r"train\.schedule is 'step', choose one of constant, linear, cosine"),
        ("data.row=8", rf"{FILE}: data\.row is 8, the least is 16"),
        ("data.window=0", r"data\.window is 0, the least is 1"),
        ("data.intermediate=-1", r"data\.intermediate is -1, the least is 0"),
        ("train.rows=0", r"train\.rows is 0, the least is 1"),
        ("train.rows_at_once=0", r"train\.rows_at_once is 0, the least is 1"),
        ("train.save_every=0", r"train\.save_every is 0, the least is 1"),
        ("train.log_every=0", r"train\.log_every is 0, the least is 1"),
        ("train.keep=0", r"train\.keep is 0, the least is 1"),
        ("train.steps=-1", r"train\.steps is -1, the least is 0"),
        ("train.epochs=0", r"train\.epochs is 0\.0 and train\.steps 0: nothing would be trained"),
        ("train.epochs=.inf", r"train\.epochs is inf, wanted is a number"),
        ("train.rate=.nan", r"train\.rate is nan, wanted is a number"),
        ("train.rate=-1", r"train\.rate is -1\.0"),
        ("train.warmup=2", r"train\.warmup is 2\.0"),
        ("train.beta2=1", r"train\.beta2 is 1\.0"),
        ("train.decay=-1", r"train\.decay is -1\.0"),
        ("train.seed=-1", r"train\.seed is -1"),
        ("model.heads=3", r"model\.width 128 .* model\.heads 3"),
        ("data.tasks={m2t_motion_caption: 0}", r"data\.tasks gives no task a weight; known are m2t"),
        ("data.tasks.m2t_motion_caption=-1", r"data\.tasks has a negative weight"),
    ],
)
def test_what_cannot_be_is_refused_with_file_and_value(change: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        load_recipe("demo", "base", [change])


def test_chains_take_no_tasks() -> None:
    with pytest.raises(ValueError, match=r"data\.tasks is for base and stage1; stage2 learns chains only"):
        load_recipe("demo", "stage2", ["data.tasks.m2t_motion_caption=1"])


def test_unknown_stages_and_recipes_are_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="unknown stage 'stage4': choose one of base, stage1, stage2, stage3"
    ):
        load_recipe("demo", "stage4")
    with pytest.raises(ValueError, match=r"trainer/recipes/big-base\.yaml: no such recipe; there are demo"):
        load_recipe("big", "base")
    with pytest.raises(ValueError, match=r"mine\.yaml: no such recipe"):
        load_recipe(str(tmp_path / "mine.yaml"), "base")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("version: 2", "version 2, this irmogen knows 1"),
        ("train: {}", "version None, this irmogen knows 1"),
        ("- 1", "holds no sections"),
        ("a: [", "is no YAML"),
        ("version: 1\ntrain: 5", "train is 5, not a section of names and values"),
        (b"\xff\xfe\x00", "is no YAML"),
    ],
)
def test_damaged_files_are_told_by_name(tmp_path: Path, text: str | bytes, told: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=rf"mine\.yaml: {told}"):
        load_recipe(str(path), "stage2")
