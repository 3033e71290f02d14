"""Instructions of the training tasks: wordings from data files, slots filled, prompt put around."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from motion.seeds import generator
from prompts.neutral import neutral
from prompts.resources import digest, load

__all__ = ["SLOTS", "digest", "motion_text", "render_instruction", "render_prompt", "system", "wordings"]

CODES = 512

# The slots that every wording of a task names, each once.
SLOTS: dict[str, tuple[str, ...]] = {
    "m2t_motion_caption": ("motion",),
    "t2m_direct_generation": ("caption",),
    "t2t_prompt_analysis": ("caption",),
    "t2m_detailed_prompt_generation": ("analysis",),
    "tm2t_assessment_analysis": ("motion", "caption"),
    "tm2t_refinement_instruction": ("motion", "caption"),
    "tm2m_direct_refinement": ("motion", "caption"),
    "tm2m_instructed_motion_refinement": ("motion", "caption", "instruction"),
    "unified_mogen_cot": ("caption",),
}

_SLOT = re.compile(r"\{(\w+)\}")
_MOTION = re.compile(r"<Motion>(?:<Motion_[0-9]{1,3}>)+</Motion>")


@cache
def wordings(task: str) -> tuple[str, ...]:
    """Every instruction wording of a task, with named slots; ValueError for an unknown task.

    A wording whose slots are not the task's is an error that names the file.
    """
    if task not in SLOTS:
        raise ValueError(f"unknown task {task!r}: choose one of {', '.join(SLOTS)}")
    file = f"{_stage(task)}_{task}.yaml"
    found = tuple(str(wording) for wording in load("templates", file)["wordings"])
    for wording in found:
        if sorted(_SLOT.findall(wording)) != sorted(SLOTS[task]):
            raise ValueError(f"prompts/templates/{file}: {wording!r} must have the slots {SLOTS[task]}")
    return found


def render_instruction(task: str, slots: Mapping[str, str], draw: str) -> str:
    """One wording of the task, drawn by the key `draw`, with its slots filled.

    `motion` must be what `motion_text` makes; every other slot is neutralised. ValueError names a
    slot that is missing, superfluous, empty or no motion.
    """
    wanted = SLOTS.get(task, ())
    choices = wordings(task)
    if set(slots) != set(wanted):
        raise ValueError(f"{task} takes the slots {', '.join(wanted)}; given: {', '.join(slots) or 'none'}")
    values = {name: _slot(task, name, text) for name, text in slots.items()}
    wording = choices[int(generator("instruction", task, draw).integers(len(choices)))]
    return _SLOT.sub(lambda match: values[match[1]], wording)


def system() -> str:
    """The system sentence that opens every prompt."""
    return str(load("templates", "prompt.yaml")["system"])


def render_prompt(instruction: str, bos: str = "<bos>") -> str:
    """The whole prompt: `bos` is the base model's first token, empty where its tokenizer adds it."""
    form = str(load("templates", "prompt.yaml")["form"])
    values = {"bos": bos, "system": system(), "instruction": instruction}
    return _SLOT.sub(lambda match: values[match[1]], form)


def motion_text(tokens: Sequence[int]) -> str:
    """Motion tokens as text; ValueError when there are none or one is not within 0..511."""
    if len(tokens) == 0:
        raise ValueError("a motion has at least one token; got none")
    for token in tokens:
        if not 0 <= token < CODES:
            raise ValueError(f"motion token {token} is not within 0..{CODES - 1}")
    return "<Motion>" + "".join(f"<Motion_{int(token)}>" for token in tokens) + "</Motion>"


def _stage(task: str) -> str:
    return "stage2" if task == "unified_mogen_cot" else "stage1"


def _slot(task: str, name: str, text: str) -> str:
    if name == "motion":
        if not _MOTION.fullmatch(text):
            raise ValueError(f"{task}: slot 'motion' must come from motion_text, it is {text[:60]!r}")
        return text
    clean = neutral(text)
    if not clean:
        raise ValueError(f"{task}: slot {name!r} is empty")
    return clean
