"""What the askers share: a build's settings and ledger, and answers as conversations see them."""

from __future__ import annotations

from pathlib import Path

from schemas.config import BuildConfig
from schemas.ledger import Entry
from schemas.llm_settings import LlmSettings
from schemas.places import place
from transforms.llm.asking import Reply


def llm_settings(config: BuildConfig) -> LlmSettings:
    """A build's settings of its language model; ValueError where it has none."""
    if config.llm is None:
        raise ValueError(f"annotator {config.annotator!r} needs a language model: give --model")
    return config.llm


def ledger_folder(config: BuildConfig) -> Path:
    """Where a build's answers are kept."""
    return place(llm_settings(config).ledger or place(config.output) / "ledger")


def reply_of(entry: Entry) -> Reply:
    """What a conversation sees of an answer in the ledger."""
    return Reply(
        entry.key,
        entry.text,
        entry.finish_reason,
        entry.refusal,
        entry.input_tokens,
        entry.output_tokens,
    )
