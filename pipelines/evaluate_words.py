"""How an evaluation was measured, in words: its protocol, and every metric in a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluators.evaluation import MULTIMODAL_TEXTS
from evaluators.metrics.bootstrap import DRAWS
from evaluators.metrics.distribution import DIVERSITY_PAIRS, MULTIMODAL_PAIRS
from evaluators.metrics.rounds import TOLERANCE
from evaluators.protocol import UNIT

Definitions = tuple[tuple[str, str], ...]

_INTERVAL = (
    "± is 1.96 standard deviations of the repeats over the square root of their number. It tells how much "
    "the draw of captions, frames and pools matters, not how another set of goals would score; comparisons "
    "of two models tell that."
)
_STILL = (
    "A completion without a motion counts as a still figure. Where a goal has several samples, each repeat "
    "takes the next one."
)


def protocol_words(results: Mapping[str, Any]) -> list[str]:
    """The protocol in sentences, a paragraph each."""
    repeats, pool = results.get("repeats", "the"), results.get("pool", "so many")
    modes = {
        "full": f"In each of {repeats} repeats every goal of the split is asked for, with its whole motion "
        f"(in whole units of {UNIT} frames). Goals are compared in pools of {pool}, each of another clip; "
        "where goals run out, a pool is filled up with goals that only distract. Nothing is dropped, and "
        "the draw depends on the seed alone.",
        "published": f"As the field's published loaders do it, but with a seed: each of {repeats} repeats "
        f"draws one caption for each motion, cuts its frames at random to whole units of {UNIT}, and "
        f"compares motions in pools of {pool}; what does not fill a pool is dropped.",
    }
    told = [text for name, text in modes.items() if name == results.get("mode")]
    return [*told, _INTERVAL, _STILL]


def definitions(results: Mapping[str, Any]) -> dict[str, tuple[str, Definitions]]:
    """Every metric in a line, by the section that shows it: its heading and (name, meaning)."""
    pool = results.get("pool", "so many")
    return {
        "results": ("Text-to-motion", _text_to_motion(pool)),
        "rounds": ("Rounds", _ROUNDS),
        "robustness": ("Robustness", _ROBUSTNESS),
        "comparisons": ("Comparisons", _COMPARISONS),
        "captioning": ("Captioning", _CAPTIONING),
        "judging": ("Judging", _JUDGING),
        "body": ("Format, facts and plausibility", _BODY),
    }


def _text_to_motion(pool: Any) -> Definitions:
    return (
        (
            "R-precision top k",
            f"Share of captions whose motion is among the k nearest of its pool of {pool}, by the distance "
            "of their embeddings.",
        ),
        (
            "FID",
            "Fréchet distance of two normal distributions: of the embeddings of the generated motions, and "
            "of those of the goals' own.",
        ),
        ("MM-Dist", "Mean distance of a caption's embedding to that of its motion."),
        (
            "Diversity",
            f"Mean distance of {DIVERSITY_PAIRS} random pairs of motions; best is what the ground truth has.",
        ),
        (
            "MultiModality",
            f"Mean distance of {MULTIMODAL_PAIRS} pairs of samples of one caption, over at most "
            f"{MULTIMODAL_TEXTS} captions.",
        ),
        (
            "Motion distance",
            "Mean distance of the embedding of a generated motion to that of the goal's own motion.",
        ),
    )


_ROUNDS: Definitions = (
    (
        "Curves",
        "The metric over all goals after each round; a completion that ended before counts with its last "
        "motion. n: completions that have the round.",
    ),
    ("Distance first, last", "Mean distance of a caption to its first and to its last motion."),
    ("Distance best, mean", "Mean over completions of their nearest round, and of their rounds' mean."),
    ("Gain", "By how much the last motion is nearer than the first."),
    ("As good", f"Share of later rounds that are at least as near as all before, within {TOLERANCE}."),
    ("Improved", "Share of later rounds that are nearer than the one before."),
)
_ROBUSTNESS: Definitions = (
    ("MM-Dist floor", "MM-Dist of the motion of another goal that was put in the place of the first round."),
    ("MM-Dist final", "MM-Dist of the last motion, which the model made from there on."),
    ("Recovery", "Share of the way from the floor to the ground truth that the model made."),
)
_COMPARISONS: Definitions = (
    (
        "Difference",
        "Mean over goals of the first model's score less the second's, with the 95% interval of "
        f"{DRAWS:,} draws of a paired bootstrap. Goals of a clip and its mirrored twin are drawn together.",
    ),
    ("p", "How often chance alone would give a difference as large, on either side."),
)
_CAPTIONING: Definitions = (
    (
        "BLEU-1, BLEU-4",
        "Precision of single words, and of up to four words in a row, against the references; 0 to 1.",
    ),
    ("ROUGE-L", "F1 of the longest common sequence of words with the best reference; 0 to 1."),
    ("CIDEr", "Likeness of sequences of words, of which rare ones weigh more; 0 to 10."),
    ("BERTScore", "F1 of words matched by the vectors of a language model; up to 1."),
    (
        "R-precision, MM-Dist",
        "As above, with the model's captions in the place of the references and the goals' own motions.",
    ),
)
_JUDGING: Definitions = (
    (
        "AUC",
        "How often the judge scores a motion that matches its caption higher than one that does not, ties "
        "half; 0.5 is guessing. Intervals are those of a bootstrap over goals.",
    ),
)
_BODY: Definitions = (
    ("Strict format", "Share of completions that have the format exactly, as the reward tests it."),
    ("Without motion", "Share of completions that hold no motion."),
    ("Rounds", "Mean number of motions in a completion."),
    ("Fact support", "Share of what captions claim that the measured facts of the motion bear out."),
    ("Contradicted", "Share that the facts contradict; the rest can neither be shown nor refuted."),
    ("Skating", "Mean speed of the stiller foot near the floor."),
    ("Jitter", "Median over time of the joints' mean third derivative."),
    ("Penetration", "Depth of the lowest toe under the level on which the feet stand."),
    (
        "Nearest is best",
        "Recorded motions are not at 0 in the last three, and a still figure is: what is nearest to the "
        "ground truth is marked.",
    ),
)
