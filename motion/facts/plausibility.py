"""How possible a movement is: sliding feet, floating, feet in the floor, jitter, changing bones."""

from __future__ import annotations

import numpy as np

from motion.events import LOCOMOTION, Event
from motion.facts.signals import Body
from motion.facts.spans import median, spans
from motion.facts.thresholds import LIMITS

# Nobody halts in the middle of these; poses are held, and whoever stands may.
_RESTLESS = (*LOCOMOTION, "turn", "jump", "squat", "wave", "swing_arm", "circle_arm", "clap", "punch", "kick")


def quality(body: Body, busy: list[Event]) -> dict[str, float]:
    """Measures of plausibility by name; units are those of `Summary`."""
    carrying = body.foot_height < LIMITS.slide_height
    # Of two feet on the floor the stiller one carries; a sliding body has none that stands.
    speed = np.where(carrying, body.foot_speed, np.inf).min(0)
    slides = speed[np.isfinite(speed)]
    lowest = body.foot_height.min(0)
    in_air = lowest > LIMITS.float_height
    for event in busy:
        if event.action in ("jump", "run"):
            in_air[event.start : event.end] = False
    moving = np.zeros(body.frames, bool)
    for event in busy:
        if event.action in _RESTLESS:
            moving[event.start : event.end] = True
    halts = spans((body.pace < LIMITS.halt) & moving)
    return {
        "pause_seconds": round(max((end - start for start, end in halts), default=0) / body.fps, 2),
        "jitter": round(median(body.jitter), 1),
        "skating_cm_s": round(float(slides.mean()) * body.leg * 100, 1) if len(slides) else 0.0,
        "floating": round(float(in_air.mean()), 3),
        "penetration_cm": round(max(0.0, -float(body.toe_rise.min())) * body.leg * 100, 1),
        "bone_drift": round(body.drift, 3),
    }
