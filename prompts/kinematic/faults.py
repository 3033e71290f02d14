"""What is wrong with a candidate and how to mend it: one clause and one instruction a difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from motion.events import ACTIONS, LOCOMOTION, Difference, Event
from prompts.grammar import Expander, listing
from prompts.inflect import number_word, plural
from prompts.kinematic.concept import Concept, of_difference, of_event
from prompts.kinematic.phrasing import Phrases, sided, times
from prompts.kinematic.values import is_slower, is_smaller, lopsided, measured, value, whole
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

_PACES = ("slow", "normal", "fast")
_OTHER_PACE = {"slow": "fast", "fast": "slow"}
_FLAWS = ("jitter", "skating", "pause", "frozen", "floating", "penetration")


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
        expected, found = value(item.expected), value(item.found)
        ways = item.action == "turn" or item.action in LOCOMOTION
        if ways and {expected, found} == {"left", "right"}:
            values = {"np": self._np(item), "expected": expected, "found": found}
            rule = "side_turn" if item.action == "turn" else "side_bend"
            return self._pair(rule, f"fix_{rule}", values)
        if ways:
            return self._unlike("direction", item, self._bend(item, expected), self._bend(item, found))
        name = self._limb_name(item)
        limbs = sided(name, expected) if expected else "", sided(name, found) if found else ""
        if (item.action and ACTIONS[item.action].part in ("arm", "leg")) or item.part in ("arm", "leg"):
            return self._unlike("side_limb", item, *limbs, said="_both" if found == "both" else "")
        return self._unlike("side_plain", item, *limbs)

    def _bend(self, item: Difference, side: str) -> str:
        """The side of a turn or of a path that bends."""
        if not side:
            return ""
        way = "to both sides" if side == "both" else f"to the {side}"
        return way if item.action == "turn" else f"in a bend {way}"

    def _limb_name(self, item: Difference) -> str:
        """What does the action, without its side; the foot of a jump, the knee of a kneel."""
        if item.action and ACTIONS[item.action].part in ("arm", "leg"):
            return self._expander.pick(self._phrases.names(item.action))
        if item.part in ("arm", "leg"):
            return item.part
        return {"jump": "foot", "kneel": "knee"}.get(item.action, "side")

    def _unlike(
        self, rule: str, item: Difference, expected: str, found: str, said: str = ""
    ) -> tuple[str, str]:
        """Two values of an aspect, or what is to be said where there is only one, or none."""
        kind = lopsided(expected, found)
        np_sided = not rule.startswith("side_")
        first, second = (
            {"np": self._np(item, np_sided), "expected": expected, "found": found} for _ in range(2)
        )
        if kind:
            return self._pair(f"{rule}_{kind}", f"fix_{rule}_{kind}", first, second)
        return self._pair(rule + said, f"fix_{rule}", first, second)

    def _direction(self, item: Difference) -> tuple[str, str]:
        expected, found = value(item.expected), value(item.found)
        if expected == found:
            return self._unlike("direction", item, "", "")
        ways = [
            self._phrases.towards(item.action, way, item.side) if way else "" for way in (expected, found)
        ]
        return self._unlike("direction", item, *ways)

    def _count(self, item: Difference) -> tuple[str, str]:
        steps = bool(item.action) and ACTIONS[item.action].counted == "steps"
        kind = "steps" if steps else "times"
        expected, found = whole(item.expected), whole(item.found)
        if expected is None or found is None or expected == found:
            return self._unlike("count", item, "", "")
        if not expected or not found:
            words = [_often(number, steps) if number else "" for number in (expected, found)]
            return self._unlike(f"count_{kind}", item, *words)
        gap = abs(expected - found)
        values = {
            "np": self._np(item),
            "expected_number": number_word(expected),
            "found_number": number_word(found),
            "expected_times": times(expected),
            "found_times": times(found),
            "found_steps": _often(found, True),
            "are": "is" if found == 1 else "are",
            "gap": number_word(gap),
            "gap_steps": _often(gap, True),
            "gap_times": times(gap),
            "steps": plural("step", gap),
            "few": "few" if found < expected else "many",
        }
        fix = f"fix_{'more' if found < expected else 'less'}_{kind}"
        return self._pair(f"count_{kind}", fix, values, values | {"np": self._np(item)})

    def _speed(self, item: Difference) -> tuple[str, str]:
        relative = item.found in ("slower", "faster")  # than the goal, whatever its word
        paces = [pace if pace in _PACES else "" for pace in (item.expected, item.found)]
        if not relative and lopsided(*paces):
            words = [self._phrases.adjective(pace) if pace else "" for pace in paces]
            return self._unlike("pace", item, *(words if paces[0] != paces[1] else ("", "")))
        kind = item.found[:4] if relative else "slow" if is_slower(*paces) else "fast"
        wanted = self._phrases.adjective(paces[0]) if paces[0] else f"{_OTHER_PACE[kind]}er"
        if paces[0] == kind:  # too slow though slow is wanted: say so by degrees only
            wanted = f"less {kind}"
        first, second = ({"np": self._np(item), "wanted": wanted} for _ in range(2))
        return self._pair(kind, f"fix_{kind}", first, second)

    def _amplitude(self, item: Difference) -> tuple[str, str]:
        if value(item.expected) == value(item.found):
            return self._unlike("extent", item, "", "")
        kind = "small" if is_smaller(item.expected, item.found) else "large"
        if item.action in LOCOMOTION:
            kind += "_way"
        limb = item.action and ACTIONS[item.action].part in ("arm", "leg")
        unit = ACTIONS[item.action].unit if item.action and not limb else ""
        values = {"np": self._np(item)}
        expected, found = measured(item.expected, unit), measured(item.found, unit)
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
        expected, found = value(item.expected), value(item.found)
        if expected == found:
            return self._unlike("path", item, "", "")
        ways = [self._phrases.along(path) if path else "" for path in (expected, found)]
        return self._unlike("path", item, *ways)

    def _quality(self, item: Difference) -> tuple[str, str]:
        kind = item.found if item.found in _FLAWS else "flaw"
        part = item.part or "body"
        values = {
            "limb": self._phrases.part(part, item.side),
            "flaw": value(item.found) or "an unnatural look",
        }
        first, second = (
            values | {"when": "" if kind == "pause" and self._clock.is_whole(item) else self._when(item)}
            for _ in range(2)
        )
        return self._pair(kind, f"fix_{kind}", first, second)

    def _np(self, item: Difference, side: bool = True) -> str:
        """Noun phrase of the action that a difference is about, true of goal and candidate alike."""
        if not item.action:
            return f"movement of {self._phrases.part(item.part or 'body', item.side if side else '')}"
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
            concept = replace(concept, direction="", side="" if concept.action == "turn" else concept.side)
        return replace(concept, path="") if self._is_disputed(concept.action, "path") else concept

    def _is_disputed(self, action: str, aspect: str) -> bool:
        return any(d.action == action and d.aspect == aspect for d in self._differences)

    def _when(self, item: Difference) -> str:
        return self._clock.when(item.start, item.end, self._expander)


def _often(count: int, steps: bool) -> str:
    """A number of steps or of times."""
    return f"{number_word(count)} {plural('step', count)}" if steps else times(count)
