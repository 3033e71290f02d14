"""`irmogen generate`: a trained model's completions for the goals of a corpus, for `irmogen evaluate`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.flag_values import a_folder, a_place, at_least
from pipelines.streams import ends_with_its_reader, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from motion.tokenizer import MotionTokenizer
    from schemas.corpus import Corpus
    from trainer.generation.model import Identity
    from trainer.generation.modes import Item, Language
    from trainer.generation.progress import Done
    from trainer.generation.sampling import Sampler

GENERATION_VERSION = 1  # raised when equal settings become other completions
_A_SHARD = 250  # completions with motions: these are in memory together
MODES = {
    "direct": "a motion for the caption",
    "refine": "a motion, an instruction how to refine it, the refined motion",
    "chain": "a chain of analysis, motions and their assessments",
    "chain-first": "a chain up to its first motion",
    "robust": "a chain whose first motion is another clip's, put in the model's mouth",
    "caption": "the goal's motion in words",
    "judge": "how well caption and motion match, for the goal's motion and each of its ladder",
}
CHAINED = ("stage2", "stage3", "imported")  # trainings that teach to judge within a chain, or may have
Row = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen generate`."""
    listed = "; ".join(f"{mode}: {text}" for mode, text in MODES.items())
    parser.add_argument(
        "--model", type=a_folder, required=True, metavar="RUN", help="folder of a finished training"
    )
    parser.add_argument(
        "--goals", type=a_place, required=True, metavar="CORPUS", help="folder that `irmogen build` wrote"
    )
    parser.add_argument("--split", default="test", help="split of the corpus (default: test)")
    parser.add_argument("--mode", choices=MODES, required=True, help=listed)
    parser.add_argument(
        "--output", type=a_place, required=True, help="folder to write; must not hold anything else"
    )
    parser.add_argument("--samples", type=at_least(1), default=1, help="completions of a goal (default: 1)")
    parser.add_argument("--limit", type=at_least(1), help="so many goals, drawn by their ids (default: all)")
    parser.add_argument(
        "--max-rounds",
        type=at_least(1),
        help="motions of a chain, an injected one among them; what goes beyond is cut (default: any number)",
    )
    parser.add_argument(
        "--max-new-tokens", type=at_least(1), default=1024, help="of a completion (default: 1024)"
    )
    parser.add_argument("--temperature", type=float, default=1.0, help="of sampling (default: 1.0)")
    parser.add_argument("--greedy", action="store_true", help="always the most likely token; no sampling")
    parser.add_argument("--seed", type=int, default=0, help="of sampling and wordings (default: 0)")
    parser.add_argument("--batch", type=at_least(1), default=32, help="completions at once (default: 32)")
    parser.add_argument("--device", default="cpu", help="torch device (default: cpu)")
    parser.add_argument(
        "--dtype",
        choices=("float32", "bfloat16", "float16", "float64"),
        help="numbers that the model computes in (default: float32 on the cpu, else bfloat16)",
    )


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """Generate what is not there yet; ValueError or OSError before any work is done.

    Of several processes that a launcher started each makes its own shards; who makes the last one finishes.
    """
    from evaluators.embedders import check_device
    from motion.tokenizer import check_skeleton
    from pipelines.generation_goals import read_goals, read_items
    from schemas.corpus import open_corpus
    from schemas.generation_set import PARTS
    from schemas.storage import check_own_folder
    from trainer.generation import progress
    from trainer.generation.model import identity
    from trainer.job import own_device, rank, world_size
    from trainer.run_folder import motion_tokenizer_of

    _check_flags(args)
    check_own_folder(args.output, (*PARTS, progress.PROGRESS, progress.PARTS), "generations")
    check_device(args.device)
    args.dtype = args.dtype or ("float32" if args.device == "cpu" else "bfloat16")
    args.device = own_device(args.device)
    corpus, manifest = open_corpus(args.goals)
    model = identity(args.model)
    _check_model(args, model)
    motions = motion_tokenizer_of(args.model, args.device)
    check_skeleton(motions, manifest["config"]["skeleton"], args.goals)
    goals = read_goals(corpus, args.split)
    settings = _settings(args, model, manifest) | {"motion_tokenizer": motions.fingerprint}
    progress.check_settings(args.output, settings)
    items = read_items(corpus, goals, args.mode, args.samples, args.limit)
    parts = _parts(items, args.samples)
    mine = range(rank(), len(parts), world_size())
    done = progress.read_done(args.output, len(parts), mine)
    if len(done) == len(parts) and _is_finished(args.output):
        print("nothing to do")
    else:
        (args.output / "manifest.json").unlink(missing_ok=True)
        progress.write_settings(args.output, settings)
        _generate(args, corpus, motions, parts, [index for index in mine if index not in done])
        done = progress.read_done(args.output, len(parts), ())
        if len(done) < len(parts):
            told = f"{printable(args.output)}: {len(done)} of {len(parts)} shards are done"
            print(f"{told}, process {rank()} of {world_size()} has made all of its own", flush=True)
            return 0
        _finish(args, model, manifest, settings, done)
    _summarise(args, done)
    return 0


def _check_flags(args: argparse.Namespace) -> None:
    if not args.temperature > 0:
        raise ValueError(f"--temperature {args.temperature}: must be above 0; --greedy draws nothing")
    if args.greedy and args.samples > 1:
        raise ValueError("--greedy gives every sample of a goal the same completion: leave --samples away")
    if args.max_rounds and args.mode not in ("chain", "robust"):
        raise ValueError(f"--max-rounds is of the modes chain and robust; {args.mode} has no rounds to limit")


def _check_model(args: argparse.Namespace, model: Identity) -> None:
    if args.mode == "judge" and model.stage not in CHAINED:
        raise ValueError(
            f"{args.model}: --mode judge needs a model that was trained on chains (stage2 or stage3), "
            f"this is of {model.stage or 'an unknown training'}; give another --model"
        )


def _settings(args: argparse.Namespace, model: Identity, manifest: Row) -> Row:
    """What completions depend on. Batch and device do not count, nor does where model and corpus lie."""
    from prompts.tasks import digest
    from schemas.generation_set import content_fingerprint

    names = ["split", "mode", "samples", "limit", "max_rounds", "max_new_tokens"]
    names += ["temperature", "greedy", "seed", "dtype"]
    tables = {name: manifest["tables"][name]["digest"] for name in ("candidates", "perturbed")}
    return {
        "version": GENERATION_VERSION,
        "model": model.name,
        "stage": model.stage,
        "recipe": model.recipe,
        "weights": model.weights,
        "goals": content_fingerprint(manifest),
        **({"ladders": tables} if args.mode == "judge" else {}),
        "prompts": digest(),
        **{name: getattr(args, name) for name in names},
    }


def _parts(items: list[list[Item]], samples: int) -> list[list[Item]]:
    """Items by shards: those of whole goals."""
    step = max(1, _A_SHARD // samples)
    starts = range(0, len(items), step)
    return [[item for goal in items[start : start + step] for item in goal] for start in starts]


def _is_finished(root: Path) -> bool:
    from schemas.generation_set import open_set

    try:
        open_set(root)
    except ValueError:
        return False
    return True


def _generate(
    args: argparse.Namespace,
    corpus: Corpus,
    motions: MotionTokenizer,
    parts: list[list[Item]],
    missing: list[int],
) -> None:
    """Make the shards that are not done, and record each."""
    from tqdm import tqdm

    from trainer.generation.model import load_language_model
    from trainer.generation.modes import Language
    from trainer.generation.progress import write_done
    from trainer.generation.sampling import Sampler, Sampling
    from trainer.generation.shown import shown_codes
    from trainer.vocabulary import vocabulary_of
    from transforms.homes import home_of

    if not missing:
        return
    model, tokenizer = load_language_model(args.model, args.device, args.dtype)
    vocabulary = vocabulary_of(tokenizer)
    sampling = Sampling(args.temperature, args.greedy, args.batch)
    sampler = Sampler(model, tokenizer, vocabulary.start, sampling)
    limits = args.max_new_tokens, args.max_rounds or 0
    language = Language(tokenizer, vocabulary, motions.codes, args.seed, *limits)
    shown = {item.shown for index in missing for item in parts[index] if item.shown.id}
    codes = shown_codes(corpus, shown, motions, home_of)
    total = sum(map(len, parts))
    left = sum(len(parts[index]) for index in missing)
    if left < total:
        print(f"{total - left} of {total} completions are there already, or others make them", flush=True)
    with tqdm(total=left, desc=args.mode, unit="completion", leave=False, disable=None) as bar:
        for index in missing:
            items = [replace(item, codes=codes.get(item.shown, ())) for item in parts[index]]
            place = index, len(parts)
            write_done(
                args.output, *place, _shard(args, place, items, sampler, language, motions, bar.update)
            )
    if sampler.seconds:
        print(f"{sampler.tokens:,} tokens, {sampler.tokens / sampler.seconds:,.0f} a second")


def _shard(
    args: argparse.Namespace,
    place: tuple[int, int],
    items: list[Item],
    sampler: Sampler,
    language: Language,
    motions: MotionTokenizer,
    tick: Callable[[], object],
) -> Done:
    """Make and write one shard."""
    from schemas.generation_set import write_generation_shard
    from trainer.generation.conversation import converse
    from trainer.generation.modes import SCRIPTS
    from trainer.generation.progress import Done
    from trainer.generation.rows import counted, table_rows

    before = sampler.tokens
    made = converse([SCRIPTS[args.mode](item, language) for item in items], sampler, tick)
    name = args.model.resolve().name
    rows = table_rows(items, made, name, args.mode, motions)
    outputs = write_generation_shard(args.output, *place, *rows, motions.shape.features)
    return Done(tuple(outputs), counted(made, args.mode, sampler.tokens - before))


def _finish(
    args: argparse.Namespace, model: Identity, manifest: Row, settings: Row, done: dict[int, Done]
) -> None:
    """Write the manifest of the set."""
    from schemas.generation_set import SetInfo, content_fingerprint, write_set
    from trainer.generation.progress import all_outputs
    from trainer.generation.rows import summed

    notes: Row = {"settings": settings, "counts": summed(shard.counts for shard in done.values())}
    if args.max_rounds:
        notes["max_rounds"] = (
            "chains that went on are cut behind their last round; such a text is not in the strict format"
        )
    info = SetInfo(
        model.name,
        args.mode,
        manifest["config"]["skeleton"],
        args.split,
        str(args.goals),
        content_fingerprint(manifest),
        notes,
    )
    write_set(args.output, info, all_outputs(done))


def _summarise(args: argparse.Namespace, done: dict[int, Done]) -> None:
    from trainer.generation.rows import summed

    counts = summed(shard.counts for shard in done.values())
    count = counts["completions"]
    told = [f"ended {counts['ended'] / count:.1%}"]
    if args.mode not in ("caption", "judge"):
        told = [f"with a motion {counts['moving'] / count:.1%}", *told]
        told.append(f"rounds {counts['rounds'] / count:.2f}")
        told.append(f"motions that cannot be decoded {counts['bad_motions']}")
    if args.mode in ("chain", "robust"):
        told.append(f"in the strict format {counts['strict'] / count:.1%}")
    if args.max_rounds:
        told.append(f"cut at {args.max_rounds} rounds {counts['cut'] / count:.1%}")
    told.append(f"tokens {counts['tokens'] / count:.0f} each")
    print(f"{count} completions in {printable(args.output)}: {', '.join(told)}")
