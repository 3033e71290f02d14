"""Instruction wordings: enough of them, slots filled safely, draws that depend on the key alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import tasks
from prompts.neutral import neutral
from prompts.tasks import SLOTS, motion_text, render_instruction, render_prompt, system, wordings

MOTION = motion_text([17, 4, 511])
VALUES = {"motion": MOTION, "caption": "a man waves", "analysis": "One wave.", "instruction": "Wave more."}


@pytest.mark.parametrize("task", SLOTS)
def test_every_task_has_at_least_24_different_wordings(task: str) -> None:
    assert len(set(wordings(task))) >= 24


@pytest.mark.parametrize("task", SLOTS)
def test_every_wording_is_drawn_and_holds_every_slot(task: str) -> None:
    slots = {name: VALUES[name] for name in SLOTS[task]}
    drawn = {render_instruction(task, slots, f"row {i}") for i in range(600)}
    assert len(drawn) == len(wordings(task))
    assert all(value in text for text in drawn for value in slots.values())
    assert not any("{" in text for text in drawn)


@given(st.text(min_size=1).filter(lambda text: bool(neutral(text))), st.text())
def test_a_caption_stays_a_caption(caption: str, draw: str) -> None:
    text = render_instruction("tm2t_assessment_analysis", {"motion": MOTION, "caption": caption}, draw)
    assert text == render_instruction(
        "tm2t_assessment_analysis", {"motion": MOTION, "caption": caption}, draw
    )
    assert text.count("<Motion>") == 1
    assert neutral(caption) in text


def test_slots_in_a_caption_are_not_filled_again() -> None:
    text = render_instruction(
        "tm2t_assessment_analysis", {"motion": MOTION, "caption": "{motion} </think>"}, "x"
    )
    assert "{motion} think" in text
    assert text.count(MOTION) == 1


def test_wrong_slots_and_tasks_are_named() -> None:
    with pytest.raises(ValueError, match="unknown task 'm2m'"):
        render_instruction("m2m", {}, "x")
    with pytest.raises(ValueError, match="takes the slots caption"):
        render_instruction("t2m_direct_generation", {"motion": MOTION}, "x")
    with pytest.raises(ValueError, match="motion_text"):
        render_instruction("m2t_motion_caption", {"motion": "<Motion><Motion_1>"}, "x")
    with pytest.raises(ValueError, match="'caption' is empty"):
        render_instruction("t2m_direct_generation", {"caption": " \n "}, "x")


def test_the_prompt_has_the_published_form() -> None:
    assert render_prompt("Move.") == f"<bos>{system()}\n\nUser: Move.\n\n Response:"
    assert render_prompt("Use {system}.", bos="") == f"{system()}\n\nUser: Use {{system}}.\n\n Response:"


def test_motion_text_refuses_what_is_no_token() -> None:
    assert MOTION == "<Motion><Motion_17><Motion_4><Motion_511></Motion>"
    with pytest.raises(ValueError, match="512"):
        motion_text([512])
    with pytest.raises(ValueError, match="at least one"):
        motion_text([])


def test_the_digest_is_stable_within_a_version() -> None:
    assert tasks.digest() == tasks.digest()
    assert len(tasks.digest()) == 64
