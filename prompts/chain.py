"""Chains: reasoning, motions and their assessments as one text in the strict format.

render and parse are inverse to each other for texts that went through `neutral`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from motion.seeds import generator
from prompts.neutral import neutral
from prompts.resources import load
from prompts.tasks import CODES, motion_text

PLAN_KINDS = ("analyse", "generate", "assess", "refine", "finish")


class ChainFormatError(ValueError):
    """A text is no chain: names the position and what was expected there."""

    def __init__(self, text: str, position: int, expected: str) -> None:
        found = text[position : position + 40]
        super().__init__(f"at character {position}: expected {expected}, found {found!r}")
        self.position = position
        self.expected = expected


@dataclass(frozen=True)
class Round:
    """One attempt: motion tokens, what is said of them and what to change."""

    tokens: tuple[int, ...]
    assessment: str
    refinement: str


@dataclass(frozen=True)
class Chain:
    """An analysis and at least one round; the last round is the goal motion."""

    analysis: str
    rounds: tuple[Round, ...]


@dataclass(frozen=True)
class LadderEntry:
    """A motion with its assessment, as chains are drawn from; `perfect` ones are dropped."""

    tokens: tuple[int, ...]
    assessment: str
    refinement: str
    perfect: bool


@dataclass(frozen=True)
class ChainSource:
    """What one goal offers for chains: analysis wordings, ladder from far to near, goal motion."""

    analyses: tuple[str, ...]
    ladder: tuple[LadderEntry, ...]
    goal: LadderEntry


def chain_source(
    row: Mapping[str, Any], tokens_of: Callable[[Mapping[str, Any]], Sequence[int]]
) -> ChainSource:
    """What a row of the stage 2 table offers for chains; its ladder keeps its order.

    `tokens_of` gets a motion reference of the row, a mapping of table, id, start and end, and gives
    that motion's tokens.
    """

    def entry(values: Mapping[str, Any], perfect: bool) -> LadderEntry:
        tokens = tuple(int(token) for token in tokens_of(values["motion"]))
        return LadderEntry(tokens, values["assessment"], values["refinement"], perfect)

    return ChainSource(
        analyses=tuple(analysis["text"] for analysis in row["analyses"]),
        ladder=tuple(entry(rung, bool(rung["perfect"])) for rung in row["ladder"]),
        goal=entry(row, True),  # only goals that were assessed as matching have a row
    )


def plans() -> Mapping[str, str]:
    """The fixed sentence of each kind of plan."""
    return _plans()


@cache
def _plans() -> dict[str, str]:
    found = load("templates", "chain.yaml")["plans"]
    return {kind: str(found[kind]) for kind in PLAN_KINDS}


@cache
def _labels() -> tuple[str, str]:
    found = load("templates", "chain.yaml")["labels"]
    return str(found["assessment"]), str(found["refinement"])


def render(chain: Chain) -> str:
    """The chain in the strict format; texts are neutralised.

    ValueError for an empty text, no round, no token or a token outside 0..511.
    """
    if not chain.rounds:
        raise ValueError("a chain has at least one round, the goal motion's; this one has none")
    lines = ["<think>" + _plan("analyse"), f"[analyze]{_text('analysis', chain.analysis)}[/analyze]"]
    for index, turn in enumerate(chain.rounds):
        lines.append(_plan("refine" if index else "generate"))
        lines.append(f"[generate]{motion_text(turn.tokens)}[/generate]")
        lines.append(_plan("assess"))
        lines.append(_assessment(turn))
    lines += [_plan("finish"), "</think>"]
    return "\n".join(lines)


def _plan(kind: str) -> str:
    return f"[plan]{plans()[kind]}[/plan]"


def _assessment(turn: Round) -> str:
    first, second = _labels()
    assessment, refinement = _text("assessment", turn.assessment), _text("refinement", turn.refinement)
    return f"[assess]{first} {assessment}\n{second} {refinement}[/assess]"


def _text(field: str, text: str) -> str:
    clean = neutral(text)
    if not clean:
        raise ValueError(f"a chain's {field} must not be empty")
    return clean


def draw_chain(goal: ChainSource, draw: str, max_intermediate: int = 4) -> Chain:
    """A chain for the goal, drawn by the key `draw`.

    The number of intermediates is uniform over 0..min(max_intermediate, imperfect entries); their
    order is kept; the wording of the analysis is drawn. ValueError without an analysis, for a goal
    motion assessed as imperfect or a negative limit.
    """
    if not goal.analyses:
        raise ValueError("a chain needs at least one analysis wording; the goal has none")
    if not goal.goal.perfect:
        raise ValueError("the goal motion must be assessed as matching, or the chain ends on a fault")
    if max_intermediate < 0:
        raise ValueError(f"max_intermediate {max_intermediate} must be 0 or more")
    rng = generator("chain", draw)
    usable = [entry for entry in goal.ladder if not entry.perfect]
    count = int(rng.integers(min(max_intermediate, len(usable)) + 1))
    picked = sorted(int(index) for index in rng.permutation(len(usable))[:count])
    analysis = goal.analyses[int(rng.integers(len(goal.analyses)))]
    entries = [*(usable[index] for index in picked), goal.goal]
    return Chain(
        analysis=neutral(analysis),
        rounds=tuple(Round(e.tokens, neutral(e.assessment), neutral(e.refinement)) for e in entries),
    )


_MOTION = re.compile(r"<Motion>((?:<Motion_[0-9]{1,3}>)+)</Motion>")
_CODE = re.compile(r"<Motion_([0-9]{1,3})>")
_SPACE = re.compile(r"\s*")

# What may stand inside a text block: anything but a control tag.
_FREE = r"(?:(?!</?think>|</?answer>|\[/?(?:plan|analyze|generate|assess)\]|</?Motion(?:_[0-9]+)?>).)+"
_PLAN = rf"\[plan\]{_FREE}\[/plan\]"
_ROUND = (
    rf"\[generate\]\s*<Motion>(?:<Motion_[0-9]{{1,3}}>)+</Motion>\s*\[/generate\]\s*{_PLAN}\s*"
    rf"\[assess\]{_FREE}\[/assess\]\s*{_PLAN}\s*"
)
_STRICT = re.compile(
    rf"\s*<think>\s*{_PLAN}\s*\[analyze\]{_FREE}\[/analyze\]\s*{_PLAN}\s*(?:{_ROUND})*</think>\s*", re.DOTALL
)


def is_strict(text: str) -> bool:
    """Whether the text has the strict format, as the reward tests it.

    `<think>`, plan, analyze, plan, any number of rounds (generate, plan, assess, plan), `</think>`;
    white space between blocks is free, the wording of blocks too, codes have one to three digits.
    """
    return _STRICT.fullmatch(text) is not None


class _Reader:
    """A position in a text that only goes on where it finds what it expects."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def take(self, literal: str) -> None:
        self._skip_space()
        if not self.text.startswith(literal, self.position):
            raise ChainFormatError(self.text, self.position, repr(literal))
        self.position += len(literal)

    def sees(self, literal: str) -> bool:
        self._skip_space()
        return self.text.startswith(literal, self.position)

    def block(self, name: str) -> tuple[str, int]:
        """Content of [name]..[/name], stripped, and where it starts."""
        self.take(f"[{name}]")
        start, close = self.position, f"[/{name}]"
        end = self.text.find(close, start)
        if end < 0:
            raise ChainFormatError(self.text, start, f"{close!r} after {name}")
        content = self.text[start:end]
        if not content.strip():
            raise ChainFormatError(self.text, start, f"text in the block {name}")
        self.position = end + len(close)
        return content.strip(), start + len(content) - len(content.lstrip())

    def text_block(self, name: str) -> tuple[str, int]:
        content, start = self.block(name)
        if neutral(content) != " ".join(content.split()):
            raise ChainFormatError(self.text, start, f"no control tag inside the block {name}")
        return content, start

    def plan(self, *kinds: str) -> str:
        content, start = self.text_block("plan")
        for kind in kinds:
            if content == plans()[kind]:
                return kind
        raise ChainFormatError(self.text, start, f"the plan sentence of {' or '.join(kinds)}")

    def end(self) -> None:
        self._skip_space()
        if self.position != len(self.text):
            raise ChainFormatError(self.text, self.position, "the end of the text")

    def _skip_space(self) -> None:
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position


def parse(text: str) -> Chain:
    """The chain that a strict text holds; ChainFormatError where it is none.

    Stricter than `is_strict`: the plan sentences are the fixed ones, in their places, codes are
    within 0..511, and at least one round is there.
    """
    reader = _Reader(text)
    reader.take("<think>")
    reader.plan("analyse")
    analysis, _ = reader.text_block("analyze")
    reader.plan("generate")
    rounds: list[Round] = []
    while True:
        rounds.append(_read_round(reader))
        if reader.plan("refine", "finish") == "finish":
            break
    reader.take("</think>")
    reader.end()
    return Chain(" ".join(analysis.split()), tuple(rounds))


def _read_round(reader: _Reader) -> Round:
    content, start = reader.block("generate")
    match = _MOTION.fullmatch(content)
    if match is None:
        raise ChainFormatError(reader.text, start, "<Motion>, at least one motion token, </Motion>")
    first_code = start + match.start(1)
    codes = _CODE.finditer(match[1])
    tokens = tuple(_code(reader.text, first_code + code.start(), code[1]) for code in codes)
    reader.plan("assess")
    content, start = reader.text_block("assess")
    first, second = _labels()
    lines: Sequence[str] = re.split(rf"\n\s*{re.escape(second)}", content, maxsplit=1)
    if not content.startswith(first) or len(lines) != 2:
        raise ChainFormatError(reader.text, start, f"'{first} ..', a line break and '{second} ..'")
    assessment, refinement = lines[0][len(first) :].split(), lines[1].split()
    if not assessment or not refinement:
        raise ChainFormatError(reader.text, start, "text behind both labels")
    return Round(tokens, " ".join(assessment), " ".join(refinement))


def _code(text: str, position: int, digits: str) -> int:
    code = int(digits)
    if code >= CODES:
        raise ChainFormatError(text, position, f"a code within 0..{CODES - 1}")
    return code
