"""`irmogen score-annotations`: how well do a corpus' assessments name the edits that were made?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipelines.flag_values import a_place
from pipelines.shard_input import read_table
from pipelines.streams import ends_with_its_reader, printable

if TYPE_CHECKING:
    from evaluators.scoring import Card
    from schemas.corpus import Corpus

Row = dict[str, Any]

_FACTS = ["frames", "summary", "extremes", "events"]
_CANDIDATES = ["candidate_id", "goal_id", "origin", "motion", "edits", *_FACTS[1:]]
_ANNOTATIONS = ["candidate_id", "goal_id", "kind", "text", "annotator", "model"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen score-annotations`."""
    parser.add_argument("corpus", type=a_place, help="folder that `irmogen build` wrote")
    parser.add_argument(
        "--output", type=a_place, metavar="FILE.json", help="write the scores as JSON as well"
    )


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """0 when there was something to score; ValueError, exit code 2, names what a corpus lacks."""
    from schemas.corpus import open_corpus
    from schemas.storage import check_output, write_json

    if args.output:
        check_output(args.output)
    if args.corpus.exists() and not args.corpus.is_dir():
        raise ValueError(f"{args.corpus}: is a file; give the folder that `irmogen build` wrote")
    corpus, manifest = open_corpus(args.corpus)
    cards = scored(corpus, manifest["config"]["skeleton"])
    for lacking, counts in (
        ("assessments", bool(cards)),
        ("perturbed candidates", any(card.operations for card in cards.values())),
    ):
        if not counts:
            raise ValueError(
                f"{args.corpus}: holds no {lacking}, there is nothing to score; "
                "build it with `irmogen build --perturbed` of 1 or more"
            )
    try:
        # Before the table, whose reader may go away; a disk that is full must not cost the table.
        if args.output:
            write_json(args.output, as_json(cards))
    finally:
        print("\n\n".join("\n".join(table(name, card)) for name, card in sorted(cards.items())))
    if args.output:
        print(f"\nwritten to {printable(args.output)}")
    return 0


def scored(corpus: Corpus, skeleton_name: str) -> dict[str, Card]:
    """Scores by annotator, shards read one at a time."""
    from evaluators.scoring import Card, annotator_name, score_perturbed, score_retrieved
    from motion.events import difference
    from motion.skeleton import skeleton
    from schemas.rows import facts_of

    fps = skeleton(skeleton_name).fps
    cards: dict[str, Card] = {}
    for index in range(corpus.shards):
        goals = {
            row["goal_id"]: facts_of(row, fps)
            for row in read_table(corpus, "facts", index, ["goal_id", *_FACTS]).to_pylist()
        }
        candidates = {
            row["candidate_id"]: row
            for row in read_table(corpus, "candidates", index, _CANDIDATES).to_pylist()
        }
        for row in _assessments(corpus, index):
            candidate = candidates[row["candidate_id"]]
            frames = candidate["motion"]["end"] - candidate["motion"]["start"]
            facts = facts_of({"frames": frames, **candidate}, fps)
            card = cards.setdefault(annotator_name(row), Card())
            if candidate["origin"] == "perturbed":
                edits = [(e["operation"], [difference(b) for b in e["breaks"]]) for e in candidate["edits"]]
                card.add(score_perturbed(edits, row["text"], goals[row["goal_id"]], facts))
            else:
                card.retrieved += score_retrieved(row["text"], goals[row["goal_id"]], facts)
    return cards


def _assessments(corpus: Corpus, index: int) -> Iterator[Row]:
    """The assessments of candidates in a shard."""
    for row in read_table(corpus, "annotations", index, _ANNOTATIONS).to_pylist():
        if row["kind"] == "assessment" and row["candidate_id"]:
            yield row


def table(name: str, card: Card) -> list[str]:
    """The scores of one annotator as lines of a table."""
    from evaluators.scoring import OVERALL

    head = f"{'operation':<18}{'candidates':>11}{'breaks':>8}{'named':>8}{'recall':>9}{'unrecorded':>12}"
    lines = [f"annotator {name}", f"{head}{'false':>8}"]
    order = sorted(card.operations, key=lambda operation: (operation == OVERALL, operation))
    for operation in order:
        score = card.operations[operation]
        shares = score.as_dict()
        lines.append(
            f"{operation:<18}{score.candidates:>11}{score.breaks:>8}{score.named:>8}"
            f"{_percent(shares['recall']):>9}{_percent(shares['unrecorded_share']):>12}"
            f"{_percent(shares['false_share']):>8}"
        )
    rest = card.retrieved.as_dict()
    lines.append(
        f"retrieved: {card.retrieved.candidates} candidates, {card.retrieved.named} differences named, "
        f"{_percent(rest['supported_share'])} supported by the facts, "
        f"{_percent(rest['contradicted_share'])} contradicted"
    )
    return lines


def _percent(value: float | int | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}%"


def as_json(cards: dict[str, Card]) -> dict[str, Any]:
    """The scores as plain values."""
    return {
        name: {
            "operations": {key: score.as_dict() for key, score in sorted(card.operations.items())},
            "retrieved": card.retrieved.as_dict(),
        }
        for name, card in sorted(cards.items())
    }
