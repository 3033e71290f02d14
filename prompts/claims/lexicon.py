"""The lexicon of movement English: lexicon.yaml made ready for look-up, and the tokenizer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from motion.events import ACTIONS, PARTS
from motion.mirror_text import no_sides
from prompts.inflect import NUMBERS, verb_forms
from prompts.resources import load


@dataclass(frozen=True)
class Token:
    """A word after correction, with its place in the text."""

    word: str
    start: int
    end: int


@dataclass(frozen=True)
class Trigger:
    """What makes a word an action: see lexicon.yaml."""

    action: str
    part: str
    verbs: tuple[str, ...] = ()
    nouns: frozenset[str] = frozenset()
    needs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    near: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()
    light: bool = False
    passive: bool = False
    last: bool = False

    @property
    def weight(self) -> int:
        """How specific the entry is; the most specific one wins."""
        if self.last:
            return -1
        conditions = len(self.needs) + bool(self.near) + bool(self.before)
        return 2 * conditions + bool(self.action) + 3 * bool(self.passive)


class Lexicon:
    """lexicon.yaml with its verbs inflected."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.corrections: dict[str, str] = dict(content["typing_errors"])
        self.synonyms: dict[str, str] = dict(content["synonyms"])
        self.merged = {tuple(words.split()): one for words, one in content["merged"].items()}
        self.groups = {name: frozenset(words) for name, words in content["groups"].items()}
        self.triggers = tuple(_trigger(entry) for entry in content["triggers"])
        self.counts: dict[str, int] = {**dict(content["counts"]), **{w: n for n, w in enumerate(NUMBERS)}}
        self.vague = frozenset(content["vague"])
        self.ordinary = frozenset(content["ordinary"]).union(
            *(verb_forms(verb) for verb in content["ordinary_verbs"])
        )
        self.speeds = _inverted(content["speeds"])
        self.paths = _inverted(content["paths"])
        self.directions = _inverted(content["directions"])

    @cached_property
    def by_word(self) -> dict[str, tuple[tuple[Trigger, str], ...]]:
        """Every trigger that a word may be, with the verb or noun that it is a form of."""
        found: dict[str, list[tuple[Trigger, str]]] = {}
        for trigger in self.triggers:
            for verb in trigger.verbs:
                for form in sorted(verb_forms(verb)):
                    found.setdefault(form, []).append((trigger, verb))
            for noun in sorted(trigger.nouns):
                found.setdefault(noun, []).append((trigger, noun))
        return {word: tuple(entries) for word, entries in found.items()}

    @cached_property
    def known(self) -> frozenset[str]:
        """Words that no typing error is looked for in."""
        words: set[str] = {*self.by_word, *self.counts, *self.vague, *self.speeds, *self.paths}
        words |= {*self.directions, *self.synonyms, "clockwise", "counterclockwise", "degree", "degrees"}
        words |= self.ordinary | {"quarter", "persons", "starting", "direction", "another", "before"}
        return frozenset(words.union(*self.groups.values()))

    def correct(self, word: str) -> str:
        """The word without a typing error and without needless variety."""
        word = self.corrections.get(word, word)
        if word not in self.known and len(word) >= 6:
            word = self._nearest(word)
        return self.synonyms.get(word, word)

    @cached_property
    def _long(self) -> dict[str, tuple[str, ...]]:
        by_initial: dict[str, list[str]] = {}
        for word in sorted(self.known):
            if len(word) >= 6:
                by_initial.setdefault(word[0], []).append(word)
        return {initial: tuple(words) for initial, words in by_initial.items()}

    def _nearest(self, word: str) -> str:
        close = [other for other in self._long.get(word[0], ()) if one_edit(word, other)]
        return close[0] if len(close) == 1 else word


@cache
def lexicon() -> Lexicon:
    """The lexicon, read once."""
    return Lexicon(load("claims", "lexicon.yaml"))


_WORD = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+(?:'[^\W\d_]+)?|[.,;:!?°]")
_LONGEST_MERGE = 4


def tokens(text: str) -> tuple[Token, ...]:
    """Words and stops of a text, corrected; hyphens separate, compounds are merged."""
    lex = lexicon()
    raw = [(match[0].lower(), match.start(), match.end()) for match in _WORD.finditer(text)]
    words = [lex.corrections.get(word, word) for word, _, _ in raw]
    if "left" in words or "right" in words:
        _name_what_is_no_side(words, raw, no_sides(text))
    found: list[Token] = []
    index = 0
    while index < len(raw):
        size = _merge_size(words, index, lex)
        merged = lex.merged.get(tuple(words[index : index + size]), words[index])
        found.append(Token(lex.correct(merged), raw[index][1], raw[index + size - 1][2]))
        index += size
    return tuple(found)


_WHO_LEAVES = frozenset("he she they it who person man woman human someone somebody then".split())


def _name_what_is_no_side(words: list[str], raw: list[tuple[str, int, int]], places: frozenset[int]) -> None:
    """Puts other words where "left" and "right" are no sides: "she left", "right away"."""
    for index, (_, start, _) in enumerate(raw):
        if start in places and words[index] == "right":
            words[index] = "just"
        elif start in places and words[index] == "left":
            leaves = index > 0 and words[index - 1] in _WHO_LEAVES
            words[index] = "leave" if leaves else "leftover"


def _merge_size(words: list[str], index: int, lex: Lexicon) -> int:
    for size in range(_LONGEST_MERGE, 0, -1):
        if tuple(words[index : index + size]) in lex.merged and index + size <= len(words):
            return size
    return 1


def one_edit(first: str, second: str) -> bool:
    """Whether one letter left out, put in, changed or two swapped makes one word the other."""
    if abs(len(first) - len(second)) > 1:
        return False
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    a, b = first[start:], second[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _inverted(table: Mapping[str, list[str]]) -> dict[str, str]:
    return {word: value for value, words in table.items() for word in words}


def _trigger(entry: Mapping[str, Any]) -> Trigger:
    action = str(entry["action"])
    if action and action not in ACTIONS:
        raise ValueError(f"prompts/claims/lexicon.yaml: unknown action {action!r} in {entry}")
    part = str(entry.get("part") or ACTIONS[action].part)
    if part not in PARTS:
        raise ValueError(f"prompts/claims/lexicon.yaml: unknown part {part!r} in {entry}")
    return Trigger(
        action=action,
        part=part,
        verbs=tuple(entry.get("verbs", ())),
        nouns=frozenset(entry.get("nouns", ())),
        needs=tuple(entry.get("needs", ())),
        without=tuple(entry.get("without", ())),
        near=frozenset(entry.get("near", ())),
        before=frozenset(entry.get("before", ())),
        light=bool(entry.get("light", False)),
        passive=bool(entry.get("passive", False)),
        last=bool(entry.get("last", False)),
    )
