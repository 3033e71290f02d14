"""One statement of an assessment or of a refinement instruction."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from prompts.claims.claim import Claim

KINDS = ("difference", "match", "shown", "wanted")
FIELDS = ("assessment", "refinement")


@dataclass(frozen=True)
class Said:
    """One statement of an assessment or an instruction.

    `kind` is "difference" (goal and candidate differ in `aspect`), "match" (the candidate does it as
    the goal does), "shown" (the candidate does it) or "wanted" (the goal does it). `expected` and
    `found` are values of the aspect as in motion.events.Difference, empty where they are left open;
    a speed is "slower" or "faster" than wanted, an extent "smaller" or "larger" where no amounts are
    told. `claim` holds what is said of the action; text[span] of `field` is where it is said.
    """

    kind: str
    field: str
    action: str
    part: str
    aspect: str = ""
    side: str = ""
    direction: str = ""
    expected: str = ""
    found: str = ""
    span: tuple[int, int] = (0, 0)
    claim: Claim = dataclasses.field(default=Claim("", "body"), compare=False)


def whole_action(aspect: str, claim: Claim) -> Said:
    """The statement that an action is missing, or one too many."""
    values_of = (claim.action, "none") if aspect == "missing" else ("none", claim.action)
    return difference_said(aspect, claim, *values_of)


def difference_said(aspect: str, claim: Claim, expected: str, found: str) -> Said:
    """The statement that an action differs in an aspect."""
    return Said(
        "difference",
        "",
        claim.action,
        claim.part,
        aspect,
        claim.side,
        claim.direction,
        expected,
        found,
        claim=claim,
    )
