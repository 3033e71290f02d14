"""Mirror images of captions: left for right and clockwise for counterclockwise.

The senses of rotation have many spellings but only one opposite each, so the mapping cannot keep a
spelling: every form of counterclockwise becomes "clockwise", and "clockwise" becomes
"counterclockwise". Mirroring twice therefore gives `one_spelling(text)`, which is the text itself
unless it spells counterclockwise in another way; on texts in one spelling it is its own inverse.
"""

from __future__ import annotations

import re

_COUNTER = r"(?:counter|anti|contra)[\s-]*clock[\s-]?wise"
_ROTATION = re.compile(rf"\b(?:({_COUNTER})|(clockwise))\b", re.IGNORECASE)
# Sides with the typing errors that have no other meaning; "degreeleftwards" lacks a space.
_SPELLED = {"lef": "left", "lfet": "left", "letf": "left"} | dict.fromkeys(
    ("righ", "rigth", "rihgt", "rigt", "rightt"), "right"
)
_SIDE = re.compile(
    rf"(?:\b|(?<=degree)|(?<=degrees))(left|right|{'|'.join(_SPELLED)})"
    r"(?=(?:wards?|most|hand|handed|handedly|side|sided|foot|footed)?\b)",
    re.IGNORECASE,
)

_BODY = (
    "arm|hand|leg|foot|feet|knee|elbow|side|shoulder|wrist|ankle|hip|fist|palm|finger|thumb|toe|heel|"
    "forearm|thigh|shin|calf|cheek|ear|eye|forward|upper|lower|one"
)
_PLACES = (
    "ground|floor|room|place|spot|house|building|scene|area|frame|chair|seat|position|stage|door|table|"
    "surface|field|screen|view"
)
_SUBJECTS = (
    "he|she|it|they|who|person|man|woman|figure|human|someone|somebody|guy|individual|character|everyone"
)
# Stems and words after which "right after", "right before", ... still tell a direction.
_MOVES = (
    "turn|step|walk|jump|hop|mov|go|lean|bend|look|fac|run|jog|kick|swing|slid|shift|shuffl|spin|rotat|"
    "lung|reach|veer|curv|sway|stretch|leap|pivot|travel|head|strafe|stagger|side|swerv|punch|point|twist"
)
# Of these the ones that take a side; "walks right up to" is straight on.
_STEERS = (
    "turn|step|hop|lean|bend|look|fac|slid|shift|shuffl|spin|rotat|veer|curv|sway|pivot|strafe|side|swerv|"
    "twist|kick|swing|point|punch|reach"
)
_GUIDES = (
    "to|the|his|her|their|its|my|your|a|an|toward|towards|from|on|of|left|far|then|with|slightly|diagonally|"
    "forward|forwards|backward|backwards|back|degrees|way|over"
)

_LEFT_IS_VERB_AFTER = re.compile(
    rf"^\s+(?:(?:the|a|an|his|her|their|its)\s+(?:{_PLACES})\b"
    r"|over\b|behind\b|alone\b|hanging\b|off\b|standing\b|lying\b|sitting\b|without\b)",
    re.IGNORECASE,
)
_LEFT_IS_VERB_BEFORE = re.compile(
    r"\b(?:what|nothing|something|anything|everything|all|none|much)(?:\s+that)?(?:'s|\s+is|\s+was|\s+are)?\s+$",
    re.IGNORECASE,
)
# "to he left": a typing error for "the".
_ARTICLE_MISSPELT = re.compile(r"\b(?:to|on|at|with|from|by|towards?)\s+he\s+$", re.IGNORECASE)
_HAVING = re.compile(r"\b(?:has|have|had|having)\s+$", re.IGNORECASE)
# "She left", where the clause ends or tells when, where to or how she did.
_SOMEBODY = re.compile(
    rf"\b(?:{_SUBJECTS})(?:\s+(?:just|finally|quickly|slowly|already))?\s+$", re.IGNORECASE
)
_LEAVING = re.compile(
    r"^(?!\s+(?:and|to)\s+right)\s*(?:$|[.,;!?]|(?:and|for|in|on|to|through|with|by|after|before|when|again|quickly|slowly|early|towards?|around|into|from|at|along|\w+ing)\b)",
    re.IGNORECASE,
)
_BODY_NEXT = re.compile(rf"^[\s-]+(?:{_BODY})", re.IGNORECASE)

_SLIGHT = re.compile(r"\bslight(?:ly)?\s+$", re.IGNORECASE)  # "at a slight right angle"
_RIGHT_ALONE_BEFORE = re.compile(r"\b(?:all|that's|that\s+is)\s+$", re.IGNORECASE)
_RIGHT_ALONE_AFTER = re.compile(
    r"^(?:\s+away\b|[\s-]+angle|\s+(?:him|her|it)self\b|\s+themsel|\s+now\b|\s+in\s+front\b)", re.IGNORECASE
)
_RIGHT_MOMENT = re.compile(r"^\s+(?:after|before|there|here|as|when|where|next\s+to|at)\b", re.IGNORECASE)
_RIGHT_EXACTLY = re.compile(
    r"^\s+(?:in\s+the\s+(?:middle|cent(?:er|re))|up|through|into|back|behind|down|on\s+top|onto|beside|by)\b",
    re.IGNORECASE,
)
_SIDE_BEFORE = re.compile(rf"\b(?:(?:{_STEERS})\w*|{_GUIDES})[\s-]+$", re.IGNORECASE)
_DIRECTION_BEFORE = re.compile(rf"\b(?:(?:{_MOVES})\w*|{_GUIDES})[\s-]+$", re.IGNORECASE)


def mirror_text(text: str) -> str:
    """The caption of the mirrored clip; case is kept, words that only look like a side stay.

    Left untouched: leftover, "left the ground", "she left", "is left standing", "what is left", all right,
    alright, upright, right away, right angle, "right in the middle"; "right up", "right into", "right back"
    and their like unless a side is taken ("turns right into", "steps right back"); and "right after",
    "right before", "right at" and their like unless a word before them tells that a direction is meant
    ("turns right after waving").
    """
    return _ROTATION.sub(_other_rotation, _SIDE.sub(_other_side, text))


def one_spelling(text: str) -> str:
    """The text with anti-clockwise, counter clockwise and their like all spelled counterclockwise.

    Typing errors in left and right are corrected too: mirroring cannot keep them.
    """
    spelled = _SIDE.sub(_well_spelled, text)
    return _ROTATION.sub(lambda m: _like(m[0], "counterclockwise") if m[1] else m[0], spelled)


def no_sides(text: str) -> frozenset[int]:
    """Where "left" and "right" stand that `mirror_text` leaves alone: "she left", "right away"."""
    return frozenset(match.start() for match in _SIDE.finditer(text) if not _is_side(match))


def _other_rotation(match: re.Match[str]) -> str:
    return _like(match[0], "clockwise" if match[1] else "counterclockwise")


def _other_side(match: re.Match[str]) -> str:
    if not _is_side(match):
        return match[1]
    return _like(match[1], "right" if _side(match) == "left" else "left")


def _well_spelled(match: re.Match[str]) -> str:
    return _like(match[1], _side(match)) if _is_side(match) else match[1]


def _side(match: re.Match[str]) -> str:
    word = match[1].lower()
    return _SPELLED.get(word, word)


def _is_side(match: re.Match[str]) -> bool:
    before, after = match.string[: match.start()], match.string[match.end() :]
    wrong = _left_is_no_side if _side(match) == "left" else _right_is_no_side
    return not wrong(before, after)


def _left_is_no_side(before: str, after: str) -> bool:
    if _LEFT_IS_VERB_AFTER.match(after) or _LEFT_IS_VERB_BEFORE.search(before):
        return True
    if _ARTICLE_MISSPELT.search(before):
        return False
    if _SOMEBODY.search(before) and _LEAVING.match(after):
        return True
    return bool(_HAVING.search(before)) and not _BODY_NEXT.match(after)


def _right_is_no_side(before: str, after: str) -> bool:
    if _SLIGHT.search(before):
        return False
    if _RIGHT_ALONE_BEFORE.search(before) or _RIGHT_ALONE_AFTER.match(after):
        return True
    if _RIGHT_EXACTLY.match(after):
        return not _SIDE_BEFORE.search(before)
    return bool(_RIGHT_MOMENT.match(after)) and not _DIRECTION_BEFORE.search(before)


def _like(model: str, word: str) -> str:
    """The word in the case of its model: LEFT, Left or left."""
    if model.isupper():
        return word.upper()
    return word.capitalize() if model[0].isupper() else word
