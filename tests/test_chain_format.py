"""Chains: what is rendered is strict and reads back as it was; hostile texts stay text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from prompts.chain import (
    Chain,
    ChainFormatError,
    ChainSource,
    LadderEntry,
    Round,
    chain_source,
    draw_chain,
    is_strict,
    parse,
    plans,
    render,
)
from prompts.neutral import neutral
from prompts.tasks import render_instruction

TAGS = [
    "<think>",
    "</think>",
    "<answer>",
    "[plan]",
    "[/plan]",
    "[assess]",
    "[/assess]",
    "[generate]",
    "[analyze]",
    "[/analyze]",
    "<Motion>",
    "</Motion>",
    "<Motion_3>",
    "<Motion_511>",
    "< / think >",
    "<bos>",
    "<|im_end|>",
    "Assessment:",
    "\nRefinement:",
    "\n\n",
    "[",
    "<",
    "/",
    ">",
    "]",
    "think",
]
HOSTILE = st.lists(st.one_of(st.sampled_from(TAGS), st.text(max_size=8)), min_size=1, max_size=12).map(
    "".join
)
TOKENS = st.lists(st.integers(0, 511), min_size=1, max_size=9).map(tuple)


def texts() -> st.SearchStrategy[str]:
    return HOSTILE.map(neutral).filter(bool)


ROUNDS = st.builds(Round, TOKENS, texts(), texts())
CHAINS = st.builds(Chain, texts(), st.lists(ROUNDS, min_size=1, max_size=5).map(tuple))
ENTRIES = st.builds(LadderEntry, TOKENS, texts(), texts(), st.booleans())


@given(CHAINS)
def test_parse_reverses_render(chain: Chain) -> None:
    text = render(chain)
    assert is_strict(text)
    assert parse(text) == chain


@given(HOSTILE)
def test_neutral_is_idempotent_and_leaves_no_tag(text: str) -> None:
    clean = neutral(text)
    assert neutral(clean) == clean
    assert not re.search(r"</?(think|answer|Motion(_\d+)?)>|\[/?(plan|analyze|generate|assess)\]", clean)
    assert "\n" not in clean


def test_neutral_keeps_ordinary_text() -> None:
    text = "a man [quickly] walks < 2 metres, thinks & plans; then motions with 1 hand > head"
    assert neutral(text) == text
    assert neutral("stop </think> <Motion_3> [assess] <|im_end|>") == "stop think Motion_3 assess im_end"


@given(HOSTILE, HOSTILE)
def test_hostile_texts_render_strictly(analysis: str, assessment: str) -> None:
    assume(neutral(analysis) and neutral(assessment))
    chain = Chain(analysis, (Round((1, 22, 333), assessment, "none needed"),))
    assert is_strict(render(chain))
    assert parse(render(chain)).rounds[0].tokens == (1, 22, 333)


@given(
    st.lists(ENTRIES, max_size=5).map(tuple),
    st.lists(texts(), min_size=1, max_size=4).map(tuple),
    st.text(max_size=5),
    st.integers(0, 5),
)
def test_every_draw_is_strict_and_keeps_the_order(
    ladder: tuple[LadderEntry, ...], analyses: tuple[str, ...], draw: str, limit: int
) -> None:
    goal = LadderEntry((7, 8), "It fits.", "None needed.", True)
    chain = draw_chain(ChainSource(analyses, ladder, goal), draw, limit)
    assert draw_chain(ChainSource(analyses, ladder, goal), draw, limit) == chain
    text = render(chain)
    assert is_strict(text)
    assert parse(text) == chain
    assert chain.rounds[-1].tokens == (7, 8)
    assert chain.analysis in analyses
    usable = [Round(e.tokens, e.assessment, e.refinement) for e in ladder if not e.perfect]
    assert len(chain.rounds) - 1 <= min(limit, len(usable))
    remaining = iter(usable)
    assert all(turn in remaining for turn in chain.rounds[:-1])


def test_counts_of_intermediates_are_uniform() -> None:
    ladder = tuple(LadderEntry((i,), "Off.", "Mend it.", False) for i in range(4))
    source = ChainSource(("a",), ladder, LadderEntry((9,), "Fits.", "None.", True))
    counts = [0] * 5
    for draw in range(1000):
        counts[len(draw_chain(source, f"goal/{draw}").rounds) - 1] += 1
    assert all(150 < count < 250 for count in counts)


def motions(name: str) -> st.SearchStrategy[dict[str, object]]:
    ids = st.text("abc", min_size=1, max_size=3)
    return st.fixed_dictionaries(
        {"table": st.just(name), "id": ids, "start": st.integers(0, 9), "end": st.integers(10, 99)}
    )


RUNGS = st.fixed_dictionaries(
    {
        "candidate_id": st.text("abc", max_size=3),
        "motion": motions("perturbed"),
        "assessment": texts(),
        "refinement": texts(),
        "perfect": st.booleans(),
    }
)
ROWS = st.fixed_dictionaries(
    {
        "goal_id": st.text("abc", max_size=3),
        "caption": texts(),
        "motion": motions("motions"),
        "assessment": texts(),
        "refinement": texts(),
        "analyses": st.lists(
            st.fixed_dictionaries({"annotation_id": st.text("abc", max_size=2), "text": texts()}),
            min_size=1,
            max_size=4,
        ),
        "ladder": st.lists(RUNGS, max_size=5),
    }
)


def tokens_of(motion: Mapping[str, Any]) -> list[int]:
    return [len(motion["table"]), *map(ord, motion["id"]), motion["start"], motion["end"]]


@given(ROWS, st.text(max_size=4))
def test_every_draw_from_a_row_is_strict(row: dict[str, Any], draw: str) -> None:
    source = chain_source(row, tokens_of)
    assert [entry.perfect for entry in source.ladder] == [rung["perfect"] for rung in row["ladder"]]
    for number in range(4):
        chain = draw_chain(source, f"{draw}/{number}")
        text = render(chain)
        assert is_strict(text)
        assert parse(text) == chain
        assert chain.rounds[-1].tokens == tuple(tokens_of(row["motion"]))
        assert chain.analysis in [analysis["text"] for analysis in row["analyses"]]


@pytest.mark.parametrize("digit", ["٣", "५", "３"])
def test_codes_have_ascii_digits_alone(digit: str) -> None:
    text = GOOD.replace("<Motion_5>", f"<Motion_{digit}>", 1)
    assert not is_strict(text)
    with pytest.raises(ChainFormatError, match="motion token"):
        parse(text)
    with pytest.raises(ValueError, match="slot 'motion' must come from motion_text"):
        render_instruction("m2t_motion_caption", {"motion": f"<Motion><Motion_{digit}></Motion>"}, "x")


def test_an_imperfect_goal_is_refused() -> None:
    with pytest.raises(ValueError, match="goal motion"):
        draw_chain(ChainSource(("a",), (), LadderEntry((1,), "Off.", "Mend.", False)), "x")


GOOD = render(Chain("Walk.", (Round((5,), "Slow.", "Faster."), Round((6,), "Fits.", "None."))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Motion_5>", "<Motion_512>"),
        ("<Motion_5>", "<Motion_0005>"),
        ("<Motion_5>", ""),
        ("<Motion_5>", "<Motion_5> x"),
        ("</Motion>", ""),
        ("[/assess]", ""),
        ("<think>", ""),
        ("</think>", ""),
        ("</think>", "</think> tail"),
        ("Refinement:", "Change:"),
        ("[analyze]Walk.[/analyze]", "[analyze] [/analyze]"),
        ("Walk.", "Walk [plan] on."),
    ],
)
def test_parse_says_where_a_text_is_wrong(old: str, new: str) -> None:
    with pytest.raises(ChainFormatError, match=r"at character \d+: expected "):
        parse(GOOD.replace(old, new, 1))


def test_parse_wants_the_fixed_plans_in_their_places() -> None:
    finish_too_early = GOOD.replace(plans()["refine"], plans()["finish"])
    with pytest.raises(ChainFormatError, match="</think>"):
        parse(finish_too_early)
    assert is_strict(finish_too_early)  # the reward's grammar leaves the wording free


def test_the_strict_grammar_is_the_reward_s() -> None:
    assert is_strict(GOOD)
    assert is_strict(re.sub(r"\n(?!Refinement)", "  \n\n ", GOOD))
    assert is_strict("<think>[plan]a[/plan][analyze]b[/analyze][plan]c[/plan]</think>")  # zero rounds
    assert is_strict(GOOD.replace("<Motion_5>", "<Motion_999>"))
    assert not is_strict(GOOD.replace("<Motion_5>", "<Motion_1000>"))
    assert not is_strict(GOOD.replace("<Motion_5>", ""))
    assert not is_strict(GOOD.replace("[/generate]", "[/generate][generate]", 1))
    assert not is_strict(GOOD + "<answer>")
    assert not is_strict("")


@settings(deadline=2000)
@given(st.integers(1, 40))
def test_strictness_is_decided_in_time(rounds: int) -> None:
    turns = tuple(Round((1,) * 49, "far off " * 20, "mend it " * 20) for _ in range(rounds))
    text = render(Chain("a", turns))
    assert is_strict(text)
    assert not is_strict(text[:-1])
