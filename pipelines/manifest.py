"""The manifest out of the receipts: what a corpus holds, what became of every row."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from pipelines.identity import identity
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


def read_receipts(config: BuildConfig) -> list[Receipt]:
    """Every step's receipt for every shard; ConservationError where one is missing."""
    corpus = corpus_of(config)
    receipts = []
    for step in STEPS:
        for index in range(config.shards):
            done = corpus.read_receipt(step, index)
            if done is None:
                raise ConservationError(f"{corpus.receipt_path(step, index)}: missing after the run")
            receipts.append(done)
    return receipts


def step_counts(receipts: list[Receipt]) -> dict[str, dict[str, Counts]]:
    """Counts of every step, summed over the shards, by what is counted."""
    steps: dict[str, dict[str, Counts]] = {step: {} for step in STEPS}
    for done in receipts:
        units = steps[done.step]
        for unit, counts in done.counts.items():
            units[unit] = units.get(unit, Counts()) + counts
    return steps


def check_conservation(
    config: BuildConfig, steps: dict[str, dict[str, Counts]], receipts: list[Receipt]
) -> None:
    """ConservationError unless every row of every step is accounted for."""
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
    _check_tables(config, steps, receipts)
    letters = sum(
        output.rows for done in receipts for output in done.outputs if output.table == "dead_letters"
    )
    left_out = sum(
        sum(counts.filtered.values()) + sum(counts.failed.values())
        for units in steps.values()
        for counts in units.values()
    )
    if letters != left_out:
        raise ConservationError(f"{left_out} rows were left out, {letters} dead letters tell of them")


def _check_tables(config: BuildConfig, steps: dict[str, dict[str, Counts]], receipts: list[Receipt]) -> None:
    """ConservationError unless the tables hold as many rows as the counted goals must give."""
    held: Counter[str] = Counter()
    for done in receipts:
        held.update({output.table: output.rows for output in done.outputs})
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


def build_manifest(config: BuildConfig, code_version: str, receipts: list[Receipt]) -> dict[str, Any]:
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
        "tables": {name: _table(name, receipts) for name in TABLES},
        "steps": {
            step: {unit: counts.as_dict() for unit, counts in units.items()}
            for step, units in step_counts(receipts).items()
        },
    }


def _table(name: str, receipts: list[Receipt]) -> dict[str, Any]:
    shards = sorted(
        (output for done in receipts for output in done.outputs if output.table == name),
        key=lambda output: output.file,
    )
    digest = hashlib.sha256("".join(f"{o.file} {o.sha256}\n" for o in shards).encode()).hexdigest()
    return {
        "rows": sum(output.rows for output in shards),
        "digest": digest,
        "shards": [{"file": o.file, "rows": o.rows, "sha256": o.sha256} for o in shards],
    }
