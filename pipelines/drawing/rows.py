"""Events as bars of a time line: which row, which lane in it, what is written on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from motion.events import ACTIONS, Difference, Event
from prompts.sentences import clause, difference_text, label

ROWS = (
    "Body",
    "Head",
    "Trunk",
    "Both arms",
    "Left arm",
    "Right arm",
    "Both legs",
    "Left leg",
    "Right leg",
    "Differences",
)


@dataclass(frozen=True)
class Bar:
    """One bar: frames [start, end), words, the limb's side ("" for none) and its lane from the top."""

    row: str
    lane: int
    start: int
    end: int
    label: str
    text: str
    side: str
    is_difference: bool = False


def bars(events: Sequence[Event], differences: Sequence[Difference] = ()) -> list[Bar]:
    """Bars in the order of time; those of one row that overlap get lanes of their own."""
    found = [
        Bar(row_of(e), 0, e.start, max(e.end, e.start + 1), label(e), clause(e), _limb_side(e))
        for e in events
    ]
    for item in differences:
        if item.end > item.start:
            text = difference_text(item)
            found.append(Bar("Differences", 0, item.start, item.end, text, text, "", True))
    found.sort(key=lambda bar: (bar.start, bar.end, ROWS.index(bar.row), bar.label))
    ends: dict[str, list[int]] = {}
    placed = []
    for bar in found:
        lanes = ends.setdefault(bar.row, [])
        lane = next((number for number, end in enumerate(lanes) if end <= bar.start), len(lanes))
        lanes[lane : lane + 1] = [bar.end]
        placed.append(
            Bar(bar.row, lane, bar.start, bar.end, bar.label, bar.text, bar.side, bar.is_difference)
        )
    return placed


def lanes(placed: Sequence[Bar]) -> dict[str, int]:
    """The rows that have bars, from top to bottom, and how many lanes each has."""
    return {
        row: 1 + max(bar.lane for bar in placed if bar.row == row)
        for row in ROWS
        if any(bar.row == row for bar in placed)
    }


def row_of(event: Event) -> str:
    """The row of an event: its part of the body, and for limbs the side."""
    part = ACTIONS[event.action].part
    if part in ("arm", "leg"):
        side = event.side if event.side in ("left", "right") else "both"
        return f"{side.capitalize()} {part}" + ("s" if side == "both" else "")
    return {"torso": "Trunk", "head": "Head"}.get(part, "Body")


def _limb_side(event: Event) -> str:
    limb = ACTIONS[event.action].part in ("arm", "leg")
    return event.side if limb and event.side in ("left", "right") else ""
