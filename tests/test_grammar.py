"""The small tools of wording: rules that expand, tidying, listing, inflection."""

from __future__ import annotations

import pytest

from motion.seeds import generator
from prompts.grammar import Expander, listing, parse_template, tidy
from prompts.inflect import inflect
from prompts.resources import load


def test_every_rule_can_be_expanded() -> None:
    for file in ("assessment.yaml", "analysis.yaml"):
        rules = load("kinematic", file)["rules"]
        for name, templates in rules.items():
            for template in templates:
                parse_template(template)
            said = [template for template in templates if template]
            assert len(set(said)) == len(said), f"{file}: {name} repeats itself"


def test_the_expander_uses_every_alternative_before_it_repeats() -> None:
    expander = Expander({"x": ["a", "b", "c"]}, generator("x"))
    assert sorted(expander.say("x") for _ in range(3)) == ["a", "b", "c"]
    assert Expander({"y": ["(p|q{v}|) r"]}, generator("y")).say("y", v="1") in ("p r", "q1 r", "r")
    with pytest.raises(KeyError, match="no rule 'z'"):
        expander.say("z")


@pytest.mark.parametrize("template", ["(a", "a)", "a|b", "{", "}", "{a b}"])
def test_broken_templates_are_refused(template: str) -> None:
    with pytest.raises(ValueError, match="template"):
        parse_template(template)


def test_tidy_and_listing() -> None:
    assert tidy("a arm , an kick ;  and a hour. then an one-legged hop") == (
        "An arm, a kick; and a hour. Then a one-legged hop."
    )
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("verb", "third", "gerund"),
    [
        ("walk", "walks", "walking"),
        ("go", "goes", "going"),
        ("carry", "carries", "carrying"),
        ("wave", "waves", "waving"),
        ("stomp", "stomps", "stomping"),
        ("reach", "reaches", "reaching"),
        ("jog", "jogs", "jogging"),
        ("get up", "gets up", "getting up"),
        ("side-step", "side-steps", "side-stepping"),
        ("be", "is", "being"),
    ],
)
def test_verbs_are_inflected(verb: str, third: str, gerund: str) -> None:
    assert inflect(verb, "third") == third
    assert inflect(verb, "gerund") == gerund
