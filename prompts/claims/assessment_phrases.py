"""Phrases of assessments read as actions: "the wave of the left hand", "lifting both arms overhead"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from motion.events import ACTIONS, LOCOMOTION
from prompts.claims.assessment_patterns import content, expanded
from prompts.claims.assessment_values import Values, speaks_of, values
from prompts.claims.claim import Claim

_RANKS = (("actions", "s"), ("weak", "w"), ("faint", "f"))
_ACTING = re.compile(
    r"^(?:[\w' -]*\b(?:figure|person|performer|character|actor|mover|subject|human|man|woman|he|she|they)\b)|"
    r"^(?:should|must|let|make|have)\b|^(?:to |then )?(?:going|moving|stepping|pacing|turning|bending)\b"
)


@dataclass(frozen=True)
class Mention:
    """An action that a phrase names, and where; `faint` where the word is perhaps no action."""

    claim: Claim
    start: int
    end: int
    faint: bool = False


def acting(words: str, imperative: bool = False) -> list[Mention]:
    """The actions that a phrase names, faint ones only where it tells of somebody, or to do it."""
    sure = imperative or _ACTING.match(words) is not None
    return [mention for mention in mentions(words, sure) if sure or not mention.faint]


@cache
def _mentions() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Where an action may be named, which is found fast, and which it is, asked at these places."""
    groups: list[str] = []
    plain: list[str] = []
    for table, mark in _RANKS:
        for number, (action, *patterns) in enumerate(content()[table]):
            told = [expanded(pattern) for pattern in patterns]
            plain += told
            groups.append(rf"(?P<{mark}{number}_{action}>{'|'.join(told)})")
    places, names = (re.compile(rf"(?<![\w-])(?:{'|'.join(some)})(?!\w)") for some in (plain, groups))
    return places, names


def _named_at(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The places at which actions are named, with the name of the group that says which."""
    places, names = _mentions()
    for place in places.finditer(text):
        match = names.match(text, place.start())
        if match is not None:
            yield match, str(match.lastgroup)


_PAUSES = re.compile(r"[,;:]|\b(?:and|or|then|while|before|but|after)\b")


@lru_cache(maxsize=8192)
def mentions(text: str, all_kinds: bool = False) -> tuple[Mention, ...]:
    """The actions that lower-case words name, in text order; of the surest kind that is there, or of all."""
    found = list(_named_at(text))
    kept = (
        found
        if all_kinds
        else next((some for _, mark in _RANKS if (some := [f for f in found if f[1][0] == mark])), [])
    )
    result: list[Mention] = []
    for index, (match, name) in enumerate(kept):
        start = (
            _begin(text, kept[index - 1][0].end(), match.start()) if index else _first(text, match.start())
        )
        following = kept[index + 1][0].start() if index + 1 < len(kept) else len(text)
        end = _end(text, match.end(), following)
        action = name.split("_", 1)[1]
        window = text[start:end]
        if action == "raise":
            action = _raised(window, text)
        # The word's own "up" and "down" point nowhere, its limb's side counts.
        own = " " if action == "turn" else _POINTERS.sub(" ", match[0])
        said = values(text[start : match.start()] + own + text[match.end() : end])
        claim = _claim(action, said, window, match[0], (start, end))
        result.append(Mention(claim, match.start(), match.end(), name[0] == "f"))
    return tuple(result)


_POINTERS = re.compile(
    r"\b(?:up|down|out|back|over|round|straight|upwards?|downwards?|overhead)(?:wards?)?\b"
)
_SEQUENCE = re.compile(r"\b(?:then|before|after)\b")
_SUBJECT = re.compile(r"[,;:](?: and| but| yet)?(?= (?:the|his|her|its|their|both|it|he|she|they) (?!goal))")


def _first(text: str, start: int) -> int:
    """Where the words about the first mention begin: what comes earlier in time is not about it."""
    earlier = list(_SEQUENCE.finditer(text, 0, start))
    earlier += _SUBJECT.finditer(text, earlier[-1].end() if earlier else 0, start)
    return earlier[-1].end() if earlier else 0


def _begin(text: str, after: int, start: int) -> int:
    """Where the words about a mention begin: behind the last pause since the mention before."""
    pauses = list(_PAUSES.finditer(text, after, start))
    return pauses[-1].end() if pauses else start


_STOPS = re.compile(r"[,;:]|\b(?:then|while|before|after|until)\b")


def _end(text: str, after: int, before: int) -> int:
    """Where the words about a mention end: at a stop, or at the last pause before the next mention."""
    stop = _STOPS.search(text, after, before)
    if stop:
        return stop.start()
    return _begin(text, after, before) if before < len(text) else before


def _raised(window: str, text: str) -> str:
    for words in (window, text):
        if speaks_of("leg", words) and not speaks_of("arm", words):
            return "raise_leg"
    return "raise_arm"


def _claim(action: str, said: Values, window: str, verb: str, span: tuple[int, int]) -> Claim:
    """The claim about an action that values make."""
    kind = ACTIONS[action]
    side, direction, path = "", "", said.path[0] if action in LOCOMOTION and said.path else ""
    limbs = [side for side, part in said.limb if part == limb_part(action)] if kind.sided else []
    ways = list(said.way) if kind.directed or action == "turn" or path else []
    if action == "turn" or path in ("curve", "circle"):
        side = next((way for way in ways if way in ("left", "right")), "")
        ways = [way for way in ways if way not in ("left", "right")]
    elif kind.sided and limbs:
        side = limbs[0]
    elif kind.sided and _plural_limb(action, window):
        side = "both"
    if kind.directed and ways:
        direction = ways[0]
    counts = [number for number, unit in said.times if unit == kind.counted] if kind.counted else []
    amounts = [value for value, unit in said.amount if unit == kind.unit] if kind.unit else []
    return Claim(
        action,
        kind.part,
        verb,
        side=side,
        direction=direction,
        path=path,
        count=counts[0] if counts else None,
        speed=said.speed[0] if said.speed else "",
        amount=amounts[0] if amounts else None,
        span=span,
    )


def limb_part(action: str) -> str:
    """The part whose side is the action's: the leg of a jump, the knee of a kneel."""
    part = ACTIONS[action].part
    return "leg" if action in ("jump", "kneel") else part


def _plural_limb(action: str, window: str) -> bool:
    names = {"arm": "arms|hands|fists", "leg": "legs|feet|knees"}.get(limb_part(action), "(?!)")
    return ACTIONS[action].part in ("arm", "leg") and bool(
        re.search(rf"\b(?:the|his|her|their|its) (?:{names})\b", window)
    )
