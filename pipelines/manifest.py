"""The manifest out of the receipts: what a corpus holds, what became of every row."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from pipelines.identity import identity
from schemas.ahead import ahead
from schemas.config import BuildConfig
from schemas.corpus import MANIFEST_VERSION, Counts, Receipt
from schemas.fingerprint import fingerprint
from schemas.tables import SCHEMA_VERSIONS, TABLES
from transforms.assemble import examples_a_goal
from transforms.step import STEPS, corpus_of

# What one step puts out, the next takes in: (step, unit, next step, its unit).
_LINKS = (
    ("read", "captions", "measure", "goals"),
    ("measure", "goals", "ladder", "goals"),
    ("ladder", "goals", "annotate", "goals"),
    ("annotate", "goals", "assemble", "goals"),
)


class ConservationError(RuntimeError):
    """Rows disappeared, or came from nowhere; the message says at which step."""


@dataclass
class Receipts:
    """What all receipts tell together: sums, and the shards that the manifest names."""

    steps: dict[str, dict[str, Counts]] = field(default_factory=lambda: {step: {} for step in STEPS})
    rows: Counter[str] = field(default_factory=Counter)  # by table
    shards: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in TABLES})

    def add(self, done: Receipt) -> None:
        """Add what one more receipt tells."""
        units = self.steps[done.step]
        for unit, counts in done.counts.items():
            units[unit] = units.get(unit, Counts()) + counts
        for output in done.outputs:
            self.rows[output.table] += output.rows
            shard = {"file": output.file, "rows": output.rows, "sha256": output.sha256}
            self.shards[output.table].append(shard)


def read_receipts(config: BuildConfig) -> Receipts:
    """Every step's receipt for every shard, a few held at a time; ConservationError where one is missing."""
    corpus = corpus_of(config)

    def read(wanted: tuple[str, int]) -> Receipt:
        done = corpus.read_receipt(*wanted)
        if done is None:
            raise ConservationError(f"{corpus.receipt_path(*wanted)}: missing after the run")
        return done

    receipts = Receipts()
    for done in ahead(read, product(STEPS, range(config.shards)), corpus.root):
        receipts.add(done)
    return receipts


def check_conservation(config: BuildConfig, receipts: Receipts) -> None:
    """ConservationError unless every row of every step is accounted for."""
    steps = receipts.steps
    for step, units in steps.items():
        for unit, counts in units.items():
            if counts.missing:
                raise ConservationError(
                    f"step {step}: {counts.missing} of {counts.rows_in} {unit} disappeared"
                )
    for step, unit, after, its_unit in _LINKS:
        out, taken = steps[step][unit].rows_out, steps[after][its_unit].rows_in
        if out != taken:
            raise ConservationError(f"step {step} put out {out} {unit}, step {after} took in {taken}")
    _check_tables(config, receipts)
    letters = receipts.rows["dead_letters"]
    left_out = sum(
        sum(counts.filtered.values()) + sum(counts.failed.values())
        for units in steps.values()
        for counts in units.values()
    )
    if letters != left_out:
        raise ConservationError(f"{left_out} rows were left out, {letters} dead letters tell of them")


def _check_tables(config: BuildConfig, receipts: Receipts) -> None:
    """ConservationError unless the tables hold as many rows as the counted goals must give."""
    steps, held = receipts.steps, receipts.rows
    goals = {step: units["goals"].rows_out for step, units in steps.items() if "goals" in units}
    wanted = {
        "motions": steps["read"]["clips"].rows_out,
        "goals": steps["read"]["captions"].rows_out,
        "facts": goals["measure"],
        "candidates": goals["ladder"] * config.ladder,
        "annotations": goals["annotate"] * (config.wordings + 1 + config.ladder),
        "stage1": goals["assemble"] * examples_a_goal(config.ladder),
        "stage2": goals["assemble"],
        "stage3": goals["assemble"],
    }
    for table, rows in wanted.items():
        if held[table] != rows:
            raise ConservationError(f"table {table} holds {held[table]} rows, {rows} were counted")


def build_manifest(config: BuildConfig, code_version: str, receipts: Receipts) -> dict[str, Any]:
    """The manifest without the gate's verdict; the same corpus gives the same manifest."""
    values = identity(config)
    return {
        "version": MANIFEST_VERSION,
        "code_version": code_version,
        "config": config.identity(),
        "identity": values,
        "fingerprint": fingerprint(values),
        "schema_versions": SCHEMA_VERSIONS,
        "shards": config.shards,
        "tables": {name: _table(shards) for name, shards in receipts.shards.items()},
        "steps": {
            step: {unit: counts.as_dict() for unit, counts in units.items()}
            for step, units in receipts.steps.items()
        },
    }


def _table(made: list[dict[str, Any]]) -> dict[str, Any]:
    shards = sorted(made, key=lambda shard: str(shard["file"]))
    digest = hashlib.sha256()
    for shard in shards:
        digest.update(f"{shard['file']} {shard['sha256']}\n".encode())
    return {"rows": sum(shard["rows"] for shard in shards), "digest": digest.hexdigest(), "shards": shards}
