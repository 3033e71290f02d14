"""The annotator that asks a language model: a goal's answers become its annotations, or none do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from evaluators.answer_checks import ANSWER_CHECKS_VERSION, Fault
from prompts.requests import requests_digest
from schemas.answers import ANSWERS_VERSION
from schemas.llm_settings import LlmSettings
from transforms.annotators import (
    Annotations,
    Author,
    GoalView,
    KinematicAnnotator,
    NotWritten,
    Written,
    not_written,
)
from transforms.llm.asking import Asker, AskerError, PendingError, StoppedError
from transforms.llm.conversation import Outcome, converse, count, details
from transforms.llm.judging import ANALYSIS, GOAL, judge, questions

VERSION = 1  # raised when the same answers may become other rows
NAME = "openai"  # also of answers that came in batches: they are the same

T = TypeVar("T")

# Not a goal's fault: the run is stopping, answers come later, the ledger's disk refuses, or what asks is
# broken. The first wins.
_NOT_THE_GOALS = (StoppedError, PendingError, OSError, AskerError)


class OpenAIAnnotator:
    """Asks a model for analyses and assessments, checks its answers, and asks again for faulty ones."""

    name = NAME

    def __init__(self, settings: LlmSettings, asker: Callable[[], Asker]) -> None:
        self.model = settings.model
        self._settings = settings
        self._asker = asker  # called when there is something to ask
        self._fallback = KinematicAnnotator() if settings.fallback else None

    def identity(self) -> dict[str, Any]:
        """Model, sampling, prompts and checks; not how the model is reached."""
        values = {"annotator": self.name, "version": VERSION, **self._settings.identity()}
        values |= {"prompts": self.prompt_hash(), "answers": ANSWERS_VERSION}
        values |= {"answer checks": ANSWER_CHECKS_VERSION}
        fallback = self._fallback.identity() if self._fallback else {}
        return values | {f"fallback's {key}": value for key, value in fallback.items()}

    def prompt_hash(self) -> str:
        """Hash of the template files and of what renders them."""
        return requests_digest()

    def annotate(self, views: Sequence[GoalView], wordings: int) -> list[Annotations]:
        """For each goal its analyses, then the assessments of its motion and of each candidate.

        The asker's `run` is called once for all views: an asker that gathers sees all that is missing.
        """
        if not views:
            return []
        asker = self._asker()
        return asker.run(self._annotate(asker, views, wordings))

    async def _annotate(self, asker: Asker, views: Sequence[GoalView], wordings: int) -> list[Annotations]:
        # More goals than can be in flight would only be rendered early, and hold the event loop meanwhile.
        room = asyncio.Semaphore(self._settings.concurrency)

        async def within(view: GoalView) -> Annotations:
            async with room:
                written = await self._goal(asker, view, wordings)
            lost = isinstance(written, NotWritten)
            count(asker, left_out=int(lost), goals=int(not lost))
            return written

        return _settled(await asyncio.gather(*map(within, views), return_exceptions=True))

    async def _goal(self, asker: Asker, view: GoalView, wordings: int) -> Annotations:
        try:
            asked = questions(view, wordings, self._settings.requests)
            asks = self._settings.asks
            talks = [converse(asker, question, partial(judge, view, question), asks) for question in asked]
            outcomes = _settled(await asyncio.gather(*talks, return_exceptions=True))
            return self._joined(view, wordings, outcomes)
        except _NOT_THE_GOALS:
            raise
        except Exception as error:
            return not_written(error)

    def _joined(self, view: GoalView, wordings: int, outcomes: Sequence[Outcome]) -> Annotations:
        failed = [each for each in outcomes if each.faults and not (self._fallback and each.answered)]
        if failed:
            return _dead(failed)
        parts = {part: made for outcome in outcomes for part, made in outcome.accepted.items()}
        order = (ANALYSIS, GOAL, *(candidate.candidate_id for candidate in view.candidates))
        return [each for part in order for each in parts.get(part) or self._other(view, wordings, part)]

    def _other(self, view: GoalView, wordings: int, part: str) -> list[Written]:
        """The fallback's annotations of a part, marked as its."""
        other = self._fallback
        if other is None:
            raise RuntimeError(f"{view.goal_id}: part {part!r} has neither an answer nor a fault")
        if part == ANALYSIS:
            made = other.analyse(view, wordings)
        elif part == GOAL:
            made = [other.assess_goal(view)]
        else:
            made = [other.assess(view, next(c for c in view.candidates if c.candidate_id == part))]
        author = Author(other.name, other.model, other.prompt_hash())
        return [replace(each, author=author) for each in made]


def _dead(failed: Sequence[Outcome]) -> NotWritten:
    """Why a goal has no annotations; all answers of what failed are named, to be asked for anew."""
    first = next(iter(failed[0].faults.values()))[0]
    found = {part: faults for outcome in failed for part, faults in outcome.faults.items()}
    keys = [key for outcome in failed for key in outcome.keys]
    return NotWritten(first.code, _told(found), {"requests": keys})


def _told(faults: dict[str, list[Fault]]) -> str:
    parts = [f"{part or 'goal motion'}: {' '.join(details({part: found}))}" for part, found in faults.items()]
    return "; ".join(parts)


def _settled(found: Sequence[T | BaseException]) -> list[T]:
    """Results, unless there are errors among them: then one is raised, that the run ends by before others."""
    errors = [each for each in found if isinstance(each, BaseException)]
    for kind in (*_NOT_THE_GOALS, BaseException):
        for error in errors:
            if isinstance(error, kind):
                raise error
    return [each for each in found if not isinstance(each, BaseException)]
