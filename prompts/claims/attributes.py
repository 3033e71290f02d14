"""What a clause says of its action: side, direction, path, count, speed, amount."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from motion.events import ACTIONS, LOCOMOTION
from prompts.claims.lexicon import Trigger, lexicon

_SIDES = ("left", "right")
_START = re.compile(
    r"\b(?:start|starts|starting|started|beginning|begins|begin|begining|first|staring|leading)\b"
    r"(?: (?:with|on|at|from|by|in|out|the|his|her|their|its|a)){0,3} (?:left|right)"
    r"(?: (?:foot|leg|one|side))?"
)
_POSSESSIVES = r"(?:(?:the|his|her|their|its|a|one's|own) )?"


def start_removed(words: str) -> str:
    """The clause without the mention of the foot that begins: it is neither side nor direction."""
    return _START.sub(" ", words)


def without_sides(words: str) -> str:
    """The clause without left and right in any form."""
    return re.sub(r"\b(?:left|right)(?:wards)?\b", " ", words)


def limb_side(words: str, part: str) -> str:
    """Left, right or both, where the clause says so of that part of the body."""
    limbs = _limbs(part)
    if re.search(rf"\b(?:both|two|left (?:and|or|&)? ?{_POSSESSIVES}right) (?:\w+ )?(?:{limbs})\b", words):
        return "both"
    found = set(re.findall(rf"\b(left|right) (?:\w+ )?(?:{limbs})\b", words))
    found |= set(re.findall(r"\b(left|right) handed\b", words)) if part == "arm" else set()
    if len(found) == 1:
        return str(found.pop())
    if len(found) == 2 or re.search(rf"\b(?:{_plurals(part)})\b", words):
        return "both"
    return ""


def pointed(words: str) -> set[str]:
    """The sides that the clause points to as directions, not as limbs; "from the left" points away."""
    limbs = "|".join(_limbs(part) for part in ("arm", "leg"))
    bare = re.sub(rf"\b(?:left|right) (?:(?!side\b)\w+ )?(?:{limbs})\b", " ", words)
    bare = re.sub(rf"\bfrom {_POSSESSIVES}(?:front )?(?:left|right)(?: (?:hand )?side)?\b", " ", bare)
    bare = bare.replace("leftwards", "left").replace("rightwards", "right")
    return set(re.findall(r"\b(left|right)\b", bare))


def turning_side(words: str) -> str:
    """The side that a turn, a curve or a circle goes to."""
    found = pointed(words)
    found |= {"left"} if re.search(r"\bcounterclockwise\b", words) else set()
    found |= {"right"} if re.search(r"\bclockwise\b", words) else set()
    return found.pop() if len(found) == 1 else ""


def direction(words: str, trigger: Trigger, after_turn: bool) -> str:
    """The direction of the action; the way back after a turn is no walking backwards."""
    lex = lexicon()
    found = {lex.directions[word] for word in words.split() if word in lex.directions}
    if re.search(r"\b(?:to|towards|in) (?:the )?front\b|\bin front\b", words):
        found.add("forward")
    if trigger.action in LOCOMOTION or trigger.action == "jump":
        found -= {"up", "down"}
        if "back" in words.split() and not after_turn:
            found.add("backward")
        if re.search(r"\bback(?:ward)? and (?:forward|forth)|\bback to\b", words):
            found.discard("backward")
    elif trigger.part == "arm" and re.search(r"\b(?:air|above|sky|ceiling|high|over \w+ head)\b", words):
        found.add("up")
    found |= pointed(words)
    if trigger.action == "raise_arm" and len(found) > 1:
        found.discard("up")  # "lifts the arm up to the side": up is the verb's
    if trigger.action in ("bend", "bow", "pick_up", "place"):
        found -= {"down", "up"}  # the verb's own
    return found.pop() if len(found) == 1 else ""


def path(words: str) -> str:
    """Straight, curve, circle or zigzag; a part of a circle is a curve."""
    found = {lexicon().paths[word] for word in words.split() if word in lexicon().paths}
    partial = re.search(r"\b(?:quarter|half|fourth|semi|third|eighth|partial|incomplete)\b", words)
    if "circle" in found:
        return "curve" if partial else "circle"
    for name in ("zigzag", "curve", "straight"):
        if name in found:
            return name
    return ""


def speed(words: str) -> str:
    """Slow, normal or fast."""
    found = {lexicon().speeds[word] for word in words.split() if word in lexicon().speeds}
    return found.pop() if len(found) == 1 else ""


def count(words: str, head: str, counted: str) -> int | None:
    """How many steps or times; None where it is open or vague ("a few")."""
    if re.search(rf"\b(?:{'|'.join(sorted(lexicon().vague))})\b(?: \w+)? (?:steps|times|\w+s)\b", words):
        return None
    nouns = ["times", "time"] + (["steps", "step"] if counted == "steps" else [head])
    number = rf"({_numbers()}|\d+)"
    pattern = (
        rf"\b{number} (?:of )?(?!(?:degrees?|meters?|metres?|m|cm)\b)(?:\w+ ){{0,2}}?(?:{'|'.join(nouns)})\b"
    )
    if match := re.search(pattern, words):
        return _number(match[1])
    if counted == "steps" and re.search(r"\b(?:a|an) (?:\w+ )?step\b", words):
        return 1
    for word in ("once", "twice", "threetimes"):
        if re.search(rf"\b{word}\b", words):
            return lexicon().counts[word]
    return None


def amount(words: str, unit: str) -> float | None:
    """Degrees or metres, as the unit asks, where the clause tells them."""
    number = rf"(\d+(?:[.,]\d+)?|{_numbers()}|a|an)"
    if unit == "degrees":
        match = re.search(rf"\b{number}\s?(?:degrees?|°|deg)", words)
        return _decimal(match[1]) if match else _fraction_of_turn(words)
    if unit == "metres":
        for pattern, scale in ((r"(?:meters?|metres?|m)", 1.0), (r"(?:centimeters?|centimetres?|cm)", 0.01)):
            if match := re.search(rf"\b{number} {pattern}\b", words):
                return round(_decimal(match[1]) * scale, 3)
    return None


def _fraction_of_turn(words: str) -> float | None:
    for pattern, degrees in (
        (r"\b(?:quarter|corner)\b", 90.0),
        (r"\b(?:half|uturn)\b", 180.0),
        (r"\b(?:full|whole|complete) (?:turn|rotation|circle|spin)\b", 360.0),
        (r"\b(?:turn|turns|turning) (?:himself |itself |herself )?around\b", 180.0),
    ):
        if re.search(pattern, words):
            return degrees
    return None


def unit_of(action: str) -> str:
    """The unit of an action's amount, empty without an action."""
    return ACTIONS[action].unit if action else ""


@cache
def _limbs(part: str) -> str:
    names: Sequence[str] = sorted(lexicon().groups.get(part, ()), key=len, reverse=True)
    return "|".join(names) or "(?!)"


@cache
def _plurals(part: str) -> str:
    choose: dict[str, Callable[[str], bool]] = {"leg": lambda w: w == "feet" or w.endswith("s")}
    keep = choose.get(part, lambda w: w.endswith("s"))
    return "|".join(sorted(name for name in lexicon().groups.get(part, ()) if keep(name))) or "(?!)"


@cache
def _numbers() -> str:
    return "|".join(sorted(lexicon().counts, key=len, reverse=True))


def _number(word: str) -> int | None:
    if word in ("a", "an"):
        return 1
    value = int(word) if word.isdigit() else lexicon().counts[word]
    return value if 0 < value < 1000 else None


def _decimal(word: str) -> float:
    if word in ("a", "an"):
        return 1.0
    return float(word.replace(",", ".")) if word[0].isdigit() else float(lexicon().counts[word])
