"""Answers of language models checked: their form, their texts, and what the facts say of them."""

from __future__ import annotations

import json

import pytest
from facts_builder import some_facts
from hypothesis import given, settings
from hypothesis import strategies as st
from kinematic_cases import cases

from evaluators.annotation_checks import Subject
from evaluators.answer_checks import (
    LIMITS,
    Fault,
    analysis_faults,
    assessment_faults,
    parse_answer,
    text_faults,
    wordings_alike,
)
from evaluators.answer_form import thought_only
from evaluators.english import is_english
from motion.events import Event
from prompts.kinematic import analyse_goal, assess_candidate, assess_goal
from prompts.neutral import neutral
from schemas.answers import ANSWERS, AnalysisAnswer, AssessmentAnswer, LadderAnswer

GOOD = {"matches": False, "assessment": "The figure walks back.", "refinement": "Walk forward instead."}
WAVE = Event("wave", 0, 40, side="left", count=3)
JUMP = Event("jump", 50, 70)


def code_of(kind: str, text: str, items: int = 1, finish: str = "stop", refusal: str = "") -> str:
    found = parse_answer(kind, items, text, finish, refusal)
    assert isinstance(found, list)
    assert len(found) == 1
    return found[0].code


def codes(faults: list[Fault]) -> list[str]:
    return [fault.code for fault in faults]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GOOD),
        f"\n {json.dumps(GOOD, indent=1)} \n",
        f"```json\n{json.dumps(GOOD)}\n```",
        f"<think>\nIs it {{so}}?\n</think>\n{json.dumps(GOOD)}",
        f"Is it {{so}}? It is.\n</think>\n\n{json.dumps(GOOD)}",
        f"```JSON\n{json.dumps(GOOD, indent=1)}\n```\n",
        f"```json {json.dumps(GOOD)} ```",
        f"```{json.dumps(GOOD)}```",
        f"\ufeff{json.dumps(GOOD)}",
        f"Here is the JSON:\n{json.dumps(GOOD)}",
        f"Sure! Here is the JSON:\n\n```json\n{json.dumps(GOOD)}\n```",
        f"<think>so</think>\ufeff Here is the JSON: {json.dumps(GOOD)}",
    ],
)
def test_an_answer_is_read_whatever_stands_around_it(text: str) -> None:
    found = parse_answer("candidate", 1, text, "stop", "")
    assert found == AssessmentAnswer(**GOOD)  # type: ignore[arg-type]


def test_analyses_and_ladders_hold_as_many_items_as_were_asked_for() -> None:
    analyses = json.dumps({"analyses": ["a", "b"]})
    assert parse_answer("analysis", 2, analyses, "stop", "") == AnalysisAnswer(analyses=["a", "b"])
    assert code_of("analysis", analyses, 3) == "schema"
    ladder = json.dumps({"goal": GOOD, "candidates": [GOOD, GOOD]})
    assert isinstance(parse_answer("ladder", 2, ladder, "stop", ""), LadderAnswer)
    assert code_of("ladder", ladder, 4) == "schema"


@pytest.mark.parametrize(
    ("text", "finish", "refusal", "code"),
    [
        ("", "stop", "", "not_json"),
        ("I am sorry, but I cannot help with that.", "stop", "", "not_json"),
        ('{"matches": fal', "stop", "", "not_json"),
        ('{"matches": fal', "length", "", "cut_off"),
        ("", "length", "", "cut_off"),
        ("", "stop", "I can't help with that.", "refusal"),
        (json.dumps(GOOD), "content_filter", "", "refusal"),
        ("[" * 100_000, "stop", "", "not_json"),
        ('{"matches": ' + "9" * 10_000 + "}", "stop", "", "not_json"),
        (json.dumps({**GOOD, "assessment": "\ud800"}), "stop", "", "not_json"),
        ("\ud800", "stop", "", "not_json"),
        (f"Here is the JSON: {json.dumps(GOOD)} Is it good?", "stop", "", "not_json"),
        (f"{json.dumps(GOOD)} {json.dumps(GOOD)}", "stop", "", "not_json"),
        (f"Here is the JSON: {json.dumps(GOOD)[:-1]}", "stop", "", "not_json"),
        (f"Here is the JSON: [{json.dumps(GOOD)}]", "stop", "", "not_json"),
        (f"``` {json.dumps({**GOOD, 'score': 3})} ```", "stop", "", "schema"),
        (json.dumps([GOOD]), "stop", "", "schema"),
        (json.dumps({**GOOD, "score": 3}), "stop", "", "schema"),
        (json.dumps({**GOOD, "matches": "false"}), "stop", "", "schema"),
        (json.dumps({"matches": True}), "stop", "", "schema"),
        (json.dumps({**GOOD, "refinement": None}), "stop", "", "schema"),
    ],
)
def test_an_answer_of_the_wrong_form_has_the_fault(text: str, finish: str, refusal: str, code: str) -> None:
    assert code_of("candidate", text, 1, finish, refusal) == code


@pytest.mark.parametrize(
    "text", ["", " \n", "<think>\nThe motion", "The motion is </think>", "<think>so</think>"]
)
def test_an_answer_that_is_all_thinking_is_not_told_to_be_shorter(text: str) -> None:
    assert thought_only(text, "length", "")
    [fault] = parse_answer("goal", 1, text, "length", "")  # type: ignore[misc]
    assert (fault.code, "without thinking" in fault.detail) == ("cut_off", True)
    assert not thought_only(text, "stop", "")
    assert not thought_only(text, "length", "No.")


def test_a_tag_in_a_text_is_no_end_of_thinking() -> None:
    assert not thought_only('<think>so</think>{"matches": fal', "length", "")
    assert not thought_only('{"assessment": "The figure </think>', "length", "")
    said = json.dumps({**GOOD, "assessment": "The figure </think> walks."})
    assert isinstance(parse_answer("goal", 1, f"```\n{said}\n```", "stop", ""), AssessmentAnswer)
    assert isinstance(parse_answer("goal", 1, f"<think>so</think>{said}", "stop", ""), AssessmentAnswer)


def test_half_a_character_of_a_refusal_comes_into_no_fault() -> None:
    [fault] = parse_answer("goal", 1, "", "stop", "sorry \ud83d")
    assert isinstance(fault, Fault)
    assert fault.code == "refusal"
    assert fault.detail.startswith("The request was declined: sorry ?. ")


def test_a_whole_answer_at_the_limit_of_tokens_is_not_cut_off() -> None:
    assert isinstance(parse_answer("goal", 1, json.dumps(GOOD), "length", ""), AssessmentAnswer)


@given(st.sampled_from(sorted(ANSWERS)), st.text(max_size=80), st.text(max_size=9))
def test_whatever_comes_is_an_answer_or_one_fault_to_tell(kind: str, text: str, refusal: str) -> None:
    found = parse_answer(kind, 2, text, "stop", refusal)
    assert not isinstance(found, list) or (len(found) == 1 and found[0].detail.endswith("."))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("Walks.", "too_short"),
        ("The figure walks. " * 100, "too_long"),
        ("The figure waves</think> with the left arm.", "control_tags"),
        ("The figure <Motion_3> waves with the left arm.", "control_tags"),
        ("[assess] The figure waves with the left arm.", "control_tags"),
        ("The figure waves\x00 with the left arm.", "control_characters"),
        ("The figure waves\x1b[31m with the left arm.", "control_characters"),
        ("The figure waves\ud83d with the left arm.", "control_characters"),
        ("The figure waves as the caption says.", "about_texts"),
        ("According to the facts the figure waves with the left arm.", "about_texts"),
        ("The JSON asks for a wave of the left arm.", "about_texts"),
        ("As an AI, this shows a wave of the left arm.", "about_self"),
        ("I cannot see the wave of the left arm.", "about_self"),
        ("I’m sorry, the left arm does not wave.", "about_self"),
        ("Die Figur hebt den linken Arm und winkt dreimal.", "language"),
        ("La persona levanta el brazo izquierdo y saluda.", "language"),
        ("人が左手を三回振る動作です。", "too_short"),
        ("Человек трижды машет левой рукой.", "language"),
    ],
)
def test_a_text_with_a_fault_is_told_of_it(text: str, code: str) -> None:
    assert code in codes(text_faults("assessment", text))


@pytest.mark.parametrize(
    "text",
    [
        "The figure waves the left arm three times, then jumps.",
        "Wave three times.",
        "Kick higher.",
        "Squat – don't jump – and “hold” it… as café dancers do.",
        "Body leans sideways, arms swinging loosely, knees bent.",
        "The figure prompts nobody; it models a measured walk.",
        "A careful, measured walk ahead, in time with I-beam steps.",
    ],
)
def test_plain_english_about_a_motion_has_no_fault(text: str) -> None:
    found = codes(text_faults("refinement", text))
    assert found == (["about_texts"] if "prompts" in text else [])  # the chain's own rule knows no verb


@pytest.mark.parametrize(
    "text",
    [
        "La personne lève le bras droit et marche vers l'avant.",
        "Lève le bras droit.",
        "A pessoa levanta o braço direito e caminha para a frente.",
        "Osoba podnosi prawą rękę i idzie do przodu.",
        "De persoon heft de rechterarm en loopt naar voren.",
        "Kişi sağ kolunu kaldırır ve ileri yürür.",
        "asdf qwer zxcv asdf qwer zxcv uiop",
    ],
)
def test_what_is_not_english_is_known_by_its_words(text: str) -> None:
    assert not is_english(text)


def test_the_same_words_in_other_case_are_no_other_wording() -> None:
    assert not wordings_alike(["He walks, then jumps.", "He jumps after he walked."])
    found = wordings_alike(["He walks.", "he jumps", "HE walks!"])
    assert codes(found) == ["wordings_alike"]
    assert "1 and 3" in found[0].detail


def test_an_analysis_that_the_motion_denies_is_told_the_evidence_and_its_number() -> None:
    facts = some_facts([WAVE])
    texts = ["The figure waves the left hand.", "It is the left hand that waves, then the figure jumps."]
    faults, checked = analysis_faults(texts, facts)
    assert codes(faults) == ["contradicted"]
    assert faults[0].detail.startswith("Analysis 2: ")
    assert "jump" in faults[0].detail
    assert len(checked) == 2


def test_a_goals_own_motion_must_be_called_right_and_left_as_it_is() -> None:
    subject = Subject(some_facts([WAVE]), some_facts([WAVE]))
    right = AssessmentAnswer(
        matches=True, assessment="The left hand waves three times.", refinement="Nothing needs to be changed."
    )
    assert assessment_faults(right, subject, None)[0] == []
    wrong = right.model_copy(update={"matches": False})
    assert codes(assessment_faults(wrong, subject, None)[0]) == ["goal_not_matching"]
    changed = right.model_copy(update={"refinement": "Wave with the right hand instead of the left hand."})
    assert "goal_not_matching" in codes(assessment_faults(changed, subject, None)[0])


def test_a_candidate_that_departs_must_not_be_called_right() -> None:
    subject = Subject(some_facts([WAVE, JUMP]), some_facts([WAVE]))
    good = AssessmentAnswer(
        matches=False, assessment="The jump is missing.", refinement="Add a jump after the wave."
    )
    assert assessment_faults(good, subject, True)[0] == []
    assert codes(assessment_faults(good.model_copy(update={"matches": True}), subject, True)[0]) == [
        "says_matching"
    ]
    idle = good.model_copy(update={"refinement": "Nothing needs to be changed."})
    assert codes(assessment_faults(idle, subject, True)[0]) == ["says_matching"]
    assert assessment_faults(idle.model_copy(update={"matches": True}), subject, False)[0] == []


def test_an_assessment_that_the_facts_contradict_is_told_the_evidence() -> None:
    subject = Subject(some_facts([WAVE, JUMP]), some_facts([WAVE]))
    said = AssessmentAnswer(
        matches=False, assessment="The figure jumps as wanted.", refinement="Wave more slowly."
    )
    faults, checked = assessment_faults(said, subject, True)
    assert codes(faults) == ["contradicted"]
    assert faults[0].detail.startswith('"')
    assert "is not so: missing of jump" in faults[0].detail
    assert checked.count("contradicted") == 1


@given(st.text(max_size=60))
def test_a_text_without_faults_is_what_comes_into_a_row(text: str) -> None:
    if not text_faults("assessment", text):
        assert neutral(text) == " ".join(text.split())
        neutral(text).encode()


@settings(max_examples=40)
@given(cases())
def test_what_the_kinematic_annotator_writes_has_no_fault_of_its_text(case: tuple) -> None:
    goal, candidate, found = case
    caption = "a person waves and then walks forward"
    own = assess_goal("g", caption, tuple(goal))
    other = assess_candidate("g", "c", caption, tuple(goal), tuple(candidate), tuple(found), 0.5, 20.0, 200)
    analyses = analyse_goal("g", caption, tuple(goal), 4)
    faults = [fault for text in analyses for fault in text_faults("analysis", text)]
    for each in (own, other):
        faults += text_faults("assessment", each.assessment) + text_faults("refinement", each.refinement)
    assert faults == []
    assert all(limit.least < limit.most for limit in LIMITS.values())
