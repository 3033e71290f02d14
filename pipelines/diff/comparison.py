"""Two corpora compared: everything that the screen and the page tell."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.diff import manifests
from pipelines.diff.distributions import Shift, shifts
from pipelines.diff.rows import TableChanges, compare_rows
from pipelines.diff.shards import pairs
from pipelines.streams import printable
from schemas.config import settings as build_settings
from schemas.corpus import open_corpus


@dataclass(frozen=True)
class Side:
    """One of the corpora."""

    path: str
    fingerprint: str
    manifest: dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """What changed from one corpus, A, to another, B."""

    before: Side
    after: Side
    tables: list[TableChanges]
    shifts: list[Shift]  # of tables that differ

    @property
    def differs(self) -> bool:
        """Whether any row differs."""
        return any(table.differs for table in self.tables)

    @property
    def other_kind(self) -> list[manifests.Value]:
        """What makes them corpora of other motions, or of other ids."""
        return manifests.other_kind(self.before.manifest, self.after.manifest)

    @property
    def settings(self) -> list[manifests.Value]:
        """Settings that differ."""
        return manifests.settings(self.before.manifest, self.after.manifest)

    @property
    def versions(self) -> list[manifests.Value]:
        """Versions that differ."""
        return manifests.versions(self.before.manifest, self.after.manifest)

    @property
    def counts(self) -> list[manifests.Count]:
        """Counts of every step."""
        return manifests.counts(self.before.manifest, self.after.manifest)

    @property
    def verdicts(self) -> manifests.Verdicts:
        """What the gate says."""
        return manifests.verdicts(self.before.manifest, self.after.manifest)


def compare(before: Path, after: Path, examples: int) -> Comparison:
    """Compare two finished corpora; ManifestError or ValueError where one of them cannot be read."""
    from tqdm import tqdm

    (one, manifest), (other, others) = open_corpus(before), open_corpus(after)
    listed = list(pairs(one, manifest, other, others))
    total = sum(len(pair.before) + len(pair.after) for pair in listed)
    with tqdm(total=total, desc="diff", unit="shard", disable=not sys.stderr.isatty(), leave=False) as bar:
        tables = [compare_rows(pair, examples, lambda _: bar.update()) for pair in listed]
    differing = {table.table for table in tables if table.differs}
    return Comparison(
        _side(before, manifest),
        _side(after, others),
        tables,
        shifts(pair for pair in listed if pair.table in differing),
    )


def _side(root: Path, manifest: dict[str, Any]) -> Side:
    return Side(printable(root), str(manifest.get("fingerprint", "none")), manifest)


def free_settings() -> list[str]:
    """Settings that no manifest holds: they change no byte of a corpus."""
    return [name for name, counts, _ in build_settings() if not counts]
