"""What all steps share: a step does one shard, writes its tables, then a receipt; done is done.

A step's fingerprint covers its version, the settings that it reads and the digests of what it was
made from. A shard whose receipt has the fingerprint is not made again, so a killed build goes on
where it was and a doubled bundle finds the shard done, or writes the same bytes over themselves.
"""

from __future__ import annotations

import json
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from motion.seeds import seed
from motion.skeleton import skeleton
from prompts.neutral import encodable
from schemas.config import BuildConfig
from schemas.corpus import Corpus, Counts, Output, Receipt
from schemas.fingerprint import fingerprint as digest
from schemas.memory import give_back
from schemas.places import place
from schemas.profile import PROFILE
from schemas.shards import to_table, write_shard
from schemas.storage import read_json
from schemas.tables import TABLES

STEPS = ("read", "measure", "ladder", "annotate", "assemble")  # that make rows
RECEIPTS = (*STEPS, PROFILE)  # that leave a receipt for every shard

Result = TypeVar("Result")


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


class TakenOverError(RuntimeError):
    """Another build has begun in the corpus: what is left of this one must not write there."""


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


Turn = Callable[[], AbstractContextManager[None]]


def run_step(
    config: BuildConfig,
    step: str,
    index: int,
    fingerprint: str,
    work: Callable[[], StepResult],
    turn: Turn | None = None,
) -> Receipt:
    """Do a step for a shard, or find that it is done; returns its receipt. `turn` as `once` has it."""
    corpus = corpus_of(config)

    def work_for_this_build() -> StepResult:
        result = work()
        check_build(corpus, config)
        return result

    def write(result: StepResult) -> Receipt:
        # Rows go as their table is made: those of motions are most of what a worker holds.
        outputs = [
            _write(corpus, config, table, index, result.rows.pop(table)) for table in list(result.rows)
        ]
        letters = [letter.as_row() for letter in result.left_out]
        outputs.append(_write(corpus, config, "dead_letters", index, letters, file=step))
        return Receipt(step, index, fingerprint, result.counts, tuple(outputs))

    return once(corpus, step, index, fingerprint, work_for_this_build, write, turn)


def check_build(corpus: Corpus, config: BuildConfig) -> None:
    """TakenOverError where the corpus is being built with other settings by now.

    A cluster may go on with a job whose main process is dead, while another build has begun.
    """
    begun, mine = read_json(corpus.build_path), config.identity()
    if begun is not None and digest({name: begun["identity"].get(name) for name in mine}) != digest(mine):
        raise TakenOverError(
            f"{config.output}: is being built with other settings by now; "
            "end this job, which is left of an earlier build"
        )


def once(
    corpus: Corpus,
    step: str,
    index: int,
    fingerprint: str,
    work: Callable[[], Result],
    write: Callable[[Result], Receipt],
    turn: Turn | None = None,
) -> Receipt:
    """The receipt of a step for a shard: the one that lies there for this fingerprint, or one made now.

    A runner may give a bundle to a second worker while the first, which it takes for dead, goes on. Who ends
    later finds the other's receipt and writes nothing; two that write at the same time put the same bytes
    into the same files. `turn` is held at work, by steps whose work must not be done twice at once.
    """
    found = corpus.read_receipt(step, index)
    if found is not None and corpus.is_current(found, fingerprint):
        return found
    if turn is not None:
        with turn():
            return once(corpus, step, index, fingerprint, work, write)
    result = work()
    # Again: the work may have taken hours, and the receipt be another worker's by now.
    while (found := corpus.read_receipt(step, index)) is not None:
        if corpus.is_current(found, fingerprint):
            return found
        # Before the first file is overwritten: an old receipt must not outlive what it tells of.
        corpus.take_back(found)
    made = write(result)
    corpus.write_receipt(made)
    del result
    give_back()
    return made


def _write(
    corpus: Corpus,
    config: BuildConfig,
    name: str,
    index: int,
    rows: list[dict[str, Any]],
    file: str = "",
) -> Output:
    table, count = to_table(TABLES[name], rows, skeleton(config.skeleton).feature_size), len(rows)
    del rows
    path = corpus.shard_path(name, index, file)
    digest = write_shard(path, table)
    return Output(name, str(path.relative_to(corpus.root)), count, path.stat().st_size, digest)
