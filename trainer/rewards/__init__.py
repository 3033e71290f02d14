"""Rewards of stage 3 by their names: pure functions of a rollout. Nothing heavy is imported here."""

from __future__ import annotations

from trainer.rewards.measured import facts
from trainer.rewards.process import (
    best_round,
    first_round,
    last_round,
    mean_round,
    not_worse,
    single_refinement,
)
from trainer.rewards.published import motion, strict_format, text
from trainer.rewards.rollout import Reward

__all__ = ["REWARDS"]

# A reward that recipes may name: a function here, a line here.
REWARDS: dict[str, Reward] = {
    "strict_format": strict_format,
    "text": text,
    "motion": motion,
    "best_round": best_round,
    "mean_round": mean_round,
    "first_round": first_round,
    "last_round": last_round,
    "not_worse": not_worse,
    "single_refinement": single_refinement,
    "facts": facts,
}
