"""All operations by name, which of them a clip allows, and doing one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motion.features import canonical
from motion.perturb import body, limbs, noise, parts, path, timing
from motion.perturb.edit import Edit, Float, Operation, Outcome, Parameters, Subject
from motion.retarget import impose_lengths

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        body.MIRROR,
        body.REVERSE,
        timing.FASTER,
        timing.SLOWER,
        timing.CUT_BEGINNING,
        timing.CUT_END,
        parts.CUT_ACTION,
        parts.REPEAT_CYCLE,
        parts.DROP_CYCLE,
        limbs.FREEZE,
        limbs.DAMP,
        limbs.EXAGGERATE,
        limbs.SWAP_SIDES,
        path.TURN_PATH,
        path.TURN_HEADING,
        path.SHORTEN,
        path.LENGTHEN,
        timing.PAUSE,
        parts.SWAP_PARTS,
        parts.SPLICE,
        noise.JITTER,
        noise.SKATING,
    )
}


def applicable(subject: Subject, donor: Subject | None) -> list[str]:
    """Names of the operations that would change something visible, in a fixed order."""
    return [name for name, operation in OPERATIONS.items() if operation.targets(subject, donor)]


def apply(
    operation: str, subject: Subject, donor: Subject | None, rng: np.random.Generator
) -> tuple[NDArray[np.float32], Edit]:
    """Do one operation at a drawn place and strength: joints (T', J, 3) in canonical form, edit.

    ValueError when the operation is unknown or not applicable to this subject.
    """
    found = OPERATIONS.get(operation)
    if found is None:
        raise ValueError(f"unknown operation {operation!r}: choose one of {', '.join(OPERATIONS)}")
    targets = found.targets(subject, donor)
    if not targets:
        raise ValueError(f"{operation} would change nothing visible here: ask `applicable` first")
    target = targets[int(rng.integers(len(targets)))]
    parameters = found.draw(subject, target, rng, float(rng.random()))
    result = perform(operation, subject, donor, parameters)
    return result.joints, Edit(operation, parameters, tuple(c.difference for c in result.changes))


def perform(operation: str, subject: Subject, donor: Subject | None, parameters: Parameters) -> Outcome:
    """Do what recorded parameters say: with the same subject and donor the same result again."""
    done = OPERATIONS[operation].perform(subject, donor, parameters)
    joints, sources = _finished(done.joints, done.sources, subject)
    return Outcome(joints, sources, done.events, done.changes, done.extra)


def _finished(
    joints: Float, sources: NDArray[np.float64], subject: Subject
) -> tuple[Float, NDArray[np.float64]]:
    """The subject's bone lengths, feet above the floor, the least length, canonical form."""
    joints = impose_lengths(joints, subject.skeleton, subject.lengths)
    floor = subject.joints[..., 1].min()
    joints[..., 1] += np.maximum(floor - joints[..., 1].min(axis=1), 0)[:, None]
    # Joints recovered from features are one frame short of making as many features again.
    lacking = subject.skeleton.min_frames + 1 - len(joints)
    if lacking > 0:
        joints = np.concatenate([joints, np.repeat(joints[-1:], lacking, axis=0)])
        sources = np.concatenate([sources, np.repeat(sources[-1:], lacking)])
    return canonical(joints, subject.skeleton), sources
