"""What a text says of a movement, in the vocabulary of motion.events."""

from __future__ import annotations

from dataclasses import dataclass

_LIMBS = ("arm", "leg", "torso", "head")


@dataclass(frozen=True)
class Claim:
    """One action that a text names, with what it says of it; empty or None is left open.

    `action` is empty for what the vocabulary does not measure (playing the violin): `part` and
    `verb` are then what is known of it, and `side` and `direction` where the text tells them. A
    body that is pushed, stumbles or falls in a `direction` is displaced that way; where it is
    pushed from is not told. For a walk along a curve or circle `side` is the side that it bends
    to, for a turn the side that it goes to; a reach of the right arm to the left is across the
    body. `amount` is in the action's unit, for limbs without one in metres. `order` counts from 0
    in time, not in text: simultaneous actions share it. text[span] is what the claim was read from.

    `negated` says that this does not happen. With an action: no such action (of that side, where
    one is told). Without one, with the verb "move" or "use" (`is_stillness`): that `part`, on that
    `side`, stays where it is; for the body, it stays on its place; order and verb aside, "without
    moving his feet" is Claim("", "leg", verb="move", side="both", negated=True). Without an action
    and with another verb ("does not fall") nothing can be judged.
    """

    action: str
    part: str
    verb: str = ""
    side: str = ""
    direction: str = ""
    path: str = ""
    count: int | None = None
    speed: str = ""
    amount: float | None = None
    negated: bool = False
    order: int = 0
    span: tuple[int, int] = (0, 0)

    @property
    def is_stillness(self) -> bool:
        """Whether the claim is that a part of the body, or the whole of it, does not move."""
        return self.negated and not self.action and self.verb in ("move", "use")

    @property
    def is_checkable(self) -> bool:
        """Whether a motion can bear it out: an action of the vocabulary, a limb's side, way or
        number, the body's way, or stillness."""
        if self.action or self.is_stillness:
            return True
        if self.negated:
            return False
        told = bool(self.side or self.count) and self.part in _LIMBS
        return told or bool(self.direction)
