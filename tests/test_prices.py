"""Price tables: what is read, which model is meant, what tokens cost."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from schemas.prices import Price, load_prices

GOOD = {
    "version": 1,
    "currency": "EUR",
    "as_of": "2026-01-31",
    "models": {
        "small": {"input": 0.5, "output": 2, "batch": 0.5},
        "small-mini": {"input": 0.1, "output": 0.4, "batch": 1.0},
    },
}


def table(folder: Path, content: object) -> str:
    path = folder / "prices.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return str(path)


def test_a_table_of_ones_own_is_read(tmp_path: Path) -> None:
    prices = load_prices(table(tmp_path, GOOD))
    assert (prices.currency, prices.as_of) == ("EUR", "2026-01-31")
    assert prices.of("small") == Price(0.5, 2.0, 0.5)


def test_the_table_of_the_package_names_its_currency_and_date() -> None:
    prices = load_prices("")
    assert prices.currency == "USD"
    assert prices.as_of
    assert all(0 < price.input < price.output and 0 < price.batch <= 1 for price in prices.models.values())


def test_a_model_with_a_date_has_the_price_of_its_name(tmp_path: Path) -> None:
    prices = load_prices(table(tmp_path, GOOD))
    for name in ("small-2024-08-06", "small-20240806", "small@20240806"):
        assert prices.of(name) == prices.of("small")
    assert prices.of("small-mini-2024-08-06") == prices.of("small-mini")


def test_a_dated_model_with_a_price_of_its_own_keeps_it(tmp_path: Path) -> None:
    own = {"input": 9, "output": 9, "batch": 1}
    content = {**GOOD, "models": {**GOOD["models"], "small-2024-08-06": own}}  # type: ignore[dict-item]
    assert load_prices(table(tmp_path, content)).of("small-2024-08-06") == Price(9, 9, 1)


@pytest.mark.parametrize(
    "model", ["", "smal", "small-large", "small-8192", "a-small", "small-mini-x-20240806"]
)
def test_a_model_that_only_looks_alike_has_no_price(tmp_path: Path, model: str) -> None:
    assert load_prices(table(tmp_path, GOOD)).of(model) is None


def test_tokens_cost_their_share_of_a_million() -> None:
    price = Price(2.0, 8.0, 0.5)
    assert price.cost(1_000_000, 500_000) == 6.0
    assert price.cost(1_000_000, 500_000, batch=True) == 3.0
    assert price.cost(0, 0) == 0.0


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**6))
def test_more_tokens_never_cost_less(tokens: int, output: int, more: int) -> None:
    price = Price(0.15, 0.6, 0.5)
    assert price.cost(tokens + more, output) >= price.cost(tokens, output)
    assert price.cost(tokens, output, batch=True) <= price.cost(tokens, output)


WRONG = [
    ({"input": -1, "output": 2, "batch": 1}, "input is -1"),
    ({"input": "1", "output": 2, "batch": 1}, "input is '1'"),
    ({"input": True, "output": 2, "batch": 1}, "input is True"),
    ({"input": 1, "output": float("nan"), "batch": 1}, "output is nan"),
    ({"input": 1, "output": 2, "batch": float("inf")}, "batch is inf"),
    ({"input": 1, "output": 2}, "batch is missing"),
    ({"input": 1, "output": 2, "batch": 1, "cached": 0.1}, "'cached' is unknown"),
    (3, "is 3"),
]


@pytest.mark.parametrize(("values", "said"), WRONG)
def test_a_wrong_price_is_named_with_file_model_and_value(tmp_path: Path, values: object, said: str) -> None:
    path = table(tmp_path, {**GOOD, "models": {"large": values}})
    with pytest.raises(ValueError, match="large") as error:
        load_prices(path)
    assert path in str(error.value)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 2}, "version 2"),
        ({"models": {}}, "models is {}"),
        ({"models": ["small"]}, "models is ['small']"),
        ({"rebate": 1}, "'rebate' is unknown"),
    ],
)
def test_a_table_of_another_form_is_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = table(tmp_path, {**GOOD, **change})
    with pytest.raises(ValueError, match=r"prices\.yaml") as error:
        load_prices(path)
    assert said in str(error.value)


def test_a_model_that_stands_twice_in_a_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    price = "{input: 1, output: 2, batch: 1}"
    path.write_text(
        f"version: 1\ncurrency: USD\nas_of: x\nmodels:\n  large: {price}\n  large: {price}\n",
        encoding="utf-8",
    )
    with pytest.raises(ValueError, match=r"prices\.yaml.*'large' stands there twice"):
        load_prices(str(path))


@pytest.mark.parametrize("data", [b"models: [", b"\xff\xfe\x00", b"", b"just words"])
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "prices.yaml"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"prices\.yaml"):
        load_prices(str(path))


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.yaml: cannot be read.*--prices"):
        load_prices(str(tmp_path / "none.yaml"))
