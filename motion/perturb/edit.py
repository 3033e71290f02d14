"""What an edit is: a clip with its events, the recorded operation, and what it broke."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motion.events import ACTIONS, Difference, Event, difference, opposite
from motion.perturb.geometry import Local, split
from motion.retarget import bone_lengths
from motion.skeleton import Skeleton

Float = NDArray[np.float32]
Parameters = dict[str, float | int | str | bool]

_OVERLAP_SECONDS = 0.3  # neighbouring actions run into each other by as much
_SEAM_GAP = 0.42  # of the leg: poses further apart are not joined


@dataclass(frozen=True)
class Edit:
    """One operation that was done to a motion, and the respects in which that broke it."""

    operation: str
    parameters: Parameters
    breaks: tuple[Difference, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and Parquet."""
        breaks = [broken.as_dict() for broken in self.breaks]
        return {"operation": self.operation, "parameters": dict(self.parameters), "breaks": breaks}


def edit(values: Mapping[str, Any]) -> Edit:
    """The Edit that `as_dict` wrote."""
    breaks = tuple(difference(broken) for broken in values["breaks"])
    return Edit(values["operation"], dict(values["parameters"]), breaks)


@dataclass(frozen=True)
class Part:
    """Frames [start, end) of a clip in which the events `members` (indices) happen, no others."""

    start: int
    end: int
    members: tuple[int, ...]


@dataclass(frozen=True)
class Subject:
    """A clip in canonical form, joints (T, J, 3), with what happens in it."""

    joints: Float
    skeleton: Skeleton
    events: tuple[Event, ...] = ()

    @property
    def frames(self) -> int:
        """Number of joint frames T."""
        return len(self.joints)

    @cached_property
    def lengths(self) -> Float:
        """The figure's own bone lengths, (J,)."""
        return bone_lengths(self.joints, self.skeleton)

    @cached_property
    def local(self) -> Local:
        """Path, heading and pose of each frame."""
        return split(self.joints, self.skeleton)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The clip cut between its actions; standing fills the gaps and counts for nothing."""
        tolerance = self.seconds(_OVERLAP_SECONDS)
        groups: list[list[int]] = []
        ends: list[int] = []
        for index in sorted(self.active, key=lambda i: (self.events[i].start, self.events[i].end)):
            event = self.events[index]
            if groups and event.start < ends[-1] - tolerance:
                groups[-1].append(index)
                ends[-1] = max(ends[-1], event.end)
            else:
                groups.append([index])
                ends.append(event.end)
        if not groups:
            return ()
        starts = [self.events[group[0]].start for group in groups]
        cuts = [(end + start) // 2 for end, start in zip(ends, starts[1:], strict=False)]
        return tuple(
            Part(since, until, tuple(group))
            for since, until, group in zip([0, *cuts], [*cuts, self.frames], groups, strict=True)
        )

    @cached_property
    def active(self) -> tuple[int, ...]:
        """Indices of the events that are actions; standing is none."""
        return tuple(i for i, event in enumerate(self.events) if event.action != "stand")

    def seconds(self, duration: float) -> int:
        """Frames of a duration."""
        return round(duration * self.skeleton.fps)

    def metres(self, length: float) -> float:
        """A length in metres in the data set's unit."""
        return length / self.skeleton.metres_per_unit

    def fits(self, frames: float) -> bool:
        """Whether a clip of so many joint frames keeps the length rules of its features."""
        return self.skeleton.min_frames + 1 <= frames <= self.skeleton.max_frames

    def joins(self, other: Subject, before: int, after: int) -> bool:
        """Whether frame `after` of another clip can follow frame `before` of this one."""
        gap = self.local.pose[before] - other.local.pose[after]
        return float(np.sqrt(np.square(gap).sum(axis=-1)).max()) <= _SEAM_GAP * self.skeleton.leg_length


@dataclass(frozen=True)
class Change:
    """One break, the index of the subject's event that it is about (-1: of none), and the
    indices of other events that it speaks of."""

    event: int
    difference: Difference
    others: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What an operation made of a subject.

    `sources` (T',) holds the subject's frame that each new frame shows, NaN where it shows none.
    `events` are the subject's events in the new clip, None where one is gone; `extra` came in.
    """

    joints: Float
    sources: NDArray[np.float64]
    events: tuple[Event | None, ...]
    changes: tuple[Change, ...]
    extra: tuple[Event, ...] = ()


Draw = Callable[[Subject, Parameters, np.random.Generator, float], Parameters]


@dataclass(frozen=True)
class Operation:
    """A named operation: where it can be done, how strongly, and doing it.

    `targets` lists the places in a subject (with a donor, or None) where the operation changes
    something visible; `draw` adds amounts to a target, for a strength of 0 to 1; `perform` does
    what the parameters say and nothing else.
    """

    name: str
    targets: Callable[[Subject, Subject | None], list[Parameters]]
    draw: Draw
    perform: Callable[[Subject, Subject | None, Parameters], Outcome]
    reach: tuple[float, float] = (0.0, 1.0)  # strengths for which it is at home
    weight: float = 1.0  # the rarer its targets, the heavier
    noise: bool = field(default=False)  # spoils the quality and leaves the meaning


def span(start: int, end: int, sources: NDArray[np.float64]) -> tuple[int, int]:
    """Where frames [start, end) of the source show; where they are gone, the place of the cut."""
    shown = np.flatnonzero((sources >= start) & (sources < end))
    if len(shown):
        return int(shown[0]), int(shown[-1]) + 1
    later = np.flatnonzero(sources >= end)
    place = int(later[0]) if len(later) else len(sources)
    return place, place


def moved(event: Event, sources: NDArray[np.float64]) -> Event:
    """The event at its frames in the new clip."""
    start, end = span(event.start, event.end, sources)
    return replace(event, start=start, end=end)


def broken(
    subject: Subject,
    index: int,
    sources: NDArray[np.float64],
    aspect: str,
    expected: str,
    found: str,
    others: tuple[int, ...] = (),
) -> Change:
    """A break of one event of the subject, at its frames in the new clip."""
    event = subject.events[index]
    start, end = span(event.start, event.end, sources)
    part = ACTIONS[event.action].part
    return Change(
        index,
        Difference(aspect, event.action, part, event.side, event.direction, expected, found, start, end),
        others,
    )


def missing(subject: Subject, index: int, sources: NDArray[np.float64]) -> Change:
    """The break that an event of the subject is gone."""
    return broken(subject, index, sources, "missing", subject.events[index].action, "none")


def superfluous(event: Event) -> Change:
    """The break that an event, at its frames in the new clip, came in."""
    part = ACTIONS[event.action].part
    return Change(
        -1,
        Difference(
            "extra",
            event.action,
            part,
            event.side,
            event.direction,
            "none",
            event.action,
            event.start,
            event.end,
        ),
    )


def flawed(found: str, start: int, end: int) -> Change:
    """The break of the quality between two frames of the new clip."""
    return Change(-1, Difference("quality", expected="none", found=found, start=start, end=end))


def sides_swapped(
    subject: Subject, indices: Iterable[int], sources: NDArray[np.float64]
) -> tuple[dict[int, Event], tuple[Change, ...]]:
    """Events after left and right changed places, by index, and the breaks that this makes."""
    events, changes = {}, []
    for index in indices:
        event = subject.events[index]
        turned = replace(event, side=opposite(event.side))
        if event.side != turned.side:
            changes.append(broken(subject, index, sources, "side", event.side, turned.side))
        if event.direction in ("left", "right"):
            turned = replace(turned, direction=opposite(event.direction))
            # Each arm's own outside goes without saying.
            if event.direction == event.side:
                events[index] = turned
                continue
            changes.append(broken(subject, index, sources, "direction", event.direction, turned.direction))
        if turned != event:
            events[index] = turned
    return events, tuple(changes)


def outcome(
    subject: Subject,
    joints: Float,
    sources: NDArray[np.float64],
    changes: Iterable[Change],
    altered: Mapping[int, Event] | None = None,
    extra: tuple[Event, ...] = (),
) -> Outcome:
    """An Outcome whose events follow from the subject's: `missing` ones gone, `altered` ones (in
    the subject's time) in place of theirs, all at their new frames."""
    listed = tuple(changes)
    gone = {change.event for change in listed if change.difference.aspect == "missing"}
    replaced = altered or {}
    events = tuple(
        None if index in gone else moved(replaced.get(index, event), sources)
        for index, event in enumerate(subject.events)
    )
    return Outcome(joints, sources, events, listed, extra)


def unchanged(subject: Subject) -> NDArray[np.float64]:
    """Sources of a clip whose frames stay in place."""
    return np.arange(subject.frames, dtype=np.float64)


def amount(rng: np.random.Generator, strength: float, low: float, high: float) -> float:
    """A value between low and high that follows the strength, with some play."""
    level = min(1.0, max(0.0, strength + rng.uniform(-0.1, 0.1)))
    return round(low + (high - low) * level, 3)
