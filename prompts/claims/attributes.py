"""What a clause says of its action: side, direction, path, count, speed, amount."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from motion.events import ACTIONS, LOCOMOTION
from prompts.claims.lexicon import Trigger, lexicon

_MOST = 90  # a larger number is one of degrees
_START = re.compile(
    r"\b(?:start|starts|starting|started|beginning|begins|begin|begining|first|staring|leading)\b"
    r"(?: (?:with|on|at|from|by|in|out|the|his|her|their|its|a)){0,3} (?:left|right)"
    r"(?: (?:foot|leg|one|side))?"
)
_OWN = r"(?:his|her|their|its)"
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
    pair = rf"left (?:and |or )?{_POSSESSIVES}right|right (?:and |or )?{_POSSESSIVES}left"
    if re.search(rf"\b(?:both|two|{pair}) (?:\w+ )?(?:{limbs})\b(?! side)", words):
        return "both"
    sided = rf"\b(left|right) (?:\w+ )?(?:{limbs})\b(?! side)"
    found = set(re.findall(sided, words))
    if len(found) == 2:  # "reaches with the left hand to the right hand"
        goal = rf"\b(?:to|of|over|above|onto|towards|in|into|touch|touches|touching) {_POSSESSIVES}{sided}"
        found = set(re.findall(sided, re.sub(goal, " ", words))) or found
    if len(found) == 1:
        side = str(found.pop())
        handed_over = part == "arm" and re.search(rf"\bto {_POSSESSIVES}{sided}", words)
        return "" if handed_over and len(re.findall(sided, words)) == 1 else side
    if re.search(r"\bshak(?:es?|ing) hands\b", words):
        return ""  # with somebody
    first = re.search(rf"\b{_OWN} ({limbs})\b", words)
    if not found and first and first[1] not in _plurals(part).split("|"):
        return ""  # "brings his hand up and the elbows out"
    if len(found) == 2 or re.search(rf"\b(?:{_plurals(part)})\b", words):
        return "both"
    return ""


_BLOW = re.compile(
    r"\b(left|right) (?:\w+ )?(?:punch|punches|jabs?|hooks?|uppercuts?|blows?|kicks?|throws?)\b"
)


def blow_side(words: str) -> str:
    """The side of the limb that a blow or kick is named after: "a left jab"."""
    found = set(_BLOW.findall(words))
    return str(found.pop()) if len(found) == 1 else ""


def pointed(words: str) -> set[str]:
    """The sides that the clause points to as directions, not as limbs; "from the left" points away."""
    limbs = "|".join(_limbs(part) for part in ("arm", "leg"))
    bare = re.sub(rf"\b(?:left|right) (?:(?!side\b)\w+ )?(?:{limbs})\b(?! side)", " ", words)
    bare = _BLOW.sub(" ", re.sub(r"\b(?:left|right) handed\b", " ", bare))
    bare = re.sub(rf"\bfrom {_POSSESSIVES}(?:front )?(?:left|right)(?: (?:hand )?side)?\b", " ", bare)
    bare = re.sub(rf"\b(?:by|on|at|against|in) {_POSSESSIVES}(?:left|right) (?:hand )?side\b", " ", bare)
    bare = bare.replace("leftwards", "left").replace("rightwards", "right")
    return set(re.findall(r"\b(left|right)\b", bare))


def turning_side(words: str) -> str:
    """The side that a turn, a curve or a circle goes to."""
    found = pointed(words)
    found |= {"left"} if re.search(r"\bcounterclockwise\b", words) else set()
    found |= {"right"} if re.search(r"\bclockwise\b", words) else set()
    return found.pop() if len(found) == 1 else ""


# What carries the body along: "back" is then a way to go.
_GOING = (*LOCOMOTION, "jump", "")
_PLACED = (*_GOING[:-1], "raise_arm", "hold_arm", "stretch", "reach", "pick_up", "place")
_NO_WAY_BACK = re.compile(
    r"\bback(?:ward)? and (?:forward|forth)|\bback to\b"
    rf"|\b(?:in|into|on|from|at|with) {_POSSESSIVES}back\b"
)
_FRONT = re.compile(r"\b(?:to|towards) (?:the )?front\b|\bfront (?:step|kick|punch)")
_IN_FRONT = re.compile(r"(?<!from )\bin (?:the )?front\b")
_ALOFT = re.compile(r"\bin(?:to)? (?:the )?air\b|\b(?:above|sky|ceiling|high|over \w+ head)\b")
_UPWARDS = re.compile(r"\b(?:upwards?|in(?:to)? (?:the )?air|up)\b(?! down)")
_ALONG = "forward|backward|front|back"
_DIAGONAL = re.compile(
    rf"\b(?:left|right) (?:and )?(?:{_ALONG})\b|\b(?:{_ALONG}) (?:and )?(?:left|right)\b|\bdiagonal"
)


def direction(words: str, trigger: Trigger, after_turn: bool) -> str:
    """The direction of the action; the way back after a turn is no walking backwards."""
    lex = lexicon()
    spoken = words.split()
    found = {lex.directions[word] for word in spoken if word in lex.directions}
    if _FRONT.search(words) or (trigger.action in _PLACED and _IN_FRONT.search(words)):
        found.add("forward")
    if trigger.part == "body":
        found -= {"up", "down"}
        if trigger.action == "jump" and not found and _UPWARDS.search(words):
            found = {"up"}
        if trigger.action in _GOING:
            found = _along(words, spoken, found, after_turn)
    elif trigger.part == "arm" and (trigger.action or "point" in trigger.verbs) and _ALOFT.search(words):
        found.add("up")
    sides = pointed(words)
    diagonal = trigger.part == "body" and (not trigger.action or bool(_DIAGONAL.search(words)))
    if len(sides) == 1 and diagonal:
        found = sides  # a diagonal is told by its side
    elif not (trigger.action in LOCOMOTION and found == {"forward"}):  # "forward, a bit to the right"
        found = found | sides
    if trigger.action in ("raise_arm", "hold_arm") and len(found) > 1:
        found -= {"up", "down"}  # "lifts the arm up to the side": up is the verb's
    if trigger.action in ("raise_arm", "hold_arm"):
        found.discard("down")
    if trigger.action in ("bend", "bow", "pick_up", "place"):
        found -= {"down", "up"}  # the verb's own
    return found.pop() if len(found) == 1 else ""


def _along(words: str, spoken: Sequence[str], found: set[str], after_turn: bool) -> set[str]:
    """With "back" as backward where it is a way to go, not a part of the body or a way home."""
    if "back" in spoken and not after_turn:
        found = found | {"backward"}
    if "backward" not in spoken and _NO_WAY_BACK.search(words):
        found = found - {"backward"}
    return found


def path(words: str) -> str:
    """Straight, curve, circle or zigzag; a part of a circle is a curve."""
    words = re.sub(r"\bbend(?:ing)? (?:position|posture|stance|manner|way)\b", " ", words)
    found = {lexicon().paths[word] for word in words.split() if word in lexicon().paths}
    partial = re.search(r"\b(?:quarter|half|fourth|semi|third|eighth|partial|incomplete)\b", words)
    if not found and re.search(
        r"\b(?:a|one) (?:quarter|half)(?! (?:an? )?(?:meter|metre|step|turn|minute|second))", words
    ):
        return "curve"  # of a circle
    if "curve" in found and re.search(r"\b360\b", words):
        return "circle"
    if not found and re.search(r"\b(?:clockwise|counterclockwise)\b", words):
        return "curve" if partial else "circle"
    if "circle" in found:
        return "curve" if partial else "circle"
    for name in ("zigzag", "curve", "straight"):
        if name in found:
            return name
    return ""


def speed(words: str) -> str:
    """Slow, normal or fast."""
    found = {lexicon().speeds[word] for word in words.split() if word in lexicon().speeds}
    found |= {"normal"} if re.search(r"\bnormal (?:speed|pace|velocity)\b", words) else set()
    return found.pop() if len(found) == 1 else ""


_NO_COUNT = r"(?!(?:degrees?|meters?|metres?|m|cm|andahalf)\b)"  # "2 and a half" is no whole number


def count(words: str, head: str, counted: str) -> int | None:
    """How many steps or times; None where it is open or vague ("a few").

    `head` is the word that names the action. Of a way that is gone only steps are counted: twice
    around is no number of steps.
    """
    stepping = counted == "steps"
    by_steps = stepping and head.removeprefix("side").startswith("step")
    nouns = ["steps", "step", "sidestep", "sidesteps"] if stepping else [head]
    nouns += ["times", "time"] if by_steps or not stepping else []
    number = rf"({_numbers()}|\d+{'|to(?= (?:more )?steps)' if stepping else ''})"
    between = r"(?:(?!(?:andahalf|in|with|and|for|by|times?)\b)\w+ ){0,3}?"
    pattern = rf"(?<!\bat )\b{number} (?:of )?{_NO_COUNT}{between}(?:{'|'.join(nouns)})\b"
    for match in re.finditer(pattern, words):
        value = _number(match[1])
        if value is not None and value < _MOST:
            return value
    if stepping and re.search(
        r"\b(?<!up )(?<!down )(?<!over )(?<!onto )(?:a|an|another) (?:\w+ )?(?:side)?step\b", words
    ):
        return 1
    for word in ("once", "twice", "threetimes"):
        if (by_steps or not stepping) and re.search(rf"\b{word}\b", words):
            return lexicon().counts[word]
    return None


def amount(words: str, unit: str) -> float | None:
    """Degrees or metres, as the unit asks, where the clause tells them."""
    number = rf"(\d+(?:[.,]\d+)?|{_numbers()}|a|an)"
    if unit == "degrees":
        told = degrees(words)
        return _fraction_of_turn(words) if told is None else told
    if unit == "metres" and not re.search(r"\b(?:radius|diameter)\b", words):
        for pattern, scale in ((r"(?:meters?|metres?|m)", 1.0), (r"(?:centimeters?|centimetres?|cm)", 0.01)):
            if re.search(rf"\bhalf an? {pattern}\b", words):
                return 0.5 * scale
            if match := re.search(rf"\b{number} (andahalf )?{pattern}\b", words):
                return round((_decimal(match[1]) + (0.5 if match[2] else 0.0)) * scale, 3)
    return None


def degrees(words: str) -> float | None:
    """Degrees told as a number; those of common turns also without their unit ("turns 180")."""
    if match := re.search(rf"\b(\d+(?:[.,]\d+)?|{_numbers()}|a|an)\s?(?:degrees?|°|deg)", words):
        return _decimal(match[1])
    match = re.search(r"\b(90|180|270|360)\b(?! (?:m|cm|meters?|metres?|steps?)\b)", words)
    return float(match[1]) if match else None


def rotates(words: str) -> bool:
    """Whether a jump is told to be a turn too: "a clockwise jump", "jumps by 180 degrees"."""
    return degrees(words) is not None or bool(re.search(r"\b(?:counter)?clockwise\b", words))


def _fraction_of_turn(words: str) -> float | None:
    for pattern, degrees in (
        (r"\bquarter\b", 90.0),
        (r"\b(?:half|uturn)\b", 180.0),
        (r"\b(?:full|whole|complete) (?:turn|rotation|circle|spin)\b", 360.0),
        (
            r"\b(?:turn|turns|turning) (?:(?:him|it|her)self )?around\b(?! (?:partway|(?:a|the) corner))",
            180.0,
        ),
    ):
        if re.search(pattern, words):
            return degrees
    return None


_MEASURED_LIMBS = ("raise_arm", "lower_arm", "wave", "swing_arm", "reach", "kick", "raise_leg", "stomp")


def unit_of(action: str) -> str:
    """The unit of an action's amount, empty without an action; limbs move by metres."""
    if not action:
        return ""
    return ACTIONS[action].unit or ("metres" if action in _MEASURED_LIMBS else "")


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
    value = 2 if word == "to" else int(word) if word.isdigit() else lexicon().counts[word]
    return value if 0 < value < 1000 else None


def _decimal(word: str) -> float:
    if word in ("a", "an"):
        return 1.0
    return float(word.replace(",", ".")) if word[0].isdigit() else float(lexicon().counts[word])
