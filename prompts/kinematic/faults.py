"""What is wrong with a candidate and how to mend it: one clause and one instruction a difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from motion.events import ACTIONS, LOCOMOTION, Difference, Event
from prompts.grammar import Expander, listing
from prompts.inflect import number_word, plural
from prompts.kinematic.concept import Concept, of_difference, of_event
from prompts.kinematic.phrasing import Phrases, measure, sided, times
from prompts.kinematic.when import Clock

# What is named first, and at all where there are many differences.
PRIORITY = (
    "missing",
    "extra",
    "side",
    "direction",
    "order",
    "count",
    "path",
    "speed",
    "amplitude",
    "quality",
)
MOST_NAMED = 9
_GROUPED = 3  # that many missing, or extra, actions go into one clause

_RANKS = {"slower": -1, "slow": 0, "": 1, "normal": 1, "none": 1, "fast": 2, "faster": 3}
_FLAWS = ("jitter", "skating", "pause", "frozen", "floating", "penetration")
_SMALL = frozenset({"small", "smaller", "reduced", "weak", "damped", "less", "low"})


@dataclass(frozen=True)
class Fault:
    """A clause that says what is wrong, an instruction against it, the differences both cover."""

    said: str
    fix: str
    named: tuple[Difference, ...]


def chosen(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """The differences that a text names, most important first; what repeats another is dropped."""
    unique: dict[tuple[str, ...], Difference] = {}
    for item in differences:
        key = (item.aspect, item.action, item.part, item.side, item.direction, item.expected, item.found)
        unique.setdefault(key, item)
    ranked = sorted(unique.values(), key=lambda item: PRIORITY.index(item.aspect))
    return tuple(ranked[:MOST_NAMED])


class Faults:
    """Says differences of one candidate in words drawn by an expander."""

    def __init__(
        self,
        expander: Expander,
        goal: Sequence[Event],
        candidate: Sequence[Event],
        differences: Sequence[Difference],
        clock: Clock,
    ) -> None:
        self._expander = expander
        self._phrases = Phrases(expander)
        self._goal = goal
        self._candidate = candidate
        self._differences = differences
        self._clock = clock

    def all(self) -> list[Fault]:
        """One fault for each difference; missing and extra actions are grouped where there are many."""
        by_aspect = {aspect: [d for d in self._differences if d.aspect == aspect] for aspect in PRIORITY}
        missing, extra = by_aspect["missing"], by_aspect["extra"]
        found: list[Fault] = []
        if len(missing) == len(extra) == 1 and missing[0].action != extra[0].action:
            found.append(self._replaced(missing[0], extra[0]))
        else:
            found += self._whole(missing, "missing") + self._whole(extra, "extra")
        for aspect in PRIORITY[2:]:
            found += [self._fault(item) for item in by_aspect[aspect]]
        return found

    def _fault(self, item: Difference) -> Fault:
        say = {
            "side": self._side,
            "direction": self._direction,
            "count": self._count,
            "speed": self._speed,
            "amplitude": self._amplitude,
            "order": self._order,
            "path": self._path,
            "quality": self._quality,
        }[item.aspect]
        said, fix = say(item)
        return Fault(said, fix, (item,))

    def _pair(self, said: str, fix: str, *draws: Mapping[str, str]) -> tuple[str, str]:
        """Clause and instruction from their rules; the second draw of values makes other words."""
        return self._expander.say(said, **draws[0]), self._expander.say(fix, **draws[-1])

    # whole actions

    def _whole(self, items: list[Difference], aspect: str) -> list[Fault]:
        if len(items) >= _GROUPED:
            articles = ("the", "the") if aspect == "missing" else ("a", "the")
            first, second = ({"list": self._list(items, article)} for article in articles)
            return [Fault(*self._pair(f"{aspect}_many", f"fix_{aspect}_many", first, second), tuple(items))]
        return [
            Fault(*self._pair(aspect, f"fix_{aspect}", self._event(item), self._event(item)), (item,))
            for item in items
        ]

    def _list(self, items: Sequence[Difference], article: str) -> str:
        nouns = [f"{article} {self._phrases.noun(self._concept(item))}" for item in items]
        return listing([self._another(nouns, index) for index in range(len(nouns))])

    def _another(self, nouns: Sequence[str], index: int) -> str:
        if nouns[index] in nouns[:index]:
            return "another " + nouns[index].split(" ", 1)[1]
        return nouns[index]

    def _replaced(self, missing: Difference, extra: Difference) -> Fault:
        def values() -> dict[str, str]:
            lost, come = self._event(missing), self._event(extra)
            named = {f"missing_{key}": text for key, text in lost.items()}
            return named | {f"extra_{key}": text for key, text in come.items()}

        return Fault(*self._pair("replaced", "fix_replaced", values(), values()), (missing, extra))

    def _concept(self, item: Difference) -> Concept:
        events = self._candidate if item.aspect == "extra" else self._goal
        return of_difference(item, events)

    def _event(self, item: Difference) -> dict[str, str]:
        concept = self._concept(item)
        place = self._place(item) if item.aspect == "missing" else ""
        return {
            "np": self._phrases.noun(concept),
            "base": self._phrases.clause(concept, "base", item.aspect == "missing"),
            "third": self._phrases.clause(concept, "third", self._expander.chance(0.5)),
            "gerund": self._phrases.clause(concept, "gerund", self._expander.chance(0.4)),
            "when": self._when(item) if item.aspect == "extra" else "",
            "place": place,
            "lead": f"{place}," if place else "",
        }

    def _place(self, item: Difference) -> str:
        """Where in the goal the missing action belongs, if what comes before it is there."""
        own = next((e for e in self._goal if (e.action, e.side) == (item.action, item.side)), None)
        if own is None:
            return ""
        before = [e for e in self._goal if e.action != "stand" and e.end <= own.start + 2 and e != own]
        if not before:
            return "at the beginning" if own.start <= self._start_of_goal() + 5 else ""
        last = max(before, key=lambda e: e.end)
        if last.action == own.action:
            return ""
        gone = any(d.aspect == "missing" and d.action == last.action for d in self._differences)
        return "" if gone else f"after the {self._shared(last)}"

    def _start_of_goal(self) -> int:
        return min((e.start for e in self._goal if e.action != "stand"), default=0)

    # one respect of an action

    def _side(self, item: Difference) -> tuple[str, str]:
        expected, found = _value(item.expected), _value(item.found)
        if item.action == "turn" and {expected, found} <= {"left", "right"}:
            turn = {"np": self._np(item), "expected": expected, "found": found}
            return self._pair("side_turn", "fix_side_turn", turn)
        if item.action in LOCOMOTION and {expected, found} <= {"left", "right"}:
            bend = {"np": self._np(item), "expected": expected, "found": found}
            return self._pair("side_bend", "fix_side_bend", bend)
        if item.action and ACTIONS[item.action].part in ("arm", "leg"):
            name = self._expander.pick(self._phrases.names(item.action))
            limbs = {"expected": sided(name, expected), "found": sided(name, found)}
            first, second = ({"np": self._np(item, False), **limbs} for _ in range(2))
            rule = "side_limb_both" if found == "both" else "side_limb"
            return self._pair(rule, "fix_side_limb", first, second)
        name = {"jump": "foot", "kneel": "knee"}.get(item.action, "side")
        values = {
            "np": self._np(item),
            "expected": sided(name, expected or "both"),
            "found": sided(name, found or "both"),
        }
        return self._pair("side_plain", "fix_side_plain", values)

    def _direction(self, item: Difference) -> tuple[str, str]:
        values = {
            "np": self._np(item),
            "expected": self._towards(item.action, _value(item.expected)),
            "found": self._towards(item.action, _value(item.found)),
        }
        return self._pair("direction", "fix_direction", values, values | {"np": self._np(item)})

    def _towards(self, action: str, direction: str) -> str:
        if direction:
            return self._phrases.towards(action, direction)
        return "on the spot" if action in LOCOMOTION or action == "jump" else "in no clear direction"

    def _count(self, item: Difference) -> tuple[str, str]:
        expected, found = int(float(item.expected)), int(float(item.found))
        steps = bool(item.action) and ACTIONS[item.action].counted == "steps"
        gap = abs(expected - found)
        values = {
            "np": self._np(item),
            "expected_number": number_word(expected),
            "found_number": number_word(found),
            "expected_times": times(expected),
            "found_times": times(found),
            "found_steps": f"{number_word(found)} {plural('step', found)}",
            "are": "is" if found == 1 else "are",
            "gap": number_word(gap),
            "gap_steps": f"{number_word(gap)} {plural('step', gap)}",
            "gap_times": times(gap),
            "steps": plural("step", gap),
            "few": "few" if found < expected else "many",
        }
        kind = "steps" if steps else "times"
        fix = f"fix_{'more' if found < expected else 'less'}_{kind}"
        return self._pair(f"count_{kind}", fix, values, values | {"np": self._np(item)})

    def _speed(self, item: Difference) -> tuple[str, str]:
        wanted = item.expected if item.expected in ("slow", "normal", "fast") else "normal"
        kind = "slow" if _is_less(item.expected, item.found) else "fast"
        if item.found in ("slower", "faster"):  # than the goal, whatever its word
            kind = item.found[:4]
        words = {"wanted": self._phrases.adjective(wanted)}
        if wanted == kind:  # too slow though slow is wanted: say so by degrees only
            words["wanted"] = "less slow" if kind == "slow" else "less fast"
        first, second = ({"np": self._np(item), **words} for _ in range(2))
        return self._pair(kind, f"fix_{kind}", first, second)

    def _amplitude(self, item: Difference) -> tuple[str, str]:
        kind = "small" if _is_less(item.expected, item.found) else "large"
        if item.action in LOCOMOTION:
            kind += "_way"
        unit = ACTIONS[item.action].unit if item.action else ""
        values = {"np": self._np(item)}
        expected, found = _measured(item.expected, unit), _measured(item.found, unit)
        if not expected or not found or expected == found:
            values |= {"values": "", "to": ""}
        else:
            values |= {"expected": expected, "found": found}
        return self._pair(kind, f"fix_{kind}", values, values | {"np": self._np(item)})

    def _order(self, item: Difference) -> tuple[str, str]:
        actions = [word for word in item.expected.replace(",", " ").split() if word in ACTIONS]
        if item.expected.startswith("after "):
            actions = [*actions, item.action]
        elif len(actions) == 1:
            actions = [item.action, *actions]
        if len(actions) != 2 or not all(actions) or actions[0] == actions[1]:
            return self._pair("order_plain", "fix_order_plain", {"np": self._np(item)})
        first, second = (
            {n: self._named(a, item) for n, a in zip(("first", "second"), actions)} for _ in "ab"
        )
        return self._pair("order", "fix_order", first, second)

    def _named(self, action: str, item: Difference) -> str:
        if action == item.action:
            return self._np(item)
        event = next((e for e in self._goal if e.action == action), None)
        return self._shared(event) if event else self._phrases.noun(Concept(action), sided=False)

    def _path(self, item: Difference) -> tuple[str, str]:
        values = {
            "np": self._np(item),
            "expected": self._phrases.along(_value(item.expected) or "straight"),
            "found": self._phrases.along(_value(item.found) or "straight"),
        }
        return self._pair("path", "fix_path", values, values | {"np": self._np(item)})

    def _quality(self, item: Difference) -> tuple[str, str]:
        kind = item.found if item.found in _FLAWS else "flaw"
        part = item.part or "body"
        values = {"limb": self._phrases.part(part, item.side), "flaw": item.found or "an unnatural look"}
        first, second = (
            values | {"when": "" if kind == "pause" and self._clock.is_whole(item) else self._when(item)}
            for _ in range(2)
        )
        return self._pair(kind, f"fix_{kind}", first, second)

    def _np(self, item: Difference, side: bool = True) -> str:
        """Noun phrase of the action that a difference is about, true of goal and candidate alike."""
        if not item.action:
            return f"movement of {self._phrases.part(item.part or 'body', item.side)}"
        concept = self._clear(self._concept(item))
        return self._phrases.noun(concept, side and not self._is_disputed(item.action, "side"))

    def _shared(self, event: Event) -> str:
        """Noun phrase of a goal's event, true of the candidate as well."""
        sided = not self._is_disputed(event.action, "side")
        return self._phrases.noun(self._clear(of_event(event)), sided)

    def _clear(self, concept: Concept) -> Concept:
        """The concept without what the candidate has otherwise."""
        if self._is_disputed(concept.action, "side"):
            concept = replace(concept, side="")
        if self._is_disputed(concept.action, "direction"):
            concept = replace(concept, direction="")
        return replace(concept, path="") if self._is_disputed(concept.action, "path") else concept

    def _is_disputed(self, action: str, aspect: str) -> bool:
        return any(d.action == action and d.aspect == aspect for d in self._differences)

    def _when(self, item: Difference) -> str:
        return self._clock.when(item.start, item.end, self._expander)


def _value(word: str) -> str:
    return "" if word == "none" else word


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_less(expected: str, found: str) -> bool:
    """Whether what was found is less than what was expected, as numbers or as words."""
    wanted, shown = _number(expected), _number(found)
    if wanted is not None and shown is not None:
        return shown < wanted
    if found in _SMALL:
        return True
    return _RANKS.get(found, 2) < _RANKS.get(expected, 1)


def _measured(text: str, unit: str) -> str:
    value = _number(text)
    return measure(value, unit) if value is not None and value > 0 else ""
