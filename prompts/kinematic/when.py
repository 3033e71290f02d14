"""When something happens in a clip, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from motion.events import Difference, Event
from prompts.grammar import Expander

_SAID = 0.7  # share of the places that are told
_EARLY, _LATE, _WHOLE = 0.3, 0.7, 0.75


@dataclass(frozen=True)
class Clock:
    """The length of a clip in frames and, where known, its frames per second (else 0)."""

    frames: int
    fps: float = 0.0

    def when(self, start: int, end: int, expander: Expander) -> str:
        """An adverbial for frames [start, end), or nothing."""
        if self.frames <= 0 or end <= start or not expander.chance(_SAID):
            return ""
        if self._covers(start, end):
            return expander.say("when_whole")
        second = round(start / self.fps) if self.fps else 0
        if second >= 2 and expander.chance(0.4):
            return expander.say("when_second", second=str(second))
        middle = (start + end) / 2 / self.frames
        if middle < _EARLY:
            return expander.say("when_start")
        return expander.say("when_end" if middle > _LATE else "when_middle")

    def is_whole(self, difference: Difference) -> bool:
        """Whether a difference shows in nearly all of the clip."""
        return self._covers(difference.start, difference.end)

    def _covers(self, start: int, end: int) -> bool:
        return end - start > _WHOLE * self.frames


def clock(events: Iterable[Event], differences: Iterable[Difference], fps: float, frames: int = 0) -> Clock:
    """The clock of a clip of `frames`; where that is 0 it ends with its last event or difference."""
    ends = [event.end for event in events] + [difference.end for difference in differences]
    return Clock(frames or max(ends, default=0), fps)
