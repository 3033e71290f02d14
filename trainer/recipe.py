"""Recipes: how a stage is trained, read from trainer/recipes/NAME-STAGE.yaml or a file of one's own.

Sections are dataclasses; a value that a recipe does not name has the default that stands here. A misspelt
name, a value of another type or out of range is refused with the file's name.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from prompts.tasks import SLOTS
from schemas.fingerprint import fingerprint
from trainer.rewards import REWARDS

RECIPE_VERSION = 1
STAGES = ("base", "stage1", "stage2", "stage3")
LOSSES = ("grpo", "dr_grpo", "dapo", "bnpo", "cispo", "sapo", "luspo", "vespo")  # of TRL
CHAINS = "unified_mogen_cot"
_FOLDER = Path(__file__).with_name("recipes")
_Section = TypeVar("_Section")


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters (peft) instead of all weights; they are merged into the saved model."""

    rank: int = 64
    alpha: int = 64
    dropout: float = 0.0
    modules: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Model:
    """Where the language model comes from, and how it is held."""

    source: str = (
        ""  # base: a folder, a hub name, `tiny` or `smollm2`; later stages are given a trained model
    )
    attention: str = "sdpa"  # eager, sdpa, flash_attention_2; by_example: packed rows on a CPU
    dtype: str = "float32"  # of the weights: float32 or bfloat16
    bf16: bool = False  # mixed precision over float32 weights
    lora: Lora | None = None
    checkpointing: bool = False  # recompute activations instead of keeping them
    # source tiny: a Llama of this size with a tokenizer trained on the corpus
    words: int = 2048  # of its tokenizer
    width: int = 128
    layers: int = 4
    heads: int = 4


@dataclass(frozen=True)
class Data:
    """What is learned in which mixture, and how it is laid out."""

    tasks: dict[str, float] = field(default_factory=dict)  # times a row of the task comes in an epoch
    intermediate: int = 4  # motions of a chain before the goal's, at most
    row: int = 1024  # tokens of a packed row; a longer example is left out and counted
    window: int = 256  # examples that are packed together
    pack: bool = True  # else an example a row
    split: str = "train"


@dataclass(frozen=True)
class Training:
    """The optimiser's figures."""

    epochs: float = 1.0
    steps: int = 0  # of the optimiser; 0: as many as the epochs take
    rows: int = 8  # packed rows (stage 3: completions) of a step, over all processes
    rows_at_once: int = 8  # of a process
    rate: float = 1e-4
    schedule: str = "cosine"  # of the rate: constant, linear or cosine
    warmup: float = 0.03  # share of the steps in which the rate grows
    decay: float = 0.0  # weight decay
    clip: float = 1.0  # largest norm of the gradient
    beta2: float = 0.999
    optimiser: str = "adamw_torch"
    seed: int = 0
    save_every: int = 500  # steps
    keep: int = 2  # checkpoints
    log_every: int = 10


@dataclass(frozen=True)
class Grpo:
    """Group relative policy optimisation (stage 3)."""

    rewards: dict[str, float] = field(
        default_factory=lambda: {"strict_format": 1.0, "text": 1.0, "motion": 1.0}
    )
    group: int = 4
    beta: float = 0.01  # weight of the divergence from the model before
    new_tokens: int = 1024
    temperature: float = 1.0
    iterations: int = 1  # updates a rollout
    loss: str = "grpo"  # one of LOSSES
    scale: str = "group"  # what advantages are divided by: group, batch, none
    aggregation: str = "sum_then_normalize"  # or normalize_then_sum
    mask_truncated: bool = False  # completions without an end teach nothing
    rollouts: str = "transformers"  # or vllm-server, vllm-colocate
    vllm_memory: float = 0.3  # share of the device that a colocated vLLM takes
    vllm_server: str = "http://localhost:8000"


@dataclass(frozen=True)
class Recipe:
    """A stage's whole recipe."""

    name: str
    stage: str
    model: Model
    data: Data
    train: Training
    grpo: Grpo | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @property
    def fingerprint(self) -> str:
        """Hash of all that determines what is trained."""
        values = self.as_dict()
        del values["name"]
        for name in ("save_every", "keep", "log_every", "rows_at_once"):
            del values["train"][name]
        return fingerprint("recipe", RECIPE_VERSION, values)


def load_recipe(name: str, stage: str, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe of a stage by its name, or from a .yaml file, with overrides `section.value=...`.

    ValueError names the file, the value and what is allowed.
    """
    if stage not in STAGES:
        raise ValueError(f"unknown stage {stage!r}: choose one of {', '.join(STAGES)}")
    sections: dict[str, Any] = {"model": Model, "data": Data, "train": Training}
    if stage == "stage3":
        sections["grpo"] = Grpo
    path, found = read_sections(name, stage, overrides, sections)
    recipe = Recipe(Path(name).stem, stage, **found)
    _check(path, recipe)
    return recipe


def read_sections(
    name: str, stage: str, overrides: Sequence[str], sections: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """What to call a recipe in messages, and its sections as the dataclasses that `sections` names."""
    path, values = read_recipe(name, stage)
    values = override(values, overrides, path)
    check_names(path, "", values, {"version", *sections})
    if values.get("version") != RECIPE_VERSION:
        raise ValueError(f"{path}: version {values.get('version')}, this irmogen knows {RECIPE_VERSION}")
    return path, {key: read_section(path, key, kind, values.get(key) or {}) for key, kind in sections.items()}


def read_recipe(name: str, stage: str) -> tuple[str, dict[str, Any]]:
    """What to call a recipe in messages, and its plain values; ValueError lists those that there are."""
    own = name.endswith((".yaml", ".yml"))
    path = Path(name) if own else _FOLDER / f"{name}-{stage}.yaml"
    shown = name if own else f"trainer/recipes/{path.name}"
    if not path.is_file():
        known = sorted(file.stem.rpartition("-")[0] for file in _FOLDER.glob(f"*-{stage}.yaml"))
        raise ValueError(f"{shown}: no such recipe; there are {', '.join(known)}, or give a .yaml file")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{shown}: is no YAML ({str(error).splitlines()[0]})") from error
    if not isinstance(values, dict):
        raise ValueError(f"{shown}: holds no sections")
    return shown, values


def override(values: Mapping[str, Any], overrides: Sequence[str], path: str) -> dict[str, Any]:
    """Values with `a.b=c` put in place; c is read as YAML. ValueError for another form."""
    changed = {key: dict(value) if isinstance(value, dict) else value for key, value in values.items()}
    for text in overrides:
        name, equals, value = text.partition("=")
        *outer, last = name.strip().split(".")
        if not equals or not outer or not last:
            raise ValueError(f"--set {text}: give section.name=value, such as train.rate=1e-4")
        place = changed
        for part in outer:
            held = place.get(part)
            if held is not None and not isinstance(held, dict):
                raise ValueError(f"--set {text}: {path} has a value and no section at {part!r}")
            place[part] = dict(held or {})
            place = place[part]
        try:
            place[last] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            why = str(error).splitlines()[0]
            raise ValueError(f"--set {text}: the value is no YAML ({why}); quote it") from error
    return changed


def check_names(path: str, where: str, values: Mapping[str, Any], known: set[str]) -> None:
    """ValueError names a value that nobody knows."""
    for name in values:
        if name not in known:
            raise ValueError(f"{path}: unknown {where}{name}; known are {', '.join(sorted(known))}")


def read_section(path: str, name: str, kind: type[_Section], values: Any) -> _Section:
    """A dataclass out of plain values; ValueError names a wrong name or type."""
    if not isinstance(values, dict):
        raise ValueError(f"{path}: {name} is {values!r}, not a section of names and values")
    hints = typing.get_type_hints(kind)
    check_names(path, f"{name}.", values, set(hints))
    lacking = [
        one.name
        for one in dataclasses.fields(kind)  # type: ignore[arg-type]
        if one.default is dataclasses.MISSING
        and one.default_factory is dataclasses.MISSING
        and one.name not in values
    ]
    if lacking:
        raise ValueError(f"{path}: {name}.{lacking[0]} is missing")
    return kind(**{key: _value(path, f"{name}.{key}", hints[key], value) for key, value in values.items()})


def _value(path: str, name: str, hint: Any, value: Any) -> Any:
    if isinstance(hint, types.UnionType):  # a section that may be absent
        section = next(kind for kind in typing.get_args(hint) if kind is not type(None))
        return None if value is None else read_section(path, name, section, value)
    origin = typing.get_origin(hint)
    if origin is tuple and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if origin is dict and isinstance(value, dict):
        return {str(key): _value(path, f"{name}.{key}", float, one) for key, one in value.items()}
    if hint is float:
        return _number(path, name, value)
    if origin is None and type(value) is hint:
        return value
    raise ValueError(f"{path}: {name} is {value!r}, wanted is {getattr(hint, '__name__', hint)}")


def _number(path: str, name: str, value: Any) -> float:
    wrong = ValueError(f"{path}: {name} is {value!r}, wanted is a number")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise wrong
    try:
        found = float(value)  # YAML 1.1 reads 1e-4 as a text
    except ValueError as error:
        raise wrong from error
    if not math.isfinite(found):
        raise wrong
    return found


def _check(path: str, recipe: Recipe) -> None:
    """ValueError for values that cannot be, or do not go together."""
    _check_choices(path, recipe)
    data, train = recipe.data, recipe.train
    known = set(SLOTS) - {CHAINS}
    check_names(path, "data.tasks.", data.tasks, known)
    if recipe.stage in ("base", "stage1") and not any(weight > 0 for weight in data.tasks.values()):
        raise ValueError(f"{path}: data.tasks gives no task a weight; known are {', '.join(sorted(known))}")
    if recipe.stage in ("stage2", "stage3") and data.tasks:
        raise ValueError(f"{path}: data.tasks is for base and stage1; {recipe.stage} learns chains only")
    least = {
        "data.row": (data.row, 16),
        "data.window": (data.window, 1),
        "data.intermediate": (data.intermediate, 0),
    }
    counts = ("rows", "rows_at_once", "save_every", "keep", "log_every")
    least |= {f"train.{name}": (getattr(train, name), 1) for name in counts}
    least |= {f"model.{name}": (getattr(recipe.model, name), 1) for name in ("width", "layers", "heads")}
    least |= {f"train.{name}": (getattr(train, name), 0) for name in ("steps", "decay", "clip", "seed")}
    for name, (value, smallest) in least.items():
        if value < smallest:
            raise ValueError(f"{path}: {name} is {value}, the least is {smallest}")
    if train.steps == 0 and train.epochs <= 0:
        raise ValueError(
            f"{path}: train.epochs is {train.epochs} and train.steps 0: nothing would be trained"
        )
    if any(weight < 0 for weight in data.tasks.values()):
        raise ValueError(f"{path}: data.tasks has a negative weight")
    _check_optimiser(path, train)
    if recipe.model.width % (2 * recipe.model.heads):
        raise ValueError(
            f"{path}: model.width {recipe.model.width} does not divide into even parts for model.heads "
            f"{recipe.model.heads}"
        )
    if recipe.grpo:
        if recipe.model.attention == "by_example":
            raise ValueError(
                f"{path}: model.attention by_example learns packed rows, stage3 has none: set sdpa"
            )
        _check_grpo(path, recipe.grpo, train.rows)


def _check_optimiser(path: str, train: Training) -> None:
    """ValueError for figures of the optimiser that cannot be."""
    ranges = {
        "rate": (train.rate > 0, "above 0"),
        "warmup": (0 <= train.warmup <= 1, "within 0..1, a share of the steps"),
        "beta2": (0 <= train.beta2 < 1, "from 0 to below 1"),
        "seed": (train.seed < 2**32, "below 2**32"),
    }
    for name, (holds, wanted) in ranges.items():
        if not holds:
            raise ValueError(f"{path}: train.{name} is {getattr(train, name)}, wanted is one {wanted}")


def _check_grpo(path: str, grpo: Grpo, rows: int) -> None:
    """ValueError for values of stage 3 that cannot be."""
    least = {"group": 2, "iterations": 1, "new_tokens": 1, "beta": 0}
    for name, smallest in least.items():
        if getattr(grpo, name) < smallest:
            raise ValueError(f"{path}: grpo.{name} is {getattr(grpo, name)}, the least is {smallest}")
    if grpo.temperature <= 0:
        raise ValueError(f"{path}: grpo.temperature is {grpo.temperature}; sampling needs one above 0")
    if rows % grpo.group:
        raise ValueError(f"{path}: train.rows is {rows}, not a multiple of the {grpo.group} of a group")
    check_names(path, "grpo.rewards.", grpo.rewards, set(REWARDS))
    if not any(grpo.rewards.values()):
        raise ValueError(f"{path}: grpo.rewards gives no reward a weight; there are {', '.join(REWARDS)}")


def _check_choices(path: str, recipe: Recipe) -> None:
    choices = {
        "model.attention": (recipe.model.attention, ("eager", "sdpa", "flash_attention_2", "by_example")),
        "model.dtype": (recipe.model.dtype, ("float32", "bfloat16")),
        "train.schedule": (recipe.train.schedule, ("constant", "linear", "cosine")),
    }
    if recipe.grpo:
        choices["grpo.loss"] = (recipe.grpo.loss, LOSSES)
        choices["grpo.scale"] = (recipe.grpo.scale, ("group", "batch", "none"))
        choices["grpo.rollouts"] = (recipe.grpo.rollouts, ("transformers", "vllm-server", "vllm-colocate"))
        known = ("sum_then_normalize", "normalize_then_sum")
        choices["grpo.aggregation"] = (recipe.grpo.aggregation, known)
    for name, (value, allowed) in choices.items():
        if value not in allowed:
            raise ValueError(f"{path}: {name} is {value!r}, choose one of {', '.join(allowed)}")
