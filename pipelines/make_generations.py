"""`irmogen make-generations`: stand-ins for a model, made from a corpus, to rehearse an evaluation with.

They know the truth, so that what an evaluation must find is known: the goals' own motions first, then near
and far intermediate motions, other goals' motions, a still figure.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.flag_values import a_place
from pipelines.streams import ends_with_its_reader, printable

if TYPE_CHECKING:
    from pipelines.stand_ins import StandIn

_A_SHARD = 250  # goals: their motions, five at the most, are in memory together
KINDS = {
    "ground-truth": "each goal's own motion",
    "near": "the nearest intermediate motion of its ladder",
    "far": "the farthest one",
    "shuffled": "the motion of another clip",
    "still": "a still figure",
    "ladder": "the whole ladder, then the goal's motion: a chain that refines",
    "robust": "another clip's motion first, then the ladder",
    "captions": "captioning: the caption of the nearest motion of another clip",
    "verdicts": "judging: the share of the caption's claims that each motion of the ladder supports",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen make-generations`."""
    parser.add_argument("corpus", type=a_place, help="folder that `irmogen build` wrote")
    listed = "; ".join(f"{kind}: {text}" for kind, text in KINDS.items())
    parser.add_argument(
        "--kind", choices=[*KINDS, "all"], required=True, help=f"{listed}; all: a folder each in OUTPUT"
    )
    parser.add_argument(
        "--output", type=a_place, required=True, help="folder to write; must not hold anything else"
    )
    parser.add_argument("--split", default="test", help="split of the corpus (default: test)")


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """Write the stand-ins; ValueError or OSError before any work is done."""
    from schemas.corpus import open_corpus

    corpus, manifest = open_corpus(args.corpus)
    roots = {kind: args.output / kind for kind in KINDS} if args.kind == "all" else {args.kind: args.output}
    for root in roots.values():
        _check_output(root)
    for kind, root in roots.items():
        count = write_stand_ins(corpus, manifest, kind, args.split, root)
        print(f"{kind}: {count} generations in {printable(root)}")
    return 0


def _check_output(root: Path) -> None:
    from schemas.generation_set import PARTS
    from schemas.storage import check_own_folder, read_json

    check_own_folder(root, PARTS, "generations")
    held = read_json(root / "manifest.json")
    if held is not None and not (isinstance(held, dict) and held.get("notes", {}).get("stand_in")):
        raise ValueError(f"{root}: holds the generations of a model; give another --output")


def write_stand_ins(corpus: Any, manifest: dict[str, Any], kind: str, split: str, root: Path) -> int:
    """Write one kind of stand-ins for a split; returns how many; ValueError for a split without goals."""
    from motion.skeleton import skeleton
    from pipelines.stand_ins import read_goals, stand_ins
    from schemas.generation_set import SetInfo, content_fingerprint, write_generation_shard, write_set

    body = skeleton(manifest["config"]["skeleton"])
    goals = read_goals(corpus, split)
    if not goals:
        raise ValueError(f"{corpus.root}: has no goals in the split {split!r}; give another --split")
    mode = {"ladder": "chain", "robust": "robust", "captions": "caption", "verdicts": "judge"}.get(
        kind, "direct"
    )
    (root / "manifest.json").unlink(missing_ok=True)
    outputs, count = [], 0
    parts = [goals[start : start + _A_SHARD] for start in range(0, len(goals), _A_SHARD)]
    for index, part in enumerate(parts):
        generations, rounds = _rows(kind, mode, stand_ins(corpus, body, kind, part))
        count += len(generations)
        outputs += write_generation_shard(root, index, len(parts), generations, rounds, body.feature_size)
    info = SetInfo(
        kind, mode, body.name, split, str(corpus.root), content_fingerprint(manifest), {"stand_in": kind}
    )
    write_set(root, info, outputs)
    return count


def _rows(kind: str, mode: str, made: list[StandIn]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of both tables; a goal may have several stand-ins, told apart by what they were shown."""
    generations, rounds = [], []
    for stand_in in made:
        generation_id = "-".join(
            part for part in (stand_in.goal.row["goal_id"], stand_in.shown_id, "s0") if part
        )
        generations.append(_generation(kind, mode, stand_in, generation_id))
        rounds += [
            {
                "generation_id": generation_id,
                "round": number,
                "injected": made_round.injected,
                "tokens": [],
                "assessment": made_round.assessment,
                "refinement": made_round.refinement,
                "frames": len(made_round.features),
                "features": made_round.features,
            }
            for number, made_round in enumerate(stand_in.rounds)
        ]
    return generations, rounds


def _generation(kind: str, mode: str, stand_in: StandIn, generation_id: str) -> dict[str, Any]:
    goal = stand_in.goal.row
    return {
        "generation_id": generation_id,
        "model": kind,
        "mode": mode,
        "goal_id": goal["goal_id"],
        "split": goal["split"],
        "caption": goal["caption"],
        "sample": 0,
        "shown_id": stand_in.shown_id,
        "shown": stand_in.shown.as_dict(),
        "text": stand_in.text,
        "answer": stand_in.answer,
        "verdict": stand_in.verdict,
        "rounds": len(stand_in.rounds),
    }
