"""Rewards as TRL asks for them: one function after the other, of one rollout that is measured once.

Completions are read from their ids, all their motions decoded and embedded together, once for all functions.
Nothing that a completion holds is an error: what cannot be used scores as a still figure and is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evaluators.metrics.fact_support import ClaimCounts, claim_counts
from evaluators.metrics.plausibility import measured
from evaluators.metrics.retrieval import pair_distances
from motion.features import joints_from_features
from motion.skeleton import skeleton
from motion.tokenizer import MotionTokenizer
from trainer.completions import Completion, read_completion
from trainer.goals import Goal
from trainer.rewards import REWARDS
from trainer.rewards.rollout import Rollout, Scored
from trainer.rewards.space import Space, Vectors
from trainer.vocabulary import vocabulary_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Clip = NDArray[np.float32]
LogMetric = Callable[[str, float], None]


class Panel:
    """Scores the completions of a rollout for the named rewards."""

    def __init__(
        self,
        names: Sequence[str],
        tokenizer: PreTrainedTokenizerBase,
        motion_tokenizer: MotionTokenizer,
        space: Space,
        goals: Mapping[str, Goal],
    ) -> None:
        self.names = tuple(names)
        self.tokenizer = tokenizer
        self.motion_tokenizer = motion_tokenizer
        self.space = space
        self.goals = goals  # by id, at least those of the rollout that is scored
        self._vocabulary = vocabulary_of(tokenizer)
        self._body = skeleton(motion_tokenizer.skeleton)
        # What follows is nothing to any embedder: half of it alone is longer than a clip can be.
        self._most_codes = 2 * self._body.max_frames // motion_tokenizer.frames_per_token
        self._last: tuple[Any, Rollout] | None = None

    def functions(self) -> list[Callable[..., list[float]]]:
        """One function a reward, in the order of the names, with what TRL hands over as its arguments."""
        return [self._function(name) for name in self.names]

    def _function(self, name: str) -> Callable[..., list[float]]:
        def reward(
            completion_ids: Sequence[Sequence[int]],
            goal_id: Sequence[str],
            log_metric: LogMetric | None = None,
            **_: Any,
        ) -> list[float]:
            return REWARDS[name](self.rollout(completion_ids, goal_id, log_metric))

        reward.__name__ = name
        return reward

    def rollout(
        self, completion_ids: Sequence[Sequence[int]], goal_ids: Sequence[str], log: LogMetric | None = None
    ) -> Rollout:
        """What is known of completions (N,) of goals (N,); of the same list of ids it is measured once.

        Every process of a training must call it for each rollout: they tell each other of their distances.
        """
        if self._last is None or self._last[0] is not completion_ids:
            completions = [
                read_completion(ids, self.tokenizer, self._vocabulary, self.motion_tokenizer.codes)
                for ids in completion_ids
            ]
            scored = self.scored(completions, [self.goals[name] for name in goal_ids])
            self._last = completion_ids, of_all_processes(Rollout.of(scored))
            if log:
                for metric, value in metrics(completions, scored).items():
                    log(metric, value)
        return self._last[1]

    def scored(self, completions: Sequence[Completion], goals: Sequence[Goal]) -> list[Scored]:
        """What is known of each completion (N,) of a goal (N,)."""
        clips = self._clips(completions)
        rounds = self._round_vectors(clips)
        answers = np.stack([own[-1] if len(own) else self.space.still for own in rounds])
        targets = self.space.goal_motions(goals)
        text_distances = pair_distances(self.space.captions(goals), answers)
        motion_distances = pair_distances(targets, answers)
        claims = self._claims(clips, goals)
        return [
            Scored(
                strict=completion.strict,
                similarities=tuple(cosines(own, target).tolist()),
                still=float(cosines(self.space.still[None], target)[0]),
                text_distance=float(text_distance),
                motion_distance=float(motion_distance),
                claims=counts,
            )
            for completion, own, target, text_distance, motion_distance, counts in zip(
                completions, rounds, targets, text_distances, motion_distances, claims, strict=True
            )
        ]

    def _clips(self, completions: Sequence[Completion]) -> list[list[Clip]]:
        """The features of each completion's motions, in their order."""
        codes = [one.codes[: self._most_codes] for found in completions for one in found.rounds]
        made = self.motion_tokenizer.decode(codes)
        strange = next((place for place, clip in enumerate(made) if not np.isfinite(clip).all()), None)
        if strange is not None:
            raise ValueError(
                f"motion tokenizer {self.motion_tokenizer.fingerprint}: makes NaN or infinite values of the "
                f"codes {codes[strange][:8]} and on; its weights are damaged, train it again"
            )
        following = iter(made)
        return [[next(following) for _ in found.rounds] for found in completions]

    def _round_vectors(self, clips: Sequence[Sequence[Clip]]) -> list[Vectors]:
        """Vectors (rounds, D) of each completion's motions."""
        vectors = self.space.motions([clip for own in clips for clip in own])
        ends = np.cumsum([len(own) for own in clips])
        return np.split(vectors, ends[:-1])

    def _claims(self, clips: Sequence[Sequence[Clip]], goals: Sequence[Goal]) -> list[ClaimCounts | None]:
        """The captions' claims by the facts of the answers, where a reward asks for them."""
        if "facts" not in self.names:
            return [None] * len(goals)
        answers = [joints_from_features(own[-1], self._body) if own else None for own in clips]
        facts = [None if isinstance(found, str) else found for found in measured(answers, self._body)]
        return [
            claim_counts(goal.caption, found) if own else None
            for goal, found, own in zip(goals, facts, clips, strict=True)
        ]


def cosines(vectors: Vectors, target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cosine of each vector (N, D) with one (D,); 0 where either has no length.

    >>> cosines(np.array([[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), np.array([1.0, 0.0])).tolist()
    [1.0, 0.0, 0.0]
    """
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(target)
    products = (vectors * target).sum(axis=1)  # not a matrix product: its rounding depends on the batch
    return np.divide(products, lengths, out=np.zeros(len(vectors)), where=lengths > 0)


def of_all_processes(rollout: Rollout) -> Rollout:
    """The rollout with the spans of every process' distances; as it is where one process trains."""
    from accelerate.utils import gather_object

    spans = gather_object([(rollout.text, rollout.motion)])
    texts, motions = zip(*spans, strict=True)
    return Rollout(
        rollout.scored,
        (min(least for least, _ in texts), max(largest for _, largest in texts)),
        (min(least for least, _ in motions), max(largest for _, largest in motions)),
    )


def metrics(completions: Sequence[Completion], scored: Sequence[Scored]) -> dict[str, float]:
    """Means over completions, for the log; the best round's gain over the first is of those with a motion."""

    def mean(values: Sequence[float]) -> float:
        return float(np.mean(values))

    moving = [one.similarities for one in scored if one.has_motion]
    found = {
        "completions/strict": mean([one.strict for one in scored]),
        "completions/with_motion": mean([one.has_motion for one in scored]),
        "completions/rounds": mean([len(one.similarities) for one in scored]),
        "completions/bad_motions": mean([one.bad_motions for one in completions]),
        "distance/text": mean([one.text_distance for one in scored]),
        "distance/motion": mean([one.motion_distance for one in scored]),
    }
    if moving:
        found["completions/best_round_gain"] = mean([max(own) - own[0] for own in moving])
    return found
