"""What a build was asked for, and which of its settings make the corpus what it is.

A setting that counts is part of the corpus' fingerprint: another value is another corpus. One that
does not count is named here with the reason, so that nobody has to guess.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from schemas.fingerprint import fingerprint
from schemas.llm_settings import LlmSettings

CONFIG_VERSION = 1

# Annotators that give the same answers, fetched in another way: they share the first one's identity.
_SAME_ANSWERS = {"openai-batch": "openai"}


def _free(why: str, **options: Any) -> Any:
    """A setting that does not count, with the reason."""
    return field(metadata={"free": why}, **options)


@dataclass(frozen=True)
class BuildConfig:
    """Settings of one build. Those marked with a reason do not change a byte of the corpus."""

    input: str = _free("only the files' content counts, wherever they are", default="")
    output: str = _free("a corpus may be copied", default="")
    dataset: str = ""  # name that goes into goal ids
    skeleton: str = "t2m"
    ladder: int = 4  # intermediate motions of a goal
    perturbed: int = 2  # how many of them are perturbed rather than retrieved, where both can be had
    wordings: int = 4  # of a goal's analysis
    annotator: str = "kinematic"
    alignment: str = "facts"
    embedder: str = _free("only the embedder's fingerprint counts, wherever it lies", default="")
    embedder_fingerprint: str = ""  # of the embedder that aligns; empty where facts do
    keep_contradicted: bool = False  # goals whose caption their motion contradicts
    seed: int = 0
    shards: int = 1  # follows from the number of clips: clips stay in the shard of their id
    buckets: tuple[tuple[str, int], ...] = ()  # of the ladder's search, by split; likewise
    llm: LlmSettings | None = _free(  # noqa: RUF009 (a field, not a value)
        "what counts of it stands in the annotator's identity", default=None
    )

    def identity(self) -> dict[str, Any]:
        """The settings that count, flat, for JSON; `openai-batch` is `openai`, for it answers the same."""
        values = {
            setting.name: _plain(getattr(self, setting.name))
            for setting in dataclasses.fields(self)
            if "free" not in setting.metadata
        }
        if not self.embedder_fingerprint:
            del values["embedder_fingerprint"]  # corpora aligned by facts are what they were before it came
        return values | {"annotator": _SAME_ANSWERS.get(self.annotator, self.annotator)}

    @property
    def fingerprint(self) -> str:
        """Hash of the settings that count."""
        return fingerprint("build", CONFIG_VERSION, self.identity())


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def settings() -> list[tuple[str, bool, str]]:
    """Every setting: its name, whether it counts, and why not."""
    return [
        (setting.name, "free" not in setting.metadata, setting.metadata.get("free", ""))
        for setting in dataclasses.fields(BuildConfig)
    ]


def config(values: dict[str, Any], input_path: str, output_path: str) -> BuildConfig:
    """The BuildConfig of an identity that was written to a corpus."""
    known = {setting.name for setting in dataclasses.fields(BuildConfig)}
    unknown = set(values) - known
    if unknown:
        raise ValueError(f"unknown settings {sorted(unknown)}: written by another version of irmogen")
    values = dict(values)
    values["buckets"] = tuple((split, count) for split, count in values.get("buckets", []))
    return BuildConfig(input=input_path, output=output_path, **values)
