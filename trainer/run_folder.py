"""The folder of a training: an ordinary Hugging Face folder, with what irmogen needs and tells beside it.

RUN/
  training.json      what is being trained, written first; a folder belongs to one training
  config.json, model.safetensors, tokenizer files
  motion-tokenizer/  by which motions become tokens and tokens motions
  checkpoints/       from which a killed training goes on
  tensorboard/ log.jsonl curves.png summary.json
  irmogen.json       written last: stage, recipe, corpus with the shards that were read, what it began from
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from motion.tokenizer import MotionTokenizer, load_tokenizer, save_tokenizer
from schemas.fingerprint import changes
from schemas.storage import TEMPORARY, read_json, write_json

RECORD_VERSION = 1
RECORD, BEGUN = "irmogen.json", "training.json"
MOTION_TOKENIZER = "motion-tokenizer"
CHECKPOINTS, LOG, TENSORBOARD = "checkpoints", "log.jsonl", "tensorboard"
LOCK = "training.lock"  # held by the process that trains
COUNTS = (
    "recipe_fingerprint",
    "stage",
    "corpus_content",
    "shards",
    "motion_tokenizer",
    "source",
    "embedder",
)


def read_record(folder: Path) -> dict[str, Any]:
    """What a finished training tells of itself; ValueError where a folder is none."""
    values = read_json(folder / RECORD)
    if not isinstance(values, dict):
        begun = (folder / BEGUN).is_file()
        what = "a training that has not come to its end; go on with it" if begun else "no finished training"
        raise ValueError(f"{folder}: holds {what}; give the folder of a finished `irmogen train`")
    if values.get("version") != RECORD_VERSION:
        raise ValueError(
            f"{folder / RECORD}: version {values.get('version')}, not {RECORD_VERSION}; train again"
        )
    return values


def claim(folder: Path, record: dict[str, Any], finished: str = RECORD) -> bool:
    """Make the folder this training's own; whether the training is done already: `finished` is there.

    ValueError where it holds another training, with the differences, or something else. One that has not
    made a step, for it was begun with a wrong value, gives its folder up.
    """
    for name in (finished, BEGUN):
        held = read_json(folder / name)
        if held is None or (name == BEGUN and not _has_steps(folder)):
            continue
        differing = _differing(held, record)
        if differing:
            told = "\n  ".join(line[:200] for line in differing)
            raise ValueError(f"{folder}: holds another training; give another --output. Differing:\n  {told}")
        return name == finished
    held = folder.iterdir() if folder.is_dir() else ()
    others = [path for path in held if not path.name.startswith(TEMPORARY) and path.name != LOCK]
    if others and not (folder / BEGUN).is_file():
        raise ValueError(f"{folder}: is not empty and holds no training; give another --output")
    try:
        write_json(folder / BEGUN, record)
    except OSError as error:
        why = error.strerror or error
        raise OSError(f"{folder}: cannot be written ({why}); make room, or give another --output") from error
    return False


def _has_steps(folder: Path) -> bool:
    log = folder / LOG
    return (log.is_file() and log.stat().st_size > 0) or any((folder / CHECKPOINTS).glob("*"))


def _differing(held: dict[str, Any], record: dict[str, Any]) -> list[str]:
    """What makes two trainings others, a line each; of recipes also their values."""
    told = changes(_identity(held), _identity(record))
    if held.get("recipe_fingerprint") != record.get("recipe_fingerprint"):
        told += changes(_values(held.get("recipe")), _values(record.get("recipe")))
    return told


def _values(recipe: Any) -> dict[str, Any]:
    """The values of a recipe by section and name."""
    sections = recipe.items() if isinstance(recipe, dict) else ()
    return {
        f"{section}.{name}": value
        for section, values in sections
        if isinstance(values, dict)
        for name, value in values.items()
    }


def _identity(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record.get(name) for name in COUNTS}


def keep_motion_tokenizer(folder: Path, tokenizer: MotionTokenizer) -> None:
    """Put the motion tokenizer into a training's folder."""
    save_tokenizer(folder / MOTION_TOKENIZER, tokenizer)


def motion_tokenizer_of(folder: Path, device: str = "cpu") -> MotionTokenizer:
    """The motion tokenizer of a training's folder."""
    return load_tokenizer(folder / MOTION_TOKENIZER, device)


def save_model(trainer: Any, tokenizer: Any, folder: Path) -> None:
    """Write model and tokenizer as a Hugging Face folder; adapters are merged. Every process calls it."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    if hasattr(model, "merge_and_unload"):
        if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
            raise ValueError(
                "adapters cannot be merged where their weights are sharded: train LoRA with --sharding ddp"
            )
        if trainer.is_world_process_zero():
            model.merge_and_unload().save_pretrained(folder)
    else:
        trainer.save_model(str(folder))
    trainer.accelerator.wait_for_everyone()
    if trainer.is_world_process_zero():
        tokenizer.save_pretrained(folder)
        (folder / "training_args.bin").unlink(missing_ok=True)
        (folder / "README.md").unlink(missing_ok=True)


def finish(folder: Path, record: dict[str, Any], figures: dict[str, Any]) -> None:
    """Write summary and record: the last thing, which makes the folder a finished training."""
    write_json(folder / "summary.json", figures)
    write_json(folder / RECORD, record)
    clear(folder)


def clear(folder: Path) -> None:
    """Remove what only a training that goes on needs, from the folder of a finished one."""
    (folder / BEGUN).unlink(missing_ok=True)
    (folder / LOCK).unlink(missing_ok=True)
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
