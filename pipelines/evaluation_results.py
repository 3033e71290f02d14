"""The results of an evaluation as plain values: what tables, pages and files are written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

import numpy as np

from evaluators.embedders.base import Embedder, Text
from evaluators.embedding_store import EmbeddingStore
from evaluators.evaluation import R_PRECISION, TOP, Score, Scores, Truth, score_answers, score_truth
from evaluators.ground_truth import Check, check, published_bands, recorded_bands
from evaluators.metrics.bootstrap import paired_bootstrap
from evaluators.metrics.retrieval import distances_to
from evaluators.metrics.rounds import round_scores
from evaluators.protocol import POOL, Protocol
from pipelines.evaluation_content import first_samples
from pipelines.evaluation_input import Asked, NamedSet, is_whole, read_protocol
from pipelines.evaluation_vectors import SetVectors, read_truth, read_vectors
from schemas.rows import segment
from transforms.step import base_id

RESULTS_VERSION = 1
COMPARED = ("r_precision_3", "mm_distance")
MOST_ROUNDS = 12  # of a curve: whoever goes on for longer does not refine
EXAMPLES = 3  # best and worst goals of each set
_CURVES = ("r_precision_1", "r_precision_3", "mm_distance", "fid")

Row = dict[str, Any]


def head(question: Asked, used: Protocol) -> Row:
    """What an evaluation is of."""
    motions = {segment(question.goals[goal_id]) for goal_id in used.goal_ids}
    partial = None
    if not is_whole(question, used):
        partial = {"goals": len(used.goal_ids), "of": len(question.goals)}
    return {
        "version": RESULTS_VERSION,
        "irmogen": version("irmogen"),
        "dataset": question.dataset,
        "skeleton": question.body.name,
        "split": question.split,
        "mode": used.mode,
        "seed": used.seed,
        "protocol": used.fingerprint,
        "goals": len(used.goal_ids),
        "motions": len(motions),
        "pool": max((len(pool.rows) for repeat in used.repeats for pool in repeat.pools), default=POOL),
        "repeats": len(used.repeats),
        "partial": partial,
        "corpus": {"path": str(question.corpus.root), "fingerprint": question.content},
    }


def set_head(named: NamedSet) -> Row:
    """What a set of generations is."""
    info = named.generations.info
    samples = {
        number for table in named.generations.completions() for number in table.column("sample").to_pylist()
    }
    return {
        "id": named.id,
        "model": info.model,
        "mode": info.mode,
        "path": str(named.generations.root),
        "completions": named.generations.count,
        "samples": len(samples),
        "notes": info.notes,
    }


class EmbedderResults:
    """Results of one embedder: first the ground truth, then the sets."""

    def __init__(self, question: Asked, embedder: Embedder, name: str, folder: str, whole: Protocol) -> None:
        self.question, self.embedder, self.name, self.folder = question, embedder, name, folder
        self.store = EmbeddingStore(embedder)
        self.whole_truth = read_truth(question, self.store, whole)
        self.whole_scores = score_truth(self.whole_truth)
        self.check = self._check()
        self.goal_scores: dict[str, Scores] = {}
        self.vectors: dict[str, SetVectors] = {}

    def _check(self) -> Check:
        """Against what the embedder's folder records, else against published figures, which are of mode
        `published`; always of the whole split, whatever is scored."""
        whole = self.whole_truth.protocol
        records = getattr(self.embedder, "notes", {}).get("ground_truth", [])
        if not is_whole(self.question, whole):
            whole = read_protocol(self.question, whole.mode, whole.seed, None)
        bands = recorded_bands(records, whole, self.question.content)
        clips = len({row["motion_id"] for row in self.question.goals.values()})
        published = published_bands(self.embedder.name, self.question.dataset, whole.split, clips)
        if not bands and published and whole.mode != "published":
            whole = read_protocol(self.question, "published", whole.seed, None)
        same = whole is self.whole_truth.protocol
        scores = self.whole_scores if same else score_truth(read_truth(self.question, self.store, whole))
        return check(scores.metrics, bands or published)

    def read(self, named: NamedSet) -> SetVectors:
        """Vectors of a set of motions."""
        self.vectors[named.id] = read_vectors(self.question, named, self.store)
        return self.vectors[named.id]

    def as_dict(self, used: Protocol) -> Row:
        """Everything, for the goals of the protocol that is used."""
        truth, scores = self.whole_truth, self.whole_scores
        if used is not self.whole_truth.protocol:
            truth = read_truth(self.question, self.store, used)
            scores = score_truth(truth)
        sets = {
            named.id: self._moving(truth, scores, named) if named.moving else self._captioned(truth, named)
            for named in self.question.sets
            if named.moving or named.mode == "caption"
        }
        return {
            "name": self.name,
            "folder": self.folder,
            "fingerprint": self.embedder.fingerprint,
            "dimensions": self.embedder.dimensions,
            "embedded": self.store.embedded,
            "ground_truth": {"metrics": _metrics(scores.metrics), "check": self.check.as_dict()},
            "sets": sets,
            "comparisons": self._comparisons(),
        }

    def goal_rows(self) -> list[Row]:
        """A row for each set and goal that was scored."""
        return [
            {
                "embedder": self.name,
                "set": name,
                "goal_id": goal_id,
                **{f"top_{k}": float(hit) for k, hit in zip(TOP, scores.goal_hits[row], strict=True)},
                "distance": float(scores.goal_distance[row]),
                "motion_distance": float(scores.goal_motion_distance[row]),
            }
            for name, scores in self.goal_scores.items()
            for row, goal_id in enumerate(scores.goal_ids)
        ]

    def _moving(self, truth: Truth, own_scores: Scores, named: NamedSet) -> Row:
        vectors, goal_ids = self.vectors[named.id], truth.protocol.goal_ids
        scores = score_answers(truth, vectors.answers(goal_ids))
        self.goal_scores[named.id] = scores
        found: Row = {"metrics": _metrics(scores.metrics), **_examples(self.question, scores)}
        if vectors.rounds > 1:
            found["rounds"] = self._rounds(truth, vectors, scores)
            given = int(named.mode == "robust")  # the first motion is not the model's
            runs = [
                -distances_to(truth.captions[goal_id], own)
                for goal_id in goal_ids
                for one in vectors.samples[goal_id]
                for own in (one[given:] if len(one) > given else one,)
            ]
            summary = asdict(round_scores(runs))
            summary.pop("curve")
            found["round_scores"] = summary
        if named.mode == "robust":
            found["robust"] = _robust(found, own_scores)
        return found

    def _rounds(self, truth: Truth, vectors: SetVectors, last: Scores) -> list[Row]:
        """Metrics after each round; completions that ended before it keep their last motion."""
        goal_ids = truth.protocol.goal_ids
        lengths = [len(one) for goal_id in goal_ids for one in vectors.samples[goal_id]]
        found = []
        for number in range(min(vectors.rounds, MOST_ROUNDS)):
            ended = number == vectors.rounds - 1  # what is left then are the answers, which are scored
            scores = last if ended else score_answers(truth, vectors.answers(goal_ids, number))
            completions = sum(length > number for length in lengths)
            metrics = _metrics(scores.metrics, _CURVES)
            found.append({"round": number, "completions": completions, "metrics": metrics})
        return found

    def _captioned(self, truth: Truth, named: NamedSet) -> Row:
        """Captions that a model gave to the goals' motions, in the captions' place."""
        rows = [row for row in first_samples(named) if row["goal_id"] in truth.captions]
        vectors = self.store.texts([Text(_worded(row["answer"])) for row in rows])
        captions = dict(zip((row["goal_id"] for row in rows), vectors, strict=True))
        scores = score_truth(replace(truth, captions=captions)).metrics
        return {"metrics": _metrics(scores, (*R_PRECISION, "mm_distance"))}

    def _comparisons(self) -> list[Row]:
        """Every further set against the first, goal by goal."""
        names = list(self.goal_scores)
        found: list[Row] = []
        if len({self._cluster(goal_id) for one in self.goal_scores.values() for goal_id in one.goal_ids}) < 2:
            return found  # one clip alone compares nothing
        for other in names[1:]:
            for metric in COMPARED:
                one, two = (self._by_goal(name, metric) for name in (other, names[0]))
                clusters = [self._cluster(goal_id) for goal_id in self.goal_scores[other].goal_ids]
                result = paired_bootstrap(one, two, clusters, key=metric)
                found.append({"one": other, "other": names[0], "metric": metric, **result.as_dict()})
        return found

    def _by_goal(self, name: str, metric: str) -> np.ndarray:
        scores = self.goal_scores[name]
        return scores.goal_hits[:, 2] if metric == "r_precision_3" else scores.goal_distance

    def _cluster(self, goal_id: str) -> str:
        """A clip and its mirrored twin."""
        return base_id(self.question.goals[goal_id]["motion_id"])


def _robust(found: Row, own: Scores) -> Row:
    """How far a model comes back from a motion put in its mouth: 0 not at all, 1 to the truth."""
    last = found["metrics"]["mm_distance"]["mean"]
    # Where nobody went on, the first motion is the last.
    first = found["rounds"][0]["metrics"]["mm_distance"]["mean"] if "rounds" in found else last
    truth = own.metrics["mm_distance"].mean
    recovery = (first - last) / (first - truth) if first > truth else None
    return {"floor": first, "final": last, "ground_truth": truth, "recovery": recovery}


def _worded(answer: str) -> str:
    """An answer that can be embedded: one without a word says nothing of the motion."""
    return answer if any(sign.isalnum() for sign in answer) else "nothing"


def _metrics(scores: dict[str, Score], names: Sequence[str] = ()) -> Row:
    return {name: score.as_dict() for name, score in scores.items() if not names or name in names}


def _examples(question: Asked, scores: Scores) -> Row:
    """Goals whose answers lie nearest to and farthest from their captions, each of another clip."""
    order = np.argsort(scores.goal_distance, kind="stable")
    found: Row = {}
    for name, rows in (("best", order), ("worst", order[::-1])):
        clips: set[str] = set()
        found[name] = []
        for row in rows:
            goal = question.goals[scores.goal_ids[row]]
            if goal["motion_id"] in clips or len(clips) == EXAMPLES:
                continue
            clips.add(goal["motion_id"])
            hit = scores.goal_hits[row, 2]
            found[name].append(
                {
                    "goal_id": goal["goal_id"],
                    "caption": goal["caption"],
                    "distance": float(scores.goal_distance[row]),
                    "found": None if np.isnan(hit) else float(hit),
                }
            )
    return found
