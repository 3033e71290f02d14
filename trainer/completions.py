"""What a completion holds, however well it keeps the form: motions, rounds, whether it ended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompts.chain import is_strict
from trainer.vocabulary import Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_ASSESS = re.compile(r"\[assess\](.*?)(?:\[/assess\]|$)", re.DOTALL)
_PARTS = re.compile(r"\s*(?:Assessment:)?(.*?)(?:\n\s*Refinement:(.*))?$", re.DOTALL)


@dataclass(frozen=True)
class CompletedRound:
    """A motion of a completion, and what is said of it before the next one."""

    codes: tuple[int, ...]
    assessment: str = ""
    refinement: str = ""


@dataclass(frozen=True)
class Completion:
    """A completion as text and what could be read from it."""

    text: str  # without the end token
    rounds: tuple[CompletedRound, ...]  # of the motions that can be decoded
    ended: bool  # by the end token
    strict: bool  # has the strict format of chains
    bad_motions: int  # without codes or end, or with a code that the motion tokenizer has not

    @property
    def answer(self) -> tuple[int, ...] | None:
        """The codes of the last motion, which is the answer; None where there is none."""
        return self.rounds[-1].codes if self.rounds else None


def read_completion(
    ids: Sequence[int], tokenizer: PreTrainedTokenizerBase, vocabulary: Vocabulary, codes: int
) -> Completion:
    """Read the ids of a completion; `codes` is how many the motion tokenizer has. Raises for nothing.

    Behind `</think>` (the older form repeats the answer there) motions do not count.
    """
    end = tokenizer.eos_token_id
    ended = end in ids
    kept = list(ids[: list(ids).index(end)] if ended else ids)
    text = decode(kept, tokenizer, vocabulary)
    thought = _within_thought(kept, text, tokenizer, vocabulary)
    rounds: list[CompletedRound] = []
    bad = 0
    spans = vocabulary.motion_spans(thought)
    for number, (start, stop) in enumerate(spans):
        found = _motion(thought[start:stop], vocabulary, codes)
        if found is None:
            bad += 1
            continue
        behind = spans[number + 1][0] if number + 1 < len(spans) else len(thought)
        rounds.append(CompletedRound(found, *_said(decode(thought[stop:behind], tokenizer, vocabulary))))
    return Completion(text, tuple(rounds), ended, is_strict(text), bad)


def decode(ids: Sequence[int], tokenizer: PreTrainedTokenizerBase, vocabulary: Vocabulary) -> str:
    """Ids as text; motion tokens stand where they stood, without spaces of the tokenizer's own."""
    parts: list[str] = []
    words: list[int] = []

    def flush() -> None:
        if words:
            parts.append(str(tokenizer.decode(words, clean_up_tokenization_spaces=False)))
            words.clear()

    for token in ids:
        code = vocabulary.code(token)
        if code is None and token not in (vocabulary.start, vocabulary.end):
            words.append(token)
            continue
        flush()
        parts.append(_symbol(token, code, vocabulary))
    flush()
    return "".join(parts)


def _symbol(token: int, code: int | None, vocabulary: Vocabulary) -> str:
    if code is not None:
        return f"<Motion_{code}>"
    return "<Motion>" if token == vocabulary.start else "</Motion>"


def _within_thought(
    ids: Sequence[int], text: str, tokenizer: PreTrainedTokenizerBase, vocabulary: Vocabulary
) -> Sequence[int]:
    """The ids up to `</think>` in their text; all of them where it does not occur."""
    place = text.find("</think>")
    if place < 0:
        return ids
    low, high = 0, len(ids)
    while low < high:  # the shortest beginning whose text reaches it
        middle = (low + high) // 2
        if len(decode(ids[:middle], tokenizer, vocabulary)) > place:
            high = middle
        else:
            low = middle + 1
    return ids[:low]


def _motion(span: Sequence[int], vocabulary: Vocabulary, codes: int) -> tuple[int, ...] | None:
    """The codes of a motion from start to end token; None where it is none that can be decoded."""
    if len(span) < 3 or span[-1] != vocabulary.end:
        return None
    found = [vocabulary.code(token) for token in span[1:-1]]
    if any(code is None or code >= codes for code in found):
        return None
    return tuple(code for code in found if code is not None)


def _said(text: str) -> tuple[str, str]:
    """Assessment and refinement in what follows a motion; empty where they are not told."""
    block = _ASSESS.search(text)
    if block is None:
        return "", ""
    parts = _PARTS.match(block[1])
    return (" ".join(parts[1].split()), " ".join((parts[2] or "").split())) if parts else ("", "")
