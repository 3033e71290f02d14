"""`irmogen evaluate`: score generations, after the evaluator has proved itself on the ground truth."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.flag_values import a_folder, a_place
from pipelines.streams import ends_with_its_reader, printable

if TYPE_CHECKING:
    from evaluators.embedders import Embedder
    from evaluators.protocol import Protocol
    from pipelines.evaluation_input import Asked
    from pipelines.evaluation_results import EmbedderResults

EXIT_GROUND_TRUTH = 3

Row = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen evaluate`."""
    from evaluators.protocol import MODES

    parser.add_argument(
        "generations", nargs="+", type=a_place, help="folders of generations, side by side in one table"
    )
    parser.add_argument(
        "--embedder",
        action="append",
        required=True,
        metavar="KIND:FOLDER",
        help="builtin, guo, tmr or motionpatches and its folder; a folder alone: builtin; may be repeated",
    )
    parser.add_argument(
        "--corpus", type=a_place, help="the corpus of the goals (default: the one they were made for)"
    )
    parser.add_argument("--output", type=a_place, required=True, help="folder for tables, page and data")
    parser.add_argument(
        "--mode",
        choices=MODES,
        help="full drops nothing; published draws captions and cuts, drops the last batch (default: full)",
    )
    parser.add_argument("--seed", type=int, help="of the protocol (default: 0)")
    parser.add_argument(
        "--protocol", type=a_place, metavar="FILE", help="a frozen protocol: protocol.json of an evaluation"
    )
    parser.add_argument(
        "--partial", action="store_true", help="evaluate the goals that all sets have, where some lack goals"
    )
    parser.add_argument(
        "--accept-ground-truth",
        action="store_true",
        help="go on where the ground truth does not score as recorded, or nothing is recorded",
    )
    parser.add_argument(
        "--bert", type=a_folder, metavar="FOLDER", help="a local BERT model, for BERTScore of captions"
    )
    parser.add_argument("--device", default="cpu", help="torch device of the embedders (default: cpu)")


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """0 when everything was scored; 3 when the ground truth does not score as recorded."""
    from pipelines.evaluation_content import content
    from pipelines.evaluation_files import check_folder, write_files
    from pipelines.evaluation_input import read_asked
    from pipelines.evaluation_results import EmbedderResults

    question = read_asked(args.generations, args.corpus)
    whole = _protocol(args, question)
    embedders = _embedders(args, question.body.name)
    bert = _bert(args.bert) if args.bert else None
    check_folder(args.output)
    print(
        f"{len(whole.goal_ids)} goals of {question.dataset} {question.split}, protocol {whole.fingerprint} "
        f"({whole.mode}, seed {whole.seed}, {len(whole.repeats)} repeats)",
        flush=True,
    )
    used = _scored_goals(question, whole, args.partial)
    # Before anything is embedded: what is wrong with a set must not cost that work.
    contents = [content(question, named, set(used.goal_ids), bert) for named in question.sets]
    found = [EmbedderResults(question, embedder, *names, whole) for names, embedder in embedders]
    if not _proved(found) and not args.accept_ground_truth:
        print(
            "no set was scored: look at the embedder, its normalisation and the corpus first, or overrule "
            "with --accept-ground-truth",
            file=sys.stderr,
        )
        return EXIT_GROUND_TRUTH
    results, goals = _results(question, found, used, contents)
    from pipelines.evaluate_tables import text_tables

    print(text_tables(results, width=shutil.get_terminal_size((0, 0)).columns))
    for path in write_files(args.output, question, results, goals, used):
        print(f"written: {printable(path)}")
    return 0


def _protocol(args: argparse.Namespace, question: Asked) -> Protocol:
    """The protocol that the flags ask for; a frozen one has its own mode and seed."""
    from pipelines.evaluation_input import read_protocol

    if args.protocol and (args.mode is not None or args.seed is not None):
        raise ValueError(
            f"--protocol {args.protocol} has its own mode and seed: leave --mode and --seed away"
        )
    return read_protocol(question, args.mode or "full", args.seed or 0, args.protocol)


def _embedders(args: argparse.Namespace, skeleton: str) -> list[tuple[tuple[str, str], Embedder]]:
    """The embedders, each with its name in tables and its folder; those of one kind are told apart."""
    from evaluators.embedders import embedder_of

    found = [(text.rpartition(":")[2], embedder_of(text, skeleton, args.device)) for text in args.embedder]
    kinds = [one.name for _, one in found]
    return [
        ((one.name if kinds.count(one.name) == 1 else f"{one.name} {one.fingerprint[:6]}", folder), one)
        for folder, one in found
    ]


def _proved(found: list[EmbedderResults]) -> bool:
    """Tell what each embedder scores on the ground truth; whether all are within what is recorded."""
    for one in found:
        print(f"ground truth by {one.name} ({one.embedder.fingerprint}): {one.check.status}")
        print("\n".join(f"  {line}" for line in one.check.lines), flush=True)
    return all(one.check.status == "within" for one in found)


def _scored_goals(question: Asked, whole: Protocol, partial: bool) -> Protocol:
    """Check the sets; the protocol of the goals that are scored: `whole` unless some lack goals."""
    from pipelines.evaluation_checks import check_set
    from pipelines.evaluation_input import restricted

    wanted = set(whole.goal_ids)
    shared = set(wanted)
    for named in question.sets:
        check_set(named, question.body)
        if named.mode == "judge":
            continue  # verdicts are scored by themselves, the table tells of how many
        has = named.goal_ids
        lacking = sorted(wanted - has)
        if lacking and not partial:
            raise ValueError(
                f"{named.generations.root}: has no generation for {len(lacking)} of {len(wanted)} goals "
                f"({lacking[0]}, ...); generate them too, or give --partial for the goals "
                f"that all sets have"
            )
        shared &= has
    if not shared:
        raise ValueError("the sets have no goal in common; generate for the same split")
    return whole if shared == wanted else restricted(question, whole, shared)


def _results(
    question: Asked, found: list[EmbedderResults], used: Protocol, contents: list[Row]
) -> tuple[Row, list[Row]]:
    """Results as plain values, and a row for each embedder, set and goal."""
    from pipelines.evaluation_content import truth_content
    from pipelines.evaluation_results import head, set_head

    for one in found:
        for named in question.sets:
            if named.moving:
                one.read(named)
    sets = [{**set_head(named), **told} for named, told in zip(question.sets, contents, strict=True)]
    results = {
        **head(question, used),
        "sets": sets,
        "ground_truth": truth_content(question, used.goal_ids),
        "embedders": [one.as_dict(used) for one in found],
    }
    return results, [row for one in found for row in one.goal_rows()]


def _bert(folder: Path) -> Any:
    """The model of BERTScores: roberta-large as papers use it, of any other model the last layer."""
    from evaluators.metrics.captions import Bert
    from schemas.storage import read_json

    config = read_json(folder / "config.json")
    if not isinstance(config, dict) or "num_hidden_layers" not in config:
        raise ValueError(
            f"{folder}: has no config.json of a BERT model; give the folder of a transformers model"
        )
    if (config.get("model_type"), config["num_hidden_layers"]) == ("roberta", 24):
        return Bert(folder, 17, "roberta-large")
    return Bert(folder, int(config["num_hidden_layers"]))
