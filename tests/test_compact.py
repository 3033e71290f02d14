"""Plain values as bytes: exact, whatever they are, and few for what is common."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motion.facts import Facts
from schemas.compact import deflated, inflated, pack, unpack
from schemas.corpus import open_corpus
from schemas.rows import facts_of


@dataclasses.dataclass(frozen=True)
class Part:
    text: str
    number: int
    real: float
    truth: bool


@dataclasses.dataclass(frozen=True)
class Whole:
    parts: tuple[Part, ...]
    pair: tuple[int, str]
    data: bytes


parts = st.builds(
    Part,
    st.text(st.characters(exclude_categories=())),  # also halves of pairs, which captions of others may hold
    st.integers(-(2**70), 2**70),
    st.one_of(st.floats(allow_nan=False), st.integers(-(10**7), 10**7).map(lambda n: n / 1000)),
    st.booleans(),
)
texts = st.tuples(st.integers(), st.text())
wholes = st.builds(Whole, st.lists(parts, max_size=3).map(tuple), texts, st.binary())


@given(wholes)
def test_a_value_comes_back_to_the_bit(value: Whole) -> None:
    back = unpack(Whole, pack(value))
    assert back == value
    assert [math.copysign(1, part.real) for part in back.parts] == [
        math.copysign(1, part.real) for part in value.parts
    ]


@given(wholes, st.binary(min_size=1))
def test_bytes_that_are_left_over_are_refused(value: Whole, more: bytes) -> None:
    with pytest.raises(ValueError, match="bytes for a Whole"):
        unpack(Whole, pack(value) + more)


def test_what_is_no_number_stays_none() -> None:
    assert math.isnan(unpack(Part, pack(Part("", 0, math.nan, False))).real)


@given(st.binary())
def test_deflated_bytes_come_back(data: bytes) -> None:
    assert inflated(deflated(data)) == data


def test_facts_of_motions_take_few_bytes(corpus) -> None:
    opened, _ = open_corpus(corpus)
    measured = [facts_of(row, 20.0) for row in opened.read("facts", 0).to_pylist()]
    packed = [pack(facts) for facts in measured]
    assert [unpack(Facts, data) for data in packed] == measured
    assert sum(map(len, packed)) / len(packed) < 180


def test_a_kind_without_a_form_is_refused() -> None:
    @dataclasses.dataclass(frozen=True)
    class Odd:
        values: dict[str, int]

    with pytest.raises(TypeError, match="no form in bytes"):
        pack(Odd({}))
