"""How far a motion goes in each respect: what a claim needs at the least, it must reach somewhere.

An event says that something was found; an extreme proves that something cannot have happened: nobody
jumps whose lower foot never leaves the floor, no hand is raised that never comes near its shoulder.
"""

from __future__ import annotations

from dataclasses import dataclass

from motion.facts.locomotion import Steps
from motion.facts.signals import Body


@dataclass(frozen=True)
class Extremes:
    """Largest or smallest values over a whole clip. Lengths are shares of the leg or of the arm."""

    pelvis_low: float  # lowest height of the hips, 1 is standing straight
    pelvis_high: float
    seat: float  # hips behind the ankles, leg
    flight: float  # height of the lower foot over the floor, leg
    lean_forward: float  # degrees of the trunk; beyond 90 it is folded, up to 240
    lean_backward: float  # up to 120
    lean_left: float  # out of the body's own plane of symmetry, up to 90
    lean_right: float
    trunk_low: float  # degrees of the trunk over the floor at the flattest, 90 is upright, 0 level
    turned_left: float  # degrees, the largest change of heading between any two moments
    turned_right: float
    way_forward: float  # metres in the body's own frame, the longest way between any two moments
    way_backward: float
    way_left: float
    way_right: float
    speed: float  # of the body on the floor, leg/s, strides smoothed out
    steps_left: int  # with the left foot
    steps_right: int
    hand_up_left: float  # wrist over its shoulder, arm
    hand_up_right: float
    hand_ahead_left: float  # wrist before its shoulder, arm
    hand_ahead_right: float
    hand_out_left: float  # wrist beside its shoulder on its own side, arm
    hand_out_right: float
    hand_across_left: float  # wrist beside its shoulder on the other side, arm
    hand_across_right: float
    hand_low_left: float  # height over the floor, 1 is a hand that hangs beside a standing body
    hand_low_right: float
    hand_head_left: float  # nearest distance of the wrist to the head, arm
    hand_head_right: float
    hand_hip_left: float  # to the hip joint of its own side, arm
    hand_hip_right: float
    hand_knee_left: float  # to the nearer knee, arm
    hand_knee_right: float
    hand_speed_left: float  # about its shoulder, arm/s
    hand_speed_right: float
    hands_near: float  # smallest distance between the wrists, arm
    hands_crossed: float  # by how far both wrists are beyond the middle, arm; negative if they never are
    foot_up_left: float  # ankle over its standing height, leg
    foot_up_right: float
    foot_speed_left: float  # ankle about its hip, leg/s
    foot_speed_right: float
    foot_apart: float  # distance of the ankles along the body's front, leg
    knee_low_left: float  # knee over the floor, leg
    knee_low_right: float


def extremes(body: Body, steps: Steps) -> Extremes:
    """The extremes of one body; of a mirrored body they are those of the other side, to the bit."""
    return Extremes(steps_left=len(steps[0]), steps_right=len(steps[1]), **body.furthest)
