"""Perturbations: a motion altered in a known way, with the truth about what that broke.

`applicable` names the operations that change something visible in a clip, `apply` does one,
`propose` draws perturbed versions from strong to weak, `propose_one` a single one.
"""

from motion.perturb.edit import Edit, Subject, edit
from motion.perturb.operations import OPERATIONS, applicable, apply, perform
from motion.perturb.propose import propose, propose_one

PERTURB_VERSION = 2  # raised when the same key may give another motion

__all__ = [
    "OPERATIONS",
    "PERTURB_VERSION",
    "Edit",
    "Subject",
    "applicable",
    "apply",
    "edit",
    "perform",
    "propose",
    "propose_one",
]
