"""`irmogen replay`: goals and clips that errors cost are tried again, and the build goes on."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from pipelines import build, llm_flags
from pipelines.flag_values import a_place
from pipelines.identity import RefusedError, compare, refusal
from pipelines.lock import locked
from pipelines.shard_input import read_table
from schemas.config import BuildConfig
from schemas.corpus import Corpus
from schemas.ledger import Ledger
from schemas.places import is_store, place
from schemas.storage import read_json
from transforms.llm.batch_records import BatchRecords
from transforms.llm.wire import ledger_folder
from transforms.step import STEPS, corpus_of

_PATHS = (
    "input",
    "embedder",
    "ledger",
    "prices",
)  # given where the build was called, found from elsewhere all the same


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The corpus, and the flags of a language model that change no answer."""
    parser.add_argument("corpus", type=a_place, help="folder that `irmogen build` wrote")
    group = parser.add_argument_group(
        "language model", "As `irmogen build` knows them; what is not given is as in the last build."
    )
    llm_flags.add_free_arguments(group)


def run(args: argparse.Namespace) -> int:
    """Let what failed be tried again, then build as the last time; returns the build's exit code."""
    asked = build.wanted(_as_last_time(args))
    config = asked.config
    with locked(args.corpus):
        found = compare(config, asked.input.source, asked.listing, keep_listings=True)
        if found:
            raise RefusedError(refusal(config, found))
        failed = forget_failed(config)
        if not failed:
            print(f"{args.corpus}: nothing failed, nothing is tried again")
        for (step, reason), count in sorted(failed.items()):
            print(f"tried again: {step}, {reason}: {count}")
        return build.build(asked, rebuild=False)


def _as_last_time(args: argparse.Namespace) -> argparse.Namespace:
    """The last build's flags with this corpus and the flags that were given now."""
    notes = read_json(Corpus(args.corpus).run_path) or {}
    arguments, folder = notes.get("arguments"), notes.get("folder")
    if not isinstance(arguments, list) or not isinstance(folder, str):
        raise ValueError(
            f"{args.corpus}: run.json does not tell how it was built; give the folder of a corpus"
        )
    last = _parsed(arguments)
    values = {setting: _from(folder, given) for setting in _PATHS if (given := getattr(last, setting))}
    values |= llm_flags.given(args, llm_flags.FREE) | {"output": args.corpus}
    for setting, value in values.items():
        flag = llm_flags.flag(setting)
        arguments = [*build.without(arguments, flag), flag, str(value)]
    return _parsed(arguments)


def _from(folder: str, given: str | Path) -> Path:
    """A path as the last build's folder has it."""
    path = place(str(given))
    return path if is_store(path) else Path(folder) / path


def _parsed(arguments: list[str]) -> argparse.Namespace:
    """Arguments of `irmogen build` as the command line gives them to it."""
    parser = argparse.ArgumentParser(prog="irmogen build")
    build.add_arguments(parser)
    found, beam_flags = parser.parse_known_args(arguments)
    found.beam_flags, found.arguments = beam_flags, arguments
    return found


def forget_failed(config: BuildConfig) -> Counter[tuple[str, str]]:
    """Let every step do the shards again that hold failed inputs, and let their answers be asked anew.

    Returns how many inputs will be tried again, by step and reason. Answers stay in the ledger's books.
    """
    corpus = corpus_of(config)
    found: Counter[tuple[str, str]] = Counter()
    for step in STEPS:
        for index in range(config.shards):
            done = corpus.read_receipt(step, index)
            if done is None or not any(counts.failed for counts in done.counts.values()):
                continue
            letters = read_table(corpus, "dead_letters", index, name=step).to_pylist()
            failed = [letter for letter in letters if letter["kind"] == "failed"]
            # Answers first: a receipt that is gone would let the next build read them as they are.
            _void(config, failed)
            corpus.forget(step, index)
            found.update((step, letter["reason"]) for letter in failed)
    return found


def _void(config: BuildConfig, letters: list[dict[str, Any]]) -> None:
    if config.llm is None:
        return
    folder = ledger_folder(config)
    keys = [key for letter in letters for key in json.loads(letter["payload"]).get("requests", ())]
    for key in keys:
        Ledger(folder).void(key)
    records = BatchRecords(folder)
    if records.folder.is_dir():
        records.forget_failures(keys)
