"""Examples: what a language model reads of a row, and on which of it the loss falls.

Prompt and answer become tokens apart, as they do when the model is asked; the loss falls on the answer alone,
and in a chain not on any motion before the last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from motion.seeds import generator
from prompts.chain import Chain, chain_source, draw_chain, is_strict, render
from prompts.neutral import neutral
from prompts.tasks import motion_text, render_instruction, render_prompt
from schemas.rows import MotionRef
from trainer.recipe import CHAINS
from trainer.vocabulary import Vocabulary, vocabulary_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100  # the label on which no loss falls
Row = Mapping[str, Any]
TokensOf = Callable[[MotionRef], Sequence[int]]


@dataclass(frozen=True)
class Example:
    """Ids and labels of the same length; a label is its id, or IGNORED."""

    key: str
    task: str
    ids: list[int]
    labels: list[int]


def encode_prompt(tokenizer: PreTrainedTokenizerBase, instruction: str) -> list[int]:
    """Ids of the prompt around an instruction, with the tokenizer's first token where it has one."""
    bos = [] if tokenizer.bos_token_id is None else [int(tokenizer.bos_token_id)]
    return bos + encode_text(tokenizer, render_prompt(instruction, bos=""))


def encode_text(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Ids of a text, without the tokens that a tokenizer puts around."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


class Examples:
    """Makes examples of rows with one tokenizer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, intermediate: int = 4) -> None:
        self.tokenizer = tokenizer
        self.vocabulary: Vocabulary = vocabulary_of(tokenizer)
        self.intermediate = intermediate
        self.end = int(tokenizer.eos_token_id)

    def of_task(self, row: Row, tokens_of: TokensOf, draw: str) -> Example:
        """The example of a stage 1 row; wording and analysis are drawn by the key `draw`."""
        task = row["task"]
        drawn = generator("example", draw, row["example_id"])
        analyses = row["analyses"]
        analysis = analyses[int(drawn.integers(len(analyses)))] if analyses else ""
        slots, answer = _slots_and_answer(row, analysis, tokens_of, self.vocabulary)
        instruction = render_instruction(task, slots, f"{draw}/{row['example_id']}")
        found = answer if isinstance(answer, list) else encode_text(self.tokenizer, answer)
        prompt = encode_prompt(self.tokenizer, instruction)
        labels = [IGNORED] * len(prompt) + found + [self.end]
        return Example(row["example_id"], task, prompt + found + [self.end], labels)

    def of_goal(self, row: Row, tokens_of: TokensOf, draw: str) -> Example:
        """The chain of a stage 2 row, drawn by the key `draw`."""
        return self.of_chain(row["goal_id"], row["caption"], self.chain(row, tokens_of, draw), draw)

    def chain(self, row: Row, tokens_of: TokensOf, draw: str) -> Chain:
        """The chain that the key draws for a stage 2 row."""
        source = chain_source(row, lambda motion: tokens_of(MotionRef(**motion)))
        return draw_chain(source, f"{draw}/{row['goal_id']}", self.intermediate)

    def of_chain(self, goal_id: str, caption: str, chain: Chain, draw: str) -> Example:
        """The example of a chain. ValueError names a goal whose chain has not the strict format."""
        text = render(chain)
        if not is_strict(text):
            raise ValueError(f"{goal_id}: its chain has not the strict format; build the corpus again")
        answer = [*encode_text(self.tokenizer, text), self.end]
        labels = list(answer)
        spans = self.vocabulary.motion_spans(answer)
        if len(spans) != len(chain.rounds):
            raise ValueError(
                f"{goal_id}: the tokenizer reads {len(spans)} motions in a chain of {len(chain.rounds)}; "
                f"give the model the motion vocabulary again"
            )
        for start, stop in spans[:-1]:
            labels[start:stop] = [IGNORED] * (stop - start)
        prompt = encode_prompt(self.tokenizer, chain_instruction(goal_id, caption, draw))
        return Example(goal_id, CHAINS, prompt + answer, [IGNORED] * len(prompt) + labels)


def chain_instruction(goal_id: str, caption: str, draw: str) -> str:
    """The instruction that asks for a chain, its wording drawn by the key."""
    return render_instruction(CHAINS, {"caption": caption}, f"{draw}/{goal_id}")


def _slots_and_answer(
    row: Row, analysis: str, tokens_of: TokensOf, vocabulary: Vocabulary
) -> tuple[dict[str, str], str | list[int]]:
    """What fills the slots of a task's instruction, and its answer: a text, or the ids of a motion."""

    def shown() -> str:
        return motion_text(tokens_of(MotionRef(**row["motion"])))

    def goal() -> list[int]:
        return vocabulary.ids(tokens_of(MotionRef(**row["goal_motion"])))

    caption = row["caption"]
    task = row["task"]
    if task == "m2t_motion_caption":
        return {"motion": shown()}, neutral(caption)
    if task == "t2m_direct_generation":
        return {"caption": caption}, goal()
    if task == "t2t_prompt_analysis":
        return {"caption": caption}, neutral(analysis)
    if task == "t2m_detailed_prompt_generation":
        return {"analysis": analysis}, goal()
    both = {"motion": shown(), "caption": caption}
    if task == "tm2t_assessment_analysis":
        return both, neutral(row["assessment"])
    if task == "tm2t_refinement_instruction":
        return both, neutral(row["refinement"])
    if task == "tm2m_direct_refinement":
        return both, goal()
    if task == "tm2m_instructed_motion_refinement":
        return {**both, "instruction": row["refinement"]}, goal()
    raise ValueError(f"{row['example_id']}: unknown task {task!r}; build the corpus again")
