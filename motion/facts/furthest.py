"""Largest and smallest values of the signals of many clips at once, by the names of `Extremes`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motion.facts.batch import Batch, Float, Signals, length

_SIDES = ("left", "right")


def furthest(signals: Signals, batch: Batch) -> dict[str, list[float]]:
    """Values by name, one a clip, over each clip's own frames; rounded to 3 decimals.

    Those of a mirrored body are those of the other side, to the bit.
    """
    own = batch.own
    found: dict[str, Float] = {}
    _add_whole_body(found, signals, batch)
    wrist, gaps = signals["wrist"], signals["hand_gaps"]
    most = {
        "hand_up": wrist[..., 1],
        "hand_ahead": wrist[..., 2],
        "hand_out": wrist[..., 0],
        "hand_across": -wrist[..., 0],
        "hand_speed": signals["hand_speed"],
        "foot_up": signals["ankle_rise"],
    }
    least = {
        "hand_low": signals["wrist_height"],
        "knee_low": signals["knee_height"],
        "hand_head": gaps[..., 0],
        "hand_hip": gaps[..., 1],
        "hand_knee": gaps[..., 2],
    }
    pairs = {name: _most(values, own) for name, values in most.items()}
    pairs |= {name: -_most(-values, own) for name, values in least.items()}
    foot = signals["foot"]
    central = length(foot[:, :, 2:] - foot[:, :, :-2]) * (0.5 * batch.fps)
    pairs["foot_speed"] = _most(central, own[:, 2:])
    for name, pair in pairs.items():
        for index, side in enumerate(_SIDES):
            found[f"{name}_{side}"] = pair[index]
    return {name: (np.round(values, 3) + 0.0).tolist() for name, values in found.items()}


def _add_whole_body(found: dict[str, Float], signals: Signals, batch: Batch) -> None:
    own = batch.own
    heading, velocity, foot = signals["heading"], signals["velocity"], signals["foot"]
    metre = batch.leg * batch.skeleton.metres_per_unit / batch.fps
    way = np.cumsum(velocity, axis=1) * metre[:, None, None]
    left, forward = way[..., 0], way[..., 1]
    gap = np.abs(foot[0, ..., 2] - foot[1, ..., 2])
    most = {
        "pelvis_high": signals["pelvis"],
        "seat": signals["seat"],
        "flight": signals["foot_height"].min(0),
        "lean_forward": signals["pitch"],
        "lean_backward": -signals["pitch"],
        "lean_left": signals["roll"],
        "lean_right": -signals["roll"],
        "turned_left": _risen(heading),
        "turned_right": _risen(-heading),
        "way_forward": _risen(forward),
        "way_backward": _risen(-forward),
        "way_left": _risen(left),
        "way_right": _risen(-left),
        "speed": signals["speed"],
        "hands_crossed": signals["crossing"],
        "foot_apart": gap,
    }
    found.update({name: _most(values, own) for name, values in most.items()})
    least = {
        "pelvis_low": signals["pelvis"],
        "trunk_low": signals["rising"],
        "hands_near": signals["hand_gap"],
    }
    found.update({name: -_most(-values, own) for name, values in least.items()})


def _most(values: Float, own: NDArray[np.bool_]) -> Float:
    """Largest value over the own frames of each clip; time is the last axis."""
    result: Float = values.max(axis=-1, where=own, initial=-np.inf)
    return result


def _risen(values: Float) -> Float:
    """Rise from the lowest earlier moment, per frame (N, T)."""
    return values - np.minimum.accumulate(values, axis=1)
