"""What words of an assessment are about: each clause, each instruction, by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from prompts.claims.assessment_patterns import content, expanded
from prompts.claims.assessment_phrases import Mention, mentions

_PLACE = re.compile(
    r"(?:^|,? )(?:(?:only )?(?:after|before)|while) (?:(?:the|a|an|all|any|both)|\w+ing) ?.*?(?:, |$)"
)
_BEFORE_NOUN = re.compile(r"(?:^|,? )(?:after|before) (?:the|a) .*?(?:, |$)")


@cache
def cue(name: str) -> re.Pattern[str]:
    """The patterns of that name in assessment.yaml as one."""
    patterns = content()[name]
    joined = patterns if isinstance(patterns, str) else "|".join(patterns)
    return re.compile(expanded(joined))


def without_idle(text: str) -> str:
    """Lower-case text with what only says that nothing is missing or superfluous blanked out."""
    return cue("idle").sub(lambda match: " " * len(match[0]), text)


def without_place(words: str, gerunds: bool = False) -> str:
    """The words without the place that another action marks: "after the walk", also "before walking"."""
    return (_PLACE if gerunds else _BEFORE_NOUN).sub(" ", words).strip()


_CUT = re.compile(
    r"\s*[;:]\s*|,? (?:but|yet|whereas|while) |,? instead(?! of)\b,? ?|,? (?:and|so) (?=there (?:is|are)\b)"
)
# A clause that begins so goes on about what was named before.
_ANAPHOR = re.compile(
    r"^(?:then |also |even |only |just |later )*"
    r"(?:it|its|this|that|they|these|those|both(?! the)|neither|none|which|all of|not|is|are|was|were|"
    r"never|has|have|does|do|did|in|at|to|with|on|from|too|by|of|as|goes|should|must)\b(?! (?:left|right)? ?"
    r"(?:arm|hand|leg|foot))"
)
_PREDICATE = re.compile(
    r"\b(?:(?:is|are|was|were|has|have|been|which|both|neither|nobody)\b.*|superfluous|missing)$"
)
_SEVERAL = re.compile(r", (?:and )?(?=[^,]*\b(?:instead of|rather than|in place of)\b)")
_NEXT = re.compile(r",? and |, ")


def clauses(words: str) -> list[str]:
    """The clauses of a judgement, each of which can be read by itself; one where nothing can be cut.

    What is called missing or superfluous in one of them is not what another one names.
    """
    contrasts = cue("against").findall(words)
    if len(contrasts) > 1 and (several := _SEVERAL.split(words)) and len(several) > 1:
        return [piece for number, piece in enumerate(several) if number == 0 or _contrasts(piece)]
    if not (cue("missing").search(words) or cue("extra").search(words)):
        return [words]
    found: list[str] = []
    begin = 0
    for match in _CUT.finditer(words):
        before, behind = words[begin : match.start()], words[match.end() :]
        if _stands_alone(before) and _judges(behind) and not _ANAPHOR.match(behind):
            found.append(before)
            begin = match.end()
    found.append(words[begin:])
    return [piece for clause in found for piece in _predicates(clause)]


def _contrasts(words: str) -> bool:
    """Whether words say what it is that contrasts: "three instead of one, followed by a bow" does not."""
    match = cue("against").search(words)
    return bool(match and (mentions(words[: match.start()]) or re.match(r"(?:curv|bend|veer)", words)))


def _stands_alone(words: str) -> bool:
    return bool(mentions(words))


def _judges(words: str) -> bool:
    """Whether words have a subject of their own, or say of one not understood that it is missing."""
    return bool(mentions(words) or cue("missing").search(words) or cue("extra").search(words))


def _predicates(words: str) -> list[str]:
    """ "the turn is superfluous, the kick is missing": a list of judgements."""
    for name in ("missing", "extra"):
        match = cue(name).search(words)
        if match is None or not _PREDICATE.search(match[0]) or not mentions(words[: match.start()]):
            continue
        cut = _NEXT.search(words, match.end())
        if cut and mentions(words[cut.end() :]) and not _ANAPHOR.match(words[cut.end() :]):
            return [words[: cut.start()], *_predicates(words[cut.end() :])]
    return [words]


_TURNS = re.compile(r"[;:]|, (?:only|but|yet|instead|just|though|it|he|she|there)\b")
_WHICH = re.compile(
    r",? (?:all of |both of )?(?:which|that) (?:\w+ )?(?:is|are|was|were|nobody|isn't|wasn't|aren't)\b"
)
_NAMED_NEXT = re.compile(r"^(?:[\w-]+ ){0,4}?$")
_ADJECTIVE = re.compile(r"\b(?:unwanted|unasked|additional|extra|needless|unnecessary|superfluous)$")


def called(aspect: str, words: str) -> Sequence[Mention]:
    """The actions that a clause calls missing or extra; none where it names none."""
    match = cue(aspect).search(words)
    if match is None:
        return ()
    if aspect == "missing":  # "shows a wave, which misses the kick": what is missing stands behind
        return mentions(_TURNS.split(words[match.end() :])[0]) or _subjects(words, match)
    behind = mentions(words[match.end() :])
    if behind and _ADJECTIVE.search(match[0]):
        named = words[match.end() : match.end() + behind[0].start].strip()
        if _NAMED_NEXT.match(named + " ") or not named:
            return behind
    return _subjects(words, match)


def _subjects(words: str, match: re.Match[str]) -> Sequence[Mention]:
    """What a predicate is said of: the last action before ", which", otherwise all of the clause."""
    relative = None
    for found in _WHICH.finditer(words, 0, match.end()):
        relative = found
    if relative is not None and "of" not in relative[0].split():
        return mentions(without_place(words[: relative.start()]))[-1:]
    return mentions(without_place(words))


_PIECES = re.compile(r"[,;:]|\b(?:and|but|without)\b")


def affirmed(words: str) -> str:
    """The words without the parts that deny something: "turns without reaching", "is never bent"."""
    if not cue("negation").search(words):
        return words
    cuts = [0, *(match.start() for match in _PIECES.finditer(words)), len(words)]
    pieces = [words[a:b] for a, b in pairwise(cuts)]
    return "".join(piece for piece in pieces if not cue("negation").search(piece)).strip(" ,;:")


_VERBS = (
    "walk|run|jog|jump|hop|leap|turn|rotate|step|sidestep|kick|punch|bow|bend|lean|squat|crouch|lunge|wave|clap|"
    "raise|lift|lower|swing|circle|cross|stretch|reach|pick|place|throw|sit|lie|stand|kneel|crawl|stomp|"
    "take|keep|finish|end|begin|start|do|make|put|let|lay|go|move|use|hold|add|bring|stay|leave|omit|skip|"
    "drop|curve|extend|rest|get|remain|continue|complete|forget|proceed|perform|give|rise|set|stop|avoid|don't"
)
_ORDERS = re.compile(
    r"(?:\s*;|,? (?:and|but)(?: only)? (?:then|finally|afterwards)|, (?:then|finally|afterwards)|"
    r",(?: and| but)?|(?P<plain> and))(?: only| just| finally| afterwards| also| instead| \w+ly)*"
    rf" (?=(?:{_VERBS})\b)"
)

_FRONTED = re.compile(r"(?:instead of|rather than|in place of) [^,]+,")


def instructions(words: str) -> list[str]:
    """The orders of an instruction, each to be read by itself; one where none asks for a change."""
    degrees = (pattern for _, _, pattern in content()["asked_degrees"])
    if not any(re.search(one, words) for one in (*degrees, cue("add"), cue("remove"), cue("opposed"))):
        return [words]
    found: list[str] = []
    begin = 0
    fronted = _FRONTED.match(words)  # "rather than walking, run": one order
    cuts = [match for match in _ORDERS.finditer(words) if match.start() > 0]
    cuts = [match for match in cuts if fronted is None or match.start() >= fronted.end()]
    if len(cuts) == 1 and cuts[0]["plain"] and cue("drops_for").search(words):
        return [words]
    for match in cuts:
        found.append(words[begin : match.start()])
        begin = match.end()
    return [*found, words[begin:]]
