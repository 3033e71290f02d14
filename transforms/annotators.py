"""Who writes the annotations: one interface, looked up by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from evaluators.support import support
from motion.events import Difference, Event
from motion.facts import Facts
from schemas.config import BuildConfig


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
class Written:
    """One annotation as its author wrote it."""

    kind: str  # analysis or assessment
    text: str
    candidate_id: str = ""  # empty: about the goal
    wording: int = 0
    refinement: str = ""
    perfect: bool = False
    named: tuple[Difference, ...] = ()
    matched: tuple[Event, ...] = ()
    request_id: str = ""


class Annotator(Protocol):
    """Writes analyses and assessments of a goal and its ladder."""

    name: str
    model: str

    def identity(self) -> dict[str, Any]:
        """What determines the answers; part of the step's fingerprint."""

    def prompt_hash(self) -> str:
        """Hash of the templates and wordings that the answers come from."""

    def annotate(self, view: GoalView, wordings: int) -> list[Written]:
        """The analyses of a goal, then the assessments of its motion and of each candidate."""


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

    def annotate(self, view: GoalView, wordings: int) -> list[Written]:
        """The analyses of a goal, then the assessments of its motion and of each candidate."""
        from prompts.kinematic import analyse_goal, assess_candidate, assess_goal

        events = self._told(view.caption, view.facts.events)
        analyses = analyse_goal(view.goal_id, view.caption, events, wordings)
        written = [Written("analysis", text, wording=number) for number, text in enumerate(analyses)]
        own = assess_goal(view.goal_id, view.caption, events)
        written.append(
            Written(
                "assessment",
                own.assessment,
                refinement=own.refinement,
                # A motion in which nothing is seen of what its caption names cannot be called perfect.
                perfect=own.perfect and support(view.caption, view.facts) != 0.0,
                named=own.named,
                matched=own.matched,
            )
        )
        for candidate in view.candidates:
            found = assess_candidate(
                view.goal_id,
                candidate.candidate_id,
                view.caption,
                events,
                self._told(view.caption, candidate.facts.events),
                candidate.differences,
                candidate.alignment,
                view.facts.fps,
                candidate.facts.frames,
            )
            written.append(
                Written(
                    "assessment",
                    found.assessment,
                    candidate.candidate_id,
                    refinement=found.refinement,
                    perfect=found.perfect,
                    named=found.named,
                    matched=found.matched,
                )
            )
        return written

    @staticmethod
    def _told(caption: str, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Events worth words: standing still is only told where the caption asks for it."""
        from prompts.claims import parse_claims

        moving = tuple(event for event in events if event.action != "stand")
        asked = any(claim.action == "stand" for claim in parse_claims(caption))
        return events if asked or not moving else moving


_ANNOTATORS: dict[str, Callable[[], Annotator]] = {"kinematic": KinematicAnnotator}


def names() -> tuple[str, ...]:
    """Names of the annotators that there are."""
    return tuple(_ANNOTATORS)


def annotator(config: BuildConfig) -> Annotator:
    """The annotator that a build asks for; ValueError names the ones that there are."""
    if config.annotator not in _ANNOTATORS:
        raise ValueError(f"unknown annotator {config.annotator!r}: choose one of {', '.join(_ANNOTATORS)}")
    return _ANNOTATORS[config.annotator]()
