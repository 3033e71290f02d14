"""What tokens cost: a table in a YAML file, the package's or the user's own."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from schemas.places import place

PRICES_VERSION = 1
_MILLION = 1_000_000
_FIELDS = ("input", "output", "batch")
_HEAD = ("version", "currency", "as_of", "models")
_DATED = re.compile(r"(.+)[-@](?:\d{4}-\d{2}-\d{2}|\d{8})")  # gpt-4o-2024-08-06, name@20240806


class _Loader(yaml.SafeLoader):
    """Refuses a name that stands twice in a mapping: which price would count?"""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [self.construct_object(key) for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{name!r} stands there twice", None)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Price:
    """Money a million tokens; `batch` is the factor for what comes through the batch interface."""

    input: float
    output: float
    batch: float

    def cost(self, input_tokens: int, output_tokens: int, batch: bool = False) -> float:
        """Money for so many tokens."""
        money = (input_tokens * self.input + output_tokens * self.output) / _MILLION
        return money * self.batch if batch else money


@dataclass(frozen=True)
class Prices:
    """A price table."""

    source: str  # the file, for messages
    currency: str
    as_of: str
    models: Mapping[str, Price]

    def of(self, model: str) -> Price | None:
        """A model's price: of its name, else of its name without the date at its end; None: not known."""
        if model in self.models:
            return self.models[model]
        dated = _DATED.fullmatch(model)
        return self.models.get(dated[1]) if dated else None


def load_prices(path: str) -> Prices:
    """The table in a file, or the package's where the path is empty.

    ValueError names the file that cannot be read, or the model and the value that is wrong.
    """
    if path:
        source = path
        try:
            data = place(path).read_bytes()
        except OSError as error:
            raise ValueError(f"{path}: cannot be read ({error.strerror}); give another --prices") from error
    else:
        source = "schemas/prices.yaml"
        data = resources.files("schemas").joinpath("prices.yaml").read_bytes()
    try:
        content = yaml.load(data, Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{source}: is no YAML ({error}); correct it") from error
    return _table(source, content)


def _table(source: str, content: Any) -> Prices:
    _fields(source, "the table", content, _HEAD)
    if content["version"] != PRICES_VERSION:
        raise ValueError(
            f"{source}: version {content['version']!r} of the price table, this code reads {PRICES_VERSION}"
        )
    models = content["models"]
    if not isinstance(models, dict) or not models:
        raise ValueError(f"{source}: models is {models!r}; give a mapping of model names to prices")
    prices = {str(name): _price(source, str(name), values) for name, values in models.items()}
    return Prices(source, str(content["currency"]), str(content["as_of"]), prices)


def _price(source: str, model: str, values: Any) -> Price:
    _fields(source, f"model {model}", values, _FIELDS)
    for name in _FIELDS:
        value = values[name]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value < 0:
            raise ValueError(f"{source}: model {model}: {name} is {value!r}; give a number, 0 or more")
    return Price(float(values["input"]), float(values["output"]), float(values["batch"]))


def _fields(source: str, what: str, values: Any, names: tuple[str, ...]) -> None:
    if not isinstance(values, dict):
        raise ValueError(f"{source}: {what} is {values!r}; give a mapping with {', '.join(names)}")
    for name in names:
        if name not in values:
            raise ValueError(f"{source}: {what}: {name} is missing; give {', '.join(names)}")
    for name in values:
        if name not in names:
            raise ValueError(f"{source}: {what}: {name!r} is unknown; give only {', '.join(names)}")
