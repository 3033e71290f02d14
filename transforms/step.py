"""What all steps share: a step does one shard, writes its tables, then a receipt; done is done.

A step's fingerprint covers its version, the settings that it reads and the digests of what it was
made from. A shard whose receipt has the fingerprint is not made again, so a killed build goes on
where it was and a doubled bundle writes the same bytes over themselves.
"""

from __future__ import annotations

import json
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from motion.seeds import seed
from motion.skeleton import skeleton
from prompts.neutral import encodable
from schemas.config import BuildConfig
from schemas.corpus import Corpus, Counts, Output, Receipt
from schemas.places import place
from schemas.profile import PROFILE
from schemas.shards import to_table, write_shard
from schemas.tables import TABLES

STEPS = ("read", "measure", "ladder", "annotate", "assemble")  # that make rows
RECEIPTS = (*STEPS, PROFILE)  # that leave a receipt for every shard


@dataclass(frozen=True)
class DeadLetter:
    """One input that did not go on: refused by a rule (filtered) or lost to an error (failed)."""

    step: str
    kind: str
    reason: str
    input_id: str
    detail: str
    payload: str = "{}"

    def as_row(self) -> dict[str, Any]:
        """A row of the dead_letters table; texts of others may hold what no file can."""
        return {name: encodable(value) for name, value in vars(self).items()}


def failure(step: str, input_id: str, error: Exception, payload: dict[str, Any]) -> DeadLetter:
    """The letter of an input that an error cost; the run goes on without it."""
    return lost(step, input_id, type(error).__name__, error_detail(error), payload)


def error_detail(error: Exception) -> str:
    """What an error says and where it was raised."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{error} ({Path(where.filename).name}, line {where.lineno}, {where.name})"


def lost(step: str, input_id: str, reason: str, detail: str, payload: Mapping[str, Any]) -> DeadLetter:
    """The letter of an input that failed; `payload` is what trying it again needs."""
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True)
    return DeadLetter(step, "failed", reason, input_id, detail, text)


@dataclass
class StepResult:
    """Rows by table, what was left out, and the counts that prove that nothing else was."""

    rows: dict[str, list[dict[str, Any]]]
    left_out: list[DeadLetter] = field(default_factory=list)
    counts: dict[str, Counts] = field(default_factory=dict)


def shard_of(motion_id: str, shards: int) -> int:
    """The shard of a clip and of everything made from it; a mirrored twin lies beside its clip."""
    return seed("shard", base_id(motion_id)) % shards


def base_id(motion_id: str) -> str:
    """The id of the clip that a mirrored clip mirrors; other ids unchanged."""
    return motion_id[1:] if motion_id.startswith("M") else motion_id


def tally(rows_in: int, rows_out: int, left_out: list[DeadLetter]) -> Counts:
    """Counts out of what went in, what came out and the letters about the rest."""
    filtered = Counter(letter.reason for letter in left_out if letter.kind == "filtered")
    failed = Counter(letter.reason for letter in left_out if letter.kind == "failed")
    return Counts(rows_in, rows_out, dict(sorted(filtered.items())), dict(sorted(failed.items())))


def corpus_of(config: BuildConfig) -> Corpus:
    """The corpus that a build writes."""
    return Corpus(place(config.output), config.shards)


def digests(corpus: Corpus, index: int, steps: Sequence[str]) -> list[str]:
    """What earlier steps made for a shard; FileNotFoundError names a step that has not."""
    return [done.digest for done in receipts(corpus, index, steps)]


def receipts(corpus: Corpus, index: int, steps: Sequence[str]) -> list[Receipt]:
    """The receipts of steps for a shard; FileNotFoundError names a step that has left none."""
    found = []
    for step in steps:
        done = corpus.read_receipt(step, index)
        if done is None:
            raise FileNotFoundError(f"{corpus.receipt_path(step, index)}: {step} has not done this shard")
        found.append(done)
    return found


def run_step(
    config: BuildConfig,
    step: str,
    index: int,
    fingerprint: str,
    work: Callable[[], StepResult],
) -> Receipt:
    """Do a step for a shard, or find that it is done; returns its receipt."""
    corpus = corpus_of(config)
    done = corpus.read_receipt(step, index)
    if done is not None and corpus.is_current(done, fingerprint):
        return done
    result = work()
    if done is not None:
        # Before the first shard is overwritten: the old receipt must not outlive what it tells of.
        corpus.forget(step, index)
    outputs = [_write(corpus, config, table, index, rows) for table, rows in result.rows.items()]
    letters = [letter.as_row() for letter in result.left_out]
    outputs.append(_write(corpus, config, "dead_letters", index, letters, file=step))
    made = Receipt(step, index, fingerprint, result.counts, tuple(outputs))
    corpus.write_receipt(made)
    return made


def _write(
    corpus: Corpus,
    config: BuildConfig,
    name: str,
    index: int,
    rows: list[dict[str, Any]],
    file: str = "",
) -> Output:
    table = to_table(TABLES[name], rows, skeleton(config.skeleton).feature_size)
    path = corpus.shard_path(name, index, file)
    digest = write_shard(path, table)
    return Output(name, str(path.relative_to(corpus.root)), len(rows), path.stat().st_size, digest)
