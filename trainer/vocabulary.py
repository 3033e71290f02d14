"""The motion vocabulary of a language model: its tokens, their ids, and the rows that they get."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prompts.tasks import CODES

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

MOTION_START, MOTION_END = "<Motion>", "</Motion>"


def code_token(code: int) -> str:
    """The token of a motion code."""
    return f"<Motion_{code}>"


TOKENS = (MOTION_START, MOTION_END, *(code_token(code) for code in range(CODES)))  # in their published order


@dataclass(frozen=True)
class Vocabulary:
    """Ids of the motion vocabulary in one tokenizer: start, end, then the codes in a row."""

    start: int
    end: int
    first_code: int

    def code(self, token: int) -> int | None:
        """The motion code of a token id; None where it is none."""
        code = token - self.first_code
        return code if 0 <= code < CODES else None

    def ids(self, codes: Iterable[int]) -> list[int]:
        """Token ids of a motion: start, codes, end."""
        return [self.start, *(self.first_code + int(code) for code in codes), self.end]

    def motion_spans(self, ids: Sequence[int]) -> list[tuple[int, int]]:
        """Where motions lie in ids, from their start token to behind their end token.

        A motion that has no end reaches to the next start, or to the end of the ids.
        """
        spans: list[tuple[int, int]] = []
        opened = -1
        for place, token in enumerate(ids):
            if token == self.start:
                if opened >= 0:
                    spans.append((opened, place))
                opened = place
            elif token == self.end and opened >= 0:
                spans.append((opened, place + 1))
                opened = -1
        return [*spans, (opened, len(ids))] if opened >= 0 else spans


def vocabulary_of(tokenizer: PreTrainedTokenizerBase) -> Vocabulary:
    """The motion vocabulary of a tokenizer; ValueError where it has none, or not all of it in a row."""
    ids: list[Any] = list(tokenizer.convert_tokens_to_ids(list(TOKENS)))  # type: ignore[arg-type]
    unknown = tokenizer.unk_token_id
    if any(token is None or token == unknown for token in ids):
        raise ValueError(
            f"{tokenizer.name_or_path}: the tokenizer has no motion vocabulary; train on from a model of "
            f"`irmogen train base`, or give one of `irmogen import-checkpoint`"
        )
    first = ids[2]
    if ids[2:] != list(range(first, first + CODES)):
        raise ValueError(f"{tokenizer.name_or_path}: the motion codes are not in a row in the tokenizer")
    return Vocabulary(ids[0], ids[1], first)


def add_motion_vocabulary(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Give a model and its tokenizer the motion vocabulary; returns how many tokens were new.

    New rows of both embeddings are the mean of the old ones, as Hewitt (2021) advises for a vocabulary that
    grows: the new tokens begin as likely as an average one, where random rows would take all probability.
    Rows that a model holds beyond its tokenizer's length count as new.
    """
    import torch

    known = len(tokenizer)
    added = tokenizer.add_tokens(list(TOKENS))
    if not added:
        return 0
    rows = len(_embeddings(model)[0].weight)
    if len(tokenizer) > rows:
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    tables = {id(table.weight): table.weight for table in _embeddings(model)}
    with torch.no_grad():
        for weight in tables.values():
            weight[known : len(tokenizer)] = weight[:known].float().mean(dim=0).to(weight.dtype)
    return int(added)


def _embeddings(model: PreTrainedModel) -> list[Any]:
    return [
        table for table in (model.get_input_embeddings(), model.get_output_embeddings()) if table is not None
    ]
