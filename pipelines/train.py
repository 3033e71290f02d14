"""`irmogen train`: the base model, stage 1, stage 2 or stage 3 from the shards of a corpus."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.flag_values import a_folder, a_place
from pipelines.lock import locked
from pipelines.streams import ends_with_its_reader, printable

if TYPE_CHECKING:
    from motion.tokenizer import MotionTokenizer
    from trainer.job import Job
    from trainer.recipe import Recipe

Row = dict[str, Any]
STAGES = {
    "base": "text to motion and motion to text",
    "stage1": "the eight tasks",
    "stage2": "chains",
    "stage3": "reinforcement learning on chains (GRPO)",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen train`."""
    listed = "; ".join(f"{stage}: {text}" for stage, text in STAGES.items())
    parser.add_argument("stage", choices=STAGES, help=listed)
    parser.add_argument("corpus", type=a_place, help="folder that `irmogen build` wrote")
    parser.add_argument("--output", type=a_folder, required=True, help="folder for the model")
    parser.add_argument(
        "--recipe",
        default="demo",
        help="name of a recipe in trainer/recipes, or a .yaml file (default: demo)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SECTION.NAME=VALUE",
        help="another value in the recipe, such as train.rate=1e-4; may be given several times",
    )
    parser.add_argument(
        "--model",
        default="",
        help="what to train on from: the folder of the stage before; base: what the recipe names, or a "
        "Hugging Face folder or name",
    )
    parser.add_argument(
        "--motion-tokenizer",
        type=a_folder,
        metavar="FOLDER",
        help="that made the corpus' motion tokens (default: the one in the folder of --model)",
    )
    parser.add_argument(
        "--embedder", default="", metavar="[KIND:]FOLDER", help="stage 3: the embedder that rewards"
    )
    parser.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    parser.add_argument("--wandb", action="store_true", help="report to Weights & Biases beside TensorBoard")
    parser.add_argument(
        "--allow-ungated", action="store_true", help="train on a corpus whose quality gate has not passed"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show recipe, shards, steps, memory and time; train nothing"
    )


@ends_with_its_reader
def run(args: argparse.Namespace) -> int:
    """Train, or go on with a training; ValueError or OSError before any work."""
    from trainer.recipe import load_recipe

    recipe = load_recipe(args.recipe, args.stage, args.set)
    quiet_libraries()
    job = make_job(args, recipe)
    from trainer.job import rank
    from trainer.run_folder import RECORD

    first = rank() == 0
    if args.dry_run:
        if first:
            print("\n".join(dry_run(job)))
        return 0
    free = first and not (job.output / RECORD).is_file()
    with locked(job.output, "training") if free else nullcontext():
        return _claimed(job, first)


def _claimed(job: Job, first: bool) -> int:
    """Train in a folder that no other training holds."""
    from trainer.run_folder import RECORD, claim, finish, keep_motion_tokenizer, save_model

    done = claim(job.output, job.record) if first else (job.output / RECORD).is_file()
    if done:
        if first:
            print(f"{printable(job.output)}: nothing to do, this training is done")
        return 0
    outcome = _train(job)
    save_model(outcome.trainer, outcome.tokenizer, job.output)
    if first:
        keep_motion_tokenizer(job.output, job.motion_tokenizer)
        _draw(job.output, job.recipe.stage)
        finish(job.output, job.record, outcome.figures)
        print("\n".join(_summary(job, outcome.figures)))
    return 0


def quiet_libraries() -> None:
    """The trainers' own reports are not our users' business; errors and our own lines are."""
    import os
    import warnings

    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    warnings.filterwarnings("ignore", module=r"(transformers|trl|accelerate|torch|peft)\b")
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


def make_job(args: argparse.Namespace, recipe: Recipe) -> Job:
    """Everything that a training needs, checked; ValueError names what does not fit and what to do."""
    from importlib.util import find_spec

    from evaluators.embedders import check_device
    from motion.tokenizer import check_skeleton
    from pipelines.export import gated_corpus
    from schemas.checked import checked
    from schemas.places import is_uri
    from schemas.tokens import open_tokens
    from trainer.job import Job
    from trainer.language_model import check_attention, load_tokenizer
    from trainer.vocabulary import vocabulary_of

    source = args.model or recipe.model.source
    if is_uri(source):
        raise ValueError(f"--model {source}: models are read from folders of this machine; copy it to one")
    if not source and recipe.stage == "base":
        raise ValueError(f"{args.recipe}: names no model.source; set it, or give --model")
    if not source:
        before = _stage_before(recipe.stage)
        raise ValueError(f"{recipe.stage} trains on from a model: give --model, the folder of {before}")
    if recipe.stage != "base" and not Path(source).is_dir():
        raise FileNotFoundError(f"{source}: no such folder; give --model the folder of a finished training")
    if args.wandb and find_spec("wandb") is None:
        raise ValueError("--wandb: not installed; `pip install wandb`, or leave it away")
    check_device(args.device)
    if not args.dry_run:  # a look at a training of another machine needs none
        check_attention(recipe.model.attention)
    opened, manifest = gated_corpus(args.corpus, args.allow_ungated)
    corpus = checked(opened, manifest)
    motion_tokenizer = _motion_tokenizer(args, source)
    check_skeleton(motion_tokenizer, manifest["config"]["skeleton"], args.corpus)
    tokens = open_tokens(corpus.root, manifest, motion_tokenizer.fingerprint)
    if recipe.stage == "stage3" and not args.embedder:
        raise ValueError(
            "stage3 rewards by an embedder: give --embedder, the folder of `irmogen train-embedder`"
        )
    if recipe.stage != "stage3" and args.embedder:
        raise ValueError(f"--embedder is for stage3; {recipe.stage} needs none")
    record = _record(recipe, corpus, manifest, motion_tokenizer, source, args)
    if recipe.stage != "base":
        vocabulary_of(load_tokenizer(source))
    return Job(
        recipe=recipe,
        corpus=corpus,
        manifest=manifest,
        tokens=tokens,
        motion_tokenizer=motion_tokenizer,
        source=source,
        output=args.output,
        record=record,
        embedder=args.embedder,
        device=args.device,
        report_to=("tensorboard", "wandb") if args.wandb else ("tensorboard",),
    )


def _motion_tokenizer(args: argparse.Namespace, source: str) -> MotionTokenizer:
    from motion.tokenizer import load_tokenizer
    from trainer.job import own_device
    from trainer.run_folder import MOTION_TOKENIZER

    inside = Path(source) / MOTION_TOKENIZER
    if args.motion_tokenizer is None and not inside.is_dir():
        raise ValueError(
            f"{source}: brings no motion tokenizer; give --motion-tokenizer, the folder of "
            f"`irmogen train-tokenizer`"
        )
    found = load_tokenizer(args.motion_tokenizer or inside, own_device(args.device))
    if args.stage != "base" and args.motion_tokenizer and inside.is_dir():
        own = load_tokenizer(inside).fingerprint
        if found.fingerprint != own:
            raise ValueError(
                f"{args.motion_tokenizer}: is not the motion tokenizer {own} whose tokens {source} has "
                f"learned; leave --motion-tokenizer away"
            )
    return found


def _record(
    recipe: Recipe,
    corpus: Any,
    manifest: Row,
    tokenizer: MotionTokenizer,
    source: str,
    args: argparse.Namespace,
) -> Row:
    """What the finished folder tells: recipe, shards with digests, and what was begun from."""
    from importlib.metadata import version

    from schemas.generation_set import content_fingerprint
    from schemas.storage import read_json
    from trainer.rows import TABLE_OF
    from trainer.run_folder import RECORD, RECORD_VERSION

    before = read_json(Path(source) / RECORD) if Path(source).is_dir() else None
    table = TABLE_OF[recipe.stage]
    shards = [
        {"file": shard["file"], "sha256": shard["sha256"]} for shard in manifest["tables"][table]["shards"]
    ]
    libraries = ("irmogen", "torch", "transformers", "trl", "peft", "accelerate")
    return {
        "version": RECORD_VERSION,
        "stage": recipe.stage,
        "recipe": recipe.as_dict(),
        "recipe_fingerprint": recipe.fingerprint,
        "corpus": str(corpus.root),
        "corpus_content": content_fingerprint(manifest),
        "gate": bool(manifest.get("gate", {}).get("passed")),
        "shards": shards,
        "motion_tokenizer": tokenizer.fingerprint,
        "source": _weights(source, recipe.stage),
        "embedder": _embedder(args, tokenizer.skeleton),
        "before": {name: before.get(name) for name in ("stage", "recipe_fingerprint", "before")}
        if before
        else None,
        "code": {name: version(name) for name in libraries},
    }


def _weights(source: str, stage: str) -> str:
    """What is trained on from: the hash of a folder's weights, or the name."""
    from schemas.fingerprint import fingerprint
    from schemas.storage import file_digest
    from trainer.generation.model import identity
    from trainer.run_folder import BEGUN, RECORD

    folder = Path(source)
    if not (folder / "config.json").is_file():
        return source
    if stage == "base" and not any((folder / name).is_file() for name in (RECORD, BEGUN)):
        files = sorted(path for path in folder.iterdir() if path.is_file())  # of somebody else's model
        return fingerprint("weights", [[path.name, file_digest(path)] for path in files])
    return identity(folder).weights


def _embedder(args: argparse.Namespace, skeleton: str) -> str:
    if not args.embedder:
        return ""
    from evaluators.embedders import embedder_of

    return embedder_of(args.embedder, skeleton, args.device).fingerprint


def _train(job: Job) -> Any:
    import os

    from trainer.run_folder import TENSORBOARD

    os.environ["TENSORBOARD_LOGGING_DIR"] = str(job.output / TENSORBOARD)
    if job.recipe.stage == "stage3":
        from trainer.grpo import train_grpo

        return train_grpo(job)
    from trainer.sft import train_sft

    return train_sft(job)


def dry_run(job: Job) -> list[str]:
    """The resolved recipe, the shards with their digests, steps, tokens, and what it will take."""
    import yaml

    from trainer.estimate import estimate
    from trainer.job import training_arguments, world_size
    from trainer.plan import planned_steps, sketch

    model, tokenizer = sketch(job)
    steps, told = planned_steps(job, tokenizer)
    training_arguments(job, steps)  # refuses rows that these processes cannot share
    found = estimate(job.recipe, model, steps, world_size(), job.device)
    values = {key: value for key, value in job.recipe.as_dict().items() if value is not None}
    lines = [yaml.safe_dump(values, sort_keys=False, default_flow_style=None).rstrip(), "shards:"]
    lines += [f"  {shard['file']}  {shard['sha256'][:16]}" for shard in job.record["shards"]]
    lines += [
        f"motion tokens: {job.tokens.tokenizer}, {job.tokens.codes} codes",
        f"begins from: {job.source}{_unusual(job)}",
        told,
        f"{steps} steps of {job.recipe.train.rows} rows, {found.tokens:,} tokens; {found.weights:,} weights",
        f"memory of a process, nothing sharded: about {found.memory / 2**30:.1f} GiB",
        f"time on {world_size()} of this machine's {job.device}: about {_duration(found.seconds)}"
        + (" for learning, generation besides" if job.recipe.stage == "stage3" else ""),
    ]
    return lines


def _unusual(job: Job) -> str:
    """A word where the model is not of the stage that commonly comes before."""
    found, usual = (job.record["before"] or {}).get("stage", ""), _stage_before(job.recipe.stage)
    if found in ("", usual):
        return ""
    return f" (of {found}; {job.recipe.stage} commonly begins from {usual or 'none'})"


def _stage_before(stage: str) -> str:
    """The stage that commonly comes before; none before the base model."""
    place = list(STAGES).index(stage)
    return list(STAGES)[place - 1] if place else ""


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"


def _draw(folder: Path, stage: str) -> None:
    from trainer.callbacks import read_log
    from trainer.curves import curves
    from trainer.run_folder import LOG

    curves({stage: read_log(folder / LOG)}, folder / "curves.png")


def _summary(job: Job, figures: Row) -> list[str]:
    from trainer.callbacks import read_log
    from trainer.run_folder import LOG

    rows = read_log(job.output / LOG)
    lines = [f"{name}: {value}" for name, value in figures.items() if not isinstance(value, dict)]
    for name in ("loss", "reward"):
        values = [row[name] for row in rows if name in row]
        if values:
            lines.append(f"{name}: {values[0]:.3f} -> {values[-1]:.3f}")
    return [*lines, f"model: {printable(job.output)}"]
