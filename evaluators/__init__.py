"""Checks of annotations and chains; embedders, metrics and the evaluation protocol.

Metrics take plain arrays:

    from evaluators import fid, r_precision

    r_precision(texts, motions, pools)  # (N, D), (N, D), pools of rows -> top 1, 2, 3

What is named here is imported when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evaluators.embedders import Embedder, Text, embed_motions, embed_texts, embedder
    from evaluators.evaluation import Score, Scores, Truth, score_answers, score_truth
    from evaluators.metrics.bootstrap import Comparison, paired_bootstrap
    from evaluators.metrics.captions import Bert, CaptionScores, caption_scores
    from evaluators.metrics.distribution import diversity, fid, frechet_distance, gaussian, multimodality
    from evaluators.metrics.fact_support import FactSupport, fact_support
    from evaluators.metrics.format import FormatScores, format_scores
    from evaluators.metrics.judging import Judging, auc, judging, paired_accuracy
    from evaluators.metrics.plausibility import Plausibility, plausibility
    from evaluators.metrics.retrieval import hits, mm_distance, motion_distance, pair_distances, r_precision
    from evaluators.metrics.rounds import RoundScores, round_scores
    from evaluators.protocol import EvalGoal, Protocol, draw_protocol

_FROM = {
    "embedders": "Embedder Text embed_motions embed_texts embedder",
    "evaluation": "Score Scores Truth score_answers score_truth",
    "metrics.bootstrap": "Comparison paired_bootstrap",
    "metrics.captions": "Bert CaptionScores caption_scores",
    "metrics.distribution": "diversity fid frechet_distance gaussian multimodality",
    "metrics.fact_support": "FactSupport fact_support",
    "metrics.format": "FormatScores format_scores",
    "metrics.judging": "Judging auc judging paired_accuracy",
    "metrics.plausibility": "Plausibility plausibility",
    "metrics.retrieval": "hits mm_distance motion_distance pair_distances r_precision",
    "metrics.rounds": "RoundScores round_scores",
    "protocol": "EvalGoal Protocol draw_protocol",
}
_MODULES = {name: f"evaluators.{module}" for module, names in _FROM.items() for name in names.split()}

__all__ = [
    "Bert",
    "CaptionScores",
    "Comparison",
    "Embedder",
    "EvalGoal",
    "FactSupport",
    "FormatScores",
    "Judging",
    "Plausibility",
    "Protocol",
    "RoundScores",
    "Score",
    "Scores",
    "Text",
    "Truth",
    "auc",
    "caption_scores",
    "diversity",
    "draw_protocol",
    "embed_motions",
    "embed_texts",
    "embedder",
    "fact_support",
    "fid",
    "format_scores",
    "frechet_distance",
    "gaussian",
    "hits",
    "judging",
    "mm_distance",
    "motion_distance",
    "multimodality",
    "pair_distances",
    "paired_accuracy",
    "paired_bootstrap",
    "plausibility",
    "r_precision",
    "round_scores",
    "score_answers",
    "score_truth",
]


def __dir__() -> list[str]:
    """What can be asked for."""
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    """Import what is asked for; AttributeError for what is not named here."""
    if name not in _MODULES:
        raise AttributeError(f"evaluators has no {name!r}")
    return getattr(import_module(_MODULES[name]), name)
