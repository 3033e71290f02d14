"""The texts of a built corpus: varied, strict in form, in the order of the motion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evaluators.diversity import distinct_n
from motion.seeds import seed
from prompts.chain import chain_source, draw_chain, is_strict, parse, render
from schemas.corpus import open_corpus


@pytest.fixture(scope="module")
def chains(corpus: Path) -> list[dict[str, Any]]:
    opened, _ = open_corpus(corpus)
    return [row for index in range(opened.shards) for row in opened.read("stage2", index).to_pylist()]


def test_assessments_do_not_read_like_a_form_letter(chains: list[dict[str, Any]]) -> None:
    rungs = [rung for row in chains for rung in row["ladder"]]
    drawn = sorted(rungs, key=lambda rung: seed("drawn", rung["candidate_id"]))[:150]
    assert len(drawn) == 150
    assert distinct_n([rung["assessment"] for rung in drawn], 2) >= 0.30


def test_every_draw_of_every_chain_is_strict_and_reads_back(chains: list[dict[str, Any]]) -> None:
    def tokens_of(motion: dict[str, Any]) -> list[int]:
        return [seed(motion["id"], frame) % 512 for frame in range(motion["start"], motion["end"], 4)]

    lengths = set()
    for row in chains:
        source = chain_source(row, tokens_of)
        for draw in range(3):
            chain = draw_chain(source, f"{row['goal_id']}/{draw}")
            text = render(chain)
            assert is_strict(text)
            assert parse(text) == chain
            lengths.add(len(chain.rounds))
    assert lengths == {1, 2, 3, 4, 5}


def test_no_two_assessments_of_a_goal_are_the_same(chains: list[dict[str, Any]]) -> None:
    for row in chains:
        texts = [row["assessment"], *(rung["assessment"] for rung in row["ladder"])]
        assert len(set(texts)) == len(texts)
