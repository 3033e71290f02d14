"""Edits that spoil the quality and leave the meaning: trembling joints, sliding feet."""

from __future__ import annotations

import numpy as np

from motion.perturb.edit import (
    Float,
    Operation,
    Outcome,
    Parameters,
    Subject,
    amount,
    flawed,
    outcome,
    unchanged,
)
from motion.perturb.geometry import smoothed
from motion.seeds import generator

_TREMBLE_LEAST, _TREMBLE_MOST = 0.007, 0.018  # metres at 20 frames a second, standard deviation
_RATE = 20.0
_SLIDE_LEAST, _SLIDE_MOST = 0.2, 0.3  # metres a second, root mean square
_SLIDE_PERIOD = 0.25  # seconds of smoothing: how long a slide goes one way


def _anywhere(_subject: Subject, _donor: Subject | None) -> list[Parameters]:
    return [{}]


def _draw_jitter(
    subject: Subject, target: Parameters, rng: np.random.Generator, strength: float
) -> Parameters:
    # Fewer frames a second make the same trembling slower.
    metres = amount(rng, strength, _TREMBLE_LEAST, _TREMBLE_MOST) * _RATE / subject.skeleton.fps
    return target | {"metres": round(metres, 4), "seed": int(rng.integers(2**31))}


def _jitter(subject: Subject, _donor: Subject | None, parameters: Parameters) -> Outcome:
    rng = generator("jitter", parameters["seed"])
    noise = rng.standard_normal(subject.joints.shape).astype(np.float32)
    noise *= subject.metres(float(parameters["metres"]))
    noise[:, 0] *= 0.3  # what the root does, all joints do
    change = flawed("jitter", 0, subject.frames)
    return outcome(subject, subject.joints + noise, unchanged(subject), [change])


def _draw_skating(
    _subject: Subject, target: Parameters, rng: np.random.Generator, strength: float
) -> Parameters:
    speed = amount(rng, strength, _SLIDE_LEAST, _SLIDE_MOST)
    return target | {"metres_a_second": speed, "seed": int(rng.integers(2**31))}


def _skating(subject: Subject, _donor: Subject | None, parameters: Parameters) -> Outcome:
    """Slides hither and thither on the floor, without getting anywhere."""
    rng = generator("skating", parameters["seed"])
    track = _wander(rng, subject)
    speed = np.sqrt(np.square(np.diff(track, axis=0)).sum(axis=-1).mean()) * subject.skeleton.fps
    track *= subject.metres(float(parameters["metres_a_second"])) / speed
    joints = subject.joints.copy()
    joints[..., ::2] += track[:, None]
    change = flawed("skating", 0, subject.frames)
    return outcome(subject, joints, unchanged(subject), [change])


def _wander(rng: np.random.Generator, subject: Subject) -> Float:
    """A smooth closed path (T, 2) that starts and ends at the origin."""
    track = smoothed(rng.standard_normal((subject.frames, 2)), _SLIDE_PERIOD * subject.skeleton.fps)
    drift = np.linspace(track[0], track[-1], subject.frames)
    result: Float = (track - drift).astype(np.float32)
    return result


JITTER = Operation("jitter", _anywhere, _draw_jitter, _jitter, reach=(0.0, 0.4), noise=True)
SKATING = Operation("skating", _anywhere, _draw_skating, _skating, reach=(0.0, 0.4), noise=True)
