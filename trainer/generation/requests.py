"""What scripts ask of a model: a continuation, or how likely one is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ends:
    """What ends a row, beside the end token and the most tokens that it may have."""

    token: int = -1  # behind this one
    motions: int = -1  # with the <Motion> beyond so many; -1: any number
    text: str = ""  # behind this text


NO_ENDS = Ends()


@dataclass(frozen=True)
class Ask:
    """A prompt to be continued; equal asks have equal answers: new ids, the end token included."""

    prompt: tuple[int, ...]
    seed: int  # of the row's noise
    most: int  # new tokens; none are made where it is below 1
    ends: Ends = NO_ENDS


@dataclass(frozen=True)
class Weigh:
    """A continuation whose log-likelihood in nats is asked for; neither part is empty."""

    context: tuple[int, ...]
    tail: tuple[int, ...]
