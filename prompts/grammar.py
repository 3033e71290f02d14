"""A small recursive template expander: rules with choices and slots, drawn by a seeded generator.

In a template `{name}` stands for a value or, where no value has that name, for a rule;
`(one|other|)` is a choice, which may hold choices and slots itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

# A template is a sequence of literals (str), slots and choices.
Slot = tuple[str]  # (name,)


class Choice(tuple[tuple["str | Slot | Choice", ...], ...]):
    """Alternatives of which one is drawn."""


class Expander:
    """Draws texts from rules; an alternative returns only when all of its rule were used."""

    def __init__(self, rules: Mapping[str, Sequence[str]], rng: np.random.Generator) -> None:
        self._rules = rules
        self._rng = rng
        self._fresh: dict[str, list[int]] = {}

    def say(self, rule: str, **values: str) -> str:
        """A text of the rule; KeyError for a slot that is neither a value nor a rule."""
        return " ".join(self._rule(rule, values).split())

    def pick(self, choices: Sequence[str]) -> str:
        """One of the choices."""
        return choices[int(self._rng.integers(len(choices)))]

    def chance(self, share: float) -> bool:
        """True with this probability."""
        return bool(self._rng.random() < share)

    def permutation(self, count: int) -> list[int]:
        """The numbers below count in a drawn order."""
        return [int(index) for index in self._rng.permutation(count)]

    def _rule(self, rule: str, values: Mapping[str, str]) -> str:
        if rule not in self._rules:
            raise KeyError(f"the grammar has no rule {rule!r} and no value of that name")
        alternatives = self._rules[rule]
        fresh = self._fresh.get(rule)
        if not fresh:
            fresh = self._fresh[rule] = self.permutation(len(alternatives))
        return self._sequence(parse_template(alternatives[fresh.pop()]), values)

    def _sequence(self, nodes: Sequence[str | Slot | Choice], values: Mapping[str, str]) -> str:
        return "".join(self._node(node, values) for node in nodes)

    def _node(self, node: str | Slot | Choice, values: Mapping[str, str]) -> str:
        if isinstance(node, str):
            return node
        if isinstance(node, Choice):
            return self._sequence(node[int(self._rng.integers(len(node)))], values)
        name = node[0]
        return values[name] if name in values else self._rule(name, values)


_TOKEN = re.compile(r"\{(\w+)\}|([()|])|([^{}()|]+)")


@lru_cache(maxsize=8192)
def parse_template(template: str) -> tuple[str | Slot | Choice, ...]:
    """The nodes of a template; ValueError for brackets that do not match."""
    stack: list[list[list[str | Slot | Choice]]] = [[[]]]
    position = 0
    while position < len(template):
        match = _TOKEN.match(template, position)
        if match is None:
            raise ValueError(f"template {template!r}: character {position} opens no slot")
        position = match.end()
        slot, bracket, literal = match.groups()
        if slot:
            stack[-1][-1].append((slot,))
        elif literal:
            stack[-1][-1].append(literal)
        elif bracket == "(":
            stack.append([[]])
        elif len(stack) == 1:
            raise ValueError(f"template {template!r}: {bracket!r} outside a choice")
        elif bracket == "|":
            stack[-1].append([])
        else:
            closed = Choice(tuple(alternative) for alternative in stack.pop())
            stack[-1][-1].append(closed)
    if len(stack) != 1:
        raise ValueError(f"template {template!r}: a choice is not closed")
    return tuple(stack[0][0])


def tidy(text: str) -> str:
    """Sentences with single spaces, clean punctuation, a or an, capitals and a full stop."""
    text = " ".join(text.split())
    text = re.sub(r"\s+([,.;:!?])", r"\1", text)
    text = re.sub(r"[,;:]+(?=[.;:])", "", text)
    text = re.sub(r",{2,}", ",", text)
    text = re.sub(r"\b(out|up|down|left|right) \1\b", r"\1", text)
    text = re.sub(r"\.{2,}", ".", text)
    text = re.sub(r"\b([Aa])n? (?=(\w+))", _article, text)
    text = re.sub(r"(?:^|(?<=[.!?] ))[a-z]", lambda match: match[0].upper(), text)
    return text if not text or text[-1] in ".!?" else text + "."


def _article(match: re.Match[str]) -> str:
    word = match[2].lower()
    if word.isdigit():
        vowel = word[0] == "8" or word in ("11", "18")
    else:
        vowel = word[0] in "aeiou" and not word.startswith(("one", "once", "uni", "use", "eu"))
    return match[1] + ("n " if vowel else " ")


def listing(items: Sequence[str], word: str = "and") -> str:
    """one; one and two; one, two and three."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"
