"""What each mode asks of a model, turn by turn, and what becomes of its completions.

A mode is a script: a generator that yields a request, is sent its answer, and returns what was made. Scripts
know tokens and texts, no network: `converse` answers many of them side by side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from motion.seeds import seed
from prompts.chain import is_strict, plans
from prompts.neutral import neutral
from prompts.tasks import motion_text, render_instruction
from schemas.rows import MotionRef
from trainer.completions import CompletedRound, Completion, decode, read_completion
from trainer.examples import encode_prompt, encode_text
from trainer.generation.requests import NO_ENDS, Ask, Ends, Weigh
from trainer.recipe import CHAINS
from trainer.vocabulary import MOTION_END, Vocabulary

NOTHING = MotionRef("", "", 0, 0)


@dataclass(frozen=True)
class Item:
    """A completion to be made: its goal, its number among those of the goal, the motion that is shown."""

    goal_id: str
    split: str
    caption: str
    sample: int = 0
    shown_id: str = ""
    shown: MotionRef = field(default=NOTHING)
    codes: tuple[int, ...] = ()  # of the shown motion


@dataclass(frozen=True)
class Made:
    """What came of an item."""

    text: str
    rounds: tuple[CompletedRound, ...] = ()
    answer: str = ""  # mode caption
    verdict: float = math.nan  # mode judge
    ended: bool = False  # by itself, not by a limit
    strict: bool = False
    cut: bool = False  # at the limit of rounds
    bad_motions: int = 0


Script = Generator[Ask | Weigh, Any, Made]


@dataclass(frozen=True)
class Language:
    """A model's language and the settings of its completions, without the model."""

    tokenizer: Any
    vocabulary: Vocabulary
    codes: int  # of the motion tokenizer
    seed: int = 0
    most: int = 1024  # new tokens of a completion
    rounds: int = 0  # of a chain, an injected one among them; 0: any number

    def prompt(self, item: Item, task: str, **slots: str) -> tuple[int, ...]:
        """Ids of a task's prompt; equal goals get equal wordings."""
        draw = f"generate {self.seed} {item.goal_id}"
        return tuple(encode_prompt(self.tokenizer, render_instruction(task, slots, draw)))

    def ask(self, item: Item, turn: int, prompt: Sequence[int], made: int = 0, ends: Ends = NO_ENDS) -> Ask:
        """A turn of an item, of whose completion so many tokens are made already."""
        noise = seed("generate", self.seed, item.goal_id, item.sample, turn)
        return Ask(tuple(prompt), noise, self.most - made, ends)

    def read(self, ids: Sequence[int]) -> Completion:
        """What a completion holds."""
        return read_completion(ids, self.tokenizer, self.vocabulary, self.codes)

    def text(self, ids: Sequence[int]) -> str:
        """Ids as text."""
        return decode(ids, self.tokenizer, self.vocabulary)

    def encode(self, text: str) -> tuple[int, ...]:
        """Ids of a part of an answer."""
        return tuple(encode_text(self.tokenizer, text))

    def before_motion(self, ids: Sequence[int]) -> tuple[int, ...]:
        """Ids up to the first motion or the end token."""
        stops = (self.vocabulary.start, self.tokenizer.eos_token_id)
        return tuple(ids[: next((place for place, token in enumerate(ids) if token in stops), len(ids))])


def direct(item: Item, language: Language) -> Script:
    """Direct generation: one motion; of several the last, as everywhere."""
    said = yield language.ask(item, 0, language.prompt(item, "t2m_direct_generation", caption=item.caption))
    read = language.read(said)
    return replace(_made(read), rounds=read.rounds[-1:])


def refine(item: Item, language: Language) -> Script:
    """Direct generation, an instruction how to refine the motion, the refined motion."""
    first = yield from direct(item, language)
    if not first.rounds:
        return first
    shown = {"motion": motion_text(first.rounds[0].codes), "caption": item.caption}
    said = yield language.ask(item, 1, language.prompt(item, "tm2t_refinement_instruction", **shown))
    told = language.read(said)
    instruction = neutral(told.text)
    begun = replace(
        first,
        text=f"{first.text}\n{told.text}",
        rounds=(replace(first.rounds[0], refinement=instruction),),
        ended=first.ended and told.ended,
    )
    if not instruction:
        return begun
    task = "tm2m_instructed_motion_refinement"
    said = yield language.ask(item, 2, language.prompt(item, task, **shown, instruction=instruction))
    last = language.read(said)
    return replace(
        begun,
        text=f"{begun.text}\n{last.text}",
        rounds=(*begun.rounds, *last.rounds[-1:]),
        ended=begun.ended and last.ended,
        bad_motions=begun.bad_motions + last.bad_motions,
    )


def chain(item: Item, language: Language) -> Script:
    """A chain, with at most so many rounds."""
    said = yield language.ask(
        item, 0, _chain_prompt(item, language), ends=Ends(motions=language.rounds or -1)
    )
    return _limited(said, language)


def chain_first(item: Item, language: Language) -> Script:
    """A chain up to its first motion."""
    ends = Ends(token=language.vocabulary.end)
    said = yield language.ask(item, 0, _chain_prompt(item, language), ends=ends)
    read = language.read(said)
    return replace(_made(read), rounds=read.rounds[:1], ended=read.ended or ends.token in said)


def robust(item: Item, language: Language) -> Script:
    """A chain into which the shown motion is put as the first; behind the model's own analysis."""
    prompt = _chain_prompt(item, language)
    said = yield language.ask(item, 0, prompt, ends=Ends(token=language.vocabulary.start))
    head = language.before_motion(said)
    mouth = language.vocabulary.ids(item.codes)
    ends = Ends(motions=language.rounds - 1)
    rest = yield language.ask(item, 1, (*prompt, *head, *mouth), len(said), ends)
    # Read from the motion on: whatever was said before, it is the first.
    made = _limited((*mouth, *rest), language)
    text = language.text(head) + made.text
    return replace(made, text=text, strict=is_strict(text))


def caption(item: Item, language: Language) -> Script:
    """The shown motion in words."""
    said = yield language.ask(
        item, 0, language.prompt(item, "m2t_motion_caption", motion=motion_text(item.codes))
    )
    read = language.read(said)
    return replace(_made(read), rounds=(), answer=neutral(read.text))


def judge(item: Item, language: Language) -> Script:
    """Whether a chain would end with the shown motion or refine it: log-odds of these two plans.

    Both follow the model's own analysis and its own assessment of the motion. The noise is that of goal and
    sample: the motions of a goal are judged behind the same analysis, with the same luck.
    """
    prompt = _chain_prompt(item, language)
    said = yield language.ask(item, 0, prompt, ends=Ends(token=language.vocabulary.start))
    head = language.text(language.before_motion(said))
    text = f"{head}{motion_text(item.codes)}[/generate]\n[plan]{plans()['assess']}[/plan]\n[assess]"
    asked = (*prompt, *language.encode(text))
    told = yield language.ask(item, 1, asked, len(said), Ends(text="[/assess]"))
    assessment, closed, _ = language.read(told).text.partition("[/assess]")
    text = f"{text}{assessment}[/assess]\n"
    finish, refine_it = (
        (*prompt, *language.encode(f"{text}[plan]{plans()[kind]}[/plan]\n")) for kind in ("finish", "refine")
    )
    first, second = contrast(finish, refine_it)
    verdict = (yield first) - (yield second)
    return Made(text, verdict=round(verdict, 3), ended=bool(closed))  # below it, batches differ


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[Weigh, Weigh]:
    """What tells two texts apart: the ids of each without those that both begin or end with.

    ValueError where one is how the other begins.
    """
    least = min(len(one), len(other))
    start = next((place for place in range(least) if one[place] != other[place]), least)
    if start == least:
        raise ValueError(f"two continuations of {len(one)} and {len(other)} tokens do not differ in any")
    same = 0
    while same < least - start - 1 and one[-1 - same] == other[-1 - same]:
        same += 1
    first, second = (Weigh(ids[:start], ids[start : len(ids) - same]) for ids in (one, other))
    return first, second


def _chain_prompt(item: Item, language: Language) -> tuple[int, ...]:
    return language.prompt(item, CHAINS, caption=item.caption)


def _made(read: Completion) -> Made:
    return Made(read.text, read.rounds, ended=read.ended, strict=read.strict, bad_motions=read.bad_motions)


def _limited(ids: Sequence[int], language: Language) -> Made:
    """A chain cut behind the last round that it may have."""
    starts = [place for place, token in enumerate(ids) if token == language.vocabulary.start]
    if not language.rounds or len(starts) <= language.rounds:
        return _made(language.read(ids))
    read = language.read(ids[: starts[language.rounds]])
    return replace(_made(read), text=_finished(read.text), cut=True)


def _finished(text: str) -> str:
    """A text up to the end of its last round: the close of its assessment, else of its motion."""
    place = text.rfind(MOTION_END)
    for close in ("[/assess]", "[/generate]", MOTION_END):
        found = text.find(close, max(place, 0))
        if found >= 0:
            return text[: found + len(close)]
    return text


SCRIPTS: dict[str, Callable[[Item, Language], Script]] = {
    "direct": direct,
    "refine": refine,
    "chain": chain,
    "chain-first": chain_first,
    "robust": robust,
    "caption": caption,
    "judge": judge,
}
