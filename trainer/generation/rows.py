"""What was made, as rows of the tables of generations, and counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from motion.tokenizer import MotionTokenizer
from trainer.generation.modes import Item, Made

Row = dict[str, Any]
COUNTS = ("completions", "moving", "ended", "strict", "rounds", "cut", "bad_motions", "tokens")


def table_rows(
    items: Sequence[Item], made: Sequence[Made], model: str, mode: str, tokenizer: MotionTokenizer
) -> tuple[list[Row], list[Row]]:
    """Rows of `generations` and of `rounds`, these with their decoded features.

    In mode robust the first round is the injected one.
    """
    generations, rounds = [], []
    features = iter(tokenizer.decode([one.codes for what in made for one in what.rounds]))
    for item, what in zip(items, made, strict=True):
        parts = (item.goal_id, item.shown_id, f"s{item.sample}")
        name = "-".join(part for part in parts if part)
        generations.append(_generation(item, what, name, model, mode))
        for number, one in enumerate(what.rounds):
            clip = next(features)
            rounds.append(
                {
                    "generation_id": name,
                    "round": number,
                    "injected": mode == "robust" and number == 0,
                    "tokens": list(one.codes),
                    "assessment": one.assessment,
                    "refinement": one.refinement,
                    "frames": len(clip),
                    "features": clip,
                }
            )
    return generations, rounds


def _generation(item: Item, made: Made, name: str, model: str, mode: str) -> Row:
    return {
        "generation_id": name,
        "model": model,
        "mode": mode,
        "goal_id": item.goal_id,
        "split": item.split,
        "caption": item.caption,
        "sample": item.sample,
        "shown_id": item.shown_id,
        "shown": item.shown.as_dict(),
        "text": made.text,
        "answer": made.answer,
        "verdict": made.verdict,
        "rounds": len(made.rounds),
    }


def counted(made: Sequence[Made], mode: str, tokens: int) -> dict[str, int]:
    """Numbers of what was made, by the names of COUNTS; an injected motion makes no completion moving."""
    given = 1 if mode == "robust" else 0
    return {
        "completions": len(made),
        "moving": sum(len(one.rounds) > given for one in made),
        "ended": sum(one.ended for one in made),
        "strict": sum(one.strict for one in made),
        "rounds": sum(len(one.rounds) for one in made),
        "cut": sum(one.cut for one in made),
        "bad_motions": sum(one.bad_motions for one in made),
        "tokens": tokens,
    }


def summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Counts of several parts together."""
    total = dict.fromkeys(COUNTS, 0)
    for one in counts:
        for name in COUNTS:
            total[name] += one[name]
    return total
