"""`irmogen train-embedder`: train the built-in embedder on a corpus, and record what it measures."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from pipelines.flag_values import a_folder, a_place, at_least
from pipelines.streams import ends_with_its_reader, printable

if TYPE_CHECKING:
    from evaluators.builtin.sensitivity import Sensitivity
    from evaluators.builtin.sentences import SentenceEncoder
    from evaluators.builtin.training import Trained
    from evaluators.embedding_store import EmbeddingStore

Row = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen train-embedder`."""
    parser.add_argument(
        "corpus", type=a_place, help="folder that `irmogen build` wrote; its split train is learned"
    )
    parser.add_argument("--output", type=a_folder, required=True, help="folder for the embedder")
    parser.add_argument(
        "--steps",
        type=at_least(1),
        help="of the optimiser (default: 10 passes over the goals, 200 to 3000 steps)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of weights, batches and perturbations (default: 0)"
    )
    parser.add_argument(
        "--sentence-encoder",
        metavar="FOLDER",
        type=a_folder,
        help="a local transformers model that reads captions, frozen (default: words are learned)",
    )
    parser.add_argument("--device", default="cpu", help="torch device (default: cpu)")


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """Train, measure on the held-out splits, write; ValueError or OSError before any work."""
    from evaluators.builtin.sentences import SentenceEncoder
    from evaluators.embedders import check_device
    from evaluators.embedders.builtin import PARTS, of_networks, save_builtin
    from schemas.corpus import open_corpus
    from schemas.storage import check_output, check_own_folder

    check_own_folder(args.output, PARTS, "an embedder")
    check_device(args.device)
    corpus, manifest = open_corpus(args.corpus)
    sentences = SentenceEncoder(args.sentence_encoder, args.device) if args.sentence_encoder else None
    args.output.mkdir(parents=True, exist_ok=True)
    check_output(args.output / PARTS[0])
    trained, notes = _train(args, corpus, manifest, sentences)
    embedder = of_networks(trained.shape, trained.networks, sentences, args.device)
    notes |= _measured(corpus, manifest, embedder)
    save_builtin(args.output, trained.shape, trained.networks, sentences, notes)
    print(f"embedder {embedder.fingerprint} in {printable(args.output)}")
    return 0


def _train(
    args: argparse.Namespace, corpus: Any, manifest: Row, sentences: SentenceEncoder | None
) -> tuple[Trained, Row]:
    """Train on the split train; the networks, and what their folder tells of it."""
    from importlib.metadata import version

    from tqdm import tqdm

    from evaluators.builtin.material import read_material
    from evaluators.builtin.model import Shape
    from evaluators.builtin.training import Settings, default_steps, train
    from schemas.generation_set import content_fingerprint

    body = manifest["config"]["skeleton"]
    material = read_material(corpus, body, "train")
    steps = args.steps or default_steps(len(material.examples), Settings.batch)
    settings = Settings(steps=steps, seed=args.seed)
    print(
        f"{len(material.examples)} goals, {len(material.features)} motions to learn from, {steps} steps",
        flush=True,
    )
    started = time.monotonic()
    shape = Shape(skeleton=body, sentences=sentences.size if sentences else 0)

    def progress(items: Any) -> Any:
        return tqdm(items, mininterval=1, leave=False, disable=None)

    trained = train(material, shape, settings, sentences, args.device, progress)
    notes = {
        "irmogen": version("irmogen"),
        "trained_on": {
            "corpus": str(corpus.root),
            "content": content_fingerprint(manifest),
            "split": "train",
        },
        "settings": settings.as_dict(),
        "loss": [round(loss, 4) for loss in trained.losses[:: max(1, steps // 100)]],
    }
    print(
        f"trained in {time.monotonic() - started:.0f} s, "
        f"loss {trained.losses[0]:.2f} -> {trained.losses[-1]:.2f}"
    )
    return trained, notes


def _measured(corpus: Any, manifest: Row, embedder: Any) -> Row:
    """What the embedder scores on the ground truth of the held-out splits, and its sensitivity."""
    from evaluators.embedding_store import EmbeddingStore

    store = EmbeddingStore(embedder)
    records = []
    for split in ("test", "val"):
        records += _ground_truth(corpus, manifest, store, split)
    found = _sensitivity(corpus, manifest, store)
    return {"ground_truth": records, "sensitivity": [one.as_dict() for one in found]}


def _ground_truth(corpus: Any, manifest: Row, store: EmbeddingStore, split: str) -> list[Row]:
    from evaluators.evaluation import score_truth
    from evaluators.ground_truth import record
    from evaluators.protocol import MODES, POOL
    from pipelines.evaluation_input import asked, read_protocol
    from pipelines.evaluation_vectors import read_truth

    question = asked(corpus, manifest, split)
    if not question.goals:
        return []
    records = []
    for mode in MODES if len(question.motions) >= POOL else ("full",):
        protocol = read_protocol(question, mode, 0, None)
        scores = score_truth(read_truth(question, store, protocol)).metrics
        records.append(record(protocol, question.content, scores))
        top = ", ".join(f"{scores[f'r_precision_{k}'].mean:.3f}" for k in (1, 2, 3))
        print(
            f"ground truth of {split} ({mode}): R-precision {top}; "
            f"MM-distance {scores['mm_distance'].mean:.3f}"
        )
    return records


def _sensitivity(corpus: Any, manifest: Row, store: EmbeddingStore) -> list[Sensitivity]:
    from evaluators.builtin.material import read_material
    from evaluators.builtin.sensitivity import sensitivity

    try:
        material = read_material(corpus, manifest["config"]["skeleton"], "test")
    except ValueError:  # no held-out goals: nothing to measure it on
        return []
    found = sensitivity(store, material)
    columns = ("correlation", "by_motion", "farther", "alignment")
    print("rank correlation of strength with distance to the caption (of the mean; of each motion), share of")
    print("motions that end farther, rank correlation of strength with the alignment's fall:")
    print(f"{'operation':<18}{'motions':>8}" + "".join(f"{name:>13}" for name in columns))
    for one in found:
        values = "".join(f"{getattr(one, name):>13.2f}" for name in columns)
        print(f"{one.operation:<18}{one.motions:>8}{values}")
    means = (sum(getattr(one, name) for one in found) / len(found) for name in columns)
    print(f"{'mean':<26}" + "".join(f"{value:>13.2f}" for value in means), flush=True)
    return found
