"""One clip of the demo dataset: its motion, what it does, and its captions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from motion.demo.amounts import measured
from motion.demo.captions import Spoken, caption
from motion.demo.rig import body_of
from motion.demo.script import LONGEST, act, draw
from motion.demo.stage import Done, Stage, perform
from motion.events import Event
from motion.features import canonical, features_from_joints, joints_from_features
from motion.mirror import mirror_event, mirror_id, mirror_joints
from motion.mirror_text import mirror_text
from motion.seeds import generator
from motion.skeleton import Skeleton
from motion.tagging import tag

Float = NDArray[np.float32]


@dataclass(frozen=True)
class Wording:
    """What a caption is made from: the same draws with other events say the same of those."""

    events: tuple[Done, ...]
    detail: int
    draws: tuple[object, ...]  # parts of the seed

    def spoken(self) -> Spoken:
        """The caption."""
        return caption(generator(*self.draws), self.events, self.detail)

    def said_of(self, events: tuple[Done, ...]) -> Spoken:
        """The caption with other events, one for each, in the same words where they are true of them."""
        like = [phrase.template for phrase in self.spoken().phrases]
        return caption(generator(*self.draws), events, self.detail, like)


@dataclass(frozen=True)
class Line:
    """One caption line: text and seconds; 0 and 0 for the whole clip."""

    text: str
    start: float = 0.0
    end: float = 0.0
    wording: Wording | None = None  # what it was made from; of a twin's line, its original's

    def written(self) -> str:
        """The line as it stands in a text file, without the line break."""
        return f"{self.text}#{tag(self.text)}#{self.start:.1f}#{self.end:.1f}"


@dataclass(frozen=True)
class Clip:
    """One clip: features (T, F) and joints (T, J, 3) as they are written, captions and what it does."""

    id: str
    source: Float  # (T + 1, J, 3), what the features were made from
    features: Float
    joints: Float
    lines: tuple[Line, ...]
    events: tuple[Event, ...]
    done: tuple[Done, ...]  # what was set on the stage; of a twin, its original's


def base_id(body: Skeleton, number: int) -> str:
    """000001 for HumanML3D's first clip, 00001 for KIT-ML's."""
    return f"{number + 1:0{6 if body.name == 't2m' else 5}d}"


def make_clip(body: Skeleton, number: int, seed: int) -> Clip:
    """The clip of that number, original side."""
    stage, duration = _staged(body, number, seed)
    metres = perform(stage, duration, body.fps)
    source = canonical(metres / body.metres_per_unit, body)
    features = features_from_joints(source, body)
    joints = joints_from_features(features, body)
    frames = len(features)
    events = tuple(_event(done, body.fps, frames) for done in stage.done)
    events = tuple(measured(event, metres, body) for event in events)
    lines = _captions(tuple(stage.done), events, number, seed, body)
    return Clip(base_id(body, number), source, features, joints, lines, events, tuple(stage.done))


def mirrored(clip: Clip, body: Skeleton) -> Clip:
    """The mirrored twin."""
    source = mirror_joints(clip.source, body)
    features = features_from_joints(source, body)
    lines = tuple(replace(line, text=mirror_text(line.text)) for line in clip.lines)
    events = tuple(mirror_event(event) for event in clip.events)
    joints = joints_from_features(features, body)
    return Clip(mirror_id(clip.id), source, features, joints, lines, events, clip.done)


def _staged(body: Skeleton, number: int, seed: int) -> tuple[Stage, float]:
    """The first plan that is short enough, with fewer actions each time."""
    for most in (3, 2, 1):
        rng = generator("demo motion", seed, number, most)
        stage, duration = act(draw(rng, number, most), body_of(body), rng)
        if duration <= LONGEST:
            return stage, duration
    raise ValueError(f"demo clip {number}: {duration:.1f} s even with one action, at most {LONGEST} s")


def _event(done: Done, fps: float, frames: int) -> Event:
    start, end = round(done.start * fps), min(round(done.end * fps), frames)
    return Event(
        action=done.action,
        start=start,
        end=end,
        side=done.side,
        direction=done.direction,
        path=done.path,
        count=done.count,
        amount=float(done.amount),
        speed=done.speed,
    )


def _captions(
    done: tuple[Done, ...], events: tuple[Event, ...], number: int, seed: int, body: Skeleton
) -> tuple[Line, ...]:
    rng = generator("demo captions", seed, number)
    details = [2, 1, int(rng.integers(0, 3)), 0][: int(rng.integers(3, 5))]
    lines: list[Line] = []
    for place, detail in enumerate(details):
        for attempt in range(9):
            wording = Wording(done, detail, ("demo caption", seed, number, place, attempt))
            line = Line(wording.spoken().text, wording=wording)
            if line.text not in [each.text for each in lines]:
                break
        lines.append(line)
    spans = [(index, _span(event, body)) for index, event in enumerate(events)]
    fitting = [(index, span) for index, span in spans if span is not None]
    if len(events) > 1 and fitting and rng.random() < 0.6:
        index, span = fitting[int(rng.integers(len(fitting)))]
        detail = int(rng.integers(1, 3))
        wording = Wording((done[index],), detail, ("demo segment caption", seed, number))
        lines[-1] = Line(wording.spoken().text, *span, wording)
    return tuple(lines)


def _span(event: Event, body: Skeleton) -> tuple[float, float] | None:
    """Seconds with one decimal whose frames cover the event; None when they are too few for a clip."""
    since = int(event.start / body.fps * 10) / 10
    until = int(np.ceil(event.end / body.fps * 10)) / 10
    while int(until * body.fps) < event.end:
        until = round(until + 0.1, 1)
    if since <= 0 or int(until * body.fps) - int(since * body.fps) < body.min_frames:
        return None
    return since, until
