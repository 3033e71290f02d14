"""Who writes the annotations: one interface, looked up by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from evaluators.annotation_checks import Checked
from evaluators.support import support
from motion.events import Difference, Event
from motion.facts import Facts
from schemas.config import BuildConfig
from schemas.llm_settings import LlmSettings
from transforms.step import error_detail

if TYPE_CHECKING:
    from prompts.kinematic import Assessment
    from transforms.llm.asking import Asker


@dataclass(frozen=True)
class CandidateView:
    """What an annotator may know of a candidate."""

    candidate_id: str
    facts: Facts
    differences: tuple[Difference, ...]  # from the goal, known ones first
    known: tuple[Difference, ...]  # breaks of its recorded edits
    alignment: float
    caption: str  # of the motion that was retrieved, or empty


@dataclass(frozen=True)
class GoalView:
    """What an annotator may know of a goal; candidates go from far to near."""

    goal_id: str
    split: str
    caption: str
    facts: Facts
    candidates: tuple[CandidateView, ...]


@dataclass(frozen=True)
class Author:
    """Who wrote an annotation."""

    annotator: str
    model: str
    prompt_hash: str


@dataclass(frozen=True)
class Written:
    """One annotation as its author wrote it."""

    kind: str  # analysis or assessment
    text: str
    candidate_id: str = ""  # empty: about the goal
    wording: int = 0
    refinement: str = ""
    perfect: bool = False
    named: tuple[Difference, ...] | None = None  # differences that it says it names; None: keeps no lists
    matched: tuple[Event, ...] = ()
    request_id: str = ""
    author: Author | None = None  # None: the annotator that was asked
    checked: Checked | None = None  # the verdict of its texts, where the author had to know it


@dataclass(frozen=True)
class NotWritten:
    """A goal that has no annotations, and why: its dead letter."""

    reason: str
    detail: str
    payload: Mapping[str, Any] = field(default_factory=dict)  # what trying again needs, beside the goal's id


Annotations = list[Written] | NotWritten


class Annotator(Protocol):
    """Writes analyses and assessments of goals and their ladders."""

    name: str
    model: str

    def identity(self) -> dict[str, Any]:
        """What determines the answers; part of the step's fingerprint."""

    def prompt_hash(self) -> str:
        """Hash of the templates and wordings that the answers come from."""

    def annotate(self, views: Sequence[GoalView], wordings: int) -> list[Annotations]:
        """For each goal its analyses, then the assessments of its motion and of each candidate.

        A goal is all or nothing: where one annotation cannot be had, NotWritten stands for the goal.
        StoppedError or PendingError of transforms.llm.asking where the answers come in a later run.
        """


def not_written(error: Exception) -> NotWritten:
    """A goal that an error cost."""
    return NotWritten(type(error).__name__, error_detail(error))


class KinematicAnnotator:
    """Writes from claims, measured facts and recorded edits; needs no network."""

    name = "kinematic"
    model = ""

    def identity(self) -> dict[str, Any]:
        """Version of the rules and hash of the wordings."""
        from prompts.kinematic import VERSION

        return {"annotator": self.name, "version": VERSION, "wordings": self.prompt_hash()}

    def prompt_hash(self) -> str:
        """Hash of the wording files."""
        from prompts.tasks import digest

        return digest()

    def annotate(self, views: Sequence[GoalView], wordings: int) -> list[Annotations]:
        """For each goal its analyses, then the assessments of its motion and of each candidate."""
        return [self._annotate(view, wordings) for view in views]

    def _annotate(self, view: GoalView, wordings: int) -> Annotations:
        try:
            assessed = [self.assess(view, candidate) for candidate in view.candidates]
            return [*self.analyse(view, wordings), self.assess_goal(view), *assessed]
        except Exception as error:
            return not_written(error)

    def analyse(self, view: GoalView, wordings: int) -> list[Written]:
        """Analyses of a goal in so many wordings."""
        from prompts.kinematic import analyse_goal

        analyses = analyse_goal(view.goal_id, view.caption, self._of_goal(view), wordings)
        return [Written("analysis", text, wording=number) for number, text in enumerate(analyses)]

    def assess_goal(self, view: GoalView) -> Written:
        """The assessment of a goal's own motion."""
        from prompts.kinematic import assess_goal

        own = assess_goal(view.goal_id, view.caption, self._of_goal(view))
        # A motion in which nothing is seen of what its caption names cannot be called perfect.
        return _assessed(own, "", own.perfect and support(view.caption, view.facts) != 0.0)

    def assess(self, view: GoalView, candidate: CandidateView) -> Written:
        """The assessment of one candidate."""
        from prompts.kinematic import assess_candidate

        found = assess_candidate(
            view.goal_id,
            candidate.candidate_id,
            view.caption,
            self._of_goal(view),
            self._told(view.caption, candidate.facts.events),
            candidate.differences,
            candidate.alignment,
            view.facts.fps,
            candidate.facts.frames,
        )
        return _assessed(found, candidate.candidate_id, found.perfect)

    def _of_goal(self, view: GoalView) -> tuple[Event, ...]:
        return self._told(view.caption, view.facts.events)

    @staticmethod
    def _told(caption: str, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Events worth words: standing still is only told where the caption asks for it."""
        from prompts.claims import parse_claims

        moving = tuple(event for event in events if event.action != "stand")
        asked = any(claim.action == "stand" for claim in parse_claims(caption))
        return events if asked or not moving else moving


def _assessed(found: Assessment, candidate_id: str, perfect: bool) -> Written:
    # One that lists neither differences nor matches has no lists; a match is a list of no differences.
    listed = bool(found.named or found.matched or perfect)
    return Written(
        "assessment",
        found.assessment,
        candidate_id,
        refinement=found.refinement,
        perfect=perfect,
        named=found.named if listed else None,
        matched=found.matched,
    )


def _kinematic(config: BuildConfig, index: int) -> Annotator:
    return KinematicAnnotator()


def _openai(config: BuildConfig, index: int) -> Annotator:
    from transforms.llm.annotator import OpenAIAnnotator

    def asker() -> Asker:
        from transforms.llm.runtime import runtime

        return runtime(config)

    return OpenAIAnnotator(_settings(config), asker)


def _openai_batch(config: BuildConfig, index: int) -> Annotator:
    from transforms.llm.annotator import OpenAIAnnotator

    def asker() -> Asker:
        from transforms.llm.pending import PendingAsker

        return PendingAsker(config, index)

    return OpenAIAnnotator(_settings(config), asker)


def _settings(config: BuildConfig) -> LlmSettings:
    if config.llm is None:
        raise ValueError(f"annotator {config.annotator!r}: no language model is named; give --model")
    return config.llm


_ANNOTATORS: dict[str, Callable[[BuildConfig, int], Annotator]] = {
    "kinematic": _kinematic,
    "openai": _openai,
    "openai-batch": _openai_batch,
}
_REMOTE = ("openai", "openai-batch")


def names() -> tuple[str, ...]:
    """Names of the annotators that there are."""
    return tuple(_ANNOTATORS)


def is_remote(name: str) -> bool:
    """Whether an annotator asks a language model: its answers cost money, take time, and may not come."""
    return name in _REMOTE


def turn_of(config: BuildConfig, index: int) -> Callable[[], AbstractContextManager[None]] | None:
    """What a worker holds while it annotates a shard, where two at once would both be paid for.

    Batches need none: workers only write down what is missing, the main process submits it once.
    """
    if config.annotator != "openai":
        return None

    def turn() -> AbstractContextManager[None]:
        from transforms.llm.runtime import runtime

        return runtime(config).turn(index)

    return turn


def annotator(config: BuildConfig, index: int = 0) -> Annotator:
    """The annotator that a build asks for, for a shard; ValueError names the ones that there are.

    Nothing is connected to before it is asked for annotations.
    """
    if config.annotator not in _ANNOTATORS:
        raise ValueError(f"unknown annotator {config.annotator!r}: choose one of {', '.join(_ANNOTATORS)}")
    return _ANNOTATORS[config.annotator](config, index)
