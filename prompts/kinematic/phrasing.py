"""Clauses and noun phrases for actions, with side, direction, path, number, measure and manner."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from motion.events import ACTIONS, LOCOMOTION, opposite
from prompts.grammar import Expander
from prompts.inflect import inflect, number_word, plural
from prompts.kinematic.concept import Concept
from prompts.resources import load

_STARRED = re.compile(r"\*([a-z-]+)\*")
_LIMB = re.compile(r" (?:of|with|on) \{limb\}")
_THINGS = ("pick_up", "place")
_MEASURED = (*LOCOMOTION, "turn", "bow", "bend")  # nobody tells how many metres a hand rises


class Phrases:
    """Says concepts in words drawn by an expander."""

    def __init__(self, expander: Expander) -> None:
        self._expander = expander
        self._words: Mapping[str, Any] = load("kinematic", "phrases.yaml")

    def clause(self, concept: Concept, form: str, details: bool = True) -> str:
        """A verb phrase: base, third or gerund; with `details` also number, measure and manner."""
        if not concept.action:
            return _inflected(concept.raw, form)
        core = self._core(concept, "verb")
        parts = [_inflected(core, form), self._way(concept, core)]
        if details:
            parts += [self._number(concept), self._measure(concept)]
            told = concept.speed != "normal" and concept.action != "stand"
            parts.append(self.manner(concept.speed) if told else "")
        return " ".join(part for part in parts if part)

    def noun(self, concept: Concept, sided: bool = True) -> str:
        """A noun phrase without its article: "wave of the left hand"; not sided: "wave"."""
        if not concept.action:
            return _inflected(concept.raw, "gerund")
        core = self._core(concept, "noun", sided)
        way = self._way(concept, core)
        return f"{core} {way}" if way else core

    def limb(self, concept: Concept, side: str | None = None) -> str:
        """The limb or part that acts, with its article and side."""
        names = self.names(concept.action) if concept.action else ["body"]
        return sided(self._expander.pick(names), concept.side if side is None else side)

    def part(self, part: str, side: str = "") -> str:
        """A part of the body with its article and side."""
        return sided(self._expander.pick(self._words["parts"][part]), side)

    def towards(self, action: str, direction: str, side: str = "") -> str:
        """A direction as it is said of that action, done with the limb of that side."""
        kind = _way_kind(action)
        if kind == "limb" and side in ("left", "right") and direction == opposite(side):
            kind = "across"
        return self._expander.pick(self._words["directions"][kind][direction])

    def along(self, path: str) -> str:
        """A path in words: "in a circle"."""
        return self._expander.pick(self._words["paths"][path])

    def manner(self, speed: str) -> str:
        """A speed as an adverb, empty for none."""
        return self._expander.pick(self._words["manner"][speed]) if speed else ""

    def adjective(self, speed: str) -> str:
        """A speed as an adjective."""
        return self._expander.pick(self._words["adjective"][speed])

    def _core(self, concept: Concept, kind: str, sided: bool = True) -> str:
        entry = self._words["actions"][concept.action]
        has_way = concept.direction or concept.path
        template = self._expander.pick(entry[kind if has_way or kind == "noun" else _bare(entry)])
        one_knee = concept.side in ("left", "right")
        knee = f"onto the {concept.side} knee" if one_knee else "to a kneel"
        if "place" in entry:
            return self._touch(template, entry["place"], concept, sided)
        if not sided:
            template = _LIMB.sub("", template)
        limb = self.limb(concept) if "{limb}" in template else ""
        return template.replace("{limb}", limb).replace("{knee}", knee)

    def _touch(self, template: str, place: str, concept: Concept, sided: bool) -> str:
        """A hand on a part of the body, of which there are two or one."""
        both = sided and concept.side == "both" and place != "head"
        limb = self.limb(concept) if sided else "a hand"
        return template.replace("{limb}", limb).replace("{place}", f"the {plural(place, 2 if both else 1)}")

    def names(self, action: str) -> Sequence[str]:
        """What the limb that acts may be called."""
        entry = self._words["actions"][action]
        return list(entry.get("limb") or self._words["parts"][ACTIONS[action].part])

    def _way(self, concept: Concept, core: str) -> str:
        """Direction and path; the side of a turn, and the leg of a jump, are said here as well."""
        parts = []
        if concept.action == "turn" and concept.side in ("left", "right"):
            parts.append(self._expander.pick(self._words["directions"]["going"][concept.side]))
        elif concept.action == "jump" and concept.side in ("left", "right"):
            parts.append(f"on the {concept.side} leg")
        elif concept.action == "kneel" and concept.side and "knee" not in core.replace("kneel", ""):
            parts.append("on both knees" if concept.side == "both" else f"on the {concept.side} knee")
        if concept.direction and concept.path != "circle":
            parts.append(self.towards(concept.action, concept.direction, concept.side))
        if concept.path and (concept.path != "straight" or concept.direction != "forward"):
            parts.append(self.along(concept.path) + _bend(concept))
        return " ".join(parts)

    def _number(self, concept: Concept) -> str:
        counted = ACTIONS[concept.action].counted
        if concept.count is None or not counted:
            return ""
        if counted == "steps":
            steps = f"{number_word(concept.count)} {plural('step', concept.count)}"
            return self._expander.pick([f"for {steps}", f"over {steps}", f"in {steps}"])
        return times(concept.count) if concept.count > 1 else ""

    def _measure(self, concept: Concept) -> str:
        if not concept.amount or concept.action not in _MEASURED:
            return ""
        said = measure(concept.amount, ACTIONS[concept.action].unit)
        if not said:
            return ""
        if concept.action in LOCOMOTION:
            if concept.amount < 0.3 or concept.count:
                return ""
            return self._expander.pick([f"for about {said}", f"over some {said}"])
        return self._expander.pick([f"by about {said}", f"through roughly {said}", f"by some {said}"])


def _bare(entry: Mapping[str, Any]) -> str:
    """Which verbs do without a direction: "goes" does not."""
    return "bare" if "bare" in entry else "verb"


def times(count: int) -> str:
    """once, twice, three times."""
    return {1: "once", 2: "twice"}.get(count, f"{number_word(count)} times")


def measure(amount: float, unit: str) -> str:
    """An amount in its unit, rounded as people say it: "1.5 metres", "90 degrees"."""
    if unit == "degrees":
        return f"{round(amount / 5) * 5} degrees" if amount >= 5 else f"{max(round(amount), 1)} degrees"
    if unit == "metres":
        rounded = round(amount, 1)
        if rounded < 0.1:
            return f"{max(round(amount * 100), 1)} centimetres"
        return "1 metre" if rounded == 1 else f"{rounded:g} metres"
    return ""


def _bend(concept: Concept) -> str:
    bends = concept.path in ("curve", "circle") and concept.action in LOCOMOTION
    return f" to the {concept.side}" if bends and concept.side in ("left", "right") else ""


def _way_kind(action: str) -> str:
    if action in _THINGS:
        return "thing"
    return "limb" if action and ACTIONS[action].part in ("arm", "leg") else "going"


def _inflected(phrase: str, form: str) -> str:
    return _STARRED.sub(lambda match: inflect(match[1], form), phrase)


def sided(name: str, side: str) -> str:
    """A limb with article and side: "the left arm", "both arms", "one arm"."""
    if side == "both":
        return f"both {plural(name, 2)}"
    if side in ("left", "right"):
        return f"the {side} {name}"
    return f"one {name}" if name in ("arm", "hand", "fist", "leg", "foot", "knee") else f"the {name}"
