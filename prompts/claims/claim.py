"""What a text says of a movement, in the vocabulary of motion.events."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """One action that a text names, with what it says of it; empty or None is left open.

    `action` is empty for what the vocabulary does not measure (playing the violin): `part` and
    `verb` are then all that is known of it. For a walk along a curve or circle `side` is the side
    that it bends to, for a turn the side that it goes to. `amount` is in the action's unit.
    `order` counts from 0 in time, not in text: simultaneous actions share it. text[span] is what
    the claim was read from.
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
