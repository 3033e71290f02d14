"""Every limit that the measured facts use: one table, each with its unit and its reason.

`leg` is the length of a leg (hip to ankle along the bones) and `arm` that of an arm (shoulder to
wrist), both measured on the clip itself, so that children, giants and other units share the limits.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _limit(value: float, unit: str, reason: str) -> Any:
    return field(default=value, metadata={"unit": unit, "reason": reason})


@dataclass(frozen=True)
class Limits:
    """The limits by name; `table` gives them with units and reasons."""

    # signals
    clips_a_group: int = _limit(16, "clips", "temporaries of a group stay in the cache")
    heading_smoothing: float = _limit(0.1, "s", "a stride's sway of the hips is slower, noise is faster")
    travel_smoothing: float = _limit(0.3, "s", "half a stride: steps vanish, stops and starts stay")
    turn_smoothing: float = _limit(0.25, "s", "removes the hips' swing of a stride from the turning rate")
    fast_smoothing: float = _limit(0.06, "s", "keeps the peak of a punch, removes jitter")
    limb_smoothing: float = _limit(0.05, "s", "one frame: removes jitter only")
    # feet and floor
    floor_share: float = _limit(0.05, "share", "the floor is where the lower foot is in the lowest frames")
    foot_off: float = _limit(0.06, "leg", "5 cm: a rolling foot stays lower")
    still_share: float = _limit(0.5, "share of speed", "a foot slower than half the body carries it")
    still_floor: float = _limit(0.25, "leg/s", "a standing foot sways less")
    step_length: float = _limit(0.10, "leg", "8 cm: shorter shifts are adjustments of balance")
    step_lift: float = _limit(0.012, "leg", "1 cm: a foot that does not leave the floor slides")
    step_gap: float = _limit(0.08, "s", "interruptions of a swing that are noise")
    # locomotion
    move_on: float = _limit(0.35, "leg/s", "0.28 m/s: the slowest walk of a tired person is faster")
    move_off: float = _limit(0.15, "leg/s", "sway of a standing body is slower")
    move_gap: float = _limit(0.35, "s", "a shorter stop is part of the gait")
    move_way: float = _limit(0.3, "leg", "one step to the side and the closing of the feet")
    move_steps: int = _limit(2, "steps", "one step is a change of stance")
    run_unsupported: float = _limit(0.075, "share", "time without a carrying foot: walks 0.06 and less")
    run_clearly: float = _limit(0.16, "share", "a run within a way that is walked on the whole")
    run_surely: float = _limit(2.2, "leg/s", "people change to running at 2.2 to 2.5 (Froude number 0.5)")
    run_double: float = _limit(0.08, "share", "time on both feet; a fast walk has 0.15 and more")
    run_least: float = _limit(0.3, "s", "a fast moment of a walk is shorter")
    run_settles: float = _limit(1.5, "s", "people need about a second to come to a run or out of it")
    walk_clearly: float = _limit(0.04, "share", "a walk within a way that is run on the whole")
    run_speed: float = _limit(1.3, "leg/s", "below it, frames without support are a measuring error")
    gait_window: float = _limit(0.4, "s", "sigma over about two steps: support is a matter of strides")
    gait_least: float = _limit(0.9, "s", "a shorter gait or direction is a transition")
    crouch: float = _limit(0.80, "share of leg", "hips over ankles in a walk stay above 0.88")
    diagonal: float = _limit(15.0, "degrees", "straight walks stray up to 12 degrees from the heading")
    sideways: float = _limit(50.0, "degrees", "beyond it the feet step sideways, not forward")
    walk_slow: float = _limit(0.95, "leg/s", "0.8 m/s; people call it slow")
    walk_fast: float = _limit(1.6, "leg/s", "1.3 m/s; people call it fast")
    run_slow: float = _limit(2.6, "leg/s", "2.1 m/s; a jog")
    run_fast: float = _limit(3.5, "leg/s", "2.9 m/s; a sprint indoors")
    crouch_slow: float = _limit(0.68, "leg/s", "bent legs make shorter steps")
    crouch_fast: float = _limit(1.1, "leg/s", "bent legs make shorter steps")
    side_slow: float = _limit(0.45, "leg/s", "each step is closed before the next")
    side_fast: float = _limit(0.7, "leg/s", "each step is closed before the next")
    backward_pace: float = _limit(0.72, "share", "what is normal forward is fast backward or sideways")
    curve: float = _limit(40.0, "degrees", "change of course that one sees as a bend")
    circle: float = _limit(250.0, "degrees", "change of course that nearly closes")
    zigzag: float = _limit(30.0, "degrees", "each alternating change of course")
    # turns
    turn_on: float = _limit(25.0, "degrees/s", "the hips' residual swing in a walk is slower")
    turn_off: float = _limit(14.0, "degrees/s", "where the turn fades into a curve or sway")
    turn_gap: float = _limit(0.3, "s", "a turn in place pauses between its steps")
    turn_least: float = _limit(30.0, "degrees", "smaller ones are sway or drift")
    feet_late: float = _limit(0.3, "s", "the feet may start before the hips and end after them")
    turn_radius: float = _limit(0.8, "leg", "a tighter bend while walking is always a turn")
    bend_radius: float = _limit(3.0, "leg", "a wider bend is always a curve")
    corner_share: float = _limit(0.8, "share of way", "a bend with straight ways around it is a turn")
    # jumps
    flight: float = _limit(0.05, "leg", "lower foot of a runner stays below in most frames")
    flight_peak: float = _limit(0.08, "leg", "6 cm under both feet")
    flight_time: float = _limit(0.12, "s", "ballistic time of a 2 cm hop")
    hop_lift: float = _limit(0.10, "leg", "the other foot is kept up before and after a hop")
    jump_gap: float = _limit(0.9, "s", "longer pauses make separate events")
    jump_way: float = _limit(0.18, "leg", "15 cm on the floor: jumps on the spot drift less")
    # squat, sit, kneel
    low: float = _limit(0.80, "share of leg", "hips lower than in any gait but a crouch")
    tall: float = _limit(0.88, "share of leg", "hips of a standing or walking person are higher")
    knee_down: float = _limit(0.125, "leg", "a knee joint lies 5 to 10 cm over the floor in a kneel")
    sit_back: float = _limit(0.33, "leg", "hips this far behind the ankles would fall without a seat")
    # torso
    bow: float = _limit(25.0, "degrees", "beyond the lean of a run or a nod")
    bow_end: float = _limit(12.0, "degrees", "back to upright")
    bow_least: float = _limit(0.5, "s", "a nod of the trunk is shorter")
    bend_hand: float = _limit(0.56, "share", "of a hanging hand's height: bent to the floor, not bowed")
    lean_gap: float = _limit(1.4, "s", "slow bows follow each other after such pauses")
    back_bend: float = _limit(12.0, "degrees", "people who stand upright lean back less")
    side_bend: float = _limit(18.0, "degrees", "lean to the side; gaits stay below 10")
    # arms
    hand_up: float = _limit(-0.2, "arm", "wrist about the shoulder's height or higher")
    forearm_up: float = _limit(0.2, "arm", "wrist clearly over the elbow")
    hand_low: float = _limit(-0.45, "arm", "wrist below the elbow of a hanging arm")
    arm_level: float = _limit(0.35, "arm", "within it of the shoulder's height an arm is level")
    arm_out: float = _limit(0.72, "arm", "reach along one axis that only a nearly straight arm has")
    raise_hold: float = _limit(0.25, "s", "a hand that passes through is not raised")
    wave_size: float = _limit(0.10, "arm", "5 cm to and fro of the forearm: no tremor, no sway")
    shy_wave_size: float = _limit(0.015, "arm", "under 1 cm: counts as a wave only if it goes on")
    shy_wave_least: float = _limit(4.0, "cycles", "a held hand trembles, but not for so long")
    wave_regular: float = _limit(0.3, "share", "half periods this near to their median; a tremor has none")
    wave_fast: float = _limit(0.2, "s", "shortest period: faster is jitter")
    wave_slow: float = _limit(1.8, "s", "longest period: slower is a change of pose")
    wave_least: float = _limit(1.5, "cycles", "one to and fro can be an adjustment")
    punch_reach: float = _limit(0.75, "arm", "a nearly straight arm to the front")
    punch_way: float = _limit(0.3, "arm", "how far the fist moves out")
    punch_speed: float = _limit(1.6, "arm/s", "0.9 m/s; an arm that is only moved is slower")
    punch_guard: float = _limit(-0.55, "arm", "a fist that is drawn back to the chest")
    swing_top: float = _limit(0.0, "arm", "a hanging arm swings below its shoulder")
    swing_back: float = _limit(0.0, "arm", "a swing comes back behind the body")
    stretch_lean: float = _limit(18.0, "degrees", "the trunk leans away from an arm that is up")
    reach_lean: float = _limit(9.0, "degrees", "the trunk goes with the arm")
    reach_fold: float = _limit(45.0, "degrees", "beyond it the trunk bends down")
    heel_up: float = _limit(0.022, "leg", "2 cm: standing on the toes")
    throw_ready: float = _limit(0.2, "arm", "a hand beside the head or behind it")
    throw_bent: float = _limit(0.85, "arm", "an arm that is drawn back is bent")
    hands_apart: float = _limit(0.12, "share", "one hand clearly lower than the other")
    carry_ahead: float = _limit(0.35, "arm", "a hand held before the belly; a hanging one is below 0.3")
    aside: float = _limit(45.0, "degrees", "the thing lies to the side, not ahead")
    swing_size: float = _limit(0.45, "arm", "wrist to and fro of a free swing")
    circle_turn: float = _limit(300.0, "degrees", "the arm's way about the shoulder: nearly once round")
    circle_size: float = _limit(0.45, "arm", "distance from the shoulder's axis while circling")
    circle_rate: float = _limit(60.0, "degrees/s", "a circling arm does not rest")
    throw_speed: float = _limit(4.0, "arm/s", "a raised hand that comes down slower is lowered")
    clap_close: float = _limit(0.35, "arm", "wrists of hands that touch")
    clap_open: float = _limit(0.2, "arm", "how far they part between claps")
    crossed: float = _limit(0.08, "arm", "both wrists beyond the middle of the body")
    floor_hand: float = _limit(0.45, "share", "of a hanging hand's height: it reaches for the floor")
    # legs
    kick_lift: float = _limit(0.28, "leg", "23 cm under the ankle")
    kick_reach: float = _limit(0.35, "leg", "ankle this far before, behind or beside the hip")
    kick_bend: float = _limit(55.0, "degrees", "the knee of a leg that kicks is nearly straight")
    kick_speed: float = _limit(2.2, "leg/s", "1.8 m/s; a raised leg moves slower")
    leg_lift: float = _limit(0.2, "leg", "16 cm under the ankle; a step in place is lower")
    lunge_gap: float = _limit(0.72, "leg", "feet farther apart than a long step")
    lunge_step: float = _limit(0.5, "s", "the step into a lunge and the one out of it")
    lunge_bend: float = _limit(45.0, "degrees", "front knee")
    stomp_rate: float = _limit(5.2, "lifts/s", "the foot falls from its height in a seventh of a second")
    # plausibility
    halt: float = _limit(0.06, "leg/s", "slower than anybody holds a pose in the middle of a movement")
    slide_height: float = _limit(0.05, "leg", "a foot this low carries weight or slides")
    float_height: float = _limit(0.08, "leg", "nothing of the body nearer to the floor, and no flight")


LIMITS = Limits()


def table() -> list[tuple[str, float, str, str]]:
    """Name, value, unit and reason of every limit."""
    return [
        (item.name, getattr(LIMITS, item.name), item.metadata["unit"], item.metadata["reason"])
        for item in fields(LIMITS)
    ]
