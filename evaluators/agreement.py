"""Whether a statement of a text speaks of a difference: of the same aspect of the same action."""

from __future__ import annotations

from motion.events import ACTIONS, LOCOMOTION, Difference
from motion.pieces import family
from prompts.claims.assessment import Said

# What the measure and the rounding of words may be wrong by, in the unit of the amount.
_ROUNDING = {"metres": 0.06, "degrees": 2.6}
_PACES = {"slower": -1, "slow": 0, "normal": 1, "fast": 2, "faster": 3}
_SIZES = {"smaller": -1, "small": -1, "fewer": -1, "normal": 0, "larger": 1, "large": 1, "more": 1}


def names(said: Said, difference: Difference) -> bool:
    """Whether a text names a difference: aspect, action, side and direction right.

    Numbers need not be the same, only on the same side: too few, too slow, too large. What a text
    leaves open is not wrong, but for a difference in side, direction or path it must tell a value.
    """
    if not _same_thing(said, difference):
        return False
    if difference.aspect in ("side", "direction", "path"):
        told = bool(said.expected or said.found)
        return told and _open_or_same(said.expected, difference.expected, said.found, difference.found)
    if difference.aspect in ("count", "amplitude", "speed"):
        return sign(said.aspect, said.expected, said.found) == _sign_of(difference)
    if difference.aspect == "order":
        return _open_or_same(said.expected, difference.expected, said.found, difference.found)
    return True


def agrees(said: Said, difference: Difference) -> bool:
    """Whether a text names a difference with values that do not conflict with its values."""
    if not _same_thing(said, difference):
        return False
    if difference.aspect == "count":
        return _numbers_agree(said, difference, 0.0) or _only_signs(said, difference)
    if difference.aspect == "amplitude":
        unit = ACTIONS[difference.action].unit if difference.action else ""
        rounding = _ROUNDING.get(unit, 0.0)
        return _numbers_agree(said, difference, rounding) or _only_signs(said, difference)
    if difference.aspect == "speed":
        return sign("speed", said.expected, said.found) == _sign_of(difference)
    return _open_or_same(said.expected, difference.expected, said.found, difference.found)


def _same_thing(said: Said, difference: Difference) -> bool:
    """Same aspect of the same action; a quality is of no action, a frozen one of the same limb.

    Where an order is told of no action, it may be any.
    """
    if said.kind != "difference" or said.aspect != difference.aspect:
        return False
    if said.aspect == "quality":
        limb = said.found != "frozen" or (said.part, said.side) in (
            (difference.part, difference.side),
            (difference.part, ""),
        )
        return said.found == difference.found and limb
    if not said.action:
        return bool(difference.action) and said.aspect == "order" and not said.expected
    if family(said.action) != family(difference.action):
        return False
    return side_fits(said, difference.side, difference.action) and direction_fits(
        said, difference.direction, difference.action
    )


def side_fits(said: Said, side: str, action: str) -> bool:
    """Whether what is said of the side is open or that side; a straight way has none."""
    if said.aspect == "side" and said.expected in ("", "none"):
        return True
    return not said.side or said.side == side or (action in LOCOMOTION and not side)


def direction_fits(said: Said, direction: str, action: str) -> bool:
    """Whether what is said of the direction is open or that direction."""
    if said.aspect == "direction" and said.expected in ("", "none"):
        return True
    open_or_same = not said.direction or said.direction == direction
    return open_or_same or not direction or not ACTIONS[action].directed  # edits leave it open at times


def _open_or_same(said_expected: str, expected: str, said_found: str, found: str) -> bool:
    return said_expected in ("", expected or "none") and said_found in ("", found or "none")


def sign(aspect: str, expected: str, found: str) -> int:
    """-1 where less is found than expected, 1 where more is, 0 where that is left open."""
    before, after = number(expected), number(found)
    if before is not None and after is not None:
        return (after > before) - (after < before)
    scale = _PACES if aspect == "speed" else _SIZES
    if found in ("slower", "smaller", "fewer"):
        return -1
    if found in ("faster", "larger", "more"):
        return 1
    if expected in scale and found in scale:
        return (scale[found] > scale[expected]) - (scale[found] < scale[expected])
    if (expected in ("", "none")) != (found in ("", "none")):
        return -1 if found in ("", "none") else 1
    return 0


def _sign_of(difference: Difference) -> int:
    return sign(difference.aspect, difference.expected or "none", difference.found or "none")


def number(text: str) -> float | None:
    """The number that a text is, if it is one."""
    try:
        return float(text)
    except ValueError:
        return None


def _only_signs(said: Said, difference: Difference) -> bool:
    """Whether one of both tells only more or less, and the other the same."""
    told = [number(said.expected), number(said.found)]
    known = [number(difference.expected), number(difference.found)]
    if None not in told and None not in known:
        return False
    if any(value is not None and other is not None and value != other for value, other in zip(told, known)):
        return False
    return sign(said.aspect, said.expected, said.found) == _sign_of(difference)


def _numbers_agree(said: Said, difference: Difference, rounding: float) -> bool:
    pairs = ((said.expected, difference.expected), (said.found, difference.found))
    for told, known in pairs:
        a, b = number(told), number(known)
        if a is None or b is None or abs(a - b) > rounding:
            return False
    return True
