"""Modes: what they ask in which order, and what becomes of good, half-good and bad completions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_model import ANSWERS, CHAIN, CODES, tiny_tokenizer

from prompts.chain import Chain, Round, is_strict, plans, render
from prompts.tasks import motion_text, wordings
from schemas.rows import MotionRef
from trainer.completions import CompletedRound
from trainer.generation.modes import SCRIPTS, Item, Language, Made, contrast
from trainer.generation.requests import Ask, Ends, Weigh
from trainer.vocabulary import vocabulary_of

TOKENIZER = tiny_tokenizer()
VOCABULARY = vocabulary_of(TOKENIZER)
LANGUAGE = Language(TOKENIZER, VOCABULARY, CODES, seed=5, most=300)
ITEM = Item("g1", "test", "a man walks", 2)
SHOWN = Item("g1", "test", "a man walks", 2, "c1", MotionRef("motions", "c1", 0, 12), (1, 2, 3))
END = TOKENIZER.eos_token_id


def ids(text: str, end: bool = True) -> tuple[int, ...]:
    """A completion as a model would make it."""
    return (*TOKENIZER.encode(text, add_special_tokens=False), *([END] if end else []))


def play(
    mode: str, item: Item, answers: Sequence[Any], language: Language = LANGUAGE
) -> tuple[list[Ask | Weigh], Made]:
    """What a mode asks when it is given these answers, and what it makes of them."""
    script, asked, answer = SCRIPTS[mode](item, language), [], None
    left = iter(answers)
    while True:
        try:
            asked.append(script.send(answer))
        except StopIteration as end:
            assert next(left, None) is None
            return asked, end.value
        answer = next(left)


def prompted(ask: Ask | Weigh, task: str) -> str:
    """The prompt of an ask, which must be of a task."""
    assert isinstance(ask, Ask)
    text = LANGUAGE.text(ask.prompt)
    begins = [wording.split("{")[0] for wording in wordings(task)]
    assert any(begin in text for begin in begins)
    return text


def test_direct_makes_one_motion() -> None:
    (ask,), made = play("direct", ITEM, [ids(ANSWERS["t2m_direct_generation"])])
    assert "a man walks" in prompted(ask, "t2m_direct_generation")
    assert made == Made(
        "<Motion><Motion_7><Motion_8><Motion_9></Motion>", (CompletedRound((7, 8, 9)),), ended=True
    )


def test_of_several_motions_a_direct_answer_is_the_last() -> None:
    _, made = play("direct", ITEM, [ids(motion_text((1,)) + motion_text((2, 3)))])
    assert made.rounds == (CompletedRound((2, 3)),)


def test_equal_goals_get_equal_wordings_and_turns_their_own_noise() -> None:
    answers = [ids(motion_text((4,))), ids("Go on."), ids(motion_text((5, 6)))]
    asked, _ = play("refine", ITEM, answers)
    again, _ = play("refine", ITEM, answers)
    assert asked == again
    assert len({ask.seed for ask in asked if isinstance(ask, Ask)}) == 3
    other, _ = play("refine", Item("g1", "test", "a man walks", 3), answers)
    assert [ask.prompt for ask in other if isinstance(ask, Ask)] == [
        ask.prompt for ask in asked if isinstance(ask, Ask)
    ]
    assert not {ask.seed for ask in other if isinstance(ask, Ask)} & {
        ask.seed for ask in asked if isinstance(ask, Ask)
    }


def test_refine_shows_the_motion_then_motion_and_instruction() -> None:
    asked, made = play("refine", ITEM, [ids(motion_text((4,))), ids("Go on."), ids(motion_text((5, 6)))])
    prompted(asked[0], "t2m_direct_generation")
    assert motion_text((4,)) in prompted(asked[1], "tm2t_refinement_instruction")
    last = prompted(asked[2], "tm2m_instructed_motion_refinement")
    assert motion_text((4,)) in last
    assert "Go on." in last
    assert made.rounds == (CompletedRound((4,), "", "Go on."), CompletedRound((5, 6)))
    assert made.ended


@pytest.mark.parametrize(
    ("answers", "rounds"),
    [
        (["no motion"], ()),
        ([motion_text((4,)), " "], (CompletedRound((4,)),)),
        ([motion_text((4,)), "Go.", "none"], (CompletedRound((4,), "", "Go."),)),
    ],
)
def test_refine_keeps_what_there_is(answers: list[str], rounds: tuple[CompletedRound, ...]) -> None:
    _, made = play("refine", ITEM, [ids(text) for text in answers])
    assert made.rounds == rounds


def test_a_chain_is_read_with_what_is_said_of_its_motions() -> None:
    (ask,), made = play("chain", ITEM, [ids(render(CHAIN))])
    prompted(ask, "unified_mogen_cot")
    assert [(one.codes, one.assessment, one.refinement) for one in made.rounds] == [
        (one.tokens, one.assessment, one.refinement) for one in CHAIN.rounds
    ]
    assert (made.text, made.strict, made.ended, made.cut) == (render(CHAIN), True, True, False)


def test_a_chain_is_cut_behind_its_last_round() -> None:
    whole = render(CHAIN)
    language = Language(TOKENIZER, VOCABULARY, CODES, rounds=1)
    said = ids(whole, end=False)
    starts = [place for place, token in enumerate(said) if token == VOCABULARY.start]
    (ask,), made = play("chain", ITEM, [said[: starts[1] + 1]], language)
    assert isinstance(ask, Ask)
    assert ask.ends == Ends(motions=1)
    assert made.text == whole[: whole.index("[/assess]") + len("[/assess]")]
    assert made.rounds == (CompletedRound((1, 2, 3), "It is late.", "Go."),)
    assert (made.cut, made.ended, made.strict) == (True, False, False)


def test_a_chain_within_its_limit_is_left_alone() -> None:
    language = Language(TOKENIZER, VOCABULARY, CODES, rounds=2)
    _, made = play("chain", ITEM, [ids(render(CHAIN))], language)
    assert (made.text, made.cut, made.ended) == (render(CHAIN), False, True)


def test_chain_first_is_a_chain_up_to_its_first_motion() -> None:
    said = ids(render(CHAIN))
    said = said[: said.index(VOCABULARY.end) + 1]
    (ask,), made = play("chain-first", ITEM, [said])
    prompted(ask, "unified_mogen_cot")
    assert isinstance(ask, Ask)
    assert ask.ends == Ends(token=VOCABULARY.end)
    assert made.rounds == (CompletedRound((1, 2, 3)),)
    assert made.ended


def test_robust_puts_the_shown_motion_behind_the_models_own_analysis() -> None:
    item = Item("g1", "test", "a man walks", 0, "x", MotionRef("motions", "x", 0, 8), (9, 8))
    whole = ids(render(CHAIN))
    start, end = whole.index(VOCABULARY.start), whole.index(VOCABULARY.end)
    asked, made = play("robust", item, [whole[: start + 1], whole[end + 1 :]])
    first, second = asked
    assert isinstance(first, Ask)
    assert isinstance(second, Ask)
    assert first.ends == Ends(token=VOCABULARY.start)
    assert second.prompt == (*first.prompt, *whole[:start], *VOCABULARY.ids((9, 8)))
    assert second.most == LANGUAGE.most - start - 1
    assert second.ends == Ends()
    changed = Chain(CHAIN.analysis, (Round((9, 8), "It is late.", "Go."), CHAIN.rounds[1]))
    assert made.text == render(changed)
    assert made.strict
    assert [one.codes for one in made.rounds] == [(9, 8), (4, 5)]
    assert made.rounds[0].assessment == "It is late."


@pytest.mark.parametrize(
    ("head", "end"), [("", True), ("hm", False), ("<think>never mind</think>", True), ("</Motion>", True)]
)
def test_robust_has_the_shown_motion_whatever_was_said_before(head: str, end: bool) -> None:
    _, made = play("robust", SHOWN, [ids(head, end), ids("and so on")])
    assert made.rounds == (CompletedRound((1, 2, 3)),)
    assert made.text == f"{head}{motion_text((1, 2, 3))}and so on"


@pytest.mark.parametrize("limit", [1, 2])
def test_a_limit_of_rounds_counts_the_injected_one(limit: int) -> None:
    language = Language(TOKENIZER, VOCABULARY, CODES, rounds=limit)
    rest = ids("ok" + motion_text((4,)) + "better" + motion_text((5,)), end=False)
    starts = [place for place, token in enumerate(rest) if token == VOCABULARY.start]
    asked, made = play("robust", SHOWN, [ids("hm"), rest[: starts[limit - 1] + 1]], language)
    assert isinstance(asked[1], Ask)
    assert asked[1].ends == Ends(motions=limit - 1)
    assert len(made.rounds) == limit
    assert made.cut


def test_a_caption_is_the_answer_on_one_line() -> None:
    (ask,), made = play("caption", SHOWN, [ids(" a man\n steps ")])
    assert motion_text((1, 2, 3)) in prompted(ask, "m2t_motion_caption")
    assert (made.answer, made.rounds, made.ended) == ("a man steps", (), True)


def test_a_verdict_weighs_finish_against_refine_behind_the_models_own_words() -> None:
    whole = render(CHAIN)
    head = whole[: whole.index("<Motion>")]
    said = "Assessment: It fits.\nRefinement: None.[/assess]"
    asked, made = play(
        "judge", SHOWN, [(*ids(head, end=False), VOCABULARY.start), ids(said, False), -2.5, -6.0]
    )
    _, second, finish, refine = asked
    assert isinstance(second, Ask)
    assert isinstance(finish, Weigh)
    assert isinstance(refine, Weigh)
    assert LANGUAGE.text(second.prompt).endswith(
        f"{head}{motion_text((1, 2, 3))}[/generate]\n[plan]{plans()['assess']}[/plan]\n[assess]"
    )
    assert second.ends == Ends(text="[/assess]")
    assert finish.context == refine.context
    assert LANGUAGE.text(finish.context).endswith("Refinement: None.[/assess]\n[plan]")
    assert LANGUAGE.text(finish.tail) == plans()["finish"]
    assert LANGUAGE.text(refine.tail) == plans()["refine"]
    assert made.verdict == 3.5
    assert made.ended
    rest = f"[plan]{plans()['finish']}[/plan]\n</think>"
    assert is_strict(made.text + rest)


def test_the_motions_of_a_goal_are_judged_behind_the_same_analysis() -> None:
    other = Item("g1", "test", "a man walks", 2, "c2", MotionRef("motions", "c2", 0, 12), (4,))
    answers = [ids("hm"), ids("so"), 0.0, 0.0]
    one, another = (play("judge", item, answers)[0] for item in (SHOWN, other))
    assert one[0] == another[0]
    assert one[1] != another[1]


def test_a_contrast_is_what_differs() -> None:
    assert contrast((1, 2, 3, 9), (1, 2, 4, 5, 9)) == (Weigh((1, 2), (3,)), Weigh((1, 2), (4, 5)))
    assert contrast((1, 2, 2), (1, 2, 3, 2)) == (Weigh((1, 2), (2,)), Weigh((1, 2), (3, 2)))
    with pytest.raises(ValueError, match="do not differ"):
        contrast((1, 2), (1, 2, 3))


_PIECES = [
    ids(text, False)
    for text in (
        render(CHAIN),
        motion_text((1, 2)),
        motion_text((500,)),
        "[assess]",
        "</think>",
        "a",
        "[/assess]",
    )
] + [(VOCABULARY.start,), (VOCABULARY.end,), (END,), (VOCABULARY.first_code,), ()]


@settings(max_examples=60)
@given(st.sampled_from(sorted(SCRIPTS)), st.data(), st.integers(0, 2))
def test_no_completion_is_an_error(mode: str, data: Any, limit: int) -> None:
    language = Language(TOKENIZER, VOCABULARY, CODES, rounds=limit if mode in ("chain", "robust") else 0)
    script, answer = SCRIPTS[mode](SHOWN, language), None
    while True:
        try:
            request = script.send(answer)
        except StopIteration as end:
            made = end.value
            break
        if isinstance(request, Weigh):
            assert request.context
            assert request.tail
            answer = -1.0
            continue
        pieces = data.draw(st.lists(st.sampled_from(_PIECES), max_size=5))
        answer = tuple(token for piece in pieces for token in piece)
    assert all(0 <= code < CODES for one in made.rounds for code in one.codes)
    assert all(one.codes for one in made.rounds)
    assert not limit or mode not in ("chain", "robust") or len(made.rounds) <= limit
    if mode == "robust":
        assert made.rounds[0].codes == SHOWN.codes
    assert math.isnan(made.verdict) == (mode != "judge")
    assert made.answer == "" or mode == "caption"
