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
    # on the floor
    folded: float = _limit(-120.0, "degrees", "nobody bends backward so far: such a trunk hangs forward")
    level_trunk: float = _limit(40.0, "degrees", "a seated trunk that leans on its hands is steeper")
    lying: float = _limit(0.32, "share of leg", "hips on the floor; on hands and knees they are at 0.45")
    fours_hand: float = _limit(0.35, "share", "of a hanging hand's height: the hand carries")
    fours_knee: float = _limit(0.2, "leg", "the lower knee; one that is put forward is lifted a little")
    floor_gap: float = _limit(0.4, "s", "a knee or hand that is put forward leaves the pose for less")
    crawl_on: float = _limit(0.18, "leg/s", "0.15 m/s: who waits on hands and knees sways slower")
    crawl_off: float = _limit(0.1, "leg/s", "sway of a body on its hands and knees")
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
    arm_across: float = _limit(0.42, "arm", "beyond the middle of the body, which is 0.3 away")
    raise_hold: float = _limit(0.25, "s", "a hand that passes through is not raised")
    wave_size: float = _limit(0.10, "arm", "5 cm to and fro of the forearm: no tremor, no sway")
    small_wave_size: float = _limit(0.03, "arm", "2 cm: held hands tremble less")
    small_wave_least: float = _limit(3.0, "cycles", "a held hand strays to and fro twice at most")
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
    hold_least: float = _limit(1.0, "s", "an arm that is up from the start for less is being lowered")
    hands_close: float = _limit(0.3, "arm", "wrists of hands that touch, 15 cm")
    hands_kept: float = _limit(0.5, "s", "a hand that passes by rests nowhere")
    reach_down: float = _limit(0.58, "share", "of a hanging hand's height: lower than on the knee")
    akimbo_bent: float = _limit(0.88, "arm", "wrist to shoulder of an arm bent by 55 degrees and more")
    akimbo_inward: float = _limit(0.08, "arm", "the wrist nearer to the body than the elbow")
    akimbo_depth: float = _limit(0.28, "arm", "wrist before or behind the hip joint")
    akimbo_width: float = _limit(0.35, "arm", "wrist beside the hip joint")
    akimbo_low: float = _limit(0.0, "arm", "wrist over the hip joint")
    akimbo_high: float = _limit(0.55, "arm", "below the ribs")
    head_hand: float = _limit(0.38, "arm", "wrist to the head's joint: on the hair, not beside the face")
    knee_hand: float = _limit(0.34, "arm", "wrist to the knee: a palm's length and the kneecap's")
    hand_still: float = _limit(0.6, "arm/s", "a hand that rests on the body moves with it")
    hand_bend: float = _limit(0.36, "leg", "who sinks farther squats, wherever the hands are")
    reach_sink: float = _limit(0.45, "leg", "who sinks farther squats, though one hand hangs lower")
    hand_fold: float = _limit(75.0, "degrees", "beyond it the trunk bends to the floor")
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
    # tempo
    pace_margin: float = _limit(0.15, "s", "a movement begins before it is sure, and ends after it")
    pace_there: float = _limit(0.9, "share of way", "a hand that is nearly there slows down")
    pace_before: float = _limit(1.5, "s", "a hand takes no longer to where it is held")
    pace_around: float = _limit(0.5, "s", "what is before and after the frames that are sure")
    hand_rest: float = _limit(0.15, "arm/s", "8 cm/s: a hand that rests")
    turn_edges: float = _limit(0.4, "s", "what smoothing adds to the two ends of a turn")
    turn_step: float = _limit(45.0, "degrees", "what one step turns; a last one closes the feet")
    # plausibility
    halt: float = _limit(0.06, "leg/s", "slower than anybody holds a pose in the middle of a movement")
    slide_height: float = _limit(0.05, "leg", "a foot this low carries weight or slides")
    float_height: float = _limit(0.08, "leg", "nothing of the body nearer to the floor, and no flight")


LIMITS = Limits()


@dataclass(frozen=True)
class Pace:
    """Below `slow` an action is slow, above `fast` it is fast."""

    slow: float
    fast: float
    unit: str
    reason: str


_OF_SIZE = "peak speed over size, 1/s"
_TIMES = "times a second"
# Between the tempos that people call slow, normal and fast: slow takes 1.4 times as long, fast 0.76 times.
PACES: dict[str, Pace] = {
    "walk": Pace(0.84, 1.45, "leg/s", "0.7 and 1.2 m/s; adults who are in no hurry go at 1.1"),
    "run": Pace(2.6, 3.4, "leg/s", "2.1 m/s is a jog, 2.8 m/s fast for a room"),
    "crouch_walk": Pace(0.67, 1.07, "leg/s", "bent legs make shorter steps"),
    "side_step": Pace(1.9, 2.62, "steps a second", "each step is closed before the next"),
    "crawl": Pace(0.4, 0.7, "leg/s", "0.3 m/s is a careful crawl, 0.6 m/s a hurried one"),
    "turn": Pace(100.0, 120.0, "degrees a second", "a step of 45 degrees takes 0.4 s"),
    "bow": Pace(1.88, 2.36, _OF_SIZE, "down in 0.8 s, and up again"),
    "bend": Pace(1.77, 2.24, _OF_SIZE, "down in 0.8 s, and up again"),
    "pick_up": Pace(1.55, 1.98, _OF_SIZE, "the trunk is down in 1 s"),
    "place": Pace(1.55, 1.98, _OF_SIZE, "the trunk is down in 1 s"),
    "squat": Pace(2.25, 3.0, _OF_SIZE, "the hips are down in 0.7 s"),
    "sit_down": Pace(1.37, 1.87, _OF_SIZE, "the hips are down in 1.1 s"),
    "stand_up": Pace(1.49, 1.98, _OF_SIZE, "from a seat the hips are up in 1 s"),
    "stand_up from kneeling": Pace(1.85, 2.7, _OF_SIZE, "the hips are up in 0.8 s"),
    "stand_up from all fours": Pace(2.6, 3.4, _OF_SIZE, "the hips are up in 0.65 s"),
    "stand_up from lying": Pace(0.3, 0.42, _TIMES, "on the knees, a foot in front, up: in 3 s"),
    "lie_down": Pace(0.25, 0.34, _TIMES, "on the knees, on the hands, on the belly: in 3.5 s"),
    "kneel": Pace(1.31, 1.79, _OF_SIZE, "the hips are down in 1.2 s"),
    "lunge": Pace(2.55, 3.38, _OF_SIZE, "the hips are down in 0.7 s"),
    "raise_leg": Pace(2.83, 3.66, _OF_SIZE, "the foot is up in 0.6 s"),
    "stomp": Pace(3.79, 4.4, _OF_SIZE, "the foot is up in 0.4 s"),
    "kick": Pace(0.665, 0.82, _TIMES, "up and down in 1.3 s"),
    "raise_arm": Pace(2.06, 2.58, _OF_SIZE, "the hand is there in 0.8 s"),
    "lower_arm": Pace(2.05, 2.55, _OF_SIZE, "the hand is down in 0.8 s"),
    "reach": Pace(2.05, 2.6, _OF_SIZE, "the hand is there in 0.8 s"),
    "reach forward": Pace(2.56, 3.2, _OF_SIZE, "the trunk takes a part of the way"),
    "stretch": Pace(1.98, 2.5, _OF_SIZE, "the hand is over the head in 0.9 s"),
    "stretch up": Pace(1.77, 2.23, _OF_SIZE, "the hands are up in 1 s"),
    "cross_arms": Pace(2.02, 2.5, _OF_SIZE, "the hands are there in 0.8 s"),
    "hands_together": Pace(1.82, 2.34, _OF_SIZE, "the hands are there in 0.8 s"),
    "hand_on_hip": Pace(2.0, 2.57, _OF_SIZE, "the hand is there in 0.8 s"),
    "hand_on_head": Pace(1.84, 2.36, _OF_SIZE, "the hand is there in 0.8 s"),
    "hand_on_knee": Pace(2.0, 2.55, _OF_SIZE, "the hand is there in 0.8 s"),
    "wave": Pace(1.44, 1.92, _TIMES, "to and fro in 0.6 s"),
    "swing_arm": Pace(0.92, 1.29, _TIMES, "to and fro in 0.9 s"),
    "circle_arm": Pace(0.79, 1.05, _TIMES, "once round in 1.1 s"),
    "clap": Pace(1.6, 2.36, _TIMES, "every half second"),
    "punch": Pace(2.75, 3.66, _TIMES, "one over the time of the fist near its full reach, 0.3 s"),
}


def pace_word(action: str, value: float) -> str:
    """slow, normal or fast for a pace; empty for an action without one, or if the pace is not known (0)."""
    if action not in PACES or value <= 0:
        return ""
    limit = PACES[action]
    return "slow" if value < limit.slow else "fast" if value > limit.fast else "normal"


def table() -> list[tuple[str, float, str, str]]:
    """Name, value, unit and reason of every limit."""
    return [
        (item.name, getattr(LIMITS, item.name), item.metadata["unit"], item.metadata["reason"])
        for item in fields(LIMITS)
    ]
